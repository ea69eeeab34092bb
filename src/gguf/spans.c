#include "gguf/spans.h"

#include "base/mem.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <stdio.h>

/* Forks of ggml give types to ids that ggml later gives to others. Such a tensor looks sound, but
 * its data is longer or shorter than its type says: the next tensor begins later or earlier. One
 * unusual distance proves nothing, because gaps are allowed and damage happens; that all tensors of
 * a type agree on the bytes of a block does. Padding to the alignment hides small differences, so
 * what a tensor tells is a range of bytes per block, and the ranges of all tensors are intersected. */

/* A block as it may be: every row has to be whole blocks of `weights`, and the data of all tensors
 * can only have the size that it has if a block has min to max bytes. min > max: it cannot. */
struct block_range {
    uint64_t weights;
    uint64_t min;
    uint64_t max;
};

enum { N_RANGES = 5 };

/* What the tensors of a type say. */
struct type_evidence {
    struct block_range ranges[N_RANGES]; /* the first for the weights of the type's own block */
    size_t n;                            /* tensors */
    size_t n_misfits;                    /* those whose span is not their size, padded */
    bool gaps;     /* all misfits could be due to padding that is wider than the file's alignment */
    bool is_short; /* a tensor has less room than its size */
    uint64_t most_blocks; /* of the type in one misfit */
};

struct layout {
    enum dq_type type;
    uint64_t weights;
    uint64_t bytes;
    const char *name;
    enum dq_type decoder;
};

static const struct layout layouts[] = {
#define DQ_LAYOUT(token, weights, bytes, name, decoder)                                            \
    {DQ_TYPE_##token, weights, bytes, name, DQ_TYPE_##decoder},
#include "type/layouts.def"
};

enum { N_LAYOUTS = sizeof layouts / sizeof layouts[0] };

struct spans {
    const struct dq_model *m;
    struct dq_tensor **placed;
    size_t n;
    uint64_t *lens; /* of each tensor: from its data to the next one's or the end of the file */
    uint64_t *alignments; /* of each file: what its offsets are aligned to in fact */
    struct type_evidence before[DQ_TYPE_COUNT]; /* from tensors that another one follows */
    struct type_evidence last[DQ_TYPE_COUNT];   /* from those at the end of a file */
};

/* Whether a tensor of no weights: it takes no place, and may be anywhere. */
static bool is_empty(const struct dq_tensor *t)
{
    return t->type && !t->problem && t->n_bytes == 0;
}

/* Whether what a tensor says counts: the size of numbers is beyond doubt. */
static bool is_witness(const struct dq_tensor *t)
{
    return !t->problem && t->type && t->type->weights > 1 && t->n_bytes > 0;
}

static bool is_misfit(const struct dq_shard *s, const struct dq_tensor *t, uint64_t len)
{
    return len < t->n_bytes || len - t->n_bytes >= s->alignment;
}

/* Measures the spans, whose lengths are kept in lens unless it is NULL, and sets the size of tensors of
 * unknown type. Returns whether there is a misfit. */
static bool measure(const struct dq_model *m, struct dq_tensor **placed, size_t n, uint64_t *lens)
{
    uint64_t next = 0; /* where the next tensor after offset `here` begins */
    uint64_t here = 0;
    const struct dq_tensor *after = NULL;
    bool any = false;
    for (size_t i = n; i-- > 0;) {
        struct dq_tensor *t = placed[i];
        const struct dq_shard *shard = &m->shards[t->shard];
        const uint64_t size = shard->source->size;
        if (is_empty(t))
            continue;
        if (!after || after->shard != t->shard) {
            next = size;
            here = t->offset;
        } else if (t->offset != here) {
            next = here;
            here = t->offset;
        }
        after = t;
        const uint64_t end = next < size ? next : size;
        const uint64_t len = end > t->offset ? end - t->offset : 0;
        if (lens)
            lens[i] = len;
        if (!t->type)
            t->n_bytes = len;
        any = any || (is_misfit(shard, t, len) && is_witness(t));
    }
    return any;
}

/* Whether no other tensor follows tensor i. */
static bool is_last(const struct spans *s, size_t i)
{
    const struct dq_tensor *t = s->placed[i];
    return t->offset + s->lens[i] >= s->m->shards[t->shard].source->size;
}

static uint64_t padded(uint64_t n_bytes, uint64_t alignment)
{
    return (n_bytes + alignment - 1) & ~(alignment - 1);
}

/* Finds the alignment to which each file is in fact padded. A writer may pad more than the file says,
 * but then it does so everywhere: numbers, whose size is beyond doubt, are the proof. */
static void find_alignments(const struct spans *s)
{
    enum { MOST = 1 << 20 };
    uint64_t *offsets = s->alignments; /* of all tensors in a file, by or */
    for (size_t i = 0; i < s->n; i++) {
        const struct dq_tensor *t = s->placed[i];
        if (t->n_bytes > 0 && !t->problem) /* an empty one may be anywhere */
            offsets[t->shard] |= t->offset - s->m->shards[t->shard].data_off;
    }
    for (size_t first = 0, i = 0; i < s->n; first = i) {
        const uint32_t shard = s->placed[first]->shard;
        const uint64_t stated = s->m->shards[shard].alignment;
        const uint64_t bits = offsets[shard] | MOST;
        const uint64_t lowest = bits & (0 - bits);
        bool is_proved = false;
        bool is_refuted = lowest <= stated;
        for (; i < s->n && s->placed[i]->shard == shard; i++) {
            const struct dq_tensor *t = s->placed[i];
            if (!t->type || t->type->weights > 1 || t->n_bytes == 0 || is_last(s, i))
                continue;
            is_proved = is_proved || s->lens[i] != padded(t->n_bytes, stated);
            is_refuted = is_refuted || s->lens[i] != padded(t->n_bytes, lowest);
        }
        s->alignments[shard] = is_proved && !is_refuted ? lowest : stated;
    }
}

static void init_evidence(struct type_evidence *of, const struct dq_type_info *type)
{
    static const uint64_t weights[N_RANGES] = {0, 32, 64, 128, 256};
    of->gaps = true;
    for (size_t i = 0; i < N_RANGES; i++)
        of->ranges[i] =
            (struct block_range){i == 0 ? type->weights : weights[i], 1, UINT64_MAX / 2};
}

static void add_evidence(struct spans *s, size_t number)
{
    const struct dq_tensor *t = s->placed[number];
    const struct dq_shard *shard = &s->m->shards[t->shard];
    const uint64_t len = s->lens[number];
    struct type_evidence *of = &(is_last(s, number) ? s->last : s->before)[t->type->type];
    const uint64_t blocks = t->n_weights / t->type->weights;
    const uint64_t least = len > shard->alignment - 1 ? len - (shard->alignment - 1) : 1;
    if (of->n++ == 0)
        init_evidence(of, t->type);
    if (is_misfit(shard, t, len)) {
        of->n_misfits++;
        of->most_blocks = blocks > of->most_blocks ? blocks : of->most_blocks;
        of->is_short = of->is_short || len < t->n_bytes;
        of->gaps = of->gaps && len == padded(t->n_bytes, s->alignments[t->shard]);
    }
    for (size_t i = 0; i < N_RANGES; i++) {
        struct block_range *r = &of->ranges[i];
        const uint64_t n = t->n_weights / r->weights; /* not 0 if the rows are whole blocks */
        if (t->dims[0] % r->weights != 0) {
            r->max = 0;
            continue;
        }
        const uint64_t min = least / n + (least % n != 0);
        const uint64_t max = len / n;
        r->min = min > r->min ? min : r->min;
        r->max = max < r->max ? max : r->max;
    }
}

/* Whether a known layout has the size of all tensors. */
static bool is_layout(const struct type_evidence *of, const struct layout *l)
{
    for (size_t i = 0; i < N_RANGES; i++) {
        const struct block_range *r = &of->ranges[i];
        if (r->weights == l->weights)
            return r->min <= l->bytes && l->bytes <= r->max;
    }
    return false;
}

static const struct layout *find_layout(const struct type_evidence *of, enum dq_type type)
{
    for (size_t i = 0; i < N_LAYOUTS; i++) {
        if (layouts[i].type == type && is_layout(of, &layouts[i]))
            return &layouts[i];
    }
    return NULL;
}

/* Whether so many tensors, or one of so many blocks, do not agree by chance. Forks have used the
 * latest ids before ggml did, so that one tensor is enough there. */
static bool is_proof(const struct type_evidence *of, enum dq_type type, bool followed)
{
    enum { MANY_BLOCKS = 2048, FIRST_REUSED_ID = 39 };
    return (followed && (of->n_misfits > 1 || dq_types[type].id >= FIRST_REUSED_ID)) ||
           of->most_blocks >= MANY_BLOCKS;
}

/* Finds the block that the tensors of a type agree on, one whose bytes are certain if there is one; NULL: none, or there is no reason to doubt. */
static const struct block_range *find_range(
    const struct type_evidence *of, enum dq_type type, bool followed)
{
    const struct block_range *found = NULL;
    for (size_t i = 0; i < N_RANGES && is_proof(of, type, followed); i++) {
        const struct block_range *r = &of->ranges[i];
        if (r->min <= r->max && (!found || (r->min == r->max && found->min != found->max)))
            found = r;
    }
    return found;
}

/* Whether t is one of the tensors that are concerned. */
static bool has_type(const struct dq_tensor *t, enum dq_type type)
{
    return !t->problem && t->type && t->type->type == type && t->n_bytes > 0;
}

/* Refuses the tensors of a type; one diagnostic stands for all. */
static int refuse_type(const struct spans *s, enum dq_type type, const struct block_range *r,
    const char *name, struct dq_error *e)
{
    const struct dq_type_info *info = &dq_types[type];
    const struct dq_diagnostic_sink *diag = s->m->diag;
    char block[160] = "";
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; i < s->n; i++)
        n += has_type(s->placed[i], type);
    if (r->min == r->max)
        snprintf(block, sizeof block, ", as if %" PRIu64 " bytes held %" PRIu64 " weights%s%s%s",
            r->min, r->weights, *name ? " (" : "", name, *name ? "?)" : "");
    for (size_t i = 0; rc == 0 && i < s->n; i++) {
        struct dq_tensor *t = s->placed[i];
        if (!has_type(t, type))
            continue;
        const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_layout,
            .offset = t->offset,
            .expected =
                DQ_WORDS("%" PRIu64 " bytes (%s: %" PRIu32 " bytes for %" PRIu32 " weights)",
                    t->n_bytes, info->name, info->bytes, info->weights),
            .found = DQ_WORDS("%" PRIu64 "%s%s", s->lens[i], block,
                n > 1 ? DQ_WORDS("; likewise in all %zu tensors of the type", n) : "")};
        rc = dq_tensor_refuse(s->m, t, &d, diag, e);
        t->n_bytes = s->lens[i]; /* as for an unknown type */
        diag = NULL;
    }
    return rc;
}

/* Gives the tensors of a type the type whose blocks they have. */
static int replace_type(const struct spans *s, const struct layout *l, struct dq_error *e)
{
    const struct dq_type_info *info = &dq_types[l->decoder];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->n; i++) {
        struct dq_tensor *t = s->placed[i];
        if (!has_type(t, l->type))
            continue;
        t->type = info; /* its blocks are the longer ones: no size grows past 63 bits */
        t->n_bytes = t->n_weights / info->weights * info->bytes;
        if (t->dims[0] % info->weights != 0)
            rc = dq_tensor_refuse_rows(s->m, t, e);
    }
    return rc;
}

static int check_type(const struct spans *s, enum dq_type type, struct dq_error *e)
{
    const struct type_evidence *before = &s->before[type];
    /* The end of a file proves less: it may be cut short, or have something appended. */
    const bool followed = before->n_misfits > 0;
    const struct type_evidence *of = followed ? before : &s->last[type];
    if (of->n_misfits == 0 || of->gaps)
        return 0;
    const struct layout *l = find_layout(of, type);
    if (l && (followed || before->n == 0 || is_layout(before, l))) {
        const struct block_range r = {l->weights, l->bytes, l->bytes};
        return l->decoder != DQ_TYPE_COUNT ? replace_type(s, l, e)
                                           : refuse_type(s, type, &r, l->name, e);
    }
    const struct block_range *r = find_range(of, type, followed);
    if (!r || (!followed && (before->n > 0 || of->is_short)))
        return 0;
    return refuse_type(s, type, r, "", e);
}

static int check_types(struct spans *s, struct dq_error *e)
{
    int rc = 0;
    find_alignments(s);
    for (size_t i = 0; i < s->n; i++) {
        if (is_witness(s->placed[i]))
            add_evidence(s, i);
    }
    for (size_t i = 0; rc == 0 && i < DQ_TYPE_COUNT; i++)
        rc = check_type(s, (enum dq_type)i, e);
    return rc;
}

int dq_spans_check(
    const struct dq_model *m, struct dq_tensor **placed, size_t n, struct dq_error *e)
{
    int rc;
    if (!measure(m, placed, n, NULL)) /* as in nearly every model */
        return 0;
    struct spans *s = dq_mem_calloc(1, sizeof *s);
    if (!s)
        return dq_fail_nomem(e);
    *s = (struct spans){.m = m, .placed = placed, .n = n};
    s->lens = dq_mem_calloc(n, sizeof *s->lens);
    s->alignments = dq_mem_calloc(m->n_shards, sizeof *s->alignments);
    if (s->lens && s->alignments) {
        measure(m, placed, n, s->lens);
        rc = check_types(s, e);
    } else {
        rc = dq_fail_nomem(e);
    }
    dq_mem_free(s->alignments);
    dq_mem_free(s->lens);
    dq_mem_free(s);
    return rc;
}
