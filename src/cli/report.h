/* Reports: what a command found, filled once and written as a table, as one JSON object, as JSONL, or, for lists of
 * numbers, as CSV or TSV.
 *
 * A command describes the columns once, then puts each row as soon as it has it. Rows are not kept,
 * so memory does not depend on the length of the report. A report consists of
 *
 *                 table                    JSON                            JSONL
 *   fields        -                        keys of the object              -
 *   rows          a line each, aligned     a list of objects per section   an object per line
 *   text          unchanged                -                               -
 *   error         - (see dq_msg_failure)   the key "error", or null        a last line {"error": ...}
 *
 *     static const struct dq_column columns[] = {
 *         {.key = "name", .heading = "NAME", .width = -20},
 *         {.key = "bytes", .heading = "BYTES", .width = 12},
 *     };
 *     struct dq_report r;
 *     dq_report_open(&r, args);
 *     dq_report_field(&r, "model", dq_cell_text(path));
 *     dq_report_print(&r, "%s:\n", path);
 *     dq_report_begin_rows(&r, "tensors", columns, 2);
 *     for (...)
 *         dq_report_row(&r, (const struct dq_cell[]){dq_cell_text(name), dq_cell_u64(n)});
 *     dq_report_end_rows(&r);
 *     return dq_msg_failure(dq_report_end(&r, rc, &e), &e);
 *
 * Write errors are returned by dq_report_flush or dq_report_end; if the reader closed its pipe, that
 * is DQ_ERR_CLOSED. One thread at a time may use a report. */
#ifndef DQ_REPORT_H
#define DQ_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/args.h"

enum dq_report_format {
    DQ_REPORT_TABLE,
    DQ_REPORT_JSON,
    DQ_REPORT_JSONL,
    DQ_REPORT_CSV, /* a line of the keys, then one for each row; all else is left out */
    DQ_REPORT_TSV,
};

enum { DQ_GAP_NONE = -1 };

/* A column of the table and a key of each row's object. */
struct dq_column {
    const char *key;      /* NULL: only in the table */
    const char *heading;  /* "": a column without a heading; NULL: only in JSON */
    int width;            /* minimum, in characters; negative: left-aligned, as in printf */
    int gap;              /* blanks after the column; 0: 2; DQ_GAP_NONE: none */
    unsigned digits;      /* significant digits of a real in the table; 0: 6 */
    unsigned json_digits; /* the same in JSON; 0: 17, which read back as the same double */
};

enum dq_cell_kind {
    DQ_CELL_NULL,
    DQ_CELL_TEXT,
    DQ_CELL_U64,
    DQ_CELL_BYTES,
    DQ_CELL_REAL,
    DQ_CELL_BOOL,
    DQ_CELL_U64S,
    DQ_CELL_JSON,
};

/* One value, made by the functions below. What it points to must stay valid until the cell is put;
 * putting it takes ownership of a json_t. */
struct dq_cell {
    enum dq_cell_kind kind;
    uint32_t len;      /* of a list */
    const char *shown; /* the table's text, safe for a terminal; NULL: made from the value */
    union {
        const char *text;
        uint64_t u64;
        double real;
        const uint64_t *u64s;
        json_t *json;
    };
};

/* null; nothing in the table. */
static inline struct dq_cell dq_cell_null(void)
{
    return (struct dq_cell){.kind = DQ_CELL_NULL};
}

/* Any text, escaped where the output needs it, at most 1,023 bytes of it in the table; NULL is
 * null. */
static inline struct dq_cell dq_cell_text(const char *text)
{
    return (struct dq_cell){.kind = text ? DQ_CELL_TEXT : DQ_CELL_NULL, .text = text};
}

/* The escaped name of a tensor or a key: the same in the table and in JSON, so that either selects
 * that tensor when it is given back. */
static inline struct dq_cell dq_cell_name(const char *display_name)
{
    return (struct dq_cell){.kind = DQ_CELL_TEXT, .shown = display_name, .text = display_name};
}

/* A whole number; beyond 63 bits JSON has it as a string of digits. */
static inline struct dq_cell dq_cell_u64(uint64_t value)
{
    return (struct dq_cell){.kind = DQ_CELL_U64, .u64 = value};
}

/* A number of bytes: "1.20 GiB" in the table, a whole number in JSON. */
static inline struct dq_cell dq_cell_bytes(uint64_t value)
{
    return (struct dq_cell){.kind = DQ_CELL_BYTES, .u64 = value};
}

/* In JSON, NaN and infinities are "nan", "inf" and "-inf". */
static inline struct dq_cell dq_cell_real(double value)
{
    return (struct dq_cell){.kind = DQ_CELL_REAL, .real = value};
}

/* "yes" or "no" in the table, true or false in JSON. */
static inline struct dq_cell dq_cell_bool(bool value)
{
    return (struct dq_cell){.kind = DQ_CELL_BOOL, .u64 = value};
}

/* A list of n whole numbers. The table shows nothing without dq_cell_shown. */
static inline struct dq_cell dq_cell_u64s(const uint64_t *values, size_t n)
{
    return (struct dq_cell){.kind = DQ_CELL_U64S, .len = (uint32_t)n, .u64s = values};
}

/* A nested value; in JSON, NULL (out of memory) makes the report fail. The table shows nothing without
 * dq_cell_shown and frees the value unused, so make large ones only if dq_report_is_table is false. */
static inline struct dq_cell dq_cell_json(json_t *value)
{
    return (struct dq_cell){.kind = DQ_CELL_JSON, .json = value};
}

/* The same value, but the table shows this text, which must be safe for a terminal. */
static inline struct dq_cell dq_cell_shown(struct dq_cell cell, const char *shown)
{
    cell.shown = shown;
    return cell;
}

enum {
    DQ_REPORT_COLUMNS_MAX = 80,
    DQ_REPORT_LINE = 1024,
    DQ_REPORT_BLANKS = 16,
    DQ_REPORT_CELL = 1024
};

/* How a column is laid out in the table. */
struct dq_column_place {
    size_t width; /* in characters */
    size_t gap;   /* blanks after it */
    bool is_left; /* aligned */
};

/* Members are private. */
struct dq_report {
    enum dq_report_format format;
    struct dq_json json;
    bool begun; /* the object is open */
    bool in_rows;
    bool head_due; /* the table's headings are still to be written */
    const struct dq_column *columns;
    size_t n_columns;
    struct dq_column_place places[DQ_REPORT_COLUMNS_MAX];
    /* The part of the table's current line that is not written yet. Blanks are stored 16 at a time. */
    char line[DQ_REPORT_LINE + DQ_REPORT_BLANKS];
    size_t line_len;
    size_t n_blanks; /* pending: written before the next text, so that no line ends in blanks */
};

/* Starts a report on standard output in the format of the command line. */
void dq_report_open(struct dq_report *r, const struct dq_args *args);

/* Starts a report to a file, which the caller closes. path is the file's name in error messages; NULL:
 * standard output. */
void dq_report_init(
    struct dq_report *r, enum dq_report_format format, FILE *file, const char *path);

/* Whether the report is a table, so that values that only JSON has need not be computed. */
static inline bool dq_report_is_table(const struct dq_report *r)
{
    return r->format == DQ_REPORT_TABLE;
}

/* Puts a key into the JSON object, before, between or after the sections. */
void dq_report_field(struct dq_report *r, const char *key, struct dq_cell cell);

/* Returns the JSON writer, for nested parts of the object, which is open; NULL if the report is not one
 * JSON object. */
struct dq_json *dq_report_json(struct dq_report *r);

/* Writes text if the report is a table. Names and paths in it must be escaped (text.h). */
void dq_report_print(struct dq_report *r, const char *format, ...) DQ_PRINTF(2, 3);

/* Begins a section: the list `key` of the JSON object, or a part of the table that begins with the
 * headings unless all are "" or NULL. The columns, at most DQ_REPORT_COLUMNS_MAX, must outlive it. */
void dq_report_begin_rows(
    struct dq_report *r, const char *key, const struct dq_column *columns, size_t n_columns);

/* Makes a column, counted from 0, at least n_letters characters wide. Call it before the first row. */
void dq_report_widen(struct dq_report *r, size_t column, size_t n_letters);

/* Puts a row: one cell for each column. */
void dq_report_row(struct dq_report *r, const struct dq_cell *cells);
void dq_report_end_rows(struct dq_report *r);

/* Returns the text of a cell in a table, safe for a terminal, which may be in buf. */
const char *dq_report_text(
    const struct dq_column *column, const struct dq_cell *c, char buf[DQ_REPORT_CELL]);

/* Flushes what was put so far to the reader. Returns 0 or an error. */
int dq_report_flush(struct dq_report *r, struct dq_error *e);

/* Ends the report and an open section. rc and e say how the command ended; the text of an error is
 * added to JSON. Returns rc or, if that is 0, whether writing the report worked, with the error in e. */
int dq_report_end(struct dq_report *r, int rc, struct dq_error *e);

/* The whole report, and the message, of a command that has no memory for its state. Returns DQ_ERR_MEMORY. */
int dq_report_nomem(const struct dq_args *args);

#endif
