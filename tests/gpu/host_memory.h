/* The memory of a host GPU (host_driver.h), and the host memory that it copies from and to. */
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
    size_t used; /* bytes of the device */
};

/* Reports a misuse and ends the program. */
_Noreturn void host_misuse(const char *format, ...) DQ_PRINTF(1, 2);

void host_memory_init(struct host_memory *m);

/* Everything must have been freed. */
void host_memory_finish(struct host_memory *m);

/* Allocates len bytes, the first of which are poisoned: of the device, at an address that the host
 * cannot follow, or of the host. NULL: not enough is left. */
void *host_memory_take(struct host_memory *m, size_t len, bool on_device);
void host_memory_give(struct host_memory *m, void *ptr, bool on_device);

/* The host's address of len bytes, which must all lie in one allocation of that kind. */
void *host_memory_find(struct host_memory *m, const void *ptr, size_t len, bool on_device);

#endif
