/* The page of stats: its map, its table, and the weights that stick out most. */
#ifndef DQ_STATS_PAGE_H
#define DQ_STATS_PAGE_H

#include "cli/figure_page.h"
#include "cli/stats_report.h"

/* All zero is none: the functions below then do nothing. */
struct dq_stats_page {
    struct dq_figure_page figures;
    const struct dq_args *args;
    const struct dq_picks *picks;
    uint64_t n_units;
};

/* Opens the page, if the command line asks for one; see dq_page_open. picks may be empty yet, but both must outlive it. */
int dq_stats_page_open(struct dq_stats_page *p, const struct dq_args *args,
    const struct dq_picks *picks, struct dq_error *e);

/* Adds a unit of pick number i to the map, and its largest weight to the places. u is NULL for a pick that cannot be used.
 * DQ_ERR_MEMORY. */
int dq_stats_page_add(struct dq_stats_page *p, size_t i, const struct dq_stats_row *row,
    const struct dq_unit_stats *u, struct dq_error *e);

/* Adds a unit to the table. */
void dq_stats_page_row(
    struct dq_stats_page *p, const struct dq_stats_row *row, const struct dq_unit_stats *u);

/* Writes the page of a model; see dq_page_write. */
int dq_stats_page_write(struct dq_stats_page *p, const struct dq_model *m, struct dq_error *e);

#endif
