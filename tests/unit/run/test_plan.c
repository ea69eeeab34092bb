/* Plans compared with a naive selection, item by item. */
#include "dq_test.h"
#include "rng.h"
#include "run/plan.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A tensor whose i-th item has the value i, the ranges to select, and the expected items. */
struct selection {
    uint64_t seed;
    struct dq_tensor tensor;
    enum dq_dtype dtype;
    struct dq_range ranges[DQ_DIMS_MAX];
    bool use_ranges;
    uint64_t dims[DQ_DIMS_MAX]; /* in items */
    uint64_t n_blocks;
    uint64_t *wanted; /* items, in the order of the output */
    size_t n_wanted;
    bool *holds;  /* for each block: it holds a wanted item */
    size_t *read; /* for each block: how often it was read */
};

static uint64_t index_of(const struct dq_range *r, uint64_t i)
{
    return r->start + i * (uint64_t)r->step;
}

/* Selects the wanted items one by one. */
static void select_naively(struct selection *t, uint64_t block_items)
{
    const struct dq_range *r = t->ranges;
    size_t n = 1;
    for (size_t k = 0; k < DQ_DIMS_MAX; k++)
        n *= (size_t)r[k].count;
    t->wanted = malloc((n + 1) * sizeof *t->wanted);
    t->holds = calloc((size_t)t->n_blocks + 1, sizeof *t->holds);
    t->read = calloc((size_t)t->n_blocks + 1, sizeof *t->read);
    assert_true(t->wanted && t->holds && t->read);
    uint64_t at[DQ_DIMS_MAX] = {0}; /* counts through the ranges, innermost fastest */
    for (; t->n_wanted < n; t->n_wanted++) {
        uint64_t item = 0;
        for (size_t k = DQ_DIMS_MAX; k-- > 0;)
            item = item * t->dims[k] + index_of(&r[k], at[k]);
        t->wanted[t->n_wanted] = item;
        t->holds[item / block_items] = true;
        for (size_t k = 0; k < DQ_DIMS_MAX && ++at[k] == r[k].count; k++)
            at[k] = 0;
    }
}

static void selection_free(struct selection *t)
{
    free(t->wanted);
    free(t->holds);
    free(t->read);
}

static void fail_selection(const struct selection *t, const char *what, uint64_t where)
{
    const struct dq_range *r = t->ranges;
    print_error("%s of blocks of %u, as %s:", t->tensor.type->name, t->tensor.type->weights,
        dq_dtype_name(t->dtype));
    for (size_t i = 0; i < DQ_DIMS_MAX; i++)
        print_error(" dim %" PRIu64 " from %" PRIu64 " count %" PRIu64 " step %" PRId64 ",",
            t->dims[i], r[i].start, r[i].count, r[i].step);
    fail_msg("seed 0x%" PRIx64 ": %s %" PRIu64, t->seed, what, where);
}

/* Writes the values of the items of a chunk's blocks, as a lane would decode them; items of one or two
 * bytes hold the low bits. */
static void decode_chunk(
    struct selection *t, const struct dq_plan *p, const struct dq_chunk *c, uint8_t *items)
{
    for (size_t s = 0; s < c->n_segments; s++) {
        const uint64_t off = dq_plan_offset(p, c, s);
        if (off % p->block_len != 0 || off / p->block_len + c->seg_blocks > t->n_blocks)
            fail_selection(t, "blocks outside the tensor at byte", off);
        const uint64_t block = off / p->block_len;
        for (size_t i = 0; i < c->seg_blocks; i++) {
            t->read[block + i]++;
            for (uint64_t k = 0; k < p->block_items; k++, items += p->item_len) {
                const uint64_t number = (block + i) * p->block_items + k;
                memset(items, 0, p->item_len);
                memcpy(items, &number, p->item_len < 8 ? p->item_len : 8);
            }
        }
    }
}

/* Compares the gathered items of a chunk with the naive selection. */
static void check_items(const struct selection *t, const struct dq_plan *p,
    const struct dq_chunk *c, const uint8_t *items)
{
    for (size_t i = 0; i < c->n_items; i++, items += p->item_len) {
        const size_t at = (size_t)c->first_item + i;
        if (at >= t->n_wanted)
            fail_selection(t, "too many items:", at);
        if (memcmp(items, &t->wanted[at], p->item_len < 8 ? p->item_len : 8) != 0)
            fail_selection(t, "wrong item at", at);
    }
}

/* Checks all chunks of a plan; a chunk has at most n_weights weights, at least a block. */
static void check_plan(struct selection *t, uint64_t n_weights)
{
    struct dq_plan p;
    struct dq_plan_pos pos = {0};
    struct dq_chunk c;
    size_t done = 0;
    dq_plan_init(&p, NULL, &t->tensor, t->dtype, t->use_ranges ? t->ranges : NULL);
    if (p.n_items != t->n_wanted)
        fail_selection(t, "wrong number of items:", p.n_items);
    memset(t->read, 0, t->n_blocks * sizeof *t->read);
    while (dq_plan_next(&p, &pos, n_weights, &c)) {
        const size_t n_blocks = c.n_segments * c.seg_blocks;
        const size_t len = n_blocks * (size_t)p.block_items * p.item_len;
        if (c.first_item != done || c.n_items == 0 || c.n_items != c.n_segments * c.seg_items)
            fail_selection(t, "items left out before", c.first_item);
        if (n_blocks * (t->tensor.type ? t->tensor.type->weights : 1) > n_weights)
            fail_selection(t, "a chunk does not fit:", n_blocks);
        uint8_t *items = malloc(len); /* exact, so that the sanitizer sees an overrun */
        assert_non_null(items);
        decode_chunk(t, &p, &c, items);
        const uint8_t *gathered = dq_plan_gather(&p, &c, items, p.item_len);
        if (gathered < items || gathered + c.n_items * p.item_len > items + len)
            fail_selection(t, "gathered items outside the buffer, chunk at", c.first_item);
        check_items(t, &p, &c, gathered);
        free(items);
        done += c.n_items;
    }
    if (done != t->n_wanted)
        fail_selection(t, "ended after item", done);
    for (uint64_t i = 0; i < t->n_blocks; i++) {
        if (t->holds[i] && t->read[i] == 0)
            fail_selection(t, "was never read: block", i);
        if (!t->holds[i] && t->read[i] > 0)
            fail_selection(t, "was read needlessly: block", i);
    }
    assert_true(dq_plan_done(&p, &pos));
    assert_false(dq_plan_next(&p, &pos, n_weights, &c));
}

/* Returns a random range inside a dimension; whole, single and reversed ones are frequent. */
static struct dq_range random_range(struct rng *r, uint64_t dim)
{
    const int64_t n = (int64_t)dim;
    const int64_t kind = rng_between(r, 0, 5);
    if (kind == 0)
        return (struct dq_range){0, dim, 1};
    if (kind == 1)
        return (struct dq_range){dim - 1, dim, -1};
    if (kind == 2)
        return (struct dq_range){(uint64_t)rng_between(r, 0, n - 1), 1, rng_between(r, 1, 100)};
    const int64_t start = rng_between(r, 0, n - 1);
    const int64_t size = rng_between(r, 1, kind == 3 ? 3 : n + 2);
    const bool back = rng_u64(r) % 2;
    const int64_t reach = back ? start : n - 1 - start;
    const int64_t count = rng_between(r, kind == 5 ? 0 : 1, reach / size + 1);
    return (struct dq_range){(uint64_t)start, (uint64_t)count, back ? -size : size};
}

/* Creates a random selection: a tensor of up to eight dimensions of a few blocks or items. */
static struct selection selection_new(uint64_t seed, enum dq_type type, enum dq_dtype dtype)
{
    const struct dq_type_info *info = &dq_types[type];
    struct rng r = {seed};
    struct selection t = {.seed = seed, .dtype = dtype, .use_ranges = rng_u64(&r) % 8 != 0};
    const bool native = dtype == DQ_DTYPE_native;
    const uint64_t block_items = native ? 1 : info->weights;
    t.tensor =
        (struct dq_tensor){.type = info, .type_id = info->id, .dims = {1, 1, 1, 1, 1, 1, 1, 1}};
    t.tensor.n_dims = (uint32_t)rng_between(&r, 1, DQ_DIMS_MAX);
    t.tensor.n_weights = 1;
    t.n_blocks = 1;
    for (uint32_t i = 0; i < t.tensor.n_dims; i++) {
        const int64_t max = i == 0 && info->weights == 1 ? 40 : (i < 4 ? 5 : 2);
        const uint64_t n = (uint64_t)rng_between(&r, 1, max);
        t.tensor.dims[i] = i == 0 ? n * info->weights : n;
        t.tensor.n_weights *= t.tensor.dims[i];
    }
    t.n_blocks = t.tensor.n_weights / info->weights;
    t.tensor.n_bytes = t.n_blocks * info->bytes;
    for (size_t i = 0; i < DQ_DIMS_MAX; i++) {
        t.dims[i] = t.tensor.dims[i] / (i == 0 && native ? info->weights : 1);
        t.ranges[i] = t.use_ranges && i < t.tensor.n_dims ? random_range(&r, t.dims[i])
                                                          : (struct dq_range){0, t.dims[i], 1};
    }
    select_naively(&t, block_items);
    return t;
}

static void check_random(enum dq_type type, enum dq_dtype dtype, uint64_t seed, unsigned n)
{
    const struct dq_type_info *info = &dq_types[type];
    for (unsigned i = 0; i < n; i++) {
        struct selection t = selection_new(seed + i, type, dtype);
        struct rng r = {seed + i + (1ull << 32)};
        check_plan(&t, info->weights * (uint64_t)rng_between(&r, 1, 12));
        check_plan(&t, info->weights); /* one block */
        check_plan(&t, 1 << 20);       /* everything */
        selection_free(&t);
    }
}

static void random_selections_of_blocks_of_32(void **state)
{
    (void)state;
    check_random(DQ_TYPE_q4_0, DQ_DTYPE_f32, 0x1000000, 4000);
}

static void random_selections_of_blocks_of_256_as_f16(void **state)
{
    (void)state;
    check_random(DQ_TYPE_q6_k, DQ_DTYPE_f16, 0x2000000, 800);
}

static void random_selections_of_single_weights(void **state)
{
    (void)state;
    check_random(DQ_TYPE_bf16, DQ_DTYPE_f32, 0x3000000, 4000);
}

static void random_selections_of_stored_weights(void **state)
{
    (void)state;
    check_random(DQ_TYPE_i16, DQ_DTYPE_native, 0x4000000, 4000);
}

static void random_selections_of_stored_blocks(void **state)
{
    (void)state;
    check_random(DQ_TYPE_q4_k, DQ_DTYPE_native, 0x5000000, 4000);
}

static void a_scalar_is_one_item(void **state)
{
    struct dq_plan p;
    struct dq_plan_pos pos = {0};
    struct dq_chunk c;
    const struct dq_tensor t = {.type = &dq_types[DQ_TYPE_f32],
        .dims = {1, 1, 1, 1, 1, 1, 1, 1},
        .n_weights = 1,
        .n_bytes = 4};
    (void)state;
    dq_plan_init(&p, NULL, &t, DQ_DTYPE_f32, NULL);
    assert_int_equal(p.n_items, 1);
    assert_true(dq_plan_next(&p, &pos, 1, &c));
    assert_int_equal(c.n_items, 1);
    assert_int_equal(dq_plan_offset(&p, &c, 0), 0);
    assert_false(dq_plan_next(&p, &pos, 1, &c));
}

static void an_empty_tensor_has_no_chunk(void **state)
{
    struct dq_plan p;
    struct dq_plan_pos pos = {0};
    struct dq_chunk c;
    const struct dq_tensor t = {
        .type = &dq_types[DQ_TYPE_q4_0], .n_dims = 2, .dims = {1ull << 62, 0, 1, 1, 1, 1, 1, 1}};
    (void)state;
    dq_plan_init(&p, NULL, &t, DQ_DTYPE_f32, NULL);
    assert_int_equal(p.n_items, 0);
    assert_false(dq_plan_next(&p, &pos, 1 << 20, &c));
}

static void an_unknown_type_is_a_row_of_bytes(void **state)
{
    struct dq_plan p;
    struct dq_plan_pos pos = {0};
    struct dq_chunk c;
    const struct dq_tensor t = {.type_id = 153,
        .n_dims = 2,
        .dims = {7, 5, 1, 1, 1, 1, 1, 1},
        .n_weights = 35,
        .n_bytes = 100};
    (void)state;
    dq_plan_init(&p, NULL, &t, DQ_DTYPE_native, NULL);
    assert_int_equal(p.n_items, 100);
    assert_int_equal(p.item_len, 1);
    assert_true(dq_plan_next(&p, &pos, 64, &c));
    assert_int_equal(c.n_items, 64);
    assert_true(dq_plan_next(&p, &pos, 64, &c));
    assert_int_equal(c.n_items, 36);
    assert_int_equal(dq_plan_offset(&p, &c, 0), 64);
    assert_false(dq_plan_next(&p, &pos, 64, &c));
}

/* A range of one item may have any step: no address may be computed from it. */
static void the_step_of_a_single_item_does_not_count(void **state)
{
    static const int64_t steps[] = {INT64_MAX, -INT64_MAX, INT64_MIN, 1ll << 62, -2, 0};
    const struct dq_tensor t = {.type = &dq_types[DQ_TYPE_q4_0],
        .n_dims = 2,
        .dims = {96, 3, 1, 1, 1, 1, 1, 1},
        .n_weights = 288,
        .n_bytes = 162};
    uint8_t items[32 * 4];
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const struct dq_range ranges[DQ_DIMS_MAX] = {{40, 1, steps[i]}, {2, 1, steps[i]}};
        struct dq_plan p;
        struct dq_plan_pos pos = {0};
        struct dq_chunk c;
        dq_plan_init(&p, NULL, &t, DQ_DTYPE_f32, ranges);
        assert_int_equal(p.n_items, 1);
        assert_int_equal(p.inner.step, 1);
        assert_true(dq_plan_next(&p, &pos, 32, &c));
        assert_int_equal(c.n_items, 1);
        assert_int_equal(dq_plan_offset(&p, &c, 0), (2 * 3 + 1) * 18);
        assert_ptr_equal(dq_plan_gather(&p, &c, items, 4), items + 8 * 4);
        assert_false(dq_plan_next(&p, &pos, 32, &c));
    }
}

/* Offsets beyond 2^32, in a tensor that is too large to exist here. */
static void large_tensors_are_counted_in_64_bits(void **state)
{
    struct dq_plan p;
    struct dq_plan_pos pos = {0};
    struct dq_chunk c;
    const uint64_t n = 3ull << 40;
    const struct dq_tensor t = {.type = &dq_types[DQ_TYPE_q8_0],
        .n_dims = 2,
        .dims = {n, 2, 1, 1, 1, 1, 1, 1},
        .n_weights = 2 * n,
        .n_bytes = 2 * n / 32 * 34};
    const struct dq_range ranges[DQ_DIMS_MAX] = {{n - 1, 2, -(int64_t)(n - 1)}, {1, 1, 1}};
    (void)state;
    dq_plan_init(&p, NULL, &t, DQ_DTYPE_f32, ranges);
    assert_int_equal(p.n_items, 2);
    assert_true(dq_plan_next(&p, &pos, 1 << 20, &c));
    assert_int_equal(c.n_items, 1);
    assert_int_equal(c.lead, 31);
    assert_int_equal(dq_plan_offset(&p, &c, 0), (2 * n / 32 - 1) * 34);
    assert_true(dq_plan_next(&p, &pos, 1 << 20, &c));
    assert_int_equal(c.first_item, 1);
    assert_int_equal(c.lead, 0);
    assert_int_equal(dq_plan_offset(&p, &c, 0), n / 32 * 34);
    assert_false(dq_plan_next(&p, &pos, 1 << 20, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_selections_of_blocks_of_32),
        cmocka_unit_test(random_selections_of_blocks_of_256_as_f16),
        cmocka_unit_test(random_selections_of_single_weights),
        cmocka_unit_test(random_selections_of_stored_weights),
        cmocka_unit_test(random_selections_of_stored_blocks),
        cmocka_unit_test(a_scalar_is_one_item),
        cmocka_unit_test(an_empty_tensor_has_no_chunk),
        cmocka_unit_test(an_unknown_type_is_a_row_of_bytes),
        cmocka_unit_test(the_step_of_a_single_item_does_not_count),
        cmocka_unit_test(large_tensors_are_counted_in_64_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
