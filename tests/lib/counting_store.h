/* A store that counts its reads, each of which would take its time if it were far away. One at a time. */
#ifndef DQ_COUNTING_STORE_H
#define DQ_COUNTING_STORE_H

#include "source/source.h"

/* Has the files of another store, which must outlive it. Its count is 0 again. */
const struct dq_store *counting_store(const struct dq_store *inner);

/* How often its sources were read since. What was announced counts too: some file systems do nothing
 * about it. */
size_t counting_store_reads(void);

#endif
