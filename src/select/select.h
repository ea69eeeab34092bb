/* Which tensors of a model a person asks for. */
#ifndef DQ_SELECT_H
#define DQ_SELECT_H

#include "base/strvec.h"
#include "gguf/gguf.h"
#include "run/slice.h"

/* One thing to take: a tensor, or a slice of it. */
struct dq_pick {
    const struct dq_tensor *tensor;
    char *slice_text;       /* as given, without blanks; NULL: the whole tensor; owned */
    struct dq_slice *slice; /* what that means, or NULL; owned */
    size_t order;           /* in which it was asked for, among those of one tensor */
};

struct dq_picks {
    struct dq_pick *items; /* in the order of the file */
    size_t n;
};

/* Picks what wanted selects, less what excluded selects; everything if wanted is empty. Each word
 * is an exact name, or else a name without its last part (".weight", ".bias"), or else a pattern,
 * with a slice behind it if one is wanted. A word that is the name of one tensor and shown as that
 * of another means the latter, but among the first n_raw words the former. Each wanted word must
 * match something: DQ_ERR_NO_TENSOR names the nearest names. Each excluded word that matches
 * nothing is added to unused (which may be NULL). dq_picks_finish frees the picks. */
int dq_select(const struct dq_model *m, const struct dq_strvec *wanted, size_t n_raw,
    const struct dq_strvec *excluded, struct dq_picks *out, struct dq_strvec *unused,
    struct dq_error *e);
void dq_picks_finish(struct dq_picks *picks);

/* The ranges and the shape of a pick, sliced or whole. */
void dq_pick_slice(const struct dq_pick *pick, struct dq_slice *out);

#endif
