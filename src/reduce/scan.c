#include "reduce/scan.h"

#include "cpu/cpu.h"

#include <string.h>

static bool is_empty(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Whether all weights of a block are zero, of either sign. F64 is asked for its bits, because small
 * numbers become zero as f32. */
static bool is_zero(const struct dq_type_info *f, const uint8_t *block)
{
    float weights[DQ_BLOCK_WEIGHTS_MAX];
    if (is_empty(block, f->bytes))
        return true;
    if (f->type == DQ_TYPE_f64)
        return is_empty(block, f->bytes - 1) && block[f->bytes - 1] == 0x80;
    dq_cpu_levels[0]->decode[f->type](block, weights, 1, DQ_DTYPE_f32);
    for (uint32_t i = 0; i < f->weights; i++) {
        if (weights[i] != 0)
            return false;
    }
    return true;
}

/* Most tensors are done with at their first block. */
static bool are_zero(const struct dq_type_info *f, const uint8_t *blocks, size_t nblocks)
{
    for (size_t i = 0; i < nblocks; i++) {
        if (!is_zero(f, blocks + i * f->bytes))
            return false;
    }
    return true;
}

int dq_scan_tensor(const struct dq_model *m, const struct dq_tensor *t, uint8_t *room,
    void (*progress)(void *arg, uint64_t n_bytes), void *arg, struct dq_scan *out,
    struct dq_error *e)
{
    const struct dq_type_info *f = t->type;
    const size_t most = DQ_SCAN_BUFFER / f->bytes;
    const uint64_t n = t->n_bytes / f->bytes;
    struct dq_scan v = {.all_zero = n > 0};
    for (uint64_t done = 0; done < n;) {
        const size_t nblocks = n - done < most ? (size_t)(n - done) : most;
        struct dq_nonfinite first;
        const int rc = dq_tensor_read(m, t, done * f->bytes, room, nblocks * f->bytes, e);
        if (rc != 0)
            return rc;
        const size_t n_bad = dq_find_nonfinite(f->type, room, nblocks, &first);
        if (n_bad > 0 && v.n_bad == 0) {
            v.first = first;
            v.first_block = done + first.block;
        }
        v.n_bad += n_bad;
        v.all_zero = v.all_zero && are_zero(f, room, nblocks);
        done += nblocks;
        if (progress)
            progress(arg, nblocks * f->bytes);
    }
    *out = v;
    return 0;
}
