#include "cli/compare_pairs.h"

#include "base/array.h"
#include "base/mem.h"

#include <string.h>

static int add_unpaired(
    struct dq_compare_pairs *p, const struct dq_tensor *t, bool is_in_model, struct dq_error *e)
{
    struct dq_unpaired *items = dq_array_grow(p->unpaired, p->n_unpaired, sizeof *items);
    if (!items)
        return dq_fail_nomem(e);
    p->unpaired = items;
    p->unpaired[p->n_unpaired++] = (struct dq_unpaired){t, is_in_model};
    return 0;
}

static const struct dq_tensor *partner(const struct dq_model *m, const struct dq_tensor *t)
{
    return dq_model_find(m, t->name, t->name_len);
}

/* Whether both sides can be read and have the same shape; prints why not. A dimension of 1 on the outside makes no
 * difference. */
static bool is_comparable(struct dq_compare_pairs *p, const struct dq_model *reference,
    const struct dq_model *model, const struct dq_compare_pair *pair)
{
    struct dq_error why;
    const struct dq_tensor *t = pair->pick->tensor;
    struct dq_pick other = *pair->pick;
    other.tensor = pair->reference;
    int rc = dq_pick_usable(model, pair->pick, true, &why);
    if (rc == 0 && memcmp(t->dims, other.tensor->dims, sizeof t->dims) != 0) {
        char shapes[2][DQ_SHAPE_WORDS];
        dq_tensor_fail(model, t, &why, DQ_ERR_MISMATCH, "its shape is %s, that of the reference %s",
            dq_tensor_shape(t, shapes[0]), dq_tensor_shape(other.tensor, shapes[1]));
        dq_msg_error("%s", why.text);
        p->n_misshapen++;
        return false;
    }
    if (rc == 0)
        rc = dq_pick_usable(reference, &other, true, &why);
    if (rc == 0)
        return true;
    dq_msg_error("%s", why.text);
    p->n_unusable++;
    if (p->first_failure == 0)
        p->first_failure = rc;
    return false;
}

static int pair_picks(struct dq_compare_pairs *p, const struct dq_model *reference,
    const struct dq_model *model, const struct dq_picks *picks, struct dq_error *e)
{
    p->items = dq_mem_calloc(picks->n + 1, sizeof *p->items);
    int rc = p->items ? 0 : dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < picks->n; i++) {
        const struct dq_tensor *t = picks->items[i].tensor;
        const struct dq_compare_pair pair = {&picks->items[i], partner(reference, t)};
        if (pair.reference && is_comparable(p, reference, model, &pair))
            p->items[p->n++] = pair;
        else if (!pair.reference && (i == 0 || t != picks->items[i - 1].tensor))
            rc = add_unpaired(p, t, true, e);
    }
    return rc;
}

/* Lists the tensors of the reference that are selected and not in the model. */
static int find_missing(struct dq_compare_pairs *p, const struct dq_args *args,
    const struct dq_names *names, const struct dq_model *reference, const struct dq_model *model,
    struct dq_error *e)
{
    const struct dq_strvec *lists[] = {&names->list, &args->tensors};
    struct dq_strvec words = {0};
    struct dq_picks picks = {0};
    struct dq_error why;
    int rc = 0;
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; rc == 0 && k < lists[i]->n; k++)
            rc = dq_strvec_add(&words, lists[i]->items[k], strlen(lists[i]->items[k]), e);
    }
    const int rc_select =
        rc == 0 ? dq_select(reference, &words, 0, &args->excluded, &picks, NULL, &why) : 0;
    if (rc_select == DQ_ERR_MEMORY)
        rc = dq_fail(e, rc_select, "%s", why.text);
    for (size_t i = 0; rc == 0 && rc_select == 0 && i < picks.n; i++) {
        const struct dq_tensor *t = picks.items[i].tensor;
        if (!partner(model, t) && (i == 0 || t != picks.items[i - 1].tensor))
            rc = add_unpaired(p, t, false, e);
    }
    dq_picks_finish(&picks);
    dq_strvec_finish(&words);
    return rc;
}

/* Names a tensor of each side, which shows how their names differ. */
static int fail_no_pair(
    const struct dq_model *reference, const struct dq_picks *picks, struct dq_error *e)
{
    const char *first = reference->n_tensors > 0 ? reference->tensors[0].display_name : NULL;
    return dq_fail(e, DQ_ERR_NO_TENSOR,
        "no tensor has the same name in both: %s%.256s%s in the reference, %s%.256s%s in the model",
        first ? "'" : "", first ? first : "nothing", first ? "'" : "", picks->n > 0 ? "'" : "",
        picks->n > 0 ? picks->items[0].tensor->display_name : "nothing", picks->n > 0 ? "'" : "");
}

int dq_compare_pairs_find(const struct dq_args *args, const struct dq_names *names,
    const struct dq_model *reference, const struct dq_model *model, const struct dq_picks *picks,
    struct dq_compare_pairs *out, struct dq_error *e)
{
    *out = (struct dq_compare_pairs){.n = 0};
    int rc = pair_picks(out, reference, model, picks, e);
    if (rc == 0 && args->share.number <= 1)
        rc = find_missing(out, args, names, reference, model, e);
    if (rc == 0 && out->n + out->n_unusable + out->n_misshapen == 0)
        rc = fail_no_pair(reference, picks, e);
    return rc;
}

void dq_compare_pairs_finish(struct dq_compare_pairs *p)
{
    dq_mem_free(p->items);
    dq_mem_free(p->unpaired);
}
