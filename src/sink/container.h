/* Containers: the file formats that arrays are written in. A container is a table of functions: plan
 * decides, from names, types and shapes alone, which files the arrays go to, and all headers and
 * offsets; the others write everything that is not array data. Containers have no state, so threads may
 * share them.
 */
#ifndef DQ_CONTAINER_H
#define DQ_CONTAINER_H

#include "sink/file_set.h"
#include "sink/sink.h"

struct dq_container {
    const char *name;          /* "npy", as the command line spells it */
    const char *extension;     /* ".npy", of the files that are written */
    const char *alt_extension; /* another one that is recognised, or NULL */
    bool holds_many;           /* arrays in a file; its files appear together or not at all */
    bool has_shards;           /* takes max_shard */
    bool is_model;             /* its files are models, laid out and scaled as in GGUF */
    uint64_t default_shard;    /* max_shard if none was asked for; 0: no limit */
    const char *default_stem;  /* of its file in a folder; NULL: that of the model's file */

    /* Whether it has a type for these elements or blocks. Others become bytes, if they are stored ones,
     * or are refused. */
    bool (*has_type)(const struct dq_type_info *type);

    /* Returns what to write of a tensor, of which dtype was asked for. NULL: dtype. */
    enum dq_dtype (*dtype)(const struct dq_tensor *t, enum dq_dtype dtype);

    /* Says why it cannot hold an array; NULL if it can. NULL: it always can. */
    const char *(*refuse)(const struct dq_array *a);

    /* Plans a set; the caller frees *out with dq_file_set_finish. DQ_ERR_USAGE if the container cannot
     * hold it, DQ_ERR_MEMORY, or what reading metadata returns. */
    int (*plan)(const struct dq_set_request *r, struct dq_file_set *out, struct dq_error *e);

    /* Write what precedes all data of a file, what surrounds the data of array i, and what follows all
     * data of a file. Several threads may write around different arrays at once. They return the errors
     * of the sink. NULL: nothing to write. */
    int (*begin)(
        const struct dq_file_set *s, size_t file, struct dq_sink *sink, struct dq_error *e);
    int (*array)(const struct dq_file_set *s, size_t i, struct dq_sink *sink, struct dq_error *e);
    int (*array_end)(
        const struct dq_file_set *s, size_t i, struct dq_sink *sink, struct dq_error *e);
    int (*end)(const struct dq_file_set *s, size_t file, struct dq_sink *sink, struct dq_error *e);

    /* Takes note of data of array i that is written, len bytes from its byte off on, in any order and by
     * several threads. NULL: not needed. */
    void (*data)(
        const struct dq_file_set *s, size_t i, const uint8_t *bytes, size_t len, uint64_t off);
};

extern const struct dq_container dq_container_npy;
extern const struct dq_container dq_container_raw;
extern const struct dq_container dq_container_npz;
extern const struct dq_container dq_container_safetensors;
extern const struct dq_container dq_container_gguf;

/* Finds a container by its name, or by the extension of a path; case does not matter. NULL if there
 * is none. */
const struct dq_container *dq_container_by_name(const char *name);
const struct dq_container *dq_container_by_extension(const char *path);

/* Writes the names of the containers of which `is` is true, or of all if it is NULL: "npy, raw or npz".
 * Returns out. */
enum { DQ_CONTAINER_WORDS = 64 };
const char *dq_container_names(
    bool (*is)(const struct dq_container *c), char out[DQ_CONTAINER_WORDS]);

/* For dq_container_names. */
bool dq_container_has_bf16(const struct dq_container *c);
bool dq_container_has_shards(const struct dq_container *c);
bool dq_container_holds_many(const struct dq_container *c);
bool dq_container_has_layout(const struct dq_container *c); /* can have another than that of GGUF */

/* Whether the extension of a path belongs to a format that cannot be written, such as ".pt". */
bool dq_container_is_foreign(const char *path);

#endif
