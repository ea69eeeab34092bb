/* Which share a tensor belongs to, for the tensors of real models and every number of shares. */
#include "select/share.h"

#include "build_gguf.h"
#include "dq_test.h"
#include "rng.h"

#include <stdio.h>
#include <string.h>

enum { MOST_UNITS = 1 << 11, MOST_SHARES = 100000 };

/* The hyperparameters that the shapes of a model's tensors follow from. */
struct shape {
    const char *name;
    uint64_t layers, width, vocabulary;
    uint64_t heads, kv_heads, head; /* width of a head */
    uint64_t ff;                    /* of dense layers */
    uint64_t dense; /* layers without experts, the first ones; all if experts is 0 */
    uint64_t experts, expert_ff, shared_ff;
    uint64_t q_rank, kv_rank, rope; /* latent attention (MLA); 0: ordinary attention */
    bool biases;
    size_t n; /* tensors, without small ones that only some models have */
    /* How far the largest share may be above the mean, in tenths of a percent, for 16, 64 and 256
     * shares. Beyond that, a single tensor is more than a share. */
    int most[3];
};

static const struct shape models[] = {
    {"Llama 3.1 8B", 32, 4096, 128256, 32, 8, 128, 14336, 32, 0, 0, 0, 0, 0, 0, false, 291,
        {47, 3187, 15747}},
    {"Llama 3.1 70B", 80, 8192, 128256, 64, 8, 128, 28672, 80, 0, 0, 0, 0, 0, 0, false, 723,
        {1, 35, 2813}},
    {"Llama 3.1 405B", 126, 16384, 128256, 128, 8, 128, 53248, 126, 0, 0, 0, 0, 0, 0, false, 1137,
        {1, 2, 420}},
    {"DeepSeek-V3 671B", 61, 7168, 129280, 128, 128, 128, 18432, 3, 256, 2048, 2048, 1536, 512, 64,
        false, 1086, {1, 76, 530}},
    {"Kimi K2 1T", 61, 7168, 163840, 64, 64, 128, 18432, 1, 384, 2048, 2048, 1536, 512, 64, false,
        1096, {55, 55, 406}},
    {"Mixtral 8x22B", 56, 6144, 32768, 48, 8, 128, 0, 0, 8, 16384, 0, 0, 0, 0, false, 563,
        {8, 100, 466}},
    {"Qwen3 30B-A3B", 48, 2048, 151936, 32, 4, 128, 0, 0, 128, 768, 0, 0, 0, 0, false, 483,
        {56, 267, 1609}},
    {"gpt-oss 120B", 36, 2880, 201088, 64, 8, 64, 0, 0, 128, 2880, 0, 0, 0, 0, true, 687,
        {18, 164, 1327}},
};

enum { N_MODELS = sizeof models / sizeof models[0] };

struct units {
    uint64_t costs[MOST_UNITS];
    size_t n;
};

/* Adds a matrix, stored as Q4_K, or a vector of F32. */
static void add(struct units *u, uint64_t rows, uint64_t columns)
{
    const uint64_t n = rows * columns;
    assert_true(u->n < MOST_UNITS);
    u->costs[u->n++] = (rows > 1 ? n / 256 * 144 : 4 * n) + 2 * n;
}

static void add_attention(struct units *u, const struct shape *s)
{
    const uint64_t all_heads = s->heads * s->head;
    if (s->q_rank) {
        add(u, s->q_rank, s->width);
        add(u, 1, s->q_rank);
        add(u, s->heads * (s->head + s->rope), s->q_rank);
        add(u, s->kv_rank + s->rope, s->width);
        add(u, 1, s->kv_rank);
        add(u, all_heads, s->kv_rank);
        add(u, all_heads, s->kv_rank);
    } else {
        add(u, all_heads, s->width);
        add(u, s->kv_heads * s->head, s->width);
        add(u, s->kv_heads * s->head, s->width);
    }
    add(u, s->width, all_heads);
    if (s->biases) { /* of q, k, v and o, and the sinks */
        add(u, 1, all_heads);
        add(u, 1, s->kv_heads * s->head);
        add(u, 1, s->kv_heads * s->head);
        add(u, 1, s->width);
        add(u, 1, s->heads);
    }
}

/* A gate, an up and a down matrix of each of n experts, or of an ordinary layer. */
static void add_ff(struct units *u, uint64_t n, uint64_t width, uint64_t ff)
{
    for (int i = 0; i < 3; i++)
        add(u, n * ff, width);
}

static void add_experts(struct units *u, const struct shape *s)
{
    add(u, s->experts, s->width); /* the router */
    add_ff(u, s->experts, s->width, s->expert_ff);
    if (s->shared_ff) {
        add(u, 1, s->experts); /* the router's bias */
        add_ff(u, 1, s->width, s->shared_ff);
    }
    if (s->biases) {
        add(u, 1, s->experts);
        add(u, s->experts, s->expert_ff);
        add(u, s->experts, s->expert_ff);
        add(u, s->experts, s->width);
    }
}

/* The tensors of a model in the order of its file. */
static void make_units(const struct shape *s, struct units *u)
{
    u->n = 0;
    add(u, s->vocabulary, s->width);
    for (uint64_t i = 0; i < s->layers; i++) {
        add(u, 1, s->width); /* a norm */
        add_attention(u, s);
        add(u, 1, s->width);
        if (i < s->dense)
            add_ff(u, 1, s->width, s->ff);
        else
            add_experts(u, s);
    }
    add(u, 1, s->width);
    add(u, s->vocabulary, s->width);
}

static uint64_t total_of(const struct units *u)
{
    uint64_t total = 0;
    for (size_t i = 0; i < u->n; i++)
        total += u->costs[i];
    return total;
}

/* Assigns the units, checks that each has one of the shares, and returns the cost of the largest share.
 * *least: the cheapest unit of that share. */
static uint64_t assign(const struct units *u, uint32_t count, uint64_t *least)
{
    static uint32_t share_of[MOST_UNITS];
    static uint64_t loads[MOST_SHARES + 1];
    struct dq_error e;
    size_t largest = 1;
    for (size_t i = 0; i < u->n; i++)
        share_of[i] = 0;
    for (size_t i = 0; i <= count; i++)
        loads[i] = 0;
    check_ok(dq_shares_assign(u->costs, u->n, count, share_of, &e), &e);
    for (size_t i = 0; i < u->n; i++) {
        assert_in_range(share_of[i], 1, count);
        loads[share_of[i]] += u->costs[i];
    }
    size_t n_used = 0;
    for (size_t i = 1; i <= count; i++) {
        n_used += loads[i] > 0;
        if (loads[i] > loads[largest])
            largest = i;
    }
    assert_int_equal(n_used, count < u->n ? count : u->n);
    *least = UINT64_MAX;
    for (size_t i = 0; i < u->n; i++) {
        if (share_of[i] == largest && u->costs[i] < *least)
            *least = u->costs[i];
    }
    return loads[largest];
}

/* The last unit of the largest share went to what was the smallest one, so that without it the share is
 * not above the mean. This bounds every count; the figures for some of them are in the table. */
static void check_balance(const struct units *u, uint32_t count)
{
    uint64_t least;
    const uint64_t largest = assign(u, count, &least);
    assert_true(largest - least <= total_of(u) / count);
}

static void every_count_is_balanced(void **state)
{
    static struct units u;
    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        make_units(&models[i], &u);
        assert_int_equal(u.n, models[i].n);
        for (uint32_t count = 1; count <= 3000; count++)
            check_balance(&u, count);
        check_balance(&u, 10000);
        check_balance(&u, 100000);
    }
}

static void real_models_are_as_balanced_as_said(void **state)
{
    static const uint32_t counts[] = {16, 64, 256};
    static struct units u;
    uint64_t unused;
    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        make_units(&models[i], &u);
        const uint64_t total = total_of(&u);
        for (size_t k = 0; k < 3; k++) {
            const double mean = (double)total / counts[k];
            const double above = 1000 * ((double)assign(&u, counts[k], &unused) / mean - 1);
            if (above > models[i].most[k])
                fail_msg("%s, %u shares: %.1f per mille above the mean", models[i].name, counts[k],
                    above);
        }
    }
}

/* The same by the definition: each unit looks at all shares. */
static void assign_slowly(const uint64_t *costs, size_t n, uint32_t count, uint32_t *share_of)
{
    uint64_t loads[64] = {0};
    memset(share_of, 0, n * sizeof *share_of);
    for (size_t step = 0; step < n; step++) {
        size_t next = n;
        uint32_t best = 0;
        for (size_t i = 0; i < n; i++) {
            if (share_of[i] == 0 && (next == n || costs[i] > costs[next]))
                next = i;
        }
        for (uint32_t k = 1; k < count; k++) {
            if (loads[k] < loads[best])
                best = k;
        }
        share_of[next] = best + 1;
        loads[best] += costs[next];
    }
}

static void ties_go_to_the_lowest_number(void **state)
{
    uint64_t costs[40];
    uint32_t found[40];
    uint32_t expected[40];
    struct dq_error e;
    struct rng r = {17};
    (void)state;
    for (int round = 0; round < 20000; round++) {
        const size_t n = rng_u64(&r) % 41;
        const uint32_t count = 1 + (uint32_t)(rng_u64(&r) % 64);
        const uint64_t variety = 1 + rng_u64(&r) % 9; /* few values: many ties; zeros too */
        for (size_t i = 0; i < n; i++)
            costs[i] = rng_u64(&r) % variety;
        check_ok(dq_shares_assign(costs, n, count, found, &e), &e);
        assign_slowly(costs, n, count, expected);
        assert_memory_equal(found, expected, n * sizeof *found);
    }
}

/* A promise to runs of other versions and machines: these numbers never change. */
static void shares_never_change(void **state)
{
    static const uint64_t costs[] = {7, 7, 10, 1, 0, 3, 3, 8, UINT64_MAX, UINT64_MAX, 5};
    static const uint32_t expected[] = {3, 3, 3, 3, 3, 3, 3, 3, 1, 2, 3};
    static const uint32_t of_two[] = {2, 1, 1, 2, 2, 2, 1, 2};
    uint32_t found[11];
    struct dq_error e;
    (void)state;
    check_ok(dq_shares_assign(costs, 11, 3, found, &e), &e);
    assert_memory_equal(found, expected, sizeof expected);
    check_ok(dq_shares_assign(costs, 8, 2, found, &e), &e);
    assert_memory_equal(found, of_two, 8 * sizeof *of_two);
}

/* Slices count as much of the tensor as they take. */
static void slices_cost_their_part(void **state)
{
    enum { Q8_0 = 8 };
    const uint64_t dims[] = {64, 10};
    const uint64_t unknown[] = {32};
    struct dq_strvec words = {0};
    struct dq_strvec none = {0};
    struct dq_picks picks;
    struct dq_error e;
    struct build b;
    build_begin(&b, 3, false, 2, 0);
    build_tensor(&b, "a", Q8_0, 0, 2, dims);
    build_tensor(&b, "b", 999, 704, 1, unknown);
    build_data(&b, 32, 768);
    struct dq_model *m = build_open(&b, *state);
    static const char *const texts[] = {"a", "a[0]", "a[:3, 5:38]", "a[:0]", "b"};
    for (size_t i = 0; i < 5; i++)
        check_ok(dq_strvec_add(&words, texts[i], strlen(texts[i]), &e), &e);
    check_ok(dq_select(m, &words, 0, &none, &picks, NULL, &e), &e);
    assert_int_equal(picks.n, 5);
    assert_int_equal(dq_pick_cost(&picks.items[0]), 20 * 34 + 2 * 640);
    assert_int_equal(dq_pick_cost(&picks.items[1]), 2 * 34 + 2 * 64);
    assert_int_equal(dq_pick_cost(&picks.items[2]), 4 * 34 + 2 * 99);
    assert_int_equal(dq_pick_cost(&picks.items[3]), 0);
    assert_int_equal(
        dq_pick_cost(&picks.items[4]), picks.items[4].tensor->n_bytes + 2 * UINT64_C(32));
    dq_picks_finish(&picks);
    dq_strvec_finish(&words);
    dq_model_free(m);
}

/* The shares of a selection are disjoint, keep its order, and are all of it together. */
static void shares_divide_a_selection(void **state)
{
    enum { N = 30, I8 = 24 };
    struct dq_strvec none = {0};
    struct dq_error e;
    struct build b;
    build_begin(&b, 3, false, N, 0);
    uint64_t at = 0;
    for (size_t i = 0; i < N; i++) {
        char name[8];
        const uint64_t dims[] = {32 * (1 + i * i % 7)};
        snprintf(name, sizeof name, "t%zu", i);
        build_tensor(&b, name, I8, at, 1, dims);
        at += dims[0];
    }
    build_data(&b, 32, at);
    struct dq_model *m = build_open(&b, *state);
    for (uint32_t count = 1; count < 2 * N; count++) {
        unsigned seen[N] = {0};
        for (uint32_t number = 1; number <= count; number++) {
            struct dq_picks picks;
            const struct dq_tensor *last = NULL;
            check_ok(dq_select(m, &none, 0, &none, &picks, NULL, &e), &e);
            check_ok(dq_picks_keep_share(&picks, &(struct dq_share){number, count}, &e), &e);
            for (size_t i = 0; i < picks.n; i++) {
                assert_true(!last || picks.items[i].tensor > last);
                last = picks.items[i].tensor;
                seen[last - m->tensors]++;
            }
            assert_true(count <= N ? picks.n > 0 : picks.n <= 1);
            dq_picks_finish(&picks);
        }
        for (size_t i = 0; i < N; i++)
            assert_int_equal(seen[i], 1);
    }
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_count_is_balanced),
        cmocka_unit_test(real_models_are_as_balanced_as_said),
        cmocka_unit_test(ties_go_to_the_lowest_number),
        cmocka_unit_test(shares_never_change),
        scratch_test(slices_cost_their_part),
        scratch_test(shares_divide_a_selection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
