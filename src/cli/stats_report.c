#include "cli/stats_report.h"

#include "base/mem.h"
#include "reduce/entropy.h"
#include "select/suggest.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ALWAYS, PERCENTILES, FIT, CODES };
enum { ONE, LIST };
enum { J = 1, C = 2, T = 4 };
enum { SPARKLINE = sizeof((struct dq_stats_row *)0)->sparkline };

static const struct figure {
    const char *key;
    const char *heading;
    int width;
    unsigned digits;
    unsigned needs;
    bool is_list;
    unsigned shown;
} figures[DQ_FIGURES] = {
#define FIGURE(key, heading, width, digits, needs, kind, shown)                                    \
    {#key, heading, width, digits, needs, (kind) == LIST, shown},
#include "cli/stats_figures.def"
};

static const char *const options[] = {
    [ALWAYS] = NULL, [PERCENTILES] = "--percentiles", [FIT] = "--fit", [CODES] = "--codes"};

/* ---- columns ---- */

static bool is_known(const struct dq_args *args, unsigned needs)
{
    const bool known[] = {[ALWAYS] = true,
        [PERCENTILES] = args->n_percentiles > 0,
        [FIT] = args->fit,
        [CODES] = args->codes};
    return known[needs];
}

static void add_column(struct dq_stats_columns *c, size_t figure)
{
    enum { PERCENTILE_WIDTH = 11 };
    struct dq_column *column = &c->columns[c->n];
    if (figure >= DQ_FIGURES)
        *column = (struct dq_column){.key = c->keys[figure - DQ_FIGURES],
            .heading = c->headings[figure - DQ_FIGURES],
            .width = PERCENTILE_WIDTH};
    else
        *column = (struct dq_column){.key = figures[figure].key,
            .heading = figures[figure].heading,
            .width = figures[figure].width,
            .digits = figures[figure].digits};
    /* Of two decimals, JSON's 17 digits would show what is not known. */
    column->json_digits = figure == DQ_FIGURE_entropy || figure == DQ_FIGURE_codes_entropy ? 6 : 0;
    c->figures[c->n++] = figure;
}

/* "p99.9" for 99900000. */
static void name_percentile(struct dq_stats_columns *c, size_t i, uint32_t percentile)
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

static int find_figure(const struct dq_stats_columns *c, const struct dq_args *args,
    const char *option, const char *word, size_t len, size_t *out, struct dq_error *e)
{
    struct dq_suggestions near = {0};
    char name[32];
    char words[256];
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name), word);
    for (size_t i = 0; i < DQ_FIGURES + args->n_percentiles; i++) {
        const char *key = i < DQ_FIGURES ? figures[i].key : c->keys[i - DQ_FIGURES];
        if (i == DQ_FIGURE_percentiles)
            continue;
        dq_suggest(&near, name, key);
        if (strlen(key) != len || strncmp(key, word, len) != 0)
            continue;
        if (i < DQ_FIGURES && !is_known(args, figures[i].needs))
            return dq_fail(
                e, DQ_ERR_USAGE, "--%s %s: needs %s", option, name, options[figures[i].needs]);
        *out = i;
        return 0;
    }
    if (name[0] == 'p' && name[1] >= '0' && name[1] <= '9')
        return dq_fail(e, DQ_ERR_USAGE, "--%s %s: needs --percentiles=%s", option, name, name + 1);
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(
        e, DQ_ERR_USAGE, "--%s %s: not a figure of gguf-dq(1), Statistics%s", option, name, words);
}

static int choose_listed(struct dq_stats_columns *c, const struct dq_args *args, struct dq_error *e)
{
    for (const char *word = args->columns; *word;) {
        const size_t len = strcspn(word, ",");
        size_t figure = 0;
        const int rc = find_figure(c, args, "columns", word, len, &figure, e);
        if (rc != 0)
            return rc;
        for (size_t i = 0; i < c->n; i++) {
            if (c->figures[i] == figure)
                return dq_fail(e, DQ_ERR_USAGE, "--columns: %s is there twice", c->columns[i].key);
        }
        add_column(c, figure);
        word += len + (word[len] == ',');
    }
    return 0;
}

static void choose_usual(struct dq_stats_columns *c, const struct dq_args *args)
{
    const unsigned form = args->json || args->jsonl            ? J
                          : args->text_format == DQ_TEXT_TABLE ? T
                                                               : C;
    for (size_t i = 0; i < DQ_FIGURES; i++) {
        if (i == DQ_FIGURE_percentiles) {
            for (size_t k = 0; k < args->n_percentiles; k++)
                add_column(c, DQ_FIGURES + k);
        } else if ((figures[i].shown & form) && is_known(args, figures[i].needs)) {
            add_column(c, i);
        }
    }
}

static int choose_sort(struct dq_stats_columns *c, const struct dq_args *args, struct dq_error *e)
{
    const char *word = args->sort;
    if (!word)
        return 0;
    c->is_sorted = true;
    c->is_reversed = *word == '-';
    word += c->is_reversed;
    const int rc = find_figure(c, args, "sort", word, strlen(word), &c->sort, e);
    if (rc == 0 && c->sort < DQ_FIGURES && figures[c->sort].is_list)
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

int dq_stats_columns_init(
    struct dq_stats_columns *c, const struct dq_args *args, struct dq_error *e)
{
    int rc = 0;
    *c = (struct dq_stats_columns){.is_utf8 = locale_is_utf8()};
    for (size_t i = 0; i < args->n_percentiles; i++)
        name_percentile(c, i, args->percentiles[i]);
    if (args->columns)
        rc = choose_listed(c, args, e);
    else
        choose_usual(c, args);
    return rc == 0 ? choose_sort(c, args, e) : rc;
}

/* ---- rows ---- */

/* A figure of finite weights; null if there are none. */
static struct dq_cell figure(double value)
{
    return isnan(value) ? dq_cell_null() : dq_cell_real(value);
}

/* Writes numbers with a separator, cut to size. */
static const char *join(
    const uint64_t *numbers, size_t n, const char *separator, char out[DQ_SHAPE_WORDS])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && len < DQ_SHAPE_WORDS; i++)
        len += (size_t)snprintf(
            out + len, DQ_SHAPE_WORDS - len, "%s%" PRIu64, i > 0 ? separator : "", numbers[i]);
    return out;
}

/* Sets the slice, the name with it, and the shape: those that were given, or those of a part. */
static int describe(struct dq_stats_row *row, const struct dq_pick *pick, enum dq_unit unit,
    const struct dq_unit_stats *u, struct dq_error *e)
{
    const struct dq_tensor *t = pick->tensor;
    size_t n_shape;
    if (u && unit != DQ_UNIT_TENSOR) {
        const enum dq_unit own = dq_stats_unit(unit, t);
        dq_unit_text(own, u->ranges, t, row->slice);
        n_shape = dq_unit_shape(own, u->ranges, t, row->shape);
    } else {
        struct dq_slice slice;
        dq_pick_slice(pick, &slice);
        snprintf(row->slice, sizeof row->slice, "%s", pick->slice_text ? pick->slice_text : "");
        n_shape = slice.n_shape;
        memcpy(row->shape, slice.shape, sizeof row->shape);
    }
    row->name = dq_mem_printf("%s%s", t->display_name, row->slice);
    if (!row->name)
        return dq_fail_nomem(e);
    row->cells[DQ_FIGURE_name] = dq_cell_shown(dq_cell_name(t->display_name), row->name);
    row->cells[DQ_FIGURE_slice] = dq_cell_text(row->slice[0] ? row->slice : NULL);
    row->cells[DQ_FIGURE_type] = dq_cell_text(t->type ? t->type->name : NULL);
    row->cells[DQ_FIGURE_shape] = dq_cell_shown(dq_cell_u64s(row->shape, n_shape),
        n_shape > 0 ? join(row->shape, n_shape, "x", row->shape_text) : "1");
    return 0;
}

static struct dq_cell place(const struct dq_unit_stats *u, size_t n_dims, uint64_t number,
    uint64_t *indices, char shown[DQ_SHAPE_WORDS])
{
    dq_ranges_place(u->ranges, n_dims, number, indices);
    return dq_cell_shown(dq_cell_u64s(indices, n_dims), join(indices, n_dims, ",", shown));
}

/* A character for each octave from 2^-20 to 2^3, with what is beyond in the outer ones: how high it is stands for the
 * logarithm of the number of weights. Zeros are left out. */
static const char *sparkline(const struct dq_stats *s, bool is_utf8, char out[SPARKLINE])
{
    enum { FIRST = 127 - 20, N = 24, HEIGHTS = 8 };
    static const char *const blocks[] = {
        " ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    uint64_t counts[N] = {s->n_subnormal};
    uint64_t most = 0;
    out[0] = '\0';
    for (int e = 1; e < DQ_OCTAVES - 1; e++)
        counts[e < FIRST ? 0 : e - FIRST < N ? e - FIRST : N - 1] += s->octaves[e];
    for (size_t i = 0; i < N; i++)
        most = counts[i] > most ? counts[i] : most;
    for (size_t i = 0; i < N; i++) {
        const double part = most > 0 ? log2(1 + (double)counts[i]) / log2(1 + (double)most) : 0;
        const size_t len = strlen(out);
        snprintf(out + len, SPARKLINE - len, "%s",
            (is_utf8 ? blocks : ascii)[(size_t)ceil(HEIGHTS * part)]);
    }
    for (size_t len = strlen(out); len > 0 && out[len - 1] == ' ';) /* which no line ends in */
        out[--len] = '\0';
    return out;
}

static void set_bins(struct dq_stats_row *row, const struct dq_unit_stats *u, bool has_outliers)
{
    for (size_t i = 0; i < DQ_PERCENTILES_MAX; i++)
        row->cells[DQ_FIGURES + i] = figure((double)u->bins.percentiles[i]);
    for (size_t i = 0; i < DQ_OUTLIERS; i++)
        row->cells[DQ_FIGURE_outliers_3 + i] =
            has_outliers ? dq_cell_u64(u->bins.outliers[i]) : dq_cell_null();
    row->cells[DQ_FIGURE_entropy] = figure(u->bins.entropy);
}

static void set_fit(struct dq_stats_row *row, const struct dq_fit *f)
{
    row->cells[DQ_FIGURE_f16_exact] = dq_cell_u64(f->f16_exact);
    row->cells[DQ_FIGURE_f16_overflow] = dq_cell_u64(f->f16_overflow);
    row->cells[DQ_FIGURE_f16_zero] = dq_cell_u64(f->f16_zero);
    row->cells[DQ_FIGURE_f16_subnormal] = dq_cell_u64(f->f16_subnormal);
    row->cells[DQ_FIGURE_bf16_exact] = dq_cell_u64(f->bf16_exact);
    row->cells[DQ_FIGURE_bf16_overflow] = dq_cell_u64(f->bf16_overflow);
}

static void set_codes(struct dq_stats_row *row, enum dq_type type, const struct dq_code_stats *c)
{
    struct dq_cell *cells = row->cells;
    const struct dq_code_range *range = &dq_code_ranges[type];
    const size_t n_values = dq_code_stats_values(type);
    cells[DQ_FIGURE_blocks] = dq_cell_u64(c->n_blocks);
    cells[DQ_FIGURE_blocks_repeated] = dq_cell_u64(c->n_repeated);
    cells[DQ_FIGURE_blocks_constant] = dq_cell_u64(c->n_constant);
    cells[DQ_FIGURE_codes] = dq_cell_u64s(c->use, n_values);
    cells[DQ_FIGURE_codes_entropy] = figure(dq_entropy(c->use, n_values));
    cells[DQ_FIGURE_codes_unused] = dq_cell_u64(dq_code_stats_unused(c, type));
    if (range->low != DQ_PART_NEVER) {
        cells[DQ_FIGURE_codes_low] = dq_cell_u64(c->use[range->low - range->least]);
        cells[DQ_FIGURE_codes_high] = dq_cell_u64(c->use[range->high - range->least]);
    }
    cells[DQ_FIGURE_scales_zero] = dq_cell_u64(c->n_scales[DQ_SCALE_ZERO]);
    cells[DQ_FIGURE_scales_subnormal] = dq_cell_u64(c->n_scales[DQ_SCALE_SUBNORMAL]);
    cells[DQ_FIGURE_scales_negative] = dq_cell_u64(c->n_negative);
    cells[DQ_FIGURE_scales_nonfinite] = dq_cell_u64(c->n_scales[DQ_SCALE_NONFINITE]);
    cells[DQ_FIGURE_scales_octaves] = dq_cell_u64s(c->scale_octaves, DQ_OCTAVES);
    if (dq_scale_ranges[type].most > 0) {
        cells[DQ_FIGURE_subscales_zero] = dq_cell_u64(c->n_parts_zero);
        cells[DQ_FIGURE_subscales_full] = dq_cell_u64(c->n_parts_full);
    }
}

int dq_stats_row_init(struct dq_stats_row *row, const struct dq_stats_columns *c,
    const struct dq_pick *pick, enum dq_unit unit, const struct dq_unit_stats *u,
    struct dq_error *e)
{
    struct dq_cell *cells = row->cells;
    struct dq_stats_figures f;
    for (size_t i = 0; i < DQ_FIGURES_MAX; i++)
        cells[i] = dq_cell_null();
    const int rc = describe(row, pick, unit, u, e);
    if (rc != 0 || !u)
        return rc;
    const struct dq_stats *s = &u->stats;
    const size_t n_dims = pick->tensor->n_dims;
    dq_stats_figures(s, &f);
    cells[DQ_FIGURE_weights] = dq_cell_u64(s->n_weights);
    cells[DQ_FIGURE_mean] = figure(f.mean);
    cells[DQ_FIGURE_std] = figure(f.std);
    cells[DQ_FIGURE_rms] = figure(f.rms);
    cells[DQ_FIGURE_absmax] = figure(f.absmax);
    cells[DQ_FIGURE_crest] = figure(f.crest);
    cells[DQ_FIGURE_nonfinite] = dq_cell_u64(s->n_weights - dq_stats_n_finite(s));
    cells[DQ_FIGURE_nan] = dq_cell_u64(s->n_nan);
    cells[DQ_FIGURE_pinf] = dq_cell_u64(s->n_pinf);
    cells[DQ_FIGURE_ninf] = dq_cell_u64(s->n_ninf);
    cells[DQ_FIGURE_pzero] = dq_cell_u64(s->n_pzero);
    cells[DQ_FIGURE_nzero] = dq_cell_u64(s->n_nzero);
    cells[DQ_FIGURE_subnormal] = dq_cell_u64(s->n_subnormal);
    cells[DQ_FIGURE_octaves] = dq_cell_shown(
        dq_cell_u64s(s->octaves, DQ_OCTAVES), sparkline(s, c->is_utf8, row->sparkline));
    set_bins(row, u, f.std > 0);
    set_fit(row, &u->fit);
    if (u->codes)
        set_codes(row, pick->tensor->type->type, u->codes);
    if (dq_stats_n_finite(s) == 0)
        return 0;
    cells[DQ_FIGURE_min] = dq_cell_real((double)s->min);
    cells[DQ_FIGURE_max] = dq_cell_real((double)s->max);
    cells[DQ_FIGURE_min_at] = place(u, n_dims, s->first_min, row->min_at, row->places[0]);
    cells[DQ_FIGURE_max_at] = place(u, n_dims, s->first_max, row->max_at, row->places[1]);
    return 0;
}

void dq_stats_row_put(
    const struct dq_stats_row *row, const struct dq_stats_columns *c, struct dq_report *r)
{
    struct dq_cell cells[DQ_FIGURES_MAX];
    for (size_t i = 0; i < c->n; i++)
        cells[i] = row->cells[c->figures[i]];
    dq_report_row(r, cells);
}
