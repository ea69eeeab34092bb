/* A hash table from names to numbers, for finding duplicates and looking tensors up. Names are
 * bytes with a length; they may hold NUL. The table keeps pointers to them and owns none. */
#ifndef DQ_STRMAP_H
#define DQ_STRMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dq_strmap_slot {
    const char *name; /* NULL: empty */
    size_t len;
    size_t value;
    uint64_t hash; /* so that growing and searching need not look at the names */
};

/* All zero is an empty table. */
struct dq_strmap {
    struct dq_strmap_slot *slots;
    size_t n_slots; /* a power of two, or 0 */
    size_t n_used;
    uint64_t key[2]; /* of the hash: chosen by the system for each run of the program */
};

void dq_strmap_finish(struct dq_strmap *t);

/* Makes room for n names in all (at most SIZE_MAX / 4), so that adding them need not move the
 * table. Returns 0, or -1 if memory is short. */
int dq_strmap_reserve(struct dq_strmap *t, size_t n);

/* Returns 0; 1 if the name is there already (it stays as it was); -1 if memory is short. */
int dq_strmap_add(struct dq_strmap *t, const char *name, size_t len, size_t value);

/* Finds a name; returns whether it is there. */
bool dq_strmap_find(const struct dq_strmap *t, const char *name, size_t len, size_t *value);

#endif
