/* The report of stats: which figures it has, and those of a tensor or a part of one. */
#ifndef DQ_STATS_REPORT_H
#define DQ_STATS_REPORT_H

#include "cli/report.h"
#include "reduce/stats_tensors.h"
#include "select/select.h"

enum {
#define FIGURE(key, heading, width, digits, needs, kind, shown) DQ_FIGURE_##key,
#include "cli/stats_figures.def"
    DQ_FIGURES,
    DQ_FIGURES_MAX = DQ_FIGURES + DQ_PERCENTILES_MAX,
};

/* The figures that were chosen. */
struct dq_stats_columns {
    struct dq_column columns[DQ_FIGURES_MAX];
    size_t figures[DQ_FIGURES_MAX]; /* of each column */
    size_t n;
    size_t sort; /* the figure to sort by */
    bool is_sorted;
    bool is_reversed;                  /* the least first */
    bool is_utf8;                      /* the terminal shows any character */
    char keys[DQ_PERCENTILES_MAX][16]; /* "p99.9" */
    char headings[DQ_PERCENTILES_MAX][16];
};

/* Chooses the figures of the command line. DQ_ERR_USAGE for those that are unknown, or not without other options. */
int dq_stats_columns_init(
    struct dq_stats_columns *c, const struct dq_args *args, struct dq_error *e);

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
int dq_stats_row_init(struct dq_stats_row *row, const struct dq_stats_columns *c,
    const struct dq_pick *pick, enum dq_unit unit, const struct dq_unit_stats *u,
    struct dq_error *e);

/* Puts the chosen ones of its cells. */
void dq_stats_row_put(
    const struct dq_stats_row *row, const struct dq_stats_columns *c, struct dq_report *r);

#endif
