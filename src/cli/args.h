/* The command line. Commands are rows of commands.def, options are rows of options.c. */
#ifndef DQ_ARGS_H
#define DQ_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/strvec.h"
#include "cli/msg.h"
#include "engine/engine.h"
#include "reduce/hash.h"
#include "reduce/stats_tensors.h"
#include "select/share.h"
#include "sink/container.h"
#include "type/type.h"

/* How show and stats write numbers; hex is for show only. */
enum dq_text_format { DQ_TEXT_TABLE, DQ_TEXT_CSV, DQ_TEXT_TSV, DQ_TEXT_HEX };

/* What was given on the command line; NULL, 0 or false if it was not, unless noted. The strings belong
 * to argv or to the lists. For src/cli only: other folders have options of their own. */
struct dq_args {
    const char *reference; /* a path */
    const char *model;     /* a path; NULL: see model_arg.h */
    uint64_t offset;       /* in the file, where the model begins */
    struct dq_strvec tensors;
    struct dq_strvec excluded;
    const char *tensors_from;
    bool nul_separated;
    struct dq_share share;
    const char *output;
    const struct dq_container *container;      /* NULL: not given */
    uint64_t max_shard;                        /* bytes; 0: not given */
    enum dq_dtype dtype;                       /* DQ_DTYPE_COUNT: not given */
    const struct dq_hash_algorithm *algorithm; /* NULL: not given */
    const char *check_from;                    /* a file with digests */
    bool no_names;
    enum dq_text_format text_format;
    enum dq_unit unit;                        /* what stats reduces */
    uint32_t percentiles[DQ_PERCENTILES_MAX]; /* in units of 10^-6 percent */
    size_t n_percentiles;
    bool fit;
    bool codes;
    const char *columns; /* figures, separated by commas */
    const char *html;    /* path of a page; NULL: none */
    const char *sort;    /* a figure; after a minus, the least first */
    unsigned top;        /* 0: not given */
    unsigned edge;       /* 0: not given */
    bool full;
    bool blocks;
    bool layout_hf;        /* Hugging Face names and layout */
    bool layout_gguf;      /* compare: the names of the model */
    const char *hf_config; /* a folder */
    const char *map;       /* a file with names of the model and of the reference */
    const char *manifest;
    bool force;
    bool skip_existing;
    bool fsync;
    bool keep_going;
    bool strict;
    bool apply_scales;
    bool dry_run;
    bool meta;
    bool meta_short;
    bool names;
    bool json;
    bool jsonl;
    struct dq_device_choice device;
    const struct dq_cpu *cpu; /* NULL: not given */
    unsigned n_threads;       /* 0: all processors */
    size_t max_memory;        /* bytes; 0: no limit */
    unsigned ulp;
    bool equal;
    double max_nmse;     /* negative: not given */
    double min_snr;      /* NaN: not given */
    double max_abs;      /* negative: not given */
    const char *against; /* a file with an earlier report */
    bool self_test;
    bool values;
    uint64_t types;        /* a bit for each enum dq_type; 0: all */
    unsigned bench_size;   /* millions of weights (2^20) */
    unsigned milliseconds; /* for each number of bench */
    const char *bench_to;  /* a folder for files of bench */
    bool no_sandbox;
    bool help;
    enum dq_verbosity verbosity;
};

/* What a command takes after its options. */
enum dq_operands {
    DQ_OPERANDS_NONE,
    DQ_OPERANDS_MODEL_TENSORS,
    DQ_OPERANDS_REFERENCE_MODEL_TENSORS,
    DQ_OPERANDS_TO_MEASURE, /* a model and tensors, of which the types count */
};

struct dq_command {
    const char *name;
    enum dq_operands operands;
    unsigned bit;                                                 /* in dq_option.commands */
    const char *summary;                                          /* one line */
    int (*check)(const struct dq_args *args, struct dq_error *e); /* may be NULL */
    int (*run)(const struct dq_args *args);
};

/* The commands; the last row has no name. */
extern const struct dq_command dq_commands[];

enum {
#define DQ_COMMAND(name, operands, check, summary) DQ_CMD_NUMBER_##name,
#include "cli/commands.def"
#undef DQ_COMMAND
};

/* A bit for each command. */
enum {
#define DQ_COMMAND(name, operands, check, summary) DQ_CMD_##name = 1 << DQ_CMD_NUMBER_##name,
#include "cli/commands.def"
#undef DQ_COMMAND
};

/* Parses the words of a command, argv[0] being its name. DQ_ERR_USAGE for what is not valid. If it
 * returns 0, dq_args_finish frees the lists; argv must outlive *out. Not thread-safe (getopt). */
int dq_args_parse(const struct dq_command *command, int argc, char **argv, struct dq_args *out,
    struct dq_error *e);
void dq_args_finish(struct dq_args *args);

/* Finds a command by its name. The error suggests similar names. */
int dq_args_command(const char *name, const struct dq_command **out, struct dq_error *e);

/* Prints the help of a command or, if it is NULL, of the program. */
void dq_args_help(const struct dq_command *command, FILE *to);

/* Prints a line of usage for each command. */
void dq_args_usage(FILE *to);

#endif
