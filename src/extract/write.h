/* The writer: the consumer of the chunk runner that writes outputs. */
#ifndef DQ_WRITE_H
#define DQ_WRITE_H

#include "engine/engine.h"
#include "extract/output.h"

/* Callbacks of the writer. All may be NULL. begin and progress are called by several threads at once,
 * the others by one thread at a time, not always the same one. */
struct dq_write_events {
    void (*begin)(void *arg, const struct dq_output *out);
    void (*progress)(void *arg, uint64_t n_bytes); /* of data written since the last call */
    /* What is not complete begins again; n_bytes of data are. */
    void (*restart)(void *arg, uint64_t n_bytes);
    void (*warning)(void *arg, const char *text);
    /* The file of an output has been written or skipped, or the output has failed. They are reported in their order, each as
     * soon as it and those before it are complete. An error ends the run. */
    int (*end)(void *arg, const struct dq_output *out, struct dq_error *e);
    void *arg;
};

/* Writes the planned outputs; their folders are open. Several outputs are written at once, to one file or
 * to several. A file gets its name when it is complete or, if it belongs to a set, when all of the set
 * is. If a GPU fails that was chosen automatically (engine_options->device), the outputs that are not
 * complete are written on the CPU. An output that ends the run is marked DQ_FAILED. */
int dq_write_outputs(struct dq_outputs *o, struct dq_engine *engine,
    const struct dq_engine_options *engine_options, const struct dq_write_events *events,
    struct dq_error *e);

#endif
