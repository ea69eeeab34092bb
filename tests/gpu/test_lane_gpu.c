/* GPU lanes, on the host GPU: one against a CPU lane, and several in a run. */
#include "engine/lane_gpu.h"
#include "host_driver.h"
#include "rng.h"
#include "run_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct dq_gpu *open_device(int number)
{
    struct dq_gpu *d = NULL;
    struct dq_error e;
    check_ok(dq_gpu_open(&dq_gpu_host, number, &d, &e), &e);
    return d;
}

static struct dq_lane *new_lane(struct dq_gpu *d, size_t in_len, size_t out_len)
{
    struct dq_lane *lane = NULL;
    struct dq_error e;
    check_ok(dq_lane_new_gpu(d, in_len, out_len, &lane, &e), &e);
    assert_int_equal(lane->in_len, in_len);
    assert_int_equal(lane->out_len, out_len);
    return lane;
}

static void a_gpu_describes_itself(void **state)
{
    struct dq_gpu *d = open_device(1);
    (void)state;
    assert_string_equal(dq_gpu_label(d), "host:1");
    assert_string_equal(dq_gpu_get_info(d)->arch, "host64");
    assert_int_equal(dq_gpu_get_info(d)->memory, 1 << 30);
    dq_gpu_close(d);
    dq_gpu_close(NULL);
}

/* Decodes random blocks on both and compares bytes and overflows, which are added. */
static void check_decode(struct dq_lane *gpu, struct dq_lane *cpu, enum dq_type type,
    enum dq_dtype dtype, size_t nblocks, uint64_t seed)
{
    const struct dq_type_info *info = &dq_types[type];
    const size_t len = nblocks * info->weights * dq_dtype_len(dtype);
    struct rng r = {seed};
    uint64_t n_gpu = 5;
    uint64_t n_cpu = 5;
    struct dq_error e;
    rng_fill(&r, gpu->in, nblocks * info->bytes);
    memcpy(cpu->in, gpu->in, nblocks * info->bytes);
    memset(gpu->out, 0xa5, gpu->out_len);
    check_ok(gpu->ops->decode(gpu, type, dtype, nblocks, &n_gpu, &e), &e);
    check_ok(cpu->ops->decode(cpu, type, dtype, nblocks, &n_cpu, &e), &e);
    if (memcmp(gpu->out, cpu->out, len) != 0 || n_gpu != n_cpu)
        fail_msg("%s as %s, %zu blocks, seed 0x%" PRIx64 ": %" PRIu64 " overflows, not %" PRIu64
                 ", or other weights",
            info->name, dq_dtype_name(dtype), nblocks, seed, n_gpu, n_cpu);
    for (size_t i = len; i < gpu->out_len; i++)
        assert_int_equal(gpu->out[i], 0xa5);
}

static void every_type_is_decoded_as_on_the_cpu(void **state)
{
    static const size_t numbers[] = {1, 2, 3, 17, 0, 64};
    struct dq_gpu *d = open_device(0);
    struct dq_lane *gpu = new_lane(d, 32 << 10, 64 << 10);
    struct dq_lane *cpu = NULL;
    struct dq_error e;
    (void)state;
    check_ok(dq_lane_new_cpu(dq_cpu_levels[0], 32 << 10, 64 << 10, &cpu, &e), &e);
    for (int type = 0; type < DQ_TYPE_COUNT; type++) {
        for (int dtype = DQ_DTYPE_f32; dtype <= DQ_DTYPE_bf16; dtype++) {
            for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
                check_decode(gpu, cpu, (enum dq_type)type, (enum dq_dtype)dtype, numbers[i],
                    0x6a00 + (uint64_t)type);
        }
    }
    dq_lane_free(gpu);
    dq_lane_free(cpu);
    dq_gpu_close(d);
}

static void overflows_of_one_decode_are_not_those_of_the_next(void **state)
{
    static const float sizes[] = {1e5f, 1, 1e5f, 1e5f, 1, 1};
    struct dq_gpu *d = open_device(0);
    struct dq_lane *lane = new_lane(d, 64 << 10, 64 << 10);
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t n = 0;
        struct dq_error e;
        for (size_t k = 0; k < 100; k++)
            memcpy(lane->in + 4 * k, k % 3 ? &sizes[1] : &sizes[i], 4);
        check_ok(lane->ops->decode(lane, DQ_TYPE_f32, DQ_DTYPE_f16, 100, &n, &e), &e);
        assert_int_equal(n, sizes[i] > 1 ? 34 : 0);
    }
    dq_lane_free(lane);
    dq_gpu_close(d);
}

static void lanes_work_side_by_side(void **state)
{
    static const enum dq_type types[] = {DQ_TYPE_f32, DQ_TYPE_q4_0, DQ_TYPE_q6_k, DQ_TYPE_iq3_s};
    struct dq_gpu *d = open_device(0);
    struct dq_lane *lanes[8];
    struct dq_error e;
    for (size_t i = 0; i < 8; i++)
        lanes[i] = new_lane(d, 64 << 10, 64 << 10);
    for (size_t k = 0; k < 4 * 3 * 2; k++) {
        const enum dq_dtype dtype = (enum dq_dtype)(k / 4 % 3);
        const struct dq_type_info *info = &dq_types[types[k % 4]];
        struct dq_model *m = open_random(*state, info, 100000 / info->weights, k);
        uint8_t *wanted = decode_directly(m, &m->tensors[0], dtype);
        uint64_t n_overflow = 0;
        struct dq_plan plan;
        dq_plan_init(&plan, m, &m->tensors[0], dtype, NULL);
        struct memory_sink *sink = memory_new((size_t)plan.n_items * plan.item_len);
        uint64_t n_bytes = 0;
        check_ok(run_plan(lanes, 8, &plan, &sink->sink, &n_overflow, &n_bytes, &e), &e);
        assert_int_equal(sink->len, sink->cap);
        assert_memory_equal(sink->bytes, wanted, sink->len);
        memory_free(sink);
        free(wanted);
        dq_model_free(m);
    }
    for (size_t i = 0; i < 8; i++)
        dq_lane_free(lanes[i]);
    dq_gpu_close(d);
}

static void a_lane_decodes_on_after_a_failure(void **state)
{
    static const char *const faults[] = {"kernel:1+" /* before it is cached */, "make_current:1+",
        "launch:1+", "sync:1+", "copy_in:1+", "copy_out:1+", "launch:1+!", "sync:1+!"};
    struct dq_gpu *d = open_device(0);
    struct dq_lane *gpu = new_lane(d, 32 << 10, 64 << 10);
    struct dq_lane *cpu = NULL;
    struct dq_error e;
    (void)state;
    check_ok(dq_lane_new_cpu(dq_cpu_levels[0], 32 << 10, 64 << 10, &cpu, &e), &e);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        uint64_t n = 0;
        setenv("DQ_HOST_FAIL", faults[i], 1);
        check_error(
            gpu->ops->decode(gpu, DQ_TYPE_q8_0, DQ_DTYPE_f16, 3, &n, &e), &e, DQ_ERR_GPU, "host");
        assert_int_equal(n, 0);
        unsetenv("DQ_HOST_FAIL");
        check_decode(gpu, cpu, DQ_TYPE_q8_0, DQ_DTYPE_f16, 3, i);
    }
    dq_lane_free(gpu);
    dq_lane_free(cpu);
    dq_gpu_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gpu_describes_itself),
        cmocka_unit_test(every_type_is_decoded_as_on_the_cpu),
        cmocka_unit_test(overflows_of_one_decode_are_not_those_of_the_next),
        scratch_test(lanes_work_side_by_side),
        cmocka_unit_test(a_lane_decodes_on_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
