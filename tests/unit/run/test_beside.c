/* Two tensors side by side: whatever the types, the sizes of the lanes and the slices, each piece has the weights with
 * the same numbers, every one of them once, and they are where dq_plan_locate says. */
#include "dq_test.h"
#include "rng.h"
#include "run/beside.h"
#include "run_plan.h"

#include <stdlib.h>
#include <string.h>

enum { N_ROWS = 7 };

/* A tensor and all of its weights. */
struct side {
    const struct dq_tensor *tensor;
    uint32_t *weights;
    struct dq_plan plan;
};

struct walk {
    struct side sides[2]; /* that of the chunks first */
    struct dq_lane *lane; /* of the second */
    uint8_t *seen;        /* for each item, how often */
};

static const struct dq_range slices[][DQ_DIMS_MAX] = {
    {{0, 96, 1}, {0, N_ROWS, 1}, {0, 2, 1}},
    {{5, 70, 1}, {0, N_ROWS, 1}, {0, 2, 1}},
    {{90, 29, -3}, {1, 3, 2}, {0, 2, 1}},
    {{95, 3, -40}, {6, 7, -1}, {1, 1, 1}},
    {{31, 2, 1}, {0, N_ROWS, 1}, {1, 2, -1}},
    {{0, 96, 1}, {3, 1, 1}, {0, 2, 1}},
};

static void check_side(const struct side *s, uint64_t item, const uint8_t *weight)
{
    const struct dq_tensor *t;
    uint64_t index;
    dq_plan_locate(&s->plan, item, &t, &index);
    assert_ptr_equal(t, s->tensor);
    assert_memory_equal(&s->weights[index], weight, sizeof s->weights[index]);
}

static void take(void *arg, const struct dq_pairs *pairs)
{
    struct walk *w = arg;
    for (size_t i = 0; i < pairs->n; i++) {
        w->seen[pairs->first + i]++;
        check_side(&w->sides[0], pairs->first + i, pairs->chunk + i * sizeof(float));
        check_side(&w->sides[1], pairs->first + i, pairs->beside + i * sizeof(float));
    }
}

static const struct dq_plan *plan(void *arg, size_t item)
{
    struct walk *w = arg;
    (void)item;
    return &w->sides[0].plan;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct walk *w = arg;
    (void)state;
    return dq_run_beside(v, &w->sides[1].plan, w->lane, take, w, e);
}

static void walk(struct walk *w, size_t chunk_blocks, size_t beside_blocks)
{
    const struct dq_consumer consumer = {.plan = plan, .consume = consume, .arg = w};
    struct lanes lanes = lanes_new(w->sides[0].plan.tensor->type, chunk_blocks, 1);
    struct lanes beside = lanes_new(w->sides[1].plan.tensor->type, beside_blocks, 1);
    const uint64_t n = w->sides[0].plan.n_items;
    struct dq_error e;
    w->lane = beside.items[0];
    w->seen = calloc((size_t)n, 1);
    assert_non_null(w->seen);
    assert_int_equal(dq_run_chunks(lanes.items, 1, 0, 1, &consumer, &e), 0);
    for (uint64_t i = 0; i < n; i++)
        assert_int_equal(w->seen[i], 1);
    free(w->seen);
    lanes_free(&lanes);
    lanes_free(&beside);
}

/* Opens a model of two tensors of random bytes. */
static struct dq_model *open_two(
    struct scratch *scratch, const enum dq_type types[2], uint64_t seed)
{
    struct rng r = {seed};
    struct build b;
    uint8_t bytes[2][64 * 3 * N_ROWS * 2];
    const uint64_t dims[] = {96, N_ROWS, 2};
    uint64_t offset = 0;
    build_begin(&b, 3, false, 2, 0);
    for (size_t i = 0; i < 2; i++) {
        build_tensor(&b, i == 0 ? "a" : "b", dq_types[types[i]].id, offset, 3, dims);
        offset += ((uint64_t)3 * N_ROWS * 2 * dq_types[types[i]].bytes + 31) / 32 * 32;
    }
    build_data(&b, 32, 0);
    rng_fill(&r, bytes, sizeof bytes);
    build_bytes(&b, bytes, (size_t)offset);
    return build_open(&b, scratch);
}

static void weights_meet_those_with_their_numbers(void **state)
{
    static const enum dq_type types[][2] = {
        {DQ_TYPE_q4_0, DQ_TYPE_q8_0}, {DQ_TYPE_mxfp4, DQ_TYPE_iq4_nl}};
    static const size_t sizes[][2] = {{1, 1}, {1, 5}, {5, 1}, {4, 3}, {100, 7}, {7, 100}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct walk w;
        struct dq_model *m = open_two(*state, types[i], i);
        for (size_t k = 0; k < 2; k++) {
            w.sides[k].tensor = &m->tensors[k];
            w.sides[k].weights =
                (uint32_t *)(void *)decode_directly(m, &m->tensors[k], DQ_DTYPE_f32);
        }
        for (size_t row = 0; row < sizeof slices / sizeof slices[0]; row++) {
            for (size_t k = 0; k < 2; k++)
                dq_plan_init(&w.sides[k].plan, m, &m->tensors[k], DQ_DTYPE_f32, slices[row]);
            for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++)
                walk(&w, sizes[size][0], sizes[size][1]);
        }
        for (size_t k = 0; k < 2; k++)
            free(w.sides[k].weights);
        dq_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(weights_meet_those_with_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
