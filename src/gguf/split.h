/* Split sets: models in several files, and what is missing of them or unclear. */
#ifndef DQ_SPLIT_H
#define DQ_SPLIT_H

#include "base/err.h"

struct dq_model;

/* Opens the file at m->path and, if its name numbers it, the files of its set that are beside it, in
 * their order. A file that is malformed stays a shard, with a problem. Fails with DQ_ERR_MALFORMED if
 * all of them are, with the reason of the first. */
int dq_split_open(struct dq_model *m, struct dq_error *e);

/* With the regions of all tensors checked: compares the files with what their names and split.* keys
 * say of the set. Emits what is missing, unclear or contradictory, and sets m->warning and m->lacks. *rc
 * is what dq_split_open returned; where the file is a piece of a larger one, that is said instead. */
int dq_split_check(struct dq_model *m, int rc, struct dq_error *e);

#endif
