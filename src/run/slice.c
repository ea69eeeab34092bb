#include "run/slice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *dq_slice_find(const char *text)
{
    const size_t len = strlen(text);
    const char *open = strrchr(text, '[');
    if (!open || open == text || text[len - 1] != ']' || open[1] == ']')
        return NULL;
    const size_t inside = (size_t)(text + len - 1 - (open + 1));
    if (strspn(open + 1, "0123456789:-,. \t") != inside)
        return NULL;
    /* A minus after a digit makes it the range of a pattern, as in blk.[0-3]. */
    for (const char *s = open + 1; *s != ']'; s++) {
        if (*s == '-' && s[-1] >= '0' && s[-1] <= '9')
            return NULL;
    }
    return open;
}

void dq_slice_all(const struct dq_tensor *t, struct dq_slice *out)
{
    *out = (struct dq_slice){.n_shape = t->n_dims};
    for (size_t i = 0; i < DQ_DIMS_MAX; i++)
        out->ranges[i] = (struct dq_range){0, t->dims[i], 1};
    for (size_t i = 0; i < t->n_dims; i++)
        out->shape[i] = t->dims[t->n_dims - 1 - i];
}

static void skip_blanks(const char **s)
{
    *s += strspn(*s, " \t");
}

/* Parses a number. Returns 1, 0 if there is none, -1 if it does not fit. */
static int read_number(const char **s, int64_t *out)
{
    char *end;
    skip_blanks(s);
    if (**s != '-' && (**s < '0' || **s > '9'))
        return 0;
    errno = 0;
    const long long value = strtoll(*s, &end, 10);
    if (end == *s || errno != 0)
        return -1;
    *s = end;
    *out = value;
    skip_blanks(s);
    return 1;
}

/* Applies numpy's rules for start:stop:step to a dimension: negative indices count from the end, and
 * both ends are clamped to the dimension. */
static struct dq_range cut_range(
    int64_t dim, bool has_start, int64_t start, bool has_stop, int64_t stop, int64_t step)
{
    const int64_t lowest = step < 0 ? -1 : 0;
    const int64_t highest = step < 0 ? dim - 1 : dim;
    if (start < 0)
        start += dim;
    if (stop < 0)
        stop += dim;
    start = start < lowest ? lowest : (start > highest ? highest : start);
    stop = stop < lowest ? lowest : (stop > highest ? highest : stop);
    if (!has_start)
        start = step < 0 ? highest : lowest;
    if (!has_stop)
        stop = step < 0 ? lowest : highest;
    struct dq_range r = {.start = (uint64_t)start, .step = step};
    if (step > 0 && start < stop)
        r.count = (uint64_t)(stop - start - 1) / (uint64_t)step + 1;
    else if (step < 0 && stop < start)
        r.count = (uint64_t)(start - stop - 1) / (0 - (uint64_t)step) + 1;
    return r;
}

/* Parses one index (*single is set) or range. Returns NULL, or the reason why it is refused. */
static const char *parse_item(const char **s, uint64_t dim, struct dq_range *out, bool *single)
{
    int64_t start = 0;
    int64_t stop = 0;
    int64_t step = 1;
    const int has_start = read_number(s, &start);
    if (has_start < 0)
        return "a number does not fit";
    *single = **s != ':';
    if (*single) {
        if (!has_start)
            return "an index or a range is missing";
        if (start >= (int64_t)dim || start < -(int64_t)dim)
            return "an index is out of range";
        *out = (struct dq_range){(uint64_t)(start < 0 ? start + (int64_t)dim : start), 1, 1};
        return NULL;
    }
    ++*s;
    const int has_stop = read_number(s, &stop);
    int has_step = 0;
    if (**s == ':') {
        ++*s;
        has_step = read_number(s, &step);
    }
    if (has_stop < 0 || has_step < 0)
        return "a number does not fit";
    if (step == 0)
        return "the step is 0";
    *out = cut_range((int64_t)dim, has_start > 0, start, has_stop > 0, stop, step);
    return NULL;
}

/* Counts the items between the brackets that each take one dimension. */
static size_t count_items(const char *inside)
{
    size_t n = 0;
    bool pending = false;
    for (const char *s = inside; *s != ']'; s++) {
        if (*s == ',') {
            n += pending;
            pending = false;
        } else if (strncmp(s, "...", 3) == 0) {
            s += 2;
        } else if (*s != ' ' && *s != '\t') {
            pending = true;
        }
    }
    return n + pending;
}

/* Parses the items; axis is the dimension, counted from the outermost. */
static const char *parse_items(
    const char *s, const struct dq_tensor *t, size_t n_items, struct dq_slice *out)
{
    size_t axis = 0;
    bool ellipsis = false;
    for (;;) {
        skip_blanks(&s);
        if (*s == ']') /* also after a trailing comma */
            break;
        if (strncmp(s, "...", 3) == 0) {
            if (ellipsis)
                return "more than one ellipsis";
            ellipsis = true;
            for (size_t skipped = t->n_dims - n_items; skipped > 0; skipped--, axis++)
                out->shape[out->n_shape++] = t->dims[t->n_dims - 1 - axis];
            s += 3;
        } else if (axis == t->n_dims) {
            return "an index or a range is missing";
        } else {
            bool single;
            const size_t dim = t->n_dims - 1 - axis;
            const char *wrong = parse_item(&s, t->dims[dim], &out->ranges[dim], &single);
            if (wrong)
                return wrong;
            if (!single)
                out->shape[out->n_shape++] = out->ranges[dim].count;
            axis++;
        }
        skip_blanks(&s);
        if (*s == ',')
            s++;
        else if (*s != ']')
            return "unexpected text after an index or a range";
    }
    for (; axis < t->n_dims; axis++)
        out->shape[out->n_shape++] = t->dims[t->n_dims - 1 - axis];
    return NULL;
}

int dq_slice_parse(
    const char *text, const struct dq_tensor *t, struct dq_slice *out, struct dq_error *e)
{
    struct dq_slice s;
    char shape[DQ_SHAPE_WORDS];
    const char *wrong = NULL;
    const size_t n_items = count_items(text + 1);
    dq_slice_all(t, &s);
    if (t->problem && !t->is_cut) { /* its shape may be invalid, and it is refused later anyway */
        *out = s;
        return 0;
    }
    s.n_shape = 0;
    if (n_items > t->n_dims)
        wrong = "more indices than dimensions";
    else
        wrong = parse_items(text + 1, t, n_items, &s);
    if (wrong)
        return dq_fail(e, DQ_ERR_USAGE, "tensor '%.256s': slice %.200s: %s (the shape is %s)",
            t->display_name, text, wrong, dq_tensor_shape(t, shape));
    *out = s;
    return 0;
}

uint64_t dq_slice_bytes(const struct dq_slice *s, const struct dq_tensor *t)
{
    uint64_t last = 0; /* the weight that lies farthest from the start */
    uint64_t stride = 1;
    if (!t->type)
        return t->n_bytes;
    for (size_t i = 0; i < t->n_dims; i++) {
        const struct dq_range *r = &s->ranges[i];
        if (r->count == 0)
            return 0;
        last += stride * (r->step > 0 ? r->start + (r->count - 1) * (uint64_t)r->step : r->start);
        stride *= t->dims[i];
    }
    return (last / t->type->weights + 1) * t->type->bytes;
}
