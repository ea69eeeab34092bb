/* The figures that a report has for each tensor, or part of one: which there are, and which of them the command line
 * chooses, in which order, and sorts by. */
#ifndef DQ_FIGURES_H
#define DQ_FIGURES_H

#include "cli/report.h"

/* Without which option a figure is not known. */
enum dq_figure_needs {
    DQ_NEEDS_ALWAYS,
    DQ_NEEDS_PERCENTILES,
    DQ_NEEDS_FIT,
    DQ_NEEDS_CODES,
    DQ_NEEDS_COUNT
};

/* Which reports have it if the command line does not choose. */
enum { DQ_SHOWN_JSON = 1, DQ_SHOWN_CSV = 2, DQ_SHOWN_TABLE = 4 };

enum dq_figure_kind {
    DQ_KIND_ONE, /* a value, which can be sorted by */
    DQ_KIND_ROUNDED, /* one that is rounded to two decimals: JSON's 17 digits would show what is not known */
    DQ_KIND_LIST,
};

struct dq_figure {
    const char *key;
    const char *heading;
    int width;
    unsigned digits;
    enum dq_figure_needs needs;
    enum dq_figure_kind kind;
    unsigned shown;
};

/* What a command can say. A row of its table of figures has J, C and T for where it is shown. */
struct dq_figure_table {
    const struct dq_figure *figures;
    size_t n;
    size_t
        percentiles; /* the figure that stands for those that --percentiles names; shown like these */
    const char *section; /* of gguf-dq(1), which defines them */
};

#define DQ_FIGURE_ROW(key, heading, width, digits, needs, kind, shown)                             \
    {#key, heading, width, digits, DQ_NEEDS_##needs, DQ_KIND_##kind, shown},

/* The figures that were chosen. */
struct dq_figure_columns {
    const struct dq_figure_table *table;
    struct dq_column columns[DQ_REPORT_COLUMNS_MAX];
    /* That of each column: its number in the table; from table->n on, percentiles. */
    size_t figures[DQ_REPORT_COLUMNS_MAX];
    size_t n;
    size_t sort; /* the figure to sort by */
    bool is_sorted;
    bool is_reversed;                  /* the least first */
    bool is_utf8;                      /* the terminal shows any character */
    char keys[DQ_PERCENTILES_MAX][16]; /* "p99.9" */
    char headings[DQ_PERCENTILES_MAX][16];
};

/* Refuses options of such reports that do not go together. DQ_ERR_USAGE. */
int dq_figures_check(const struct dq_args *args, struct dq_error *e);

/* Chooses the figures of the command line. The table has to leave room for percentiles. DQ_ERR_USAGE for those that are
 * unknown, or not known without other options. */
int dq_figures_choose(struct dq_figure_columns *c, const struct dq_figure_table *table,
    const struct dq_args *args, struct dq_error *e);

/* Returns the name of a figure. */
const char *dq_figures_key(const struct dq_figure_columns *c, size_t figure);

/* Returns whether a figure has a column. */
bool dq_figures_have(const struct dq_figure_columns *c, size_t figure);

/* Puts a row: those of the cells, one for each figure and percentile, that were chosen. No other cell may own
 * anything. */
void dq_figures_put(
    const struct dq_figure_columns *c, const struct dq_cell *cells, struct dq_report *r);

/* A figure that is not defined, NaN, is null. */
struct dq_cell dq_figure_cell(double value);

/* Makes the column of a figure, if it has one, as wide as a text that it will show, but for very long ones; NULL is
 * none. */
void dq_figures_widen(
    const struct dq_figure_columns *c, size_t figure, const char *text, struct dq_report *r);

/* Writes numbers with a separator, cut to size. Returns out. */
const char *dq_figure_join(
    const uint64_t *numbers, size_t n, const char *separator, char out[DQ_SHAPE_WORDS]);

#endif
