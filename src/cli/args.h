/* The command line: commands and options are rows of tables, from which parsing, --help and the
 * tests of the manual and the completions are made. */
#ifndef DQ_ARGS_H
#define DQ_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/strvec.h"
#include "cli/msg.h"
#include "engine/engine.h"
#include "sink/container.h"
#include "type/type.h"

struct dq_args {
    const char *model; /* a path, or NULL: to be looked for */
    struct dq_strvec tensors;
    struct dq_strvec excluded;
    const char *tensors_from;
    bool nul_separated;
    const char *output;
    const struct dq_container *container; /* NULL: not said */
    enum dq_dtype dtype;                  /* DQ_DTYPE_COUNT: not said */
    const char *manifest;
    bool force;
    bool skip_existing;
    bool fsync;
    bool keep_going;
    bool strict;
    bool dry_run;
    bool meta;
    bool names;
    bool json;
    bool jsonl;
    struct dq_device_choice device;
    const struct dq_cpu *cpu; /* NULL: not said */
    unsigned n_threads;       /* 0: all processors */
    size_t max_memory;        /* bytes; 0: no limit */
    unsigned ulp;
    bool self_test;
    bool values;
    uint64_t types;        /* a bit for each enum dq_type; 0: not said */
    unsigned bench_size;   /* millions of weights (2^20) */
    unsigned milliseconds; /* for each number of bench */
    bool no_sandbox;
    bool help;
    enum dq_verbosity verbosity;
};

/* What a command takes besides its options. */
enum dq_operands {
    DQ_OPERANDS_NONE,
    DQ_OPERANDS_MODEL_TENSORS,
    DQ_OPERANDS_TO_MEASURE, /* a model and tensors, whose types are meant */
};

struct dq_command {
    const char *name;
    enum dq_operands operands;
    unsigned bit;                                                 /* in the sets of options */
    const char *summary;                                          /* one line */
    int (*check)(const struct dq_args *args, struct dq_error *e); /* of its options; may be NULL */
    int (*run)(const struct dq_args *args);
};

/* The commands, ended by a row without a name. */
extern const struct dq_command dq_commands[];

enum {
    DQ_CMD_LIST = 1 << 0,
    DQ_CMD_EXTRACT = 1 << 1,
    DQ_CMD_TYPES = 1 << 2,
    DQ_CMD_VERIFY = 1 << 3,
    DQ_CMD_DEVICES = 1 << 4,
    DQ_CMD_BENCH = 1 << 5,
    DQ_CMD_CHECK = 1 << 6,
};

/* Parses what stands behind the name of a command. dq_args_finish frees the lists. */
int dq_args_parse(const struct dq_command *command, int argc, char **argv, struct dq_args *out,
    struct dq_error *e);
void dq_args_finish(struct dq_args *args);

/* Finds a command by its name; the error names the nearest one. */
int dq_args_command(const char *name, const struct dq_command **out, struct dq_error *e);

/* Prints what --help prints, of one command or (NULL) of all. */
void dq_args_help(const struct dq_command *command, FILE *to);

/* Prints one line of usage for each command. */
void dq_args_usage(FILE *to);

#endif
