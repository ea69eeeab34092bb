/* Which outputs a share writes. What is divided are files, because one run writes a whole file: those of
 * single arrays, or the shards of a set, whose layout does not depend on the number of shares. */
#include "base/checked.h"
#include "base/mem.h"
#include "extract/output.h"

/* Returns the cost of an output: its part of what its tensors cost. */
static uint64_t cost_of(const struct dq_output *out)
{
    uint64_t cost = 0;
    if (!out->hf)
        return dq_pick_cost(out->pick);
    const struct dq_layout_group *g = out->hf->group;
    for (size_t i = 0; i < g->n_inputs; i++)
        cost = dq_add_sat_u64(cost, dq_pick_cost(g->inputs[i]));
    return g->n_arrays > 0 ? cost / g->n_arrays : cost;
}

/* Leaves an array that has, or would have, a file of its own to another share. */
static void leave_output(struct dq_outputs *o, struct dq_output *out)
{
    struct dq_output_file *file = dq_output_file(o, out);
    out->status = DQ_ELSEWHERE;
    if (file)
        file->status = DQ_ELSEWHERE;
}

int dq_outputs_keep_share(struct dq_outputs *o, struct dq_error *e)
{
    const struct dq_share *share = &o->options->share;
    if (share->count == 0)
        return 0;
    const bool by_file = o->container->holds_many;
    const size_t n = by_file ? o->set.n_files : o->n;
    uint64_t *costs = dq_mem_calloc(n + 1, sizeof *costs);
    uint32_t *share_of = dq_mem_calloc(n + 1, sizeof *share_of);
    int rc = costs && share_of ? 0 : dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < o->n; i++) {
        const struct dq_output *out = &o->items[i];
        if (!by_file)
            costs[i] = cost_of(out);
        else if (out->is_planned)
            costs[o->set.places[i].file] =
                dq_add_sat_u64(costs[o->set.places[i].file], cost_of(out));
    }
    if (rc == 0)
        rc = dq_shares_assign(costs, n, share->count, share_of, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        /* An index comes last, so the run that finishes writes it. */
        const bool is_index = by_file && o->set.files[i].n_arrays == 0 && o->set.n_files > 1;
        if (share_of[i] == share->number && !is_index)
            continue;
        if (by_file)
            dq_outputs_mark(o, i, DQ_ELSEWHERE);
        else
            leave_output(o, &o->items[i]);
    }
    dq_mem_free(costs);
    dq_mem_free(share_of);
    return rc;
}
