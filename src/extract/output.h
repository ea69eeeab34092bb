/* What extract writes and where, worked out and checked before anything is written. */
#ifndef DQ_OUTPUT_H
#define DQ_OUTPUT_H

#include <sys/stat.h>

#include "engine/engine.h"
#include "gguf/gguf.h"
#include "run/plan.h"
#include "select/select.h"
#include "sink/container.h"

/* What a person asks for. All pointers stay the caller's. */
struct dq_extract_options {
    const char *output;   /* a folder, a file, or "-"; NULL: a folder named after the model */
    const char *manifest; /* NULL: none */
    const struct dq_container *container; /* NULL: by the ending of output, or else npy */
    enum dq_dtype dtype;                  /* DQ_DTYPE_COUNT: the default of each type */
    bool force;                           /* replace existing files */
    bool skip_existing;                   /* leave existing files that hold the same array */
    bool durable;                         /* files survive a loss of power once they are reported */
    bool strict;                          /* weights that overflow are an error */
    bool dry_run;                         /* nothing is opened for writing */
    bool stdout_is_taken;                 /* by a report, so arrays cannot go there */
};

enum dq_destination { DQ_TO_FOLDER, DQ_TO_FILE, DQ_TO_STREAM };

enum dq_status { DQ_PLANNED, DQ_WRITTEN, DQ_SKIPPED, DQ_FAILED };

/* One array in a file, or a part of a stream, of its own. Of one that failed before it was planned,
 * only pick, dtype, path, status, code and reason are set. */
struct dq_output {
    const struct dq_pick *pick;
    enum dq_dtype dtype;      /* as asked for */
    struct dq_plan plan;      /* which weights are read and decoded */
    struct dq_array array;    /* what comes out */
    struct dq_file_plan file; /* its file; owned */
    uint64_t stream_off;      /* where that begins in a stream; 0 for files */
    char *path;               /* of the file, or the name of the stream; owned */
    enum dq_status status;
    int code;            /* DQ_FAILED: why */
    char *reason;        /* DQ_FAILED: in words; owned */
    const char *device;  /* DQ_WRITTEN: what decoded it, "cuda:0" */
    uint64_t n_overflow; /* finite weights that became infinite */
};

struct dq_outputs {
    const struct dq_model *model;
    const struct dq_extract_options *options;
    const struct dq_container *container;
    enum dq_destination destination;
    char *folder;           /* DQ_TO_FOLDER; owned */
    bool folder_asked;      /* the user named it */
    int folder_fd;          /* open once files are written, or -1 */
    int manifest_fd;        /* the folder of the manifest, likewise */
    int fd;                 /* DQ_TO_STREAM, or -1 */
    char gpu[DQ_LABEL_MAX]; /* the engine's label, although the GPU may be given up later */
    struct dq_output *items;
    size_t n;
};

/* Works out all outputs. What is wrong with a single tensor is noted in its output (DQ_FAILED); what
 * is wrong with the whole is an error. The arguments must outlive it. dq_outputs_finish frees the
 * outputs and closes what is open. */
int dq_outputs_init(struct dq_outputs *o, const struct dq_extract_options *options,
    const struct dq_model *m, const struct dq_picks *picks, struct dq_error *e);
void dq_outputs_finish(struct dq_outputs *o);

/* Notes that an output cannot be written, and why. Returns 0, or an error if memory is short. */
int dq_output_fail(struct dq_output *out, int code, const char *reason, struct dq_error *e);

/* Returns how many bytes the outputs of a status have in all: their files, or their data alone. */
uint64_t dq_outputs_bytes(const struct dq_outputs *o, enum dq_status status, bool whole_files);

/* Decides from options->output where the outputs go, and opens a stream. */
int dq_outputs_find_destination(struct dq_outputs *o, struct dq_error *e);

/* Opens the folders of the outputs and of the manifest. Makes a folder, and those above it, if -o
 * names one that does not exist. */
int dq_outputs_open_folders(struct dq_outputs *o, struct dq_error *e);

/* Looks for existing files: marks their outputs DQ_SKIPPED with skip_existing, accepts them with
 * force, or else fails. Names that are too long, or that some file systems cannot tell from an
 * earlier one, are noted in their outputs (DQ_FAILED). */
int dq_outputs_check_files(struct dq_outputs *o, struct dq_error *e);

/* Whether the file that has an output's name by now, written by another run meanwhile, is the array
 * that would be written. The folder is open. Returns 0 or why not. */
int dq_outputs_check_same(
    const struct dq_outputs *o, const struct dq_output *out, struct dq_error *e);

/* Whether an existing file may be replaced: a regular file, or a link to one, and not the model. */
int dq_outputs_check_replaceable(
    const struct dq_model *m, const char *path, const struct stat *st, struct dq_error *e);

#endif
