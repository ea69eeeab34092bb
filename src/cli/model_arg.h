/* From the command line to a model and its selected tensors. */
#ifndef DQ_MODEL_ARG_H
#define DQ_MODEL_ARG_H

#include "cli/args.h"
#include "gguf/gguf.h"
#include "select/select.h"

/* Finds the model: the path that was given, the only model of the folder that was given, the one that was
 * named in a cache, else $GGUF_DQ_MODEL, else the only model in the current folder. A split set counts as one model.
 * *out is its path, which the caller frees with dq_mem_free; *from is text for the end of an error that
 * says where the path comes from, or "". */
int dq_model_arg_path(
    const struct dq_args *args, char **out, const char **from, struct dq_error *e);

/* Returns, in *out, what the outputs of the model are called if its file has no name of its own, which the
 * caller frees with dq_mem_free; else NULL. */
int dq_model_arg_output_name(const struct dq_args *args, char **out, struct dq_error *e);

/* Opens the model at path, as dq_model_examine does, where --offset says that it begins. */
int dq_model_arg_examine(const struct dq_args *args, const char *path,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e);

/* Opens the model that dq_model_arg_path has found, and warns if it is incomplete. dq_model_free closes
 * it. */
int dq_model_arg_open_path(const struct dq_args *args, const char *path, const char *from,
    struct dq_model **out, struct dq_error *e);

/* Finds and opens the model. */
int dq_model_arg_open(const struct dq_args *args, struct dq_model **out, struct dq_error *e);

/* Says, if that is wanted, what a command does with how many tensors on which device, and why on that: why is NULL where
 * the default is the CPU for whatever takes longer than decoding. */
void dq_model_arg_say_device(
    const struct dq_model *m, size_t n, const struct dq_engine *engine, const char *why);

/* What --tensors-from lists. */
struct dq_names {
    struct dq_strvec list; /* names, patterns and slices */
    bool has_empty;        /* there is an empty entry that ends in NUL, besides */
};

/* Reads the file of --tensors-from, if there is one. dq_names_finish frees *out, also after an error. */
int dq_names_read(const struct dq_args *args, struct dq_names *out, struct dq_error *e);

/* Reads the lines of a file, "-" being standard input, without those that are empty; or, nul_separated,
 * entries that end in NUL. */
int dq_names_read_file(
    const char *path, bool nul_separated, struct dq_names *out, struct dq_error *e);
void dq_names_finish(struct dq_names *names);

/* More bytes than any name needs, escaped and followed by a slice. */
enum { DQ_NAMES_LINE = 65536 };

/* Reads an entry of such a file without its end and without a CR before a newline, at most DQ_NAMES_LINE bytes. Returns
 * false at the end of the file. */
bool dq_names_read_line(FILE *file, int end, char *line, size_t *len);

/* Selects the tensors of the command line and of names, which have been read before. Warns about
 * exclusions that match nothing. dq_picks_finish frees the picks. */
int dq_model_arg_select(const struct dq_args *args, const struct dq_model *m,
    const struct dq_names *names, struct dq_picks *out, struct dq_error *e);

/* Reads the names, selects, and keeps what --share says. */
int dq_model_arg_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e);

/* As dq_model_arg_tensors, but refuses slices. */
int dq_model_arg_whole_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e);

#endif
