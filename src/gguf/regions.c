#include "gguf/regions.h"

#include "base/checked.h"
#include "base/mem.h"
#include "base/text.h"
#include "gguf/model.h"
#include "gguf/spans.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* So that the size in bytes fits 63 bits in any output type. */
#define WEIGHTS_MAX (INT64_MAX / 8)

/* Computes the numbers of weights and bytes; returns false if either does not fit 63 bits. */
static bool compute_size(struct dq_tensor *t)
{
    uint64_t n = 1;
    bool zero = false;
    for (uint32_t i = 0; i < t->n_dims; i++) {
        zero = zero || t->dims[i] == 0;
        if (t->dims[i] > INT64_MAX)
            return false;
    }
    for (uint32_t i = 0; i < t->n_dims && !zero; i++) {
        if (!dq_mul_u64(n, t->dims[i], &n) || n > WEIGHTS_MAX)
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

/* Checks the shape. */
static int check_shape(const struct dq_model *m, struct dq_tensor *t, struct dq_error *e)
{
    int rc = 0;
    char shape[DQ_SHAPE_WORDS];
    if (t->n_dims_stored > DQ_DIMS_MAX) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_dimensions,
            .offset = t->info_off,
            .expected = DQ_WORDS("at most %d", DQ_DIMS_MAX),
            .found = DQ_WORDS("%" PRIu32, t->n_dims_stored)};
        return dq_tensor_refuse(m, t, &d, m->diag, e);
    }
    if (!compute_size(t)) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_size,
            .offset = t->info_off,
            .expected = "fewer than 2^60 weights, in dimensions below 2^63",
            .found = DQ_WORDS("a shape of %s", dq_tensor_shape(t, shape))};
        rc = dq_tensor_refuse(m, t, &d, m->diag, e);
    }
    if (rc == 0 && t->type && t->dims[0] % t->type->weights != 0)
        rc = dq_tensor_refuse_rows(m, t, e);
    return rc;
}

/* Whether some of a tensor's data, or its beginning, lies past the end of the file. */
static bool is_beyond(const struct dq_tensor *t, uint64_t file_size)
{
    if (t->n_bytes == 0) /* as that of an unknown type does */
        return !t->type && t->offset > file_size;
    return t->offset + t->n_bytes > file_size; /* no overflow: both are below 2^63 */
}

/* Finds out how much of its data is in the file. Returns whether that is not all. */
static bool check_end(uint64_t file_size, struct dq_tensor *t)
{
    t->n_there = t->n_bytes;
    if (!is_beyond(t, file_size))
        return false;
    t->n_there = t->offset < file_size ? file_size - t->offset : 0;
    t->is_cut = !t->problem;
    return true;
}

/* Checks one tensor by itself and sets its offset; *placed says whether it has one. */
static int check_alone(
    const struct dq_model *m, struct dq_tensor *t, bool *placed, struct dq_error *e)
{
    const struct dq_shard *s = &m->shards[t->shard];
    const uint64_t section_off = t->offset;
    int rc = 0;
    t->offset = dq_add_sat_u64(s->data_off, section_off);
    *placed = t->offset <= INT64_MAX;
    if (!*placed) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_offset,
            .offset = t->info_off,
            .expected = "an offset in the file below 2^63",
            .found = DQ_WORDS("%" PRIu64 " in the data section", section_off)};
        rc = dq_tensor_refuse(m, t, &d, m->diag, e);
    }
    if (rc == 0)
        rc = check_shape(m, t, e);
    if (rc == 0 && section_off % s->alignment != 0) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_aligned,
            .offset = t->info_off,
            .expected = DQ_WORDS("a multiple of %" PRIu64, s->alignment),
            .found = DQ_WORDS("%" PRIu64, section_off)};
        rc = dq_tensor_refuse(m, t, &d, m->diag, e);
    }
    return rc;
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

/* Nothing of a cut tensor can be read whose place it shares with another. */
static void check_cut(struct dq_tensor **placed, size_t n)
{
    uint64_t end = 0; /* of the data before */
    for (size_t i = 0; i < n; i++) {
        struct dq_tensor *t = placed[i];
        const bool first = i == 0 || placed[i - 1]->shard != t->shard;
        const bool last = i + 1 == n || placed[i + 1]->shard != t->shard;
        if (first)
            end = 0;
        if (t->is_cut &&
            (t->offset < end || (!last && placed[i + 1]->offset < t->offset + t->n_there)))
            t->n_there = 0;
        if (t->offset + t->n_bytes > end)
            end = t->offset + t->n_bytes;
    }
}

/* Refuses t because its data overlaps that of another. */
static int refuse_overlap(const struct dq_model *m, struct dq_tensor *t,
    const struct dq_tensor *other, struct dq_error *e)
{
    char name[128];
    if (t->problem)
        return 0;
    const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_overlap,
        .offset = t->offset,
        .expected = DQ_WORDS("%" PRIu64 " bytes of its own", t->n_bytes),
        .found = DQ_WORDS("%" PRIu64 " bytes of tensor '%s' at offset %" PRIu64, other->n_bytes,
            dq_text_cut(other->display_name, name, sizeof name), other->offset)};
    return dq_tensor_refuse(m, t, &d, m->diag, e);
}

/* Refuses both of two tensors that share a byte, since nothing tells whose it is. */
static int check_overlaps(
    const struct dq_model *m, struct dq_tensor **placed, size_t n, struct dq_error *e)
{
    struct dq_tensor *widest = NULL; /* of the previous tensors, the one that ends last */
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct dq_tensor *t = placed[i];
        if (t->n_bytes == 0 || t->problem || t->is_cut) /* t is refused already */
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

/* Sets why a tensor that is cut cannot be used as a whole, and what of it can. */
static int explain_cut(const struct dq_model *m, struct dq_tensor *t, struct dq_error *e)
{
    char name[128];
    char text[DQ_DIAGNOSTIC_TEXT];
    const uint64_t outer = t->n_dims > 0 ? t->dims[t->n_dims - 1] : 1;
    /* Of the outermost indices, how many are there. */
    const uint64_t n =
        t->type ? t->n_there / t->type->bytes * t->type->weights / (t->n_weights / outer) : 0;
    size_t len = (size_t)snprintf(text, sizeof text, "the file ends before its data");
    if (t->type)
        len += (size_t)snprintf(text + len, sizeof text - len,
            ": %" PRIu64 " of %" PRIu64 " bytes are there", t->n_there, t->n_bytes);
    if (n > 0)
        snprintf(text + len, sizeof text - len, "; '%s[:%" PRIu64 "]' can be taken",
            dq_text_cut(t->display_name, name, sizeof name), n);
    t->problem = dq_pool_strdup(m->texts, text);
    return t->problem ? 0 : dq_fail_nomem(e);
}

/* Reports that file i ends before the data of some of its n tensors does, if so. */
static int report_cut(
    struct dq_model *m, size_t i, struct dq_tensor *tensors, size_t n, struct dq_error *e)
{
    struct dq_shard *s = &m->shards[i];
    const struct dq_tensor *first = NULL;
    uint64_t end = 0;
    size_t n_beyond = 0;
    char name[128];
    char text[DQ_DIAGNOSTIC_TEXT];
    for (size_t k = 0; k < n; k++) {
        struct dq_tensor *t = &tensors[k];
        if (t->offset > INT64_MAX)
            continue;
        if (t->offset + t->n_bytes > end)
            end = t->offset + t->n_bytes;
        if (!is_beyond(t, s->source->size))
            continue;
        n_beyond++;
        if (!first || t->offset < first->offset)
            first = t;
        if (t->is_cut && explain_cut(m, t, e) != 0)
            return DQ_ERR_MEMORY;
    }
    if (!first)
        return 0;
    const struct dq_diagnostic d = {.rule = DQ_RULE_file_cut,
        .path = s->path,
        .offset = first->offset,
        .expected = DQ_WORDS("%" PRIu64 " bytes", end),
        .found = DQ_WORDS("%" PRIu64 ": %zu of %zu tensors %s beyond, from '%s' on",
            s->source->size, n_beyond, n, n_beyond == 1 ? "lies" : "lie",
            dq_text_cut(first->display_name, name, sizeof name))};
    dq_emit(m->diag, &d);
    struct dq_error why;
    dq_fail(&why, 0, "%s: %s", s->path, dq_diagnostic_text(&d, text));
    s->may_be_piece = true;
    s->problem = dq_pool_strdup(m->texts, why.text);
    return s->problem ? 0 : dq_fail_nomem(e);
}

/* No tensor of a file can be used that is damaged before its data; the last one is incomplete. */
static void refuse_damaged(struct dq_tensor *t)
{
    t->offset = 0;
    if (t->info_off == 0)
        t->n_dims = 0;
    t->problem = "the table of tensors of its file is damaged";
}

int dq_regions_check(struct dq_model *m, struct dq_error *e)
{
    size_t n = 0;
    int rc = 0;
    bool any_cut = false;
    if (m->n_tensors == 0)
        return 0;
    struct dq_tensor **placed = dq_mem_alloc(m->n_tensors * sizeof *placed);
    if (!placed)
        return dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < m->n_tensors; i++) {
        struct dq_tensor *t = &m->tensors[i];
        bool is_placed;
        if (m->shards[t->shard].data_off == 0) {
            refuse_damaged(t);
            continue;
        }
        rc = check_alone(m, t, &is_placed, e);
        if (is_placed)
            placed[n++] = t;
    }
    dq_tensors_sort(placed, n);
    if (rc == 0)
        rc = dq_spans_check(m, placed, n, e);
    for (size_t i = 0; i < n; i++) {
        struct dq_shard *s = &m->shards[placed[i]->shard];
        if (check_end(s->source->size, placed[i]))
            s->is_cut = any_cut = true;
    }
    if (any_cut)
        check_cut(placed, n);
    if (rc == 0)
        rc = check_overlaps(m, placed, n, e);
    dq_mem_free(placed);
    return rc;
}

int dq_files_check(struct dq_model *m, struct dq_error *e)
{
    int rc = 0;
    for (size_t i = 0, first = 0; rc == 0 && i < m->n_shards; i++) {
        if (m->shards[i].is_cut)
            rc = report_cut(m, i, m->tensors + first, m->shards[i].n_tensors, e);
        first += m->shards[i].n_tensors;
    }
    return rc;
}
