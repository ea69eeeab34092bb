/* The outputs of extract: what is written and where. They are planned and checked before anything is
 * written. One thread at a time uses them.
 *
 * An output is an array. It belongs to a file: one of its own, or one with other arrays, which may be one
 * of several that appear together (a set). */
#ifndef DQ_OUTPUT_H
#define DQ_OUTPUT_H

#include <sys/stat.h>

#include "engine/engine.h"
#include "gguf/gguf.h"
#include "layout/layout.h"
#include "run/plan.h"
#include "select/share.h"
#include "sink/container.h"

/* The options of the command. All pointers stay the caller's. */
struct dq_extract_options {
    const char *output;     /* a folder, a file, or "-"; NULL: a folder named after the model */
    const char *model_name; /* what that is called, if not as its file; or NULL */
    const char *manifest;   /* path; NULL: none */
    const struct dq_container *container; /* NULL: by the extension of output, or else npy */
    const struct dq_layout *layout;       /* Hugging Face arrays; NULL: those of the picks */
    enum dq_dtype dtype;                  /* DQ_DTYPE_COUNT: the default of each type */
    uint64_t max_shard;                   /* bytes; 0: the default of the container */
    struct dq_share share;                /* the others are written elsewhere; count 0: all */
    bool force;                           /* replace existing files */
    bool skip_existing;                   /* keep existing files that contain the same array */
    bool durable;                         /* files survive a loss of power once they are reported */
    bool strict;                          /* weights that overflow are an error */
    bool apply_scales;                    /* multiply weights by their scale tensors */
    bool dry_run;                         /* open nothing for writing */
    bool stdout_is_taken;                 /* a report goes there, so arrays cannot */
};

enum dq_destination { DQ_TO_FOLDER, DQ_TO_FILE, DQ_TO_STREAM };

enum dq_status {
    DQ_PLANNED,
    DQ_WRITTEN,
    DQ_SKIPPED,
    DQ_FAILED,
    DQ_ELSEWHERE, /* left to the runs of other shares, and not reported */
};

/* One array. If it failed before it was planned, it has no file. */
struct dq_output {
    const struct dq_pick *pick;       /* of its first tensor; NULL: it comes from the metadata */
    const struct dq_layout_array *hf; /* the Hugging Face array that it is, or NULL */
    enum dq_dtype dtype;              /* what is written of it */
    enum dq_status status;
    /* What its weights are to be multiplied by, which is done if there are factors; or NULL. */
    const struct dq_tensor *scale;
    struct dq_scaling scaling; /* factors are owned */
    char *name;                /* in its container, if that is not the name of the tensor; owned */
    size_t name_len;           /* it may contain NUL */
    uint64_t n_bytes;          /* of its data */
    bool is_planned;           /* has a file */
    int code;                  /* DQ_FAILED: an enum dq_err */
    char *reason;              /* DQ_FAILED: the message; owned */
    const char *device;        /* once complete: the device that decoded it, "cuda:0" */
    uint64_t n_overflow;       /* infinite weights that are finite as stored */

    bool
        is_complete; /* for the writer: all of it is written, but not necessarily all of its file */
};

/* The plan of an output. It must stay where it is while it is used. */
struct dq_output_plan {
    struct dq_plan plan;
    struct dq_gather gather; /* for the plan, if it needs one */
};

/* A file, or its part of a stream. Its layout is in the set, under the same index. */
struct dq_output_file {
    char *path;            /* or the name of the stream; owned */
    uint64_t stream_off;   /* offset of the file in a stream, in bytes; 0 for files */
    enum dq_status status; /* DQ_FAILED: its only output has failed */
    struct dq_sink *sink;  /* for the writer, while it is open; owned */
};

struct dq_outputs {
    const struct dq_model *model;
    const struct dq_extract_options *options;
    const struct dq_container *container;
    enum dq_destination destination;
    char *folder;                 /* DQ_TO_FOLDER; owned */
    bool folder_is_given;         /* by the user, as opposed to the default */
    int folder_fd;                /* -1 until dq_outputs_open_folders; owned */
    int manifest_fd;              /* the folder of the manifest, likewise */
    bool folder_cannot_be_synced; /* so that durable files may lose their names */
    int fd;                       /* DQ_TO_STREAM, or -1; owned */
    char gpu[DQ_LABEL_MAX];       /* the engine's first label, kept when it falls back to the CPU */
    struct dq_output *items;
    size_t n;
    struct dq_file_set set;       /* the layout of all files; its arrays are the items */
    struct dq_output_file *files; /* set.n_files of them */
};

/* Plans all outputs. A fault of one tensor marks its output DQ_FAILED; a fault that concerns all is
 * returned as an error. The arguments must outlive the outputs. dq_outputs_finish frees them and
 * closes their descriptors. */
int dq_outputs_init(struct dq_outputs *o, const struct dq_extract_options *options,
    const struct dq_model *m, const struct dq_picks *picks, struct dq_error *e);
void dq_outputs_finish(struct dq_outputs *o);

/* Returns the name of an output for people. */
const char *dq_output_name(const struct dq_output *out);

/* Fails with the text "PATH: tensor 'NAME': ...". Returns code. */
int dq_output_fault(const struct dq_outputs *o, const struct dq_output *out, struct dq_error *e,
    int code, const char *format, ...) DQ_PRINTF(5, 6);

/* Describes the array that an output becomes, and plans how its values are read. The output has not
 * failed. Both are made anew each time, because they are large and a model can have 100,000 tensors. */
void dq_output_describe(
    const struct dq_outputs *o, const struct dq_output *out, struct dq_array *array);
void dq_output_plan(
    const struct dq_outputs *o, const struct dq_output *out, struct dq_output_plan *plan);

/* Returns the file of an output, and the offset of its data in that file or in the stream; NULL and 0 if
 * it has none. */
struct dq_output_file *dq_output_file(const struct dq_outputs *o, const struct dq_output *out);
uint64_t dq_output_offset(const struct dq_outputs *o, const struct dq_output *out);

/* Returns the path of the only file of a container in the output folder, which the caller frees with
 * dq_mem_free; NULL if memory is short. */
char *dq_output_only_path(const struct dq_outputs *o);

/* Marks a file and its outputs, except those that have failed. */
void dq_outputs_mark(struct dq_outputs *o, size_t file, enum dq_status status);

/* Marks an output DQ_FAILED; reason is copied. Returns 0, or DQ_ERR_MEMORY. */
int dq_output_fail(struct dq_output *out, int code, const char *reason, struct dq_error *e);

/* Marks what options->share leaves to other runs DQ_ELSEWHERE. What has failed in a file that others
 * share has failed in every share. */
int dq_outputs_keep_share(struct dq_outputs *o, struct dq_error *e);

/* Returns how many outputs are not DQ_ELSEWHERE. */
static inline size_t dq_outputs_count(const struct dq_outputs *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++)
        n += o->items[i].status != DQ_ELSEWHERE;
    return n;
}

/* Returns the total size in bytes of the outputs of a status: of their files (whole_files), or of
 * their data alone. */
uint64_t dq_outputs_bytes(const struct dq_outputs *o, enum dq_status status, bool whole_files);

/* Checks that a container can be what the options ask for, whatever the tensors. DQ_ERR_USAGE. */
int dq_outputs_check_container(
    const struct dq_extract_options *options, const struct dq_container *c, struct dq_error *e);

/* Decides from options->output where the outputs go, and in which container, and opens a stream. */
int dq_outputs_find_destination(struct dq_outputs *o, struct dq_error *e);

/* Opens the folders of the outputs and of the manifest. Creates the output folder and its parents if
 * they do not exist. */
int dq_outputs_open_folders(struct dq_outputs *o, struct dq_error *e);

/* Looks for existing files: with skip_existing, marks them and their outputs DQ_SKIPPED; with force,
 * accepts them; otherwise fails. Marks outputs DQ_FAILED whose file name is too long, or differs from an
 * earlier one only in case. */
int dq_outputs_check_files(struct dq_outputs *o, struct dq_error *e);

/* Checks that the file that another run has meanwhile written under the name of one of ours contains the
 * same arrays. The folder is open. Returns 0, or DQ_ERR_IO with the difference. */
int dq_outputs_check_same(const struct dq_outputs *o, size_t file, struct dq_error *e);

/* Checks that an existing file may be replaced: it must be a regular file, or a link to one, and must
 * not be the model or a link to it. *st is its lstat. Returns 0, DQ_ERR_IO or DQ_ERR_USAGE. */
int dq_outputs_check_replaceable(
    const struct dq_model *m, const char *path, const struct stat *st, struct dq_error *e);

#endif
