#include "cli/check_report.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/msg.h"
#include "gguf/kv.h"
#include "gguf/tensor.h"

#include <stdio.h>
#include <string.h>

static const char *level_name(enum dq_level level)
{
    return level == DQ_LEVEL_note ? "note" : "error";
}

/* "PATH: ", escaped. */
static void print_path(const char *path)
{
    char escaped[1024];
    dq_escape(path, strlen(path), DQ_ESCAPE_LINE, escaped, sizeof escaped);
    printf("%s: ", escaped);
}

/* "error  PATH: tensor 'NAME': TEXT [RULE]"; without the path if it is that of the model. */
static void print_diagnostic(const struct dq_check_report *r, const struct dq_diagnostic *d)
{
    const struct dq_rule_info *rule = &dq_rules[d->rule];
    char text[DQ_DIAGNOSTIC_TEXT];
    const char *name;
    const char *subject = dq_diagnostic_subject(d, &name);
    if (rule->level == DQ_LEVEL_note && dq_msg_verbosity() == DQ_QUIET)
        return;
    printf("%-6s ", level_name(rule->level));
    if (strcmp(d->path, r->path) != 0)
        print_path(d->path);
    if (subject)
        printf("%s '%s': ", subject, name);
    printf("%s [%s]\n", dq_diagnostic_text(d, text), rule->name);
}

static json_t *diagnostic_json(const struct dq_diagnostic *d)
{
    const struct dq_rule_info *rule = &dq_rules[d->rule];
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s}", "level",
        level_name(rule->level), "rule", rule->name, "tensor",
        d->tensor ? dq_json_text(d->tensor->name, d->tensor->name_len) : json_null(), "key",
        d->kv ? dq_json_text(d->kv->key, d->kv->key_len) : json_null(), "file",
        dq_json_text(d->path, strlen(d->path)), "offset",
        d->offset != DQ_NO_OFFSET ? dq_json_u64(d->offset) : json_null(), "block",
        d->n_blocks > 0 ? dq_json_u64(d->block) : json_null(), "blocks",
        d->n_blocks > 0 ? dq_json_u64(d->n_blocks) : json_null(), "expected", d->expected, "found",
        d->found, "words", rule->summary);
}

static void write_diagnostic(struct dq_check_report *r, const struct dq_diagnostic *d)
{
    if (r->form == DQ_REPORT_TEXT)
        print_diagnostic(r, d);
    else
        dq_json_put(&r->json, NULL, diagnostic_json(d));
}

/* "PATH: sound (2 tensors, values too), 1 note" */
static void print_summary(const struct dq_check_report *r)
{
    if (dq_msg_verbosity() == DQ_QUIET)
        return;
    print_path(r->path);
    if (r->n_errors > 0) {
        printf("%zu error%s", r->n_errors, r->n_errors == 1 ? "" : "s");
    } else {
        printf("sound (%zu tensor%s", r->n_tensors, r->n_tensors == 1 ? "" : "s");
        if (r->values && r->n_read == r->n_tensors)
            printf(", values too");
        else if (r->values)
            printf(", values of %zu", r->n_read);
        putchar(')');
    }
    if (r->n_notes > 0 || r->n_errors > 0)
        printf(", %zu note%s", r->n_notes, r->n_notes == 1 ? "" : "s");
    putchar('\n');
}

static void put_count(struct dq_json *j, const char *key, size_t n)
{
    dq_json_put(j, key, json_integer((json_int_t)n));
}

static void put_summary(struct dq_check_report *r, int rc, const struct dq_error *e)
{
    struct dq_json *j = &r->json;
    const char *verdict = r->n_errors > 0 ? "malformed" : (rc == 0 ? "sound" : "unknown");
    dq_json_end(j);
    put_count(j, "tensors", r->n_tensors);
    put_count(j, "values", r->n_read);
    put_count(j, "errors", r->n_errors);
    put_count(j, "notes", r->n_notes);
    dq_json_put(j, "verdict", json_string(verdict));
    dq_json_put(j, "error", rc != 0 ? dq_json_text(e->text, strlen(e->text)) : json_null());
    dq_json_end(j);
}

void dq_check_report_begin(struct dq_check_report *r)
{
    r->json.file = stdout;
    if (r->form != DQ_REPORT_JSON)
        return;
    dq_json_begin_object(&r->json, NULL);
    dq_json_put(&r->json, "model", dq_json_text(r->path, strlen(r->path)));
    dq_json_begin_list(&r->json, "diagnostics");
}

/* Copies the texts, which live no longer than the call. */
static void keep(struct dq_check_report *r, const struct dq_diagnostic *d)
{
    r->has_last = true;
    r->last = *d;
    r->last_path = dq_mem_strdup(d->path);
    r->last.path = r->last_path;
    r->last.expected = dq_words(r->last_expected, "%s", d->expected);
    r->last.found = dq_words(r->last_found, "%s", d->found);
}

void dq_check_report_add(void *arg, const struct dq_diagnostic *d)
{
    struct dq_check_report *r = arg;
    const enum dq_level level = dq_rules[d->rule].level;
    if (level == DQ_LEVEL_note)
        r->n_notes++;
    else
        r->n_errors++;
    if (level == DQ_LEVEL_file)
        keep(r, d);
    else
        write_diagnostic(r, d);
}

void dq_check_report_drop_subject(struct dq_check_report *r)
{
    r->last.kv = NULL;
    r->last.tensor = NULL;
}

int dq_check_report_end(struct dq_check_report *r, int rc, struct dq_error *e)
{
    if (r->last_path)
        write_diagnostic(r, &r->last);
    else if (rc == 0 && r->has_last)
        rc = dq_fail_nomem(e);
    dq_mem_free(r->last_path);
    r->last_path = NULL;
    if (r->form == DQ_REPORT_JSON)
        put_summary(r, rc, e);
    else if (r->form == DQ_REPORT_TEXT && rc == 0)
        print_summary(r);
    if (rc != 0) {
        fflush(stdout);
        return rc;
    }
    return r->form == DQ_REPORT_TEXT ? dq_file_flush(stdout, NULL, e) : dq_json_finish(&r->json, e);
}
