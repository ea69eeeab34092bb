/* Buffers between two inaccessible pages, so that a test crashes where a function reads or writes
 * outside. */
#ifndef DQ_GUARD_H
#define DQ_GUARD_H

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dq_test.h"

struct guard {
    uint8_t *map;
    size_t page;
    size_t len; /* usable bytes, whole pages */
};

/* Maps at least len usable bytes. */
static inline struct guard guard_new(size_t len)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t usable = (len / page + 1) * page;
    const int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
    uint8_t *map = mmap(NULL, usable + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

    assert_int_not_equal(fd, -1);
    assert_ptr_not_equal(map, MAP_FAILED);
    close(fd);
    assert_int_equal(mprotect(map, page, PROT_NONE), 0);
    assert_int_equal(mprotect(map + page + usable, page, PROT_NONE), 0);
    return (struct guard){map, page, usable};
}

static inline void guard_free(struct guard *g)
{
    munmap(g->map, g->len + 2 * g->page);
}

/* The first usable byte, and the byte from which len bytes reach exactly to the end. */
static inline uint8_t *guard_first(const struct guard *g)
{
    return g->map + g->page;
}

static inline uint8_t *guard_last(const struct guard *g, size_t len)
{
    return g->map + g->page + g->len - len;
}

/* Fill all usable bytes, and check that those outside [p, p + len) have not changed since. */
static inline void guard_paint(struct guard *g, uint8_t byte)
{
    memset(guard_first(g), byte, g->len);
}

static inline void guard_check(const struct guard *g, uint8_t byte, const uint8_t *p, size_t len)
{
    for (const uint8_t *q = guard_first(g); q < guard_last(g, 0); q++) {
        if (q == p)
            q += len;
        if (q < guard_last(g, 0) && *q != byte)
            fail_msg("byte %td from the buffer of %zu was written", q - p, len);
    }
}

#endif
