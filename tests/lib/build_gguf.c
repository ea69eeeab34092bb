#include "build_gguf.h"

#include <stdlib.h>
#include <string.h>

void build_bytes(struct build *b, const void *bytes, size_t len)
{
    if (b->len + len > b->cap) {
        b->cap = 2 * (b->len + len);
        b->bytes = realloc(b->bytes, b->cap);
        assert_non_null(b->bytes);
    }
    if (len > 0)
        memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
}

void build_number(struct build *b, uint64_t value, size_t len)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[b->big_endian ? len - 1 - i : i] = (uint8_t)(value >> 8 * i);
    build_bytes(b, bytes, len);
}

void build_count(struct build *b, uint64_t value)
{
    build_number(b, value, b->version == 1 ? 4 : 8);
}

void build_begin(
    struct build *b, unsigned version, bool big_endian, uint64_t n_tensors, uint64_t n_kv)
{
    *b = (struct build){.version = version, .big_endian = big_endian};
    build_bytes(b, "GGUF", 4);
    build_number(b, version, 4);
    build_count(b, n_tensors);
    build_count(b, n_kv);
}

void build_free(struct build *b)
{
    free(b->bytes);
    *b = (struct build){0};
}

void build_string_len(struct build *b, const char *text, size_t len)
{
    build_count(b, len);
    build_bytes(b, text, len);
}

void build_string(struct build *b, const char *text)
{
    build_string_len(b, text, strlen(text));
}

void build_key(struct build *b, const char *key, uint32_t type)
{
    build_string(b, key);
    build_number(b, type, 4);
}

void build_kv_u32(struct build *b, const char *key, uint32_t value)
{
    build_key(b, key, DQ_VALUE_u32);
    build_number(b, value, 4);
}

void build_kv_u16(struct build *b, const char *key, uint16_t value)
{
    build_key(b, key, DQ_VALUE_u16);
    build_number(b, value, 2);
}

void build_kv_i32(struct build *b, const char *key, int32_t value)
{
    build_key(b, key, DQ_VALUE_i32);
    build_number(b, (uint32_t)value, 4);
}

void build_kv_string(struct build *b, const char *key, const char *value)
{
    build_key(b, key, DQ_VALUE_string);
    build_string(b, value);
}

void build_tensor(struct build *b, const char *name, uint32_t type, uint64_t offset,
    uint32_t n_dims, const uint64_t *dims)
{
    build_string(b, name);
    build_number(b, n_dims, 4);
    for (uint32_t i = 0; i < n_dims; i++)
        build_count(b, dims[i]);
    build_number(b, type, 4);
    build_number(b, offset, 8);
}

void build_tensor1(
    struct build *b, const char *name, uint32_t type, uint64_t offset, uint64_t n_weights)
{
    build_tensor(b, name, type, offset, 1, &n_weights);
}

void build_data(struct build *b, uint64_t alignment, size_t len)
{
    while (b->len % alignment != 0)
        build_number(b, 0, 1);
    b->data_off = b->len;
    for (size_t i = 0; i < len; i++)
        build_number(b, i % 251, 1);
}

const char *build_write(const struct build *b, struct scratch *s, const char *name)
{
    return scratch_write(s, name, b->bytes, b->len);
}

struct dq_model *build_open(struct build *b, struct scratch *s)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    const char *path = build_write(b, s, "model.gguf");
    build_free(b);
    check_ok(dq_model_open(path, &m, &e), &e);
    return m;
}

void build_refused(struct build *b, struct scratch *s, const char *words)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    const char *path = build_write(b, s, "model.gguf");
    const int fd = next_fd();
    build_free(b);
    const int rc = dq_model_open(path, &m, &e);
    check_error(rc, &e, DQ_ERR_MALFORMED, words);
    check_error(rc, &e, DQ_ERR_MALFORMED, path); /* the message names the file */
    assert_null(m);
    assert_int_equal(next_fd(), fd);
}

void build_tensor_refused(struct build *b, struct scratch *s, const char *name, const char *words)
{
    struct dq_error e;
    struct dq_model *m = build_open(b, s);
    const struct dq_tensor *t = dq_model_find(m, name, strlen(name));
    assert_non_null(t);
    const int rc = dq_tensor_usable(m, t, false, &e);
    if (words) {
        check_error(rc, &e, DQ_ERR_MALFORMED, words);
        check_error(rc, &e, DQ_ERR_MALFORMED, t->display_name);
        assert_non_null(t->problem);
    } else {
        check_ok(rc, &e);
        assert_null(t->problem);
    }
    dq_model_free(m);
}
