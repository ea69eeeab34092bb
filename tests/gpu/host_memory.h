/* The memory of a GPU that is none, and that of the host which it copies from and to. */
#ifndef DQ_HOST_MEMORY_H
#define DQ_HOST_MEMORY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct host_piece;

struct host_memory {
    pthread_mutex_t lock;
    struct host_piece *pieces;
    size_t used; /* of the device */
};

/* Says what was done that must not be, and ends the program. */
_Noreturn void host_misuse(const char *format, ...) DQ_PRINTF(1, 2);

void host_memory_init(struct host_memory *m);

/* Nothing must be left. */
void host_memory_finish(struct host_memory *m);

/* Gives len bytes that begin with junk: of the device, by an address at which the host finds
 * nothing, or of the host. Returns NULL if there is not enough. */
void *host_memory_take(struct host_memory *m, size_t len, bool on_device);
void host_memory_give(struct host_memory *m, void *ptr, bool on_device);

/* The host's address of len bytes which all must be in one piece of memory of that kind. */
void *host_memory_find(struct host_memory *m, const void *ptr, size_t len, bool on_device);

#endif
