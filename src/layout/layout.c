#include "layout/layout.h"

#include "base/array.h"
#include "base/mem.h"
#include "base/strmap.h"
#include "base/text.h"
#include "run/scales.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { L, X, S }; /* indices of struct dq_layout_binding */

enum { MAX_SPLIT = 1 << 16 /* arrays that a tensor is split into */ };

/* A layout that is being made. */
struct builder {
    struct dq_layout *l;
    const struct dq_pick **pick_of; /* for each tensor of the model: a pick of it, or NULL */
    struct dq_strmap made;          /* names of the groups that were made, with their slices */
    struct dq_strvec keys;          /* the keys of made, which does not copy them */
    struct dq_layout_keys numbers;
};

/* ---- finding rules and tensors ---- */

static const struct dq_tensor *find_tensor(const struct dq_layout *l, const char *name)
{
    return dq_model_find(l->model, name, strlen(name));
}

static const struct dq_layout_rule *find_rule(
    const struct dq_layout *l, const char *name, struct dq_layout_binding *b);

static const json_t *fused_rows(const struct dq_layout *l)
{
    return json_object_get(l->table.root, "fused");
}

static const char *pattern_at(const json_t *row, size_t i)
{
    const json_t *item = json_array_get(row, i);
    return json_string_value(i == 0 ? item : json_array_get(item, 0));
}

/* Finds the fused tensor that a name is a part of, if that tensor has no rule of its own; *row is its
 * row of the table, and *part the index of the part. */
static const struct dq_tensor *find_fused(
    const struct dq_layout *l, const char *name, const json_t **row, size_t *part)
{
    const json_t *rows = fused_rows(l);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        *row = json_array_get(rows, i);
        for (*part = 1; *part < json_array_size(*row); ++*part) {
            struct dq_layout_binding b;
            struct dq_layout_binding unused;
            const char *pattern = pattern_at(*row, *part);
            const char *fused = pattern_at(*row, 0);
            if (!dq_layout_match(pattern, strlen(pattern), name, &b))
                continue;
            char *full = dq_layout_expand(fused, strlen(fused), &b);
            const struct dq_tensor *t = full ? find_tensor(l, full) : NULL;
            const bool has_rule = t && find_rule(l, full, &unused);
            dq_mem_free(full);
            return has_rule ? NULL : t;
        }
    }
    return NULL;
}

/* Whether the model has a tensor, maybe as a part of a fused one. */
static bool exists(const struct dq_layout *l, const char *name)
{
    const json_t *row;
    size_t part;
    return find_tensor(l, name) || find_fused(l, name, &row, &part);
}

static bool pattern_exists(
    const struct dq_layout *l, const char *pattern, size_t len, const struct dq_layout_binding *b)
{
    char *name = dq_layout_expand(pattern, len, b);
    const bool found = name && exists(l, name);
    dq_mem_free(name);
    return found;
}

static size_t without_operation(const char *input, size_t len)
{
    const char *tilde = memchr(input, '~', len);
    return tilde ? (size_t)(tilde - input) : len;
}

/* Whether text is one of the words of a list. */
static bool is_word_of(const char *list, const char *text)
{
    const char *word;
    size_t len;
    while ((word = dq_layout_part(&list, " ", &len)) != NULL) {
        if (strlen(text) == len && strncmp(word, text, len) == 0)
            return true;
    }
    return false;
}

static bool condition_holds(
    const struct dq_layout *l, const char *condition, const struct dq_layout_binding *b)
{
    static const char if_exists[] = "if ";
    static const char if_class[] = "class ";
    if (strncmp(condition, if_exists, strlen(if_exists)) == 0)
        return pattern_exists(
            l, condition + strlen(if_exists), strlen(condition) - strlen(if_exists), b);
    if (strncmp(condition, if_class, strlen(if_class)) == 0)
        return is_word_of(condition + strlen(if_class), l->table.class_name);
    return true;
}

/* Whether a rule has an input of this name, and the model has the others. */
static bool rule_applies(const struct dq_layout *l, const struct dq_layout_rule *rule,
    const char *name, struct dq_layout_binding *b)
{
    const char *rest = rule->inputs;
    const char *input;
    size_t len;
    bool matches = false;
    while (!matches && (input = dq_layout_part(&rest, " + ", &len)) != NULL)
        matches = dq_layout_match(input, without_operation(input, len), name, b);
    rest = rule->inputs;
    while (matches && (input = dq_layout_part(&rest, " + ", &len)) != NULL)
        matches = strlen(rule->inputs) == len ||
                  pattern_exists(l, input, without_operation(input, len), b);
    return matches && condition_holds(l, rule->condition, b);
}

/* Returns the first rule for a name, or NULL. */
static const struct dq_layout_rule *find_rule(
    const struct dq_layout *l, const char *name, struct dq_layout_binding *b)
{
    for (size_t i = 0; i < l->table.n_rules; i++) {
        if (rule_applies(l, &l->table.rules[i], name, b))
            return &l->table.rules[i];
    }
    return NULL;
}

/* ---- groups ---- */

static struct dq_layout_group *add_group(struct dq_layout *l, struct dq_error *e)
{
    void *groups = dq_array_grow(l->groups, l->n_groups, sizeof(struct dq_layout_group *));
    if (groups)
        l->groups = groups;
    struct dq_layout_group *g = groups ? dq_mem_calloc(1, sizeof *g) : NULL;
    if (!g) {
        (void)dq_fail_nomem(e);
        return NULL;
    }
    g->operations = "";
    l->groups[l->n_groups++] = g;
    return g;
}

/* Takes ownership of name, NULL meaning that memory is short. */
static int add_array(struct dq_layout *l, const struct dq_layout_group *g, size_t index, char *name,
    struct dq_error *e)
{
    void *arrays = name ? dq_array_grow(l->arrays, l->n_arrays, sizeof *l->arrays) : NULL;
    if (!arrays) {
        dq_mem_free(name);
        return dq_fail_nomem(e);
    }
    l->arrays = arrays;
    l->arrays[l->n_arrays++] = (struct dq_layout_array){name, g, index};
    return 0;
}

/* Makes a group fail, with an array under the name of its tensor, or under its own if pick is NULL.
 * Returns 0, or DQ_ERR_MEMORY. */
static int fail_group(struct builder *b, struct dq_layout_group *g, const struct dq_pick *pick,
    int code, const char *why, struct dq_error *e)
{
    const struct dq_tensor *t = pick ? pick->tensor : NULL;
    struct dq_error full;
    if (code == DQ_ERR_MEMORY || code == DQ_ERR_INTERRUPTED)
        return dq_fail(e, code, "%s", why);
    if (t)
        (void)dq_tensor_fail(b->l->model, t, &full, code, "%s", why);
    else
        (void)dq_fail(&full, code, "%s: '%s': %s", b->l->model->path, g->pattern, why);
    g->code = code;
    g->reason = dq_mem_strdup(full.text);
    g->inputs[0] = pick;
    g->n_inputs = pick ? 1 : 0;
    g->n_arrays = 1;
    char *name = t ? dq_mem_strndup(t->name, t->name_len) : dq_mem_strdup(g->pattern);
    if (!g->reason) {
        dq_mem_free(name);
        return dq_fail_nomem(e);
    }
    return add_array(b->l, g, 0, name, e);
}

static const struct dq_pick *pick_of(const struct builder *b, const struct dq_tensor *t)
{
    return b->pick_of[t - b->l->model->tensors];
}

static int need_selected(const struct builder *b, const struct dq_tensor *t, struct dq_error *e)
{
    return pick_of(b, t) ? 0
                         : dq_fail(e, DQ_ERR_USAGE,
                               "its Hugging Face tensor needs '%.256s' too, which is not selected",
                               t->display_name);
}

/* Reduces an input to its rows of a fused tensor. */
static int take_part(struct builder *b, struct dq_layout_input *in, const json_t *row, size_t part,
    struct dq_error *e)
{
    const char *suffix = strrchr(in->tensor->name, '.');
    const bool is_vector = suffix && strcmp(suffix, ".bias") == 0;
    uint64_t sum = 0;
    uint64_t first = 0;
    uint64_t n = 0;
    b->numbers.rows = in->tensor->dims[is_vector ? 0 : 1];
    for (size_t i = 1; i < json_array_size(row); i++) {
        const char *expression = json_string_value(json_array_get(json_array_get(row, i), 1));
        uint64_t n_rows;
        const int rc = dq_layout_number(&b->numbers, expression, strlen(expression), &n_rows, e);
        if (rc != 0)
            return rc;
        if (i == part) {
            first = sum;
            n = n_rows;
        }
        sum += n_rows <= b->numbers.rows ? n_rows : b->numbers.rows;
    }
    if (sum != b->numbers.rows)
        return dq_fail(e, DQ_ERR_TYPE,
            "its %" PRIu64 " rows are not those of the tensors that are fused in it (%" PRIu64 ")",
            b->numbers.rows, sum);
    dq_layout_input_rows(in, is_vector, first, n);
    return 0;
}

/* Multiplies an input by the scale tensor that is for it, unless that has a rule of its own. */
static int attach_scale(const struct builder *b, struct dq_layout_input *in, struct dq_error *e)
{
    struct dq_layout_binding unused;
    const struct dq_tensor *t = in->tensor;
    const struct dq_tensor *scale = dq_scale_named(b->l->model, t);
    if (!scale || find_rule(b->l, scale->name, &unused))
        return 0;
    const uint64_t n_slices = t->n_dims > 2 ? t->dims[t->n_dims - 1] : 1;
    const int rc = dq_tensor_usable(b->l->model, scale, false, e);
    if (rc != 0)
        return rc;
    if (dq_scale_find(b->l->model, t) != scale)
        return dq_fail(e, DQ_ERR_TYPE, "'%.256s' is not one float, or one for each matrix",
            scale->display_name);
    in->scale = scale;
    if (scale->n_weights > 1 && in->slice_len == in->slice_stride) {
        in->n_slices = n_slices;
        in->slice_len /= n_slices;
        in->slice_stride = in->slice_len;
    }
    return need_selected(b, scale, e);
}

/* Gives an input the dimensions of 1 that its file leaves out: a model may have a single expert. */
static void restore_axes(const struct dq_layout *l, const char *name, struct dq_layout_input *in)
{
    const json_t *axes = json_object_get(l->table.root, "axes");
    for (size_t i = 0; i < json_array_size(axes); i++) {
        const json_t *row = json_array_get(axes, i);
        const char *pattern = pattern_at(row, 0);
        struct dq_layout_binding unused;
        if (dq_layout_match(pattern, strlen(pattern), name, &unused))
            dq_layout_pad_shape(
                in->shape, &in->n_shape, (size_t)json_integer_value(json_array_get(row, 1)));
    }
}

/* Describes the input of this name. */
static int find_input(
    struct builder *b, const char *name, struct dq_layout_input *in, struct dq_error *e)
{
    const json_t *row = NULL;
    size_t part = 0;
    const struct dq_tensor *t = find_tensor(b->l, name);
    if (!t)
        t = find_fused(b->l, name, &row, &part);
    if (!t)
        return dq_fail_nomem(e); /* it was found before */
    int rc = need_selected(b, t, e);
    if (rc == 0)
        rc = dq_tensor_usable(b->l->model, t, false, e);
    if (rc == 0 && !t->type)
        rc = dq_fail(e, DQ_ERR_TYPE, "its type is unknown");
    if (rc != 0)
        return rc;
    dq_layout_input_whole(in, t);
    restore_axes(b->l, name, in);
    if (row)
        rc = take_part(b, in, row, part, e);
    return rc == 0 ? attach_scale(b, in, e) : rc;
}

/* Adds the inputs of a rule to an array, and applies the operations of each. */
static int add_inputs(struct builder *b, struct dq_layout_group *g, struct dq_layout_shaping *s,
    const struct dq_layout_rule *rule, const struct dq_layout_binding *binding, struct dq_error *e)
{
    const char *rest = rule->inputs;
    const char *input;
    size_t len;
    int rc = 0;
    while (rc == 0 && (input = dq_layout_part(&rest, " + ", &len)) != NULL) {
        const size_t name_len = without_operation(input, len);
        struct dq_layout_input *in = &s->inputs[s->n_inputs];
        if (s->n_inputs == DQ_GATHER_SOURCES)
            return dq_fail(e, DQ_ERR_TYPE, "its rule has too many inputs");
        char *name = dq_layout_expand(input, name_len, binding);
        rc = name ? find_input(b, name, in, e) : dq_fail_nomem(e);
        dq_mem_free(name);
        if (rc != 0)
            return rc;
        s->source = s->n_inputs;
        memcpy(s->shape, in->shape, sizeof s->shape);
        s->n_shape = in->n_shape;
        g->inputs[g->n_inputs++] = pick_of(b, in->tensor);
        s->n_inputs++;
        if (name_len < len)
            rc = dq_layout_apply(s, input + name_len + 1, len - name_len - 1, e);
    }
    s->source = 0;
    memcpy(s->shape, s->inputs[0].shape, sizeof s->shape);
    s->n_shape = s->inputs[0].n_shape;
    return rc;
}

/* Splits the only input of an array by its first axis. */
static int split(struct dq_layout_group *g, struct dq_layout_shaping *s, struct dq_error *e)
{
    struct dq_layout_input *in = &s->inputs[0];
    if (s->n_inputs != 1 || s->n_shape == 0 || s->shape[0] > MAX_SPLIT)
        return dq_fail(e, DQ_ERR_TYPE, "it cannot be split into one array for each index");
    g->n_arrays = (size_t)s->shape[0];
    s->n_shape--;
    memmove(s->shape, s->shape + 1, s->n_shape * sizeof *s->shape);
    memcpy(in->shape, s->shape, sizeof s->shape);
    in->n_shape = s->n_shape;
    if (in->slice_len == in->slice_stride) {
        in->slice_len = g->n_arrays > 0 ? in->tensor->n_weights / g->n_arrays : 0;
        in->slice_stride = in->slice_len;
    }
    in->n_slices = 1;
    g->stride = in->slice_stride;
    return 0;
}

/* A slice selects by the indices of the GGUF tensor, so it must be the Hugging Face tensor. */
static int check_slices(const struct dq_layout_group *g, const struct dq_layout_shaping *s,
    bool is_split, struct dq_error *e)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        if (g->inputs[i]->slice_text &&
            (g->n_inputs > 1 || is_split || *g->operations || s->inputs[i].scale ||
                s->inputs[i].base != 0 || s->inputs[i].slice_len != s->inputs[i].tensor->n_weights))
            return dq_fail(e, DQ_ERR_USAGE,
                "a slice of it is not a slice of its Hugging Face tensor (%.128s); select all of "
                "it, or use --layout gguf",
                *g->operations ? g->operations : "split or joined");
    }
    return 0;
}

/* Works out what a rule makes of its tensors. */
static int shape_group(struct builder *b, struct dq_layout_group *g,
    const struct dq_layout_rule *rule, const struct dq_layout_binding *binding, struct dq_error *e)
{
    struct dq_layout_shaping s = {.keys = &b->numbers};
    const bool from_metadata = strcmp(rule->inputs, "-") == 0;
    const bool is_split = strstr(rule->hf, "{X}") && !binding->text[X];
    int rc = from_metadata ? 0 : add_inputs(b, g, &s, rule, binding, e);
    g->operations = rule->operations;
    g->n_arrays = 1;
    if (rc == 0 && is_split)
        rc = split(g, &s, e);
    if (rc == 0)
        rc = dq_layout_apply(&s, rule->operations, strlen(rule->operations), e);
    if (rc == 0 && s.is_dropped)
        g->n_arrays = 0;
    if (rc == 0)
        rc = check_slices(g, &s, is_split, e);
    if (rc == 0 && !s.is_dropped)
        rc = dq_layout_finish(&s, e);
    if (rc == 0 && s.note[0])
        rc = dq_strvec_add(&b->l->notes, s.note, strlen(s.note), e);
    memcpy(g->shape, s.shape, sizeof g->shape);
    g->n_shape = s.n_shape;
    g->is_rounded = s.is_rounded;
    g->gather = s.gather;
    g->gather.model = b->l->model;
    return rc;
}

/* Sets *made to the group of this name and slice that was made before, or NULL; remembers the name. */
static int find_made(struct builder *b, const char *pattern, const char *slice,
    const struct dq_layout_group **made, struct dq_error *e)
{
    size_t number;
    *made = NULL;
    const size_t size = strlen(pattern) + (slice ? strlen(slice) : 0) + 1;
    char *key = dq_mem_alloc(size);
    if (!key)
        return dq_fail_nomem(e);
    snprintf(key, size, "%s%s", pattern, slice ? slice : "");
    int rc = dq_strvec_add(&b->keys, key, size - 1, e);
    dq_mem_free(key);
    if (rc != 0)
        return rc;
    rc = dq_strmap_add(&b->made, b->keys.items[b->keys.n - 1], size - 1, b->l->n_groups);
    if (rc == 1 && dq_strmap_find(&b->made, b->keys.items[b->keys.n - 1], size - 1, &number))
        *made = b->l->groups[number];
    return rc < 0 ? dq_fail_nomem(e) : 0;
}

/* The name of an array of a group. */
static char *array_name(const struct dq_layout_group *g, size_t index)
{
    char digits[DQ_DIGITS_MAX + 1];
    struct dq_layout_binding b = {0};
    *dq_put_number(digits, index) = '\0';
    b.text[X] = digits;
    b.len[X] = strlen(digits);
    return dq_layout_expand(g->pattern, strlen(g->pattern), &b);
}

/* Makes what a rule makes of a tensor, unless another input of the rule has made it already. pick is
 * where faults are reported; NULL: the array comes from the metadata. */
static int make_group(struct builder *b, const struct dq_layout_rule *rule,
    const struct dq_layout_binding *binding, const struct dq_pick *pick, struct dq_error *e)
{
    struct dq_layout *l = b->l;
    struct dq_error why;
    const struct dq_layout_group *made = NULL;
    char *pattern = dq_layout_expand(rule->hf, strlen(rule->hf), binding);
    if (pattern)
        pattern = dq_layout_prefix(&l->table, pattern);
    int rc = pattern ? 0 : dq_fail_nomem(e);
    if (rc == 0 && strcmp(pattern, "-") != 0)
        rc = find_made(b, pattern, pick ? pick->slice_text : NULL, &made, e);
    const bool is_other_input = made && made->rule == rule;
    struct dq_layout_group *g = rc == 0 && !is_other_input ? add_group(l, e) : NULL;
    if (!g) {
        dq_mem_free(pattern);
        return rc != 0 || is_other_input ? rc : DQ_ERR_MEMORY;
    }
    g->pattern = pattern;
    g->rule = rule;
    if (made && pick) {
        (void)dq_fail(&why, DQ_ERR_TYPE, "its Hugging Face name, %s, is also that of '%.256s'",
            pattern, made->inputs[0]->tensor->display_name);
        return fail_group(b, g, pick, DQ_ERR_TYPE, why.text, e);
    }
    b->numbers.layer = 0;
    for (size_t i = 0; i < binding->len[L] && i < 9; i++)
        b->numbers.layer = b->numbers.layer * 10 + (uint64_t)(binding->text[L][i] - '0');
    rc = shape_group(b, g, rule, binding, &why);
    if (rc != 0)
        return fail_group(b, g, pick, rc, why.text, e);
    for (size_t i = 0; rc == 0 && i < g->n_arrays; i++)
        rc = add_array(l, g, i, array_name(g, i), e);
    return rc;
}

/* ---- the tensors of a selection ---- */

/* Makes the arrays of the parts of a fused tensor. *found: whether it is one. */
static int make_parts(
    struct builder *b, const struct dq_pick *pick, bool *found, struct dq_error *e)
{
    const json_t *rows = fused_rows(b->l);
    int rc = 0;
    *found = false;
    for (size_t i = 0; rc == 0 && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct dq_layout_binding binding;
        const char *fused = pattern_at(row, 0);
        if (!dq_layout_match(fused, strlen(fused), pick->tensor->name, &binding))
            continue;
        for (size_t k = 1; rc == 0 && k < json_array_size(row); k++) {
            const char *pattern = pattern_at(row, k);
            struct dq_layout_binding of_part;
            const size_t n_before = b->l->n_groups;
            char *name = dq_layout_expand(pattern, strlen(pattern), &binding);
            const struct dq_layout_rule *rule = name ? find_rule(b->l, name, &of_part) : NULL;
            *found = rule != NULL;
            if (!name)
                rc = dq_fail_nomem(e);
            else if (rule)
                rc = make_group(b, rule, &of_part, pick, e);
            dq_mem_free(name);
            if (!rule || (b->l->n_groups > n_before && b->l->groups[n_before]->code != 0))
                break; /* what is wrong with one part is said once */
        }
    }
    return rc;
}

static int make_without_rule(struct builder *b, const struct dq_pick *pick, struct dq_error *e)
{
    struct dq_error why;
    const struct dq_tensor *weight = dq_scale_target(b->l->model, pick->tensor);
    bool found;
    int rc = make_parts(b, pick, &found, e);
    if (rc != 0 || found)
        return rc;
    struct dq_layout_group *g = add_group(b->l, e);
    if (!g)
        return DQ_ERR_MEMORY;
    g->pattern = dq_mem_strdup("-");
    if (!g->pattern)
        return dq_fail_nomem(e);
    if (weight) { /* which it only belongs to */
        g->inputs[0] = pick;
        g->n_inputs = 1;
        g->operations = "scale";
        rc = need_selected(b, weight, &why);
        return rc == 0 ? 0 : fail_group(b, g, pick, rc, why.text, e);
    }
    (void)dq_fail(&why, DQ_ERR_TYPE,
        "the Hugging Face layout of %s has no rule for it; --exclude leaves it out, %s",
        b->l->table.name, b->l->use->otherwise);
    return fail_group(b, g, pick, DQ_ERR_TYPE, why.text, e);
}

static int make_arrays(struct builder *b, const struct dq_pick *pick, struct dq_error *e)
{
    struct dq_layout_binding binding;
    const struct dq_tensor *t = pick->tensor;
    const struct dq_layout_rule *rule =
        strlen(t->name) == t->name_len ? find_rule(b->l, t->name, &binding) : NULL;
    return rule ? make_group(b, rule, &binding, pick, e) : make_without_rule(b, pick, e);
}

/* Makes the arrays that come from the metadata, for each layer of which a tensor is selected. */
static int make_from_metadata(struct builder *b, struct dq_error *e)
{
    static const char layer[] = "blk.";
    int rc = 0;
    for (size_t i = 0; i < b->l->table.n_rules; i++) {
        const struct dq_layout_rule *rule = &b->l->table.rules[i];
        for (size_t k = 0; rc == 0 && strcmp(rule->inputs, "-") == 0 && k < b->l->picks->n; k++) {
            const char *name = b->l->picks->items[k].tensor->name;
            struct dq_layout_binding binding = {0};
            if (strncmp(name, layer, strlen(layer)) != 0)
                continue;
            binding.text[L] = name + strlen(layer);
            binding.len[L] = strspn(binding.text[L], "0123456789");
            if (binding.len[L] == 0 || !condition_holds(b->l, rule->condition, &binding))
                continue;
            rc = make_group(b, rule, &binding, NULL, e);
        }
    }
    return rc;
}

/* Reads the architecture; *out is from dq_mem. */
static int read_architecture(const struct dq_model *m, char **out, struct dq_error *e)
{
    enum { MAX_TEXT = 256 };
    const struct dq_kv *kv = dq_shard_kv(&m->shards[0], "general.architecture");
    struct dq_cursor c;
    struct dq_value v = {0};
    if (!kv || kv->type != DQ_VALUE_string || kv->value_off == 0)
        return dq_fail(e, DQ_ERR_TYPE,
            "%s: has no general.architecture, which --layout hf needs; use --layout gguf", m->path);
    int rc = dq_kv_open(&m->shards[0], kv, &c, e);
    if (rc != 0)
        return rc;
    rc = dq_value_read(&c, kv->type, MAX_TEXT, &v, e);
    if (rc == 0)
        *out = dq_escape_new(v.text, v.text_len);
    dq_value_finish(&v);
    dq_cursor_finish(&c);
    if (rc == 0 && !*out)
        return dq_fail_nomem(e);
    return rc;
}

/* Says which class the names are for, if config.json has another one. */
static int note_class(struct dq_layout *l, struct dq_error *e)
{
    char note[512];
    if (!l->config || l->table.class_is_known)
        return 0;
    if (l->config->class_name)
        snprintf(note, sizeof note,
            "%s: %.100s is not a known class of architecture %.64s; the names are those of %s",
            l->config->path, l->config->class_name, l->architecture, l->table.class_name);
    else
        snprintf(note, sizeof note, "%s: names no class; the names are those of %s",
            l->config->path, l->table.class_name);
    return dq_strvec_add(&l->notes, note, strlen(note), e);
}

/* Says what in config.json does not go with the arrays. */
static int note_config(const struct builder *b, struct dq_error *e)
{
    static const char own_width[] = "A.embedding_length";
    const struct dq_hf_config *c = b->l->config;
    struct dq_error unused;
    uint64_t width = 0;
    uint64_t own = 0;
    char note[1024] = "";
    int rc = 0;
    if (!c)
        return 0;
    if (dq_hf_config_number(c, "hidden_size", &width) &&
        dq_layout_number(&b->numbers, own_width, strlen(own_width), &own, &unused) == 0 &&
        own != width)
        snprintf(note, sizeof note,
            "%.512s: hidden_size is %" PRIu64 ", but the model's is %" PRIu64
            "; is this the config.json of another model?",
            c->path, width, own);
    if (note[0])
        rc = dq_strvec_add(&b->l->notes, note, strlen(note), e);
    if (rc != 0 || !b->l->use->is_written ||
        !json_is_object(json_object_get(c->root, "quantization_config")))
        return rc;
    snprintf(note, sizeof note,
        "%.512s: has a quantization_config, but the arrays are not quantized; remove it from the "
        "copy",
        c->path);
    return dq_strvec_add(&b->l->notes, note, strlen(note), e);
}

static int build(struct builder *b, struct dq_error *e)
{
    struct dq_layout *l = b->l;
    int rc = read_architecture(l->model, &l->architecture, e);
    if (rc == 0)
        rc = dq_layout_table_init(&l->table, l->architecture,
            l->config ? l->config->class_name : NULL, l->use->otherwise, e);
    if (rc == 0)
        rc = note_class(l, e);
    if (rc != 0)
        return rc;
    b->numbers = (struct dq_layout_keys){.model = l->model,
        .architecture = l->architecture,
        .table = json_object_get(l->table.root, "keys"),
        .config = l->config,
        .needs_config = l->use->needs_config};
    rc = note_config(b, e);
    if (rc != 0)
        return rc;
    b->pick_of = dq_mem_calloc(l->model->n_tensors + 1, sizeof *b->pick_of);
    if (!b->pick_of)
        return dq_fail_nomem(e);
    for (size_t i = 0; i < l->picks->n; i++)
        b->pick_of[l->picks->items[i].tensor - l->model->tensors] = &l->picks->items[i];
    for (size_t i = 0; rc == 0 && i < l->picks->n; i++) {
        const struct dq_pick *pick = &l->picks->items[i];
        b->pick_of[pick->tensor - l->model->tensors] = pick; /* of several slices, this one */
        rc = make_arrays(b, pick, e);
    }
    return rc == 0 ? make_from_metadata(b, e) : rc;
}

int dq_layout_new(const struct dq_model *m, const struct dq_picks *picks,
    const struct dq_hf_config *config, const struct dq_layout_use *use, struct dq_layout **out,
    struct dq_error *e)
{
    struct builder b = {.l = dq_mem_calloc(1, sizeof *b.l)};
    if (!b.l)
        return dq_fail_nomem(e);
    b.l->model = m;
    b.l->picks = picks;
    b.l->config = config;
    b.l->use = use;
    const int rc = build(&b, e);
    dq_mem_free(b.pick_of);
    dq_strmap_finish(&b.made);
    dq_strvec_finish(&b.keys);
    if (rc != 0)
        dq_layout_free(b.l);
    else
        *out = b.l;
    return rc;
}

void dq_layout_free(struct dq_layout *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n_groups; i++) {
        dq_mem_free(l->groups[i]->pattern);
        dq_mem_free(l->groups[i]->reason);
        dq_mem_free(l->groups[i]);
    }
    for (size_t i = 0; i < l->n_arrays; i++)
        dq_mem_free(l->arrays[i].name);
    dq_mem_free(l->groups);
    dq_mem_free(l->arrays);
    dq_layout_table_finish(&l->table);
    dq_mem_free(l->architecture);
    dq_strvec_finish(&l->notes);
    dq_mem_free(l);
}

json_t *dq_layout_input_names(const struct dq_layout_group *g)
{
    json_t *names = json_array();
    for (size_t i = 0; i < g->n_inputs; i++)
        json_array_append_new(names, json_string(g->inputs[i]->tensor->display_name));
    if (json_array_size(names) == g->n_inputs)
        return names;
    json_decref(names);
    return NULL;
}

void dq_layout_gather(const struct dq_layout_array *a, struct dq_gather *out)
{
    *out = a->group->gather;
    out->sources[0].base += a->index * a->group->stride;
    if (out->sources[0].scale_by_slice)
        out->sources[0].first_scale += a->index;
}
