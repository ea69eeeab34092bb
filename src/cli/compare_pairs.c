#include "cli/compare_pairs.h"

#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What all functions need. */
struct pairing {
    struct dq_compare_pairs *out;
    const struct dq_args *args;
    const struct dq_model *reference;
    const struct dq_model *model;
    const struct dq_picks *picks;
};

/* Adds an unpaired one and takes ownership of its name; NULL means that memory is short. */
static int add_unpaired(struct pairing *p, const struct dq_unpaired *u, struct dq_error *e)
{
    struct dq_compare_pairs *out = p->out;
    struct dq_unpaired *items =
        u->name ? dq_array_grow(out->unpaired, out->n_unpaired, sizeof *items) : NULL;
    if (!items) {
        dq_mem_free(u->name);
        return dq_fail_nomem(e);
    }
    out->unpaired = items;
    out->unpaired[out->n_unpaired++] = *u;
    return 0;
}

static int add_unpaired_tensor(
    struct pairing *p, const struct dq_tensor *t, bool is_in_model, struct dq_error *e)
{
    struct dq_unpaired u = {.name = dq_mem_strdup(t->display_name),
        .type = t->type,
        .n_shape = t->n_dims,
        .is_in_model = is_in_model};
    for (uint32_t d = 0; d < t->n_dims; d++)
        u.shape[d] = t->dims[t->n_dims - 1 - d];
    return add_unpaired(p, &u, e);
}

/* Writes "4096x32", as dq_tensor_shape does for a tensor. */
static const char *shape_text(const uint64_t *shape, size_t n, char out[DQ_SHAPE_WORDS])
{
    char *end = out;
    snprintf(out, DQ_SHAPE_WORDS, "scalar");
    for (size_t d = 0; d < n; d++) {
        end = dq_put_number(end, shape[d]);
        *end++ = d + 1 < n ? 'x' : '\0';
    }
    return out;
}

/* Whether both have the same shape; prints it if not. Dimensions of 1 on the outside make no difference. */
static bool has_same_shape(struct pairing *p, const struct dq_compare_pair *pair)
{
    const struct dq_tensor *t = pair->reference;
    struct dq_slice other;
    struct dq_error why;
    char shapes[2][DQ_SHAPE_WORDS];
    dq_slice_all(t, &other);
    if (pair->is_sliced && memcmp(t->dims, pair->pick->tensor->dims, sizeof t->dims) == 0)
        return true;
    const uint64_t *a = pair->shape;
    const uint64_t *b = other.shape;
    size_t n_a = pair->n_shape;
    size_t n_b = other.n_shape;
    for (; n_a > n_b && *a == 1; a++)
        n_a--;
    for (; n_b > n_a && *b == 1; b++)
        n_b--;
    if (!pair->is_sliced && n_a == n_b && memcmp(a, b, n_a * sizeof *a) == 0)
        return true;
    const bool whole = pair->is_sliced;
    const bool is_turned = !whole && n_a == 2 && n_b == 2 && a[0] == b[1] && a[1] == b[0];
    dq_tensor_fail(p->model, pair->pick->tensor, &why, DQ_ERR_MISMATCH,
        "its shape is %s, that of the reference %s%s",
        whole ? dq_tensor_shape(pair->pick->tensor, shapes[0])
              : shape_text(pair->shape, pair->n_shape, shapes[0]),
        dq_tensor_shape(t, shapes[1]), is_turned ? ": transposed?" : "");
    dq_msg_error("%s", why.text);
    p->out->n_misshapen++;
    return false;
}

/* Adds a pair if both sides can be read and have the same shape; prints why not. */
static void add_pair(struct pairing *p, const struct dq_compare_pair *pair)
{
    struct dq_error why;
    const struct dq_pick whole = {.tensor = pair->reference};
    struct dq_pick sliced = *pair->pick;
    const struct dq_model *m = p->model; /* which has the tensor that cannot be used */
    const struct dq_tensor *t = pair->pick->tensor;
    int rc = 0;
    sliced.tensor = pair->reference;
    if (pair->array) {
        const struct dq_layout_group *g = pair->array->group;
        for (size_t i = 0; rc == 0 && i < g->n_inputs; i++) {
            t = g->inputs[i]->tensor;
            rc = dq_pick_usable(m, g->inputs[i], true, &why);
        }
    } else {
        rc = dq_pick_usable(m, pair->pick, true, &why);
        if (rc == 0 && p->args->unit == DQ_UNIT_BLOCK)
            rc = dq_pick_has_blocks(pair->pick, &why);
    }
    if (rc == 0 && !has_same_shape(p, pair))
        return;
    if (rc == 0) {
        m = p->reference;
        t = pair->reference;
        rc = dq_pick_usable(m, pair->is_sliced ? &sliced : &whole, true, &why);
    }
    if (rc != 0)
        dq_unusable_add(&p->out->unusable, m, t, p->picks->n, rc, why.text);
    else
        p->out->items[p->out->n++] = *pair;
}

static struct dq_compare_pair pair_of(const struct dq_pick *pick, const struct dq_tensor *reference)
{
    struct dq_compare_pair pair = {
        .pick = pick, .reference = reference, .is_sliced = pick->slice != NULL};
    struct dq_slice slice;
    dq_pick_slice(pick, &slice);
    memcpy(pair.shape, slice.shape, sizeof pair.shape);
    pair.n_shape = slice.n_shape;
    return pair;
}

/* Returns what a tensor of the model is compared with by name, or NULL. */
static const struct dq_tensor *partner(const struct pairing *p, const struct dq_tensor *t)
{
    const struct dq_compare_map *map = &p->out->map;
    const struct dq_tensor *mapped = map->partners ? map->partners[t - p->model->tensors] : NULL;
    if (mapped)
        return mapped;
    t = dq_model_find(p->reference, t->name, t->name_len);
    return t && map->is_taken && map->is_taken[t - p->reference->tensors] ? NULL : t;
}

/* Whether a tensor of the reference is compared with one of the model, if that is selected. */
static bool has_partner(const struct pairing *p, const struct dq_tensor *t)
{
    const bool *is_taken = p->out->map.is_taken;
    if (is_taken && is_taken[t - p->reference->tensors])
        return true;
    const struct dq_tensor *of_model = dq_model_find(p->model, t->name, t->name_len);
    return of_model && partner(p, of_model) == t;
}

static int pair_by_name(struct pairing *p, struct dq_error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->picks->n; i++) {
        const struct dq_pick *pick = &p->picks->items[i];
        const struct dq_tensor *t = partner(p, pick->tensor);
        if (t) {
            const struct dq_compare_pair pair = pair_of(pick, t);
            add_pair(p, &pair);
        } else if (i == 0 || pick->tensor != p->picks->items[i - 1].tensor) {
            rc = add_unpaired_tensor(p, pick->tensor, true, e);
        }
    }
    return rc;
}

/* The array may be what a slice takes. */
static int pair_one(struct pairing *p, struct dq_error *e)
{
    if (p->picks->n != 1)
        return dq_fail(e, DQ_ERR_USAGE,
            "%s is one array, but %zu tensors of the model are selected; name the one that it is "
            "compared with",
            p->reference->path, p->picks->n);
    struct dq_compare_pair pair = pair_of(&p->picks->items[0], &p->reference->tensors[0]);
    pair.is_sliced = false;
    add_pair(p, &pair);
    return 0;
}

static int pair_array(struct pairing *p, const struct dq_layout_array *a, struct dq_error *e)
{
    const struct dq_layout_group *g = a->group;
    struct dq_compare_pair pair = {.pick = g->n_inputs > 0 ? g->inputs[0] : NULL, .array = a};
    pair.reference = dq_model_find(p->reference, a->name, strlen(a->name));
    pair.n_shape = g->n_shape;
    memcpy(pair.shape, g->shape, sizeof pair.shape);
    if (g->code != 0) {
        dq_unusable_add(&p->out->unusable, p->model, NULL, p->picks->n, g->code, g->reason);
        return 0;
    }
    if (pair.reference && pair.pick) {
        add_pair(p, &pair);
        return 0;
    }
    struct dq_unpaired u = {.name = dq_escape_new(a->name, strlen(a->name)),
        .n_shape = g->n_shape,
        .is_in_model = true};
    memcpy(u.shape, g->shape, sizeof u.shape);
    return add_unpaired(p, &u, e);
}

/* Lists what only the reference has, if all of the model is compared: what is selected has other names there. */
static int pair_arrays(struct pairing *p, struct dq_error *e)
{
    const struct dq_args *a = p->args;
    const struct dq_layout *l = p->out->layout.layout;
    const bool is_all =
        a->tensors.n == 0 && a->excluded.n == 0 && !a->tensors_from && a->share.count == 0;
    struct dq_strmap names = {0};
    int rc = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): lay_out has made it */
    for (size_t i = 0; rc == 0 && i < l->n_arrays; i++) {
        rc = pair_array(p, &l->arrays[i], e);
        if (dq_strmap_add(&names, l->arrays[i].name, strlen(l->arrays[i].name), i) < 0)
            rc = dq_fail_nomem(e);
    }
    for (size_t i = 0; rc == 0 && is_all && i < p->reference->n_tensors; i++) {
        const struct dq_tensor *t = &p->reference->tensors[i];
        size_t unused;
        if (!dq_strmap_find(&names, t->name, t->name_len, &unused))
            rc = add_unpaired_tensor(p, t, false, e);
    }
    dq_strmap_finish(&names);
    return rc;
}

/* Lists the tensors of the reference that are selected and not in the model. */
static int find_missing(struct pairing *p, const struct dq_names *names, struct dq_error *e)
{
    const struct dq_strvec *lists[] = {&names->list, &p->args->tensors};
    struct dq_strvec words = {0};
    struct dq_picks picks = {0};
    struct dq_error why;
    int rc = 0;
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; rc == 0 && k < lists[i]->n; k++)
            rc = dq_strvec_add(&words, lists[i]->items[k], strlen(lists[i]->items[k]), e);
    }
    const int rc_select =
        rc == 0 ? dq_select(p->reference, &words, 0, &p->args->excluded, &picks, NULL, &why) : 0;
    if (rc_select == DQ_ERR_MEMORY)
        rc = dq_fail(e, rc_select, "%s", why.text);
    for (size_t i = 0; rc == 0 && rc_select == 0 && i < picks.n; i++) {
        const struct dq_tensor *t = picks.items[i].tensor;
        if (!has_partner(p, t) && (i == 0 || t != picks.items[i - 1].tensor))
            rc = add_unpaired_tensor(p, t, false, e);
    }
    dq_picks_finish(&picks);
    dq_strvec_finish(&words);
    return rc;
}

/* Names a tensor of each side, which shows how their names differ. */
static int fail_no_pair(const struct pairing *p, struct dq_error *e)
{
    const struct dq_model *r = p->reference;
    const struct dq_layout *l = p->out->layout.layout;
    char array[256];
    if (r->n_tensors == 0 || p->picks->n == 0)
        return dq_fail(e, DQ_ERR_NO_TENSOR, "%s: has no tensors",
            r->n_tensors == 0 ? r->path : p->model->path);
    const char *here = p->picks->items[0].tensor->display_name;
    if (l && l->n_arrays > 0) {
        dq_escape(
            l->arrays[0].name, strlen(l->arrays[0].name), DQ_ESCAPE_NAME, array, sizeof array);
        here = array;
    }
    if (p->args->map)
        return dq_fail(e, DQ_ERR_NO_TENSOR,
            "%s: does not pair '%.256s', and no other name is the same in both", p->args->map,
            here);
    return dq_fail(e, DQ_ERR_NO_TENSOR,
        "no tensor has the same name in both: '%.256s' in the reference, '%.256s' in the model",
        r->tensors[0].display_name, here);
}

/* Whether a tensor that is selected is in the reference, under its own name. */
static bool has_own_names(const struct pairing *p)
{
    size_t i = 0;
    while (i < p->picks->n && !partner(p, p->picks->items[i].tensor))
        i++;
    return i < p->picks->n;
}

/* A config.json beside the arrays says what the model's metadata does not. */
static int lay_out(struct pairing *p, struct dq_error *e)
{
    struct dq_args args = *p->args;
    char *folder = dq_file_folder(p->reference->path);
    char *config = folder ? dq_file_join(folder, "config.json") : NULL;
    struct stat st;
    if (!config) {
        dq_mem_free(folder);
        return dq_fail_nomem(e);
    }
    args.layout_hf = true;
    args.hf_config = stat(config, &st) == 0 ? folder : NULL;
    const int rc = dq_layout_arg_open(&args, p->model, p->picks, &p->out->layout, e);
    dq_mem_free(config);
    dq_mem_free(folder);
    return rc;
}

int dq_compare_pairs_find(const struct dq_args *args, const struct dq_names *names,
    const struct dq_model *reference, bool is_foreign, bool is_one, const struct dq_model *model,
    const struct dq_picks *picks, struct dq_compare_pairs *out, struct dq_error *e)
{
    *out = (struct dq_compare_pairs){.naming = DQ_BY_NAME};
    struct pairing p = {out, args, reference, model, picks};
    int rc = 0;
    if (is_one && args->map)
        return dq_fail(e, DQ_ERR_USAGE, "--map: %s is one array and has no names", reference->path);
    if (args->map)
        rc = dq_compare_map_read(args->map, reference, model, &out->map, e);
    if (rc != 0)
        return rc;
    if (is_one)
        out->naming = DQ_ONE_TO_ONE;
    else if (args->layout_hf ||
             (is_foreign && !args->layout_gguf && !args->map && !has_own_names(&p)))
        out->naming = DQ_BY_HF_NAME;
    if (out->naming == DQ_BY_HF_NAME)
        rc = lay_out(&p, e);
    const size_t most = out->layout.layout ? out->layout.layout->n_arrays : picks->n;
    if (rc == 0) {
        out->items = dq_mem_calloc(most + 1, sizeof *out->items);
        rc = out->items ? 0 : dq_fail_nomem(e);
    }
    if (rc != 0)
        return rc;
    if (out->naming == DQ_ONE_TO_ONE)
        return pair_one(&p, e);
    rc = out->naming == DQ_BY_HF_NAME ? pair_arrays(&p, e) : pair_by_name(&p, e);
    dq_unusable_end(&out->unusable);
    if (rc == 0 && out->naming == DQ_BY_NAME && args->share.number <= 1)
        rc = find_missing(&p, names, e);
    const bool is_empty_share = args->share.count > 0 && picks->n == 0;
    if (rc == 0 && out->n + out->unusable.n + out->n_misshapen == 0 && !is_empty_share)
        rc = fail_no_pair(&p, e);
    return rc;
}

void dq_compare_pairs_finish(struct dq_compare_pairs *p)
{
    for (size_t i = 0; i < p->n_unpaired; i++)
        dq_mem_free(p->unpaired[i].name);
    dq_mem_free(p->items);
    dq_mem_free(p->unpaired);
    dq_layout_arg_finish(&p->layout);
    dq_compare_map_finish(&p->map);
}
