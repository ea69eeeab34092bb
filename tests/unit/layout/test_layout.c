/* The table of rules, and its operations compared with plain loops over indices. */
#include "base/mem.h"
#include "build_gguf.h"
#include "dq_test.h"
#include "gather_naive.h"
#include "layout/layout.h"

#include <stdio.h>
#include <string.h>

/* ---- operations ---- */

/* A model whose metadata have the numbers that operations need; its tensors do not matter. */
static struct dq_model *open_numbers(struct scratch *s)
{
    struct build b;
    build_begin(&b, 3, false, 0, 8);
    build_kv_string(&b, "general.architecture", "x");
    build_kv_u32(&b, "x.attention.head_count", 6);
    build_key(&b, "x.attention.head_count_kv", 9); /* an array: 0, then 3 */
    build_number(&b, 5, 4);
    build_number(&b, 2, 8);
    build_number(&b, 0, 4);
    build_number(&b, 3, 4);
    build_kv_u32(&b, "x.ssm.group_count", 3);
    build_kv_u32(&b, "x.ssm.time_step_rank", 6);
    build_kv_u32(&b, "x.ssm.state_size", 2);
    build_kv_u32(&b, "x.ssm.inner_size", 30); /* values of 5 */
    build_kv_u32(&b, "x.embedding_length", 14);
    build_data(&b, 32, 0);
    return build_open(&b, s);
}

struct shaped {
    struct dq_tensor tensors[DQ_GATHER_SOURCES];
    struct dq_model *model;
    struct dq_layout_table table;
    struct dq_layout_keys keys;
    struct dq_layout_shaping shaping;
};

/* Begins an array of n tensors of f32, whose shapes are outermost first and end with 0. */
static void shape_begin(struct shaped *a, struct scratch *s, size_t n, const uint64_t shapes[][5])
{
    struct dq_error e;
    memset(a, 0, sizeof *a);
    a->model = open_numbers(s);
    check_ok(dq_layout_table_init(&a->table, "llama", NULL, "", &e), &e);
    a->keys = (struct dq_layout_keys){.model = a->model,
        .architecture = "x",
        .table = json_object_get(a->table.root, "keys"),
        .layer = 1};
    a->shaping = (struct dq_layout_shaping){.keys = &a->keys, .n_inputs = n};
    for (size_t i = 0; i < n; i++) {
        struct dq_tensor *t = &a->tensors[i];
        *t = (struct dq_tensor){
            .type = &dq_types[DQ_TYPE_f32], .dims = {1, 1, 1, 1}, .n_weights = 1};
        while (shapes[i][t->n_dims] > 0)
            t->n_dims++;
        for (uint32_t k = 0; k < t->n_dims; k++) {
            t->dims[t->n_dims - 1 - k] = shapes[i][k];
            t->n_weights *= shapes[i][k];
        }
        dq_layout_input_whole(&a->shaping.inputs[i], t);
    }
    memcpy(a->shaping.shape, a->shaping.inputs[0].shape, sizeof a->shaping.shape);
    a->shaping.n_shape = a->shaping.inputs[0].n_shape;
}

static void shape_end(struct shaped *a)
{
    dq_layout_table_finish(&a->table);
    dq_model_free(a->model);
}

static void apply(struct shaped *a, const char *operations)
{
    struct dq_error e;
    check_ok(dq_layout_apply(&a->shaping, operations, strlen(operations), &e), &e);
    check_ok(dq_layout_finish(&a->shaping, &e), &e);
}

static void check_shape(const struct shaped *a, size_t n, const uint64_t *shape)
{
    assert_int_equal(a->shaping.n_shape, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(a->shaping.shape[i], shape[i]);
}

/* Checks that item `index` of the array is item `item` of a source; advances the index. */
static void check_next(const struct shaped *a, uint64_t *index, size_t source, uint64_t item)
{
    const struct naive_item from = naive_gather(&a->shaping.gather, *index);
    if (from.source != source || from.item != item)
        fail_msg("item %d comes from item %d of %zu, not from item %d of %zu", (int)*index,
            (int)from.item, from.source, (int)item, source);
    ++*index;
}

static void unrope_takes_even_rows_of_a_head_first(void **state)
{
    enum { HEADS = 3, HALF = 5, COLUMNS = 7 };
    struct shaped a;
    uint64_t index = 0;
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{HEADS * 2 * HALF, COLUMNS}});
    apply(&a, "unrope:n_head_kv");
    for (uint64_t h = 0; h < HEADS; h++)
        for (uint64_t p = 0; p < 2; p++)
            for (uint64_t i = 0; i < HALF; i++)
                for (uint64_t c = 0; c < COLUMNS; c++)
                    check_next(&a, &index, 0, ((h * HALF + i) * 2 + p) * COLUMNS + c);
    shape_end(&a);
    index = 0;
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{6 * 2 * HALF}}); /* a bias */
    apply(&a, "unrope:n_head");
    for (uint64_t h = 0; h < 6; h++)
        for (uint64_t p = 0; p < 2; p++)
            for (uint64_t i = 0; i < HALF; i++)
                check_next(&a, &index, 0, (h * HALF + i) * 2 + p);
    shape_end(&a);
}

static void groupqkv_makes_groups(void **state)
{
    enum { KV = 3, PER_KV = 2, HEAD = 5, COLUMNS = 3, Q = KV * PER_KV };
    struct shaped a;
    uint64_t index = 0;
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{(Q + 2 * KV) * HEAD, COLUMNS}});
    apply(&a, "groupqkv:n_head,n_head_kv");
    for (uint64_t g = 0; g < KV; g++)
        for (uint64_t head = 0; head < PER_KV + 2; head++)
            for (uint64_t i = 0; i < HEAD * COLUMNS; i++)
                check_next(&a, &index, 0,
                    (head < PER_KV ? g * PER_KV + head : Q + (head - PER_KV) * KV + g) * HEAD *
                            COLUMNS +
                        i);
    shape_end(&a);
}

static void operations_of_inputs_come_before_those_that_join_them(void **state)
{
    enum { KV = 3, PER_KV = 2, HALF = 3, COLUMNS = 5, HEAD = 2 * HALF };
    static const char q[] = "unrope:n_head";
    static const char k[] = "unrope:n_head_kv";
    struct dq_error e;
    struct shaped a;
    struct dq_layout_shaping *s = &a.shaping;
    uint64_t index = 0;
    shape_begin(&a, *state, 3,
        (const uint64_t[][5]){
            {KV * PER_KV * HEAD, COLUMNS}, {KV * HEAD, COLUMNS}, {KV * HEAD, COLUMNS}});
    check_ok(dq_layout_apply(s, q, strlen(q), &e), &e);
    s->source = 1;
    s->shape[0] = KV * HEAD;
    check_ok(dq_layout_apply(s, k, strlen(k), &e), &e);
    apply(&a, "cat:0 | groupqkv:n_head,n_head_kv");
    for (uint64_t g = 0; g < KV; g++)
        for (uint64_t head = 0; head < PER_KV + 2; head++)
            for (uint64_t p = 0; p < 2; p++)
                for (uint64_t i = 0; i < HALF; i++)
                    for (uint64_t c = 0; c < COLUMNS; c++) {
                        const size_t source = head < PER_KV ? 0 : head - PER_KV + 1;
                        const uint64_t in_source = head < PER_KV ? g * PER_KV + head : g;
                        const uint64_t row = source == 2 ? p * HALF + i : 2 * i + p;
                        check_next(&a, &index, source, (in_source * HEAD + row) * COLUMNS + c);
                    }
    shape_end(&a);
}

static void untile_groups_value_heads(void **state)
{
    enum { K = 3, R = 2, HEAD = 5, SKIP = 12, COLUMNS = 4, ROWS = 3 };
    struct shaped a;
    uint64_t index = 0;
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{SKIP + K * R * HEAD, COLUMNS}});
    apply(&a, "untile:0,hv,qk_rows");
    for (uint64_t i = 0; i < SKIP * COLUMNS; i++)
        check_next(&a, &index, 0, i);
    for (uint64_t k = 0; k < K; k++)
        for (uint64_t j = 0; j < R; j++)
            for (uint64_t i = 0; i < HEAD * COLUMNS; i++)
                check_next(&a, &index, 0, (SKIP + (j * K + k) * HEAD) * COLUMNS + i);
    shape_end(&a);
    index = 0;
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{ROWS, K * R * HEAD}});
    apply(&a, "untile:1,hv,0");
    for (uint64_t row = 0; row < ROWS; row++)
        for (uint64_t k = 0; k < K; k++)
            for (uint64_t j = 0; j < R; j++)
                for (uint64_t i = 0; i < HEAD; i++)
                    check_next(&a, &index, 0, (row * K * R + j * K + k) * HEAD + i);
    shape_end(&a);
}

static void qkvz_takes_four_parts_for_each_key_head(void **state)
{
    enum { K = 3, KEY = 2, VALUES = 10, COLUMNS = 3 };
    struct shaped a;
    uint64_t index = 0;
    shape_begin(&a, *state, 2,
        (const uint64_t[][5]){{K * (2 * KEY + VALUES), COLUMNS}, {K * VALUES, COLUMNS}});
    apply(&a, "qkvz");
    check_shape(&a, 2, (const uint64_t[]){K * (2 * KEY + 2 * VALUES), COLUMNS});
    for (uint64_t k = 0; k < K; k++) {
        for (uint64_t i = 0; i < KEY * COLUMNS; i++)
            check_next(&a, &index, 0, k * KEY * COLUMNS + i);
        for (uint64_t i = 0; i < KEY * COLUMNS; i++)
            check_next(&a, &index, 0, (K + k) * KEY * COLUMNS + i);
        for (uint64_t i = 0; i < VALUES * COLUMNS; i++)
            check_next(&a, &index, 0, (2 * K * KEY + k * VALUES) * COLUMNS + i);
        for (uint64_t i = 0; i < VALUES * COLUMNS; i++)
            check_next(&a, &index, 1, k * VALUES * COLUMNS + i);
    }
    shape_end(&a);
}

static void mla_transposes_keys_within_heads(void **state)
{
    enum { HEADS = 3, LORA = 7, NOPE = 5, V = 4 };
    struct shaped a;
    uint64_t index = 0;
    shape_begin(&a, *state, 2, (const uint64_t[][5]){{HEADS, LORA, NOPE}, {HEADS, V, LORA}});
    apply(&a, "mla");
    check_shape(&a, 2, (const uint64_t[]){HEADS * (NOPE + V), LORA});
    for (uint64_t h = 0; h < HEADS; h++) {
        for (uint64_t n = 0; n < NOPE; n++)
            for (uint64_t l = 0; l < LORA; l++)
                check_next(&a, &index, 0, (h * LORA + l) * NOPE + n);
        for (uint64_t i = 0; i < V * LORA; i++)
            check_next(&a, &index, 1, h * V * LORA + i);
    }
    shape_end(&a);
}

static void inputs_are_joined_along_an_axis(void **state)
{
    enum { E = 3, ROWS = 5, COLUMNS = 7 };
    const uint64_t shapes[][5] = {{E, ROWS, COLUMNS}, {E, ROWS, COLUMNS}};
    struct shaped a;
    uint64_t index = 0;
    shape_begin(&a, *state, 2, shapes);
    apply(&a, "cat:1");
    check_shape(&a, 3, (const uint64_t[]){E, 2 * ROWS, COLUMNS});
    for (uint64_t x = 0; x < E; x++)
        for (size_t source = 0; source < 2; source++)
            for (uint64_t i = 0; i < ROWS * COLUMNS; i++)
                check_next(&a, &index, source, x * ROWS * COLUMNS + i);
    shape_end(&a);
    index = 0;
    shape_begin(&a, *state, 2, shapes);
    apply(&a, "cat:1 | T");
    check_shape(&a, 3, (const uint64_t[]){E, COLUMNS, 2 * ROWS});
    for (uint64_t x = 0; x < E; x++)
        for (uint64_t c = 0; c < COLUMNS; c++)
            for (size_t source = 0; source < 2; source++)
                for (uint64_t r = 0; r < ROWS; r++)
                    check_next(&a, &index, source, (x * ROWS + r) * COLUMNS + c);
    shape_end(&a);
    index = 0;
    shape_begin(&a, *state, 2, shapes);
    apply(&a, "ilv:1 | T");
    check_shape(&a, 3, (const uint64_t[]){E, COLUMNS, 2 * ROWS});
    for (uint64_t x = 0; x < E; x++)
        for (uint64_t c = 0; c < COLUMNS; c++)
            for (uint64_t r = 0; r < ROWS; r++)
                for (size_t source = 0; source < 2; source++)
                    check_next(&a, &index, source, (x * ROWS + r) * COLUMNS + c);
    shape_end(&a);
    index = 0;
    shape_begin(&a, *state, 2, (const uint64_t[][5]){{E, ROWS}, {E, ROWS}}); /* biases */
    apply(&a, "ilv:1");
    check_shape(&a, 2, (const uint64_t[]){E, 2 * ROWS});
    for (uint64_t i = 0; i < E * ROWS; i++)
        for (size_t source = 0; source < 2; source++)
            check_next(&a, &index, source, i);
    shape_end(&a);
    index = 0;
    shape_begin(&a, *state, 2, (const uint64_t[][5]){{ROWS, COLUMNS}, {2, COLUMNS}});
    apply(&a, "cat:0");
    for (uint64_t i = 0; i < ROWS * COLUMNS; i++)
        check_next(&a, &index, 0, i);
    for (uint64_t i = 0; i < 2 * COLUMNS; i++)
        check_next(&a, &index, 1, i);
    shape_end(&a);
}

static void a_transposition_swaps_the_last_axes(void **state)
{
    enum { E = 2, ROWS = 5, COLUMNS = 7 };
    struct shaped a;
    uint64_t index = 0;
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{E, ROWS, COLUMNS}});
    apply(&a, "T | as:-1,n_embd");
    check_shape(&a, 2, (const uint64_t[]){E * COLUMNS * ROWS / 14, 14});
    for (uint64_t x = 0; x < E; x++)
        for (uint64_t c = 0; c < COLUMNS; c++)
            for (uint64_t r = 0; r < ROWS; r++)
                check_next(&a, &index, 0, (x * ROWS + r) * COLUMNS + c);
    shape_end(&a);
}

static void zeros_and_shapes(void **state)
{
    struct shaped a;
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{4, 3}});
    apply(&a, "zeros:2");
    check_shape(&a, 2, (const uint64_t[]){6, 3});
    assert_null(a.shaping.gather.sources[0].tensor);
    for (uint64_t i = 0; i < 18; i++) {
        const struct naive_item from = naive_gather(&a.shaping.gather, i);
        assert_int_equal(from.source, i >= 6);
        assert_int_equal(from.item, i >= 6 ? i - 6 : 0);
    }
    shape_end(&a);
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{10, 4}});
    apply(&a, "as:-1,1,K");
    check_shape(&a, 3, (const uint64_t[]){10, 1, 4});
    shape_end(&a);
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{1}});
    apply(&a, "as:");
    check_shape(&a, 0, NULL);
    shape_end(&a);
}

/* What does not fit must be an error, never a wrong array. */
static void misfits_are_refused(void **state)
{
    static const struct {
        const char *operations;
        size_t n_inputs;
        uint64_t shapes[2][5];
    } cases[] = {
        {"unrope:n_head", 1, {{32, 4}}}, /* 32 rows are not 6 heads */
        {"unrope:n_head", 1, {{18, 4}}}, /* heads of 3 rows are not pairs */
        {"unrope:x_head", 1, {{24, 4}}},
        {"groupqkv:n_head,n_head_kv", 1, {{13, 4}}},
        {"groupqkv:n_head_kv,n_head", 1, {{30, 4}}},
        {"untile:0,hv,qk_rows", 1, {{41, 4}}},
        {"untile:1,hv,0", 1, {{4, 31}}},
        {"qkvz", 2, {{43, 3}, {30, 3}}},
        {"qkvz", 1, {{42, 3}}},
        {"mla", 2, {{3, 7, 5}, {3, 4, 6}}},
        {"mla", 1, {{3, 7, 5}}},
        {"cat:0", 2, {{3, 4}, {3, 5}}},
        {"cat:1", 2, {{3, 4}, {4, 4}}},
        {"cat:9", 2, {{3, 4}, {3, 4}}},
        {"ilv:0", 2, {{3, 4}, {4, 4}}},
        {"cat:1 | T", 2, {{2, 3, 4}, {2, 5, 4}}},
        {"cat:0 | T", 2, {{2, 3, 4}, {2, 3, 4}}},
        {"unrope:n_head | T", 1, {{12, 4}}},
        {"zeros:99999999", 1, {{4, 3}}},
        {"unrope:9223372036854775808", 1, {{24, 4}}}, /* twice that is 0 */
        {"groupqkv:9223372036854775808,1", 1, {{24, 4}}},
        {"untile:0,3074457345618258603,2", 1, {{4, 4}}}, /* 6 heads of that length: 2 */
        {"as:5,-1", 1, {{12}}},
        {"as:5", 1, {{12}}},
        {"zeros:config.pad_token_id", 1, {{12}}},
        {"nothing", 1, {{12}}},
        {"cat", 2, {{3, 4}, {3, 4}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct shaped a;
        struct dq_error e = {""};
        shape_begin(&a, *state, cases[i].n_inputs, cases[i].shapes);
        const int rc =
            dq_layout_apply(&a.shaping, cases[i].operations, strlen(cases[i].operations), &e);
        if (rc != DQ_ERR_TYPE)
            fail_msg("%s, case %zu: %d (%s)", cases[i].operations, i, rc, e.text);
        assert_true(strlen(e.text) > 0);
        shape_end(&a);
    }
}

static void numbers_are_computed_from_left_to_right(void **state)
{
    static const struct {
        const char *expression;
        uint64_t wanted;
    } cases[] = {
        {"12", 12},
        {"n_head", 6},
        {"n_head_kv", 3}, /* of layer 1 */
        {"2 * hk * n_k_head", 12},
        {"hv", 5},
        {"n_head + n_head_kv * 2", 18},
        {"A.missing or n_head / 2", 3},
        {"rows / 2", 4},
    };
    struct shaped a;
    struct dq_error e;
    uint64_t value;
    shape_begin(&a, *state, 1, (const uint64_t[][5]){{1}});
    a.keys.rows = 8;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_ok(
            dq_layout_number(&a.keys, cases[i].expression, strlen(cases[i].expression), &value, &e),
            &e);
        assert_int_equal(value, cases[i].wanted);
    }
    check_error(dq_layout_number(&a.keys, "n_head / 4", 10, &value, &e), &e, DQ_ERR_TYPE,
        "does not come out even");
    check_error(dq_layout_number(&a.keys, "A.missing", 9, &value, &e), &e, DQ_ERR_TYPE,
        "the metadata has no x.missing");
    a.keys.layer = 2;
    check_error(dq_layout_number(&a.keys, "n_head_kv", 9, &value, &e), &e, DQ_ERR_MALFORMED,
        "no number for layer 2");
    shape_end(&a);
}

/* ---- the table ---- */

/* Whether a pattern's variables, but {X}, are all in the inputs; {L} of metadata is that of a layer. */
static void check_variables(const char *architecture, const struct dq_layout_rule *rule)
{
    const bool from_metadata = strcmp(rule->inputs, "-") == 0;
    if ((strstr(rule->hf, "{L}") && !strstr(rule->inputs, "{L}") && !from_metadata) ||
        (strstr(rule->hf, "{s}") && !strstr(rule->inputs, "{s}")))
        fail_msg("%s: %s has no value for a variable of %s", architecture, rule->inputs, rule->hf);
}

/* Whether an operation is known: any error but the one for unknown ones will do. */
static void check_operations(struct shaped *a, const char *operations)
{
    const char *rest = operations;
    const char *operation;
    size_t len;
    while ((operation = dq_layout_part(&rest, " | ", &len)) != NULL) {
        struct dq_error e = {""};
        struct dq_layout_shaping s = a->shaping;
        (void)dq_layout_apply(&s, operation, len, &e);
        if (strstr(e.text, "no operation") || strstr(e.text, "has no key"))
            fail_msg("%s: %s", operations, e.text);
    }
}

static void check_rule(
    struct shaped *a, const char *architecture, const struct dq_layout_rule *rule)
{
    const char *rest = rule->inputs;
    const char *input;
    size_t len;
    size_t n = 0;
    while ((input = dq_layout_part(&rest, " + ", &len)) != NULL) {
        const char *tilde = memchr(input, '~', len);
        char operation[64] = "";
        if (tilde)
            snprintf(operation, sizeof operation, "%.*s", (int)(len - (size_t)(tilde - input)) - 1,
                tilde + 1);
        check_operations(a, operation);
        n++;
    }
    if (n == 0 || n > DQ_GATHER_SOURCES || !*rule->hf)
        fail_msg("%s: %s is not a rule", architecture, rule->inputs);
    if (*rule->condition && strncmp(rule->condition, "if ", 3) != 0 &&
        strncmp(rule->condition, "class ", 6) != 0)
        fail_msg("%s: %s is not a condition", architecture, rule->condition);
    check_variables(architecture, rule);
    check_operations(a, rule->operations);
}

static void every_rule_of_the_table_can_be_read(void **state)
{
    struct shaped a;
    const char *name;
    json_t *entry;
    size_t n = 0;
    size_t n_rules = 0;
    shape_begin(&a, *state, 2, (const uint64_t[][5]){{4, 6, 4}, {4, 6, 4}});
    json_object_foreach(json_object_get(a.table.root, "architectures"), name, entry)
    {
        struct dq_layout_table t;
        struct dq_error e;
        const char *gguf = json_string_value(json_object_get(entry, "gguf"));
        const json_t *classes = json_object_get(entry, "hf");
        const json_t *bases = json_object_get(entry, "bases");
        for (size_t i = 0; i < json_array_size(bases); i++)
            assert_non_null(json_object_get(json_object_get(a.table.root, "bases"),
                json_string_value(json_array_get(bases, i))));
        assert_true(json_array_size(classes) > 0);
        for (size_t i = 0; i < json_array_size(classes); i++) {
            const char *class_name = json_string_value(json_array_get(classes, i));
            check_ok(dq_layout_table_init(&t, gguf ? gguf : name, class_name, "", &e), &e);
            assert_string_equal(t.name, name);
            assert_string_equal(t.class_name, class_name);
            assert_true(t.n_rules > 0);
            for (size_t k = 0; i == 0 && k < t.n_rules; k++)
                check_rule(&a, name, &t.rules[k]);
            n_rules += i == 0 ? t.n_rules : 0;
            dq_layout_table_finish(&t);
        }
        n++;
    }
    assert_true(n >= 77);
    assert_true(n_rules > 1000);
    shape_end(&a);
}

static void names_are_matched_with_patterns(void **state)
{
    static const struct {
        const char *pattern;
        const char *name;
        const char *hf; /* NULL: no match */
    } cases[] = {
        {"blk.{L}.attn_q.{s}", "blk.12.attn_q.weight", "12 weight {X}"},
        {"blk.{L}.attn_q.{s}", "blk.12.attn_q.bias", "12 bias {X}"},
        {"blk.{L}.ffn_up.{X}.weight", "blk.0.ffn_up.31.weight", "0 {s} 31"},
        {"blk.{L}.attn_q.{s}", "blk.12.attn_q.scale", NULL},
        {"blk.{L}.attn_q.{s}", "blk..attn_q.weight", NULL},
        {"blk.{L}.attn_q.{s}", "blk.1.attn_q.weight.x", NULL},
        {"output.weight", "output.weight", "{L} {s} {X}"},
        {"output.weight", "output.weigh", NULL},
        {"output.weight", "output.weights", NULL},
    };
    static const char shown[] = "{L} {s} {X}";
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dq_layout_binding b;
        const bool matches =
            dq_layout_match(cases[i].pattern, strlen(cases[i].pattern), cases[i].name, &b);
        assert_int_equal(matches, cases[i].hf != NULL);
        if (!matches)
            continue;
        char *hf = dq_layout_expand(shown, strlen(shown), &b);
        assert_string_equal(hf, cases[i].hf);
        dq_mem_free(hf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
        WITH_SCRATCH(unrope_takes_even_rows_of_a_head_first),
        WITH_SCRATCH(groupqkv_makes_groups),
        WITH_SCRATCH(operations_of_inputs_come_before_those_that_join_them),
        WITH_SCRATCH(untile_groups_value_heads),
        WITH_SCRATCH(qkvz_takes_four_parts_for_each_key_head),
        WITH_SCRATCH(mla_transposes_keys_within_heads),
        WITH_SCRATCH(inputs_are_joined_along_an_axis),
        WITH_SCRATCH(a_transposition_swaps_the_last_axes),
        WITH_SCRATCH(zeros_and_shapes),
        WITH_SCRATCH(misfits_are_refused),
        WITH_SCRATCH(numbers_are_computed_from_left_to_right),
        WITH_SCRATCH(every_rule_of_the_table_can_be_read),
        cmocka_unit_test(names_are_matched_with_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
