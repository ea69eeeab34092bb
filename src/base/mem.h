/* Memory whose amount depends on a file, on what a person selects or on the number of threads. It
 * is counted, so that --max-memory can bound it; what is small and fixed comes from libc. */
#ifndef DQ_MEM_H
#define DQ_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* Lets at most so many bytes be taken at any time. */
void dq_mem_limit(size_t most);

/* How many bytes may still be taken; SIZE_MAX less what is taken, if there is no limit. */
size_t dq_mem_left(void);

/* If something was refused because of the limit: how many bytes would have been taken in all. Else
 * 0. */
size_t dq_mem_refused(void);

/* As malloc, calloc, realloc and free, strdup and strndup: NULL, and errno ENOMEM, if there is no
 * memory or the limit is reached. */
void *dq_mem_alloc(size_t len);
void *dq_mem_calloc(size_t n, size_t len);
void *dq_mem_realloc(void *p, size_t len);
void dq_mem_free(void *p);
char *dq_mem_strdup(const char *text);
char *dq_mem_strndup(const char *text, size_t len);

/* Counts memory that comes from elsewhere, such as a GPU's runtime; false if that is too much. */
bool dq_mem_charge(size_t len);
void dq_mem_uncharge(size_t len);

#endif
