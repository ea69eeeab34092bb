/* The report of `check`: filled once, written as text, JSON or a line of JSON for each diagnostic
 * while it is being filled, so that a report of any length needs little memory. */
#ifndef DQ_CHECK_REPORT_H
#define DQ_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "gguf/diagnostic.h"

enum dq_report_form { DQ_REPORT_TEXT, DQ_REPORT_JSON, DQ_REPORT_JSONL };

/* The caller sets the fields from form to n_read, all else to zero; n_tensors and n_read any time
 * before the end. */
struct dq_check_report {
    enum dq_report_form form;
    const char *path; /* of the model; not owned */
    bool values;      /* whether the values of tensors are checked */
    size_t n_tensors; /* of the model */
    size_t n_read;    /* tensors whose values were checked */
    struct dq_json json;
    size_t n_errors;
    size_t n_notes;
    /* The diagnostic that ended the reading, which is written last. */
    struct dq_diagnostic last;
    bool has_last;
    char *last_path; /* owned */
    char last_expected[DQ_WORDS_SIZE];
    char last_found[DQ_WORDS_SIZE];
};

void dq_check_report_begin(struct dq_check_report *r);

/* Counts and writes a diagnostic; arg is the report. The emit function of a sink. One that ends the
 * reading is kept: its subject must live until the report ends, or dq_check_report_drop_subject. */
void dq_check_report_add(void *arg, const struct dq_diagnostic *d);
void dq_check_report_drop_subject(struct dq_check_report *r);

/* Ends the report of a check that ended with rc and *e, frees what it kept and flushes standard
 * output. Returns rc, or if that is 0, whether writing the report worked. */
int dq_check_report_end(struct dq_check_report *r, int rc, struct dq_error *e);

#endif
