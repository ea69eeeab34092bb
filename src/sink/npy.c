/* numpy's .npy files: a header, followed by one array. */
#include "sink/npy.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* | \x93NUMPY | version 1 0 | length of the rest u16 | a Python dict, spaces, newline |
 *
 * numpy appends spaces to the dict so that the first dimension can grow to 21 digits in place, and
 * then pads the header to a multiple of 64 bytes, adding 64 spaces if it already is one. */
enum { PREFIX_LEN = 10, GROWTH_DIGITS = 21, ALIGNMENT = 64 };

size_t dq_npy_header(
    const char *descr, const uint64_t *shape, size_t n_dims, uint8_t out[DQ_NPY_HEADER_MAX])
{
    char dict[DQ_NPY_HEADER_MAX];
    size_t n = (size_t)snprintf(
        dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    size_t growth = 0;
    for (size_t i = 0; i < n_dims; i++) {
        const int digits = snprintf(dict + n, sizeof dict - n, "%" PRIu64, shape[i]);
        if (i == 0)
            growth = GROWTH_DIGITS - (size_t)digits;
        n += (size_t)digits;
        if (n_dims == 1)
            dict[n++] = ',';
        else if (i + 1 < n_dims)
            n += (size_t)snprintf(dict + n, sizeof dict - n, ", ");
    }
    n += (size_t)snprintf(dict + n, sizeof dict - n, "), }");
    const size_t used = PREFIX_LEN + n + growth + 1;
    const size_t total = used + (ALIGNMENT - used % ALIGNMENT);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (uint8_t)(total - PREFIX_LEN);
    out[9] = (uint8_t)((total - PREFIX_LEN) >> 8);
    memcpy(out + PREFIX_LEN, dict, n);
    memset(out + PREFIX_LEN + n, ' ', total - PREFIX_LEN - n - 1);
    out[total - 1] = '\n';
    return total;
}

size_t dq_npy_header_of(const struct dq_array *a, uint8_t out[DQ_NPY_HEADER_MAX])
{
    return dq_npy_header(a->type ? a->type->stored : "|u1", a->shape, a->n_shape, out);
}

bool dq_npy_has_type(const struct dq_type_info *type)
{
    return type->stored[0] != '\0';
}

static size_t header_len(const struct dq_array *a)
{
    uint8_t header[DQ_NPY_HEADER_MAX];
    return dq_npy_header_of(a, header);
}

static int plan(const struct dq_set_request *r, struct dq_file_set *out, struct dq_error *e)
{
    return dq_file_set_plan_each(out, r, header_len, e);
}

static int begin(const struct dq_file_set *s, size_t file, struct dq_sink *sink, struct dq_error *e)
{
    uint8_t header[DQ_NPY_HEADER_MAX];
    struct dq_array a;
    s->request.get(s->request.arg, s->order[s->files[file].first], &a);
    return sink->ops->put(sink, header, dq_npy_header_of(&a, header), 0, e);
}

const struct dq_container dq_container_npy = {
    .name = "npy", .extension = ".npy", .has_type = dq_npy_has_type, .plan = plan, .begin = begin};
