/* The options, one row each: parsing, --help and the checks of the manual and the completions all use
 * this table. For args.c and args_help.c only. */
#ifndef DQ_OPTIONS_H
#define DQ_OPTIONS_H

#include "cli/args.h"

struct dq_option {
    const char *name;
    char letter;     /* 0: none */
    const char *arg; /* the argument's name in --help; NULL: takes none; "[=NAME]": may take one */
    unsigned commands; /* bits of the commands that have the option */
    const char *help;
    int (*set)(struct dq_args *a, const char *value, struct dq_error *e);
};

enum { DQ_OPTIONS_MAX = 80 };

extern const struct dq_option dq_options[];
extern const size_t dq_n_options;

#endif
