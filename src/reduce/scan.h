/* Values of a tensor that cannot be right, whatever it is for. */
#ifndef DQ_VALUES_H
#define DQ_VALUES_H

#include <stdbool.h>

#include "gguf/gguf.h"
#include "type/block_fields.h"

struct dq_values {
    uint64_t n_bad;        /* blocks with a number that is not finite */
    uint64_t first_block;  /* of these, in the tensor */
    struct dq_scale first; /* the number */
    bool all_zero;         /* the tensor has weights and each of them is zero */
};

/* Reads a tensor that can be decoded, in pieces, with a buffer of DQ_VALUES_ROOM bytes. progress
 * (which may be NULL) is called with the bytes of each piece. */
enum { DQ_VALUES_ROOM = 1 << 18 };
int dq_values_check(const struct dq_model *m, const struct dq_tensor *t, uint8_t *room,
    void (*progress)(void *arg, uint64_t n_bytes), void *arg, struct dq_values *out,
    struct dq_error *e);

#endif
