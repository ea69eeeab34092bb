/* Split sets: models in several files, named PREFIX-00001-of-00003.gguf and so on. */
#ifndef DQ_SPLIT_H
#define DQ_SPLIT_H

#include "base/err.h"

struct dq_model;

/* Parses the name of a member: returns the length of PREFIX, or -1 if path does not have that form,
 * in which case number and count stay as they are. */
int dq_split_name(const char *path, unsigned *number, unsigned *count);

/* With one shard of m open: if it is a member of a set, opens the whole set in order and checks
 * that it is complete. m->path leads to the other members. */
int dq_split_open(struct dq_model *m, struct dq_error *e);

#endif
