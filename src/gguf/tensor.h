/* A tensor of a model: what the file says of it, and its data. */
#ifndef DQ_TENSOR_H
#define DQ_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gguf/diagnostic.h"
#include "type/type.h"

/* ggml has 4 dimensions, but files with more are written and read by others, gguf-py among them. */
enum { DQ_DIMS_MAX = 8, DQ_NAME_MAX = 1024 /* bytes */ };

struct dq_tensor {
    /* All texts are the model's. The name has the bytes as in the file (real_names.h: or in its
     * metadata), then a NUL. */
    const char *name;
    size_t name_len;
    /* The name escaped (dq_escape_new), as every report shows it: no other name is escaped to the same
     * text. It is `name` itself exactly if that is plain (text.h) and not empty. */
    const char *display_name;
    const char *stored_name; /* in the file, if the metadata has another one; or NULL */
    uint64_t info_off; /* of its info in the file; 0: the file is damaged before the info's end */
    uint32_t n_dims_stored; /* as in the file; more than DQ_DIMS_MAX are the tensor's problem */
    uint32_t n_dims;        /* the same, or 0 if those are too many */
    /* Innermost first; 1 beyond n_dims. Rows are whole blocks, except where the metadata has the
     * shape (real_names.h): then all weights together are. */
    uint64_t dims[DQ_DIMS_MAX];
    uint64_t n_weights;
    uint64_t n_bytes; /* of an unknown type: up to the next tensor or the end of the file */
    uint64_t n_there; /* of n_bytes, how many at the beginning can be read */
    /* Of its data in the file. UINT64_MAX: it does not fit; 0: the file is damaged before the
     * data. Until regions.h places it: in the data section. */
    uint64_t offset;
    /* That of type_id, or another one whose blocks the data has (spans.h). NULL: unknown. */
    const struct dq_type_info *type;
    uint32_t type_id;    /* as in the file */
    uint32_t shard;      /* index of the file that holds it */
    const char *problem; /* why its data cannot be used, or NULL */
    bool has_bad_shape;  /* the metadata has a shape for it that does not fit */
    bool
        is_cut; /* the problem is only that the file ends before: the first n_there bytes are sound */
};

struct dq_model;

/* Returns why a tensor cannot be used if that is a fault of its file, which concerns all of its tensors
 * or those at its end, or NULL. */
const char *dq_tensor_file_problem(const struct dq_model *m, const struct dq_tensor *t);

/* Says whether a tensor's data can be read (decode false) or read and decoded (true): 0,
 * DQ_ERR_MALFORMED if its region is wrong, or DQ_ERR_TYPE if its type cannot be decoded. */
int dq_tensor_usable(
    const struct dq_model *m, const struct dq_tensor *t, bool decode, struct dq_error *e);

/* The same for the first n_bytes of its data: of a tensor in a file that was cut short, some may be
 * there. */
int dq_tensor_part_usable(const struct dq_model *m, const struct dq_tensor *t, uint64_t n_bytes,
    bool decode, struct dq_error *e);

/* Whether the type of a tensor can be decoded; if not, emits the note that says why. */
bool dq_tensor_decodable(
    const struct dq_model *m, const struct dq_tensor *t, const struct dq_diagnostic_sink *diag);

/* While a model is opened: gives diag the reason why a tensor is refused, and keeps the first one as
 * its problem. *d has its rule, offset, and what was expected and found. Returns 0, or
 * DQ_ERR_MEMORY. */
int dq_tensor_refuse(const struct dq_model *m, struct dq_tensor *t, const struct dq_diagnostic *d,
    const struct dq_diagnostic_sink *diag, struct dq_error *e);

/* The same for one whose rows are not whole blocks of its type. */
int dq_tensor_refuse_rows(const struct dq_model *m, struct dq_tensor *t, struct dq_error *e);

/* Reads len bytes of a tensor's data, starting at its byte off; both are multiples of the block
 * size. Fields of big-endian files are converted to little-endian if the type's fields are defined.
 * Thread-safe. */
int dq_tensor_read(const struct dq_model *m, const struct dq_tensor *t, uint64_t off, void *buf,
    size_t len, struct dq_error *e);

/* Whether each read of its data takes its time, so that it is worth something to announce all of them. */
bool dq_tensor_is_far(const struct dq_model *m, const struct dq_tensor *t);

/* Says that such bytes will be read soon. */
void dq_tensor_expect(
    const struct dq_model *m, const struct dq_tensor *t, uint64_t off, uint64_t len);

/* Whether the name of a tensor ends in a suffix. */
bool dq_tensor_name_ends(const struct dq_tensor *t, const char *suffix);

/* Writes the shape as numpy orders it, outermost dimension first: "32x256"; "scalar"; or "9
 * dimensions" if there are too many. Returns out. */
enum { DQ_SHAPE_WORDS = 168 };
const char *dq_tensor_shape(const struct dq_tensor *t, char out[DQ_SHAPE_WORDS]);

/* Fails with the text "PATH: tensor 'NAME': ..."; a long name is cut. Returns code. */
int dq_tensor_fail(const struct dq_model *m, const struct dq_tensor *t, struct dq_error *e,
    int code, const char *format, ...) DQ_PRINTF(5, 6);

#endif
