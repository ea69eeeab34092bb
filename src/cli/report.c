#include "cli/report.h"

#include "base/file.h"
#include "base/text.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { GAP = 2, REAL_DIGITS = 6, JSON_DIGITS = 17, CELL_MAX = 1024 };

struct dq_cell dq_cell_text(const char *text)
{
    return text ? (struct dq_cell){.kind = DQ_CELL_TEXT, .text = text, .len = strlen(text)}
                : dq_cell_null();
}

void dq_report_init(struct dq_report *r, enum dq_report_format format, FILE *file, const char *path)
{
    *r = (struct dq_report){.format = format,
        .json = {.file = file, .path = path},
        .on_terminal = isatty(fileno(file)) == 1};
}

void dq_report_open(struct dq_report *r, const struct dq_args *args)
{
    const enum dq_report_format format =
        args->json ? DQ_REPORT_JSON : (args->jsonl ? DQ_REPORT_JSONL : DQ_REPORT_TABLE);
    dq_report_init(r, format, stdout, NULL);
}

static void begin_output(const struct dq_report *r)
{
    if (r->on_terminal)
        dq_msg_hold_progress();
}

static void end_output(const struct dq_report *r)
{
    if (r->on_terminal)
        dq_msg_release_progress();
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

static json_t *cell_json(const struct dq_cell *c)
{
    switch (c->kind) {
    case DQ_CELL_NULL:
        break;
    case DQ_CELL_TEXT:
        return dq_json_text(c->text, c->len);
    case DQ_CELL_U64:
    case DQ_CELL_BYTES:
        return dq_json_u64(c->u64);
    case DQ_CELL_REAL:
        return dq_json_real(c->real);
    case DQ_CELL_BOOL:
        return json_boolean(c->u64);
    case DQ_CELL_U64S:
        return dq_json_u64s(c->u64s, c->len);
    case DQ_CELL_JSON:
        return c->json;
    }
    return json_null();
}

static void put_field(struct dq_report *r, const char *key, struct dq_cell cell)
{
    struct dq_json *j = dq_report_json(r);
    if (j)
        dq_json_put(j, key, cell_json(&cell));
    else
        json_decref(cell.json);
}

void dq_report_field(struct dq_report *r, const char *key, struct dq_cell cell)
{
    begin_output(r);
    put_field(r, key, cell);
    end_output(r);
}

static void put_object(struct dq_report *r, const struct dq_cell *cells)
{
    dq_json_begin_row_object(&r->json, NULL);
    for (size_t i = 0; i < r->n_columns; i++) {
        const struct dq_column *column = &r->columns[i];
        if (column->key)
            dq_json_put_digits(&r->json, column->key, cell_json(&cells[i]),
                column->json_digits ? column->json_digits : JSON_DIGITS);
    }
    dq_json_end(&r->json);
}

/* ---- the table ---- */

static void put_bytes(struct dq_report *r, const char *text, size_t len)
{
    if (len > sizeof r->line - r->line_len) {
        fwrite(r->line, 1, r->line_len, r->json.file);
        r->line_len = 0;
    }
    if (len > sizeof r->line) {
        fwrite(text, 1, len, r->json.file);
        return;
    }
    memcpy(r->line + r->line_len, text, len);
    r->line_len += len;
}

static void put_padded(
    struct dq_report *r, const char *text, size_t len, size_t n_letters, int width)
{
    static const char blanks[] = "                                ";
    const size_t wanted = (size_t)(width < 0 ? -width : width);
    const size_t padding = wanted > n_letters ? wanted - n_letters : 0;
    r->n_blanks += width < 0 ? 0 : padding;
    while (len > 0 && r->n_blanks > 0) {
        const size_t n = r->n_blanks < sizeof blanks - 1 ? r->n_blanks : sizeof blanks - 1;
        put_bytes(r, blanks, n);
        r->n_blanks -= n;
    }
    put_bytes(r, text, len);
    r->n_blanks += (width < 0 ? padding : 0) + GAP;
}

static void end_line(struct dq_report *r)
{
    put_bytes(r, "\n", 1);
    fwrite(r->line, 1, r->line_len, r->json.file);
    r->line_len = 0;
    r->n_blanks = 0;
}

/* The text of a cell, perhaps in `room`. */
static const char *cell_text(
    const struct dq_column *column, const struct dq_cell *c, char room[CELL_MAX])
{
    if (c->shown)
        return c->shown;
    room[0] = '\0';
    switch (c->kind) {
    case DQ_CELL_TEXT:
        if (dq_text_is_plain(c->text, c->len))
            return c->text;
        dq_escape(c->text, c->len, DQ_ESCAPE_LINE, room, CELL_MAX);
        break;
    case DQ_CELL_U64:
        *dq_put_number(room, c->u64) = '\0';
        break;
    case DQ_CELL_BYTES:
        return dq_format_bytes(c->u64, room);
    case DQ_CELL_REAL:
        snprintf(
            room, CELL_MAX, "%.*g", (int)(column->digits ? column->digits : REAL_DIGITS), c->real);
        break;
    case DQ_CELL_BOOL:
        return c->u64 ? "yes" : "no";
    case DQ_CELL_NULL:
    case DQ_CELL_U64S:
    case DQ_CELL_JSON:
        break;
    }
    return room;
}

/* Letters, not bytes, make a column's width. */
static size_t count_letters(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
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
            put_padded(r, heading, strlen(heading), strlen(heading), r->widths[i]);
    }
    if (any)
        end_line(r);
}

static void put_line(struct dq_report *r, const struct dq_cell *cells)
{
    if (r->head_due)
        put_head(r);
    for (size_t i = 0; i < r->n_columns; i++) {
        char room[CELL_MAX];
        if (r->columns[i].heading) {
            const char *text = cell_text(&r->columns[i], &cells[i], room);
            const size_t len = strlen(text);
            put_padded(r, text, len, count_letters(text, len), r->widths[i]);
        }
        json_decref(cells[i].json);
    }
    end_line(r);
}

void dq_report_measure(struct dq_report *r, const struct dq_cell *cells)
{
    for (size_t i = 0; dq_report_is_table(r) && i < r->n_columns; i++) {
        const struct dq_column *column = &r->columns[i];
        char room[CELL_MAX];
        if (!column->heading)
            continue;
        const char *text = cell_text(column, &cells[i], room);
        int width = (int)count_letters(text, strlen(text));
        if (column->max_width > 0 && width > column->max_width)
            width = column->max_width;
        if (width > (r->widths[i] < 0 ? -r->widths[i] : r->widths[i]))
            r->widths[i] = r->widths[i] < 0 ? -width : width;
    }
}

void dq_report_print(struct dq_report *r, const char *format, ...)
{
    va_list args;
    if (!dq_report_is_table(r))
        return;
    begin_output(r);
    va_start(args, format);
    vfprintf(r->json.file, format, args);
    va_end(args);
    end_output(r);
}

/* ---- both ---- */

void dq_report_begin_rows(
    struct dq_report *r, const char *key, const struct dq_column *columns, size_t n_columns)
{
    struct dq_json *j = dq_report_json(r);
    r->columns = columns;
    r->n_columns = n_columns;
    for (size_t i = 0; i < n_columns; i++)
        r->widths[i] = columns[i].width;
    r->in_rows = true;
    r->head_due = dq_report_is_table(r);
    if (j)
        dq_json_begin_list(j, key);
}

void dq_report_row(struct dq_report *r, const struct dq_cell *cells)
{
    begin_output(r);
    if (dq_report_is_table(r))
        put_line(r, cells);
    else
        put_object(r, cells);
    end_output(r);
}

static void end_rows(struct dq_report *r)
{
    if (r->head_due)
        put_head(r);
    if (r->format == DQ_REPORT_JSON)
        dq_json_end(&r->json);
    r->in_rows = false;
}

void dq_report_end_rows(struct dq_report *r)
{
    begin_output(r);
    end_rows(r);
    end_output(r);
}

int dq_report_flush(struct dq_report *r, struct dq_error *e)
{
    return dq_json_finish(&r->json, e);
}

int dq_report_end(struct dq_report *r, int rc, struct dq_error *e)
{
    struct dq_error unused;
    begin_output(r);
    if (rc != 0)
        r->head_due = false;
    if (r->in_rows)
        end_rows(r);
    while (r->json.depth > 1) /* what an error left open */
        dq_json_end(&r->json);
    put_field(r, "error", rc != 0 ? dq_cell_text(e->text) : dq_cell_null());
    if (r->format == DQ_REPORT_JSON)
        dq_json_end(&r->json);
    else if (r->format == DQ_REPORT_JSONL && rc != 0)
        dq_json_put(
            &r->json, NULL, json_pack("{s:o}", "error", dq_json_text(e->text, strlen(e->text))));
    const int rc_flush = dq_report_flush(r, rc == 0 ? e : &unused);
    end_output(r);
    return rc != 0 ? rc : rc_flush;
}
