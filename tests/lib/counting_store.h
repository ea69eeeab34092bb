/* A store that counts how often its reader would wait if it were far away. One at a time. */
#ifndef DQ_COUNTING_STORE_H
#define DQ_COUNTING_STORE_H

#include "source/source.h"

/* Has the files of another store, which must outlive it. Its count is 0 again. */
const struct dq_store *counting_store(const struct dq_store *inner);

/* How often its sources were read since, or told what will be read; a read of only what was announced
 * last does not count. */
size_t counting_store_waits(void);

#endif
