/* Gathers evaluated item by item, for tests. */
#ifndef DQ_GATHER_NAIVE_H
#define DQ_GATHER_NAIVE_H

#include "run/gather.h"

struct naive_item {
    size_t source;
    uint64_t unit;
    uint64_t item; /* of the source's tensor */
};

/* Returns where an item of the array comes from. */
static inline struct naive_item naive_gather(const struct dq_gather *g, uint64_t index)
{
    const uint64_t turn = g->interleave * g->unit_len;
    const uint64_t in_turn = index % turn;
    const uint64_t in_unit = in_turn / g->interleave;
    struct dq_gather_place p = {0, index / turn * g->interleave + in_turn % g->interleave};
    for (size_t i = 0; i < g->n_steps; i++) {
        if (g->steps[i].source == p.source)
            g->steps[i].move(&g->steps[i], &p);
    }
    const struct dq_gather_source *s = &g->sources[p.source];
    return (struct naive_item){p.source, p.unit,
        s->tensor ? s->base + p.unit / s->slice_units * s->slice_stride +
                        p.unit % s->slice_units * s->unit_stride + in_unit * s->step
                  : 0};
}

#endif
