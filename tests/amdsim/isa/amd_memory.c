#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "amd_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* There is one region per multiple of STEP; it spans the next multiple of ACROSS. */
static const uint64_t STEP = 0x010000000000;
static const uint64_t ACROSS = 0x000100000000;

enum { PAGE = 4096 };

/* Memory that is there once it is touched. */
static void *reserve(uint64_t len)
{
    void *p =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void release(const struct amd_region *r)
{
    if (r->bytes)
        munmap(r->bytes, r->len);
    if (r->state)
        munmap(r->state, r->len);
}

int amd_memory_add_across(struct amd_memory *m, uint64_t len, uint64_t offset, const char *name,
    uint64_t *out_base, struct dq_error *e)
{
    if (len == 0 || len >= STEP - ACROSS || offset > ACROSS)
        return dq_fail(e, DQ_ERR_MEMORY, "%s: a region of %" PRIu64 " bytes", name, len);
    struct amd_region *more = realloc(m->regions, (m->n_regions + 1) * sizeof *more);
    if (!more)
        return dq_fail_nomem(e);
    m->regions = more;
    struct amd_region *r = &m->regions[m->n_regions];
    memset(r, 0, sizeof *r);
    const uint64_t place = m->next ? m->next : STEP;
    r->base = place + ACROSS - offset;
    r->len = len;
    r->bytes = reserve(len);
    r->state = reserve(len);
    snprintf(r->name, sizeof r->name, "%s", name);
    if (!r->bytes || !r->state) {
        release(r);
        return dq_fail(e, DQ_ERR_MEMORY, "%s: no memory for %" PRIu64 " bytes", name, len);
    }
    m->next = place + STEP;
    m->n_regions++;
    *out_base = r->base;
    return 0;
}

int amd_memory_add(
    struct amd_memory *m, uint64_t len, const char *name, uint64_t *out_base, struct dq_error *e)
{
    return amd_memory_add_across(m, len, PAGE, name, out_base, e);
}

struct amd_region *amd_memory_find(const struct amd_memory *m, uint64_t address)
{
    for (size_t i = 0; i < m->n_regions; i++)
        if (address - m->regions[i].base < m->regions[i].len)
            return &m->regions[i];
    return NULL;
}

int amd_memory_remove(struct amd_memory *m, uint64_t base, struct dq_error *e)
{
    struct amd_region *r = amd_memory_find(m, base);
    if (!r || r->base != base)
        return dq_fail(e, DQ_ERR_MALFORMED, "0x%" PRIx64 ": no region begins here", base);
    release(r);
    m->n_regions--;
    memmove(r, r + 1, (size_t)(m->regions + m->n_regions - r) * sizeof *r);
    return 0;
}

/* The region that holds all of the bytes. */
static int need(const struct amd_memory *m, const char *what, uint64_t address, size_t len,
    struct amd_region **out, struct dq_error *e)
{
    struct amd_region *r = amd_memory_find(m, address);
    if (r && len <= r->len - (address - r->base)) {
        *out = r;
        return 0;
    }
    /* Say what it is near to: one block too far is the most usual fault. */
    for (size_t i = 0; i < m->n_regions; i++) {
        const struct amd_region *near = &m->regions[i];
        const uint64_t end = near->base + near->len;
        if (address >= near->base && address - end < STEP / 2)
            return dq_fail(e, DQ_ERR_MALFORMED,
                "%s of %zu bytes at 0x%" PRIx64 ", %" PRIu64 " bytes behind the end of %s", what,
                len, address, address - end, near->name);
        if (address < near->base && near->base - address < STEP / 2)
            return dq_fail(e, DQ_ERR_MALFORMED,
                "%s of %zu bytes at 0x%" PRIx64 ", %" PRIu64 " bytes before %s", what, len, address,
                near->base - address, near->name);
        if (address - near->base < near->len)
            return dq_fail(e, DQ_ERR_MALFORMED,
                "%s of %zu bytes at 0x%" PRIx64 ", of which %" PRIu64 " are behind the end of %s",
                what, len, address, address + len - end, near->name);
    }
    return dq_fail(e, DQ_ERR_MALFORMED, "%s of %zu bytes at 0x%" PRIx64 ", outside of all", what,
        len, address);
}

int amd_memory_load(
    const struct amd_memory *m, uint64_t address, void *out, size_t len, struct dq_error *e)
{
    struct amd_region *r;
    const int rc = need(m, "load", address, len, &r, e);
    if (rc != 0)
        return rc;
    const uint64_t at = address - r->base;
    for (size_t i = 0; i < len; i++)
        if (!(r->state[at + i] & AMD_WRITTEN))
            return dq_fail(e, DQ_ERR_MALFORMED,
                "load of %zu bytes at 0x%" PRIx64 ", byte %" PRIu64
                " of %s, which was never written",
                len, address, at + i, r->name);
    for (size_t i = 0; i < len; i++)
        if (r->state[at + i] & AMD_BY_KERNEL)
            r->state[at + i] = AMD_WRITTEN | AMD_USED;
    memcpy(out, r->bytes + at, len);
    return 0;
}

int amd_memory_store(
    struct amd_memory *m, uint64_t address, const void *src, size_t len, struct dq_error *e)
{
    struct amd_region *r;
    const int rc = need(m, "store", address, len, &r, e);
    if (rc != 0)
        return rc;
    const uint64_t at = address - r->base;
    if (r->is_constant)
        return dq_fail(e, DQ_ERR_MALFORMED,
            "store of %zu bytes at 0x%" PRIx64 ", byte %" PRIu64 " of %s, which is constant", len,
            address, at, r->name);
    memcpy(r->bytes + at, src, len);
    memset(r->state + at, AMD_WRITTEN | AMD_BY_KERNEL, len);
    return 0;
}

int amd_memory_copy_in(
    struct amd_memory *m, uint64_t address, const void *src, size_t len, struct dq_error *e)
{
    struct amd_region *r;
    const int rc = need(m, "copy", address, len, &r, e);
    if (rc != 0)
        return rc;
    memcpy(r->bytes + (address - r->base), src, len);
    memset(r->state + (address - r->base), AMD_WRITTEN, len);
    return 0;
}

int amd_memory_copy_out(
    const struct amd_memory *m, uint64_t address, void *out, size_t len, struct dq_error *e)
{
    struct amd_region *r;
    const int rc = need(m, "copy", address, len, &r, e);
    if (rc != 0)
        return rc;
    memcpy(out, r->bytes + (address - r->base), len);
    return 0;
}

void amd_memory_finish(struct amd_memory *m)
{
    for (size_t i = 0; i < m->n_regions; i++)
        release(&m->regions[i]);
    free(m->regions);
    *m = (struct amd_memory){0};
}
