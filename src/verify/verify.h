/* Verifying a decoder: the same blocks are decoded on a device and by the plainest code of the CPU,
 * and the weights are compared bit for bit. */
#ifndef DQ_VERIFY_H
#define DQ_VERIFY_H

#include "engine/engine.h"
#include "run/run.h"
#include "verify/compare.h"

/* Where the time of a run went, in seconds: of the clock, and of all threads together. */
struct dq_verify_times {
    double wall;
    double reading;   /* blocks from the file */
    double device;    /* decoding on the device, with the way there and back */
    double comparing; /* decoding by the reference, and comparing */
};

/* References that compare, each a lane of the CPU's lowest level. There are as many as threads may
 * compare at once; others wait for one. */
struct dq_verifier {
    const struct dq_engine *engine;
    struct dq_lane *references[DQ_LANES_MAX];
    unsigned n_references;
    struct dq_verify_times times; /* of all runs so far */
};

/* Makes n_threads references, at most one for each lane of the engine, which must outlive them and
 * has left DQ_REFERENCE_LEN bytes for each. dq_verifier_finish frees them. */
enum { DQ_REFERENCE_LEN = 384 << 10 };
int dq_verifier_init(
    struct dq_verifier *v, const struct dq_engine *engine, unsigned n_threads, struct dq_error *e);
void dq_verifier_finish(struct dq_verifier *v);

struct dq_verify_job {
    const struct dq_plan *plans; /* of one tensor each; a plan without a tensor is left out */
    size_t n_plans;
    uint32_t ulp; /* differences of so many units in the last place are accepted */
    void (*progress)(void *arg, uint64_t n_bytes); /* of weights compared; may be NULL */
    /* Called for each plan in turn with what was found. An error ends the run. */
    int (*end)(void *arg, size_t plan, const struct dq_comparison *c, struct dq_error *e);
    void *arg;
};

/* Decodes the blocks of all plans on the device and by the references, and compares all their
 * weights. The device decodes a second time where there is a mismatch, which shows whether it agrees
 * with itself. The result does not depend on the number of lanes and threads, as long as that of the
 * device does not. */
int dq_verify_plans(struct dq_verifier *v, const struct dq_verify_job *job, struct dq_error *e);

/* Returns what the others waited for: "file", "device" or "reference". */
const char *dq_verify_bound(const struct dq_verifier *v);

/* The built-in vectors of a type: blocks that cover all of its codes and scales, and the weights
 * that ggml's scalar decoder gives for them. */
struct dq_golden {
    const uint8_t *blocks;
    const uint8_t *weights; /* f32, not aligned */
    size_t nblocks;
};

void dq_golden_get(enum dq_type type, struct dq_golden *out);

/* What the self-test finds for a type and dtype. */
struct dq_selftest {
    struct dq_comparison device;    /* the device against the reference */
    struct dq_comparison reference; /* the reference against the built-in weights */
};

/* Runs the built-in vectors of a type through a lane and a reference. */
int dq_selftest_run(struct dq_lane *lane, struct dq_lane *reference, enum dq_type type,
    enum dq_dtype dtype, uint32_t ulp, struct dq_selftest *out, struct dq_error *e);

#endif
