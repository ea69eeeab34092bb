#include "gguf/cursor.h"

#include "base/mem.h"

#include <inttypes.h>
#include <string.h>

/* The window is small: to touch more memory for the first time takes longer than to read a cached file
 * into it. Where each request takes its time because the file is far away, long headers take few of
 * them: the window grows while a file is read in order, and what comes after it is announced. */
enum {
    WINDOW = 65536,
    WINDOW_MAX = 1 << 20,
    AHEAD = 1 << 20,
};

int dq_cursor_init(
    struct dq_cursor *c, const struct dq_source *source, uint64_t pos, struct dq_error *e)
{
    *c = (struct dq_cursor){.source = source, .pos = pos, .window = WINDOW};
    c->buf_size = WINDOW;
    c->buf = dq_mem_alloc(WINDOW + DQ_NUMBER_MAX);
    return c->buf ? 0 : dq_fail_nomem(e);
}

void dq_cursor_finish(struct dq_cursor *c)
{
    dq_mem_free(c->buf);
    c->buf = NULL;
}

int dq_cursor_fail(const struct dq_cursor *c, const struct dq_diagnostic *d, struct dq_error *e)
{
    struct dq_diagnostic whole = *d;
    whole.path = c->source->name;
    whole.kv = c->kv;
    whole.tensor = c->tensor;
    whole.offset = c->item;
    return dq_emit_fail(c->diag, &whole, e);
}

static int need(struct dq_cursor *c, const char *what, uint64_t len, struct dq_error *e)
{
    const uint64_t left = dq_cursor_left(c);
    c->item = c->pos;
    if (len <= left)
        return 0;
    c->past_end = true;
    const struct dq_diagnostic d = {.rule = DQ_RULE_in_file,
        .expected = DQ_WORDS("%" PRIu64 " byte%s for the %s", len, len == 1 ? "" : "s", what),
        .found = DQ_WORDS("%" PRIu64, left)};
    return dq_cursor_fail(c, &d, e);
}

/* Whether what comes next follows what is in the window, with little skipped. */
static bool is_in_order(const struct dq_cursor *c)
{
    /* Before the window, the difference wraps. */
    return c->buf_len > 0 && c->pos - (c->buf_off + c->buf_len) < WINDOW;
}

static void announce(struct dq_cursor *c)
{
    if (c->pos + c->window <= c->ahead_end)
        return;
    dq_source_expect(c->source, c->pos, AHEAD);
    c->ahead_end = c->pos + AHEAD;
}

/* Doubles the window, whose bytes are no longer needed, if there is memory for it. */
static void grow(struct dq_cursor *c)
{
    uint8_t *buf = c->buf_size < WINDOW_MAX ? dq_mem_alloc(2 * c->buf_size + DQ_NUMBER_MAX) : NULL;
    if (!buf)
        return;
    dq_mem_free(c->buf);
    c->buf = buf;
    c->buf_size *= 2;
}

/* Sets *have to the number of bytes from pos on that are in the window, at least one, after
 * refilling an empty window. The caller has checked that the file has one. */
static int fill(struct dq_cursor *c, size_t *have, struct dq_error *e)
{
    if (c->pos < c->buf_off || c->pos >= c->buf_off + c->buf_len) {
        const uint64_t left = dq_cursor_left(c);
        if (is_in_order(c)) {
            announce(c);
            if (c->buf_len == c->buf_size)
                grow(c);
            c->window = c->buf_size;
        }
        const size_t len = left < c->window ? (size_t)left : c->window;
        c->window = WINDOW;
        c->buf_len = 0;
        const int rc = dq_source_pread(c->source, c->buf, len, c->pos, e);
        if (rc != 0)
            return rc;
        c->buf_off = c->pos;
        c->buf_len = len;
    }
    *have = (size_t)(c->buf_off + c->buf_len - c->pos);
    return 0;
}

/* Copies bytes that are in the file. */
static int copy(struct dq_cursor *c, void *dst, size_t len, struct dq_error *e)
{
    uint8_t *to = dst;
    int rc = 0;
    while (len > 0 && rc == 0) {
        size_t have;
        rc = fill(c, &have, e);
        if (rc != 0)
            break;
        const size_t n = have < len ? have : len;
        memcpy(to, c->buf + (c->pos - c->buf_off), n);
        to += n;
        c->pos += n;
        len -= n;
    }
    return rc;
}

int dq_cursor_bytes(
    struct dq_cursor *c, const char *what, void *dst, size_t len, struct dq_error *e)
{
    const int rc = need(c, what, len, e);
    return rc == 0 ? copy(c, dst, len, e) : rc;
}

int dq_cursor_skip(struct dq_cursor *c, const char *what, uint64_t len, struct dq_error *e)
{
    const int rc = need(c, what, len, e);
    if (rc == 0)
        c->pos += len;
    return rc;
}

int dq_cursor_fetch_number(
    struct dq_cursor *c, size_t len, const char *what, uint64_t *out, struct dq_error *e)
{
    uint8_t bytes[DQ_NUMBER_MAX] = {0};
    const int rc = dq_cursor_bytes(c, what, bytes, len, e);
    if (rc == 0)
        *out = dq_number_at(bytes, len, c->big_endian);
    return rc;
}

int dq_cursor_string(struct dq_cursor *c, const char *what, uint64_t max, struct dq_pool *p,
    const char **out, size_t *len, struct dq_error *e)
{
    const uint64_t start = c->pos;
    uint64_t n;
    int rc = dq_cursor_count(c, what, &n, e);
    if (rc != 0)
        return rc;
    rc = need(c, what, n, e);
    if (rc != 0)
        return rc;
    c->item = start;
    if (n > max) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_name_length,
            .expected = DQ_WORDS("at most %" PRIu64 " bytes for the %s", max, what),
            .found = DQ_WORDS("%" PRIu64, n)};
        return dq_cursor_fail(c, &d, e);
    }
    char *text = dq_pool_alloc(p, (size_t)n + 1);
    if (!text)
        return dq_fail_nomem(e);
    rc = copy(c, text, (size_t)n, e);
    if (rc != 0)
        return rc;
    text[n] = '\0';
    c->item = start;
    *out = text;
    *len = (size_t)n;
    return 0;
}
