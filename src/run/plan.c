#include "run/plan.h"

#include <assert.h>
#include <string.h>

/* Nothing reads ahead of who reads backwards. Where each read takes its time, segments in falling order are
 * announced together, as far as one request of FUSE reaches. Nothing else is: what comes after a read is fetched
 * by the system, and requests that come at once, out of order, make what reads a file as a stream, such as
 * rclone, begin anew for each. */
enum { REQUEST = 128 << 10 };

static uint64_t magnitude(int64_t step)
{
    return step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
}

static bool is_all(const struct dq_range *r, uint64_t dim)
{
    return r->start == 0 && r->count == dim && (r->step == 1 || dim == 1);
}

static void add_outer(struct dq_plan *p, struct dq_range range, uint64_t stride)
{
    p->outer[p->n_outer].range = range;
    p->outer[p->n_outer].stride = stride;
    p->n_outer++;
    p->n_segments *= range.count;
}

/* Splits the ranges into those that a segment spans and the outer ones. A segment spans all dimensions
 * that are selected whole, and a contiguous part of the next one; the others become outer ranges. */
static void split_ranges(
    struct dq_plan *p, const uint64_t dims[DQ_DIMS_MAX], const struct dq_range ranges[DQ_DIMS_MAX])
{
    uint64_t extent = dims[0]; /* items of the dimensions that the segment spans */
    bool whole = is_all(&ranges[0], dims[0]);
    p->inner = ranges[0];
    for (size_t i = 1; i < DQ_DIMS_MAX; i++) {
        struct dq_range r = ranges[i];
        if (whole && (r.step == 1 || r.count == 1)) {
            p->inner = (struct dq_range){r.start * extent, r.count * extent, 1};
            whole = is_all(&r, dims[i]);
        } else {
            whole = false;
            add_outer(p, r, extent);
        }
        extent *= dims[i];
    }
}

void dq_plan_init(struct dq_plan *p, const struct dq_model *m, const struct dq_tensor *t,
    enum dq_dtype dtype, const struct dq_range *ranges)
{
    uint64_t dims[DQ_DIMS_MAX];
    struct dq_range all[DQ_DIMS_MAX];
    *p = (struct dq_plan){.model = m, .tensor = t, .dtype = dtype, .n_segments = 1};
    p->block_len = t->type ? t->type->bytes : 1;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): type is NULL only with native */
    p->block_items = dtype == DQ_DTYPE_native ? 1 : t->type->weights;
    p->item_len = dtype == DQ_DTYPE_native ? p->block_len : dq_dtype_len(dtype);
    memcpy(dims, t->dims, sizeof dims);
    if (!t->type || (dtype == DQ_DTYPE_native && dims[0] % t->type->weights != 0)) {
        dims[0] = t->n_bytes / p->block_len;
        for (size_t i = 1; i < DQ_DIMS_MAX; i++)
            dims[i] = 1;
    } else if (dtype == DQ_DTYPE_native) {
        dims[0] /= t->type->weights;
    }
    p->n_items = 1;
    for (size_t i = 0; i < DQ_DIMS_MAX; i++) {
        all[i] = ranges && i < t->n_dims ? ranges[i] : (struct dq_range){0, dims[i], 1};
        p->n_items *= all[i].count;
        if (all[i].count <= 1)
            all[i].step = 1; /* unused, and a huge one would overflow */
    }
    if (p->n_items == 0)
        return;
    if (all[0].count > 1 && magnitude(all[0].step) > p->block_items) {
        /* Each item is in a different block: one segment per item, so that only those are read. */
        const struct dq_range one = {0, 1, 1};
        add_outer(p, all[0], 1);
        all[0] = one;
    }
    split_ranges(p, dims, all);
}

void dq_plan_init_gather(struct dq_plan *p, struct dq_gather *g, enum dq_dtype dtype)
{
    const struct dq_gather_source *s = &g->sources[0];
    const struct dq_tensor *t = s->tensor;
    dq_gather_init(g, dtype);
    if (dq_gather_is_contiguous(g)) { /* no need to copy the values */
        dq_plan_init(
            p, g->model, t, dq_dtype_is_stored(t->type, dtype) ? DQ_DTYPE_native : dtype, NULL);
        p->inner = (struct dq_range){s->base, g->n_units * g->unit_len, 1};
        p->n_items = p->inner.count;
        return;
    }
    *p = (struct dq_plan){
        .model = g->model,
        .gather = g,
        .dtype = dtype,
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): native means that there is one */
        .item_len = dtype == DQ_DTYPE_native ? t->type->bytes : dq_dtype_len(dtype),
        .n_items = g->n_units * g->unit_len,
        .n_segments = g->n_units,
    };
}

/* The base of a segment: the item from which the inner range counts. */
static uint64_t segment_base(const struct dq_plan *p, uint64_t segment)
{
    uint64_t base = 0;
    for (size_t i = 0; i < p->n_outer; i++) {
        const struct dq_range *r = &p->outer[i].range;
        const uint64_t index = r->start + (segment % r->count) * (uint64_t)r->step;
        base += index * p->outer[i].stride;
        segment /= r->count;
    }
    return base;
}

/* Returns the lowest of the n items of a segment at base, starting with number `from`; *span is the
 * distance to the highest, plus one. */
static uint64_t lowest_item(
    const struct dq_plan *p, uint64_t base, uint64_t from, uint64_t n, uint64_t *span)
{
    const uint64_t first = base + p->inner.start + from * (uint64_t)p->inner.step;
    *span = (n - 1) * magnitude(p->inner.step) + 1;
    return p->inner.step < 0 ? first - (*span - 1) : first;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Returns how many items of a segment, from pos on, max_blocks blocks can hold. */
static uint64_t items_that_fit(
    const struct dq_plan *p, const struct dq_plan_pos *pos, uint64_t base, uint64_t max_blocks)
{
    const uint64_t left = p->inner.count - pos->item;
    const uint64_t step = magnitude(p->inner.step);
    uint64_t span;
    const uint64_t first = lowest_item(p, base, pos->item, 1, &span);
    const uint64_t in_block = first % p->block_items;
    /* The distance from the first item to the end of max_blocks blocks, in the direction of step. */
    const uint64_t reach = p->inner.step < 0 ? (max_blocks - 1) * p->block_items + in_block
                                             : max_blocks * p->block_items - in_block - 1;
    return min_u64(left, reach / step + 1);
}

/* Returns how many segments from pos on, of n items each, fit a chunk of max_blocks blocks. All must
 * have the same lead. Rows do, because they consist of whole blocks; single items of a row may not. */
static size_t segments_that_fit(const struct dq_plan *p, const struct dq_plan_pos *pos,
    const struct dq_chunk *c, uint64_t n, uint64_t max_blocks)
{
    const uint64_t max_segments = min_u64(max_blocks / c->seg_blocks, p->n_segments - pos->segment);
    size_t n_segments = 1;
    uint64_t span;
    while (
        n_segments < max_segments &&
        lowest_item(p, segment_base(p, pos->segment + n_segments), 0, n, &span) % p->block_items ==
            c->lead)
        n_segments++;
    return n_segments;
}

bool dq_plan_done(const struct dq_plan *p, const struct dq_plan_pos *pos)
{
    return p->n_items == 0 || pos->segment == p->n_segments;
}

bool dq_plan_next(
    const struct dq_plan *p, struct dq_plan_pos *pos, uint64_t n_weights, struct dq_chunk *out)
{
    if (dq_plan_done(p, pos))
        return false;
    if (p->gather) {
        dq_gather_next(p->gather, pos, n_weights, out);
        return true;
    }
    const uint64_t max_blocks = n_weights / (p->tensor->type ? p->tensor->type->weights : 1);
    assert(max_blocks > 0);
    const uint64_t base = segment_base(p, pos->segment);
    const uint64_t n = items_that_fit(p, pos, base, max_blocks);
    uint64_t span;
    const uint64_t low = lowest_item(p, base, pos->item, n, &span);
    struct dq_chunk c = {
        .first_item = pos->segment * p->inner.count + pos->item,
        .segment = pos->segment,
        .n_segments = 1,
        .from = pos->item,
        .seg_items = (size_t)n,
        .lead = (size_t)(low % p->block_items),
    };
    c.seg_blocks = (size_t)((c.lead + span + p->block_items - 1) / p->block_items);
    if (n == p->inner.count)
        c.n_segments = segments_that_fit(p, pos, &c, n, max_blocks);
    pos->item += n;
    if (pos->item == p->inner.count) {
        pos->segment += c.n_segments;
        pos->item = 0;
    }
    c.n_items = c.n_segments * c.seg_items;
    *out = c;
    return true;
}

struct dq_plan_pos dq_plan_at(const struct dq_plan *p, uint64_t item)
{
    const uint64_t count = p->gather ? p->gather->unit_len : p->inner.count;
    return (struct dq_plan_pos){item / count, item % count};
}

void dq_plan_cut(const struct dq_plan *p, struct dq_chunk *c, size_t n_items)
{
    if (n_items >= c->n_items)
        return;
    c->n_segments = n_items / c->seg_items;
    if (c->n_segments == 0) {
        uint64_t span;
        const uint64_t base = segment_base(p, c->segment);
        const uint64_t low = lowest_item(p, base, c->from, n_items, &span);
        c->n_segments = 1;
        c->seg_items = n_items;
        c->lead = (size_t)(low % p->block_items);
        c->seg_blocks = (size_t)((c->lead + span + p->block_items - 1) / p->block_items);
    }
    c->n_items = c->n_segments * c->seg_items;
}

void dq_plan_locate(
    const struct dq_plan *p, uint64_t item, const struct dq_tensor **tensor, uint64_t *index)
{
    if (p->gather) {
        dq_gather_locate(p->gather, item, tensor, index);
        return;
    }
    const struct dq_plan_pos pos = dq_plan_at(p, item);
    *tensor = p->tensor;
    *index = segment_base(p, pos.segment) + p->inner.start + pos.item * (uint64_t)p->inner.step;
}

uint64_t dq_plan_offset(const struct dq_plan *p, const struct dq_chunk *c, size_t i)
{
    uint64_t span;
    const uint64_t low =
        lowest_item(p, segment_base(p, c->segment + i), c->from, c->seg_items, &span);
    return low / p->block_items * p->block_len;
}

size_t dq_plan_block(const struct dq_plan *p, const struct dq_chunk *c, size_t i)
{
    const size_t in_segment = i % c->seg_items;
    const size_t steps = p->inner.step < 0 ? c->seg_items - 1 - in_segment : in_segment;
    const uint64_t item = c->lead + steps * magnitude(p->inner.step);
    return i / c->seg_items * c->seg_blocks + (size_t)(item / p->block_items);
}

uint64_t dq_plan_index(const struct dq_plan *p, const struct dq_chunk *c, size_t i, size_t k)
{
    return segment_base(p, c->segment + i) + p->inner.start +
           (c->from + k) * (uint64_t)p->inner.step;
}

/* Returns how many segments of a chunk, whose offsets fall, begin within REQUEST bytes; 1 if they rise. */
static size_t group_of(const struct dq_plan *p, const struct dq_chunk *c)
{
    const uint64_t first = dq_plan_offset(p, c, 0);
    const uint64_t second = dq_plan_offset(p, c, 1);
    const uint64_t stride = first > second ? first - second : REQUEST;
    return (size_t)(stride < REQUEST ? REQUEST / stride : 1);
}

/* Announces n segments, or as many as there are, from first on, with what is between them. */
static void expect(const struct dq_plan *p, const struct dq_chunk *c, size_t first, size_t n)
{
    const size_t end = n < c->n_segments - first ? first + n : c->n_segments;
    const uint64_t high = dq_plan_offset(p, c, first);
    const uint64_t low = dq_plan_offset(p, c, end - 1);
    if (low < high && high - low <= REQUEST)
        dq_tensor_expect(p->model, p->tensor, low, high - low + c->seg_blocks * p->block_len);
}

int dq_plan_read(const struct dq_plan *p, const struct dq_chunk *c, uint8_t *in, struct dq_error *e)
{
    const size_t len = c->seg_blocks * p->block_len;
    const bool is_far = c->n_segments > 1 && dq_tensor_is_far(p->model, p->tensor);
    const size_t group = is_far ? group_of(p, c) : 1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->n_segments; i++) {
        if (is_far && i % group == 0)
            expect(p, c, i, group);
        rc = dq_tensor_read(p->model, p->tensor, dq_plan_offset(p, c, i), in + i * len, len, e);
    }
    return rc;
}

static void reverse_items(uint8_t *items, size_t n, size_t item_len)
{
    uint8_t *a = items;
    uint8_t *b = items + (n - 1) * item_len;
    for (; a < b; a += item_len, b -= item_len) {
        for (size_t i = 0; i < item_len; i++) {
            const uint8_t byte = a[i];
            a[i] = b[i];
            b[i] = byte;
        }
    }
}

uint8_t *dq_plan_gather(
    const struct dq_plan *p, const struct dq_chunk *c, uint8_t *items, size_t len)
{
    const size_t step = (size_t)magnitude(p->inner.step);
    if (c->n_segments == 1 && step == 1 && p->inner.step > 0)
        return items + c->lead * len;
    uint8_t *to = items;
    for (size_t s = 0; s < c->n_segments; s++) {
        const uint8_t *from = items + (s * c->seg_blocks * (size_t)p->block_items + c->lead) * len;
        uint8_t *segment = to;
        if (step == 1) {
            memmove(to, from, c->seg_items * len);
            to += c->seg_items * len;
        } else {
            for (size_t i = 0; i < c->seg_items; i++, from += step * len, to += len)
                memmove(to, from, len);
        }
        if (p->inner.step < 0)
            reverse_items(segment, c->seg_items, len);
    }
    return items;
}
