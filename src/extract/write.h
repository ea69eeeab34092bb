/* Writing outputs: the consumer that extract hands to the chunk runner. */
#ifndef DQ_WRITE_H
#define DQ_WRITE_H

#include "engine/engine.h"
#include "extract/output.h"

/* What the writer reports while it works. All may be NULL; one call at a time. */
struct dq_write_events {
    void (*begin)(void *arg, const struct dq_output *out);
    void (*progress)(void *arg, uint64_t n_bytes); /* of data written since the last call */
    void (*warning)(void *arg, const char *text);
    /* An output is written, skipped or has failed. An error ends the run. */
    int (*end)(void *arg, const struct dq_output *out, struct dq_error *e);
    void *arg;
};

/* Writes the planned outputs, with the folders open. If a GPU fails that was chosen automatically
 * (engine_options->device), the output is written again on the CPU, and so are the rest. An output
 * that ends the run is marked DQ_FAILED with the reason. */
int dq_write_outputs(struct dq_outputs *o, struct dq_engine *engine,
    const struct dq_engine_options *engine_options, const struct dq_write_events *events,
    struct dq_error *e);

#endif
