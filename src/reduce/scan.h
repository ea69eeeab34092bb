/* Values of a tensor that cannot be right, whatever it is for. */
#ifndef DQ_SCAN_H
#define DQ_SCAN_H

#include <stdbool.h>

#include "gguf/gguf.h"
#include "type/block_fields.h"

struct dq_scan {
    uint64_t n_bad;            /* blocks with a number that is not finite */
    uint64_t first_block;      /* of these, in the tensor */
    struct dq_nonfinite first; /* the number */
    bool all_zero;             /* the tensor has weights and each of them is zero */
};

/* Reads a tensor that can be decoded, in pieces, with a buffer of DQ_SCAN_BUFFER bytes. progress
 * (which may be NULL) is called with the bytes of each piece. */
enum { DQ_SCAN_BUFFER = 1 << 18 };
int dq_scan_tensor(const struct dq_model *m, const struct dq_tensor *t, uint8_t *room,
    void (*progress)(void *arg, uint64_t n_bytes), void *arg, struct dq_scan *out,
    struct dq_error *e);

#endif
