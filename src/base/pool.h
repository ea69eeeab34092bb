/* Memory for texts that are freed together. A model has tens of thousands of names: to allocate and free
 * each by itself takes ten times as long. */
#ifndef DQ_POOL_H
#define DQ_POOL_H

#include <stddef.h>

struct dq_pool;

/* NULL if memory is short. dq_pool_free frees a pool and all that came from it; NULL is allowed. */
struct dq_pool *dq_pool_new(void);
void dq_pool_free(struct dq_pool *p);

/* Returns room for a text of len bytes, not aligned, or NULL if memory is short. */
char *dq_pool_alloc(struct dq_pool *p, size_t len);

/* Returns a copy of a text, followed by a NUL; NULL if memory is short. */
char *dq_pool_strdup(struct dq_pool *p, const char *text);
char *dq_pool_strndup(struct dq_pool *p, const char *text, size_t len);

#endif
