/* Sets: what one command writes, as a container plans it: all arrays in one file, in several (shards), or
 * each in a file of its own. */
#ifndef DQ_FILE_SET_H
#define DQ_FILE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gguf/gguf.h"
#include "type/type.h"

enum { DQ_ARRAY_DIMS_MAX = 8 };

/* An array as a container sees it. */
struct dq_array {
    const char *name; /* not NUL-terminated */
    size_t name_len;
    const struct dq_type_info *type; /* of its elements or blocks; NULL: bytes */
    /* Outermost dimension first. Of a type that the container has, it counts weights; otherwise the
     * array is one of bytes. */
    uint64_t shape[DQ_ARRAY_DIMS_MAX];
    size_t n_shape;   /* dimensions */
    uint64_t n_bytes; /* length of the data */
};

/* What a set is planned from. All pointers stay the caller's and must outlive the set. */
struct dq_set_request {
    size_t n; /* arrays, including those that are left out */
    /* Describes array i. Returns false if it is left out. May be called by several threads at once. */
    bool (*get)(const void *arg, size_t i, struct dq_array *out);
    const void *arg;
    uint64_t max_shard; /* bytes of data in a file; 0: all of it in one */
    bool is_stream;     /* what is written cannot be changed */
    const char *stem;   /* what the names of several files begin with */
    size_t stem_len;
    const struct dq_model *model; /* its metadata are kept, if the container has any; may be NULL */
    enum dq_dtype dtype;          /* what was asked for */
};

/* The layout of a file: its header and its length, before any data is known. */
struct dq_file_plan {
    char *name;      /* in its folder; NULL: the caller decides; owned */
    uint8_t *header; /* what begin writes, if that is not made of the arrays anew; owned */
    size_t header_len;
    uint64_t len; /* of the whole file, in bytes */
    size_t first; /* its arrays are order[first] to order[first + n_arrays - 1] of the set */
    size_t n_arrays;
};

struct dq_array_place {
    size_t file;
    uint64_t offset; /* of the data in the file */
};

struct dq_file_set {
    struct dq_set_request request;
    /* The first one leads to the others, if there are several: it is an index, or the first shard. An
     * index has no arrays. Owned. */
    struct dq_file_plan *files;
    size_t n_files;
    size_t *order; /* the arrays that are not left out, in the order of files and offsets; owned */
    size_t n_order;
    struct dq_array_place *places; /* request.n of them; owned */
    void *state;                   /* the container's own, one block from dq_mem, or NULL; owned */
};

/* Makes room for the places and the order of the arrays of a request, adds a file, and
 * puts an array at the end of the newest file. */
int dq_file_set_init(struct dq_file_set *s, const struct dq_set_request *r, struct dq_error *e);
int dq_file_set_add_file(struct dq_file_set *s, struct dq_error *e);
void dq_file_set_add_array(struct dq_file_set *s, size_t i, uint64_t offset);

/* Plans a set in which each array has a file of its own, after a header of as many bytes as header_len
 * says. */
int dq_file_set_plan_each(struct dq_file_set *s, const struct dq_set_request *r,
    size_t (*header_len)(const struct dq_array *a), struct dq_error *e);

/* Names a file STEM-00001-of-00003EXTENSION, counting from 1. */
int dq_file_set_name(struct dq_file_set *s, size_t file, const char *extension, size_t number,
    size_t count, struct dq_error *e);

/* For containers whose names are text: says why a name is not, or NULL. */
const char *dq_array_refuse_name(const struct dq_array *a);

void dq_file_set_finish(struct dq_file_set *s);

#endif
