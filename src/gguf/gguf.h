/* GGUF models: one file, or a set of split files that act as one.
 *
 * Source of the format: ggml's docs/gguf.md and the readers of ggml and gguf-py, snapshot d99724f2
 * of 2026-08-21. Versions 1, 2 and 3, little-endian, and big-endian version 3.
 *
 * Opening checks everything: afterwards every tensor either has its whole region inside its file,
 * or a problem that says why it is refused. Data is read only when asked for. */
#ifndef DQ_GGUF_H
#define DQ_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strmap.h"
#include "gguf/cursor.h"
#include "gguf/diagnostic.h"
#include "gguf/value.h"
#include "type/type.h"

enum { DQ_DIMS_MAX = 4, DQ_NAME_MAX = 1024, DQ_KEY_MAX = 65535 };

/* A metadata pair. The value stays in the file: dq_kv_open gives a cursor on it. */
struct dq_kv {
    char *key; /* bytes as in the file, NUL behind; owned */
    size_t key_len;
    char *display_name; /* the key escaped for people, which may be the key itself; owned */
    enum dq_value_type type;
    uint64_t value_off; /* 0: the file is broken before the end of the value */
};

struct dq_shard {
    struct dq_source *source; /* owned */
    const char *path;         /* the source's name */
    uint32_t version;
    bool big_endian;
    uint64_t alignment;
    uint64_t infos_end; /* where the tensor infos end and the padding starts */
    uint64_t data_off;  /* where the data section starts; 0: the file is broken before */
    struct dq_kv *kvs;
    size_t n_kvs;
    size_t n_tensors;
};

struct dq_tensor {
    char *name; /* bytes as in the file, NUL behind; owned */
    size_t name_len;
    char *display_name;              /* the name escaped for people; owned. It is the name */
                                     /* itself exactly if that is plain (text.h) */
    size_t shard;                    /* index of the file it is in */
    uint32_t type_id;                /* as in the file */
    const struct dq_type_info *type; /* NULL: the type is unknown */
    uint32_t n_dims;
    uint64_t dims[DQ_DIMS_MAX]; /* innermost first; 1 beyond n_dims */
    uint64_t n_weights;
    uint64_t n_bytes;  /* of an unknown type: up to the next tensor or the end of the file */
    uint64_t info_off; /* of its info; 0: the file is broken before the end of that */
    uint64_t offset;   /* of the data, from the start of the file */
    char *problem;     /* why its data cannot be used, or NULL; owned */
};

struct dq_model {
    char *path; /* as given */
    struct dq_shard *shards;
    size_t n_shards;
    struct dq_tensor *tensors; /* in the order of the files */
    size_t n_tensors;
    struct dq_strmap names; /* tensor name -> index */
    /* While it is opened: where its files are, and who takes the diagnostics, or NULL. */
    const struct dq_store *store;
    const struct dq_diagnostic_sink *diag;
};

/* Opens a model read-only; any member of a split set opens the set. dq_model_free closes it. */
int dq_model_open(const char *path, struct dq_model **out, struct dq_error *e);
void dq_model_free(struct dq_model *m);

/* The same, and tells the listener of everything that is wrong: with the model, which ends the
 * reading (DQ_ERR_MALFORMED), or with single tensors. What was read by then is handed out even so, for
 * dq_model_lint; *out is NULL only after other errors. */
int dq_model_examine(const struct dq_store *store, const char *path,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e);

/* Tells the listener of what is odd in a model, or in what was read of it, and no error. Reads the
 * values of its metadata and the bytes between its tensors. */
int dq_model_lint(
    const struct dq_model *m, const struct dq_diagnostic_sink *diag, struct dq_error *e);

/* Takes the name of a split file, PREFIX-%05d-of-%05d.gguf, apart: returns the length of PREFIX, or
 * -1 if path is not of that form (then number and count stay as they are). */
int dq_split_name(const char *path, unsigned *number, unsigned *count);

/* Whether st describes one of the model's own files. */
bool dq_model_is_file(const struct dq_model *m, const struct stat *st);

/* Finds a tensor by its exact name; NULL if there is none. */
const struct dq_tensor *dq_model_find(const struct dq_model *m, const char *name, size_t len);

/* Finds a metadata pair of the model (of its first file) by its key; NULL if there is none. */
const struct dq_kv *dq_shard_kv(const struct dq_shard *s, const char *key);

/* Opens a cursor on a pair's value; dq_cursor_finish closes it. */
int dq_kv_open(
    const struct dq_shard *s, const struct dq_kv *kv, struct dq_cursor *c, struct dq_error *e);

/* Reads a whole number; fails with DQ_ERR_MALFORMED if the pair holds something else. */
int dq_kv_integer(
    const struct dq_shard *s, const struct dq_kv *kv, int64_t *out, struct dq_error *e);

/* Says whether the data of a tensor can be read (decode false) or read and decoded (true): 0, or
 * DQ_ERR_MALFORMED for a region that is wrong, DQ_ERR_TYPE for a type that is not known. */
int dq_tensor_usable(
    const struct dq_model *m, const struct dq_tensor *t, bool decode, struct dq_error *e);

/* Reads len bytes of a tensor's data from byte off of it on; both whole blocks. Fields of
 * big-endian files come out little-endian, where the type's fields are defined. */
int dq_tensor_read(const struct dq_model *m, const struct dq_tensor *t, uint64_t off, void *buf,
    size_t len, struct dq_error *e);

/* Writes the shape as numpy has it, outermost dimension first: "32x256", or "scalar". Returns out.
 */
enum { DQ_SHAPE_WORDS = 96 };
const char *dq_tensor_shape(const struct dq_tensor *t, char out[DQ_SHAPE_WORDS]);

/* Begins an error text: "PATH: tensor 'NAME': ". */
int dq_tensor_fail(const struct dq_model *m, const struct dq_tensor *t, struct dq_error *e,
    int code, const char *format, ...) DQ_PRINTF(5, 6);

#endif
