#include "run/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *dq_unit_name(enum dq_unit unit)
{
    static const char *const names[] = {[DQ_UNIT_TENSOR] = "tensor",
        [DQ_UNIT_MATRIX] = "matrix",
        [DQ_UNIT_ROW] = "row",
        [DQ_UNIT_BLOCK] = "block"};
    return names[unit];
}

bool dq_units_have_blocks(const struct dq_range *ranges, uint64_t n_weights)
{
    const struct dq_range *r = &ranges[0];
    return r->count == 0 || ((r->step == 1 || n_weights == 1) && r->start % n_weights == 0 &&
                                r->count % n_weights == 0);
}

/* How many dimensions a unit takes whole. */
static size_t whole_dims(enum dq_unit unit)
{
    static const size_t n[] = {[DQ_UNIT_TENSOR] = DQ_DIMS_MAX,
        [DQ_UNIT_MATRIX] = 2,
        [DQ_UNIT_ROW] = 1,
        [DQ_UNIT_BLOCK] = 0};
    return n[unit];
}

void dq_units_init(struct dq_units *u, const struct dq_range *ranges, enum dq_unit unit,
    uint64_t n_block, uint64_t max_units, uint64_t max_weights)
{
    bool is_whole = true; /* the group has all units along the dimensions before */
    uint64_t n_units = 1; /* of a group */
    *u = (struct dq_units){.n_weights = 1, .n_groups = 1};
    memcpy(u->ranges, ranges, sizeof u->ranges);
    for (size_t d = 0; d < DQ_DIMS_MAX; d++) {
        const uint64_t count = ranges[d].count;
        u->lens[d] = d < whole_dims(unit) ? count : d == 0 ? n_block : 1;
        u->counts[d] = d < whole_dims(unit) ? 1 : count / u->lens[d];
        u->n_weights *= u->lens[d];
    }
    for (size_t d = 0; d < DQ_DIMS_MAX; d++) {
        const uint64_t most_by_len = u->n_weights > 0 ? max_weights / u->n_weights : 1;
        const uint64_t most = (max_units < most_by_len ? max_units : most_by_len) / n_units;
        u->at_once[d] = !is_whole || most <= 1 ? 1 : most < u->counts[d] ? most : u->counts[d];
        if (u->at_once[d] == 0)
            u->at_once[d] = 1;
        is_whole = is_whole && u->at_once[d] == u->counts[d];
        n_units *= u->at_once[d];
        u->n_groups *= (u->counts[d] + u->at_once[d] - 1) / u->at_once[d];
    }
}

/* Sets first to the first unit of a group along each dimension; returns the number of units, and in counts those along
 * each dimension. */
static uint64_t find_group(
    const struct dq_units *u, uint64_t group, uint64_t first[DQ_DIMS_MAX], uint64_t *counts)
{
    uint64_t n = 1;
    for (size_t d = 0; d < DQ_DIMS_MAX; d++) {
        const uint64_t n_along = (u->counts[d] + u->at_once[d] - 1) / u->at_once[d];
        first[d] = group % n_along * u->at_once[d];
        counts[d] =
            u->counts[d] - first[d] < u->at_once[d] ? u->counts[d] - first[d] : u->at_once[d];
        group /= n_along;
        n *= counts[d];
    }
    return n;
}

static struct dq_range part(const struct dq_units *u, size_t d, uint64_t first, uint64_t n)
{
    const struct dq_range *r = &u->ranges[d];
    return (struct dq_range){
        r->start + first * u->lens[d] * (uint64_t)r->step, n * u->lens[d], r->step};
}

uint64_t dq_units_group(const struct dq_units *u, uint64_t group, struct dq_range out[DQ_DIMS_MAX])
{
    uint64_t first[DQ_DIMS_MAX];
    uint64_t counts[DQ_DIMS_MAX];
    const uint64_t n = find_group(u, group, first, counts);
    for (size_t d = 0; d < DQ_DIMS_MAX; d++)
        out[d] = part(u, d, first[d], counts[d]);
    return n;
}

void dq_units_one(
    const struct dq_units *u, uint64_t group, uint64_t i, struct dq_range out[DQ_DIMS_MAX])
{
    uint64_t first[DQ_DIMS_MAX];
    uint64_t counts[DQ_DIMS_MAX];
    find_group(u, group, first, counts);
    for (size_t d = 0; d < DQ_DIMS_MAX; d++) {
        out[d] = part(u, d, first[d] + i % counts[d], 1);
        i /= counts[d];
    }
}

/* How many dimensions of a tensor, from the innermost on, units have. */
static size_t unit_dims(enum dq_unit unit, const struct dq_tensor *t)
{
    const size_t n = unit == DQ_UNIT_BLOCK ? 1 : whole_dims(unit);
    return n < t->n_dims ? n : t->n_dims;
}

/* Writes "2:9:3", or ":" for all. */
static int put_range(const struct dq_range *r, uint64_t dim, char *out, size_t size)
{
    const uint64_t stop = r->start + r->count * (uint64_t)r->step;
    if (r->start == 0 && r->count == dim && (r->step == 1 || dim == 1))
        return snprintf(out, size, ":");
    if (r->step == 1 || r->count <= 1)
        return snprintf(out, size, "%" PRIu64 ":%" PRIu64, r->start, r->start + r->count);
    if (stop > INT64_MAX) /* down to the first one, where no number says what is before it */
        return snprintf(out, size, "%" PRIu64 "::%" PRId64, r->start, r->step);
    return snprintf(out, size, "%" PRIu64 ":%" PRIu64 ":%" PRId64, r->start, stop, r->step);
}

const char *dq_unit_text(enum dq_unit unit, const struct dq_range *ranges,
    const struct dq_tensor *t, char out[DQ_UNIT_TEXT])
{
    const size_t n_ranges = unit_dims(unit, t);
    size_t len = 0;
    size_t lowest = 0; /* whole dimensions at the end need not be written */
    while (lowest < n_ranges && ranges[lowest].start == 0 && ranges[lowest].step == 1 &&
           ranges[lowest].count == t->dims[lowest])
        lowest++;
    out[0] = '\0';
    for (size_t d = t->n_dims; d-- > lowest;) {
        out[len] = len > 0 ? ',' : '[';
        len++;
        if (d < n_ranges)
            len += (size_t)put_range(&ranges[d], t->dims[d], out + len, DQ_UNIT_TEXT - len);
        else
            len += (size_t)snprintf(out + len, DQ_UNIT_TEXT - len, "%" PRIu64, ranges[d].start);
    }
    if (len > 0)
        snprintf(out + len, DQ_UNIT_TEXT - len, "]");
    return out;
}

size_t dq_unit_shape(enum dq_unit unit, const struct dq_range *ranges, const struct dq_tensor *t,
    uint64_t shape[DQ_DIMS_MAX])
{
    const size_t n = unit_dims(unit, t);
    for (size_t d = 0; d < n; d++)
        shape[d] = ranges[n - 1 - d].count;
    return n;
}

void dq_ranges_place(const struct dq_range *ranges, size_t n_dims, uint64_t i, uint64_t *indices)
{
    for (size_t d = 0; d < n_dims; d++) {
        indices[n_dims - 1 - d] = ranges[d].start + i % ranges[d].count * (uint64_t)ranges[d].step;
        i /= ranges[d].count;
    }
}
