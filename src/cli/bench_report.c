#include "cli/bench_report.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const limit_names[] = {"fill", "fill", "copy", "transfer out", "write"};
static const char *const way_names[] = {"cache", "memory", "kernel", "end to end", "files"};

#define N_COLUMNS(columns) (sizeof(columns) / sizeof((columns)[0]))

/* The first column of a table indents it. */
static const struct dq_column limit_columns[] = {
    {.heading = ""},
    {.key = "device", .heading = "", .width = -11},
    {.key = "limit", .heading = "", .width = -19},
    {.key = "gbs", .heading = "", .width = 13, .json_digits = 4},
    {.key = "spread", .heading = "", .json_digits = 4},
};

void dq_bench_report_begin_limits(struct dq_report *r)
{
    dq_report_print(r, "limits\n");
    dq_report_begin_rows(r, "limits", limit_columns, N_COLUMNS(limit_columns));
}

int dq_bench_report_limit(struct dq_report *r, const char *device, const char *name,
    struct dq_speed s, struct dq_error *e)
{
    char rate[32];
    char spread[32];
    snprintf(rate, sizeof rate, "%.1f GB/s", s.gbs);
    snprintf(spread, sizeof spread, "+-%.0f%%", 100 * s.spread);
    const struct dq_cell cells[] = {
        dq_cell_null(),
        dq_cell_text(device),
        dq_cell_text(name),
        dq_cell_shown(dq_cell_real(s.gbs), rate),
        dq_cell_shown(dq_cell_real(s.spread), spread),
    };
    dq_report_row(r, cells);
    return dq_report_flush(r, e);
}

static void print_headings(struct dq_report *r, enum dq_dtype dtype,
    const struct dq_bench_column *columns, size_t n_columns)
{
    dq_report_print(r, "\n%s output: GB/s, +- quartiles, share of the limit of that way\n        ",
        dq_dtype_name(dtype));
    for (size_t i = 0; i < n_columns; i++)
        dq_report_print(r, "  %17s", columns[i].device);
    dq_report_print(r, "\n%-8s", "TYPE");
    for (size_t i = 0; i < n_columns; i++)
        dq_report_print(r, "  %17s", way_names[columns[i].way]);
    dq_report_print(r, "\n");
}

/* In the table, a row has the results of all columns of a type, so it is printed piece by piece. */
static const struct dq_column result_columns[] = {
    {.key = "type"},
    {.key = "dtype"},
    {.key = "device"},
    {.key = "way"},
    {.key = "gbs", .json_digits = 4},
    {.key = "spread", .json_digits = 4},
    {.key = "of"},
    {.key = "share", .json_digits = 4},
};

void dq_bench_report_begin_results(struct dq_report *r, enum dq_dtype dtype,
    const struct dq_bench_column *columns, size_t n_columns)
{
    if (n_columns > 0)
        print_headings(r, dtype, columns, n_columns);
    dq_report_begin_rows(r, "results", result_columns, N_COLUMNS(result_columns));
}

int dq_bench_report_result(struct dq_report *r, const struct dq_bench_column *c, enum dq_type type,
    enum dq_dtype dtype, struct dq_speed s, struct dq_error *e)
{
    const double share = s.gbs / c->limit;
    const struct dq_cell cells[] = {
        dq_cell_text(dq_types[type].name),
        dq_cell_text(dq_dtype_name(dtype)),
        dq_cell_text(c->device),
        dq_cell_text(way_names[c->way]),
        dq_cell_real(s.gbs),
        dq_cell_real(s.spread),
        dq_cell_text(limit_names[c->way]),
        dq_cell_real(share),
    };
    dq_report_print(r, "  %6.1f %3.0f%% %4.0f%%", s.gbs, 100 * s.spread, 100 * share);
    if (!dq_report_is_table(r))
        dq_report_row(r, cells);
    return dq_report_flush(r, e);
}

static const struct dq_column model_columns[] = {
    {.heading = ""},
    {.key = "device", .heading = "", .width = -11},
    {.key = "way", .heading = "", .width = -11},
    {.key = "weights"},
    {.key = "seconds", .heading = "", .width = 12, .json_digits = 4},
};

void dq_bench_report_model(struct dq_report *r, const uint64_t n_weights[DQ_TYPE_COUNT],
    const struct dq_bench_column *columns, size_t n_columns)
{
    uint64_t n = 0;
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++)
        n += n_weights[i];
    if (n_columns > 0)
        dq_report_print(r, "\nthe %" PRIu64 " weights of the model would take\n", n);
    dq_report_begin_rows(r, "model", model_columns, N_COLUMNS(model_columns));
    for (size_t i = 0; i < n_columns; i++) {
        const struct dq_bench_column *c = &columns[i];
        char seconds[32];
        if (c->way == DQ_BENCH_CACHED || c->way == DQ_BENCH_KERNEL)
            continue;
        snprintf(seconds, sizeof seconds, "%.3f s", c->seconds);
        const struct dq_cell cells[] = {
            dq_cell_null(),
            dq_cell_text(c->device),
            dq_cell_text(way_names[c->way]),
            dq_cell_u64(n),
            dq_cell_shown(dq_cell_real(c->seconds), seconds),
        };
        dq_report_row(r, cells);
    }
    dq_report_end_rows(r);
}
