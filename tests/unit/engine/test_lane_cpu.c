/* The CPU lane compared with the decoders that it calls. */
#include "cpu/cpu.h"
#include "dq_test.h"
#include "engine/lane.h"
#include "levels.h"
#include "rng.h"
#include "scratch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void a_lane_has_buffers_of_the_requested_sizes(void **state)
{
    struct dq_lane *lane = NULL;
    struct dq_error e;
    (void)state;
    check_ok(dq_lane_new_cpu(dq_cpu_best(), 1000, 2000, &lane, &e), &e);
    assert_string_equal(lane->ops->name, "cpu");
    assert_int_equal(lane->in_len, 1000);
    assert_int_equal(lane->out_len, 2000);
    memset(lane->in, 1, 1000); /* the sanitizer sees if they are smaller */
    memset(lane->out, 1, 2000);
    dq_lane_free(lane);
}

/* Decodes random blocks with a lane and with the decoders, and compares bytes and overflows. */
static void check_decode_at(
    const struct dq_cpu *cpu, enum dq_type type, enum dq_dtype dtype, size_t nblocks, uint64_t seed)
{
    const struct dq_type_info *info = &dq_types[type];
    const size_t n = nblocks * info->weights;
    const size_t len = n * dq_dtype_len(dtype);
    struct dq_lane *lane = NULL;
    struct dq_error e;
    struct rng r = {seed};
    uint64_t n_overflow = 5;
    uint64_t wanted_overflow = 5;
    check_ok(dq_lane_new_cpu(cpu, nblocks * info->bytes, len, &lane, &e), &e);
    rng_fill(&r, lane->in, lane->in_len);
    float *weights = malloc(n * sizeof *weights);
    uint8_t *wanted = malloc(len);
    assert_true(weights && wanted);
    cpu->decode[type](lane->in, weights, nblocks, DQ_DTYPE_f32);
    if (dtype == DQ_DTYPE_f32)
        memcpy(wanted, weights, len);
    else if (dtype == DQ_DTYPE_f16)
        wanted_overflow += cpu->to_f16(weights, (uint16_t *)(void *)wanted, n);
    else
        wanted_overflow += cpu->to_bf16(weights, (uint16_t *)(void *)wanted, n);
    check_ok(lane->ops->decode(lane, type, dtype, nblocks, &n_overflow, &e), &e);
    if (memcmp(lane->out, wanted, len) != 0 || n_overflow != wanted_overflow)
        fail_msg("%s %s as %s, %zu blocks, seed 0x%" PRIx64 ": %" PRIu64 " overflows, not %" PRIu64
                 ", or the weights differ",
            cpu->name, info->name, dq_dtype_name(dtype), nblocks, seed, n_overflow,
            wanted_overflow);
    free(weights);
    free(wanted);
    dq_lane_free(lane);
}

static void check_decode(enum dq_type type, enum dq_dtype dtype, size_t nblocks, uint64_t seed)
{
    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu))
        check_decode_at(cpu, type, dtype, nblocks, seed);
}

static void every_type_is_decoded_to_every_dtype(void **state)
{
    (void)state;
    for (int type = 0; type < DQ_TYPE_COUNT; type++) {
        for (int dtype = DQ_DTYPE_f32; dtype <= DQ_DTYPE_bf16; dtype++)
            check_decode((enum dq_type)type, (enum dq_dtype)dtype, 3, 0xcafe + (uint64_t)type);
    }
}

/* Lengths around powers of two, where decoders switch from vectors to single blocks. */
static void any_number_of_weights_is_rounded(void **state)
{
    static const size_t lens[] = {1, 4095, 4096, 4097, 8192, 20001};
    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        check_decode(DQ_TYPE_f32, DQ_DTYPE_f16, lens[i], i);
        check_decode(DQ_TYPE_f32, DQ_DTYPE_bf16, lens[i], i);
        check_decode(DQ_TYPE_q6_k, DQ_DTYPE_f16, lens[i] / 256 + 1, i);
        check_decode(DQ_TYPE_nvfp4, DQ_DTYPE_bf16, lens[i] / 64 + 1, i);
    }
}

/* dq_count_overflows counts block by block what dq_cpu_round counts at once. */
static void overflows_are_counted_alike(void **state)
{
    enum { NBLOCKS = 3000 };
    struct rng r = {0xf10e};
    uint8_t *blocks = malloc(NBLOCKS * DQ_BLOCK_BYTES_MAX);
    float *weights = malloc(NBLOCKS * 256 * sizeof *weights);
    uint16_t *narrow = malloc(NBLOCKS * 256 * sizeof *narrow);
    (void)state;
    assert_true(blocks && weights && narrow);
    rng_fill(&r, blocks, NBLOCKS * DQ_BLOCK_BYTES_MAX);
    for (size_t f = 0; f < DQ_TYPE_COUNT; f++) {
        const size_t n = NBLOCKS * dq_types[f].weights;
        dq_cpu_best()->decode[f](blocks, weights, NBLOCKS, DQ_DTYPE_f32);
        for (int d = DQ_DTYPE_f16; d <= DQ_DTYPE_bf16; d++)
            assert_int_equal(dq_count_overflows(
                                 dq_cpu_best(), (enum dq_type)f, (enum dq_dtype)d, blocks, NBLOCKS),
                dq_cpu_round(dq_cpu_levels[0], (enum dq_dtype)d, weights, narrow, n));
    }
    free(blocks);
    free(weights);
    free(narrow);
}

static void levels_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; dq_cpu_levels[i]; i++)
        assert_ptr_equal(dq_cpu_by_name(dq_cpu_levels[i]->name), dq_cpu_levels[i]);
    assert_null(dq_cpu_by_name("v2"));
    assert_null(dq_cpu_by_name(""));
    assert_string_equal(dq_cpu_levels[0]->name, "baseline");
    assert_true(dq_cpu_usable(dq_cpu_levels[0]));
    assert_true(dq_cpu_usable(dq_cpu_best()));
}

static void freeing_nothing_is_allowed(void **state)
{
    const int fd = next_fd();
    (void)state;
    dq_lane_free(NULL);
    assert_int_equal(next_fd(), fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_has_buffers_of_the_requested_sizes),
        cmocka_unit_test(every_type_is_decoded_to_every_dtype),
        cmocka_unit_test(any_number_of_weights_is_rounded),
        cmocka_unit_test(overflows_are_counted_alike),
        cmocka_unit_test(levels_are_found_by_name),
        cmocka_unit_test(freeing_nothing_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
