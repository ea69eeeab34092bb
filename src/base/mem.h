/* Memory whose amount depends on a file, on the user or on the number of threads. It is counted, so
 * that --max-memory can bound it. Paths, names, lists and buffers come from here and are freed with
 * dq_mem_free; only what is small and of a fixed size may come from libc. Safe in any thread. */
#ifndef DQ_MEM_H
#define DQ_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Sets the limit in bytes. Call it before the first thread is started. */
void dq_mem_limit(size_t most);

/* Returns how many bytes are left below the limit; without one, SIZE_MAX less what is in use. */
size_t dq_mem_left(void);

/* If the limit refused an allocation: the total number of bytes that it would have led to; else 0. */
size_t dq_mem_refused(void);

/* As malloc, calloc, realloc, free and strdup. They return NULL and set errno to ENOMEM if memory is
 * short or the limit is reached. strndup copies exactly len bytes and appends a NUL. */
void *dq_mem_alloc(size_t len);
void *dq_mem_calloc(size_t n, size_t len);
void *dq_mem_realloc(void *p, size_t len);
void dq_mem_free(void *p);
char *dq_mem_strdup(const char *text);
char *dq_mem_strndup(const char *text, size_t len);

/* Returns formatted text, or NULL as above. */
char *dq_mem_printf(const char *format, ...) DQ_PRINTF(1, 2);

/* Counts memory that comes from elsewhere, such as a GPU's runtime. Returns false, with errno ENOMEM,
 * if the limit does not allow it. */
bool dq_mem_charge(size_t len);
void dq_mem_uncharge(size_t len);

#endif
