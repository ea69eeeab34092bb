/* GGUF files, sound and broken, put together piece by piece in memory. The pieces are written as
 * told: nothing stops a test from lying about counts, lengths and offsets. */
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
    size_t room;
    size_t data_off; /* where build_data began */
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

/* A key and the type of the value that follows; and whole pairs. */
void build_key(struct build *b, const char *key, uint32_t type);
void build_kv_u32(struct build *b, const char *key, uint32_t value);
void build_kv_u16(struct build *b, const char *key, uint16_t value);
void build_kv_i32(struct build *b, const char *key, int32_t value);
void build_kv_string(struct build *b, const char *key, const char *value);

/* A tensor info with up to four dimensions, innermost first; a dimension list ends at n_dims. */
void build_tensor(struct build *b, const char *name, uint32_t type, uint64_t offset,
    uint32_t n_dims, const uint64_t *dims);

/* The same with one dimension. */
void build_tensor1(
    struct build *b, const char *name, uint32_t type, uint64_t offset, uint64_t n_weights);

/* Pads to the alignment and appends len bytes of data: 0, 1, 2, ... 250, 0, ... */
void build_data(struct build *b, uint64_t alignment, size_t len);

/* Writes the file. Returns its path, good for the next seven paths of the folder. */
const char *build_write(const struct build *b, struct scratch *s, const char *name);

/* Writes and frees the file and opens the model, which must work. The caller frees the model. */
struct dq_model *build_open(struct build *b, struct scratch *s);

/* Writes and frees the file, and fails unless opening it is refused as malformed in these words. */
void build_refused(struct build *b, struct scratch *s, const char *words);

/* Writes and frees the file, opens it, and fails unless its tensor of that name is refused in these
 * words (NULL: is sound). */
void build_tensor_refused(struct build *b, struct scratch *s, const char *name, const char *words);

#endif
