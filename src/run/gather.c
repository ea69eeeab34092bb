#include "run/gather.h"

#include "run/derived.h"
#include "run/run.h"
#include "run/scales.h"
#include "type/block_fields.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bounds the list of a chunk's units. */
enum { MAX_UNITS = 16384, TILE = 16 };

/* A unit of a chunk. */
struct unit {
    uint64_t number; /* in its source */
    uint64_t off;    /* of its values among those that were decoded, in items */
    uint32_t source;
    uint32_t to; /* its number in the chunk */
};

/* A chunk that is being gathered. Its units are items first to first + n - 1 of their whole units. */
struct gathering {
    const struct dq_gather *g;
    const struct dq_gather_source *source; /* of the units at hand */
    struct dq_lane *lane;
    struct unit *units;
    uint8_t *out; /* the chunk */
    uint64_t first;
    uint64_t n;
    size_t item_len;      /* of out */
    enum dq_dtype dtype;  /* of out, or native */
    uint64_t block_items; /* of the source's type */
    size_t block_len;
    size_t max_blocks; /* of the lane */
    uint64_t *n_overflow;
    float scale;
};

void dq_gather_swap(const struct dq_gather_step *s, struct dq_gather_place *p)
{
    if (p->unit < s->n[0])
        return;
    const uint64_t at = (p->unit - s->n[0]) / s->n[3];
    const uint64_t rest = (p->unit - s->n[0]) % s->n[3];
    const uint64_t c = at % s->n[2];
    const uint64_t b = at / s->n[2] % s->n[1];
    const uint64_t x = at / (s->n[2] * s->n[1]);
    p->unit = s->n[0] + ((x * s->n[2] + c) * s->n[1] + b) * s->n[3] + rest;
}

void dq_gather_group(const struct dq_gather_step *s, struct dq_gather_place *p)
{
    const uint64_t size = s->n[1] + s->n[2] + s->n[3];
    const uint64_t group = p->unit / size;
    uint64_t in_group = p->unit % size;
    uint64_t before = 0; /* units of all earlier parts */
    size_t part = 1;
    for (; in_group >= s->n[part]; part++) {
        in_group -= s->n[part];
        before += s->n[0] * s->n[part];
    }
    p->unit = before + group * s->n[part] + in_group;
}

void dq_gather_deal(const struct dq_gather_step *s, struct dq_gather_place *p)
{
    const uint64_t size = s->n[0] + s->n[1] + s->n[2];
    const uint64_t turn = p->unit / size;
    uint64_t in_turn = p->unit % size;
    size_t source = 0;
    for (; in_turn >= s->n[source]; source++)
        in_turn -= s->n[source];
    *p = (struct dq_gather_place){source, turn * s->n[source] + in_turn};
}

float dq_gather_add(float x, float operand)
{
    return x + operand;
}

float dq_gather_log_negative(float x, float operand)
{
    (void)operand;
    return (float)log(-(double)x);
}

/* Whether some units of a source share blocks with weights that are not theirs. */
static bool has_partial_blocks(const struct dq_gather *g, const struct dq_gather_source *s)
{
    const uint64_t block = s->tensor ? s->tensor->type->weights : 1;
    return block > 1 && (s->step > 1 || s->base % block != 0 || s->slice_stride % block != 0 ||
                            s->unit_stride % block != 0 || g->unit_len % block != 0);
}

void dq_gather_init(struct dq_gather *g, enum dq_dtype dtype)
{
    g->as_float = g->value != NULL;
    for (size_t i = 0; i < g->n_sources; i++) {
        const struct dq_gather_source *s = &g->sources[i];
        g->as_float = g->as_float || s->scale || !s->tensor || s->tensor->type->overflows_f32 ||
                      has_partial_blocks(g, s);
    }
    g->as_float = g->as_float && dtype != DQ_DTYPE_native;
}

bool dq_gather_is_contiguous(const struct dq_gather *g)
{
    const struct dq_gather_source *s = &g->sources[0];
    return g->n_sources == 1 && g->n_steps == 0 && !g->value && s->tensor && !s->scale &&
           s->step == 1 && s->unit_stride == g->unit_len &&
           (g->n_units <= s->slice_units || s->slice_stride == s->slice_units * g->unit_len);
}

static uint64_t round_down(uint64_t n, uint64_t multiple)
{
    return n - n % multiple;
}

/* Returns the end of a chunk of at most n units from start on. */
static uint64_t chunk_end(const struct dq_gather *g, uint64_t start, uint64_t n)
{
    const uint64_t end = start + n;
    if (end >= g->n_units)
        return g->n_units;
    for (size_t i = 0; i < 2; i++) {
        if (g->grains[i] > 0 && round_down(end, g->grains[i]) > start)
            return round_down(end, g->grains[i]);
    }
    return round_down(end, g->interleave);
}

void dq_gather_next(
    const struct dq_gather *g, struct dq_plan_pos *pos, uint64_t max_items, struct dq_chunk *out)
{
    enum { ALIGNMENT = 256 };
    uint64_t n_units = g->interleave;
    uint64_t n = g->unit_len;
    assert(max_items >= g->interleave);
    if (g->unit_len > max_items / g->interleave) { /* a part of a unit */
        n = max_items / g->interleave;
        if (n > ALIGNMENT)
            n = round_down(n, ALIGNMENT);
        if (n > g->unit_len - pos->item)
            n = g->unit_len - pos->item;
    } else {
        const uint64_t most = max_items / g->unit_len;
        n_units = chunk_end(g, pos->segment, most < MAX_UNITS ? most : MAX_UNITS) - pos->segment;
    }
    *out = (struct dq_chunk){
        .first_item = pos->segment * g->unit_len + pos->item * g->interleave,
        .n_items = (size_t)(n_units * n),
        .segment = pos->segment,
        .n_segments = (size_t)n_units,
        .from = pos->item,
        .seg_items = (size_t)n,
    };
    pos->item += n;
    if (pos->item == g->unit_len) {
        pos->segment += n_units;
        pos->item = 0;
    }
}

static int compare_units(const void *left, const void *right)
{
    const struct unit *a = left;
    const struct unit *b = right;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Returns where a unit comes from. */
static struct dq_gather_place place_of_unit(const struct dq_gather *g, uint64_t unit)
{
    struct dq_gather_place place = {0, unit};
    for (size_t k = 0; k < g->n_steps; k++) {
        if (g->steps[k].source == place.source)
            g->steps[k].move(&g->steps[k], &place);
    }
    return place;
}

/* Lists the units of a chunk in the order of the files. */
static void list_units(struct gathering *a, uint64_t first, size_t n)
{
    bool is_sorted = true;
    for (size_t i = 0; i < n; i++) {
        const struct dq_gather_place place = place_of_unit(a->g, first + i);
        a->units[i] = (struct unit){
            .number = place.unit, .source = (uint32_t)place.source, .to = (uint32_t)i};
        is_sorted = is_sorted && (i == 0 || compare_units(&a->units[i - 1], &a->units[i]) < 0);
    }
    if (!is_sorted)
        qsort(a->units, n, sizeof *a->units, compare_units);
}

/* Returns the item of its tensor with which a unit begins. */
static uint64_t unit_start(const struct dq_gather_source *s, uint64_t unit)
{
    return s->base + unit / s->slice_units * s->slice_stride +
           unit % s->slice_units * s->unit_stride;
}

static uint64_t first_item(const struct gathering *a, const struct unit *u)
{
    return unit_start(a->source, u->number);
}

void dq_gather_locate(
    const struct dq_gather *g, uint64_t item, const struct dq_tensor **tensor, uint64_t *index)
{
    const uint64_t turn = g->interleave * g->unit_len;
    const uint64_t in_turn = item % turn;
    const struct dq_gather_place place =
        place_of_unit(g, item / turn * g->interleave + in_turn % g->interleave);
    const struct dq_gather_source *s = &g->sources[place.source];
    *tensor = s->tensor;
    *index = s->tensor ? unit_start(s, place.unit) + in_turn / g->interleave * s->step : 0;
}

/* Returns the place of an item of a unit; *stride is the distance in bytes to the next one. */
static uint8_t *place_of(
    const struct gathering *a, const struct unit *u, uint64_t item, size_t *stride)
{
    const uint64_t il = a->g->interleave;
    const uint64_t in_turn = il == 1 ? 0 : u->to % il; /* spares most arrays a division */
    *stride = (size_t)il * a->item_len;
    return a->out + ((u->to - in_turn) * a->n + in_turn + (item - a->first) * il) * a->item_len;
}

static void copy_strided(
    uint8_t *to, size_t to_stride, const uint8_t *from, size_t from_stride, size_t n, size_t len)
{
    switch (len) { /* a constant length is copied without a call */
    case 2:
        for (size_t i = 0; i < n; i++, to += to_stride, from += from_stride)
            memcpy(to, from, 2);
        break;
    case 4:
        for (size_t i = 0; i < n; i++, to += to_stride, from += from_stride)
            memcpy(to, from, 4);
        break;
    default:
        for (size_t i = 0; i < n; i++, to += to_stride, from += from_stride)
            memcpy(to, from, len);
    }
}

/* Reads the blocks of n items from `item` on into the lane, after `before` blocks; *lead is the place of
 * the first item in them. Returns how many blocks, or the error. */
static int read_items(const struct gathering *a, uint64_t item, uint64_t n, size_t before,
    size_t *n_blocks, uint64_t *lead, struct dq_error *e)
{
    const uint64_t block = item / a->block_items;
    *lead = item % a->block_items;
    *n_blocks = (size_t)((*lead + n + a->block_items - 1) / a->block_items);
    return dq_tensor_read(a->g->model, a->source->tensor, block * a->block_len,
        a->lane->in + before * a->block_len, *n_blocks * a->block_len, e);
}

static int decode(const struct gathering *a, size_t n_blocks, uint8_t **values, struct dq_error *e)
{
    return dq_lane_decode(
        a->lane, a->source->tensor->type->type, a->dtype, n_blocks, values, a->n_overflow, e);
}

/* Sets the factor of a unit, if its source has any. */
static int find_scale(struct gathering *a, const struct unit *u, struct dq_error *e)
{
    const struct dq_gather_source *s = a->source;
    const uint64_t index = s->first_scale + (s->scale_by_slice ? u->number / s->slice_units : 0);
    return s->scale ? dq_scale_factor(a->g->model, s->scale, index, &a->scale, e) : 0;
}

/* Multiplies n floats at `to` by the factor. */
static void apply_scale(const struct gathering *a, uint8_t *to, size_t stride, uint64_t n)
{
    for (uint64_t i = 0; a->source->scale && i < n; i++, to += stride) {
        float x;
        memcpy(&x, to, sizeof x);
        x = dq_derived_weight(x * a->scale, x, a->n_overflow);
        memcpy(to, &x, sizeof x);
    }
}

/* Counts the infinite ones of n floats at `to` whose blocks are finite as stored. Among the decoded
 * values, the first one is number `value`, and they are value_step apart. */
static void count_overflows(const struct gathering *a, const uint8_t *to, size_t stride, uint64_t n,
    uint64_t value, uint64_t value_step)
{
    const struct dq_type_info *type = a->source->tensor->type;
    for (uint64_t i = 0; type->overflows_f32 && a->dtype != DQ_DTYPE_native && i < n; i++) {
        const uint64_t block = (value + i * value_step) / a->block_items;
        struct dq_nonfinite unused;
        float x;
        memcpy(&x, to + i * stride, sizeof x);
        if (isinf(x))
            *a->n_overflow +=
                dq_find_nonfinite(type->type, a->lane->in + block * a->block_len, 1, &unused) == 0;
    }
}

/* Copies n items of a unit, the first of which is `item`, from where they were decoded. */
static int put_unit(struct gathering *a, const struct unit *u, uint64_t item, uint64_t n,
    const uint8_t *values, struct dq_error *e)
{
    size_t stride;
    uint8_t *to = place_of(a, u, item, &stride);
    const uint8_t *from = values + u->off * a->item_len;
    const int rc = find_scale(a, u, e);
    if (rc != 0)
        return rc;
    if (stride == a->item_len)
        memcpy(to, from, n * a->item_len);
    else
        copy_strided(to, stride, from, a->item_len, n, a->item_len);
    count_overflows(a, to, stride, n, u->off, 1);
    apply_scale(a, to, stride, n);
    return 0;
}

/* Gathers a unit of a row that does not fit the lane. */
static int gather_long_unit(struct gathering *a, struct unit *u, struct dq_error *e)
{
    const uint64_t most = (a->max_blocks - 1) * a->block_items;
    const uint64_t end = a->first + a->n;
    int rc = 0;
    assert(most > 0);
    for (uint64_t item = a->first; rc == 0 && item < end; item += most) {
        const uint64_t n = end - item < most ? end - item : most;
        uint8_t *values;
        size_t n_blocks;
        rc = read_items(a, first_item(a, u) + item, n, 0, &n_blocks, &u->off, e);
        if (rc == 0)
            rc = decode(a, n_blocks, &values, e);
        if (rc == 0)
            rc = put_unit(a, u, item, n, values, e);
    }
    return rc;
}

/* Returns how many units from the first of n on are contiguous in the file and fit n_blocks blocks. */
static size_t contiguous_units(
    const struct gathering *a, const struct unit *units, size_t n, size_t n_blocks)
{
    const uint64_t start = first_item(a, units) + a->first;
    const uint64_t room = (uint64_t)n_blocks * a->block_items - start % a->block_items;
    size_t i = 0;
    while (
        i < n && first_item(a, &units[i]) + a->first == start + i * a->n && (i + 1) * a->n <= room)
        i++;
    return i;
}

/* Gathers n units that are parts of rows: reads as many as fit the lane, and decodes them at once. */
static int gather_rows(struct gathering *a, struct unit *units, size_t n, struct dq_error *e)
{
    size_t done = 0;
    int rc = 0;
    while (rc == 0 && done < n) {
        uint8_t *values;
        size_t n_blocks = 0;
        size_t end = done;
        while (rc == 0 && end < n && n_blocks < a->max_blocks) {
            const size_t run = contiguous_units(a, units + end, n - end, a->max_blocks - n_blocks);
            size_t run_blocks;
            uint64_t lead;
            if (run == 0)
                break;
            rc = read_items(a, first_item(a, &units[end]) + a->first, run * a->n, n_blocks,
                &run_blocks, &lead, e);
            for (size_t i = 0; i < run; i++)
                units[end + i].off = n_blocks * a->block_items + lead + i * a->n;
            n_blocks += run_blocks;
            end += run;
        }
        if (rc == 0 && end == done) {
            rc = gather_long_unit(a, &units[end++], e);
        } else if (rc == 0) {
            rc = decode(a, n_blocks, &values, e);
            for (size_t i = done; rc == 0 && i < end; i++)
                rc = put_unit(a, &units[i], a->first, a->n, values, e);
        }
        done = end;
    }
    return rc;
}

/* Copies decoded rows to columns: `row` is the first of n_rows, which are row_items apart and begin with
 * `lead` others. */
static void put_columns(const struct gathering *a, const struct unit *units, size_t n_units,
    uint64_t row, size_t n_rows, const uint8_t *values, uint64_t lead, size_t row_items)
{
    for (size_t first = 0; first < n_rows; first += TILE) {
        const size_t n = n_rows - first < TILE ? n_rows - first : TILE;
        for (size_t i = 0; i < n_units; i++) {
            size_t stride;
            uint8_t *to = place_of(a, &units[i], row + first, &stride);
            const uint64_t value = first * row_items + lead + i;
            copy_strided(
                to, stride, values + value * a->item_len, row_items * a->item_len, n, a->item_len);
            count_overflows(a, to, stride, n, value, row_items);
        }
    }
}

/* Gathers adjacent columns of a matrix, batch by batch of its rows. */
static int gather_columns(
    struct gathering *a, const struct unit *units, size_t n_units, struct dq_error *e)
{
    const uint64_t start = first_item(a, &units[0]);
    const uint64_t row_len = a->source->step;
    const uint64_t lead = start % a->block_items;
    const size_t seg_blocks = (size_t)((lead + n_units + a->block_items - 1) / a->block_items);
    const size_t max_rows = a->max_blocks / seg_blocks;
    const bool is_whole = seg_blocks * a->block_items == row_len;
    const uint64_t end = a->first + a->n;
    int rc = 0;
    for (uint64_t row = a->first; rc == 0 && row < end;) {
        const size_t n_rows = (size_t)(end - row < max_rows ? end - row : max_rows);
        const size_t n_reads = is_whole ? 1 : n_rows;
        const uint64_t n_items = is_whole ? n_rows * row_len : n_units;
        const uint64_t in_row = is_whole ? start - lead : start;
        uint8_t *values;
        for (size_t i = 0; rc == 0 && i < n_reads; i++) {
            size_t n_blocks;
            uint64_t unused;
            rc = read_items(
                a, in_row + (row + i) * row_len, n_items, i * seg_blocks, &n_blocks, &unused, e);
        }
        if (rc == 0)
            rc = decode(a, n_rows * seg_blocks, &values, e);
        if (rc == 0)
            put_columns(
                a, units, n_units, row, n_rows, values, lead, seg_blocks * (size_t)a->block_items);
        row += n_rows;
    }
    for (size_t i = 0; rc == 0 && i < n_units && a->source->scale; i++) {
        size_t stride;
        uint8_t *to = place_of(a, &units[i], a->first, &stride);
        rc = find_scale(a, &units[i], e);
        if (rc == 0)
            apply_scale(a, to, stride, a->n);
    }
    return rc;
}

/* Gathers n units that are columns. */
static int gather_all_columns(
    struct gathering *a, const struct unit *units, size_t n, struct dq_error *e)
{
    const size_t most = (a->max_blocks - 1) * (size_t)a->block_items; /* any lead fits */
    int rc = 0;
    for (size_t done = 0; rc == 0 && done < n;) {
        const uint64_t slice = units[done].number / a->source->slice_units;
        size_t run = 1;
        while (done + run < n && run < most &&
               units[done + run].number == units[done].number + run &&
               units[done + run].number / a->source->slice_units == slice)
            run++;
        rc = gather_columns(a, units + done, run, e);
        done += run;
    }
    return rc;
}

static void put_constant(const struct gathering *a, const struct unit *units, size_t n)
{
    const float *value = &a->source->constant;
    for (size_t i = 0; i < n; i++) {
        size_t stride;
        uint8_t *to = place_of(a, &units[i], a->first, &stride);
        copy_strided(to, stride, (const uint8_t *)value, 0, (size_t)a->n, sizeof *value);
    }
}

/* Gathers n units of the same source. */
static int gather_source(struct gathering *a, struct unit *units, size_t n,
    enum dq_dtype decode_dtype, struct dq_error *e)
{
    a->source = &a->g->sources[units[0].source];
    const struct dq_tensor *t = a->source->tensor;
    if (!t) {
        put_constant(a, units, n);
        return 0;
    }
    a->block_items = t->type->weights;
    a->block_len = t->type->bytes;
    a->dtype = dq_dtype_is_stored(t->type, decode_dtype) ? DQ_DTYPE_native : decode_dtype;
    a->max_blocks = (size_t)(dq_lane_weights(a->lane, t->type, a->dtype) / a->block_items);
    return a->source->step == 1 ? gather_rows(a, units, n, e) : gather_all_columns(a, units, n, e);
}

int dq_gather_decode(struct dq_values *v, struct dq_error *e)
{
    const struct dq_plan *p = v->plan;
    const struct dq_chunk *c = v->chunk;
    const struct dq_gather *g = p->gather;
    const enum dq_dtype dtype = g->as_float ? DQ_DTYPE_f32 : p->dtype;
    struct gathering a = {
        .g = g,
        .lane = v->lane,
        .first = c->from,
        .n = c->seg_items,
        .item_len = g->as_float ? sizeof(float) : p->item_len,
        .n_overflow = &v->n_overflow,
    };
    int rc = dq_lane_scratch(v->lane, c->n_segments * sizeof *a.units + c->n_items * a.item_len, e);
    if (rc != 0)
        return rc;
    a.units = (struct unit *)(void *)v->lane->scratch;
    a.out = v->lane->scratch + c->n_segments * sizeof *a.units;
    list_units(&a, c->segment, c->n_segments);
    for (size_t i = 0; rc == 0 && i < c->n_segments;) {
        size_t n = 1;
        while (i + n < c->n_segments && a.units[i + n].source == a.units[i].source)
            n++;
        rc = gather_source(&a, a.units + i, n, dtype, e);
        i += n;
    }
    v->bytes = a.out;
    if (rc != 0 || !g->as_float)
        return rc;
    float *floats = (float *)(void *)a.out;
    for (size_t i = 0; g->value && i < c->n_items; i++)
        floats[i] = dq_derived_weight(g->value(floats[i], g->operand), floats[i], &v->n_overflow);
    if (p->dtype != DQ_DTYPE_f32)
        v->n_overflow += dq_cpu_round_in_place(v->lane->cpu, p->dtype, a.out, c->n_items);
    return 0;
}
