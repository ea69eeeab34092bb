/* Pages: what a command found, as one file of HTML that needs nothing else: a map of the layers, coloured by a figure, the
 * places to look at first, and a table of all rows.
 *
 * Names are escaped, and a policy in the page lets no other script run than the one it brings, which sorts the table
 * and is not needed for reading. */
#ifndef DQ_PAGE_H
#define DQ_PAGE_H

#include "cli/report.h"

enum { DQ_PAGE_HISTOGRAM = 24 }; /* columns of a histogram */

/* What the page is about; the strings must outlive it. */
struct dq_page_subject {
    const char *title;
    const char *models[2]; /* paths, the reference first; the second may be NULL */
    const struct dq_column *columns;
    size_t n_columns;
    const char *figure;    /* colours the map */
    const char *histogram; /* heading; NULL: rows have none */
};

struct dq_page;

/* Opens the folder in which the page will be, before anything is computed and before a sandbox. Only another page is
 * replaced. The caller frees *out with dq_page_free. DQ_ERR_USAGE, DQ_ERR_IO or DQ_ERR_MEMORY. */
int dq_page_open(const char *path, struct dq_page **out, struct dq_error *e);

/* Returns the descriptor of that folder, which stays the page's. */
int dq_page_folder(const struct dq_page *p);

/* The functions below remember if memory is short, which dq_page_write returns. */

void dq_page_begin(struct dq_page *p, const struct dq_page_subject *subject);

/* Colours the cell of the map that a tensor belongs to, the number in its name being the layer, by the greatest value
 * added for that cell, which links to the row of that name. NAN: there is none. */
void dq_page_map(struct dq_page *p, const char *tensor, const char *row, double value);

/* Adds a row to the table: a cell for each column, and DQ_PAGE_HISTOGRAM counts, or NULL. */
void dq_page_row(
    struct dq_page *p, const char *name, const struct dq_cell *cells, const uint64_t *histogram);

/* The arguments of a command. */
struct dq_page_command {
    const char *arguments[6];
    size_t n;
};

/* Adds a place to look at: what is there, and the commands that show it. */
void dq_page_place(
    struct dq_page *p, const char *text, const struct dq_page_command *commands, size_t n_commands);

/* Adds a line about the whole. */
void dq_page_remark(struct dq_page *p, const char *text);

/* Writes the page, which appears complete or not at all. DQ_ERR_IO or DQ_ERR_MEMORY. */
int dq_page_write(struct dq_page *p, struct dq_error *e);

/* Frees a page, or NULL. */
void dq_page_free(struct dq_page *p);

#endif
