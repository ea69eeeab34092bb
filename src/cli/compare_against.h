/* An earlier report of compare as the limit: the file of --against. */
#ifndef DQ_COMPARE_AGAINST_H
#define DQ_COMPARE_AGAINST_H

#include "base/err.h"
#include "base/strmap.h"
#include "reduce/difference.h"

/* How far one tensor, or slice of one, was from its reference. */
struct dq_earlier {
    char *key;  /* its names and slice; owned */
    char *name; /* with the slice; owned */
    double nmse;
    double max_abs;
    uint64_t n_unlike;
    bool is_met; /* it is compared again */
};

/* All zero if no file was given. */
struct dq_compare_against {
    const char *path;
    struct dq_earlier *items; /* owned */
    size_t n;
    size_t n_met;
    struct dq_strmap numbers; /* by key */
};

/* Reads what compare --json wrote. DQ_ERR_MALFORMED if it is something else, DQ_ERR_IO or DQ_ERR_MEMORY.
 * dq_compare_against_finish frees *out, also after an error. */
int dq_compare_against_read(const char *path, struct dq_compare_against *out, struct dq_error *e);
void dq_compare_against_finish(struct dq_compare_against *a);

/* Sets *is_worse to whether a tensor, by its names as in the report and its slice or NULL, is farther from its
 * reference than it was, and prints what is worse: nmse, max_abs, or the number of pairs that differ in NaN or
 * infinity. An nmse that is not defined is infinite if something differs, and else 0. A tensor that the earlier report
 * does not have is not worse. d and nmse_now are of the same weights. DQ_ERR_MEMORY. */
int dq_compare_against_judge(struct dq_compare_against *a, const char *name,
    const char *reference_name, const char *slice, const struct dq_difference *d, double nmse_now,
    bool *is_worse, struct dq_error *e);

#endif
