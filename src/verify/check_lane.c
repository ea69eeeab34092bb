#include "verify/check_lane.h"

#include <string.h>

int dq_check_lane_decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype,
    size_t nblocks, struct dq_error *e)
{
    const size_t len = nblocks * dq_types[type].weights * dq_dtype_len(dtype);
    uint64_t unused = 0;
    const int rc = dq_lane_poison(lane, len, e);
    return rc != 0 ? rc : lane->ops->decode(lane, type, dtype, nblocks, &unused, e);
}

int dq_check_lane_compare(struct dq_lane *lane, struct dq_lane *reference, struct dq_comparison *c,
    size_t at, size_t nblocks, uint64_t first_block, struct dq_error *e)
{
    const struct dq_type_info *info = &dq_types[c->type];
    const size_t weights_len = info->weights * dq_dtype_len(c->dtype); /* of a block */
    const size_t by_in = reference->in_len / info->bytes;
    const size_t by_out = reference->out_len / weights_len;
    const size_t max_blocks = by_in < by_out ? by_in : by_out;
    c->device = lane->device;
    for (size_t done = 0; done < nblocks; done += max_blocks) {
        const size_t n = nblocks - done < max_blocks ? nblocks - done : max_blocks;
        const uint8_t *got = lane->out + (at + done) * weights_len;
        uint64_t unused = 0;
        memcpy(reference->in, lane->in + (at + done) * info->bytes, n * info->bytes);
        const int rc = reference->ops->decode(reference, c->type, c->dtype, n, &unused, e);
        if (rc != 0)
            return rc;
        dq_compare(c, got, reference->out, reference->in, first_block + done, n);
    }
    return 0;
}

/* Returns a hash of len bytes. */
static uint64_t hash_bytes(const uint8_t *bytes, size_t len)
{
    uint64_t sum = 0xcbf29ce484222325;
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, len - i < 8 ? len - i : 8);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15;
        sum ^= sum >> 32;
    }
    return sum;
}

int dq_check_lane_stable(
    struct dq_lane *lane, struct dq_comparison *c, size_t nblocks, struct dq_error *e)
{
    const size_t len = nblocks * dq_types[c->type].weights * dq_dtype_len(c->dtype);
    const uint64_t before = hash_bytes(lane->out, len);
    const int rc = dq_check_lane_decode(lane, c->type, c->dtype, nblocks, e);
    if (rc == 0 && hash_bytes(lane->out, len) != before)
        c->unstable = true;
    return rc;
}
