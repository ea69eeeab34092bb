/* Which device an engine opens, with how many lanes, and what it does when that fails. */
#include "base/mem.h"
#include "dq_test.h"
#include "engine/engine.h"
#include "host_driver.h"
#include "host_faults.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned n_threads;
static bool to_files;

static int clear(void **state)
{
    static const char *const names[] = {
        "DQ_HOST_DEVICES", "DQ_HOST_MEMORY", "DQ_HOST_FAIL", "DQ_HOST_WRONG", "GGUF_DQ_AUTO_MIN"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    n_threads = 2;
    to_files = false;
    return 0;
}

static struct dq_engine_options options_for(const char *device, uint64_t n_bytes)
{
    struct dq_engine_options options = {
        .n_bytes = n_bytes, .n_threads = n_threads, .to_files = to_files};
    struct dq_error e;
    check_ok(dq_device_parse(device, &options.device, &e), &e);
    return options;
}

/* Opens and closes an engine; checks its label, and that the reason for it holds some words. */
static void check_opens(
    const char *device, uint64_t n_bytes, const char *label, const char *words, size_t n_lanes)
{
    const struct dq_engine_options options = options_for(device, n_bytes);
    struct dq_engine engine;
    struct dq_error e;
    check_ok(dq_engine_open(&engine, &options, &e), &e);
    assert_string_equal(engine.label, label);
    if (!strstr(engine.why, words))
        fail_msg("'%s' does not hold '%s'", engine.why, words);
    assert_int_equal(engine.n_lanes, n_lanes);
    assert_int_equal(engine.n_gpus, strcmp(label, "cpu") != 0);
    assert_string_equal(engine.skipped, "");
    for (size_t i = 0; i < engine.n_lanes; i++) {
        assert_string_equal(engine.lanes[i]->ops->name, engine.n_gpus ? "gpu" : "cpu");
        assert_int_equal(engine.lanes[i]->out_len, engine.lanes[0]->out_len);
        assert_int_equal(engine.lanes[i]->in_len, engine.lanes[0]->in_len);
        assert_true(engine.lanes[i]->in_len >= engine.lanes[i]->out_len / 2);
    }
    dq_engine_close(&engine);
    dq_engine_close(&engine); /* a second time does nothing */
}

static void check_refused(const char *device, int code, const char *words)
{
    const struct dq_engine_options options = options_for(device, UINT64_MAX);
    struct dq_engine engine;
    struct dq_error e;
    check_error(dq_engine_open(&engine, &options, &e), &e, code, words);
    assert_int_equal(engine.n_lanes, 0);
    assert_int_equal(engine.n_gpus, 0);
    dq_engine_close(&engine);
}

static void the_requested_device_is_opened(void **state)
{
    (void)state;
    check_opens("cpu", UINT64_MAX, "cpu", "requested", 2);
    check_opens("gpu", 0, "host:0", "requested", DQ_GPU_LANES);
    check_opens("gpu:1", 0, "host:1", "requested", DQ_GPU_LANES);
    check_opens("host:1", 0, "host:1", "requested", DQ_GPU_LANES);
    check_refused("gpu:2", DQ_ERR_GPU, "there is no device 2; found 2");
    check_refused("host:2", DQ_ERR_GPU, "there is no device 2");
    check_refused("hip", DQ_ERR_GPU, "built without");
    setenv("DQ_HOST_DEVICES", "1", 1);
    check_refused("gpu:1", DQ_ERR_GPU, "there is no device 1; found 1");
    setenv("DQ_HOST_DEVICES", "0", 1);
    check_refused("gpu", DQ_ERR_GPU, "no usable GPU: hostGetDeviceCount: no device");
}

static void auto_weighs_the_work(void **state)
{
    const uint64_t gib = (uint64_t)1 << 30;
    (void)state;
    check_opens("auto", 0, "cpu", "for less than 16.0 GiB of output", 2);
    check_opens("auto", 16 * gib - 1, "cpu", "for less than 16.0 GiB of output", 2);
    check_opens("auto", 16 * gib, "host:0", "the output is large enough for a GPU", DQ_GPU_LANES);
    setenv("GGUF_DQ_AUTO_MIN", "1000", 1);
    check_opens("auto", 999, "cpu", "for less than 1000 B of output", 2);
    check_opens("auto", 1000, "host:0", "the output is large enough for a GPU", DQ_GPU_LANES);
    setenv("GGUF_DQ_AUTO_MIN", "0", 1);
    check_opens("auto", 0, "host:0", "the output is large enough for a GPU", DQ_GPU_LANES);
    setenv("GGUF_DQ_AUTO_MIN", "2GiB", 1);
    check_opens("auto", gib, "cpu", "for less than 2.00 GiB of output", 2);
    setenv("GGUF_DQ_AUTO_MIN", "", 1);
    check_opens("auto", gib, "cpu", "for less than 16.0 GiB of output", 2);
    static const char *const nonsense[] = {"x", "-1", "10x", " 1", "5%"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        setenv("GGUF_DQ_AUTO_MIN", nonsense[i], 1);
        check_refused("auto", DQ_ERR_USAGE, "GGUF_DQ_AUTO_MIN is '");
        check_opens("cpu", gib, "cpu", "requested", 2);
    }
}

static void auto_weighs_threads_and_files(void **state)
{
    const uint64_t gib = (uint64_t)1 << 30;
    (void)state;
    n_threads = 1;
    check_opens("auto", 8 * gib - 1, "cpu", "for less than 8.00 GiB of output", 1);
    check_opens("auto", 8 * gib, "host:0", "the output is large enough for a GPU", DQ_GPU_LANES);
    n_threads = 4;
    check_opens("auto", 32 * gib - 1, "cpu", "for less than 32.0 GiB of output", 4);
    check_opens("auto", 32 * gib, "host:0", "the output is large enough for a GPU", DQ_GPU_LANES);
    n_threads = 5;
    check_opens("auto", UINT64_MAX, "cpu", "more than 4 threads, the CPU is as fast", 5);
    n_threads = 2;
    to_files = true;
    check_opens("auto", UINT64_MAX, "cpu", "a GPU does not speed up writing files", 2);
    n_threads = 5;
    setenv("GGUF_DQ_AUTO_MIN", "1000", 1); /* overrides both */
    check_opens("auto", 999, "cpu", "for less than 1000 B of output", 5);
    check_opens("auto", 1000, "host:0", "the output is large enough for a GPU", DQ_GPU_LANES);
}

static void auto_goes_without_a_gpu(void **state)
{
    static const struct {
        const char *fault;
        const char *words;
    } rows[] = {
        {"count:1+", "no usable GPU: hostGetDeviceCount"},
        {"describe:1+", "hostDeviceGetName: invalid"},
        {"open:1+", "hostModuleLoadData: "},
        {"make_current:1+", "hostSetDevice: "},
        {"stream_new:1+", "hostStreamCreate: "},
        {"alloc:1+", "hostMalloc: out of memory"},
        {"alloc:1+!", "hostMalloc: unknown error"},
        {"alloc_host:1+", "hostHostMalloc: out of memory"},
        {"copy_in:1+", "hostMemcpyHtoD: "},
        {"sync:1+", "hostStreamSynchronize: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setenv("DQ_HOST_FAIL", rows[i].fault, 1);
        check_opens("auto", UINT64_MAX, "cpu", rows[i].words, 2);
        check_refused("gpu", DQ_ERR_GPU, rows[i].words);
    }
}

static void set_memory(size_t bytes)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", bytes);
    setenv("DQ_HOST_MEMORY", text, 1);
}

static void memory_decides_about_lanes(void **state)
{
    enum { LANE = DQ_GPU_IN + DQ_GPU_OUT + 4, LEAST = 96 * 1024 + 4 };
    static const struct {
        size_t memory;
        size_t out_len; /* 0: the GPU cannot be used */
        size_t n_lanes;
    } rows[] = {
        {DQ_GPU_LANES * LANE, DQ_GPU_OUT, DQ_GPU_LANES},
        {DQ_GPU_LANES * LANE - 1, DQ_GPU_OUT, DQ_GPU_LANES - 1},
        {2 * LANE, DQ_GPU_OUT, 2},
        {2 * LANE - 1, DQ_GPU_OUT, 1},
        {LANE, DQ_GPU_OUT, 1},
        {LANE - 1, DQ_GPU_OUT / 2, 1},
        {LEAST, 64 << 10, 1},
        {LEAST - 1, 0, 0},
        {0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct dq_engine_options options = options_for("gpu", 0);
        struct dq_engine engine;
        struct dq_error e;
        set_memory(rows[i].memory);
        if (rows[i].out_len == 0) {
            check_refused("gpu", DQ_ERR_GPU, "out of memory");
            continue;
        }
        check_ok(dq_engine_open(&engine, &options, &e), &e);
        assert_int_equal(engine.n_lanes, rows[i].n_lanes);
        for (size_t k = 0; k < engine.n_lanes; k++)
            assert_int_equal(engine.lanes[k]->out_len, rows[i].out_len);
        dq_engine_close(&engine);
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void all_gpus_take_turns(void **state)
{
    static const size_t numbers[] = {1, 2, 3, 7, DQ_GPUS_MAX, DQ_GPUS_MAX + 1};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct dq_engine_options options = options_for(i % 2 ? "gpu:all" : "host:all", 0);
        const size_t n = least(numbers[i], DQ_GPUS_MAX);
        char text[32];
        struct dq_engine engine;
        struct dq_error e;
        snprintf(text, sizeof text, "%zu", numbers[i]);
        setenv("DQ_HOST_DEVICES", text, 1);
        for (options.n_consuming = 0; options.n_consuming < 20; options.n_consuming += 3) {
            check_ok(dq_engine_open(&engine, &options, &e), &e);
            assert_int_equal(engine.n_gpus, n);
            const bool many = options.n_consuming + DQ_GPU_LANES > 16; /* more than lanes of half */
            const size_t lane = (DQ_GPU_IN + DQ_GPU_OUT) >> ((options.n_consuming > 0) + many);
            const size_t wanted =
                least(n * DQ_GPU_LANES + options.n_consuming, DQ_GPU_PINNED / lane);
            assert_int_equal(engine.n_lanes, wanted > n ? wanted : n); /* one for each */
            for (size_t k = 0; k < engine.n_lanes; k++) {
                snprintf(text, sizeof text, "host:%zu", k % n);
                assert_string_equal(engine.lanes[k]->device, text);
            }
            snprintf(text, sizeof text, n > 1 ? "host:0-%zu" : "host:0", n - 1);
            assert_string_equal(engine.label, text);
            assert_string_equal(engine.why, "requested");
            dq_engine_close(&engine);
        }
    }
}

static void unusable_gpus_are_skipped(void **state)
{
    static const struct {
        const char *fault;
        const char *label;
        const char *skipped;
    } rows[] = {
        {"open:1", "host:1-2", "host:0: hostModuleLoadData: "},
        {"open:2", "host:0,host:2", "host:1: hostModuleLoadData: "},
        {"describe:3", "host:0-1", "host:2: hostDeviceGetName: "},
        {"open:2+", "host:0", "host:1: hostModuleLoadData: "},
        {"stream_new:2", "host:0,host:2", "host:1: hostStreamCreate: "},
        {"alloc:1!", "host:1-2", "host:0: hostMalloc: "},
        {"alloc:1", "host:1-2", "host:0: not enough memory is free"}, /* its lane would be small */
    };
    const struct dq_engine_options options = options_for("gpu:all", 0);
    (void)state;
    setenv("DQ_HOST_DEVICES", "3", 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_engine engine;
        struct dq_error e;
        host_forget_calls();
        setenv("DQ_HOST_FAIL", rows[i].fault, 1);
        check_ok(dq_engine_open(&engine, &options, &e), &e);
        assert_string_equal(engine.label, rows[i].label);
        assert_non_null(strstr(engine.skipped, rows[i].skipped));
        assert_non_null(strstr(engine.why, "requested; skipped: host:"));
        for (size_t k = 0; k < engine.n_lanes; k++)
            assert_int_equal(engine.lanes[k]->out_len, DQ_GPU_OUT);
        dq_engine_close(&engine);
        dq_engine_close(&engine);
    }
    setenv("DQ_HOST_FAIL", "open:1+", 1);
    check_refused("gpu:all", DQ_ERR_GPU, "host:2: hostModuleLoadData: ");
    unsetenv("DQ_HOST_FAIL");
    set_memory(1000);
    check_refused("gpu:all", DQ_ERR_GPU, "no usable GPU: host:0: hostMalloc: out of memory");
    check_refused("cuda:all", DQ_ERR_GPU, "built without");
}

/* Without an ordinal, the first GPU that can be used is taken; with one, that or none. */
static void the_first_usable_gpu_is_opened(void **state)
{
    static const char *const devices[] = {"gpu", "host", "auto"};
    struct dq_engine engine;
    struct dq_error e;
    (void)state;
    setenv("DQ_HOST_DEVICES", "3", 1);
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        const struct dq_engine_options options = options_for(devices[i], UINT64_MAX);
        const bool requested = options.device.kind == DQ_DEVICE_GPU;
        host_forget_calls();
        setenv("DQ_HOST_FAIL", "open:1,describe:2", 1);
        check_ok(dq_engine_open(&engine, &options, &e), &e);
        assert_string_equal(engine.label, "host:2");
        assert_int_equal(engine.n_gpus, 1);
        assert_int_equal(engine.n_lanes, DQ_GPU_LANES);
        assert_non_null(strstr(engine.why, "; skipped: host:0: hostModuleLoadData: "));
        assert_int_equal(engine.skipped[0] != '\0', requested);
        if (requested)
            assert_non_null(strstr(engine.skipped, "; host:1: hostDeviceGetName: "));
        dq_engine_close(&engine);
    }
    host_forget_calls();
    check_refused("gpu:0", DQ_ERR_GPU, "hostModuleLoadData: ");
    setenv("DQ_HOST_FAIL", "open:1+", 1);
    check_refused("gpu", DQ_ERR_GPU, "no usable GPU: host:0: hostModuleLoadData: ");
    check_opens("auto", UINT64_MAX, "cpu", "no usable GPU: host:0: hostModuleLoadData: ", 2);
}

static void processors_decide_about_cpu_lanes(void **state)
{
    static const unsigned numbers[] = {1, 2, 5, DQ_LANES_MAX, DQ_LANES_MAX + 1, 4096};
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    struct dq_engine_options options = options_for("cpu", 0);
    struct dq_engine engine;
    struct dq_error e;
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        options.n_threads = numbers[i];
        check_ok(dq_engine_open(&engine, &options, &e), &e);
        assert_int_equal(
            engine.n_lanes, numbers[i] < DQ_LANES_MAX ? numbers[i] : (unsigned)DQ_LANES_MAX);
        dq_engine_close(&engine);
    }
    options.n_threads = 0;
    check_ok(dq_engine_open(&engine, &options, &e), &e);
    assert_int_equal(engine.n_lanes, online < DQ_LANES_MAX ? online : DQ_LANES_MAX);
    dq_engine_close(&engine);
}

/* Checks the number and size of lanes under a memory limit. */
static void check_limited(
    const struct dq_engine_options *options, size_t most, size_t n_lanes, size_t out_len)
{
    struct dq_engine engine;
    struct dq_error e;
    const size_t taken = SIZE_MAX - dq_mem_left();
    dq_mem_limit(taken + most);
    check_ok(dq_engine_open(&engine, options, &e), &e);
    assert_int_equal(engine.n_lanes, n_lanes);
    for (size_t i = 0; i < engine.n_lanes; i++) {
        assert_int_equal(engine.lanes[i]->out_len, out_len);
        assert_true(engine.lanes[i]->in_len >= out_len / 2);
    }
    dq_engine_close(&engine);
    assert_int_equal(dq_mem_left(), most);
    dq_mem_limit(SIZE_MAX);
}

/* Besides its buffers, a lane needs what the options say and 64 KiB for a thread, and all together
 * leave 1 MiB; what the allocator and the engine add is less than 64 KiB. */
static void a_limit_of_memory_decides_about_lanes(void **state)
{
    enum { KIB = 1 << 10, MIB = 1 << 20, SOME = 64 << 10, CPU_LANE = 2 * MIB + SOME };
    struct dq_engine_options options = options_for("cpu", 0);
    (void)state;
    options.n_threads = 8;
    check_limited(&options, MIB + 8 * CPU_LANE + SOME, 8, MIB);
    check_limited(&options, MIB + 8 * CPU_LANE - 1, 7, MIB);
    check_limited(&options, MIB + CPU_LANE + SOME, 1, MIB);
    check_limited(&options, MIB + CPU_LANE - 1, 1, MIB / 2);
    check_limited(&options, 100 * KIB, 1, 32 * KIB); /* even if little is left for others */
    options.per_lane_extra = MIB;
    check_limited(&options, MIB + 8 * CPU_LANE, 5, MIB);

    options = options_for("gpu", 0);
    const size_t gpu_lane = DQ_GPU_IN + DQ_GPU_OUT + SOME;
    check_limited(&options, MIB + DQ_GPU_LANES * gpu_lane + SOME, DQ_GPU_LANES, DQ_GPU_OUT);
    check_limited(&options, MIB + DQ_GPU_LANES * gpu_lane - 1, DQ_GPU_LANES - 1, DQ_GPU_OUT);
    check_limited(&options, MIB + gpu_lane - 1, 1, DQ_GPU_OUT / 2);
    options.n_consuming = 3;
    options.per_lane_extra = MIB;
    check_limited(&options, MIB + 3 * (gpu_lane / 2 + MIB + SOME), 3, DQ_GPU_OUT / 2);
}

/* The limit is too small, not the GPU. */
static void a_limit_that_is_too_low_is_reported(void **state)
{
    static const char *const devices[] = {"cpu", "gpu"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct dq_engine_options options = options_for(devices[i], 0);
        struct dq_engine engine;
        struct dq_error e;
        dq_mem_limit(SIZE_MAX - dq_mem_left() + 20000);
        check_error(dq_engine_open(&engine, &options, &e), &e, DQ_ERR_MEMORY,
            "KiB of memory is needed, more than --max-memory allows");
        assert_int_equal(engine.n_lanes, 0);
        dq_mem_limit(SIZE_MAX);
    }
}

static void the_cpu_takes_over_from_a_gpu(void **state)
{
    struct dq_engine_options options = options_for("auto", UINT64_MAX);
    struct dq_engine engine;
    struct dq_error e;
    (void)state;
    check_ok(dq_engine_open(&engine, &options, &e), &e);
    assert_string_equal(engine.label, "host:0");
    check_ok(dq_engine_fall_back(&engine, &options, &e), &e);
    assert_string_equal(engine.label, "cpu");
    assert_string_equal(engine.why, "the GPU failed");
    assert_int_equal(engine.n_lanes, 2);
    assert_int_equal(engine.n_gpus, 0);
    assert_string_equal(engine.lanes[0]->ops->name, "cpu");
    dq_engine_close(&engine);
}

#define host_test(f) cmocka_unit_test_setup_teardown(f, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {

        host_test(the_requested_device_is_opened), host_test(auto_weighs_the_work),
        host_test(auto_weighs_threads_and_files), host_test(auto_goes_without_a_gpu),
        host_test(memory_decides_about_lanes), host_test(all_gpus_take_turns),
        host_test(unusable_gpus_are_skipped), host_test(the_first_usable_gpu_is_opened),
        host_test(processors_decide_about_cpu_lanes),
        host_test(a_limit_of_memory_decides_about_lanes), host_test(the_cpu_takes_over_from_a_gpu),
        host_test(
            a_limit_that_is_too_low_is_reported), /* the last, because refusals are remembered */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
