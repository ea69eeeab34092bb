/* Which tensors of a model belong to which of a reference. */
#ifndef DQ_COMPARE_PAIRS_H
#define DQ_COMPARE_PAIRS_H

#include "cli/compare_map.h"
#include "cli/layout_arg.h"
#include "cli/model_arg.h"
#include "cli/unusable.h"

/* A tensor of the model, or a slice of one, or an array that becomes of some in Hugging Face's layout; and what it is
 * compared with, which has the same shape. */
struct dq_compare_pair {
    const struct dq_pick *pick;          /* of an array: its first tensor */
    const struct dq_layout_array *array; /* or NULL */
    const struct dq_tensor *reference;
    bool is_sliced;              /* the reference is sliced like the pick */
    uint64_t shape[DQ_DIMS_MAX]; /* outermost dimension first */
    size_t n_shape;
};

/* A tensor, or an array, without a partner. */
struct dq_unpaired {
    char *name;                      /* escaped; owned */
    const struct dq_type_info *type; /* or NULL */
    uint64_t shape[DQ_DIMS_MAX];
    size_t n_shape;
    bool is_in_model; /* else in the reference */
};

/* How names of both sides go together. */
enum dq_naming { DQ_BY_NAME, DQ_BY_HF_NAME, DQ_ONE_TO_ONE };

struct dq_compare_pairs {
    enum dq_naming naming;
    struct dq_compare_pair *items; /* what can be compared, in the order of the model; owned */
    size_t n;
    struct dq_unpaired *unpaired; /* owned */
    size_t n_unpaired;
    struct dq_unusable
        unusable; /* what cannot be read on one of the two sides, or has no Hugging Face array */
    size_t n_misshapen;
    struct dq_layout_arg layout;
    struct dq_compare_map map;
};

/* Finds the partners of what is selected in the model, and prints an error for each pair that cannot be compared. The
 * reference is a GGUF; or, is_foreign, a set of arrays, which are called as in the model or, failing that or with
 * --layout hf, as Hugging Face does; --map names others; or, is_one, a single array. Tensors of the reference without a partner are those
 * that the command line and names select there too. DQ_ERR_NO_TENSOR if there is no pair at all; DQ_ERR_USAGE if
 * something else than one tensor stands against a single array; and the errors of --map. dq_compare_pairs_finish frees *out, also after an
 * error; the models and picks must outlive it. */
int dq_compare_pairs_find(const struct dq_args *args, const struct dq_names *names,
    const struct dq_model *reference, bool is_foreign, bool is_one, const struct dq_model *model,
    const struct dq_picks *picks, struct dq_compare_pairs *out, struct dq_error *e);
void dq_compare_pairs_finish(struct dq_compare_pairs *p);

#endif
