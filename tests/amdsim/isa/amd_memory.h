/* Device memory for the interpreter: regions with addresses of their own.
 *
 * An address here is of no use to the host, and most regions lie across a multiple of 2^32, so that
 * address arithmetic in 32 bits, or a lost carry, ends up outside. Between two regions there is
 * room for nothing. Each byte remembers whether it was ever written, and whether a kernel did. */
#ifndef AMD_MEMORY_H
#define AMD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What is known of a byte. */
enum { AMD_WRITTEN = 1, AMD_BY_KERNEL = 2 };

struct amd_region {
    uint64_t base; /* device address of the first byte, a multiple of 4096 */
    uint64_t len;
    uint8_t *bytes;   /* host memory that plays it */
    uint8_t *state;   /* of each byte: AMD_WRITTEN and AMD_BY_KERNEL */
    bool is_constant; /* kernels may not write here */
    char name[32];
};

struct amd_memory {
    struct amd_region *regions; /* in order of their addresses */
    size_t n_regions;
    uint64_t next; /* where the next region goes; 0: at the first place */
};

/* Makes a region of len bytes, none of them written. The memory is taken from the host as it is
 * touched, so that a region may be far larger than the host. DQ_ERR_MEMORY. */
int amd_memory_add(
    struct amd_memory *m, uint64_t len, const char *name, uint64_t *out_base, struct dq_error *e);

/* The same, with a multiple of 2^32 at this offset, which is itself one of 4096, of the region. */
int amd_memory_add_across(struct amd_memory *m, uint64_t len, uint64_t offset, const char *name,
    uint64_t *out_base, struct dq_error *e);

/* Ends a region. base has to be the start of one. */
int amd_memory_remove(struct amd_memory *m, uint64_t base, struct dq_error *e);

/* The region that holds the address, or NULL. */
struct amd_region *amd_memory_find(const struct amd_memory *m, uint64_t address);

/* Reads or writes for a kernel: DQ_ERR_MALFORMED unless all bytes lie in one region and, to be read,
 * were written, or, to be written, are not constant. */
int amd_memory_load(
    const struct amd_memory *m, uint64_t address, void *out, size_t len, struct dq_error *e);
int amd_memory_store(
    struct amd_memory *m, uint64_t address, const void *src, size_t len, struct dq_error *e);

/* Copies for the host. Only where the bytes lie is checked. */
int amd_memory_copy_in(
    struct amd_memory *m, uint64_t address, const void *src, size_t len, struct dq_error *e);
int amd_memory_copy_out(
    const struct amd_memory *m, uint64_t address, void *out, size_t len, struct dq_error *e);

void amd_memory_finish(struct amd_memory *m);

#endif
