/* Hashes: what a digest is computed with. */
#ifndef DQ_HASH_H
#define DQ_HASH_H

#include <stdbool.h>

#include "base/err.h"
#include "cpu/cpu.h"

enum { DQ_HASH_LEN = 32 /* bytes of a digest */, DQ_HASH_HEX = 2 * DQ_HASH_LEN /* digits */ };

/* An algorithm. A message, whose length is known before, is added in parts. */
struct dq_hash_algorithm {
    const char *name;    /* "blake3" */
    const char *missing; /* why this build has no such hash, or NULL */

    /* true: parts are added by one thread at a time, in the order of the message. false: by several at
     * once, in any order. */
    bool in_order;

    /* Begins the hash of a message of len bytes; NULL if memory is short. `free` frees it. */
    void *(*start)(uint64_t len);

    /* Adds the len bytes at off of the message. cpu is the level to compute with. DQ_ERR_MEMORY. */
    int (*add)(void *hash, const struct dq_cpu *cpu, const uint8_t *bytes, size_t len, uint64_t off,
        struct dq_error *e);

    /* Adds n whole parts of DQ_BLAKE3_CHUNK bytes from number `first` on, by the chaining values that a lane has made of
     * them, and writes over those. The message has more parts. NULL: it has none. DQ_ERR_MEMORY. */
    int (*add_leaves)(void *hash, const struct dq_cpu *cpu, uint8_t *cvs, size_t n, uint64_t first,
        struct dq_error *e);

    /* Writes the digest after each byte was added once. To be called once, by one thread. */
    void (*finish)(void *hash, const struct dq_cpu *cpu, uint8_t digest[DQ_HASH_LEN]);

    void (*free)(void *hash); /* accepts NULL */
};

extern const struct dq_hash_algorithm dq_blake3; /* in parallel, because it hashes a tree */
extern const struct dq_hash_algorithm dq_sha256; /* missing without nettle */

/* Finds an algorithm by its name; NULL if there is none. */
const struct dq_hash_algorithm *dq_hash_by_name(const char *name);

/* Writes a digest as digits in lower case, and a NUL. Returns out. */
const char *dq_hash_to_hex(const uint8_t digest[DQ_HASH_LEN], char out[DQ_HASH_HEX + 1]);

/* Reads the DQ_HASH_HEX digits, in either case, at the beginning of text. Returns false if it does not
 * begin with them. */
bool dq_hash_of_hex(const char *text, uint8_t digest[DQ_HASH_LEN]);

#endif
