/* Builds GGUF files, valid and broken, piece by piece in memory. Nothing is checked: a test may give
 * wrong counts, lengths and offsets. */
#ifndef DQ_BUILD_GGUF_H
#define DQ_BUILD_GGUF_H

#include <stdbool.h>

#include "gguf/gguf.h"
#include "scratch.h"

struct build {
    unsigned version;
    bool big_endian;
    uint8_t *bytes;
    size_t len;
    size_t cap;
    size_t data_off; /* where the data section begins */
};

/* Begins a file: magic, version, counts. */
void build_begin(
    struct build *b, unsigned version, bool big_endian, uint64_t n_tensors, uint64_t n_kv);
void build_free(struct build *b);

void build_bytes(struct build *b, const void *bytes, size_t len);
void build_number(struct build *b, uint64_t value, size_t len);
void build_count(struct build *b, uint64_t value); /* 8 bytes, or 4 in version 1 */
void build_string(struct build *b, const char *text);
void build_string_len(struct build *b, const char *text, size_t len);

/* A key and the type of its value, which the caller appends; and complete pairs. */
void build_key(struct build *b, const char *key, uint32_t type);
void build_kv_u32(struct build *b, const char *key, uint32_t value);
void build_kv_u16(struct build *b, const char *key, uint16_t value);
void build_kv_i32(struct build *b, const char *key, int32_t value);
void build_kv_string(struct build *b, const char *key, const char *value);

/* A tensor info with n_dims dimensions, innermost first. */
void build_tensor(struct build *b, const char *name, uint32_t type, uint64_t offset,
    uint32_t n_dims, const uint64_t *dims);

/* The same with one dimension. */
void build_tensor1(
    struct build *b, const char *name, uint32_t type, uint64_t offset, uint64_t n_weights);

/* Pads to the alignment and appends len bytes of data: 0, 1, 2, ... 250, 0, ... */
void build_data(struct build *b, uint64_t alignment, size_t len);

/* Writes the file. Returns its path, which is valid until the seventh next call for a path. */
const char *build_write(const struct build *b, struct scratch *s, const char *name);

/* Writes the file, frees b, and opens the model, which must succeed. The caller frees the model. */
struct dq_model *build_open(struct build *b, struct scratch *s);

/* Writes the file and frees b. Fails unless opening it is refused as malformed with these words. */
void build_refused(struct build *b, struct scratch *s, const char *words);

/* Writes the file, frees b, and opens the model. Fails unless its tensor of that name is unusable for
 * a reason with these words (NULL: unless it is usable). */
void build_tensor_refused(struct build *b, struct scratch *s, const char *name, const char *words);

#endif
