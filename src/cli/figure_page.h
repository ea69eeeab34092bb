/* The page of a report of figures (--html). */
#ifndef DQ_FIGURE_PAGE_H
#define DQ_FIGURE_PAGE_H

#include "cli/figures.h"
#include "cli/page.h"
#include "cli/ranking.h"
#include "gguf/gguf.h"
#include "run/units.h"

enum { DQ_FIGURE_PLACES = 10 }; /* to look at first */

/* All zero is none: the functions below then do nothing. */
struct dq_figure_page {
    struct dq_page *page;
    struct dq_figure_columns columns;
    size_t figure; /* colours the map */
    bool has_histogram;
    struct dq_ranking places; /* the command's, which adds them */
    uint64_t n_weights;
};

/* Opens the page, if the command line asks for one; see dq_page_open. It has the figures of the table, but that
 * numbered `histogram`, SIZE_MAX for none, is drawn. Without --sort, the one numbered `usual` colours the map. place_len: of what the
 * command ranks as places. */
int dq_figure_page_open(struct dq_figure_page *p, const struct dq_figure_table *table, size_t usual,
    size_t histogram, size_t place_len, const struct dq_args *args, struct dq_error *e);

/* Says what it is about; see dq_page_begin. */
void dq_figure_page_begin(
    struct dq_figure_page *p, const char *title, const char *reference, const char *model);

/* Adds a tensor, or a part of one, to the map. */
void dq_figure_page_map(
    struct dq_figure_page *p, const char *tensor, const char *row, const struct dq_cell *cells);

/* Adds a row to the table; octaves: DQ_PAGE_HISTOGRAM counts, or NULL. */
void dq_figure_page_row(struct dq_figure_page *p, const char *row, const struct dq_cell *cells,
    const uint64_t *histogram);

/* A stored weight. */
struct dq_stored_weight {
    const char *path; /* of the model */
    uint64_t offset;  /* of the model in the file */
    const struct dq_tensor *tensor;
    const uint64_t *indices; /* outermost first */
};

/* Adds a place to look at, and the commands that show its one or two weights. DQ_ERR_MEMORY. */
int dq_figure_page_place(struct dq_figure_page *p, const char *text,
    const struct dq_stored_weight *weights, size_t n_weights, struct dq_error *e);

/* Writes the page, which is about n units; see dq_page_write. */
int dq_figure_page_write(
    struct dq_figure_page *p, enum dq_unit unit, uint64_t n, struct dq_error *e);

void dq_figure_page_finish(struct dq_figure_page *p);

#endif
