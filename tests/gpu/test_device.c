/* Parsing --device, and naming GPUs. */
#include "dq_test.h"
#include "engine/device.h"
#include "host_driver.h"
#include "scratch.h"

#include <string.h>

static void devices_are_named(void **state)
{
    static const struct {
        const char *text;
        int kind;
        const struct dq_gpu_driver *driver;
        int which;
        int ordinal;
        const char *absent;
    } rows[] = {
        {"auto", DQ_DEVICE_AUTO, NULL, DQ_GPU_FIRST, 0, NULL},
        {"cpu", DQ_DEVICE_CPU, NULL, DQ_GPU_FIRST, 0, NULL},
        {"gpu", DQ_DEVICE_GPU, NULL, DQ_GPU_FIRST, 0, NULL},
        {"gpu:0", DQ_DEVICE_GPU, NULL, DQ_GPU_ONE, 0, NULL},
        {"gpu:7", DQ_DEVICE_GPU, NULL, DQ_GPU_ONE, 7, NULL},
        {"gpu:1023", DQ_DEVICE_GPU, NULL, DQ_GPU_ONE, 1023, NULL},
        {"host", DQ_DEVICE_GPU, &dq_gpu_host, DQ_GPU_FIRST, 0, NULL},
        {"host:12", DQ_DEVICE_GPU, &dq_gpu_host, DQ_GPU_ONE, 12, NULL},
        {"hip", DQ_DEVICE_GPU, NULL, DQ_GPU_FIRST, 0, "hip"},
        {"cuda:3", DQ_DEVICE_GPU, NULL, DQ_GPU_ONE, 3, "cuda"},
        {"gpu:all", DQ_DEVICE_GPU, NULL, DQ_GPU_ALL, 0, NULL},
        {"host:all", DQ_DEVICE_GPU, &dq_gpu_host, DQ_GPU_ALL, 0, NULL},
        {"hip:all", DQ_DEVICE_GPU, NULL, DQ_GPU_ALL, 0, "hip"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_device_choice c;
        struct dq_error e;
        check_ok(dq_device_parse(rows[i].text, &c, &e), &e);
        assert_int_equal(c.kind, rows[i].kind);
        assert_ptr_equal(c.driver, rows[i].driver);
        assert_int_equal(c.which, rows[i].which);
        assert_int_equal(c.ordinal, rows[i].ordinal);
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
        "auto ", "hos", "hostx", "hip:", "cuda:y", "host:1:2", "all", "gpu:al", "gpu:alll",
        "gpu:All", "gpu:all:0", "gpu:all,1", "cpu:all", "auto:all"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_device_choice c = {.ordinal = 77};
        struct dq_error e;
        check_error(dq_device_parse(rows[i], &c, &e), &e, DQ_ERR_USAGE, "--device");
        assert_int_equal(c.ordinal, 77);
    }
}

static void gpus_are_named_in_runs(void **state)
{
    static const struct dq_gpu_driver other = {.name = "cuda"};
    const struct dq_gpu_driver *h = &dq_gpu_host;
    const struct dq_gpu_id devices[] = {
        {h, 0}, {h, 2}, {h, 3}, {h, 4}, {&other, 5}, {&other, 7}, {&other, 8}, {h, 9}};
    static const char *const labels[] = {"", "host:0", "host:0,host:2", "host:0,host:2-3",
        "host:0,host:2-4", "host:0,host:2-4,cuda:5", "host:0,host:2-4,cuda:5,cuda:7",
        "host:0,host:2-4,cuda:5,cuda:7-8", "host:0,host:2-4,cuda:5,cuda:7-8,host:9"};
    char label[64];
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        dq_device_label(devices, i, label, sizeof label);
        assert_string_equal(label, labels[i]);
    }
    for (size_t size = 1; size < sizeof label; size++) { /* cut, not overrun */
        memset(label, 'x', sizeof label);
        dq_device_label(devices, 8, label, size);
        assert_int_equal(
            strlen(label), size - 1 < strlen(labels[8]) ? size - 1 : strlen(labels[8]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_named),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(gpus_are_named_in_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
