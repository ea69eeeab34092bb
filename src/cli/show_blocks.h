/* Shows blocks as they are stored: their fields, what the bits mean, and the weights that a formula makes
 * of them. */
#ifndef DQ_SHOW_BLOCKS_H
#define DQ_SHOW_BLOCKS_H

#include "base/json.h"
#include "engine/engine.h"
#include "select/select.h"

struct dq_blocks_job {
    const struct dq_model *model;
    const struct dq_pick *pick; /* usable, of a type that can be decoded */
    const struct dq_engine *engine;
    struct dq_json *json; /* an object that is open; NULL: text for people on standard output */
    uint64_t most;        /* blocks in the text; that there are more is said */
};

/* Shows the blocks that hold a selected weight, in the order of the file. */
int dq_show_blocks(const struct dq_blocks_job *job, struct dq_error *e);

#endif
