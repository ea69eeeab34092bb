/* A store that is far away: it counts its reads, and how long they would take. One at a time. */
#ifndef DQ_COUNTING_STORE_H
#define DQ_COUNTING_STORE_H

#include "source/source.h"

/* Has the files of another store, which must outlive it. Its counts are 0 again. Of what is announced, as many
 * requests as `most` can be under way, each of at most 128 KiB; those after them are forgotten, as FUSE does. */
const struct dq_store *counting_store(const struct dq_store *inner, size_t most);

/* How often its sources were read since. What was announced counts too: some file systems do nothing
 * about it. */
size_t counting_store_reads(void);

/* How often it was waited for since. What is announced comes with the next thing that is waited for. */
size_t counting_store_round_trips(void);

#endif
