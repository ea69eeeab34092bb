#include "cli/cmd.h"

#include "base/file.h"
#include "base/json.h"
#include "gpu/driver.h"

#include <inttypes.h>
#include <stdio.h>

static double bits_per_weight(const struct dq_type_info *f)
{
    return 8.0 * f->bytes / f->weights;
}

/* What can decode: every decoder there is can decode every type. */
static json_t *decoders_json(void)
{
    json_t *list = json_pack("[s]", "cpu");
    for (size_t i = 0; dq_gpu_drivers[i]; i++)
        json_array_append_new(list, json_string(dq_gpu_drivers[i]->name));
    return list;
}

static json_t *format_json(const struct dq_type_info *f)
{
    return json_pack("{s:i, s:s, s:i, s:i, s:f, s:s, s:o}", "id", (int)f->id, "name", f->name,
        "block_weights", (int)f->weights, "block_bytes", (int)f->bytes, "bits_per_weight",
        bits_per_weight(f), "default_dtype", dq_dtype_name(f->default_dtype), "decoders",
        decoders_json());
}

static void print_table(void)
{
    printf("%2s  %-8s %7s %5s %15s  %-7s  %s\n", "ID", "NAME", "WEIGHTS", "BYTES",
        "BITS PER WEIGHT", "DEFAULT", "DECODERS");
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        const struct dq_type_info *f = &dq_types[i];
        printf("%2" PRIu32 "  %-8s %7" PRIu32 " %5" PRIu32 " %15.6g  %-7s  cpu", f->id, f->name,
            f->weights, f->bytes, bits_per_weight(f), dq_dtype_name(f->default_dtype));
        for (size_t k = 0; dq_gpu_drivers[k]; k++)
            printf(" %s", dq_gpu_drivers[k]->name);
        putchar('\n');
    }
}

int dq_cmd_types(const struct dq_args *args)
{
    struct dq_error e;
    struct dq_json j = {.file = stdout};
    if (!args->json && !args->jsonl) {
        print_table();
        return dq_cmd_report(dq_file_flush(stdout, NULL, &e), &e);
    }
    if (args->json) {
        dq_json_begin_object(&j, NULL);
        dq_json_begin_list(&j, "types");
    }
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++)
        dq_json_put(&j, NULL, format_json(&dq_types[i]));
    if (args->json) {
        dq_json_end(&j);
        dq_json_end(&j);
    }
    return dq_cmd_report(dq_json_finish(&j, &e), &e);
}
