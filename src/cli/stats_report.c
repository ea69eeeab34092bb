#include "cli/stats_report.h"

#include "base/mem.h"
#include "reduce/entropy.h"

#include <math.h>
#include <string.h>

enum { J = DQ_SHOWN_JSON, C = DQ_SHOWN_CSV, T = DQ_SHOWN_TABLE };
enum { SPARKLINE = sizeof((struct dq_stats_row *)0)->sparkline };

static const struct dq_figure figures[DQ_FIGURES] = {
#define FIGURE DQ_FIGURE_ROW
#include "cli/stats_figures.def"
};

_Static_assert(
    sizeof((struct dq_stats_row *)0)->cells / sizeof(struct dq_cell) <= DQ_REPORT_COLUMNS_MAX,
    "as many as fit");

const struct dq_figure_table dq_stats_table = {
    figures, DQ_FIGURES, DQ_FIGURE_percentiles, "Statistics"};

/* ---- rows ---- */

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
        n_shape > 0 ? dq_figure_join(row->shape, n_shape, "x", row->shape_text) : "1");
    return 0;
}

static struct dq_cell place(const struct dq_unit_stats *u, size_t n_dims, uint64_t number,
    uint64_t *indices, char shown[DQ_SHAPE_WORDS])
{
    dq_ranges_place(u->ranges, n_dims, number, indices);
    return dq_cell_shown(
        dq_cell_u64s(indices, n_dims), dq_figure_join(indices, n_dims, ",", shown));
}

void dq_stats_octaves(const struct dq_stats *s, uint64_t out[DQ_OCTAVES_SHOWN])
{
    enum { FIRST = 127 - 20, LAST = FIRST + DQ_OCTAVES_SHOWN - 1 };
    memset(out, 0, DQ_OCTAVES_SHOWN * sizeof *out);
    out[0] = s->n_subnormal;
    for (int e = 1; e < DQ_OCTAVES - 1; e++)
        out[(e < FIRST ? FIRST : e < LAST ? e : LAST) - FIRST] += s->octaves[e];
}

/* A character for each octave: how high it is stands for the logarithm of the number of weights. */
static const char *sparkline(const struct dq_stats *s, bool is_utf8, char out[SPARKLINE])
{
    enum { HEIGHTS = 8 };
    static const char *const blocks[] = {
        " ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    uint64_t counts[DQ_OCTAVES_SHOWN];
    uint64_t most = 0;
    out[0] = '\0';
    dq_stats_octaves(s, counts);
    for (size_t i = 0; i < DQ_OCTAVES_SHOWN; i++)
        most = counts[i] > most ? counts[i] : most;
    for (size_t i = 0; i < DQ_OCTAVES_SHOWN; i++) {
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
        row->cells[DQ_FIGURES + i] = dq_figure_cell((double)u->bins.percentiles[i]);
    for (size_t i = 0; i < DQ_OUTLIERS; i++)
        row->cells[DQ_FIGURE_outliers_3 + i] =
            has_outliers ? dq_cell_u64(u->bins.outliers[i]) : dq_cell_null();
    row->cells[DQ_FIGURE_entropy] = dq_figure_cell(u->bins.entropy);
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
    cells[DQ_FIGURE_codes_entropy] = dq_figure_cell(dq_entropy(c->use, n_values));
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

int dq_stats_row_init(struct dq_stats_row *row, const struct dq_figure_columns *c,
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
    cells[DQ_FIGURE_mean] = dq_figure_cell(f.mean);
    cells[DQ_FIGURE_std] = dq_figure_cell(f.std);
    cells[DQ_FIGURE_rms] = dq_figure_cell(f.rms);
    cells[DQ_FIGURE_absmax] = dq_figure_cell(f.absmax);
    cells[DQ_FIGURE_crest] = dq_figure_cell(f.crest);
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
