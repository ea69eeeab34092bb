#include "cli/cmd.h"

#include "cli/report.h"
#include "gpu/driver.h"

#include <stdio.h>

static const struct dq_column columns[] = {
    {.key = "id", .heading = "ID", .width = 3},
    {.key = "name", .heading = "NAME", .width = -8, .gap = 1},
    {.key = "block_weights", .heading = "WEIGHTS", .width = 7, .gap = 1},
    {.key = "block_bytes", .heading = "BYTES", .width = 5, .gap = 1},
    {.key = "bits_per_weight", .heading = "BITS PER WEIGHT", .width = 15},
    {.key = "default_dtype", .heading = "DEFAULT", .width = -7},
    {.key = "decoders", .heading = "DECODERS"},
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

/* The decoders that are built in, as a list and, in buf, as text; each decodes every type. */
static struct dq_cell decoders_cell(char *buf, size_t size)
{
    json_t *list = json_pack("[s]", "cpu");
    size_t len = (size_t)snprintf(buf, size, "cpu");
    for (size_t i = 0; dq_gpu_drivers[i] && len < size; i++) {
        const char *name = dq_gpu_drivers[i]->name;
        len += (size_t)snprintf(buf + len, size - len, " %s", name);
        if (list && json_array_append_new(list, json_string(name)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return dq_cell_shown(dq_cell_json(list), buf);
}

int dq_cmd_types(const struct dq_args *args)
{
    struct dq_error e;
    struct dq_report r;
    dq_report_open(&r, args);
    dq_report_begin_rows(&r, "types", columns, N_COLUMNS);
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        const struct dq_type_info *t = &dq_types[i];
        char decoders[64];
        dq_report_row(&r, (const struct dq_cell[N_COLUMNS]){
                              dq_cell_u64(t->id),
                              dq_cell_text(t->name),
                              dq_cell_u64(t->weights),
                              dq_cell_u64(t->bytes),
                              dq_cell_real(8.0 * t->bytes / t->weights),
                              dq_cell_text(dq_dtype_name(t->default_dtype)),
                              decoders_cell(decoders, sizeof decoders),
                          });
    }
    return dq_msg_failure(dq_report_end(&r, 0, &e), &e);
}
