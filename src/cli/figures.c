#include "cli/figures.h"

#include "base/text.h"
#include "select/suggest.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WIDTH_MAX = 64 };

static const char *const options[DQ_NEEDS_COUNT] = {
    [DQ_NEEDS_PERCENTILES] = "--percentiles",
    [DQ_NEEDS_FIT] = "--fit",
    [DQ_NEEDS_CODES] = "--codes",
};

int dq_figures_check(const struct dq_args *a, struct dq_error *e)
{
    if ((a->json || a->jsonl) && a->text_format != DQ_TEXT_TABLE)
        return dq_fail(e, DQ_ERR_USAGE, "--format and JSON exclude each other");
    if (a->top > 0 && !a->sort)
        return dq_fail(e, DQ_ERR_USAGE, "--top goes with --sort");
    if ((a->sort || a->html) && a->top == 0 && (a->unit == DQ_UNIT_ROW || a->unit == DQ_UNIT_BLOCK))
        return dq_fail(e, DQ_ERR_USAGE, "with --by %s, %s needs --top: there may be millions",
            dq_unit_name(a->unit), a->sort ? "--sort" : "--html");
    return 0;
}

static bool is_known(const struct dq_args *args, enum dq_figure_needs needs)
{
    const bool known[DQ_NEEDS_COUNT] = {[DQ_NEEDS_ALWAYS] = true,
        [DQ_NEEDS_PERCENTILES] = args->n_percentiles > 0,
        [DQ_NEEDS_FIT] = args->fit,
        [DQ_NEEDS_CODES] = args->codes};
    return known[needs];
}

static void add_column(struct dq_figure_columns *c, size_t figure)
{
    enum { PERCENTILE_WIDTH = 11, ROUNDED_DIGITS = 6 };
    struct dq_column *column = &c->columns[c->n];
    if (figure >= c->table->n) {
        *column = (struct dq_column){.key = c->keys[figure - c->table->n],
            .heading = c->headings[figure - c->table->n],
            .width = PERCENTILE_WIDTH};
    } else {
        const struct dq_figure *f = &c->table->figures[figure];
        *column = (struct dq_column){.key = f->key,
            .heading = f->heading,
            .width = f->width,
            .digits = f->digits,
            .json_digits = f->kind == DQ_KIND_ROUNDED ? ROUNDED_DIGITS : 0};
    }
    c->figures[c->n++] = figure;
}

/* "p99.9" for 99900000. */
static void name_percentile(struct dq_figure_columns *c, size_t i, uint32_t percentile)
{
    char *key = c->keys[i];
    int len = snprintf(key, sizeof c->keys[i], "p%u.%06u", percentile / DQ_PERCENT % 1000,
        percentile % DQ_PERCENT);
    while (key[len - 1] == '0')
        key[--len] = '\0';
    if (key[len - 1] == '.')
        key[--len] = '\0';
    memcpy(c->headings[i], key, sizeof c->headings[i]);
    c->headings[i][0] = 'P';
}

const char *dq_figures_key(const struct dq_figure_columns *c, size_t figure)
{
    return figure < c->table->n ? c->table->figures[figure].key : c->keys[figure - c->table->n];
}

static int find_figure(const struct dq_figure_columns *c, const struct dq_args *args,
    const char *option, const char *word, size_t len, size_t *out, struct dq_error *e)
{
    const struct dq_figure_table *t = c->table;
    struct dq_suggestions near = {0};
    char name[32];
    char words[256];
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name), word);
    for (size_t i = 0; i < t->n + args->n_percentiles; i++) {
        const char *key = dq_figures_key(c, i);
        if (i == t->percentiles)
            continue;
        dq_suggest(&near, name, key);
        if (strlen(key) != len || strncmp(key, word, len) != 0)
            continue;
        if (i < t->n && !is_known(args, t->figures[i].needs))
            return dq_fail(
                e, DQ_ERR_USAGE, "--%s %s: needs %s", option, name, options[t->figures[i].needs]);
        *out = i;
        return 0;
    }
    if (name[0] == 'p' && name[1] >= '0' && name[1] <= '9')
        return dq_fail(e, DQ_ERR_USAGE, "--%s %s: needs --percentiles=%s", option, name, name + 1);
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(e, DQ_ERR_USAGE, "--%s %s: not a figure of gguf-dq(1), %s%s", option, name,
        t->section, words);
}

static int choose_listed(
    struct dq_figure_columns *c, const struct dq_args *args, struct dq_error *e)
{
    for (const char *word = args->columns; *word;) {
        const size_t len = strcspn(word, ",");
        size_t figure = 0;
        const int rc = find_figure(c, args, "columns", word, len, &figure, e);
        if (rc != 0)
            return rc;
        if (dq_figures_have(c, figure))
            return dq_fail(e, DQ_ERR_USAGE, "--columns: %.*s is there twice", (int)len, word);
        add_column(c, figure);
        word += len + (word[len] == ',');
    }
    return 0;
}

static void choose_usual(struct dq_figure_columns *c, const struct dq_args *args)
{
    const struct dq_figure_table *t = c->table;
    const unsigned form = args->json || args->jsonl            ? DQ_SHOWN_JSON
                          : args->text_format == DQ_TEXT_TABLE ? DQ_SHOWN_TABLE
                                                               : DQ_SHOWN_CSV;
    for (size_t i = 0; i < t->n; i++) {
        if (i == t->percentiles) {
            for (size_t k = 0; k < args->n_percentiles; k++)
                add_column(c, t->n + k);
        } else if ((t->figures[i].shown & form) && is_known(args, t->figures[i].needs)) {
            add_column(c, i);
        }
    }
}

static int choose_sort(struct dq_figure_columns *c, const struct dq_args *args, struct dq_error *e)
{
    const struct dq_figure_table *t = c->table;
    const char *word = args->sort;
    if (!word)
        return 0;
    c->is_sorted = true;
    c->is_reversed = *word == '-';
    word += c->is_reversed;
    const int rc = find_figure(c, args, "sort", word, strlen(word), &c->sort, e);
    if (rc == 0 && c->sort < t->n && t->figures[c->sort].kind == DQ_KIND_LIST)
        return dq_fail(e, DQ_ERR_USAGE, "--sort %s: not a single number or name", word);
    return rc;
}

/* What the environment says of the terminal's characters, as in locale(7). */
static bool locale_is_utf8(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (!value || !*value)
            continue;
        const char *charset = strchr(value, '.');
        return charset &&
               (strncasecmp(charset, ".utf-8", 6) == 0 || strncasecmp(charset, ".utf8", 5) == 0);
    }
    return false;
}

int dq_figures_choose(struct dq_figure_columns *c, const struct dq_figure_table *table,
    const struct dq_args *args, struct dq_error *e)
{
    int rc = 0;
    *c = (struct dq_figure_columns){.table = table, .is_utf8 = locale_is_utf8()};
    for (size_t i = 0; i < args->n_percentiles; i++)
        name_percentile(c, i, args->percentiles[i]);
    if (args->columns)
        rc = choose_listed(c, args, e);
    else
        choose_usual(c, args);
    return rc == 0 ? choose_sort(c, args, e) : rc;
}

bool dq_figures_have(const struct dq_figure_columns *c, size_t figure)
{
    size_t i = 0;
    while (i < c->n && c->figures[i] != figure)
        i++;
    return i < c->n;
}

void dq_figures_put(
    const struct dq_figure_columns *c, const struct dq_cell *cells, struct dq_report *r)
{
    struct dq_cell chosen[DQ_REPORT_COLUMNS_MAX];
    for (size_t i = 0; i < c->n; i++)
        chosen[i] = cells[c->figures[i]];
    dq_report_row(r, chosen);
}

struct dq_cell dq_figure_cell(double value)
{
    return isnan(value) ? dq_cell_null() : dq_cell_real(value);
}

void dq_figures_widen(
    const struct dq_figure_columns *c, size_t figure, const char *text, struct dq_report *r)
{
    const size_t n = text ? dq_text_letters(text, strlen(text)) : 0;
    for (size_t i = 0; i < c->n; i++) {
        if (c->figures[i] == figure)
            dq_report_widen(r, i, n < WIDTH_MAX ? n : WIDTH_MAX);
    }
}

const char *dq_figure_join(
    const uint64_t *numbers, size_t n, const char *separator, char out[DQ_SHAPE_WORDS])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && len < DQ_SHAPE_WORDS; i++)
        len += (size_t)snprintf(
            out + len, DQ_SHAPE_WORDS - len, "%s%" PRIu64, i > 0 ? separator : "", numbers[i]);
    return out;
}
