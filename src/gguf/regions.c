#include "gguf/regions.h"

#include "base/checked.h"
#include "base/mem.h"
#include "base/text.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Notes why a tensor is refused; the first reason stays. The finding has its rule, its offset and
 * what was expected and found. */
static int refuse(const struct dq_model *m, struct dq_tensor *t, struct dq_error *e,
    const struct dq_diagnostic *f, const char *format, ...) DQ_PRINTF(5, 6);

static int refuse(const struct dq_model *m, struct dq_tensor *t, struct dq_error *e,
    const struct dq_diagnostic *f, const char *format, ...)
{
    char text[512];
    va_list args;
    struct dq_diagnostic whole = *f;
    whole.tensor = t;
    whole.path = m->shards[t->shard].path;
    dq_emit(m->diag, &whole);
    if (t->problem)
        return 0;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    t->problem = dq_mem_strdup(text);
    return t->problem ? 0 : dq_fail_nomem(e);
}

/* So that their bytes fit 63 bits in any type of output. */
#define MOST_WEIGHTS (INT64_MAX / 8)

/* The number of weights and bytes; false if either does not fit 63 bits. */
static bool work_out_size(struct dq_tensor *t)
{
    uint64_t n = 1;
    bool zero = false;
    for (uint32_t i = 0; i < t->n_dims; i++) {
        zero = zero || t->dims[i] == 0;
        if (t->dims[i] > INT64_MAX)
            return false;
    }
    for (uint32_t i = 0; i < t->n_dims && !zero; i++) {
        if (!dq_mul_u64(n, t->dims[i], &n) || n > MOST_WEIGHTS)
            return false;
    }
    t->n_weights = zero ? 0 : n;
    if (!t->type)
        return true;
    uint64_t bytes;
    if (!dq_mul_u64(t->n_weights / t->type->weights, t->type->bytes, &bytes) || bytes > INT64_MAX)
        return false;
    t->n_bytes = bytes;
    return true;
}

/* What its info says of its shape. */
static int check_shape(const struct dq_model *m, struct dq_tensor *t, struct dq_error *e)
{
    int rc = 0;
    char shape[DQ_SHAPE_WORDS];
    if (!work_out_size(t)) {
        const struct dq_diagnostic f = {.rule = DQ_RULE_tensor_size,
            .offset = t->info_off,
            .expected = "weights whose bytes in any type fit 63 bits",
            .found = DQ_WORDS("a shape of %s", dq_tensor_shape(t, shape))};
        rc = refuse(m, t, e, &f, "its size does not fit 63 bits");
    }
    if (rc == 0 && t->type && t->dims[0] % t->type->weights != 0) {
        const struct dq_diagnostic f = {.rule = DQ_RULE_tensor_rows,
            .offset = t->info_off,
            .expected =
                DQ_WORDS("%s blocks of %" PRIu32 " weights", t->type->name, t->type->weights),
            .found = DQ_WORDS("rows of %" PRIu64, t->dims[0])};
        rc = refuse(m, t, e, &f,
            "its rows of %" PRIu64 " weights are not whole %s blocks of %" PRIu32, t->dims[0],
            t->type->name, t->type->weights);
    }
    return rc;
}

/* Whether all of it is in the file; its size is known. */
static int check_end(
    const struct dq_model *m, uint64_t file_size, struct dq_tensor *t, struct dq_error *e)
{
    const uint64_t end = t->offset + t->n_bytes; /* fits: both are below 2^63 */
    if (t->n_bytes > 0 && end > file_size) {
        const struct dq_diagnostic f = {.rule = DQ_RULE_tensor_in_file,
            .offset = t->offset,
            .expected = DQ_WORDS("a file of %" PRIu64 " bytes", end),
            .found = DQ_WORDS("%" PRIu64 ", so %" PRIu64 " are missing: is the file cut short?",
                file_size, end - file_size)};
        return refuse(m, t, e, &f,
            "its data (offset %" PRIu64 ", %" PRIu64
            " bytes) ends past the end of the file (%" PRIu64 " bytes): is the file cut short?",
            t->offset, t->n_bytes, file_size);
    }
    if (!t->type && t->offset > file_size) {
        const struct dq_diagnostic f = {.rule = DQ_RULE_tensor_in_file,
            .offset = t->offset,
            .expected = DQ_WORDS("a file of %" PRIu64 " bytes or more", t->offset),
            .found = DQ_WORDS("%" PRIu64 ": is the file cut short?", file_size)};
        return refuse(m, t, e, &f,
            "its data (offset %" PRIu64 ") starts past the end of the file (%" PRIu64
            " bytes): is the file cut short?",
            t->offset, file_size);
    }
    return 0;
}

/* Checks one tensor by itself and sets its offset; *placed says whether it has one. */
static int check_alone(
    const struct dq_model *m, struct dq_tensor *t, bool *placed, struct dq_error *e)
{
    const struct dq_shard *s = &m->shards[t->shard];
    int rc = 0;
    t->offset = dq_add_sat_u64(s->data_off, t->section_off);
    *placed = t->offset <= INT64_MAX;
    if (!*placed) {
        const struct dq_diagnostic f = {.rule = DQ_RULE_tensor_offset,
            .offset = t->info_off,
            .expected = "an offset in the data section that ends below 2^63 in the file",
            .found = DQ_WORDS("%" PRIu64, t->section_off)};
        rc = refuse(m, t, e, &f, "its offset %" PRIu64 " in the data section lies past 2^63",
            t->section_off);
    }
    if (rc == 0)
        rc = check_shape(m, t, e);
    if (rc == 0 && t->section_off % s->alignment != 0) {
        const struct dq_diagnostic f = {.rule = DQ_RULE_tensor_aligned,
            .offset = t->info_off,
            .expected = DQ_WORDS("a multiple of %" PRIu64, s->alignment),
            .found = DQ_WORDS("%" PRIu64, t->section_off)};
        rc = refuse(m, t, e, &f,
            "its offset %" PRIu64 " in the data section is no multiple of %" PRIu64, t->section_off,
            s->alignment);
    }
    return rc == 0 && *placed ? check_end(m, s->source->size, t, e) : rc;
}

static int by_place(const void *a, const void *b)
{
    const struct dq_tensor *x = *(const struct dq_tensor *const *)a;
    const struct dq_tensor *y = *(const struct dq_tensor *const *)b;
    if (x->shard != y->shard)
        return x->shard < y->shard ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x < y ? -1 : x > y; /* the order in the file */
}

void dq_tensors_sort(struct dq_tensor **placed, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (by_place(&placed[i - 1], &placed[i]) > 0) {
            qsort(placed, n, sizeof *placed, by_place);
            return;
        }
    }
}

/* A tensor of unknown type reaches up to the next place where a tensor begins, or to the end of its
 * file. */
static void size_unknown_types(const struct dq_model *m, struct dq_tensor **placed, size_t n)
{
    uint64_t next = 0; /* that place, for the tensors at offset `here` */
    uint64_t here = 0;
    for (size_t i = n; i-- > 0;) {
        struct dq_tensor *t = placed[i];
        const uint64_t size = m->shards[t->shard].source->size;
        if (i + 1 == n || placed[i + 1]->shard != t->shard) {
            next = size;
            here = t->offset;
        } else if (t->offset != here) {
            next = here;
            here = t->offset;
        }
        const uint64_t end = next < size ? next : size;
        if (!t->type)
            t->n_bytes = end > t->offset ? end - t->offset : 0;
    }
}

/* Takes those out that are refused already; returns how many are left. */
static size_t keep_sound(struct dq_tensor **placed, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!placed[i]->problem)
            placed[kept++] = placed[i];
    }
    return kept;
}

/* Refuses t because its data overlaps that of another. */
static int refuse_overlap(const struct dq_model *m, struct dq_tensor *t,
    const struct dq_tensor *other, struct dq_error *e)
{
    char name[128];
    if (t->problem)
        return 0;
    dq_text_cut(other->display_name, name, sizeof name);
    const struct dq_diagnostic f = {.rule = DQ_RULE_tensor_overlap,
        .offset = t->offset,
        .expected = "bytes of its own",
        .found = DQ_WORDS("%" PRIu64 " bytes, and %" PRIu64 " of tensor '%s' at %" PRIu64,
            t->n_bytes, other->n_bytes, name, other->offset)};
    return refuse(
        m, t, e, &f, "its data (offset %" PRIu64 ") overlaps that of tensor '%s'", t->offset, name);
}

/* No two tensors may share a byte; both are refused, since nobody knows whose it is. */
static int check_overlaps(
    const struct dq_model *m, struct dq_tensor **placed, size_t n, struct dq_error *e)
{
    struct dq_tensor *widest = NULL; /* of those before, the one that reaches farthest */
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct dq_tensor *t = placed[i];
        if (t->n_bytes == 0)
            continue;
        const bool first = !widest || widest->shard != t->shard;
        if (!first && t->offset < widest->offset + widest->n_bytes) {
            rc = refuse_overlap(m, t, widest, e);
            if (rc == 0)
                rc = refuse_overlap(m, widest, t, e);
        }
        if (first || t->offset + t->n_bytes > widest->offset + widest->n_bytes)
            widest = t;
    }
    return rc;
}

int dq_regions_check(struct dq_model *m, struct dq_error *e)
{
    size_t n = 0;
    int rc = 0;
    if (m->n_tensors == 0)
        return 0;
    struct dq_tensor **placed = dq_mem_alloc(m->n_tensors * sizeof *placed);
    if (!placed)
        return dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < m->n_tensors; i++) {
        struct dq_tensor *t = &m->tensors[i];
        bool is_placed;
        if (m->shards[t->shard].data_off == 0)
            break; /* it and all that follow are of a file that is broken */
        rc = check_alone(m, t, &is_placed, e);
        if (is_placed)
            placed[n++] = t;
    }
    dq_tensors_sort(placed, n);
    size_unknown_types(m, placed, n);
    n = keep_sound(placed, n);
    if (rc == 0)
        rc = check_overlaps(m, placed, n, e);
    dq_mem_free(placed);
    return rc;
}
