/* Gathered arrays compared with the same items decoded directly and picked one by one. */
#include "dq_test.h"
#include "gather_naive.h"
#include "rng.h"
#include "run_plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum dq_type types[] = {
    DQ_TYPE_f32, DQ_TYPE_f16, DQ_TYPE_bf16, DQ_TYPE_q8_0, DQ_TYPE_q4_0, DQ_TYPE_q4_k, DQ_TYPE_q6_k};

enum { N_TYPES = sizeof types / sizeof types[0], N_SCALES = 8 };

/* Returns a random multiple of a type's block. */
static uint64_t random_row(struct rng *r, const struct dq_type_info *info)
{
    const int64_t most = info->weights == 1 ? 90 : info->weights == 32 ? 6 : 2;
    return info->weights * (uint64_t)rng_between(r, 1, most);
}

/* Opens a model of n tensors of random types, slices x rows x row lengths, and of a tensor of factors.
 * Weights that overflow f16 are rare enough: blocks are random bytes. */
static struct dq_model *open_tensors(struct scratch *s, struct rng *r, size_t n,
    uint64_t dims[][DQ_DIMS_MAX], const struct dq_type_info *infos[])
{
    struct build b;
    uint64_t off = 0;
    uint8_t *bytes;
    build_begin(&b, 3, false, n + 1, 0);
    for (size_t i = 0; i < n; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        build_tensor(&b, name, infos[i]->id, off, 3, dims[i]);
        off += dims[i][0] / infos[i]->weights * infos[i]->bytes * dims[i][1] * dims[i][2];
        off = (off + 31) / 32 * 32;
    }
    build_tensor1(&b, "scale", 0, off, N_SCALES);
    build_data(&b, 32, 0);
    bytes = malloc((size_t)off + 1);
    assert_non_null(bytes);
    rng_fill(r, bytes, (size_t)off);
    build_bytes(&b, bytes, (size_t)off);
    free(bytes);
    for (size_t i = 0; i < N_SCALES; i++) {
        const float scale = (float)rng_between(r, -1000, 1000) / 64;
        build_bytes(&b, &scale, sizeof scale);
    }
    return build_open(&b, s);
}

/* A random gather from the tensors of the model. */
static struct dq_gather random_gather(struct rng *r, const struct dq_model *m, size_t n_sources)
{
    struct dq_gather g = {.model = m, .n_sources = n_sources, .interleave = 1};
    const struct dq_tensor *first = &m->tensors[0];
    const bool columns = rng_u64(r) % 2;
    const bool shared_scale = rng_u64(r) % 2;
    uint64_t n_units = UINT64_MAX; /* of the source that has fewest */
    /* Columns must be equally long in all tensors; rows are cut into units of any length. */
    g.unit_len = columns ? first->dims[1] : (uint64_t)rng_between(r, 1, 70);
    for (size_t i = 0; i < n_sources; i++) {
        struct dq_gather_source *s = &g.sources[i];
        const struct dq_tensor *t = &m->tensors[i];
        const uint64_t matrix = t->dims[0] * t->dims[1];
        s->tensor = t;
        s->step = columns ? t->dims[0] : 1;
        s->unit_stride = columns ? 1 : g.unit_len;
        s->slice_stride = matrix;
        s->base = columns ? 0 : (uint64_t)rng_between(r, 0, (int64_t)(matrix - 1) / 3);
        s->slice_units = columns ? t->dims[0] : (matrix - s->base) / g.unit_len;
        if (rng_u64(r) % 3 == 0) {
            s->scale = &m->tensors[m->n_tensors - 1];
            s->scale_by_slice = !shared_scale;
            s->first_scale = (uint64_t)rng_between(r, 0, N_SCALES - 4);
        }
        if (s->slice_units * t->dims[2] < n_units)
            n_units = s->slice_units * t->dims[2];
    }
    if (rng_u64(r) % 8 == 0) { /* zeros, or another number */
        g.sources[n_sources - 1] = (struct dq_gather_source){.constant = -1.5f};
        if (n_sources == 1)
            n_units = 100;
    }
    if (n_units == 0)
        return g;
    if (n_sources > 1) {
        const uint64_t most = n_units < 5 ? n_units : 5;
        struct dq_gather_step deal = {.move = dq_gather_deal};
        uint64_t turn = 0;
        for (size_t i = 0; i < n_sources; i++)
            turn += deal.n[i] = (uint64_t)rng_between(r, 1, (int64_t)most);
        g.steps[g.n_steps++] = deal;
        if (rng_u64(r) % 2)
            g.interleave = turn;
        n_units = n_units / most * turn;
    }
    if (rng_u64(r) % 2) {
        const uint64_t b = (uint64_t)rng_between(r, 1, 4);
        const uint64_t c = (uint64_t)rng_between(r, 1, 4);
        memmove(g.steps + 1, g.steps, sizeof g.steps[0]);
        g.steps[0] = (struct dq_gather_step){dq_gather_swap, 0, {0, b, c, 1}};
        g.n_steps++;
        n_units -= n_units % (b * c * g.interleave);
    }
    n_units -= n_units % g.interleave;
    g.n_units = n_units;
    g.grains[0] = (uint64_t)rng_between(r, 1, 40) * g.interleave;
    if (rng_u64(r) % 4 == 0) {
        g.value = dq_gather_add;
        g.operand = -1;
    }
    return g;
}

/* Computes the array item by item. */
static uint8_t *gather_naively(const struct dq_gather *g, enum dq_dtype dtype)
{
    const struct dq_cpu *cpu = dq_cpu_levels[0];
    const size_t n = (size_t)(g->n_units * g->unit_len);
    float *decoded[DQ_GATHER_SOURCES] = {NULL};
    float scales[N_SCALES];
    struct dq_error e;
    const struct dq_tensor *scale = &g->model->tensors[g->model->n_tensors - 1];
    check_ok(dq_tensor_read(g->model, scale, 0, scales, sizeof scales, &e), &e);
    for (size_t i = 0; i < g->n_sources; i++) {
        if (g->sources[i].tensor)
            decoded[i] =
                (float *)(void *)decode_directly(g->model, g->sources[i].tensor, DQ_DTYPE_f32);
    }
    float *values = malloc(n * sizeof *values + 1);
    uint16_t *narrow = malloc(n * sizeof *narrow + 1);
    assert_true(values && narrow);
    for (size_t i = 0; i < n; i++) {
        const struct naive_item from = naive_gather(g, i);
        const struct dq_gather_source *s = &g->sources[from.source];
        const struct dq_tensor *located;
        uint64_t index;
        dq_gather_locate(g, i, &located, &index);
        assert_ptr_equal(located, s->tensor);
        assert_int_equal(index, from.item);
        values[i] = s->tensor ? decoded[from.source][from.item] : s->constant;
        if (s->scale)
            values[i] *=
                scales[s->first_scale + (s->scale_by_slice ? from.unit / s->slice_units : 0)];
        if (g->value)
            values[i] = g->value(values[i], g->operand);
    }
    if (dtype != DQ_DTYPE_f32)
        (void)dq_cpu_round(cpu, dtype, values, narrow, n);
    for (size_t i = 0; i < g->n_sources; i++)
        free(decoded[i]);
    if (dtype == DQ_DTYPE_f32) {
        free(narrow);
        return (uint8_t *)(void *)values;
    }
    free(values);
    return (uint8_t *)(void *)narrow;
}

/* Whether item i of two arrays is equal; NaN equals NaN. */
static bool same(const uint8_t *a, const uint8_t *b, size_t i, enum dq_dtype dtype)
{
    const size_t len = dq_dtype_len(dtype);
    float x;
    float y;
    if (memcmp(a + i * len, b + i * len, len) == 0)
        return true;
    if (dtype != DQ_DTYPE_f32) {
        const unsigned infinity = dtype == DQ_DTYPE_f16 ? 0x7c00 : 0x7f80;
        uint16_t u;
        uint16_t v;
        memcpy(&u, a + i * len, len);
        memcpy(&v, b + i * len, len);
        return (u & 0x7fff) > infinity && (v & 0x7fff) > infinity;
    }
    memcpy(&x, a + i * len, len);
    memcpy(&y, b + i * len, len);
    return isnan(x) && isnan(y);
}

static void check_gather(struct dq_gather *g, enum dq_dtype dtype, struct rng *r, uint64_t seed)
{
    struct dq_lane *lanes[2];
    struct dq_plan plan;
    struct dq_error e;
    uint64_t n_overflow = 0;
    uint64_t n_bytes = 0;
    const size_t n_lanes = (size_t)rng_between(r, 1, 2);
    const size_t in_len = (size_t)rng_between(r, 420, 3000); /* at least two blocks */
    const size_t out_len = (size_t)rng_between(r, 2048, 16384);
    const size_t gather_len = (size_t)rng_between(r, 200, 5000) * (rng_u64(r) % 3);
    for (size_t i = 0; i < n_lanes; i++) {
        check_ok(dq_lane_new_cpu(dq_cpu_best(), in_len, out_len, &lanes[i], &e), &e);
        lanes[i]->gather_len = gather_len;
    }
    dq_plan_init_gather(&plan, g, dtype);
    const size_t n = (size_t)plan.n_items;
    struct memory_sink *sink = memory_new(n * dq_dtype_len(dtype));
    check_ok(run_plan(lanes, n_lanes, &plan, &sink->sink, &n_overflow, &n_bytes, &e), &e);
    assert_int_equal(n_bytes, n * dq_dtype_len(dtype));
    uint8_t *wanted = gather_naively(g, dtype);
    for (size_t i = 0; i < n; i++) {
        if (!same(sink->bytes, wanted, i, dtype))
            fail_msg("seed 0x%" PRIx64
                     ": item %zu of %zu as %s differs; %zu sources, units of %" PRIu64
                     ", interleave %" PRIu64,
                seed, i, n, dq_dtype_name(dtype), g->n_sources, g->unit_len, g->interleave);
    }
    free(wanted);
    memory_free(sink);
    for (size_t i = 0; i < n_lanes; i++)
        dq_lane_free(lanes[i]);
}

static void random_gathers(void **state)
{
    struct scratch *s = *state;
    size_t n_checked = 0;
    for (uint64_t seed = 0x6a7000; seed < 0x6a7000 + 1500; seed++) {
        struct rng r = {seed};
        const size_t n = (size_t)rng_between(&r, 1, DQ_GATHER_SOURCES);
        const struct dq_type_info *infos[DQ_GATHER_SOURCES];
        uint64_t dims[DQ_GATHER_SOURCES][DQ_DIMS_MAX];
        const uint64_t n_rows = (uint64_t)rng_between(&r, 1, 40);
        for (size_t i = 0; i < n; i++) {
            infos[i] = &dq_types[types[rng_between(&r, 0, N_TYPES - 1)]];
            dims[i][0] = random_row(&r, infos[i]);
            dims[i][1] = n_rows;
            dims[i][2] = (uint64_t)rng_between(&r, 1, 4);
        }
        struct dq_model *m = open_tensors(s, &r, n, dims, infos);
        struct dq_gather g = random_gather(&r, m, n);
        n_checked += g.n_units > 0;
        for (enum dq_dtype dtype = DQ_DTYPE_f32; dtype <= DQ_DTYPE_bf16; dtype++)
            check_gather(&g, dtype, &r, seed);
        dq_model_free(m);
    }
    assert_true(n_checked > 1000);
}

/* What the steps mean, as loops. */
static void a_swap_exchanges_two_indices(void **state)
{
    enum { SKIP = 5, X = 3, B = 4, C = 7, D = 2 };
    const struct dq_gather_step s = {dq_gather_swap, 0, {SKIP, B, C, D}};
    uint64_t unit = SKIP;
    (void)state;
    for (uint64_t i = 0; i < SKIP; i++) {
        struct dq_gather_place p = {0, i};
        dq_gather_swap(&s, &p);
        assert_int_equal(p.unit, i);
    }
    for (uint64_t x = 0; x < X; x++)
        for (uint64_t b = 0; b < B; b++)
            for (uint64_t c = 0; c < C; c++)
                for (uint64_t d = 0; d < D; d++) {
                    struct dq_gather_place p = {0, unit++};
                    dq_gather_swap(&s, &p);
                    assert_int_equal(p.unit, SKIP + x * B * C * D + (c * B + b) * D + d);
                }
}

static void a_group_takes_from_three_parts(void **state)
{
    enum { GROUPS = 3, Q = 4, K = 2, V = 5 };
    const struct dq_gather_step s = {dq_gather_group, 0, {GROUPS, Q, K, V}};
    uint64_t unit = 0;
    (void)state;
    for (uint64_t g = 0; g < GROUPS; g++) {
        struct dq_gather_place p;
        for (uint64_t i = 0; i < Q; i++) {
            p = (struct dq_gather_place){0, unit++};
            dq_gather_group(&s, &p);
            assert_int_equal(p.unit, g * Q + i);
        }
        for (uint64_t i = 0; i < K; i++) {
            p = (struct dq_gather_place){0, unit++};
            dq_gather_group(&s, &p);
            assert_int_equal(p.unit, GROUPS * Q + g * K + i);
        }
        for (uint64_t i = 0; i < V; i++) {
            p = (struct dq_gather_place){0, unit++};
            dq_gather_group(&s, &p);
            assert_int_equal(p.unit, GROUPS * (Q + K) + g * V + i);
        }
    }
}

static void a_deal_takes_turns(void **state)
{
    static const uint64_t n[] = {3, 1, 2};
    const struct dq_gather_step s = {dq_gather_deal, 0, {n[0], n[1], n[2]}};
    uint64_t unit = 0;
    (void)state;
    for (uint64_t turn = 0; turn < 5; turn++)
        for (size_t source = 0; source < 3; source++)
            for (uint64_t i = 0; i < n[source]; i++) {
                struct dq_gather_place p = {0, unit++};
                dq_gather_deal(&s, &p);
                assert_int_equal(p.source, source);
                assert_int_equal(p.unit, turn * n[source] + i);
            }
}

/* log(1..64) are the initial values of A_log: they come back exactly. All others are those of a more
 * precise logarithm, rounded once; those of a float logarithm are not. */
static void a_logarithm_is_rounded_once(void **state)
{
    struct rng r = {0x106};
    (void)state;
    for (int i = 1; i <= 64; i++) {
        const float a_log = (float)log((double)i);
        const float a = (float)-exp((double)a_log);
        assert_true(dq_gather_log_negative(a, 0) == a_log);
    }
    for (int i = 0; i < 200000; i++) {
        const float x = -(float)ldexp(
            (double)rng_between(&r, 1 << 23, (1 << 24) - 1), (int)rng_between(&r, -60, 20));
        assert_true(dq_gather_log_negative(x, 0) == (float)logl(-(long double)x));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_gathers, scratch_setup, scratch_teardown),
        cmocka_unit_test(a_swap_exchanges_two_indices),
        cmocka_unit_test(a_group_takes_from_three_parts),
        cmocka_unit_test(a_deal_takes_turns),
        cmocka_unit_test(a_logarithm_is_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
