/* Reductions: the kernels, run on the host, and lanes of the host GPU, against the loops of the CPU. */
#include "dq_test.h"
#include "engine/lane_gpu.h"
#include "host_driver.h"
#include "host_faults.h"
#include "host_kernels.h"
#include "reduced.h"
#include "rng.h"
#include "run_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = {1, 2, 63, 64, 65, 255, 256, 4095, 4097, 20000};

enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

/* Memory for n weights, and no byte more if AddressSanitizer looks; at a multiple of 16. The caller frees it. */
static uint32_t *weights_new(size_t n)
{
    void *p = NULL;
    assert_int_equal(posix_memalign(&p, 16, n * sizeof(uint32_t)), 0);
    return p;
}

static uint32_t *make(enum weights_kind kind, size_t n)
{
    uint32_t *weights = weights_new(n);
    weights_make(kind, weights, n);
    return weights;
}

/* Returns what a kernel writes, with more threads than it needs, which the caller frees. */
static void *reduce(enum dq_reduction_kind kind, const uint32_t *weights, size_t n,
    uint64_t more_threads, uint64_t parameter)
{
    const uint64_t n_threads = dq_reduction_threads(kind, n) + more_threads;
    const uint32_t block = 32 + 32 * (uint32_t)(n % 3);
    void *out = NULL;
    assert_int_equal(posix_memalign(&out, 16, dq_reduction_len(kind, n) + 1), 0);
    memset(out, 0, dq_reduction_len(kind, n));
    assert_int_equal(dq_host_reduce(dq_reductions[kind].kernel, n_threads / block + 1, block,
                         weights, n, n_threads, parameter, out),
        0);
    return out;
}

static void check_kernel(enum dq_reduction_kind kind, const uint32_t *weights, size_t n,
    uint64_t more_threads, uint64_t parameter)
{
    void *written = reduce(kind, weights, n, more_threads, parameter);
    if (!reduced_is_right(kind, written, weights, n, parameter))
        fail_msg("%s: %zu weights, %" PRIu64 " threads more, %" PRIu64, dq_reductions[kind].kernel,
            n, more_threads, parameter);
    free(written);
}

static void kernels_give_what_the_cpu_gives(void **state)
{
    (void)state;
    for (size_t at = 0; at < (size_t)WEIGHTS_KINDS * N_SIZES; at++) {
        const size_t n = sizes[at % N_SIZES];
        const size_t kind = at / N_SIZES;
        uint32_t *weights = make((enum weights_kind)kind, n);
        const uint64_t windows[] = {1, 105, DQ_WINDOW_LAST, 1 + at % DQ_WINDOW_LAST};
        for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
            check_kernel(DQ_REDUCE_stats, weights, n, at % 3 * n / 2, windows[i]);
        check_kernel(DQ_REDUCE_fit, weights, n, at % 3 * n / 2, 0);
        check_kernel(DQ_REDUCE_bins, weights, n, at % 3 * n / 2, 0);
        free(weights);
    }
}

/* All numbers around which something changes in 16 bits, and those beside them. */
static void edges_of_16_bits_are_those_of_the_cpu(void **state)
{
    enum { BESIDE = 7 };
    uint32_t weights[512 * 3 * BESIDE];
    static const uint32_t fractions[] = {0, 0x7ff000, 0x7f8000};
    size_t n = 0;
    (void)state;
    for (uint32_t exponent = 0; exponent < 512; exponent++) {
        for (uint32_t k = 0; k < 3 * BESIDE; k++)
            weights[n++] = (exponent << 23 | fractions[k % 3]) + k / 3 - BESIDE / 2;
    }
    check_kernel(DQ_REDUCE_fit, weights, n, 0, 0);
}

static void leaves_have_numbers_of_64_bits(void **state)
{
    static const uint64_t firsts[] = {0, 1, 1000, UINT32_MAX, (uint64_t)1 << 40};
    (void)state;
    for (size_t n = 1; n <= 80; n += n < 4 ? 1 : 19) {
        uint32_t *weights = make(WEIGHTS_ANY, n * DQ_LEAF_WEIGHTS);
        for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++)
            check_kernel(DQ_REDUCE_leaves, weights, n * DQ_LEAF_WEIGHTS, i, firsts[i]);
        free(weights);
    }
}

/* From the first one, or the last, in which there may be nothing. */
static void a_window_is_found_if_there_is_one(void **state)
{
    (void)state;
    for (size_t at = 0; at < (size_t)WEIGHTS_KINDS * N_SIZES; at++) {
        const size_t n = sizes[at % N_SIZES];
        uint32_t *weights = make((enum weights_kind)(at / N_SIZES), n);
        const bool is_there = weights_width(weights, n) <= DQ_WINDOW;
        struct dq_reduction r = {.lowest = at % 2 ? DQ_WINDOW_LAST : 1};
        for (int i = 0; i < 2; i++) {
            void *slots = reduce(DQ_REDUCE_stats, weights, n, 0, r.lowest);
            dq_reduction_fold_stats(slots, r.stats);
            free(slots);
            assert_int_equal(dq_reduction_window(r.stats, &r.lowest), is_there);
        }
        assert_int_equal(r.stats[DQ_FIELD_n_outside] == 0, is_there);
        assert_in_range(r.lowest, 1, DQ_WINDOW_LAST);
        free(weights);
    }
}

/* ---- lanes ---- */

static struct dq_lane *new_lane(struct dq_gpu **gpu, size_t in_len, size_t out_len)
{
    struct dq_lane *lane = NULL;
    struct dq_error e;
    check_ok(dq_gpu_open(&dq_gpu_host, 0, gpu, &e), &e);
    check_ok(dq_lane_new_gpu(*gpu, in_len, out_len, &lane, &e), &e);
    return lane;
}

static void ask(struct dq_lane *lane, unsigned wanted, const uint32_t *weights, size_t n)
{
    memcpy(lane->in, weights, n * sizeof *weights);
    memset(lane->out, 0xa5, lane->out_len);
    lane->reduction = (struct dq_reduction){.wanted = wanted, .first_leaf = 3};
}

/* Kinds after one another, so that the window that was right for one has to be found for the next; what has none
 * comes as weights. */
static void lanes_find_the_window(void **state)
{
    struct dq_gpu *gpu = NULL;
    struct dq_lane *lane = new_lane(&gpu, 512 << 10, 1 << 20);
    const size_t n = 4097;
    (void)state;
    for (int kind = 0; kind < WEIGHTS_KINDS; kind++) {
        uint32_t *weights = make((enum weights_kind)kind, n);
        struct dq_stats wanted = {0};
        struct dq_error e;
        bool is_done;
        dq_stats_add(&wanted, dq_cpu_levels[0], weights, n, 0);
        for (int again = 0; again < 2; again++) {
            struct dq_stats got = {0};
            ask(lane, 1u << DQ_REDUCE_stats | 1u << DQ_REDUCE_bins, weights, n);
            check_ok(dq_lane_reduce(lane, DQ_TYPE_f32, n, &is_done, &e), &e);
            assert_int_equal(is_done, weights_width(weights, n) <= DQ_WINDOW);
            if (!is_done) {
                for (size_t i = 0; i < n; i++) {
                    if ((weights[i] & 0x7fffffff) <= 0x7f800000)
                        assert_memory_equal(lane->out + 4 * i, &weights[i], 4);
                }
                continue;
            }
            dq_stats_add_reduced(&got, &lane->reduction, n, 0);
            assert_true(stats_are_equal(&got, &wanted));
            assert_true(wanted.n_nan > 0 ||
                        reduced_is_right(DQ_REDUCE_bins, lane->reduction.bins, weights, n, 0));
        }
        free(weights);
    }
    dq_lane_free(lane);
    dq_gpu_close(gpu);
}

static void lanes_reduce_what_they_decode(void **state)
{
    struct dq_gpu *gpu = NULL;
    struct dq_lane *lane = new_lane(&gpu, 512 << 10, 1 << 20);
    struct rng r = {99};
    (void)state;
    for (int type = 0; type < DQ_TYPE_COUNT; type++) {
        const struct dq_type_info *info = &dq_types[type];
        const size_t nblocks = 4096 / info->weights;
        float *weights = malloc(4096 * sizeof *weights);
        uint8_t cvs[16 * DQ_BLAKE3_CV];
        const struct dq_blake3_inputs in = {.bytes = (const uint8_t *)weights,
            .n = 16,
            .n_blocks = DQ_BLAKE3_CHUNK / DQ_BLAKE3_BLOCK,
            .last_len = DQ_BLAKE3_BLOCK,
            .counter = 3};
        struct dq_error e;
        bool is_done;
        rng_fill(&r, lane->in, nblocks * info->bytes);
        dq_cpu_levels[0]->decode[type](lane->in, weights, nblocks, DQ_DTYPE_f32);
        dq_cpu_levels[0]->blake3(&in, cvs);
        lane->reduction = (struct dq_reduction){
            .wanted = 1u << DQ_REDUCE_leaves | 1u << DQ_REDUCE_fit, .first_leaf = 3};
        check_ok(dq_lane_reduce(lane, (enum dq_type)type, nblocks, &is_done, &e), &e);
        assert_true(is_done);
        assert_memory_equal(lane->reduction.leaves, cvs, sizeof cvs);
        struct dq_fit got = {0};
        struct dq_fit wanted = {0};
        dq_fit_add_reduced(&got, &lane->reduction);
        dq_fit_add(&wanted, dq_cpu_levels[0], weights, 4096);
        assert_memory_equal(&got, &wanted, sizeof got);
        free(weights);
    }
    dq_lane_free(lane);
    dq_gpu_close(gpu);
}

/* A buffer that is too small for what kernels write, and lanes of the CPU. */
static void lanes_that_cannot_reduce_decode(void **state)
{
    struct dq_gpu *gpu = NULL;
    struct dq_lane *small = new_lane(&gpu, 128 << 10, 256 << 10);
    struct dq_lane *cpu = NULL;
    struct dq_error e;
    (void)state;
    check_ok(dq_lane_new_cpu(dq_cpu_levels[0], 128 << 10, 256 << 10, &cpu, &e), &e);
    struct dq_lane *const lanes[] = {small, cpu, small};
    uint32_t *weights = make(WEIGHTS_USUAL, 1000);
    for (int i = 0; i < 3; i++) {
        bool is_done = true;
        ask(lanes[i], 1u << (i < 2 ? DQ_REDUCE_bins : DQ_REDUCE_stats), weights, 1000);
        check_ok(dq_lane_reduce(lanes[i], DQ_TYPE_f32, 1000, &is_done, &e), &e);
        assert_int_equal(is_done, i == 2);
        if (!is_done)
            assert_memory_equal(lanes[i]->out, weights, 1000 * sizeof *weights);
    }
    free(weights);
    dq_lane_free(small);
    dq_lane_free(cpu);
    dq_gpu_close(gpu);
}

/* Of a call that also looks for another window, and of one that copies the weights. */
static void a_lane_reduces_on_after_a_failure(void **state)
{
    static const char *const faults[] = {"kernel:1+", "make_current:1+", "copy_in:1+", "launch:1",
        "launch:2", "launch:3", "fill:1", "fill:2", "copy_out:1", "copy_out:2", "sync:1", "sync:2"};
    static const enum weights_kind kinds[] = {WEIGHTS_SUBNORMAL, WEIGHTS_LARGE};
    struct dq_gpu *gpu = NULL;
    struct dq_lane *lane = new_lane(&gpu, 512 << 10, 1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const enum weights_kind kind = kinds[i % 2];
        uint32_t *weights = make(kind, 4097);
        struct dq_stats got = {0};
        struct dq_stats wanted = {0};
        struct dq_error e;
        bool is_done;
        ask(lane, 1u << DQ_REDUCE_stats, weights, 4097);
        setenv("DQ_HOST_FAIL", faults[i], 1);
        host_forget_calls();
        check_error(
            dq_lane_reduce(lane, DQ_TYPE_f32, 4097, &is_done, &e), &e, DQ_ERR_GPU, "host:0");
        unsetenv("DQ_HOST_FAIL");
        ask(lane, 1u << DQ_REDUCE_stats, weights, 4097);
        check_ok(dq_lane_reduce(lane, DQ_TYPE_f32, 4097, &is_done, &e), &e);
        assert_true(is_done);
        dq_stats_add_reduced(&got, &lane->reduction, 4097, 0);
        dq_stats_add(&wanted, dq_cpu_levels[0], weights, 4097, 0);
        assert_true(stats_are_equal(&got, &wanted));
        free(weights);
    }
    dq_lane_free(lane);
    dq_gpu_close(gpu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_give_what_the_cpu_gives),
        cmocka_unit_test(edges_of_16_bits_are_those_of_the_cpu),
        cmocka_unit_test(leaves_have_numbers_of_64_bits),
        cmocka_unit_test(a_window_is_found_if_there_is_one),
        cmocka_unit_test(lanes_find_the_window),
        cmocka_unit_test(lanes_reduce_what_they_decode),
        cmocka_unit_test(lanes_that_cannot_reduce_decode),
        cmocka_unit_test(a_lane_reduces_on_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
