/* Which device a run gets, and what it does when that cannot be had. */
#include "dq_test.h"
#include "engine.h"
#include "gpu_host.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int clear(void **state)
{
    static const char *const names[] = {
        "DQ_HOST_DEVICES", "DQ_HOST_MEMORY", "DQ_HOST_FAIL", "DQ_HOST_WRONG", "GGUF_DQ_AUTO_MIN"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    return 0;
}

static void devices_are_named(void **state)
{
    static const struct {
        const char *text;
        int kind;
        const struct dq_gpu_driver *driver;
        int number;
        const char *absent;
    } rows[] = {
        {"auto", DQ_DEVICE_AUTO, NULL, 0, NULL},
        {"cpu", DQ_DEVICE_CPU, NULL, 0, NULL},
        {"gpu", DQ_DEVICE_GPU, NULL, 0, NULL},
        {"gpu:0", DQ_DEVICE_GPU, NULL, 0, NULL},
        {"gpu:7", DQ_DEVICE_GPU, NULL, 7, NULL},
        {"gpu:1023", DQ_DEVICE_GPU, NULL, 1023, NULL},
        {"host", DQ_DEVICE_GPU, &dq_gpu_host, 0, NULL},
        {"host:12", DQ_DEVICE_GPU, &dq_gpu_host, 12, NULL},
        {"hip", DQ_DEVICE_GPU, NULL, 0, "hip"},
        {"cuda:3", DQ_DEVICE_GPU, NULL, 3, "cuda"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_device_choice c;
        struct dq_error e;
        check_ok(dq_device_parse(rows[i].text, &c, &e), &e);
        assert_int_equal(c.kind, rows[i].kind);
        assert_ptr_equal(c.driver, rows[i].driver);
        assert_int_equal(c.number, rows[i].number);
        if (rows[i].absent)
            assert_string_equal(c.absent, rows[i].absent);
        else
            assert_null(c.absent);
    }
}

static void other_names_are_refused(void **state)
{
    static const char *const rows[] = {"", ":", ":1", "gpu:", "gpu:x", "gpu:1x", "gpu:-1", "gpu:+1",
        "gpu: 1", "gpu:1024", "gpu:99999999999999999999", "gp", "gpux", "GPU", "auto:0", "cpu:0",
        "auto ", "hos", "hostx", "hip:", "cuda:y", "host:1:2"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_device_choice c = {.number = 77};
        struct dq_error e;
        check_error(dq_device_parse(rows[i], &c, &e), &e, DQ_ERR_USAGE, "--device");
        assert_int_equal(c.number, 77);
    }
}

static struct dq_engine_wish wish_for(const char *device, uint64_t n_bytes)
{
    struct dq_engine_wish wish = {.n_bytes = n_bytes, .n_threads = 2};
    struct dq_error e;
    check_ok(dq_device_parse(device, &wish.device, &e), &e);
    return wish;
}

/* Opens and closes an engine; checks its label, and that the reason for it holds some words. */
static void check_opens(
    const char *device, uint64_t n_bytes, const char *label, const char *words, size_t n_lanes)
{
    const struct dq_engine_wish wish = wish_for(device, n_bytes);
    struct dq_engine engine;
    struct dq_error e;
    check_ok(dq_engine_open(&engine, &wish, &e), &e);
    assert_string_equal(engine.label, label);
    if (!strstr(engine.why, words))
        fail_msg("'%s' does not hold '%s'", engine.why, words);
    assert_int_equal(engine.n_lanes, n_lanes);
    assert_int_equal(engine.gpu != NULL, strcmp(label, "cpu") != 0);
    for (size_t i = 0; i < engine.n_lanes; i++) {
        assert_string_equal(engine.lanes[i]->ops->name, engine.gpu ? "gpu" : "cpu");
        assert_int_equal(engine.lanes[i]->out_len, engine.lanes[0]->out_len);
        assert_int_equal(engine.lanes[i]->in_len, engine.lanes[0]->in_len);
        assert_true(engine.lanes[i]->in_len >= engine.lanes[i]->out_len / 2);
    }
    dq_engine_close(&engine);
    dq_engine_close(&engine); /* a second time does nothing */
}

static void check_refused(const char *device, const char *words)
{
    const struct dq_engine_wish wish = wish_for(device, UINT64_MAX);
    struct dq_engine engine;
    struct dq_error e;
    check_error(dq_engine_open(&engine, &wish, &e), &e, DQ_ERR_GPU, words);
    assert_int_equal(engine.n_lanes, 0);
    assert_null(engine.gpu);
    dq_engine_close(&engine);
}

static void what_is_asked_for_is_taken(void **state)
{
    (void)state;
    check_opens("cpu", UINT64_MAX, "cpu", "asked for", 2);
    check_opens("gpu", 0, "host:0", "asked for", 3);
    check_opens("gpu:1", 0, "host:1", "asked for", 3);
    check_opens("host:1", 0, "host:1", "asked for", 3);
    check_refused("gpu:2", "there is no device 2; 2 are found");
    check_refused("host:2", "there is no device 2");
    check_refused("hip", "built without");
    setenv("DQ_HOST_DEVICES", "1", 1);
    check_refused("gpu:1", "there is no device 1; 1 is found");
    setenv("DQ_HOST_DEVICES", "0", 1);
    check_refused("gpu", "no usable GPU: hostGetDeviceCount: no device");
}

static void auto_weighs_the_work(void **state)
{
    const uint64_t gib = (uint64_t)1 << 30;
    (void)state;
    check_opens("auto", 0, "cpu", "less than 16.0 GiB", 2);
    check_opens("auto", 16 * gib - 1, "cpu", "less than 16.0 GiB", 2);
    check_opens("auto", 16 * gib, "host:0", "there is much to do", 3);
    setenv("GGUF_DQ_AUTO_MIN", "1000", 1);
    check_opens("auto", 999, "cpu", "less than 1000 B", 2);
    check_opens("auto", 1000, "host:0", "there is much to do", 3);
    setenv("GGUF_DQ_AUTO_MIN", "0", 1);
    check_opens("auto", 0, "host:0", "there is much to do", 3);
    static const char *const nonsense[] = {"", "x", "-1", "10x", " 1"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        setenv("GGUF_DQ_AUTO_MIN", nonsense[i], 1);
        check_opens("auto", gib, "cpu", "less than 16.0 GiB", 2);
    }
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
        check_refused("gpu", rows[i].words);
    }
}

static void memory_decides_about_lanes(void **state)
{
    static const struct {
        const char *memory;
        size_t out_len; /* 0: the GPU cannot be used */
        size_t n_lanes;
    } rows[] = {
        {"100000000", 8 << 20, 3},
        {"30000000", 8 << 20, 2},
        {"12582916", 8 << 20, 1},
        {"12582915", 4 << 20, 1},
        {"98308", 64 << 10, 1},
        {"98307", 0, 0},
        {"0", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct dq_engine_wish wish = wish_for("gpu", 0);
        struct dq_engine engine;
        struct dq_error e;
        setenv("DQ_HOST_MEMORY", rows[i].memory, 1);
        if (rows[i].out_len == 0) {
            check_refused("gpu", "out of memory");
            continue;
        }
        check_ok(dq_engine_open(&engine, &wish, &e), &e);
        assert_int_equal(engine.n_lanes, rows[i].n_lanes);
        for (size_t k = 0; k < engine.n_lanes; k++)
            assert_int_equal(engine.lanes[k]->out_len, rows[i].out_len);
        dq_engine_close(&engine);
    }
}

static void processors_decide_about_cpu_lanes(void **state)
{
    static const unsigned numbers[] = {1, 2, 5, DQ_LANES_MAX, DQ_LANES_MAX + 1, 4096};
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    struct dq_engine_wish wish = wish_for("cpu", 0);
    struct dq_engine engine;
    struct dq_error e;
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        wish.n_threads = numbers[i];
        check_ok(dq_engine_open(&engine, &wish, &e), &e);
        assert_int_equal(
            engine.n_lanes, numbers[i] < DQ_LANES_MAX ? numbers[i] : (unsigned)DQ_LANES_MAX);
        dq_engine_close(&engine);
    }
    wish.n_threads = 0;
    check_ok(dq_engine_open(&engine, &wish, &e), &e);
    assert_int_equal(engine.n_lanes, online < DQ_LANES_MAX ? online : DQ_LANES_MAX);
    dq_engine_close(&engine);
}

static void a_gpu_is_given_up_for_the_cpu(void **state)
{
    struct dq_engine_wish wish = wish_for("auto", UINT64_MAX);
    struct dq_engine engine;
    struct dq_error e;
    (void)state;
    check_ok(dq_engine_open(&engine, &wish, &e), &e);
    assert_string_equal(engine.label, "host:0");
    check_ok(dq_engine_fall_back(&engine, &wish, &e), &e);
    assert_string_equal(engine.label, "cpu");
    assert_string_equal(engine.why, "the GPU failed");
    assert_int_equal(engine.n_lanes, 2);
    assert_null(engine.gpu);
    assert_string_equal(engine.lanes[0]->ops->name, "cpu");
    dq_engine_close(&engine);
}

#define host_test(f) cmocka_unit_test_setup_teardown(f, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        host_test(devices_are_named),
        host_test(other_names_are_refused),
        host_test(what_is_asked_for_is_taken),
        host_test(auto_weighs_the_work),
        host_test(auto_goes_without_a_gpu),
        host_test(memory_decides_about_lanes),
        host_test(processors_decide_about_cpu_lanes),
        host_test(a_gpu_is_given_up_for_the_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
