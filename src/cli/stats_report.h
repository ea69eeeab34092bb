/* The report of stats: which figures it has, and those of a tensor or a part of one. */
#ifndef DQ_STATS_REPORT_H
#define DQ_STATS_REPORT_H

#include "cli/figures.h"
#include "reduce/stats_tensors.h"
#include "select/select.h"

enum {
#define FIGURE(key, heading, width, digits, needs, kind, shown) DQ_FIGURE_##key,
#include "cli/stats_figures.def"
    DQ_FIGURES,
    DQ_FIGURES_MAX = DQ_FIGURES + DQ_PERCENTILES_MAX,
};

extern const struct dq_figure_table dq_stats_table;

/* Sets out to how many weights there are in each octave from 2^-20 to 2^3, with what is beyond in the outer ones; zeros
 * are left out. */
enum { DQ_OCTAVES_SHOWN = 24 };
void dq_stats_octaves(const struct dq_stats *s, uint64_t out[DQ_OCTAVES_SHOWN]);

/* The cells of a row, which point into it. */
struct dq_stats_row {
    struct dq_cell cells[DQ_FIGURES_MAX]; /* by figure */
    char *name;                           /* with the slice; owned */
    char slice[DQ_UNIT_TEXT];
    char shape_text[DQ_SHAPE_WORDS];
    char places[2][DQ_SHAPE_WORDS];
    char sparkline[128];
    uint64_t shape[DQ_DIMS_MAX];
    uint64_t min_at[DQ_DIMS_MAX];
    uint64_t max_at[DQ_DIMS_MAX];
};

/* Sets the cells of a unit of a pick, or, with u NULL, of one that cannot be used. dq_mem_free frees row->name.
 * DQ_ERR_MEMORY. */
int dq_stats_row_init(struct dq_stats_row *row, const struct dq_figure_columns *c,
    const struct dq_pick *pick, enum dq_unit unit, const struct dq_unit_stats *u,
    struct dq_error *e);

#endif
