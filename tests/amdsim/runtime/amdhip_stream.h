/* The work that is queued in streams. */
#ifndef AMDHIP_STREAM_H
#define AMDHIP_STREAM_H

#include "amdhip.h"

enum hip_work { HIP_COPY_IN, HIP_COPY_OUT, HIP_FILL, HIP_LAUNCH };

/* A queued copy, fill or launch. */
struct hip_task {
    struct hip_task *next;
    enum hip_work work;
    const struct hip_stream *stream;
    hipError_t fails_with; /* hipSuccess: it is executed */
    /* Of a copy or fill. */
    uint64_t address;
    size_t len;
    uint8_t *host; /* of a copy */
    uint8_t value; /* of a fill */
    /* Of a launch. */
    const struct hip_function *function;
    uint32_t n_groups;
    uint32_t group_size;
    uint8_t *args; /* each at its offset; freed with the task */
};

/* Queues a copy of the task. */
hipError_t hip_stream_put(struct hip_stream *s, const struct hip_task *task);

/* Executes the queue in order, up to the first fault. Returns the card's fault. */
hipError_t hip_stream_run(struct hip_stream *s);

/* The same for all streams of all cards, as calls that wait for everything do. */
void hip_run_all(void);

/* Drops the queue. */
void hip_stream_drop(struct hip_stream *s);

/* Checks, once a stream's queue is empty, that everything its kernels wrote was copied out. */
hipError_t hip_check_outputs(struct hip_stream *s);

/* The same for one buffer, whichever stream wrote to it. */
hipError_t hip_check_output(struct hip_device *d, struct hip_buffer *b);

#endif
