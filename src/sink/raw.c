/* Raw files: the data of one array, without a header. */
#include "sink/container.h"

static bool has_type(const struct dq_type_info *type)
{
    return type->weights == 1;
}

static int plan(const struct dq_set_request *r, struct dq_file_set *out, struct dq_error *e)
{
    struct dq_array a;
    int rc = dq_file_set_init(out, r, e);
    for (size_t i = 0; rc == 0 && i < r->n; i++) {
        if (!r->get(r->arg, i, &a))
            continue;
        rc = dq_file_set_add_file(out, e);
        if (rc != 0)
            break;
        dq_file_set_add_array(out, i, 0);
        out->files[out->n_files - 1].len = a.n_bytes;
    }
    return rc;
}

const struct dq_container dq_container_raw = {.name = "raw",
    .extension = ".raw",
    .alt_extension = ".bin",
    .has_type = has_type,
    .plan = plan};
