/* A store whose reads are counted. One at a time. */
#ifndef DQ_COUNTING_STORE_H
#define DQ_COUNTING_STORE_H

#include "source/source.h"

/* Has the files of another store, which must outlive it. Its count of reads is 0 again. */
const struct dq_store *counting_store(const struct dq_store *inner);

/* How often its sources were read since. */
size_t counting_store_reads(void);

#endif
