/* What extract will write and where, worked out and checked before anything is written. */
#ifndef DQ_OUTPUT_H
#define DQ_OUTPUT_H

#include "cli/args.h"
#include "select/select.h"

enum dq_destination { DQ_TO_FOLDER, DQ_TO_FILE, DQ_TO_STREAM };

enum dq_status { DQ_PLANNED, DQ_WRITTEN, DQ_SKIPPED, DQ_FAILED };

/* One array. */
struct dq_output {
    const struct dq_pick *pick;
    enum dq_dtype dtype;         /* as asked for */
    const char *descr;           /* numpy's name of it; "" if numpy has none */
    uint64_t shape[DQ_DIMS_MAX]; /* outermost first */
    size_t n_shape;
    uint64_t n_bytes;  /* of the data, without a header */
    size_t header_len; /* of what comes before the data */
    uint64_t data_off; /* where in the file or stream the data begins */
    char *path;        /* of the file, or the name of the stream; owned */
    enum dq_status status;
    int code;            /* DQ_FAILED: why */
    char *reason;        /* DQ_FAILED: in words; owned */
    const char *device;  /* DQ_WRITTEN: that decoded it, "cuda:0" */
    uint64_t n_overflow; /* finite weights that became infinite */
};

struct dq_outputs {
    const struct dq_model *model;
    const struct dq_container *container;
    enum dq_destination destination;
    char *folder;      /* DQ_TO_FOLDER; owned */
    bool folder_asked; /* the user named it */
    int folder_fd;     /* open once files are written */
    int fd;            /* DQ_TO_STREAM */
    struct dq_output *items;
    size_t n;
};

/* Works out all outputs. What is wrong with a single tensor is noted with it (DQ_FAILED); what is
 * wrong with the whole is an error. dq_outputs_finish frees them and closes the stream. */
int dq_outputs_init(struct dq_outputs *o, const struct dq_args *args, const struct dq_model *m,
    const struct dq_picks *picks, struct dq_error *e);
void dq_outputs_finish(struct dq_outputs *o);

/* Notes that an output cannot be written, and why. Returns 0, or an error if memory is short. */
int dq_output_fail(struct dq_output *out, int code, const char *words, struct dq_error *e);

/* How many bytes the outputs of a status have in all, with their headers or without. */
uint64_t dq_outputs_bytes(const struct dq_outputs *o, enum dq_status status, bool headers);

/* The plan that reads and decodes an output's weights. */
void dq_output_plan(const struct dq_output *out, struct dq_plan *plan);

/* Looks for files that are in the way: marks them DQ_SKIPPED with --skip-existing, lets them be
 * with
 * --force, else fails. Names that are too long, or that some disks cannot tell from one before, are
 * noted with their outputs (DQ_FAILED). */
int dq_outputs_check_files(struct dq_outputs *o, const struct dq_args *args, struct dq_error *e);

/* Whether what has an output's name by now is the array that would be written: one of another run
 * that was faster. The folder is open. Returns 0 or why not. */
int dq_outputs_check_same(
    const struct dq_outputs *o, const struct dq_output *out, struct dq_error *e);

/* The same for the manifest, if one is asked for: it must be neither the model nor one of the
 * outputs, nor a folder that is made for them. It may replace any file with --force, and an older
 * manifest with --skip-existing. */
int dq_outputs_check_manifest(
    const struct dq_outputs *o, const struct dq_args *args, struct dq_error *e);

/* Whether a file is a manifest: JSON whose first key is "gguf-dq". Its name counts from an open
 * folder. */
bool dq_outputs_is_manifest(int folder, const char *name);

/* Opens the folder that the files come to lie in; makes it, and those above it, if -o names a
 * folder that is not there, and makes that last if durable. */
int dq_outputs_open_folder(struct dq_outputs *o, bool durable, struct dq_error *e);

#endif
