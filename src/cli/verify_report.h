/* The report of `verify`: a row for each comparison, and the totals. */
#ifndef DQ_VERIFY_REPORT_H
#define DQ_VERIFY_REPORT_H

#include "cli/report.h"
#include "gguf/gguf.h"
#include "verify/verify.h"

enum { DQ_VERIFY_COLUMNS = 12 };

/* The caller sets self_test, opens and ends `out`, and counts n_checked, n_wrong and n_unusable. All
 * else starts as zero. */
struct dq_verify_report {
    struct dq_report out;
    bool self_test;
    struct dq_column columns[DQ_VERIFY_COLUMNS];
    uint64_t n_weights;
    uint64_t n_mismatches;
    size_t n_checked;  /* tensors, or pairs of type and dtype in the self-test */
    size_t n_wrong;    /* those with mismatches */
    size_t n_unusable; /* tensors that could not be checked */
};

/* What was compared. */
struct dq_verify_subject {
    const struct dq_tensor *tensor; /* NULL in the self-test */
    const struct dq_shard *shard;   /* that holds the tensor, or NULL */
    const struct dq_comparison *c;
    const char *against; /* "cpu", or "ggml" for the built-in weights */
    const char *who;     /* what was checked: "cuda:0", "cuda:0-3" */
};

/* Begins the report and its rows. device describes what is checked. */
void dq_verify_report_begin(struct dq_verify_report *v, const char *device);

/* Adds a comparison, with everything that helps to find the cause if there are mismatches, and shows it
 * at once. Returns 0, or an error of writing the report. */
int dq_verify_report_add(
    struct dq_verify_report *v, const struct dq_verify_subject *s, struct dq_error *e);

/* Ends the rows and adds the totals, and the speed if the verifier has measured one. rc says how the
 * run ended: after a failure, JSON has the same members, and the table no totals. */
void dq_verify_report_totals(
    struct dq_verify_report *v, const struct dq_verifier *speed, enum dq_dtype dtype, int rc);

#endif
