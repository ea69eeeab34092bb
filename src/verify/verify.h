/* Decoding the same blocks twice, on the device in question and by the plainest code, and
 * comparing. */
#ifndef DQ_VERIFY_H
#define DQ_VERIFY_H

#include "engine/engine.h"
#include "run/plan.h"
#include "verify/compare.h"

/* Where the time of a run went, in seconds: of the clock, and of all workers together. */
struct dq_verify_times {
    double wall;
    double reading;   /* the blocks */
    double device;    /* decoding on the device, with the way there and back */
    double comparing; /* decoding by the reference, and comparing */
};

/* Workers that verify, each with a lane of the device and a reference, which is a lane of the CPU's
 * lowest level. */
struct dq_verifier {
    const struct dq_engine *engine;
    struct dq_lane *references[DQ_LANES_MAX];
    unsigned n_threads; /* how many may compare at once; the others wait for their device */
    struct dq_verify_times times; /* of all plans so far */
};

/* Makes a reference for each lane of an engine, which must outlive it and has left
 * DQ_REFERENCE_LEN bytes for each. dq_verifier_finish frees them. */
enum { DQ_REFERENCE_LEN = 384 << 10 };
int dq_verifier_init(
    struct dq_verifier *v, const struct dq_engine *engine, unsigned n_threads, struct dq_error *e);
void dq_verifier_finish(struct dq_verifier *v);

struct dq_verify_job {
    const struct dq_model *model;
    struct dq_plan *plan;
    void (*progress)(void *arg, uint64_t n_bytes); /* of weights compared; may be NULL */
    void *arg;
};

/* Decodes the blocks of a plan on the device and by the references, and compares all their weights.
 * The device is asked a second time where there is a mismatch, to see whether it agrees with
 * itself. The result does not depend on how many workers there are, as long as the device's own
 * does not. */
int dq_verify_plan(struct dq_verifier *v, const struct dq_verify_job *job, struct dq_comparison *c,
    struct dq_error *e);

/* Which part of the way took so long that the others waited for it: "file", "device" or
 * "reference". */
const char *dq_verify_bound(const struct dq_verifier *v);

/* The built-in vectors of a format: blocks that cover all of its codes and scales, and the weights
 * that ggml's scalar decoder gives for them. */
struct dq_golden {
    const uint8_t *blocks;
    const uint8_t *weights; /* f32, not aligned */
    size_t nblocks;
};

void dq_golden_get(enum dq_type type, struct dq_golden *out);

/* What the self-test finds for a format and dtype. */
struct dq_selftest {
    struct dq_comparison device;    /* the device against the reference */
    struct dq_comparison reference; /* the reference against the built-in weights */
};

/* Runs the built-in vectors of a format through a lane and a reference. */
int dq_selftest_run(struct dq_lane *lane, struct dq_lane *reference, enum dq_type type,
    enum dq_dtype dtype, uint32_t ulp, struct dq_selftest *out, struct dq_error *e);

#endif
