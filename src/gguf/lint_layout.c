#include "gguf/lint_layout.h"

#include "base/checked.h"
#include "base/mem.h"
#include "gguf/regions.h"
#include "gguf/shard.h"
#include "gguf/tensor.h"

#include <inttypes.h>

struct layout_lint {
    const struct dq_shard *s;
    const struct dq_diagnostic_sink *diag;
    uint64_t end;   /* of the data so far */
    bool end_known; /* false after a tensor that cannot be used */
};

/* Padding is shorter than this, or so unusual that its start is enough. */
enum { PADDING_CHECKED = 4096 /* bytes */ };

/* Checks that the padding from off to end is zero. */
static int check_padding(
    const struct layout_lint *l, uint64_t off, uint64_t end, struct dq_error *e)
{
    uint8_t bytes[PADDING_CHECKED];
    if (end > l->s->source->size)
        end = l->s->source->size;
    if (off >= end)
        return 0;
    const size_t len = end - off < sizeof bytes ? (size_t)(end - off) : sizeof bytes;
    const int rc = dq_source_pread(l->s->source, bytes, len, off, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == 0)
            continue;
        const struct dq_diagnostic d = {.rule = DQ_RULE_padding_zero,
            .path = l->s->path,
            .offset = off + i,
            .expected = "0",
            .found = DQ_WORDS("0x%02x", bytes[i])};
        dq_emit(l->diag, &d);
        break;
    }
    return 0;
}

/* Computes where the next tensor should begin; false if that does not fit 64 bits. */
static bool next_offset(const struct layout_lint *l, uint64_t *next)
{
    uint64_t from_start;
    if (!dq_align_u64(l->end - l->s->data_off, l->s->alignment, &from_start))
        return false;
    return dq_add_u64(from_start, l->s->data_off, next);
}

/* Checks what lies between the data so far and that of t. */
static int step_to(struct layout_lint *l, const struct dq_tensor *t, struct dq_error *e)
{
    uint64_t next;
    int rc = 0;
    if (t->problem) { /* an error already; its size cannot be trusted */
        l->end_known = false;
        return 0;
    }
    if (t->n_bytes == 0)
        return 0;
    if (l->end_known && next_offset(l, &next)) {
        if (t->offset > next) {
            const struct dq_diagnostic d = {.rule = DQ_RULE_gap,
                .path = l->s->path,
                .tensor = t,
                .offset = next,
                .expected = DQ_WORDS("the data at offset %" PRIu64, next),
                .found = DQ_WORDS("%" PRIu64, t->offset)};
            dq_emit(l->diag, &d);
        }
        rc = check_padding(l, l->end, next, e);
    }
    if (!l->end_known || t->offset + t->n_bytes > l->end)
        l->end = t->offset + t->n_bytes;
    l->end_known = true;
    return rc;
}

/* Checks what follows the data. */
static int check_end(const struct layout_lint *l, struct dq_error *e)
{
    uint64_t next;
    const uint64_t size = l->s->source->size;
    const bool has_data = l->end > l->s->data_off;
    if (!l->end_known || (has_data && l->end > size) || !next_offset(l, &next))
        return 0;
    struct dq_diagnostic d = {.rule = DQ_RULE_padding_missing,
        .path = l->s->path,
        .offset = has_data ? l->end : l->s->infos_end,
        .expected = DQ_WORDS("a file of %" PRIu64 " bytes", next),
        .found = DQ_WORDS("%" PRIu64, size)};
    if (size != next) {
        if (size > next) {
            d.rule = DQ_RULE_trailing_bytes;
            d.offset = next;
        }
        dq_emit(l->diag, &d);
    }
    return check_padding(l, l->end, next, e);
}

/* ggml wants a tensor without data where the data of those before it in the file ends. */
static void check_empty(const struct layout_lint *l, const struct dq_tensor *t)
{
    uint64_t next;
    if (!l->end_known || !next_offset(l, &next) || t->offset == next)
        return;
    const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_empty_offset,
        .path = l->s->path,
        .tensor = t,
        .offset = t->info_off,
        .expected = DQ_WORDS("%" PRIu64, next),
        .found = DQ_WORDS("%" PRIu64, t->offset)};
    dq_emit(l->diag, &d);
}

/* Offsets need not ascend, but all writers write them so, and ggml requires it. */
static void check_order(struct layout_lint l, const struct dq_tensor *tensors, size_t n)
{
    const struct dq_tensor *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct dq_tensor *t = &tensors[i];
        if (t->problem) {
            l.end_known = false;
            continue;
        }
        if (t->n_bytes == 0) {
            check_empty(&l, t);
            continue;
        }
        if (last && t->offset < last->offset) {
            const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_order,
                .path = l.s->path,
                .tensor = t,
                .offset = t->info_off,
                .expected = DQ_WORDS("an offset past %" PRIu64, last->offset),
                .found = DQ_WORDS("%" PRIu64, t->offset)};
            dq_emit(l.diag, &d);
            return; /* one note is enough */
        }
        last = t;
        l.end = t->offset + t->n_bytes;
        l.end_known = true;
    }
}

/* Notes each type whose tensors have the blocks of another (spans.h). */
static void check_types(const struct layout_lint *l, const struct dq_tensor *tensors, size_t n)
{
    bool is_noted[DQ_TYPE_COUNT] = {false};
    for (size_t i = 0; i < n; i++) {
        const struct dq_tensor *t = &tensors[i];
        if (!t->type || t->type->id == t->type_id || is_noted[t->type->type])
            continue;
        const struct dq_type_info *stated = dq_type_by_id(t->type_id);
        const struct dq_diagnostic d = {.rule = DQ_RULE_type_layout,
            .path = l->s->path,
            .tensor = t,
            .offset = t->info_off,
            .expected = DQ_WORDS("%s (type %" PRIu32 "): %" PRIu32 " bytes for %" PRIu32 " weights",
                stated->name, stated->id, stated->bytes, stated->weights),
            .found = DQ_WORDS(
                "%s: %" PRIu32 " for %" PRIu32, t->type->name, t->type->bytes, t->type->weights)};
        dq_emit(l->diag, &d);
        is_noted[t->type->type] = true; /* one note is enough for all of its tensors */
    }
}

int dq_lint_layout(const struct dq_shard *s, struct dq_tensor *tensors, size_t n,
    const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    struct layout_lint l = {s, diag, s->data_off, true};
    size_t n_placed = 0;
    struct dq_tensor **placed = dq_mem_alloc((n + 1) * sizeof *placed);
    if (!placed)
        return dq_fail_nomem(e);
    for (size_t i = 0; i < n; i++) {
        if (tensors[i].offset <= INT64_MAX)
            placed[n_placed++] = &tensors[i];
    }
    dq_tensors_sort(placed, n_placed);
    check_order(l, tensors, n);
    check_types(&l, tensors, n);
    int rc = check_padding(&l, s->infos_end, s->data_off, e);
    for (size_t i = 0; rc == 0 && i < n_placed; i++)
        rc = step_to(&l, placed[i], e);
    if (n_placed < n ||
        (n == 0 && s->source->size < s->data_off)) /* without tensors, no padding is needed */
        l.end_known = false;
    if (rc == 0)
        rc = check_end(&l, e);
    dq_mem_free(placed);
    return rc;
}
