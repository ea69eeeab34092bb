#include "cli/cmd.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* One line of the list. */
struct row {
    char label[32];
    struct dq_gpu_info info;
    bool usable;
    char reason[512];
};

typedef void (*dq_row_fn)(const struct row *row, void *arg);

static void print_row(const struct row *r, void *arg)
{
    char memory[32] = "";
    (void)arg;
    if (r->info.memory)
        dq_format_bytes(r->info.memory, memory);
    char line[1024];
    int len = snprintf(line, sizeof line, "%-14s %-3s  %-28s %-10s %10s  %-12s %s", r->label,
        r->usable ? "yes" : "no", r->info.name, r->info.arch, memory, r->info.driver, r->reason);
    while (len > 0 && len < (int)sizeof line && line[len - 1] == ' ')
        line[--len] = '\0';
    puts(line);
}

static void put_row(const struct row *r, void *arg)
{
    dq_json_put(arg, NULL,
        json_pack("{s:s, s:b, s:o, s:s, s:o, s:s, s:o}", "device", r->label, "usable", r->usable,
            "name", dq_json_text(r->info.name, strlen(r->info.name)), "arch", r->info.arch,
            "memory", dq_json_u64(r->info.memory), "driver", r->info.driver, "reason",
            dq_json_text(r->reason, strlen(r->reason))));
}

/* Opens the GPU briefly, to see whether the kernels load. */
static void try_gpu(const struct dq_gpu_driver *driver, int ordinal, struct row *r)
{
    struct dq_error e;
    struct dq_gpu_ctx *ctx = NULL;
    int rc = driver->describe(ordinal, &r->info, &e);
    if (rc == 0)
        rc = driver->open(ordinal, &ctx, &e);
    r->usable = rc == 0;
    if (rc != 0)
        snprintf(r->reason, sizeof r->reason, "%.500s", e.text);
    driver->close(ctx);
}

static void each_gpu(dq_row_fn show, void *arg)
{
    for (size_t i = 0; dq_gpu_drivers[i]; i++) {
        const struct dq_gpu_driver *d = dq_gpu_drivers[i];
        struct dq_error e;
        int n = 0;
        if (d->count(&n, &e) != 0) {
            struct row r = {.usable = false};
            snprintf(r.label, sizeof r.label, "%s", d->name);
            snprintf(r.reason, sizeof r.reason, "%.500s", e.text);
            show(&r, arg);
        }
        for (int k = 0; k < n; k++) {
            struct row r = {.usable = false};
            snprintf(r.label, sizeof r.label, "%s:%d", d->name, k);
            try_gpu(d, k, &r);
            show(&r, arg);
        }
    }
    if (!dq_gpu_drivers[0]) {
        const struct row r = {
            .label = "gpu", .reason = "this program is built without GPU support"};
        show(&r, arg);
    }
}

static void each_cpu(dq_row_fn show, void *arg)
{
    for (size_t i = 0; dq_cpu_levels[i]; i++) {
        const struct dq_cpu *cpu = dq_cpu_levels[i];
        struct row r = {.usable = dq_cpu_usable(cpu)};
        snprintf(r.label, sizeof r.label, "cpu %s", cpu->name);
        if (!r.usable)
            snprintf(r.reason, sizeof r.reason, "not supported by this processor");
        else if (strcmp(cpu->name, dq_cpu_best()->name) == 0)
            snprintf(r.reason, sizeof r.reason, "the default");
        show(&r, arg);
    }
}

int dq_cmd_devices(const struct dq_args *args)
{
    struct dq_error e;
    struct dq_json j = {.file = stdout};
    if (!args->json && !args->jsonl) {
        printf("%-14s %-3s  %-28s %-10s %10s  %-12s %s\n", "DEVICE", "USE", "NAME", "ARCH",
            "MEMORY", "DRIVER", "NOTE");
        each_cpu(print_row, NULL);
        each_gpu(print_row, NULL);
        return dq_msg_failure(dq_file_flush(stdout, NULL, &e), &e);
    }
    if (args->json) {
        dq_json_begin_object(&j, NULL);
        dq_json_begin_list(&j, "devices");
    }
    each_cpu(put_row, &j);
    each_gpu(put_row, &j);
    if (args->json) {
        dq_json_end(&j);
        dq_json_end(&j);
    }
    return dq_msg_failure(dq_json_finish(&j, &e), &e);
}
