/* The report of compare: which figures it has, and those of a pair. */
#ifndef DQ_COMPARE_REPORT_H
#define DQ_COMPARE_REPORT_H

#include "cli/compare_pairs.h"
#include "cli/figures.h"
#include "reduce/difference_tensors.h"

enum {
#define FIGURE(key, heading, width, digits, needs, kind, shown) DQ_COMPARE_##key,
#include "cli/compare_figures.def"
    DQ_COMPARE_FIGURES,
    DQ_COMPARE_FIGURES_MAX = DQ_COMPARE_FIGURES + DQ_PERCENTILES_MAX,
};

extern const struct dq_figure_table dq_compare_table;

/* What a row is about. */
struct dq_compared {
    const struct dq_compare_pair *pair;
    const struct dq_difference *difference;
    unsigned beyond; /* limits, as dq_compare_limits_beyond returns them */
};

/* The cells of a row, which point into it. */
struct dq_compare_row {
    struct dq_cell cells[DQ_COMPARE_FIGURES_MAX]; /* by figure */
    char *name;                                   /* with the slice; owned */
    char shape_text[DQ_SHAPE_WORDS];
    char place_text[DQ_SHAPE_WORDS];
    char limits[64];
    char pattern
        [256]; /* what a reader of the table should see first: "beyond --max-nmse; b = 2 a" */
    uint64_t max_at[DQ_DIMS_MAX];
};

/* Sets the cells, none of which owns anything. dq_mem_free frees row->name. DQ_ERR_MEMORY. */
int dq_compare_row_init(
    struct dq_compare_row *row, const struct dq_compared *c, struct dq_error *e);

/* Makes the cells that are in columns those of JSON. The models are those of the plans, which are those of the pair.
 * The cells have to be put. */
void dq_compare_row_json(struct dq_compare_row *row, const struct dq_figure_columns *columns,
    const struct dq_compared *c, const struct dq_plan_pair *plans);

/* Returns what the table calls a pair: the name of the tensor with the slice, or of the Hugging Face array, which the
 * caller frees with dq_mem_free; NULL: memory is short. */
char *dq_compare_name(const struct dq_compare_pair *pair);

#endif
