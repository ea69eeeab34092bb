/* A position in the metadata of a file.
 *
 * Every read is checked against the bytes that are left before anything is done, so a cursor never
 * passes the end of its file, whatever lengths the file claims. */
#ifndef DQ_CURSOR_H
#define DQ_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "gguf/diagnostic.h"
#include "source/source.h"

struct dq_cursor {
    const struct dq_source *source; /* not owned */
    uint64_t pos;                   /* offset of the next byte */
    uint64_t item;   /* offset of the item that was read last, or that is malformed */
    bool big_endian; /* numbers are big-endian */
    bool narrow;     /* version 1: counts and lengths have 32 bits */
    bool past_end;   /* it failed because the file ends too early for what it says */
    /* For diagnostics: the sink, and the pair or tensor that is being read. Each may be NULL. */
    const struct dq_diagnostic_sink *diag;
    const struct dq_kv *kv;
    const struct dq_tensor *tensor;
    uint8_t *buf; /* a window of the file */
    uint64_t buf_off;
    size_t buf_len;
    size_t buf_size;
    size_t window;      /* bytes that the next read is for, at most */
    uint64_t ahead_end; /* up to here the source knows what will be read */
};

/* Opens a cursor on a source at pos, which must not lie past its end. The source stays the caller's
 * and must outlive the cursor. */
int dq_cursor_init(
    struct dq_cursor *c, const struct dq_source *source, uint64_t pos, struct dq_error *e);
void dq_cursor_finish(struct dq_cursor *c);

/* Bytes between the cursor and the end of the file. */
static inline uint64_t dq_cursor_left(const struct dq_cursor *c)
{
    return c->source->size - c->pos;
}

/* Fails with DQ_ERR_MALFORMED. The diagnostic has its rule and what was expected and found; path,
 * subject and offset (that of the item) are the cursor's. */
int dq_cursor_fail(const struct dq_cursor *c, const struct dq_diagnostic *d, struct dq_error *e);

/* Bytes of the longest number; as many can be read after the last one of the window. */
enum { DQ_NUMBER_MAX = 8 };

/* A number of len bytes at p, where DQ_NUMBER_MAX bytes can be read. Written out, so that compilers make
 * one load of it. */
static inline uint64_t dq_number_at(const uint8_t *p, size_t len, bool big_endian)
{
    const unsigned unused = 64 - 8 * (unsigned)len;
    const uint64_t little = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
                            (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
                            (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
    const uint64_t big = (uint64_t)p[7] | (uint64_t)p[6] << 8 | (uint64_t)p[5] << 16 |
                         (uint64_t)p[4] << 24 | (uint64_t)p[3] << 32 | (uint64_t)p[2] << 40 |
                         (uint64_t)p[1] << 48 | (uint64_t)p[0] << 56;
    return big_endian ? big >> unused : little & UINT64_MAX >> unused;
}

/* dq_cursor_number for one that is not in the window as a whole. */
int dq_cursor_fetch_number(
    struct dq_cursor *c, size_t len, const char *what, uint64_t *out, struct dq_error *e);

/* Reads an unsigned number of len (1, 2, 4 or 8) bytes. `what` names it in errors. */
static inline int dq_cursor_number(
    struct dq_cursor *c, size_t len, const char *what, uint64_t *out, struct dq_error *e)
{
    const uint64_t at = c->pos - c->buf_off;
    if (at >= c->buf_len || len > c->buf_len - at)
        return dq_cursor_fetch_number(c, len, what, out, e);
    *out = dq_number_at(c->buf + at, len, c->big_endian);
    c->item = c->pos;
    c->pos += len;
    return 0;
}

static inline int dq_cursor_u32(
    struct dq_cursor *c, const char *what, uint32_t *out, struct dq_error *e)
{
    uint64_t value;
    const int rc = dq_cursor_number(c, 4, what, &value, e);
    if (rc == 0)
        *out = (uint32_t)value;
    return rc;
}

static inline int dq_cursor_u64(
    struct dq_cursor *c, const char *what, uint64_t *out, struct dq_error *e)
{
    return dq_cursor_number(c, 8, what, out, e);
}

/* Reads a count or length: 64 bits, or 32 in version 1. */
static inline int dq_cursor_count(
    struct dq_cursor *c, const char *what, uint64_t *out, struct dq_error *e)
{
    return dq_cursor_number(c, c->narrow ? 4 : 8, what, out, e);
}

/* Copies or skips len bytes. */
int dq_cursor_bytes(
    struct dq_cursor *c, const char *what, void *dst, size_t len, struct dq_error *e);
int dq_cursor_skip(struct dq_cursor *c, const char *what, uint64_t len, struct dq_error *e);

/* Reads a string of at most max bytes into the pool, followed by a NUL. */
int dq_cursor_string(struct dq_cursor *c, const char *what, uint64_t max, struct dq_pool *p,
    const char **out, size_t *len, struct dq_error *e);

#endif
