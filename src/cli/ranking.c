#include "cli/ranking.h"

#include "base/array.h"
#include "base/mem.h"

#include <string.h>

/* Negative if a has to come before b as ascending numbers or texts do. */
static int compare_keys(const struct dq_cell *a, const struct dq_cell *b)
{
    switch (a->kind) {
    case DQ_CELL_U64:
        return (a->u64 > b->u64) - (a->u64 < b->u64);
    case DQ_CELL_REAL:
        return (a->real > b->real) - (a->real < b->real);
    case DQ_CELL_TEXT:
        return -strcmp(a->text, b->text); /* texts ascend where numbers descend */
    case DQ_CELL_NULL:
    case DQ_CELL_BYTES:
    case DQ_CELL_BOOL:
    case DQ_CELL_U64S:
    case DQ_CELL_JSON:
        break;
    }
    return 0;
}

static bool is_before(
    const struct dq_ranking *r, const struct dq_ranked *a, const struct dq_ranked *b)
{
    const bool a_is_null = a->key.kind == DQ_CELL_NULL;
    const bool b_is_null = b->key.kind == DQ_CELL_NULL;
    const int order = a_is_null || b_is_null ? 0 : compare_keys(&a->key, &b->key);
    if (a_is_null != b_is_null)
        return b_is_null;
    if (order != 0)
        return r->is_reversed ? order < 0 : order > 0;
    return a->number < b->number;
}

static void swap(struct dq_ranked *a, struct dq_ranked *b)
{
    const struct dq_ranked c = *a;
    *a = *b;
    *b = c;
}

static void sift_down(struct dq_ranking *r, size_t n)
{
    for (size_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && is_before(r, &r->items[child], &r->items[child + 1]))
            child++;
        if (!is_before(r, &r->items[i], &r->items[child]))
            return;
        swap(&r->items[i], &r->items[child]);
    }
}

static void sift_up(struct dq_ranking *r)
{
    for (size_t i = r->n - 1; i > 0; i = (i - 1) / 2) {
        if (!is_before(r, &r->items[(i - 1) / 2], &r->items[i]))
            return;
        swap(&r->items[(i - 1) / 2], &r->items[i]);
    }
}

int dq_ranking_add(struct dq_ranking *r, struct dq_cell key, const void *item, struct dq_error *e)
{
    struct dq_ranked new = {.key = key, .number = r->n_seen++};
    if (r->most > 0 && r->n == r->most) {
        if (!is_before(r, &new, &r->items[0]))
            return 0;
        new.item = r->items[0].item;
        memcpy(new.item, item, r->item_len);
        r->items[0] = new;
        sift_down(r, r->n);
        return 0;
    }
    struct dq_ranked *items = dq_array_grow(r->items, r->n, sizeof *items);
    if (!items)
        return dq_fail_nomem(e);
    r->items = items;
    new.item = dq_mem_alloc(r->item_len);
    if (!new.item)
        return dq_fail_nomem(e);
    memcpy(new.item, item, r->item_len);
    r->items[r->n++] = new;
    sift_up(r);
    return 0;
}

void dq_ranking_sort(struct dq_ranking *r)
{
    for (size_t n = r->n; n > 1; n--) {
        swap(&r->items[0], &r->items[n - 1]);
        sift_down(r, n - 1);
    }
}

void dq_ranking_finish(struct dq_ranking *r)
{
    for (size_t i = 0; i < r->n; i++)
        dq_mem_free(r->items[i].item);
    dq_mem_free(r->items);
}
