/* What `list hf:` and `list ollama:` show: the models in a cache. */
#ifndef DQ_LIST_CACHE_H
#define DQ_LIST_CACHE_H

#include "cli/args.h"

/* Refuses options of list that are about a model. */
int dq_list_cache_check(const struct dq_args *args, struct dq_error *e);

/* Lists a cache, which the model of args names as a whole. Returns as a command does. */
int dq_list_cache(const struct dq_args *args);

#endif
