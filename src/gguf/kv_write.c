#include "gguf/kv_write.h"

#include "gguf/endian.h"
#include "gguf/shard.h"

#include <stdbool.h>
#include <string.h>

enum { PIECE = 4096 /* bytes that are copied at once, a multiple of every number's length */ };

static int put_number(const struct dq_kv_writer *w, uint64_t value, size_t len, struct dq_error *e)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return w->put(w->arg, bytes, len, e);
}

/* Copies n numbers of len bytes each. */
static int copy_numbers(
    struct dq_cursor *c, const struct dq_kv_writer *w, size_t len, uint64_t n, struct dq_error *e)
{
    uint8_t piece[PIECE];
    int rc = 0;
    while (rc == 0 && n > 0) {
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): all numbers have a length */
        const uint64_t n_fit = PIECE / len < n ? PIECE / len : n;
        const size_t size = (size_t)n_fit * len;
        rc = dq_cursor_bytes(c, "value", piece, size, e);
        for (size_t i = 0; c->big_endian && i < size; i += len)
            dq_endian_reverse(piece + i, len);
        if (rc == 0)
            rc = w->put(w->arg, piece, size, e);
        n -= n_fit;
    }
    return rc;
}

static int copy_string(struct dq_cursor *c, const struct dq_kv_writer *w, struct dq_error *e)
{
    uint64_t len;
    int rc = dq_cursor_count(c, "string length", &len, e);
    if (rc == 0)
        rc = put_number(w, len, 8, e);
    return rc == 0 ? copy_numbers(c, w, 1, len, e) : rc;
}

/* Copies a value. That it is sound was checked when the model was opened. */
static int copy_value(struct dq_cursor *c, enum dq_value_type type, unsigned depth,
    const struct dq_kv_writer *w, struct dq_error *e)
{
    struct dq_value head;
    if (dq_value_types[type].kind == DQ_KIND_STRING)
        return copy_string(c, w, e);
    if (dq_value_types[type].kind != DQ_KIND_ARRAY)
        return copy_numbers(c, w, dq_value_types[type].len, 1, e);
    int rc = dq_value_check_depth(c, depth, e);
    if (rc == 0)
        rc = dq_value_read(c, type, 0, &head, e);
    if (rc == 0)
        rc = put_number(w, head.element, 4, e);
    if (rc == 0)
        rc = put_number(w, head.u, 8, e);
    if (rc == 0 && dq_value_types[head.element].len > 0)
        return copy_numbers(c, w, dq_value_types[head.element].len, head.u, e);
    for (uint64_t i = 0; rc == 0 && i < head.u; i++)
        rc = copy_value(c, head.element, depth + 1, w, e);
    return rc;
}

int dq_kv_write(const struct dq_shard *s, const struct dq_kv *kv, const struct dq_kv_writer *w,
    struct dq_error *e)
{
    struct dq_cursor c;
    int rc = dq_kv_open(s, kv, &c, e);
    if (rc != 0)
        return rc;
    rc = put_number(w, kv->key_len, 8, e);
    if (rc == 0)
        rc = w->put(w->arg, kv->key, kv->key_len, e);
    if (rc == 0)
        rc = put_number(w, kv->type, 4, e);
    if (rc == 0)
        rc = copy_value(&c, kv->type, 0, w, e);
    dq_cursor_finish(&c);
    return rc;
}
