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
    enum dq_unit unit;
    struct dq_unit_difference result;
    struct dq_difference_figures figures; /* of result */
    unsigned beyond;                      /* limits, as dq_compare_limits_beyond returns them */
};

/* Parts of a pair. */
struct dq_pair_units {
    struct dq_tensor shaped; /* has only the shape of what is divided */
    enum dq_unit unit;       /* rows instead of blocks, where there are none */
    struct dq_units units;
};

/* Divides a pair. An array of Hugging Face has no blocks. */
void dq_pair_units_init(
    struct dq_pair_units *u, const struct dq_compare_pair *pair, enum dq_unit unit);

/* Sets slice to what selects a unit in the tensor, or in the array of Hugging Face; "" is all of it. */
void dq_pair_units_text(const struct dq_pair_units *u, uint64_t number, char slice[DQ_UNIT_TEXT]);

/* The same for what a row is about; of a whole pair, the slice that was given. */
void dq_compared_slice(const struct dq_compared *c, char slice[DQ_UNIT_TEXT]);

/* The cells of a row, which point into it. */
struct dq_compare_row {
    struct dq_cell cells[DQ_COMPARE_FIGURES_MAX]; /* by figure */
    char *name;                                   /* with the slice; owned */
    char slice[DQ_UNIT_TEXT];
    char worst_row[DQ_UNIT_TEXT];
    uint64_t shape[DQ_DIMS_MAX];
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

/* Returns what the table calls a pair: the name of the tensor with the slice, which may be NULL, or of the Hugging Face
 * array. The caller frees it with dq_mem_free; NULL: memory is short. */
char *dq_compare_name(const struct dq_compare_pair *pair, const char *slice);

#endif
