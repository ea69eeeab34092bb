#include "cli/report.h"

#include "base/decimal.h"
#include "base/stdout.h"
#include "base/text.h"
#include "cli/msg.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { GAP = 2, REAL_DIGITS = 6, JSON_DIGITS = 17 };

void dq_report_init(struct dq_report *r, enum dq_report_format format, FILE *file, const char *path)
{
    *r = (struct dq_report){.format = format, .json = {.file = file, .path = path}};
}

void dq_report_open(struct dq_report *r, const struct dq_args *args)
{
    const enum dq_report_format format = args->json                         ? DQ_REPORT_JSON
                                         : args->jsonl                      ? DQ_REPORT_JSONL
                                         : args->text_format == DQ_TEXT_CSV ? DQ_REPORT_CSV
                                         : args->text_format == DQ_TEXT_TSV ? DQ_REPORT_TSV
                                                                            : DQ_REPORT_TABLE;
    dq_report_init(r, format, dq_stdout(), NULL);
}

/* ---- JSON ---- */

struct dq_json *dq_report_json(struct dq_report *r)
{
    if (r->format != DQ_REPORT_JSON)
        return NULL;
    if (!r->begun)
        dq_json_begin_object(&r->json, NULL);
    r->begun = true;
    return &r->json;
}

static void put_value(struct dq_json *j, const char *key, const struct dq_cell *c, unsigned digits)
{
    switch (c->kind) {
    case DQ_CELL_NULL:
        dq_json_put_null(j, key);
        break;
    case DQ_CELL_TEXT:
        dq_json_put_text(j, key, c->text, strlen(c->text));
        break;
    case DQ_CELL_U64:
    case DQ_CELL_BYTES:
        dq_json_put_u64(j, key, c->u64);
        break;
    case DQ_CELL_REAL:
        dq_json_put_digits(j, key, dq_json_real(c->real), digits ? digits : JSON_DIGITS);
        break;
    case DQ_CELL_BOOL:
        dq_json_put(j, key, json_boolean(c->u64));
        break;
    case DQ_CELL_U64S:
        dq_json_begin_row(j, key);
        for (uint32_t i = 0; i < c->len; i++)
            dq_json_put_u64(j, NULL, c->u64s[i]);
        dq_json_end(j);
        break;
    case DQ_CELL_JSON:
        dq_json_put_digits(j, key, c->json, digits ? digits : JSON_DIGITS);
        break;
    }
}

static void drop(const struct dq_cell *c)
{
    if (c->kind == DQ_CELL_JSON)
        json_decref(c->json);
}

void dq_report_field(struct dq_report *r, const char *key, struct dq_cell cell)
{
    struct dq_json *j = dq_report_json(r);
    if (j)
        put_value(j, key, &cell, 0);
    else
        drop(&cell);
}

static void put_object(struct dq_report *r, const struct dq_cell *cells)
{
    dq_json_begin_row_object(&r->json, NULL);
    for (size_t i = 0; i < r->n_columns; i++) {
        const struct dq_column *column = &r->columns[i];
        if (column->key)
            put_value(&r->json, column->key, &cells[i], column->json_digits);
    }
    dq_json_end(&r->json);
}

/* ---- the table ---- */

/* The text of a cell in the table. */
struct shown {
    const char *text;
    size_t len;
    size_t n_letters; /* characters, which determine the width of a column */
};

static void write_line(struct dq_report *r)
{
    fwrite(r->line, 1, r->line_len, r->json.file);
    r->line_len = 0;
}

/* Appends the pending blanks and then text to the line. If they do not fit, writes the line so far
 * first. */
static inline void put_text(struct dq_report *r, const char *text, size_t len)
{
    if (r->n_blanks + len > DQ_REPORT_LINE - r->line_len) {
        write_line(r);
        fprintf(r->json.file, "%*s%.*s", (int)r->n_blanks, "", (int)len, text);
    } else {
        char *end = r->line + r->line_len;
        for (size_t i = 0; i < r->n_blanks; i += DQ_REPORT_BLANKS)
            memset(end + i, ' ', DQ_REPORT_BLANKS);
        memcpy(end + r->n_blanks, text, len);
        r->line_len += r->n_blanks + len;
    }
    r->n_blanks = 0;
}

static inline void put_padded(struct dq_report *r, size_t i, struct shown s)
{
    const struct dq_column_place *l = &r->places[i];
    const size_t padding = l->width > s.n_letters ? l->width - s.n_letters : 0;
    r->n_blanks += l->is_left ? 0 : padding;
    if (s.len > 0)
        put_text(r, s.text, s.len);
    r->n_blanks += l->gap + (l->is_left ? padding : 0);
}

static void end_line(struct dq_report *r)
{
    r->n_blanks = 0;
    put_text(r, "\n", 1);
    write_line(r);
}

static struct shown plain(const char *text, size_t len)
{
    return (struct shown){text, len, len};
}

static struct shown letters(const char *text)
{
    const size_t len = strlen(text);
    return (struct shown){text, len, dq_text_letters(text, len)};
}

static struct shown show(
    const struct dq_column *column, const struct dq_cell *c, char buf[DQ_REPORT_CELL])
{
    if (c->shown)
        return letters(c->shown);
    switch (c->kind) {
    case DQ_CELL_TEXT:
        return letters(dq_text_cut(c->text, buf, DQ_REPORT_CELL));
    case DQ_CELL_U64:
        return plain(buf, (size_t)(dq_put_number(buf, c->u64) - buf));
    case DQ_CELL_BYTES:
        return letters(dq_format_bytes(c->u64, buf));
    case DQ_CELL_REAL:
        return plain(buf, (size_t)snprintf(buf, DQ_REPORT_CELL, "%.*g",
                              (int)(column->digits ? column->digits : REAL_DIGITS), c->real));
    case DQ_CELL_BOOL:
        return letters(c->u64 ? "yes" : "no");
    case DQ_CELL_NULL:
    case DQ_CELL_U64S:
    case DQ_CELL_JSON:
        break;
    }
    return plain("", 0);
}

const char *dq_report_text(
    const struct dq_column *column, const struct dq_cell *c, char buf[DQ_REPORT_CELL])
{
    const struct shown s = show(column, c, buf);
    if (s.text == buf)
        buf[s.len] = '\0';
    return s.text;
}

static void put_head(struct dq_report *r)
{
    bool any = false;
    for (size_t i = 0; i < r->n_columns; i++)
        any |= r->columns[i].heading && r->columns[i].heading[0];
    r->head_due = false;
    for (size_t i = 0; any && i < r->n_columns; i++) {
        const char *heading = r->columns[i].heading;
        if (heading)
            put_padded(r, i, plain(heading, strlen(heading)));
    }
    if (any)
        end_line(r);
}

static void put_line(struct dq_report *r, const struct dq_cell *cells)
{
    if (r->head_due)
        put_head(r);
    for (size_t i = 0; i < r->n_columns; i++) {
        char buf[DQ_REPORT_CELL];
        if (r->columns[i].heading)
            put_padded(r, i, show(&r->columns[i], &cells[i], buf));
        drop(&cells[i]);
    }
    end_line(r);
}

void dq_report_widen(struct dq_report *r, size_t column, size_t n_letters)
{
    if (n_letters > r->places[column].width)
        r->places[column].width = n_letters;
}

void dq_report_print(struct dq_report *r, const char *format, ...)
{
    va_list args;
    if (!dq_report_is_table(r))
        return;
    va_start(args, format);
    vfprintf(r->json.file, format, args);
    va_end(args);
}

/* ---- CSV and TSV ---- */

/* Quotes where that is needed: TSV has no quotes, and names have no tabs. */
static void put_csv_text(struct dq_report *r, const char *text)
{
    FILE *file = r->json.file;
    if (r->format == DQ_REPORT_TSV || !text[strcspn(text, ",\"\n\r")]) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++)
        fprintf(file, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', file);
}

static void put_csv_value(struct dq_report *r, const struct dq_cell *c)
{
    FILE *file = r->json.file;
    char number[DQ_DECIMAL_SIZE];
    switch (c->kind) {
    case DQ_CELL_TEXT:
        put_csv_text(r, c->text);
        break;
    case DQ_CELL_U64:
    case DQ_CELL_BYTES:
        fprintf(file, "%" PRIu64, c->u64);
        break;
    case DQ_CELL_REAL:
        fputs(dq_decimal_text(c->real, false, number), file);
        break;
    case DQ_CELL_BOOL:
        fputs(c->u64 ? "true" : "false", file);
        break;
    case DQ_CELL_U64S:
        for (uint32_t i = 0; i < c->len; i++)
            fprintf(file, i > 0 ? " %" PRIu64 : "%" PRIu64, c->u64s[i]);
        break;
    case DQ_CELL_NULL:
    case DQ_CELL_JSON:
        break;
    }
}

/* Writes a line: the keys if there are no cells. */
static void put_csv(struct dq_report *r, const struct dq_cell *cells)
{
    bool is_first = true;
    for (size_t i = 0; i < r->n_columns; i++) {
        if (r->columns[i].key) {
            if (!is_first)
                fputc(r->format == DQ_REPORT_TSV ? '\t' : ',', r->json.file);
            is_first = false;
            if (cells)
                put_csv_value(r, &cells[i]);
            else
                put_csv_text(r, r->columns[i].key);
        }
        if (cells)
            drop(&cells[i]);
    }
    fputc('\n', r->json.file);
}

static bool is_csv(const struct dq_report *r)
{
    return r->format == DQ_REPORT_CSV || r->format == DQ_REPORT_TSV;
}

/* ---- all ---- */

void dq_report_begin_rows(
    struct dq_report *r, const char *key, const struct dq_column *columns, size_t n_columns)
{
    struct dq_json *j = dq_report_json(r);
    r->columns = columns;
    r->n_columns = n_columns;
    for (size_t i = 0; i < n_columns; i++) {
        const int width = columns[i].width;
        const int gap = columns[i].gap;
        r->places[i] = (struct dq_column_place){.width = (size_t)(width < 0 ? -width : width),
            .gap = gap == 0 ? GAP : (gap > 0 ? (size_t)gap : 0),
            .is_left = width < 0};
    }
    r->in_rows = true;
    r->head_due = dq_report_is_table(r);
    if (j)
        dq_json_begin_list(j, key);
    if (is_csv(r))
        put_csv(r, NULL);
}

void dq_report_row(struct dq_report *r, const struct dq_cell *cells)
{
    if (dq_report_is_table(r))
        put_line(r, cells);
    else if (is_csv(r))
        put_csv(r, cells);
    else
        put_object(r, cells);
}

void dq_report_end_rows(struct dq_report *r)
{
    if (r->head_due)
        put_head(r);
    if (r->format == DQ_REPORT_JSON)
        dq_json_end(&r->json);
    r->in_rows = false;
}

int dq_report_flush(struct dq_report *r, struct dq_error *e)
{
    return dq_json_finish(&r->json, e);
}

int dq_report_end(struct dq_report *r, int rc, struct dq_error *e)
{
    struct dq_error unused;
    const struct dq_cell error = rc != 0 ? dq_cell_text(e->text) : dq_cell_null();
    if (rc != 0)
        r->head_due = false;
    if (r->in_rows)
        dq_report_end_rows(r);
    while (r->json.depth > 1) /* left open by an error */
        dq_json_end(&r->json);
    dq_report_field(r, "error", error);
    if (r->format == DQ_REPORT_JSON) {
        dq_json_end(&r->json);
    } else if (r->format == DQ_REPORT_JSONL && rc != 0) {
        dq_json_begin_row_object(&r->json, NULL);
        put_value(&r->json, "error", &error, 0);
        dq_json_end(&r->json);
    }
    const int rc_flush = dq_report_flush(r, rc == 0 ? e : &unused);
    return rc != 0 ? rc : rc_flush;
}

int dq_report_nomem(const struct dq_args *args)
{
    struct dq_error e;
    struct dq_report r;
    dq_report_open(&r, args);
    const int rc = dq_fail_nomem(&e);
    return dq_msg_failure(dq_report_end(&r, rc, &e), &e);
}
