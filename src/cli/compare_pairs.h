/* Which tensors of a model belong to which of a reference. */
#ifndef DQ_COMPARE_PAIRS_H
#define DQ_COMPARE_PAIRS_H

#include "cli/model_arg.h"

struct dq_compare_pair {
    const struct dq_pick *pick; /* of the model */
    const struct dq_tensor *reference;
};

/* A tensor without a partner. */
struct dq_unpaired {
    const struct dq_tensor *tensor;
    bool is_in_model; /* else in the reference */
};

struct dq_compare_pairs {
    struct dq_compare_pair *items; /* what can be compared, in the order of the model; owned */
    size_t n;
    struct dq_unpaired *unpaired; /* owned */
    size_t n_unpaired;
    size_t n_unusable; /* tensors that cannot be read on one of the two sides */
    size_t n_misshapen;
    int first_failure; /* why the first unusable one cannot be read */
};

/* Finds the partners of what is selected in the model, by name, and prints an error for each pair that cannot be
 * compared. Tensors of the reference without a partner are those that the command line and names select there too.
 * DQ_ERR_NO_TENSOR if there is no pair at all. dq_compare_pairs_finish frees *out, also after an error; the models and
 * picks must outlive it. */
int dq_compare_pairs_find(const struct dq_args *args, const struct dq_names *names,
    const struct dq_model *reference, const struct dq_model *model, const struct dq_picks *picks,
    struct dq_compare_pairs *out, struct dq_error *e);
void dq_compare_pairs_finish(struct dq_compare_pairs *p);

#endif
