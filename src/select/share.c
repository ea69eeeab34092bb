#include "select/share.h"

#include "base/checked.h"
#include "base/mem.h"

#include <stdlib.h>

/* A unit of work, or a share and what it has so far. */
struct share_unit {
    uint64_t cost;
    size_t i;
};

uint64_t dq_pick_cost(const struct dq_pick *pick)
{
    const struct dq_tensor *t = pick->tensor;
    uint64_t n_weights = t->n_weights;
    uint64_t n_bytes = t->n_bytes;
    if (pick->slice && t->type) { /* its part of the tensor, in whole blocks */
        n_weights = 1;
        for (size_t i = 0; i < pick->slice->n_shape; i++)
            n_weights *= pick->slice->shape[i];
        n_bytes =
            (n_weights / t->type->weights + (n_weights % t->type->weights > 0)) * t->type->bytes;
    }
    return dq_add_sat_u64(n_bytes, dq_add_sat_u64(n_weights, n_weights));
}

static int by_falling_cost(const void *a, const void *b)
{
    const struct share_unit *x = a;
    const struct share_unit *y = b;
    if (x->cost != y->cost)
        return x->cost > y->cost ? -1 : 1;
    return x->i < y->i ? -1 : 1;
}

/* Whether share a gets the next unit rather than share b. */
static bool is_before(const struct share_unit *a, const struct share_unit *b)
{
    return a->cost != b->cost ? a->cost < b->cost : a->i < b->i;
}

/* Restores the order of a heap after the cost of its first share has grown. */
static void sift_down(struct share_unit *heap, size_t n)
{
    const struct share_unit moved = heap[0];
    size_t at = 0;
    for (size_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

int dq_shares_assign(
    const uint64_t *costs, size_t n, uint32_t count, uint32_t *share_of, struct dq_error *e)
{
    /* More shares than units leave those with the highest numbers empty. */
    const size_t n_shares = count < n ? count : n;
    struct share_unit *units = dq_mem_alloc((n + 1) * sizeof *units);
    struct share_unit *heap = dq_mem_alloc((n_shares + 1) * sizeof *heap);
    if (units && heap) {
        for (size_t i = 0; i < n; i++)
            units[i] = (struct share_unit){costs[i], i};
        for (size_t i = 0; i < n_shares; i++) /* in order, so that it is a heap */
            heap[i] = (struct share_unit){0, i};
        qsort(units, n, sizeof *units, by_falling_cost);
        for (size_t i = 0; i < n; i++) {
            share_of[units[i].i] = (uint32_t)heap[0].i + 1;
            heap[0].cost = dq_add_sat_u64(heap[0].cost, units[i].cost);
            sift_down(heap, n_shares);
        }
    }
    const int rc = units && heap ? 0 : dq_fail_nomem(e);
    dq_mem_free(units);
    dq_mem_free(heap);
    return rc;
}

int dq_picks_keep_share(struct dq_picks *picks, const struct dq_share *share, struct dq_error *e)
{
    uint64_t *costs = dq_mem_alloc((picks->n + 1) * sizeof *costs);
    uint32_t *share_of = dq_mem_alloc((picks->n + 1) * sizeof *share_of);
    int rc = costs && share_of ? 0 : dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < picks->n; i++)
        costs[i] = dq_pick_cost(&picks->items[i]);
    if (rc == 0)
        rc = dq_shares_assign(costs, picks->n, share->count, share_of, e);
    if (rc == 0)
        dq_picks_keep(picks, share_of, share->number);
    dq_mem_free(costs);
    dq_mem_free(share_of);
    return rc;
}
