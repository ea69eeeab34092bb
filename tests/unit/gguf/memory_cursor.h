/* A cursor on bytes in memory, a copy of their exact length, so that a sanitizer sees a read past
 * them. One at a time. */
#ifndef DQ_MEMORY_CURSOR_H
#define DQ_MEMORY_CURSOR_H

#include <stdlib.h>
#include <string.h>

#include "gguf/cursor.h"
#include "scratch.h"

static uint8_t *cursor_bytes;
static struct dq_source *cursor_source;

static inline struct dq_cursor cursor_on(const void *bytes, size_t len)
{
    struct dq_cursor c;
    struct dq_error e;
    cursor_bytes = malloc(len + !len);
    assert_non_null(cursor_bytes);
    if (len > 0)
        memcpy(cursor_bytes, bytes, len);
    const struct dq_memory_file file = {"file", cursor_bytes, len};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(&file, 1);
    check_ok(memory.store.open(&memory.store, "file", &cursor_source, &e), &e);
    check_ok(dq_cursor_init(&c, cursor_source, 0, &e), &e);
    return c;
}

static inline void cursor_close(struct dq_cursor *c)
{
    dq_cursor_finish(c);
    dq_source_close(cursor_source);
    free(cursor_bytes);
}

#endif
