/* Selects the tensors of a model that the user names. */
#ifndef DQ_SELECT_H
#define DQ_SELECT_H

#include "base/strvec.h"
#include "gguf/gguf.h"
#include "run/slice.h"

/* One selected item: a tensor, or a slice of it. */
struct dq_pick {
    const struct dq_tensor *tensor;
    char *slice_text;       /* as given, without blanks; NULL: the whole tensor; owned */
    struct dq_slice *slice; /* parsed slice_text, or NULL; owned */
    size_t order;           /* position among the picks of the same tensor */
};

struct dq_picks {
    struct dq_pick *items; /* in the order of the file */
    size_t n;
    bool
        is_open; /* everything, or all that match a pattern: files that are missing may have more */
};

/* Picks what `wanted` selects (everything if it is empty) except what `excluded` selects. A word is an
 * exact name, else a name without its last part (".weight", ".bias"), else a pattern (glob.h); a
 * wanted word may be followed by a slice (slice.h). If a word is the name of one tensor and the escaped
 * name of another, it means the latter, except among the first n_raw words.
 *
 * DQ_ERR_NO_TENSOR, with similar names in the text, if a wanted word matches nothing. Excluded words
 * that match nothing are appended to unused, which may be NULL. dq_picks_finish frees the picks, which
 * point into the model. */
int dq_select(const struct dq_model *m, const struct dq_strvec *wanted, size_t n_raw,
    const struct dq_strvec *excluded, struct dq_picks *out, struct dq_strvec *unused,
    struct dq_error *e);
void dq_picks_finish(struct dq_picks *picks);

/* Removes the picks whose label is another one. labels has one for each pick. */
void dq_picks_keep(struct dq_picks *picks, const uint32_t *labels, uint32_t label);

/* Returns the ranges and the shape of a pick, sliced or whole. */
void dq_pick_slice(const struct dq_pick *pick, struct dq_slice *out);

/* As dq_tensor_usable, for what a pick takes of its tensor: of one in a file that was cut short, a slice may
 * be there. */
int dq_pick_usable(
    const struct dq_model *m, const struct dq_pick *pick, bool decode, struct dq_error *e);

/* DQ_ERR_USAGE if a pick, of a known type, has parts of blocks. */
int dq_pick_has_blocks(const struct dq_pick *pick, struct dq_error *e);

#endif
