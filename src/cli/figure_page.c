#include "cli/figure_page.h"

#include "base/mem.h"

#include <inttypes.h>
#include <math.h>

static int choose_columns(struct dq_figure_page *p, const struct dq_figure_table *table,
    size_t usual, size_t histogram, const struct dq_args *args, struct dq_error *e)
{
    struct dq_args as_table = *args;
    struct dq_figure_columns *c = &p->columns;
    size_t n = 0;
    as_table.json = as_table.jsonl = false;
    as_table.text_format = DQ_TEXT_TABLE;
    const int rc = dq_figures_choose(c, table, &as_table, e);
    if (rc != 0)
        return rc;
    p->has_histogram = dq_figures_have(c, histogram);
    for (size_t i = 0; i < c->n; i++) {
        if (c->figures[i] == histogram)
            continue;
        c->columns[n] = c->columns[i];
        c->figures[n++] = c->figures[i];
    }
    c->n = n;
    p->figure = c->is_sorted ? c->sort : usual;
    return 0;
}

int dq_figure_page_open(struct dq_figure_page *p, const struct dq_figure_table *table, size_t usual,
    size_t histogram, size_t place_len, const struct dq_args *args, struct dq_error *e)
{
    if (!args->html)
        return 0;
    p->places = (struct dq_ranking){.item_len = place_len, .most = DQ_FIGURE_PLACES};
    const int rc = choose_columns(p, table, usual, histogram, args, e);
    return rc == 0 ? dq_page_open(args->html, &p->page, e) : rc;
}

void dq_figure_page_begin(
    struct dq_figure_page *p, const char *title, const char *reference, const char *model)
{
    if (!p->page)
        return;
    dq_page_begin(p->page, &(struct dq_page_subject){.title = title,
                               .models = {reference ? reference : model, reference ? model : NULL},
                               .columns = p->columns.columns,
                               .n_columns = p->columns.n,
                               .figure = dq_figures_key(&p->columns, p->figure),
                               .histogram = p->has_histogram ? "2^-20 OCTAVES 2^3" : NULL});
}

void dq_figure_page_map(
    struct dq_figure_page *p, const char *tensor, const char *row, const struct dq_cell *cells)
{
    if (!p->page)
        return;
    const struct dq_cell *c = &cells[p->figure];
    dq_page_map(p->page, tensor, row,
        c->kind == DQ_CELL_REAL  ? c->real
        : c->kind == DQ_CELL_U64 ? (double)c->u64
                                 : (double)NAN);
}

void dq_figure_page_row(struct dq_figure_page *p, const char *row, const struct dq_cell *cells,
    const uint64_t *histogram)
{
    struct dq_cell chosen[DQ_REPORT_COLUMNS_MAX];
    if (!p->page)
        return;
    for (size_t i = 0; i < p->columns.n; i++)
        chosen[i] = cells[p->columns.figures[i]];
    dq_page_row(p->page, row, chosen, p->has_histogram ? histogram : NULL);
}

/* The name of a weight, "NAME[i,j]". The caller frees it with dq_mem_free; NULL: memory is short. */
static char *weight_name(const struct dq_stored_weight *w)
{
    char indices[DQ_SHAPE_WORDS];
    if (w->tensor->n_dims == 0)
        return dq_mem_strdup(w->tensor->display_name);
    return dq_mem_printf("%s[%s]", w->tensor->display_name,
        dq_figure_join(w->indices, w->tensor->n_dims, ",", indices));
}

int dq_figure_page_place(struct dq_figure_page *p, const char *text,
    const struct dq_stored_weight *weights, size_t n_weights, struct dq_error *e)
{
    struct dq_page_command commands[2] = {{.n = 0}};
    char offsets[2][32];
    char *names[2] = {NULL, NULL};
    bool has_memory = true;
    for (size_t i = 0; i < n_weights; i++) {
        const struct dq_stored_weight *w = &weights[i];
        struct dq_page_command *c = &commands[i];
        names[i] = weight_name(w);
        has_memory = has_memory && names[i];
        c->arguments[c->n++] = "show";
        if (w->tensor->type->weights > 1)
            c->arguments[c->n++] = "--blocks";
        if (w->offset > 0) {
            snprintf(offsets[i], sizeof offsets[i], "--offset=%" PRIu64, w->offset);
            c->arguments[c->n++] = offsets[i];
        }
        c->arguments[c->n++] = w->path;
        c->arguments[c->n++] = names[i];
    }
    if (has_memory)
        dq_page_place(p->page, text, commands, n_weights);
    dq_mem_free(names[0]);
    dq_mem_free(names[1]);
    return has_memory ? 0 : dq_fail_nomem(e);
}

int dq_figure_page_write(
    struct dq_figure_page *p, enum dq_unit unit, uint64_t n, struct dq_error *e)
{
    static const char *const units[] = {[DQ_UNIT_TENSOR] = "Tensors",
        [DQ_UNIT_MATRIX] = "Matrices",
        [DQ_UNIT_ROW] = "Rows",
        [DQ_UNIT_BLOCK] = "Blocks"};
    char text[128];
    if (!p->page)
        return 0;
    snprintf(
        text, sizeof text, "%s: %" PRIu64 ". Weights: %" PRIu64 ".", units[unit], n, p->n_weights);
    dq_page_remark(p->page, text);
    dq_page_remark(p->page,
        "Such figures find faults and rank tensors. What an error of the weights costs is known "
        "only from running the model.");
    return dq_page_write(p->page, e);
}

void dq_figure_page_finish(struct dq_figure_page *p)
{
    dq_ranking_finish(&p->places);
    dq_page_free(p->page);
}
