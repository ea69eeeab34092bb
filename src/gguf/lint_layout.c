#include "gguf/lint_layout.h"

#include "base/checked.h"
#include "base/mem.h"
#include "gguf/regions.h"
#include "gguf/shard.h"
#include "gguf/tensor.h"

#include <inttypes.h>

/* What the notes on one file share. */
struct layout {
    const struct dq_shard *s;
    const struct dq_diagnostic_sink *diag;
    uint64_t end; /* of the data so far */
    bool known;   /* where it ends: not behind a tensor that cannot be used */
};

/* Padding is shorter than this, or odd enough that nobody looks at all of it. */
enum { LOOKED_AT = 4096 };

/* Notes on bytes that pad the file from off to end and are not zero. */
static int look_at_padding(const struct layout *l, uint64_t off, uint64_t end, struct dq_error *e)
{
    uint8_t bytes[LOOKED_AT];
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
        const struct dq_diagnostic f = {.rule = DQ_RULE_padding_zero,
            .path = l->s->path,
            .offset = off + i,
            .expected = "0",
            .found = DQ_WORDS("0x%02x", bytes[i])};
        dq_emit(l->diag, &f);
        break;
    }
    return 0;
}

/* Where the next tensor is due; false if that is past the end of all files. */
static bool due_at(const struct layout *l, uint64_t *due)
{
    uint64_t from_start;
    if (!dq_align_u64(l->end - l->s->data_off, l->s->alignment, &from_start))
        return false;
    return dq_add_u64(from_start, l->s->data_off, due);
}

/* Looks at what lies between the data so far and that of t. */
static int step_to(struct layout *l, const struct dq_tensor *t, struct dq_error *e)
{
    uint64_t due;
    int rc = 0;
    if (t->problem) { /* who knows how far it reaches; that is an error already */
        l->known = false;
        return 0;
    }
    if (t->n_bytes == 0)
        return 0;
    if (l->known && due_at(l, &due)) {
        if (t->offset > due) {
            const struct dq_diagnostic f = {.rule = DQ_RULE_gap,
                .path = l->s->path,
                .tensor = t,
                .offset = due,
                .expected = DQ_WORDS("its data at offset %" PRIu64, due),
                .found = DQ_WORDS("%" PRIu64, t->offset)};
            dq_emit(l->diag, &f);
        }
        rc = look_at_padding(l, l->end, due, e);
    }
    if (!l->known || t->offset + t->n_bytes > l->end)
        l->end = t->offset + t->n_bytes;
    l->known = true;
    return rc;
}

/* Looks at what lies behind the data. */
static int look_at_end(const struct layout *l, struct dq_error *e)
{
    uint64_t due;
    const uint64_t size = l->s->source->size;
    if (!l->known || l->end > size || !due_at(l, &due))
        return 0;
    struct dq_diagnostic f = {.rule = DQ_RULE_padding_missing,
        .path = l->s->path,
        .offset = l->end,
        .expected = DQ_WORDS("a file of %" PRIu64 " bytes", due),
        .found = DQ_WORDS("%" PRIu64, size)};
    if (size != due) {
        if (size > due) {
            f.rule = DQ_RULE_trailing_bytes;
            f.offset = due;
        }
        dq_emit(l->diag, &f);
    }
    return look_at_padding(l, l->end, due, e);
}

/* The offsets need not ascend, but those of all writers do, and ggml insists on it. */
static void look_at_order(const struct layout *l, const struct dq_tensor *tensors, size_t n)
{
    const struct dq_tensor *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct dq_tensor *t = &tensors[i];
        if (t->problem)
            continue;
        if (last && t->offset < last->offset) {
            const struct dq_diagnostic f = {.rule = DQ_RULE_tensor_order,
                .path = l->s->path,
                .tensor = t,
                .offset = t->info_off,
                .expected = DQ_WORDS("an offset past %" PRIu64, last->offset),
                .found = DQ_WORDS("%" PRIu64, t->offset)};
            dq_emit(l->diag, &f);
            return; /* one tells it all */
        }
        last = t;
    }
}

int dq_lint_layout(const struct dq_shard *s, struct dq_tensor *tensors, size_t n,
    const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    struct layout l = {s, diag, s->data_off, true};
    size_t n_placed = 0;
    struct dq_tensor **placed = dq_mem_alloc((n + 1) * sizeof *placed);
    if (!placed)
        return dq_fail_nomem(e);
    for (size_t i = 0; i < n; i++) {
        if (tensors[i].offset <= INT64_MAX)
            placed[n_placed++] = &tensors[i];
    }
    dq_tensors_sort(placed, n_placed);
    look_at_order(&l, tensors, n);
    int rc = look_at_padding(&l, s->infos_end, s->data_off, e);
    for (size_t i = 0; rc == 0 && i < n_placed; i++)
        rc = step_to(&l, placed[i], e);
    if (n_placed < n || (n == 0 && s->source->size < s->data_off)) /* or it needs no padding */
        l.known = false;
    if (rc == 0)
        rc = look_at_end(&l, e);
    dq_mem_free(placed);
    return rc;
}
