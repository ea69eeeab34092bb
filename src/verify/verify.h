/* Verifies a decoder: a device and the baseline code of the CPU, the reference, decode the same blocks,
 * and the weights are compared bit for bit. */
#ifndef DQ_VERIFY_H
#define DQ_VERIFY_H

#include "engine/engine.h"
#include "run/run.h"
#include "verify/compare.h"

/* Times in seconds. wall is elapsed time, the others are sums over all threads. */
struct dq_verify_times {
    double wall;
    double reading;   /* reading blocks from the file */
    double device;    /* decoding on the device, including transfers */
    double comparing; /* decoding by the reference and comparing */
};

/* The references, each a lane with the CPU's baseline decoders. A thread needs one to compare, and waits
 * until one is free, so their number bounds the threads that compare at once. */
struct dq_verifier {
    const struct dq_engine *engine;
    struct dq_lane *references[DQ_LANES_MAX];
    unsigned n_references;
    struct dq_verify_times times; /* of all runs so far */
};

/* Bytes of the buffers of a reference: what an engine for verifying has to leave free per lane. */
enum { DQ_REFERENCE_LEN = 384 << 10 };

/* Makes n_threads references, at most one per lane of the engine, which must outlive *v.
 * dq_verifier_finish frees them. DQ_ERR_MEMORY: nothing is left to free. */
int dq_verifier_init(
    struct dq_verifier *v, const struct dq_engine *engine, unsigned n_threads, struct dq_error *e);
void dq_verifier_finish(struct dq_verifier *v);

struct dq_verify_job {
    const struct dq_plan *plans; /* one per tensor; plans without a tensor are skipped */
    size_t n_plans;
    uint32_t ulp; /* differences of up to this many units in the last place are accepted */
    void (*progress)(
        void *arg, uint64_t n_bytes); /* n_bytes more weights are compared; NULL: not reported */
    /* Called for each plan, in order and by one thread at a time, with the result. An error ends the
     * run. */
    int (*end)(void *arg, size_t plan, const struct dq_comparison *c, struct dq_error *e);
    void *arg;
};

/* Decodes the blocks of all plans on the device and by the references, and compares all of their
 * weights, those that a slice leaves out of a block included. Chunks with a mismatch are decoded on the
 * device a second time, to see whether its output is stable. If it is, the result does not depend on the
 * number of lanes and threads. Returns 0 even if there are mismatches, or the error that ended the run.
 * progress is called by all threads at once. */
int dq_verify_plans(struct dq_verifier *v, const struct dq_verify_job *job, struct dq_error *e);

/* Returns what limited the speed: "file", "device" or "reference". */
const char *dq_verify_bound(const struct dq_verifier *v);

/* The built-in test vectors of a type: blocks that cover all of its codes and scales, and their weights
 * as decoded by ggml's scalar code. Both are constant data of the program. */
struct dq_golden {
    const uint8_t *blocks;
    const uint8_t *weights; /* f32, not aligned */
    size_t nblocks;
};

void dq_golden_get(enum dq_type type, struct dq_golden *out);

/* The result of the self-test for a type and dtype. */
struct dq_selftest {
    struct dq_comparison device;    /* the device against the reference */
    struct dq_comparison reference; /* the reference against the built-in weights */
};

/* Decodes the built-in vectors of a type on a lane and by a reference. Returns 0 even if there are
 * mismatches, or an error of the device or of memory. */
int dq_selftest_run(struct dq_lane *lane, struct dq_lane *reference, enum dq_type type,
    enum dq_dtype dtype, uint32_t ulp, struct dq_selftest *out, struct dq_error *e);

#endif
