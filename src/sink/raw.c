/* Raw files: the data of one array, without a header. */
#include "sink/container.h"

static bool has_type(const struct dq_type_info *type)
{
    return type->weights == 1;
}

static size_t no_header(const struct dq_array *a)
{
    (void)a;
    return 0;
}

static int plan(const struct dq_set_request *r, struct dq_file_set *out, struct dq_error *e)
{
    return dq_file_set_plan_each(out, r, no_header, e);
}

const struct dq_container dq_container_raw = {.name = "raw",
    .extension = ".raw",
    .alt_extension = ".bin",
    .has_type = has_type,
    .plan = plan};
