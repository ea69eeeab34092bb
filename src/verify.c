#include "verify.h"

#include <stdlib.h>
#include <string.h>

/* Decodes nblocks blocks at lane->in on both; the weights come out in their buffers. */
static int decode_both(struct dq_lane *lane, struct dq_lane *reference, enum dq_format format,
    enum dq_dtype dtype, size_t nblocks, struct dq_error *e)
{
    uint64_t unused = 0;
    memcpy(reference->in, lane->in, nblocks * dq_formats[format].bytes);
    /* Poison, so that weights which are not written cannot pass for those of the last chunk. */
    memset(lane->out, 0xa5, nblocks * dq_formats[format].weights * dq_dtype_len(dtype));
    int rc = lane->ops->decode(lane, format, dtype, nblocks, &unused, e);
    if (rc == 0)
        rc = reference->ops->decode(reference, format, dtype, nblocks, &unused, e);
    return rc;
}

/* Decodes again on the device; notes whether the weights are others than before. */
static int check_stable(
    struct dq_lane *lane, struct dq_comparison *c, size_t nblocks, struct dq_error *e)
{
    const size_t len = nblocks * dq_formats[c->format].weights * dq_dtype_len(c->dtype);
    uint64_t unused = 0;
    uint8_t *before = malloc(len);
    if (!before)
        return dq_fail_nomem(e);
    memcpy(before, lane->out, len);
    const int rc = lane->ops->decode(lane, c->format, c->dtype, nblocks, &unused, e);
    if (rc == 0 && memcmp(before, lane->out, len) != 0)
        c->unstable = true;
    free(before);
    return rc;
}

/* Compares the blocks at lane->in, which begin with number first_block. */
static int compare_blocks(struct dq_lane *lane, struct dq_lane *reference, struct dq_comparison *c,
    uint64_t first_block, size_t nblocks, struct dq_error *e)
{
    const bool was_sound = c->n_mismatches == 0;
    const int rc = decode_both(lane, reference, c->format, c->dtype, nblocks, e);
    if (rc != 0)
        return rc;
    dq_compare(c, lane->out, reference->out, reference->in, first_block, nblocks);
    return was_sound && c->n_mismatches > 0 ? check_stable(lane, c, nblocks, e) : 0;
}

int dq_verify_plan(struct dq_lane *lane, struct dq_lane *reference, const struct dq_model *m,
    struct dq_plan *plan, struct dq_comparison *c, void (*progress)(void *arg, uint64_t n_bytes),
    void *arg, struct dq_error *e)
{
    struct dq_chunk chunk;
    const size_t weights = dq_formats[c->format].weights;
    while (dq_plan_next(plan, lane->in_len, lane->out_len, &chunk)) {
        for (size_t i = 0; i < chunk.n_segments; i++) {
            const uint64_t off = dq_plan_offset(plan, &chunk, i);
            int rc = dq_tensor_read(
                m, plan->tensor, off, lane->in, chunk.seg_blocks * plan->block_len, e);
            if (rc == 0)
                rc = compare_blocks(lane, reference, c, off / plan->block_len, chunk.seg_blocks, e);
            if (rc != 0)
                return rc;
            if (progress)
                progress(arg, chunk.seg_blocks * weights * dq_dtype_len(c->dtype));
        }
    }
    return 0;
}

/* The built-in weights are f32; those of a 16-bit type follow by the reference's own rounding. */
static int compare_golden(struct dq_lane *reference, const struct dq_golden *golden, size_t first,
    size_t nblocks, struct dq_comparison *c, struct dq_error *e)
{
    const size_t weights = dq_formats[c->format].weights;
    const size_t n = nblocks * weights;
    float *want = malloc(n * sizeof *want);
    uint16_t *narrow = malloc(n * sizeof *narrow);
    int rc = want && narrow ? 0 : dq_fail_nomem(e);
    if (rc == 0) {
        memcpy(want, golden->weights + first * weights * sizeof *want, n * sizeof *want);
        if (c->dtype != DQ_DTYPE_f32)
            dq_narrow(c->dtype, want, narrow, n);
        dq_compare(c, reference->out, c->dtype == DQ_DTYPE_f32 ? (const void *)want : narrow,
            reference->in, first, nblocks);
    }
    free(want);
    free(narrow);
    return rc;
}

int dq_selftest_run(struct dq_lane *lane, struct dq_lane *reference, enum dq_format format,
    enum dq_dtype dtype, uint32_t ulp, struct dq_selftest *out, struct dq_error *e)
{
    const struct dq_format_info *f = &dq_formats[format];
    const size_t by_in = lane->in_len / f->bytes;
    const size_t by_out = lane->out_len / (f->weights * dq_dtype_len(dtype));
    const size_t most = by_in < by_out ? by_in : by_out;
    struct dq_golden golden;
    dq_golden_get(format, &golden);
    dq_compare_init(&out->device, format, dtype, ulp);
    dq_compare_init(&out->reference, format, dtype, 0);
    for (size_t first = 0; first < golden.nblocks; first += most) {
        const size_t n = golden.nblocks - first < most ? golden.nblocks - first : most;
        memcpy(lane->in, golden.blocks + first * f->bytes, n * f->bytes);
        int rc = compare_blocks(lane, reference, &out->device, first, n, e);
        if (rc == 0)
            rc = compare_golden(reference, &golden, first, n, &out->reference, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}
