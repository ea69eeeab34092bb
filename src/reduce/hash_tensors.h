/* The digests of tensors, and of a model. */
#ifndef DQ_HASH_TENSORS_H
#define DQ_HASH_TENSORS_H

#include "reduce/hash.h"
#include "run/run.h"

struct dq_hash_job {
    const struct dq_hash_algorithm *algorithm; /* not missing */
    const struct dq_model *model;
    enum dq_dtype dtype;
    size_t n_tensors;
    /* Returns a tensor, which can be decoded to dtype; NULL leaves it out. Called for each in order. */
    const struct dq_tensor *(*tensor)(void *arg, size_t i);
    /* Called after each chunk, by several threads at once, with the bytes hashed. May be NULL. */
    void (*progress)(void *arg, uint64_t n_bytes);
    /* Called for each tensor in order, by one thread at a time, with its digest. An error ends the
     * run. */
    int (*end)(void *arg, size_t i, const uint8_t digest[DQ_HASH_LEN], struct dq_error *e);
    void *arg;
};

/* Hashes the values of tensors as dtype: what extract writes as raw output. The
 * digests do not depend on the lanes. Returns the errors of reading and of the lanes, of end, or
 * DQ_ERR_MEMORY. */
int dq_hash_tensors(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_hash_job *job,
    struct dq_error *e);

/* A tensor and its digest, as digits. */
struct dq_hashed {
    const struct dq_tensor *tensor;
    char hex[DQ_HASH_HEX + 1];
};

/* Hashes what a model consists of, whatever the order of its tensors: the lines NAME NUL SHAPE NUL HEX LF,
 * sorted by the bytes of the names; or, without the names, SHAPE NUL HEX LF, sorted by their bytes. The shape
 * is that of dq_tensor_shape. Sorts the tensors. DQ_ERR_MEMORY. */
int dq_hash_model(const struct dq_hash_algorithm *algorithm, struct dq_hashed *tensors, size_t n,
    bool has_names, uint8_t digest[DQ_HASH_LEN], struct dq_error *e);

#endif
