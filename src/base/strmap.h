/* A hash table from names to numbers, for finding duplicates and looking up tensors. Names are bytes
 * with a length, below 2^32, and may contain NUL. The table keeps pointers to them; they must outlive it. */
#ifndef DQ_STRMAP_H
#define DQ_STRMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dq_strmap_name {
    const char *name;
    size_t value;
    uint32_t len;
    uint32_t hash; /* saves comparing and rehashing names */
};

/* All zero is an empty table. dq_strmap_finish frees it. */
struct dq_strmap {
    struct dq_strmap_name *names; /* in the order in which they were added */
    /* 1 + the index of a name, below n_slots, and above that the upper bits of its hash, so that few
     * names are fetched in vain; 0: empty. */
    uint32_t *slots;
    size_t n_slots;  /* a power of two, or 0 */
    size_t n_used;   /* slots, and names */
    uint64_t key[2]; /* of the hash: random for each run of the program */
};

void dq_strmap_finish(struct dq_strmap *t);

/* Makes room for n names in total (at most SIZE_MAX / 4), so that adding them does not rehash the
 * table. Returns 0, or -1 if memory is short. */
int dq_strmap_reserve(struct dq_strmap *t, size_t n);

/* Returns 0; 1 if the table has the name already, which keeps its value; -1 if memory is short. */
int dq_strmap_add(struct dq_strmap *t, const char *name, size_t len, size_t value);

/* Looks up a name. Returns whether the table has it; *value is set only then. */
bool dq_strmap_find(const struct dq_strmap *t, const char *name, size_t len, size_t *value);

#endif
