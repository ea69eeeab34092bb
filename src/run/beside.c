#include "run/beside.h"

#include "run/decode.h"

int dq_run_beside(const struct dq_values *v, const struct dq_plan *other, struct dq_lane *lane,
    void (*take)(void *arg, const struct dq_pairs *pairs), void *arg, struct dq_error *e)
{
    const uint64_t first = v->chunk->first_item;
    const size_t n = v->chunk->n_items;
    int rc = 0;
    for (size_t done = 0; rc == 0 && done < n;) {
        struct dq_plan_pos pos = dq_plan_at(other, first + done);
        struct dq_chunk chunk;
        struct dq_values beside = {.plan = other, .chunk = &chunk, .lane = lane};
        dq_plan_next(other, &pos, dq_chunk_capacity(other, lane), &chunk);
        dq_plan_cut(other, &chunk, n - done);
        rc = dq_chunk_decode(&beside, false, e);
        const struct dq_pairs pairs = {.chunk = v->bytes + done * sizeof(float),
            .beside = beside.bytes,
            .n = chunk.n_items,
            .first = first + done};
        if (rc == 0)
            take(arg, &pairs);
        done += chunk.n_items;
    }
    return rc;
}
