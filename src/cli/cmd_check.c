#include "cli/cmd.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/confine.h"
#include "cli/model_arg.h"
#include "cli/progress.h"
#include "reduce/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_WORDS = 1024 };

/* All that the parts of one run share. */
struct checking {
    const struct dq_args *args;
    char *path; /* of the model, as given or found */
    struct dq_model *model;
    struct dq_json json;
    /* What broke the reading, kept until all else is told: as it will be printed, or as JSON. */
    bool broken;
    char *last_line;
    json_t *last_item;
    size_t n_errors;
    size_t n_notes;
    size_t n_read; /* tensors whose weights were looked at */
};

static const char *level_words(enum dq_level level)
{
    return level == DQ_LEVEL_note ? "note" : "error";
}

/* "error  NAME: what is wrong (offset N; expected X, found Y) [rule]" */
static void print_finding(FILE *to, const struct checking *c, const struct dq_diagnostic *f)
{
    const struct dq_rule_info *rule = &dq_rules[f->rule];
    const char *name = f->tensor ? f->tensor->display_name : (f->kv ? f->kv->display_name : NULL);
    const char *comma = "";
    fprintf(to, "%-6s ", level_words(rule->level));
    if (name)
        fprintf(to, "%s: ", name[0] ? name : "\"\"");
    fprintf(to, "%s (", rule->words);
    if (f->offset != DQ_NO_OFFSET) {
        fprintf(to, "offset %" PRIu64, f->offset);
        comma = ", ";
    }
    if (strcmp(f->path, c->path) != 0) {
        char path[PATH_WORDS];
        dq_escape(f->path, strlen(f->path), DQ_ESCAPE_LINE, path, sizeof path);
        fprintf(to, "%sin %s", comma, path);
        comma = ", ";
    }
    if (f->n_blocks > 0) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): blocks are of a tensor */
        const char *what = f->tensor->type->weights == 1 ? "weight" : "block";
        fprintf(to, "%s%s %" PRIu64, comma, what, f->block);
        if (f->n_blocks > 1)
            fprintf(to, " and %" PRIu64 " more", f->n_blocks - 1);
        comma = ", ";
    }
    fprintf(to, "%sexpected %s, found %s) [%s]\n", *comma ? "; " : "", f->expected, f->found,
        rule->name);
}

static json_t *finding_json(const struct dq_diagnostic *f)
{
    const struct dq_rule_info *rule = &dq_rules[f->rule];
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s}", "level",
        level_words(rule->level), "rule", rule->name, "tensor",
        f->tensor ? dq_json_text(f->tensor->name, f->tensor->name_len) : json_null(), "key",
        f->kv ? dq_json_text(f->kv->key, f->kv->key_len) : json_null(), "file",
        dq_json_text(f->path, strlen(f->path)), "offset",
        f->offset != DQ_NO_OFFSET ? dq_json_u64(f->offset) : json_null(), "block",
        f->n_blocks > 0 ? dq_json_u64(f->block) : json_null(), "blocks",
        f->n_blocks > 0 ? dq_json_u64(f->n_blocks) : json_null(), "expected", f->expected, "found",
        f->found, "words", rule->words);
}

/* Keeps what broke the reading for the end: what it is about lives no longer than the call. */
static void keep(struct checking *c, const struct dq_diagnostic *f)
{
    size_t len;
    c->broken = true;
    if (c->args->json || c->args->jsonl) {
        c->last_item = finding_json(f);
        return;
    }
    FILE *line = open_memstream(&c->last_line, &len);
    if (line) {
        print_finding(line, c, f);
        fclose(line);
    }
}

/* The listener of the reader. */
static void emit(void *arg, const struct dq_diagnostic *f)
{
    struct checking *c = arg;
    const enum dq_level level = dq_rules[f->rule].level;
    if (level == DQ_LEVEL_note)
        c->n_notes++;
    else
        c->n_errors++;
    if (level == DQ_LEVEL_file)
        keep(c, f);
    else if (c->args->json || c->args->jsonl)
        dq_json_put(&c->json, NULL, finding_json(f));
    else if (level != DQ_LEVEL_note || dq_msg_verbosity() != DQ_QUIET)
        print_finding(stdout, c, f);
}

static void tell_of_values(const struct checking *c, const struct dq_diagnostic_sink *l,
    const struct dq_tensor *t, const struct dq_scan *v)
{
    const struct dq_nonfinite *bad = &v->first;
    struct dq_diagnostic f = {.path = c->model->shards[t->shard].path,
        .tensor = t,
        .offset = t->offset,
        .expected = "one that is not",
        .found = "nothing but zeros"};
    if (v->n_bad > 0) {
        f.rule = t->type->weights == 1 ? DQ_RULE_value_finite : DQ_RULE_scale_finite;
        f.block = v->first_block;
        f.n_blocks = v->n_bad;
        f.offset = t->offset + f.block * t->type->bytes + bad->off;
        f.expected = "a finite number";
        f.found = DQ_WORDS("%s (0x%0*" PRIx64 ")", bad->is_nan ? "NaN" : "an infinity",
            (int)(2 * bad->len), bad->bits);
        dq_emit(l, &f);
    } else if (v->all_zero) {
        f.rule = DQ_RULE_all_zero;
        dq_emit(l, &f);
    }
}

/* Reads the tensors that can be decoded; what is wrong with the others is told already. */
static int check_values(struct checking *c, const struct dq_diagnostic_sink *l,
    const struct dq_picks *picks, uint8_t *room, struct dq_error *e)
{
    struct dq_progress progress;
    uint64_t total = 0;
    int rc = 0;
    for (size_t i = 0; i < picks->n; i++)
        total += picks->items[i].tensor->n_bytes;
    dq_progress_init(&progress, total);
    for (size_t i = 0; rc == 0 && i < picks->n; i++) {
        const struct dq_tensor *t = picks->items[i].tensor;
        struct dq_scan v;
        if (dq_tensor_usable(c->model, t, true, NULL) != 0)
            continue;
        progress.what = t->display_name;
        rc = dq_scan_tensor(c->model, t, room, dq_progress_add, &progress, &v, e);
        if (rc == 0) {
            tell_of_values(c, l, t, &v);
            c->n_read++;
        }
    }
    dq_progress_finish(&progress);
    return rc;
}

static int check_selected(
    struct checking *c, const struct dq_diagnostic_sink *l, struct dq_error *e)
{
    struct dq_picks picks = {0};
    uint8_t *room = dq_mem_alloc(DQ_SCAN_BUFFER);
    int rc = room ? dq_model_arg_whole_tensors(c->args, c->model, &picks, e) : dq_fail_nomem(e);
    dq_confine(c->args, &(struct dq_sandbox){0});
    if (rc == 0)
        rc = check_values(c, l, &picks, room, e);
    dq_mem_free(room);
    dq_picks_finish(&picks);
    return rc;
}

static int check_model(struct checking *c, const char *from, struct dq_error *e)
{
    const struct dq_diagnostic_sink diag = {emit, c};
    struct dq_error why;
    const int rc = dq_model_examine(&dq_file_store, c->path, &diag, &c->model, &why);
    if (!c->model)
        return dq_fail(e, rc, "%s%s", why.text, from);
    if (!c->args->values) /* for which names may be read from a file */
        dq_confine(c->args, &(struct dq_sandbox){0});
    const int rc_notes = dq_model_lint(c->model, &diag, e);
    if (rc_notes != 0 || rc != 0)
        return rc_notes; /* that the model is malformed is told, and no failure of this command */
    return c->args->values ? check_selected(c, &diag, e) : 0;
}

static void print_summary(const struct checking *c)
{
    char path[PATH_WORDS];
    if (dq_msg_verbosity() == DQ_QUIET)
        return;
    dq_escape(c->path, strlen(c->path), DQ_ESCAPE_LINE, path, sizeof path);
    printf("%s: ", path);
    if (c->n_errors > 0) {
        printf("%zu error%s", c->n_errors, c->n_errors == 1 ? "" : "s");
    } else {
        const size_t n = c->model->n_tensors;
        printf("sound (%zu tensor%s", n, n == 1 ? "" : "s");
        if (c->args->values && c->n_read == n)
            printf(", values too");
        else if (c->args->values)
            printf(", values of %zu", c->n_read);
        putchar(')');
    }
    if (c->n_notes > 0 || c->n_errors > 0)
        printf(", %zu note%s", c->n_notes, c->n_notes == 1 ? "" : "s");
    putchar('\n');
}

/* rc and e: how the run ended. */
static int end_report(struct checking *c, int rc, struct dq_error *e)
{
    if (rc == 0 && c->broken && !c->last_item && !c->last_line)
        rc = dq_fail_nomem(e);
    if (c->last_item)
        dq_json_put(&c->json, NULL, c->last_item);
    if (c->last_line)
        fputs(c->last_line, stdout);
    if (c->args->json) {
        dq_json_end(&c->json);
        dq_json_put(
            &c->json, "tensors", json_integer((json_int_t)(c->model ? c->model->n_tensors : 0)));
        dq_json_put(&c->json, "values", json_integer((json_int_t)c->n_read));
        dq_json_put(&c->json, "errors", json_integer((json_int_t)c->n_errors));
        dq_json_put(&c->json, "notes", json_integer((json_int_t)c->n_notes));
        dq_json_put(&c->json, "verdict",
            json_string(c->n_errors > 0 ? "malformed" : (rc == 0 ? "sound" : "unknown")));
        dq_json_put(
            &c->json, "error", rc != 0 ? dq_json_text(e->text, strlen(e->text)) : json_null());
        dq_json_end(&c->json);
    } else if (!c->args->jsonl && rc == 0) {
        print_summary(c);
    }
    if (rc != 0) {
        fflush(stdout);
        return rc;
    }
    return c->args->json || c->args->jsonl ? dq_json_finish(&c->json, e)
                                           : dq_file_flush(stdout, NULL, e);
}

int dq_cmd_check_check(const struct dq_args *a, struct dq_error *e)
{
    if (!a->values && (a->tensors.n || a->tensors_from || a->excluded.n))
        return dq_fail(
            e, DQ_ERR_USAGE, "tensors are selected for --values; all else is checked whole");
    return 0;
}

int dq_cmd_check(const struct dq_args *args)
{
    struct dq_error e;
    struct checking c = {.args = args, .json = {.file = stdout}};
    const char *from;
    dq_confine(args, &(struct dq_sandbox){.may_read = true});
    int rc = dq_model_arg_path(args, &c.path, &from, &e);
    if (rc == 0) {
        if (args->json) {
            dq_json_begin_object(&c.json, NULL);
            dq_json_put(&c.json, "model", dq_json_text(c.path, strlen(c.path)));
            dq_json_begin_list(&c.json, "diagnostics");
        }
        rc = end_report(&c, check_model(&c, from, &e), &e);
    }
    dq_cmd_report(rc, &e);
    free(c.last_line);
    dq_mem_free(c.path);
    dq_model_free(c.model);
    return rc == 0 && c.n_errors > 0 ? DQ_ERR_MISMATCH : rc;
}
