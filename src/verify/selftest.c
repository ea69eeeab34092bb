#include "verify/verify.h"

#include "type/half.h"
#include "verify/check_lane.h"

#include <stdlib.h>
#include <string.h>

/* The built-in weights are f32. For a 16-bit dtype the reference's own function rounds them. */
static int compare_golden(struct dq_lane *reference, const struct dq_golden *golden, size_t first,
    size_t nblocks, struct dq_comparison *c, struct dq_error *e)
{
    const size_t weights = dq_types[c->type].weights;
    const size_t n = nblocks * weights;
    float *want = malloc(n * sizeof *want);
    uint16_t *narrow = malloc(n * sizeof *narrow);
    int rc = want && narrow ? 0 : dq_fail_nomem(e);
    if (rc == 0) {
        const uint8_t *stored =
            golden->weights + first * weights * sizeof *want; /* little-endian */
        for (size_t i = 0; i < n; i++)
            want[i] = dq_f32_of_bits(dq_u32(stored + i * sizeof *want));
        if (c->dtype != DQ_DTYPE_f32)
            dq_cpu_round(reference->cpu, c->dtype, want, narrow, n);
        dq_compare(c, reference->out, c->dtype == DQ_DTYPE_f32 ? (const void *)want : narrow,
            reference->in, first, nblocks);
    }
    free(want);
    free(narrow);
    return rc;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

int dq_selftest_run(struct dq_lane *lane, struct dq_lane *reference, enum dq_type type,
    enum dq_dtype dtype, uint32_t ulp, struct dq_selftest *out, struct dq_error *e)
{
    const struct dq_type_info *f = &dq_types[type];
    const size_t by_in = least(lane->in_len, reference->in_len) / f->bytes;
    const size_t by_out =
        least(lane->out_len, reference->out_len) / (f->weights * dq_dtype_len(dtype));
    const size_t most = least(by_in, by_out);
    struct dq_golden golden;
    dq_golden_get(type, &golden);
    dq_compare_init(&out->device, type, dtype, ulp);
    dq_compare_init(&out->reference, type, dtype, 0);
    for (size_t first = 0; first < golden.nblocks; first += most) {
        const size_t n = least(golden.nblocks - first, most);
        const uint64_t before = out->device.n_mismatches;
        memcpy(lane->in, golden.blocks + first * f->bytes, n * f->bytes);
        int rc = dq_check_lane_decode(lane, type, dtype, n, e);
        if (rc == 0)
            rc = dq_check_lane_compare(lane, reference, &out->device, 0, n, first, e);
        if (rc == 0)
            rc = compare_golden(reference, &golden, first, n, &out->reference, e);
        if (rc == 0 && out->device.n_mismatches > before)
            rc = dq_check_lane_stable(lane, &out->device, n, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}
