#include "cli/cmd.h"

#include "base/file.h"
#include "base/json.h"
#include "gpu/driver.h"

#include <inttypes.h>
#include <stdio.h>

static double bits_per_weight(const struct dq_type_info *t)
{
    return 8.0 * t->bytes / t->weights;
}

/* The decoders that are built in; each decodes every type. */
static json_t *decoders_json(void)
{
    json_t *list = json_pack("[s]", "cpu");
    for (size_t i = 0; dq_gpu_drivers[i]; i++)
        json_array_append_new(list, json_string(dq_gpu_drivers[i]->name));
    return list;
}

static json_t *type_json(const struct dq_type_info *t)
{
    return json_pack("{s:i, s:s, s:i, s:i, s:f, s:s, s:o}", "id", (int)t->id, "name", t->name,
        "block_weights", (int)t->weights, "block_bytes", (int)t->bytes, "bits_per_weight",
        bits_per_weight(t), "default_dtype", dq_dtype_name(t->default_dtype), "decoders",
        decoders_json());
}

static void print_table(void)
{
    printf("%2s  %-8s %7s %5s %15s  %-7s  %s\n", "ID", "NAME", "WEIGHTS", "BYTES",
        "BITS PER WEIGHT", "DEFAULT", "DECODERS");
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        const struct dq_type_info *t = &dq_types[i];
        printf("%2" PRIu32 "  %-8s %7" PRIu32 " %5" PRIu32 " %15.6g  %-7s  cpu", t->id, t->name,
            t->weights, t->bytes, bits_per_weight(t), dq_dtype_name(t->default_dtype));
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
        return dq_msg_failure(dq_file_flush(stdout, NULL, &e), &e);
    }
    if (args->json) {
        dq_json_begin_object(&j, NULL);
        dq_json_begin_list(&j, "types");
    }
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++)
        dq_json_put(&j, NULL, type_json(&dq_types[i]));
    if (args->json) {
        dq_json_end(&j);
        dq_json_end(&j);
    }
    return dq_msg_failure(dq_json_finish(&j, &e), &e);
}
