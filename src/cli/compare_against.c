#include "cli/compare_against.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/msg.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_MAX = 256 << 20 };

/* A row of the report that is read. */
struct old_row {
    const char *path;
    size_t number;
    json_t *row;
};

static int fail(const struct old_row *r, const char *key, const char *what, struct dq_error *e)
{
    return dq_fail(e, DQ_ERR_MALFORMED,
        "%s: not a report of compare --json: tensors[%zu]: '%s' is missing or no %s", r->path,
        r->number, key, what);
}

static int read_name(const struct old_row *r, const char *key, const char **out, struct dq_error *e)
{
    *out = json_string_value(json_object_get(r->row, key));
    return *out ? 0 : fail(r, key, "name", e);
}

/* A figure from 0 on, or null. */
static int read_figure(const struct old_row *r, const char *key, double *out, struct dq_error *e)
{
    const json_t *value = json_object_get(r->row, key);
    const char *text = json_string_value(value);
    if (json_is_null(value))
        *out = (double)NAN;
    else if (json_is_number(value))
        *out = json_number_value(value);
    else if (text && strcmp(text, "inf") == 0)
        *out = (double)INFINITY;
    else
        return fail(r, key, "figure", e);
    return *out < 0 ? fail(r, key, "figure", e) : 0;
}

/* A count; of more than 63 bits, JSON has the digits as a string. */
static bool read_count(const json_t *value, uint64_t *out)
{
    const char *text = json_string_value(value);
    char *end;
    if (json_is_integer(value)) {
        *out = (uint64_t)json_integer_value(value);
        return json_integer_value(value) >= 0;
    }
    errno = 0;
    if (!text || *text < '0' || *text > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0;
}

/* Adds up the pairs of different kinds: not "nan/nan". */
static int read_unlike(const struct old_row *r, uint64_t *out, struct dq_error *e)
{
    json_t *object = json_object_get(r->row, "nonfinite");
    const char *key;
    json_t *value;
    *out = 0;
    if (!json_is_object(object))
        return fail(r, "nonfinite", "object of counts", e);
    json_object_foreach(object, key, value)
    {
        const size_t len = strcspn(key, "/");
        uint64_t n;
        if (key[len] != '/' || !read_count(value, &n) || n > UINT64_MAX - *out)
            return fail(r, "nonfinite", "object of counts", e);
        if (strlen(key) != 2 * len + 1 || memcmp(key, key + len + 1, len) != 0)
            *out += n;
    }
    return 0;
}

/* What an nmse counts as that may not be defined. */
static double nmse_or_all(double nmse, double max_abs)
{
    return !isnan(nmse) ? nmse : max_abs > 0 ? (double)INFINITY : 0;
}

/* Returns names and slice in one text; NULL: memory is short. */
static char *new_key(const char *name, const char *reference_name, const char *slice)
{
    return dq_mem_printf("%s\n%s\n%s", name, reference_name, slice ? slice : "");
}

static int read_row(struct dq_compare_against *a, const struct old_row *r, struct dq_error *e)
{
    struct dq_earlier *item = &a->items[r->number];
    const json_t *slice = json_object_get(r->row, "slice");
    const char *name;
    const char *reference_name;
    int rc = read_name(r, "name", &name, e);
    if (rc == 0)
        rc = read_name(r, "reference_name", &reference_name, e);
    if (rc == 0 && !json_is_string(slice) && !json_is_null(slice))
        rc = fail(r, "slice", "slice", e);
    if (rc == 0)
        rc = read_figure(r, "max_abs", &item->max_abs, e);
    if (rc == 0)
        rc = read_figure(r, "nmse", &item->nmse, e);
    if (rc == 0)
        rc = read_unlike(r, &item->n_unlike, e);
    if (rc != 0)
        return rc;
    const char *slice_text = json_string_value(slice);
    item->key = new_key(name, reference_name, slice_text);
    item->name = dq_mem_printf("%s%s", name, slice_text ? slice_text : "");
    a->n++;
    if (!item->key || !item->name)
        return dq_fail_nomem(e);
    const int added = dq_strmap_add(&a->numbers, item->key, strlen(item->key), r->number);
    if (added > 0)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: tensors[%zu]: '%.256s' is there twice", r->path,
            r->number, item->name);
    return added == 0 ? 0 : dq_fail_nomem(e);
}

int dq_compare_against_read(const char *path, struct dq_compare_against *out, struct dq_error *e)
{
    json_t *root = NULL;
    *out = (struct dq_compare_against){.path = path};
    int rc = dq_json_read(path, REPORT_MAX, &root, e);
    if (rc != 0)
        return rc;
    json_t *rows = json_object_get(root, "tensors");
    const size_t n = json_array_size(rows);
    if (!json_is_array(rows))
        rc = dq_fail(
            e, DQ_ERR_MALFORMED, "%s: not a report of compare --json: has no list 'tensors'", path);
    out->items = dq_mem_calloc(n + 1, sizeof *out->items);
    if (rc == 0 && !out->items)
        rc = dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = read_row(out, &(struct old_row){path, i, json_array_get(rows, i)}, e);
    json_decref(root);
    return rc;
}

void dq_compare_against_finish(struct dq_compare_against *a)
{
    for (size_t i = 0; i < a->n; i++) {
        dq_mem_free(a->items[i].key);
        dq_mem_free(a->items[i].name);
    }
    dq_mem_free(a->items);
    dq_strmap_finish(&a->numbers);
}

static void say(const struct dq_compare_against *a, const struct dq_earlier *old,
    const char *figure, double is, double was)
{
    char numbers[2][DQ_DECIMAL_SIZE];
    dq_msg_error("tensor '%s': worse than in %s: %s is %s, was %s", old->name, a->path, figure,
        dq_decimal_text(is, false, numbers[0]), dq_decimal_text(was, false, numbers[1]));
}

int dq_compare_against_judge(struct dq_compare_against *a, const char *name,
    const char *reference_name, const char *slice, const struct dq_difference *d, double nmse_now,
    bool *is_worse, struct dq_error *e)
{
    size_t i;
    *is_worse = false;
    char *key = new_key(name, reference_name, slice);
    if (!key)
        return dq_fail_nomem(e);
    const bool is_known = dq_strmap_find(&a->numbers, key, strlen(key), &i);
    dq_mem_free(key);
    if (!is_known)
        return 0;
    struct dq_earlier *old = &a->items[i];
    const uint64_t n_unlike = dq_difference_n_unlike(d);
    const double nmse = nmse_or_all(nmse_now, (double)d->max_abs);
    const double old_nmse = nmse_or_all(old->nmse, old->max_abs);
    const double old_max_abs = isnan(old->max_abs) ? 0 : old->max_abs;
    a->n_met += !old->is_met;
    old->is_met = true;
    *is_worse = nmse > old_nmse || (double)d->max_abs > old_max_abs || n_unlike > old->n_unlike;
    if (nmse > old_nmse)
        say(a, old, "nmse", nmse, old_nmse);
    else if ((double)d->max_abs > old_max_abs)
        say(a, old, "max_abs", (double)d->max_abs, old_max_abs);
    else if (n_unlike > old->n_unlike)
        dq_msg_error("tensor '%s': worse than in %s: %" PRIu64
                     " differ in NaN or infinity, %" PRIu64 " did",
            old->name, a->path, n_unlike, old->n_unlike);
    return 0;
}
