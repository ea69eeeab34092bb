/* Runs a kernel alone: on whole vectors, on pieces, and after more than 2^32 weights. */
#include "check_kernel.h"

#include "cpu/cpu.h"
#include "verify/verify.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUP_SIZE = 256, /* as the program launches them */
    MAX_PIECE = 40,   /* plain weights, */
    MAX_BLOCKS = 5,   /* or blocks, of a small piece */
    IN_ALIGN = 256,
    OUT_ALIGN = 16,
    MORE_WEIGHTS = 8192, /* of blocks that are made of the built-in ones */
};

static const uint32_t no_overflow = 0xdeadbeef;

/* The number of a thread that is far from the first: a launch counts them in 32 bits, of which this
 * has the upper two. */
static const uint64_t far_thread = (uint64_t)3 << 30;

int kernel_of_name(const char *name, enum dq_type *type, enum dq_dtype *dtype)
{
    char expected[64];
    for (int f = 0; f < DQ_TYPE_COUNT; f++) {
        for (int d = 0; d <= DQ_DTYPE_bf16; d++) {
            snprintf(expected, sizeof expected, "dq_%s_%s", dq_types[f].token,
                dq_dtype_name((enum dq_dtype)d));
            if (strcmp(name, expected) == 0) {
                *type = (enum dq_type)f;
                *dtype = (enum dq_dtype)d;
                return 0;
            }
        }
    }
    return DQ_ERR_USAGE;
}

/* What is run, and what it is to give. */
struct checking {
    struct amd_memory *m;
    const struct amd_code *code;
    const struct amd_kernel *kernel;
    struct amd_counts *counts;
    uint64_t *n_weights;
    struct dq_error *e;
    const struct dq_type_info *info;
    enum dq_dtype dtype;
    size_t item_len;
    uint8_t *blocks; /* the built-in ones, and more */
    size_t nblocks;
    size_t n_made; /* of these, the last */
    float *f32;    /* of all blocks */
    void *want;    /* the same in the type of output */
    void *got;     /* a buffer of the same size */
    bool *is_over; /* which of them became infinite */
};

/* The built-in blocks first to first + nblocks - 1, at this many weights from the start of a tensor
 * that is otherwise empty. */
struct piece {
    size_t first;
    size_t nblocks;
    uint64_t before;
    uint32_t group_size;
    uint32_t more_groups;
    uint32_t shift; /* the buffers begin this many times their alignment later */
};

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Makes a block of two: bytes up to a random place from a, the rest from b; every other time, some
 * random bytes. So unusual scales are combined with all kinds of codes. */
static void cross(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t len, uint32_t *state)
{
    const size_t cut = next_random(state) % (len + 1);
    memcpy(out, a, cut);
    memcpy(out + cut, b + cut, len - cut);
    if (next_random(state) & 1)
        return;
    const size_t first = next_random(state) % len;
    const size_t end = first + next_random(state) % (len - first + 1);
    for (size_t i = first; i < end; i++)
        out[i] = (uint8_t)(next_random(state) >> 8);
}

/* The built-in blocks and, of formats that they do not hold every block of, made ones; the numbers
 * of those are what the decoders for the CPU say. */
static int prepare(struct checking *c)
{
    struct dq_golden golden;
    uint32_t state = 2463534242u;
    dq_golden_get(c->info->type, &golden);
    const struct dq_cpu *cpu = dq_cpu_levels[0];
    const size_t len = c->info->bytes;
    c->n_made = len > 2 ? MORE_WEIGHTS / c->info->weights : 0;
    c->nblocks = golden.nblocks + c->n_made;
    const size_t n = c->nblocks * c->info->weights;
    const size_t n_golden = golden.nblocks * c->info->weights;
    c->blocks = malloc(c->nblocks * len);
    c->f32 = malloc(n * sizeof *c->f32);
    c->want = malloc(n * c->item_len);
    c->got = malloc(n * c->item_len);
    c->is_over = calloc(n, sizeof *c->is_over);
    if (!c->blocks || !c->f32 || !c->want || !c->got || !c->is_over)
        return dq_fail_nomem(c->e);
    memcpy(c->blocks, golden.blocks, golden.nblocks * len);
    for (size_t i = golden.nblocks; i < c->nblocks; i++)
        cross(c->blocks + i * len, golden.blocks + next_random(&state) % golden.nblocks * len,
            golden.blocks + next_random(&state) % golden.nblocks * len, len, &state);
    memcpy(c->f32, golden.weights, n_golden * sizeof *c->f32);
    cpu->decode[c->info->type](
        c->blocks + golden.nblocks * len, c->f32 + n_golden, c->n_made, DQ_DTYPE_f32);
    if (c->dtype == DQ_DTYPE_f32) {
        memcpy(c->want, c->f32, n * sizeof *c->f32);
        return 0;
    }
    const dq_round_fn narrow = c->dtype == DQ_DTYPE_f16 ? cpu->to_f16 : cpu->to_bf16;
    for (size_t i = 0; i < n; i++)
        c->is_over[i] = narrow(c->f32 + i, (uint16_t *)c->want + i, 1) != 0;
    return 0;
}

static void finish(struct checking *c)
{
    free(c->blocks);
    free(c->f32);
    free(c->want);
    free(c->got);
    free(c->is_over);
}

/* Memory of len bytes; a kernel that has nothing to do may touch none of it. */
static int add(struct checking *c, uint64_t len, const char *name, uint64_t *out)
{
    return amd_memory_add(c->m, len ? len : 1, name, out, c->e);
}

static int wrong_weights(
    struct checking *c, const struct piece *p, const struct dq_comparison *found)
{
    const int digits = (int)c->item_len * 2;
    return dq_fail(c->e, DQ_ERR_MISMATCH,
        "%s: %" PRIu64 " of %" PRIu64 " weights differ (%s); block %zu, weight %" PRIu64
        ": 0x%0*" PRIx32 ", expected 0x%0*" PRIx32,
        c->kernel->name, found->n_mismatches, found->n_weights,
        dq_pattern_description(dq_compare_pattern(found)),
        p->first + (size_t)(found->first.weight / c->info->weights),
        found->first.weight % c->info->weights, digits, found->first.got, digits,
        found->first.want);
}

/* Of all NaNs only one may be written. */
static bool is_the_nan(const struct checking *c, size_t i)
{
    if (c->dtype == DQ_DTYPE_f32) {
        const uint32_t bits = ((const uint32_t *)c->got)[i];
        return (bits & 0x7fffffff) <= 0x7f800000 || bits == 0x7fc00000;
    }
    const uint16_t infinity = c->dtype == DQ_DTYPE_f16 ? 0x7c00 : 0x7f80;
    const uint16_t nan = c->dtype == DQ_DTYPE_f16 ? 0x7e00 : 0x7fc0;
    const uint16_t bits = ((const uint16_t *)c->got)[i];
    return (bits & 0x7fff) <= infinity || bits == nan;
}

/* Compares the weights and the word for overflows. */
static int compare(struct checking *c, const struct piece *p, uint32_t overflow)
{
    const uint8_t *blocks = c->blocks + p->first * c->info->bytes;
    const size_t first = p->first * c->info->weights;
    const size_t n = p->nblocks * c->info->weights;
    const uint8_t *want = (const uint8_t *)c->want + first * c->item_len;
    struct dq_comparison found;
    uint32_t want_overflow = no_overflow;
    dq_compare_init(&found, c->info->type, c->dtype, 0);
    if (dq_compare(&found, c->got, want, blocks, 0, p->nblocks) != 0)
        return wrong_weights(c, p, &found);
    for (size_t i = 0; i < n; i++)
        if (!is_the_nan(c, i))
            return dq_fail(c->e, DQ_ERR_MISMATCH, "%s: weight %zu is not the NaN that it should be",
                c->kernel->name, first + i);
    for (size_t i = first; i < first + n; i++)
        if (c->is_over[i])
            want_overflow = 1;
    if (overflow != want_overflow)
        return dq_fail(c->e, DQ_ERR_MISMATCH,
            "%s: %zu weights from %zu on: the word for overflows is %" PRIx32 ", expected %" PRIx32,
            c->kernel->name, n, first, overflow, want_overflow);
    *c->n_weights += n;
    return 0;
}

/* Runs the groups that have something to do with the piece, in buffers with the given addresses. */
static int launch(
    struct checking *c, const struct piece *p, uint64_t d_src, uint64_t d_dst, uint64_t d_overflow)
{
    const uint64_t group_weights =
        p->group_size * (16 / c->item_len) * c->info->gpu_stores_per_thread;
    const uint64_t n = p->before + (uint64_t)p->nblocks * c->info->weights;
    const uint64_t n_groups = (n + group_weights - 1) / group_weights + p->more_groups;
    const void *args[] = {&d_src, &d_dst, &n, &d_overflow};
    const struct amd_launch l = {
        .kernel = c->kernel,
        .n_groups = (uint32_t)n_groups,
        .group_size = p->group_size,
        .args = args,
        .first_group = (uint32_t)(p->before / group_weights),
    };
    return n_groups == 0 ? 0 : amd_launch(c->m, c->code, &l, c->counts, c->e);
}

static int run(struct checking *c, const struct piece *p)
{
    const uint64_t in_before = p->before / c->info->weights * c->info->bytes;
    const uint64_t out_before = p->before * c->item_len;
    const size_t in_len = p->nblocks * c->info->bytes;
    const size_t out_len = p->nblocks * c->info->weights * c->item_len;
    const size_t n_before = c->m->n_regions;
    uint64_t d_src;
    uint64_t d_dst;
    uint64_t d_overflow;
    uint32_t overflow = no_overflow;
    const uint64_t in_shift = (uint64_t)p->shift * IN_ALIGN;
    const uint64_t out_shift = (uint64_t)p->shift * OUT_ALIGN;
    int rc = add(c, in_shift + in_before + in_len, "the blocks", &d_src);
    if (rc == 0)
        rc = add(c, out_shift + out_before + out_len, "the weights", &d_dst);
    if (rc == 0)
        rc = add(c, sizeof overflow, "the word for overflows", &d_overflow);
    if (rc == 0) {
        amd_memory_find(c->m, d_src)->is_constant = true;
        d_src += in_shift;
        d_dst += out_shift;
        rc = amd_memory_copy_in(c->m, d_overflow, &overflow, sizeof overflow, c->e);
    }
    if (rc == 0 && in_len > 0)
        rc = amd_memory_copy_in(
            c->m, d_src + in_before, c->blocks + p->first * c->info->bytes, in_len, c->e);
    if (rc == 0)
        rc = launch(c, p, d_src, d_dst, d_overflow);
    if (rc == 0 && out_len > 0)
        rc = amd_memory_load(c->m, d_dst + out_before, c->got, out_len, c->e); /* all was written */
    if (rc == 0)
        rc = amd_memory_copy_out(c->m, d_overflow, &overflow, sizeof overflow, c->e);
    if (rc == 0)
        rc = compare(c, p, overflow);
    while (c->m->n_regions > n_before)
        amd_memory_remove(c->m, c->m->regions[c->m->n_regions - 1].base, NULL);
    return rc;
}

/* All blocks. The groups of the made ones have sizes of nearly all bits, of which none can be lost
 * without a gap, and their first addresses carry over into the upper half elsewhere. */
static int run_all(struct checking *c)
{
    const size_t n_built_in = c->nblocks - c->n_made;
    const struct piece pieces[] = {
        {.nblocks = n_built_in, .group_size = GROUP_SIZE},
        {.first = n_built_in, .nblocks = c->n_made, .group_size = 171, .shift = 3},
        {.first = n_built_in, .nblocks = c->n_made, .group_size = 343, .shift = 14},
    };
    int rc = run(c, &pieces[0]);
    if (rc == 0 && c->n_made > 0)
        rc = run(c, &pieces[1]);
    if (rc == 0 && c->n_made > 0)
        rc = run(c, &pieces[2]);
    return rc;
}

static int run_small(struct checking *c)
{
    static const uint32_t sizes[] = {64, 96, 256, 1};
    const size_t max = c->info->weights == 1 ? MAX_PIECE : MAX_BLOCKS;
    int rc = 0;
    for (size_t nblocks = 0; rc == 0 && nblocks <= max && nblocks <= c->nblocks; nblocks++) {
        for (uint32_t i = 0; rc == 0 && i < sizeof sizes / sizeof sizes[0]; i++) {
            const struct piece p = {
                .first = (c->nblocks - nblocks) * i / 3,
                .nblocks = nblocks,
                .group_size = sizes[i],
                .more_groups = i,
            };
            rc = run(c, &p);
        }
    }
    return rc;
}

static int run_far(struct checking *c)
{
    const size_t most = GROUP_SIZE * 4 / c->info->weights;
    const struct piece p = {
        .nblocks = c->nblocks < most ? c->nblocks : most,
        .before = far_thread * (16 / c->item_len) * c->info->gpu_stores_per_thread,
        .group_size = GROUP_SIZE,
    };
    return run(c, &p);
}

int check_kernel(struct amd_memory *m, const struct amd_code *c, const struct amd_kernel *k,
    struct amd_counts *counts, uint64_t *n_weights, struct dq_error *e)
{
    struct checking checking = {m, c, k, counts, n_weights, e, .dtype = DQ_DTYPE_f32};
    enum dq_type type;
    struct dq_error why;
    if (kernel_of_name(k->name, &type, &checking.dtype) != 0)
        return dq_fail(e, DQ_ERR_USAGE, "%s: not a kernel of a format", k->name);
    checking.info = &dq_types[type];
    checking.item_len = dq_dtype_len(checking.dtype);
    int rc = prepare(&checking);
    if (rc == 0)
        rc = run_all(&checking);
    if (rc == 0)
        rc = run_small(&checking);
    if (rc == 0)
        rc = run_far(&checking);
    finish(&checking);
    if (rc != 0 && strncmp(e->text, k->name, strlen(k->name)) != 0) {
        why = *e;
        dq_fail(e, rc, "%s: %.900s", k->name, why.text);
    }
    return rc;
}
