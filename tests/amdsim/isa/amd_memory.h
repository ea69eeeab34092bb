/* Device memory for the interpreter: regions with addresses of their own.
 *
 * The host cannot follow these addresses. Most regions lie across a multiple of 2^32, so that
 * 32-bit address arithmetic, or a lost carry, ends outside. Between two regions nothing is mapped.
 * Each byte has a state: whether it was ever written, whether by a kernel, and whether that was used. Not
 * thread-safe. */
#ifndef AMD_MEMORY_H
#define AMD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The state of a byte. */
enum {
    AMD_WRITTEN = 1,
    AMD_BY_KERNEL = 2,
    AMD_USED = 4, /* in place of AMD_BY_KERNEL: a kernel has loaded it since */
};

struct amd_region {
    uint64_t base; /* device address of the first byte, a multiple of 4096 */
    uint64_t len;
    uint8_t *bytes;   /* the host memory that holds its contents */
    uint8_t *state;   /* per byte: AMD_WRITTEN, AMD_BY_KERNEL, AMD_USED */
    bool is_constant; /* kernels may not write here */
    char name[32];
};

struct amd_memory {
    struct amd_region *regions; /* in order of address */
    size_t n_regions;
    uint64_t next; /* where the next region goes; 0: at the first place */
};

/* Adds a region of len bytes, none of them written. Host memory is allocated as it is touched, so a
 * region may be far larger than the host's memory. DQ_ERR_MEMORY. */
int amd_memory_add(
    struct amd_memory *m, uint64_t len, const char *name, uint64_t *out_base, struct dq_error *e);

/* The same, with a multiple of 2^32 at this offset of the region; offset is a multiple of 4096. */
int amd_memory_add_across(struct amd_memory *m, uint64_t len, uint64_t offset, const char *name,
    uint64_t *out_base, struct dq_error *e);

/* Removes the region that starts at base. */
int amd_memory_remove(struct amd_memory *m, uint64_t base, struct dq_error *e);

/* The region that holds the address, or NULL. */
struct amd_region *amd_memory_find(const struct amd_memory *m, uint64_t address);

/* Accesses by a kernel. DQ_ERR_MALFORMED: the bytes are not all in one region, a byte that is read
 * was never written, or a byte that is written is constant. */
int amd_memory_load(
    const struct amd_memory *m, uint64_t address, void *out, size_t len, struct dq_error *e);
int amd_memory_store(
    struct amd_memory *m, uint64_t address, const void *src, size_t len, struct dq_error *e);

/* Copies by the host, which only checks that the bytes lie in one region. */
int amd_memory_copy_in(
    struct amd_memory *m, uint64_t address, const void *src, size_t len, struct dq_error *e);
int amd_memory_copy_out(
    const struct amd_memory *m, uint64_t address, void *out, size_t len, struct dq_error *e);

void amd_memory_finish(struct amd_memory *m);

#endif
