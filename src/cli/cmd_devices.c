#include "cli/cmd.h"

#include "cli/report.h"

#include <stdio.h>
#include <string.h>

static const struct dq_column columns[] = {
    {.key = "device", .heading = "DEVICE", .width = -14, .gap = 1},
    {.key = "usable", .heading = "USE", .width = -3},
    {.key = "name", .heading = "NAME", .width = -28, .gap = 1},
    {.key = "arch", .heading = "ARCH", .width = -10, .gap = 1},
    {.key = "memory", .heading = "MEMORY", .width = 10},
    {.key = "driver", .heading = "DRIVER", .width = -12, .gap = 1},
    {.key = "reason", .heading = "NOTE"},
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0], LABEL_SIZE = 32 };

/* Of what is not a GPU. */
static const struct dq_gpu_info unknown;

static void put_row(struct dq_report *r, const char *label, bool usable,
    const struct dq_gpu_info *info, const char *reason)
{
    const struct dq_cell memory = dq_cell_bytes(info->memory);
    dq_report_row(r, (const struct dq_cell[N_COLUMNS]){
                         dq_cell_text(label),
                         dq_cell_bool(usable),
                         dq_cell_text(info->name),
                         dq_cell_text(info->arch),
                         info->memory ? memory : dq_cell_shown(memory, ""),
                         dq_cell_text(info->driver),
                         dq_cell_text(reason),
                     });
}

/* Opens the GPU briefly to see whether the kernels load. */
static void put_gpu(struct dq_report *r, const struct dq_gpu_driver *driver, int ordinal)
{
    struct dq_error e;
    struct dq_gpu_info info = {0};
    struct dq_gpu_ctx *ctx = NULL;
    char label[LABEL_SIZE];
    int rc = driver->describe(ordinal, &info, &e);
    if (rc == 0)
        rc = driver->open(ordinal, &ctx, &e);
    snprintf(label, sizeof label, "%s:%d", driver->name, ordinal);
    put_row(r, label, rc == 0, &info, rc == 0 ? "" : e.text);
    driver->close(ctx);
}

static void put_gpus(struct dq_report *r)
{
    for (size_t i = 0; dq_gpu_drivers[i]; i++) {
        const struct dq_gpu_driver *driver = dq_gpu_drivers[i];
        struct dq_error e;
        int n = 0;
        if (driver->count(&n, &e) != 0)
            put_row(r, driver->name, false, &unknown, e.text);
        for (int ordinal = 0; ordinal < n; ordinal++)
            put_gpu(r, driver, ordinal);
    }
    if (!dq_gpu_drivers[0])
        put_row(r, "gpu", false, &unknown, "this program is built without GPU support");
}

static void put_cpus(struct dq_report *r)
{
    for (size_t i = 0; dq_cpu_levels[i]; i++) {
        const struct dq_cpu *cpu = dq_cpu_levels[i];
        const bool usable = dq_cpu_usable(cpu);
        const bool is_default = strcmp(cpu->name, dq_cpu_best()->name) == 0;
        char label[LABEL_SIZE];
        snprintf(label, sizeof label, "cpu %s", cpu->name);
        put_row(r, label, usable, &unknown,
            !usable ? "not supported by this processor" : (is_default ? "the default" : ""));
    }
}

int dq_cmd_devices(const struct dq_args *args)
{
    struct dq_error e;
    struct dq_report r;
    dq_report_open(&r, args);
    dq_report_begin_rows(&r, "devices", columns, N_COLUMNS);
    put_cpus(&r);
    put_gpus(&r);
    return dq_msg_failure(dq_report_end(&r, 0, &e), &e);
}
