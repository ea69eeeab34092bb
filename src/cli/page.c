#include "cli/page.h"

#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strmap.h"
#include "base/strvec.h"
#include "base/text.h"
#include "sink/bytes.h"
#include "sink/sink.h"
#include "sink/tmpfile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const char dq_page_style[], dq_page_script[];

/* How every page begins, by which it is known. The digest is that of page.js: no other script may run. */
static const char page_start[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta "
                                 "charset=\"utf-8\">\n<meta name=\"generator\" content=\"gguf-dq";
static const char page_policy[] =
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'; "
    "script-src 'sha256-pJEBanaBruJpzyWQEPBSrJa7qLRe76r/Ks1YdIQGQYY='\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

enum { STEPS = 9 };                         /* colours, c0 to c8 of page.css */
enum { LAYERS_MAX = 512, KINDS_MAX = 256 }; /* of the map */
enum {
    CELL = 14,
    PITCH = 16,
    LETTER = 73,
    LABEL_MAX = 40
}; /* pixels, of a letter in tenths; letters */

static const uint64_t NO_LAYER = UINT64_MAX;

/* A tensor on the map. */
struct mapped {
    size_t kind;
    uint64_t layer;
    double value;
    char *row; /* the name in the table; owned */
};

struct dq_page {
    const char *path;
    int folder;
    bool replaces; /* a page that was there */
    struct dq_page_subject subject;
    struct dq_bytes remarks;
    struct dq_bytes places;
    struct dq_bytes rows;
    size_t n_rows;
    struct dq_strvec row_names;
    struct mapped *mapped;
    size_t n_mapped;
    char **kinds; /* names with "*" for the layer; owned */
    size_t n_kinds;
    struct dq_strmap kind_numbers;
    bool nomem;
};

/* ---- text ---- */

static void put_format(struct dq_bytes *b, const char *format, ...) DQ_PRINTF(2, 3);

/* Appends at most 255 bytes, which must be safe as HTML. */
static void put_format(struct dq_bytes *b, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    dq_bytes_text(b, text);
}

/* Appends text that may come from a file. */
static void put_text(struct dq_bytes *b, const char *text)
{
    for (const char *rest = text; *rest;) {
        const size_t len = strcspn(rest, "&<>\"'");
        dq_bytes_put(b, rest, len);
        rest += len;
        if (*rest)
            put_format(b, "&#%d;", *rest++);
    }
}

/* Appends a path, whose bytes may be any. */
static void put_path(struct dq_bytes *b, const char *path)
{
    const size_t len = strlen(path);
    const size_t size = dq_escape(path, len, DQ_ESCAPE_LINE, NULL, 0) + 1;
    char *shown = dq_mem_alloc(size);
    b->failed |= !shown;
    if (shown) {
        dq_escape(path, len, DQ_ESCAPE_LINE, shown, size);
        put_text(b, shown);
    }
    dq_mem_free(shown);
}

/* Appends a word of a shell's command line, in quotes if it needs them. */
static void put_word(struct dq_bytes *b, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=+@%";
    if (*word && !word[strspn(word, plain)]) {
        put_text(b, word);
        return;
    }
    put_text(b, "'");
    for (const char *rest = word; *rest;) {
        const size_t len = strcspn(rest, "'");
        char *part = dq_mem_printf("%.*s", (int)len, rest);
        b->failed |= !part;
        if (part)
            put_path(b, part);
        dq_mem_free(part);
        rest += len;
        if (*rest++ == '\'')
            put_text(b, "'\\''");
        else
            break;
    }
    put_text(b, "'");
}

/* ---- opening ---- */

/* Whether a file is a page. name is relative to an open folder. */
static bool is_page(int folder, const char *name)
{
    char start[sizeof page_start - 1];
    struct stat st;
    const int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    const bool is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                    pread(fd, start, sizeof start, 0) == (ssize_t)sizeof start &&
                    memcmp(start, page_start, sizeof start) == 0;
    close(fd);
    return is;
}

static int check_name(struct dq_page *p, struct dq_error *e)
{
    const char *base = dq_file_base(p->path);
    struct stat st;
    if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0 || strcmp(p->path, "-") == 0)
        return dq_fail(e, DQ_ERR_USAGE, "--html %s: must be the name of a file", p->path);
    p->replaces = is_page(p->folder, base);
    if (p->replaces || fstatat(p->folder, base, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    return dq_fail(e, DQ_ERR_IO,
        "%s: exists and is not a page that gguf-dq wrote; it is not replaced", p->path);
}

int dq_page_open(const char *path, struct dq_page **out, struct dq_error *e)
{
    struct dq_page *p = dq_mem_calloc(1, sizeof *p);
    char *folder = dq_file_folder(path);
    int rc = p && folder ? 0 : dq_fail_nomem(e);
    *out = p;
    if (rc == 0) {
        p->path = path;
        p->folder = -1;
        rc = dq_sink_open_folder(folder, path, DQ_FOLDER_FOLLOW, &p->folder, e);
    }
    if (rc == 0)
        rc = check_name(p, e);
    dq_tmpfile_init();
    dq_mem_free(folder);
    return rc;
}

int dq_page_folder(const struct dq_page *p)
{
    return p->folder;
}

void dq_page_begin(struct dq_page *p, const struct dq_page_subject *subject)
{
    p->subject = *subject;
}

void dq_page_free(struct dq_page *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_mapped; i++)
        dq_mem_free(p->mapped[i].row);
    for (size_t i = 0; i < p->n_kinds; i++)
        dq_mem_free(p->kinds[i]);
    dq_mem_free(p->mapped);
    dq_mem_free(p->kinds);
    dq_strmap_finish(&p->kind_numbers);
    dq_strvec_finish(&p->row_names);
    dq_bytes_finish(&p->remarks);
    dq_bytes_finish(&p->places);
    dq_bytes_finish(&p->rows);
    if (p->folder >= 0)
        close(p->folder);
    dq_mem_free(p);
}

/* ---- collecting ---- */

/* Finds the first part of a name, between dots, that is a number of at most nine digits: the layer. Returns what the name
 * is with "*" in its place, which the caller frees, or NULL if memory is short. */
static char *kind_of(const char *name, uint64_t *layer)
{
    for (const char *part = name; *part; part += strspn(part, ".")) {
        const size_t n = strspn(part, "0123456789");
        if (n == 0 || n > 9 || (part[n] != '.' && part[n] != '\0')) {
            part += strcspn(part, ".");
            continue;
        }
        *layer = strtoull(part, NULL, 10);
        return dq_mem_printf("%.*s*%s", (int)(part - name), name, part + n);
    }
    *layer = NO_LAYER;
    return dq_mem_strdup(name);
}

/* Returns the number of a kind, which it takes over; SIZE_MAX if memory is short. */
static size_t kind_number(struct dq_page *p, char *kind)
{
    size_t number = p->n_kinds;
    if (dq_strmap_find(&p->kind_numbers, kind, strlen(kind), &number)) {
        dq_mem_free(kind);
        return number;
    }
    char **kinds = dq_array_grow(p->kinds, p->n_kinds, sizeof *kinds);
    if (kinds)
        p->kinds = kinds;
    if (!kinds || dq_strmap_add(&p->kind_numbers, kind, strlen(kind), number) != 0) {
        dq_mem_free(kind);
        return SIZE_MAX;
    }
    kinds[p->n_kinds++] = kind;
    return number;
}

void dq_page_map(struct dq_page *p, const char *tensor, const char *row, double value)
{
    struct mapped m = {.value = isfinite(value) ? value : (double)NAN};
    char *kind = kind_of(tensor, &m.layer);
    struct mapped *mapped = dq_array_grow(p->mapped, p->n_mapped, sizeof *mapped);
    if (mapped)
        p->mapped = mapped;
    m.kind = kind ? kind_number(p, kind) : SIZE_MAX;
    m.row = dq_mem_strdup(row);
    if (mapped && m.row && m.kind != SIZE_MAX) {
        mapped[p->n_mapped++] = m;
        return;
    }
    dq_mem_free(m.row);
    p->nomem = true;
}

/* Draws counts as columns whose heights are their logarithms. */
static void put_histogram(struct dq_bytes *b, const uint64_t *counts)
{
    enum { WIDTH = 4, HEIGHT = 20 };
    uint64_t most = 0;
    for (size_t i = 0; i < DQ_PAGE_HISTOGRAM; i++)
        most = counts[i] > most ? counts[i] : most;
    put_format(b,
        "<td><svg width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
        "aria-label=\"histogram\"><path d=\"",
        WIDTH * DQ_PAGE_HISTOGRAM, HEIGHT, WIDTH * DQ_PAGE_HISTOGRAM, HEIGHT);
    for (int i = 0; i < DQ_PAGE_HISTOGRAM; i++) {
        if (counts[i] == 0)
            continue;
        const int height = (int)ceil(HEIGHT * log2(1 + (double)counts[i]) / log2(1 + (double)most));
        put_format(
            b, "M%d %dh%dv%dh-%dz", WIDTH * i, HEIGHT - height, WIDTH - 1, height, WIDTH - 1);
    }
    dq_bytes_text(b, "\"/></svg></td>");
}

static void put_cell(struct dq_bytes *b, const struct dq_column *column, const struct dq_cell *c)
{
    char text[DQ_REPORT_CELL];
    dq_bytes_text(b, column->width < 0 ? "<td class=\"left\"" : "<td");
    if (c->kind == DQ_CELL_REAL)
        put_format(b, " data-value=\"%.17g\"", c->real);
    dq_bytes_text(b, ">");
    put_text(b, dq_report_text(column, c, text));
    dq_bytes_text(b, "</td>");
}

void dq_page_row(
    struct dq_page *p, const char *name, const struct dq_cell *cells, const uint64_t *histogram)
{
    struct dq_error unused;
    struct dq_bytes *b = &p->rows;
    p->nomem |= dq_strvec_add(&p->row_names, name, strlen(name), &unused) != 0;
    put_format(b, "<tr id=\"r%zu\">", p->n_rows++);
    for (size_t i = 0; i < p->subject.n_columns; i++) {
        if (p->subject.columns[i].heading)
            put_cell(b, &p->subject.columns[i], &cells[i]);
    }
    if (histogram)
        put_histogram(b, histogram);
    else if (p->subject.histogram)
        dq_bytes_text(b, "<td></td>");
    dq_bytes_text(b, "</tr>\n");
}

void dq_page_place(
    struct dq_page *p, const char *text, const struct dq_page_command *commands, size_t n_commands)
{
    struct dq_bytes *b = &p->places;
    dq_bytes_text(b, "<li>");
    put_text(b, text);
    for (size_t i = 0; i < n_commands; i++) {
        dq_bytes_text(b, "<code>gguf-dq");
        for (size_t k = 0; k < commands[i].n; k++) {
            dq_bytes_text(b, " ");
            put_word(b, commands[i].arguments[k]);
        }
        dq_bytes_text(b, "</code>");
    }
    dq_bytes_text(b, "</li>\n");
}

void dq_page_remark(struct dq_page *p, const char *text)
{
    dq_bytes_text(&p->remarks, "<p>");
    put_text(&p->remarks, text);
    dq_bytes_text(&p->remarks, "</p>\n");
}

/* ---- the map ---- */

/* What the colours stand for; if logarithmic, the first stands for 0 too. */
struct scale {
    double least;
    double greatest;
    bool is_logarithmic;
};

static double position(const struct scale *s, double value)
{
    const double range =
        s->is_logarithmic ? log2(s->greatest) - log2(s->least) : s->greatest - s->least;
    const double part =
        s->is_logarithmic ? log2(fmax(value, s->least)) - log2(s->least) : value - s->least;
    return range > 0 ? part / range : 1;
}

/* By kind, layer, and from the greatest value on; no value is last. */
static int compare_mapped(const void *a, const void *b)
{
    const struct mapped *x = a;
    const struct mapped *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    if (isnan(x->value) || isnan(y->value))
        return !!isnan(x->value) - !!isnan(y->value);
    return (x->value < y->value) - (x->value > y->value);
}

static int compare_layers(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Sets out to the different layers, in order; returns their number. */
static size_t find_layers(const struct dq_page *p, uint64_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_mapped; i++)
        out[i] = p->mapped[i].layer;
    qsort(out, p->n_mapped, sizeof *out, compare_layers);
    for (size_t i = 0; i < p->n_mapped; i++) {
        if (out[i] != NO_LAYER && (n == 0 || out[n - 1] != out[i]))
            out[n++] = out[i];
    }
    return n;
}

static size_t find_layer(const uint64_t *layers, size_t n, uint64_t layer)
{
    const uint64_t *found = bsearch(&layer, layers, n, sizeof *layers, compare_layers);
    return found ? (size_t)(found - layers) : SIZE_MAX;
}

static struct scale find_scale(const struct dq_page *p)
{
    enum { FACTOR = 30 }; /* beyond which small values would all look the same */
    struct scale s = {.least = HUGE_VAL, .greatest = -HUGE_VAL};
    double least_positive = HUGE_VAL;
    for (size_t i = 0; i < p->n_mapped; i++) {
        const double value = p->mapped[i].value;
        s.least = fmin(s.least, value);
        s.greatest = fmax(s.greatest, value);
        if (value > 0)
            least_positive = fmin(least_positive, value);
    }
    s.is_logarithmic = s.least >= 0 && s.greatest / FACTOR > least_positive;
    if (s.is_logarithmic)
        s.least = least_positive;
    return s;
}

/* A kind's name as it stands at the left, at most LABEL_MAX characters of it. */
static size_t label_letters(const char *kind)
{
    const size_t n = dq_text_letters(kind, strlen(kind));
    return n < LABEL_MAX ? n : LABEL_MAX;
}

static void put_label(struct dq_bytes *b, const char *kind, int y)
{
    size_t len = 0;
    for (size_t n = 0; n < LABEL_MAX && kind[len]; n++)
        len += dq_utf8_len(kind + len, strlen(kind + len));
    char *label = dq_mem_printf("%.*s", (int)len, kind);
    b->failed |= !label;
    put_format(b, "<text x=\"0\" y=\"%d\">", y + CELL - 3);
    put_text(b, label ? label : "");
    dq_bytes_text(b, kind[len] ? "…<title>" : "<title>");
    put_text(b, kind);
    dq_bytes_text(b, "</title></text>\n");
    dq_mem_free(label);
}

static void put_mapped(const struct dq_page *p, struct dq_bytes *b, const struct dq_strmap *rows,
    const struct scale *s, const struct mapped *m, int x, int y)
{
    size_t row;
    const bool has_row = dq_strmap_find(rows, m->row, strlen(m->row), &row);
    if (has_row)
        put_format(b, "<a href=\"#r%zu\">", row);
    put_format(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", x, y, CELL, CELL);
    if (!isnan(m->value))
        put_format(b, " class=\"c%d\"", (int)fmin(STEPS - 1, STEPS * position(s, m->value)));
    dq_bytes_text(b, "><title>");
    put_text(b, m->row);
    dq_bytes_text(b, ": ");
    put_text(b, p->subject.figure);
    if (isnan(m->value))
        dq_bytes_text(b, " undefined");
    else
        put_format(b, " %.6g", m->value);
    dq_bytes_text(b, has_row ? "</title></rect></a>\n" : "</title></rect>\n");
}

static void put_legend(const struct dq_page *p, struct dq_bytes *b, const struct scale *s)
{
    dq_bytes_text(b, "<p class=\"legend\">");
    if (s->least > s->greatest) {
        put_text(b, p->subject.figure);
        dq_bytes_text(b, " is undefined everywhere</p>\n");
        return;
    }
    put_text(b, p->subject.figure);
    put_format(b, "<span>%.4g</span>", s->least);
    for (int i = 0; i < STEPS; i++)
        put_format(b, "<i class=\"c%d\"></i>", i);
    put_format(b, "<span>%.4g</span>%s</p>\n", s->greatest,
        s->is_logarithmic ? "(each step is the same factor; 0 is like the least)" : "");
}

/* The numbers of layers above the map: as many as there is room for. */
static void put_layer_numbers(struct dq_bytes *b, const uint64_t *layers, size_t n, int left)
{
    const size_t step = n > 1 && layers[n - 1] > 99 ? 4 : 2;
    for (size_t i = 0; i < n; i += step)
        put_format(b, "<text class=\"layer\" x=\"%d\" y=\"10\">%" PRIu64 "</text>\n",
            left + (int)i * PITCH + CELL / 2, layers[i]);
}

/* A row a kind, a column a layer; the first column has the tensors without one. */
static void put_grid(const struct dq_page *p, struct dq_bytes *b, const struct dq_strmap *rows,
    const uint64_t *layers, size_t n_layers)
{
    const struct scale s = find_scale(p);
    const size_t n_kinds = p->n_kinds < KINDS_MAX ? p->n_kinds : KINDS_MAX;
    size_t letters = 0;
    bool any_without = false;
    for (size_t i = 0; i < n_kinds; i++)
        letters = label_letters(p->kinds[i]) > letters ? label_letters(p->kinds[i]) : letters;
    for (size_t i = 0; i < p->n_mapped; i++)
        any_without |= p->mapped[i].layer == NO_LAYER;
    const int x0 = (int)letters * LETTER / 10 + 2 * LETTER / 10;
    const int left = x0 + (any_without ? PITCH + PITCH / 2 : 0);
    const int top = n_layers > 0 ? PITCH : 0;
    put_legend(p, b, &s);
    put_format(b,
        "<div class=\"wide\"><svg class=\"map\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
        "%d\">\n",
        left + (int)n_layers * PITCH, top + (int)n_kinds * PITCH, left + (int)n_layers * PITCH,
        top + (int)n_kinds * PITCH);
    put_layer_numbers(b, layers, n_layers, left);
    for (size_t i = 0; i < n_kinds; i++)
        put_label(b, p->kinds[i], top + (int)i * PITCH);
    for (size_t i = 0; i < p->n_mapped; i++) {
        const struct mapped *m = &p->mapped[i];
        const size_t layer = find_layer(layers, n_layers, m->layer);
        const bool is_first = i == 0 || m[-1].kind != m->kind || m[-1].layer != m->layer;
        if (!is_first || m->kind >= n_kinds || (m->layer != NO_LAYER && layer == SIZE_MAX))
            continue;
        put_mapped(p, b, rows, &s, m, m->layer == NO_LAYER ? x0 : left + (int)layer * PITCH,
            top + (int)m->kind * PITCH);
    }
    dq_bytes_text(b, "</svg></div>\n");
    if (n_kinds < p->n_kinds)
        put_format(b, "<p class=\"faint\">%zu more kinds of tensors are only in the table.</p>\n",
            p->n_kinds - n_kinds);
}

static int put_map(struct dq_page *p, struct dq_bytes *b, struct dq_error *e)
{
    struct dq_strmap rows = {0};
    int rc = 0;
    uint64_t *layers = dq_mem_alloc((p->n_mapped + 1) * sizeof *layers);
    bool failed = !layers;
    for (size_t i = 0; i < p->row_names.n && !failed; i++)
        failed = dq_strmap_add(&rows, p->row_names.items[i], strlen(p->row_names.items[i]), i) < 0;
    if (!failed && p->n_mapped > 0) {
        qsort(p->mapped, p->n_mapped, sizeof *p->mapped, compare_mapped);
        const size_t n = find_layers(p, layers);
        const size_t n_shown = n < LAYERS_MAX ? n : LAYERS_MAX;
        dq_bytes_text(b, "<h2>Layers</h2>\n");
        put_grid(p, b, &rows, layers, n_shown);
        if (n_shown < n)
            put_format(
                b, "<p class=\"faint\">%zu more layers are only in the table.</p>\n", n - n_shown);
    } else if (failed) {
        rc = dq_fail_nomem(e);
    }
    dq_strmap_finish(&rows);
    dq_mem_free(layers);
    return rc;
}

/* ---- the page ---- */

static void put_head(const struct dq_page *p, struct dq_bytes *b)
{
    const struct dq_page_subject *s = &p->subject;
    dq_bytes_text(b, page_start);
    dq_bytes_text(b, " " DQ_VERSION "\">\n");
    dq_bytes_text(b, page_policy);
    dq_bytes_text(b, "<title>");
    put_text(b, s->title);
    for (size_t i = 0; i < 2 && s->models[i]; i++) {
        dq_bytes_text(b, i == 0 ? ": " : ", ");
        put_path(b, dq_file_base(s->models[i]));
    }
    dq_bytes_text(b, "</title>\n<style>\n");
    dq_bytes_text(b, dq_page_style);
    dq_bytes_text(b, "</style>\n<h1>");
    put_text(b, s->title);
    dq_bytes_text(b, "</h1>\n");
    for (size_t i = 0; i < 2 && s->models[i]; i++) {
        dq_bytes_text(b, !s->models[1] ? "<p>" : i == 0 ? "<p>Reference: " : "<p>Model: ");
        dq_bytes_text(b, "<code>");
        put_path(b, s->models[i]);
        dq_bytes_text(b, "</code></p>\n");
    }
    dq_bytes_put(b, p->remarks.bytes, p->remarks.len);
}

static void put_table(const struct dq_page *p, struct dq_bytes *b)
{
    const struct dq_page_subject *s = &p->subject;
    dq_bytes_text(b, "<h2>Table</h2>\n<div class=\"wide\"><table>\n<thead><tr>");
    for (size_t i = 0; i < s->n_columns; i++) {
        if (!s->columns[i].heading)
            continue;
        dq_bytes_text(b, s->columns[i].width < 0 ? "<th class=\"left\">" : "<th>");
        put_text(b, s->columns[i].heading);
        dq_bytes_text(b, "</th>");
    }
    if (s->histogram) {
        dq_bytes_text(b, "<th class=\"histogram left\">");
        put_text(b, s->histogram);
        dq_bytes_text(b, "</th>");
    }
    dq_bytes_text(b, "</tr></thead>\n<tbody>\n");
    dq_bytes_put(b, p->rows.bytes, p->rows.len);
    dq_bytes_text(b, "</tbody>\n</table></div>\n<script>");
    dq_bytes_text(b, dq_page_script);
    dq_bytes_text(b, "</script>\n</html>\n");
}

static int put_page(struct dq_page *p, struct dq_bytes *b, struct dq_error *e)
{
    if (p->nomem)
        return dq_fail_nomem(e);
    put_head(p, b);
    int rc = put_map(p, b, e);
    if (p->places.len > 0) {
        dq_bytes_text(b, "<h2>Where to look first</h2>\n<ol>\n");
        dq_bytes_put(b, p->places.bytes, p->places.len);
        dq_bytes_text(b, "</ol>\n");
    }
    put_table(p, b);
    const struct dq_bytes *parts[] = {&p->remarks, &p->places, &p->rows, b};
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof parts[0]; i++)
        rc = dq_bytes_check(parts[i], e);
    return rc;
}

int dq_page_write(struct dq_page *p, struct dq_error *e)
{
    struct dq_bytes b = {0};
    struct dq_sink *sink = NULL;
    int rc = put_page(p, &b, e);
    const struct dq_sink_file file = {.path = p->path, .replace = p->replaces, .len = b.len};
    if (rc == 0)
        rc = dq_sink_new_file(p->folder, &file, &sink, e);
    if (rc == 0)
        rc = sink->ops->put(sink, b.bytes, b.len, 0, e);
    if (rc == 0)
        rc = sink->ops->commit(sink, e);
    dq_sink_free(sink);
    dq_bytes_finish(&b);
    return rc;
}
