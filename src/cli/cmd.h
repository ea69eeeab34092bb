/* The commands: what each does once its command line is parsed. They return a code of errors.def
 * after they have said on stderr what was wrong. */
#ifndef DQ_CMD_H
#define DQ_CMD_H

#include "cli/args.h"

int dq_cmd_list(const struct dq_args *args);
int dq_cmd_extract(const struct dq_args *args);
int dq_cmd_types(const struct dq_args *args);
int dq_cmd_verify(const struct dq_args *args);
int dq_cmd_devices(const struct dq_args *args);
int dq_cmd_bench(const struct dq_args *args);
int dq_cmd_check(const struct dq_args *args);

/* What dq_args_parse asks of a command besides: whether its options go together. */
int dq_cmd_list_check(const struct dq_args *args, struct dq_error *e);
int dq_cmd_extract_check(const struct dq_args *args, struct dq_error *e);
int dq_cmd_verify_check(const struct dq_args *args, struct dq_error *e);
int dq_cmd_bench_check(const struct dq_args *args, struct dq_error *e);
int dq_cmd_check_check(const struct dq_args *args, struct dq_error *e);

/* Says what went wrong, unless there is nothing to say (a closed pipe, a signal). Returns code. */
int dq_cmd_report(int code, const struct dq_error *e);

#endif
