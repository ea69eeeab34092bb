/* Raw files: the data of one array, without a header. */
#include "sink/container.h"

static int plan(struct dq_array *arrays, size_t n, struct dq_file_plan *out, struct dq_error *e)
{
    (void)n; /* 1: a file holds one array */
    (void)e;
    arrays[0].data_off = 0;
    *out = (struct dq_file_plan){.len = arrays[0].n_bytes};
    return 0;
}

const struct dq_container dq_container_raw = {
    .name = "raw", .extension = ".raw", .alt_extension = ".bin", .plan = plan};
