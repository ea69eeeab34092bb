/* The report of `bench`: three sections, in the order of the functions below. Limits and results are
 * shown at once, because measuring takes long; the functions that add them return 0 or an error of
 * writing the report, which ends the command, because nobody reads the rest. */
#ifndef DQ_BENCH_REPORT_H
#define DQ_BENCH_REPORT_H

#include "bench/bench.h"
#include "cli/report.h"

/* What a column measures; see bench.h. */
enum dq_bench_way {
    DQ_BENCH_CACHED,
    DQ_BENCH_MEMORY,
    DQ_BENCH_KERNEL,
    DQ_BENCH_END_TO_END,
    DQ_BENCH_TO_FILES,
};

struct dq_bench_column {
    enum dq_bench_way way;
    const struct dq_cpu *cpu;
    unsigned n_threads;
    struct dq_bench_gpu *gpu; /* for DQ_BENCH_KERNEL */
    struct dq_engine *engine; /* for DQ_BENCH_END_TO_END and files */
    char device[32];          /* "cpu v4", "cuda:0" */
    double limit;             /* GB/s */
    double seconds;           /* that the weights of the model would take */
};

/* The limits of the machine. The caller ends the rows. */
void dq_bench_report_begin_limits(struct dq_report *r);
int dq_bench_report_limit(struct dq_report *r, const char *device, const char *name,
    struct dq_speed s, struct dq_error *e);

/* The rates of the decoders, with headings unless there are no columns. The caller ends the rows, and
 * prints the type and the end of the line around the results of each type. */
void dq_bench_report_begin_results(struct dq_report *r, enum dq_dtype dtype,
    const struct dq_bench_column *columns, size_t n_columns);
int dq_bench_report_result(struct dq_report *r, const struct dq_bench_column *c, enum dq_type type,
    enum dq_dtype dtype, struct dq_speed s, struct dq_error *e);

/* How long all weights of a model would take, of which there are n_weights of each type: for the columns
 * that measure the way from host memory to host memory, or to files. Without columns the list is empty. */
void dq_bench_report_model(struct dq_report *r, const uint64_t n_weights[DQ_TYPE_COUNT],
    const struct dq_bench_column *columns, size_t n_columns);

#endif
