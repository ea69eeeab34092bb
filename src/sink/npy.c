/* numpy's .npy files: a header, followed by one array. */
#include "sink/npy.h"

#include "base/checked.h"
#include "base/mem.h"
#include "sink/container.h"

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

static int plan(struct dq_array *arrays, size_t n, struct dq_file_plan *out, struct dq_error *e)
{
    struct dq_array *a = &arrays[0];
    uint8_t header[DQ_NPY_HEADER_MAX];
    (void)n; /* 1: a file holds one array */
    *out = (struct dq_file_plan){0};
    if (!*a->descr)
        return dq_fail(
            e, DQ_ERR_USAGE, "numpy has no type for bf16; use --format raw, or another --dtype");
    out->header_len = dq_npy_header(a->descr, a->shape, a->n_shape, header);
    out->header = dq_mem_alloc(out->header_len);
    if (!out->header)
        return dq_fail_nomem(e);
    memcpy(out->header, header, out->header_len);
    a->data_off = out->header_len;
    out->len = dq_add_sat_u64(a->data_off, a->n_bytes);
    return 0;
}

static int begin(const struct dq_file_plan *p, struct dq_sink *s, struct dq_error *e)
{
    return s->ops->put(s, p->header, p->header_len, 0, e);
}

const struct dq_container dq_container_npy = {
    .name = "npy", .extension = ".npy", .plan = plan, .begin = begin};
