/* The work that waits in streams. */
#ifndef AMDHIP_STREAM_H
#define AMDHIP_STREAM_H

#include "amdhip.h"

enum hip_work { HIP_COPY_IN, HIP_COPY_OUT, HIP_FILL, HIP_LAUNCH };

/* A copy, a fill or a launch. */
struct hip_task {
    struct hip_task *next;
    enum hip_work work;
    hipError_t fails_with; /* hipSuccess: it is done */
    /* Of a copy or fill. */
    uint64_t address;
    size_t len;
    uint8_t *host; /* of a copy */
    uint8_t value; /* of a fill */
    /* Of a launch. */
    const struct hip_stream *stream;
    const struct hip_function *function;
    uint32_t n_groups;
    uint32_t group_size;
    uint8_t *args; /* each at its offset; freed with the task */
};

/* Appends a copy of the task. */
hipError_t hip_stream_put(struct hip_stream *s, const struct hip_task *task);

/* Does all that waits, in order, up to the first fault. Returns the card's fault. */
hipError_t hip_stream_run(struct hip_stream *s);

/* The same for all streams of all cards, for calls that wait for everything. */
void hip_run_all(void);

/* Forgets all that waits. */
void hip_stream_drop(struct hip_stream *s);

/* After all of a stream was done: a fault if its kernels wrote what nobody copied out. */
hipError_t hip_check_outputs(struct hip_stream *s);

/* The same for one buffer, whoever wrote to it. */
hipError_t hip_check_output(struct hip_device *d, struct hip_buffer *b);

#endif
