#include "cli/stats_page.h"

#include "base/mem.h"

#include <string.h>

/* The largest weight of a unit. */
struct place {
    size_t pick;
    double weight;
    double crest;
    uint64_t indices[DQ_DIMS_MAX];
};

int dq_stats_page_open(struct dq_stats_page *p, const struct dq_args *args,
    const struct dq_picks *picks, struct dq_error *e)
{
    p->args = args;
    p->picks = picks;
    return dq_figure_page_open(&p->figures, &dq_stats_table, DQ_FIGURE_std, DQ_FIGURE_octaves,
        sizeof(struct place), args, e);
}

int dq_stats_page_add(struct dq_stats_page *p, size_t i, const struct dq_stats_row *row,
    const struct dq_unit_stats *u, struct dq_error *e)
{
    const struct dq_cell *cells = row->cells;
    if (!p->figures.page)
        return 0;
    dq_figure_page_map(&p->figures, p->picks->items[i].tensor->display_name, row->name, cells);
    if (!u)
        return 0;
    p->n_units++;
    p->figures.n_weights += u->stats.n_weights;
    if (cells[DQ_FIGURE_crest].kind != DQ_CELL_REAL)
        return 0;
    const double min = cells[DQ_FIGURE_min].real;
    const double max = cells[DQ_FIGURE_max].real;
    const bool is_min = -min > max;
    struct place place = {
        .pick = i, .weight = is_min ? min : max, .crest = cells[DQ_FIGURE_crest].real};
    memcpy(place.indices, is_min ? row->min_at : row->max_at, sizeof place.indices);
    return dq_ranking_add(&p->figures.places, cells[DQ_FIGURE_crest], &place, e);
}

void dq_stats_page_row(
    struct dq_stats_page *p, const struct dq_stats_row *row, const struct dq_unit_stats *u)
{
    uint64_t octaves[DQ_OCTAVES_SHOWN];
    if (!p->figures.page)
        return;
    _Static_assert((int)DQ_OCTAVES_SHOWN == (int)DQ_PAGE_HISTOGRAM, "a column for each");
    if (u)
        dq_stats_octaves(&u->stats, octaves);
    dq_figure_page_row(&p->figures, row->name, row->cells, u ? octaves : NULL);
}

static int put_place(struct dq_stats_page *p, const struct dq_model *m, const struct place *place,
    struct dq_error *e)
{
    const struct dq_tensor *t = p->picks->items[place->pick].tensor;
    char *text = dq_mem_printf("%s: a weight of %.6g, %.4g times the standard deviation",
        t->display_name, place->weight, place->crest);
    const int rc =
        text ? dq_figure_page_place(&p->figures, text,
                   &(struct dq_stored_weight){m->path, p->args->offset, t, place->indices}, 1, e)
             : dq_fail_nomem(e);
    dq_mem_free(text);
    return rc;
}

int dq_stats_page_write(struct dq_stats_page *p, const struct dq_model *m, struct dq_error *e)
{
    struct dq_ranking *places = &p->figures.places;
    int rc = 0;
    dq_ranking_sort(places);
    for (size_t i = 0; rc == 0 && i < places->n; i++)
        rc = put_place(p, m, places->items[i].item, e);
    return rc == 0 ? dq_figure_page_write(&p->figures, p->args->unit, p->n_units, e) : rc;
}
