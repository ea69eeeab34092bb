/* Reports: what a command found, filled once and written as a table, as one JSON object or as JSONL.
 *
 * A command describes the columns of its rows once, then puts the rows as it has them; nothing is
 * kept, so reports of any length need the same memory. A report consists of
 *
 *                 table                    JSON                            JSONL
 *   fields        -                        keys of the object              -
 *   rows          a line each, aligned     one list of objects a section   an object a line
 *   text          as it is                 -                               -
 *   an error      - (it goes to stderr)    the key "error", else null      a last line {"error": ...}
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
 *         dq_report_row(&r, (const struct dq_cell[]){dq_cell_name(t), dq_cell_u64(n)});
 *     dq_report_end_rows(&r);
 *     return dq_msg_failure(dq_report_end(&r, rc, &e), &e);
 *
 * Write errors are kept until dq_report_flush or dq_report_end returns them; a reader that closed its
 * pipe is DQ_ERR_CLOSED. A report is used by one thread. If it goes to a terminal, the progress line
 * is out of the way of whatever it writes. */
#ifndef DQ_REPORT_H
#define DQ_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/args.h"

enum dq_report_format { DQ_REPORT_TABLE, DQ_REPORT_JSON, DQ_REPORT_JSONL };

enum { DQ_GAP_NONE = -1 };

/* A column of the table and a key of each row's object. */
struct dq_column {
    const char *key;      /* NULL: in the table only */
    const char *heading;  /* "": a column without a heading; NULL: in JSON only */
    int width;            /* least width in characters; negative: flush left, as in printf */
    int max_width;        /* dq_report_measure widens the column up to this; 0: fixed width */
    int gap;              /* blanks after the column; 0: 2; DQ_GAP_NONE: none */
    unsigned digits;      /* significant digits of a real in the table; 0: 6 */
    unsigned json_digits; /* and in JSON; 0: 17, which read back to the same double */
};

enum dq_cell_kind {
    DQ_CELL_NULL,
    DQ_CELL_TEXT,
    DQ_CELL_NAME,
    DQ_CELL_U64,
    DQ_CELL_BYTES,
    DQ_CELL_REAL,
    DQ_CELL_BOOL,
    DQ_CELL_U64S,
    DQ_CELL_JSON,
};

/* One value, made by the functions below. It borrows what it points to until it is put; a json_t is
 * the report's from then on. */
struct dq_cell {
    enum dq_cell_kind kind;
    uint32_t len;      /* of a name or a list */
    const char *shown; /* what the table shows instead of the value; fit for a terminal */
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

/* The name of a tensor or a key: its bytes as in the file, and its form for a terminal. */
static inline struct dq_cell dq_cell_name(const char *name, size_t len, const char *display_name)
{
    return (struct dq_cell){
        .kind = DQ_CELL_NAME, .len = (uint32_t)len, .shown = display_name, .text = name};
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

/* A list of n whole numbers. The table shows nothing, unless dq_cell_shown says what. */
static inline struct dq_cell dq_cell_u64s(const uint64_t *values, size_t n)
{
    return (struct dq_cell){.kind = DQ_CELL_U64S, .len = (uint32_t)n, .u64s = values};
}

/* A nested value; NULL (memory is short) is an error of the report. The table shows nothing, unless
 * dq_cell_shown says what. Make it only if dq_report_is_table is false. */
static inline struct dq_cell dq_cell_json(json_t *value)
{
    return (struct dq_cell){.kind = DQ_CELL_JSON, .json = value};
}

/* The same value with a text of its own in the table. */
static inline struct dq_cell dq_cell_shown(struct dq_cell cell, const char *shown)
{
    cell.shown = shown;
    return cell;
}

enum { DQ_REPORT_COLUMNS_MAX = 24, DQ_REPORT_LINE = 1024 };

/* Members are private. */
struct dq_report {
    enum dq_report_format format;
    struct dq_json json;
    bool on_terminal;
    bool begun; /* the object is open */
    bool in_rows;
    bool head_due; /* the table's headings are still to be written */
    const struct dq_column *columns;
    size_t n_columns;
    int widths[DQ_REPORT_COLUMNS_MAX];
    char line[DQ_REPORT_LINE]; /* what is not in the file yet of a line of the table */
    size_t line_len;
    size_t n_blanks; /* put off until something follows, so that no line ends in blanks */
};

/* Starts a report on standard output in the format of the command line. */
void dq_report_open(struct dq_report *r, const struct dq_args *args);

/* Starts one to a file that the caller closes. path is for error messages; NULL: standard output. */
void dq_report_init(
    struct dq_report *r, enum dq_report_format format, FILE *file, const char *path);

/* Whether the report is for people, so that what only JSON shows need not be worked out. */
static inline bool dq_report_is_table(const struct dq_report *r)
{
    return r->format == DQ_REPORT_TABLE;
}

/* Puts a key into the JSON object, before, between or after the sections. */
void dq_report_field(struct dq_report *r, const char *key, struct dq_cell cell);

/* For nested parts of the JSON object: the writer, which is inside of the object, or NULL if the
 * report is not one JSON object. */
struct dq_json *dq_report_json(struct dq_report *r);

/* Writes text into the table's form. Names and paths in it have to be escaped (text.h). */
void dq_report_print(struct dq_report *r, const char *format, ...) DQ_PRINTF(2, 3);

/* Begins a section: the list `key` of the JSON object, a part with headings (unless all are "" or
 * NULL) of the table. The columns must outlive the section, at most DQ_REPORT_COLUMNS_MAX. */
void dq_report_begin_rows(
    struct dq_report *r, const char *key, const struct dq_column *columns, size_t n_columns);

/* Widens the columns that have a max_width so that this row fits. To be called for all rows before
 * the first one is put, if at all. */
void dq_report_measure(struct dq_report *r, const struct dq_cell *cells);

/* Puts a row: one cell for each column. */
void dq_report_row(struct dq_report *r, const struct dq_cell *cells);
void dq_report_end_rows(struct dq_report *r);

/* Makes what was put so far visible to the reader. Returns 0 or an error. */
int dq_report_flush(struct dq_report *r, struct dq_error *e);

/* Ends the report, an open section included. rc and e say how the command ended: JSON gets the text
 * of an error. Returns rc or, if it is 0, an error of writing the report, which is then in e. */
int dq_report_end(struct dq_report *r, int rc, struct dq_error *e);

#endif
