#include "cli/cmd.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/signals.h"
#include "base/stdout.h"
#include "base/text.h"
#include "cli/caveats.h"
#include "cli/confine.h"
#include "cli/layout_arg.h"
#include "cli/model_arg.h"
#include "cli/model_path.h"
#include "cli/progress.h"
#include "cli/unusable.h"
#include "extract/copy.h"
#include "extract/manifest.h"
#include "extract/write.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct extract_command {
    const struct dq_args *args;
    struct dq_extract_options options;
    char *model_name; /* of the options; owned */
    struct dq_model *model;
    struct dq_names names;
    struct dq_picks picks;
    struct dq_layout_arg layout;
    struct dq_copies copies;
    struct dq_outputs outputs;
    struct dq_engine_options engine_options;
    struct dq_engine engine;
    struct dq_progress progress;
    char caveats[DQ_CAVEATS_SIZE];
    bool stdout_closed; /* the reader of the reports has closed the pipe */
    int first_failure;  /* error code of the first tensor that was left out, or 0 */
};

/* Refuses a selection that may need files of the set which are missing, unless those that are there are
 * to be extracted with --keep-going. */
static int check_missing(struct extract_command *x, struct dq_error *e)
{
    if (!x->model->lacks || !x->picks.is_open)
        return 0;
    x->first_failure = DQ_ERR_MALFORMED;
    if (x->args->keep_going)
        return 0;
    return dq_fail(e, DQ_ERR_MALFORMED,
        "nothing was written: %s, so that the selection may not be whole; name the tensors, or "
        "--keep-going extracts those that are there",
        x->model->lacks);
}

/* Prints the tensors that cannot be extracted. Without --keep-going, they end the run before anything
 * is written. */
static int check_unusable(struct extract_command *x, struct dq_error *e)
{
    const struct dq_outputs *o = &x->outputs;
    struct dq_unusable unusable = {.first_failure = x->first_failure};
    for (size_t i = 0; i < o->n; i++) {
        const struct dq_output *out = &o->items[i];
        if (out->status == DQ_FAILED)
            dq_unusable_add(&unusable, x->model, out->pick ? out->pick->tensor : NULL, o->n,
                out->code, out->reason);
    }
    dq_unusable_end(&unusable);
    x->first_failure = unusable.first_failure;
    const size_t n_all = dq_outputs_count(o);
    if (unusable.n > 0 && !x->args->keep_going)
        return dq_fail(e, x->first_failure,
            "nothing was written: %zu of %zu %s cannot be extracted%s", unusable.n, n_all,
            n_all == 1 ? "tensor" : "tensors",
            unusable.n < n_all ? "; --keep-going extracts the others" : "");
    return 0;
}

static void print_planned(
    uint64_t n_bytes, const char *type, const char *text, size_t len, bool is_skipped)
{
    char display_name[1024];
    dq_escape(text, len, DQ_ESCAPE_LINE, display_name, sizeof display_name);
    fprintf(dq_stdout(), "%14" PRIu64 "  %-6s  %s%s\n", n_bytes, type, display_name,
        is_skipped ? "  (exists, skipped)" : "");
}

/* The files, and the arrays in them if there may be several. A stream of arrays has no files. */
static void print_plan(const struct dq_outputs *o, const struct dq_copies *copies)
{
    char size[32];
    char text[PATH_MAX + DQ_NAME_MAX];
    const bool holds_many = o->container->holds_many;
    const bool to_stream = o->destination == DQ_TO_STREAM;
    const uint64_t total =
        dq_add_sat_u64(dq_outputs_bytes(o, DQ_PLANNED, true), dq_copies_bytes(copies, DQ_PLANNED));
    for (size_t i = 0; i < o->set.n_files && !dq_stdout_failed(); i++) {
        const struct dq_file_plan *p = &o->set.files[i];
        const struct dq_output_file *file = &o->files[i];
        const struct dq_output *first = &o->items[o->set.order[p->first]];
        if (file->status == DQ_FAILED || file->status == DQ_ELSEWHERE)
            continue;
        const char *slice = first->pick && first->pick->slice_text ? first->pick->slice_text : "";
        if (to_stream && !holds_many)
            snprintf(text, sizeof text, "%s%s", dq_output_name(first), slice);
        else
            snprintf(text, sizeof text, "%s", file->path);
        print_planned(p->len, holds_many ? "file" : dq_manifest_dtype(o, first), text, strlen(text),
            file->status == DQ_SKIPPED);
        for (size_t k = p->first; holds_many && k < p->first + p->n_arrays; k++) {
            const struct dq_output *out = &o->items[o->set.order[k]];
            struct dq_array a;
            dq_output_describe(o, out, &a);
            print_planned(out->n_bytes, dq_manifest_dtype(o, out), a.name, a.name_len, false);
        }
    }
    for (size_t i = 0; i < copies->n; i++)
        print_planned(copies->items[i].len, "copy", copies->items[i].path,
            strlen(copies->items[i].path), copies->items[i].status == DQ_SKIPPED);
    fprintf(dq_stdout(), "%14" PRIu64 "  total (%s)\n", total, dq_format_bytes(total, size));
}

/* Says what from_pretrained needs besides the arrays. */
static void note_missing_config(const struct extract_command *x)
{
    if (x->args->hf_config && x->outputs.destination == DQ_TO_FILE)
        dq_msg_note("nothing was copied from %s, because --output names a file; name a directory",
            x->args->hf_config);
    if (x->layout.layout && !x->args->hf_config && x->outputs.destination == DQ_TO_FOLDER)
        dq_msg_note(
            "the names are those of %s; from_pretrained also needs config.json and the files "
            "of the tokenizer, which --hf-config DIR copies",
            x->layout.layout->table.class_name);
}

static void print_summary(const struct extract_command *x)
{
    char size[32];
    char in_files[48] = "";
    char display_name[512];
    const struct dq_outputs *o = &x->outputs;
    size_t n = 0;
    const bool is_share = x->args->share.count > 0;
    size_t n_skipped = 0;                                               /* files */
    size_t n_files = 0;                                                 /* the others */
    const char *leading = o->set.n_files > 0 ? o->files[0].path : NULL; /* of those written */
    const uint64_t total = dq_outputs_bytes(o, DQ_WRITTEN, true);
    for (size_t i = 0; i < o->n; i++)
        n += o->items[i].status == DQ_WRITTEN;
    for (size_t i = o->set.n_files; i > 0; i--) {
        if (o->files[i - 1].status == DQ_SKIPPED) {
            n_skipped++;
        } else if (o->files[i - 1].status != DQ_ELSEWHERE) {
            n_files++;
            leading = o->files[i - 1].path;
        }
    }
    if (n_skipped > 0)
        dq_msg_note("%zu existing %s left unchanged", n_skipped, n_skipped == 1 ? "file" : "files");
    if (n == 0 && is_share)
        dq_msg_note("nothing to write in this share");
    if (o->destination == DQ_TO_STREAM || (n == 0 && is_share))
        return;
    const bool is_set = o->container->holds_many && o->set.n_files > 0;
    const bool is_led = is_set && (n_files == 1 || !is_share); /* one file leads to the others */
    const char *place = is_led ? leading : o->folder ? o->folder : x->args->output;
    const bool slash = o->folder && place == o->folder && place[strlen(place) - 1] != '/';
    if (is_set && n_files > 1)
        snprintf(in_files, sizeof in_files, " in %zu files", n_files);
    dq_escape(place, strlen(place), DQ_ESCAPE_LINE, display_name, sizeof display_name);
    dq_msg_note("%zu %s, %s%s, written to %s%s", n, n == 1 ? "tensor" : "tensors",
        dq_format_bytes(total, size), in_files, display_name, slash ? "/" : "");
    if (n > 0)
        dq_caveats_note(x->caveats);
    note_missing_config(x);
}

/* --format writes any format under any name, also where the name says otherwise. */
static void warn_of_name(const struct extract_command *x)
{
    const char *path = x->args->output;
    const struct dq_container *named =
        x->outputs.destination == DQ_TO_FILE ? dq_container_by_extension(path) : NULL;
    if (named && named != x->outputs.container)
        dq_msg_warning("%s: is written as %s, as --format says, not as its name does", path,
            x->outputs.container->name);
}

/* Says how a run that failed goes on where it ended. */
static void note_complete(const struct extract_command *x)
{
    const struct dq_outputs *o = &x->outputs;
    size_t n = 0;
    if (o->destination == DQ_TO_STREAM)
        return;
    for (size_t i = 0; o->files && i < o->set.n_files; i++)
        n += o->files[i].status == DQ_WRITTEN;
    if (n > 0 && x->args->share.count == 0)
        dq_msg_note("%zu of %zu files %s complete; --skip-existing makes only the others", n,
            o->set.n_files, n == 1 ? "is" : "are");
}

static struct dq_manifest_run run_of(const struct extract_command *x)
{
    return (struct dq_manifest_run){x->engine.label, x->engine.why,
        x->args->hf_config && x->args->share.count == 0 ? &x->copies : NULL};
}

/* Prints the report of --json, or the table of --dry-run. failure says why the run failed, or is NULL. */
static int report(const struct extract_command *x, const char *failure, struct dq_error *e)
{
    struct dq_json j = {.file = dq_stdout()};
    const struct dq_manifest_run run = run_of(x);
    if (x->args->json) {
        dq_manifest_put(&j, &x->outputs, &run, failure);
        return dq_json_finish(&j, e);
    }
    if (x->args->dry_run && !x->args->jsonl) {
        print_plan(&x->outputs, &x->copies);
        return dq_stdout_flush(e);
    }
    return 0;
}

/* With --jsonl, prints the line of an output as soon as it is complete. */
static int report_line(
    const struct extract_command *x, const struct dq_output *out, struct dq_error *e)
{
    struct dq_json j = {.file = dq_stdout()};
    if (!x->args->jsonl)
        return 0;
    dq_json_put(&j, NULL, dq_manifest_entry(&x->outputs, out, x->engine.label));
    return dq_json_finish(&j, e);
}

static void begin_output(void *arg, const struct dq_output *out)
{
    struct extract_command *x = arg;
    x->progress.what = dq_output_name(out);
}

static void restart_progress(void *arg, uint64_t n_bytes)
{
    struct extract_command *x = arg;
    x->progress.done = n_bytes;
}

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct extract_command *x = arg;
    dq_progress_add(&x->progress, n_bytes);
}

static void warn(void *arg, const char *text)
{
    (void)arg;
    dq_msg_warning("%s", text);
}

/* A closed report pipe does not stop the run: the files are still written. */
static int end_output(void *arg, const struct dq_output *out, struct dq_error *e)
{
    struct extract_command *x = arg;
    const int rc = x->stdout_closed ? 0 : report_line(x, out, e);
    if (rc != DQ_ERR_CLOSED || x->outputs.destination == DQ_TO_STREAM)
        return rc;
    x->stdout_closed = true;
    return 0;
}

/* From now on files can be created and removed only in the folders of the outputs and the manifest.
 * Only --skip-existing reads files there: those that another run writes meanwhile. */
static void confine(const struct extract_command *x)
{
    struct dq_sandbox s = {.may_read_there = x->options.skip_existing};
    if (x->outputs.folder_fd >= 0)
        s.folders[s.n_folders++] = x->outputs.folder_fd;
    if (x->outputs.manifest_fd >= 0)
        s.folders[s.n_folders++] = x->outputs.manifest_fd;
    dq_confine(x->args, &s);
}

static int write_manifest(const struct extract_command *x, struct dq_error *e)
{
    const struct dq_manifest_run run = run_of(x);
    const int rc = dq_manifest_write(&x->outputs, &run, e);
    return rc == 0 ? dq_signals_check(e) : rc;
}

static int write_all(struct extract_command *x, struct dq_error *e)
{
    const struct dq_write_events events = {
        begin_output, add_progress, restart_progress, warn, end_output, x};
    struct dq_error why;
    int rc = dq_outputs_open_folders(&x->outputs, e);
    confine(x);
    if (rc == 0 && x->outputs.folder_cannot_be_synced)
        dq_msg_warning(
            "--fsync: this file system cannot sync a directory: the files are flushed to "
            "the disk, but a loss of power may lose their names");
    dq_progress_init(&x->progress, dq_outputs_bytes(&x->outputs, DQ_PLANNED, false));
    if (rc == 0)
        rc = dq_write_outputs(&x->outputs, &x->engine, &x->engine_options, &events, e);
    dq_progress_finish(&x->progress);
    if (rc == 0)
        rc = dq_copies_write(&x->copies, &x->outputs, e);
    if (!x->args->manifest || (rc != 0 && rc != DQ_ERR_CLOSED))
        return rc;
    const int rc_manifest = write_manifest(x, &why); /* also if the reader of the arrays is gone */
    return rc_manifest != 0 ? dq_fail(e, rc_manifest, "%s", why.text) : rc;
}

static int open_engine(struct extract_command *x, struct dq_error *e)
{
    const bool is_one_by_one =
        x->outputs.destination == DQ_TO_STREAM || x->outputs.set.n_order <= 1;
    x->engine_options = (struct dq_engine_options){
        .device = x->args->device,
        .cpu = x->args->cpu,
        .n_threads = x->args->n_threads,
        .n_consuming = is_one_by_one ? 0 : dq_engine_threads(x->args->n_threads),
        .gathers = x->layout.layout != NULL,
        .per_lane_extra = x->layout.layout ? DQ_GATHER_LANE_MAX : 0,
        .n_bytes = dq_outputs_bytes(&x->outputs, DQ_PLANNED, false),
        .to_files = x->outputs.destination != DQ_TO_STREAM,
    };
    if (x->args->dry_run) { /* the engine is only named in the report */
        snprintf(x->engine.label, sizeof x->engine.label, "cpu");
        snprintf(x->engine.why, sizeof x->engine.why, "a dry run decodes nothing");
        return 0;
    }
    const int rc = dq_engine_open(&x->engine, &x->engine_options, e);
    if (rc == 0 && x->engine.skipped[0])
        dq_msg_warning("skipped: %s", x->engine.skipped);
    return rc;
}

/* Whether so much may be extracted that a GPU is used. The files of the model are not trusted with the
 * answer, but measured: no type has more weights in a byte of a file than the densest one, and no tensor
 * can be selected twice except by a slice. */
static bool may_use_gpu(const struct extract_command *x, const char *path)
{
    const struct dq_strvec *lists[] = {&x->names.list, &x->args->tensors};
    const struct dq_engine_options options = {.n_threads = x->args->n_threads};
    uint64_t min;
    uint64_t most_times = 1;
    uint64_t most = 0;
    struct dq_error unused;
    if (x->args->dry_run || dq_device_is_cpu(&x->args->device))
        return false;
    if (x->args->device.kind != DQ_DEVICE_AUTO)
        return true;
    if (dq_engine_auto_min(&options, &min, &unused) != 0)
        return false; /* the run will fail */
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        const uint64_t growth =
            1 + dq_types[i].weights * dq_dtype_len(DQ_DTYPE_f32) / dq_types[i].bytes;
        most = growth > most ? growth : most;
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < lists[i]->n; k++)
            most_times += strchr(lists[i]->items[k], '[') != NULL;
    }
    return min != DQ_AUTO_NEVER && dq_model_size_limit(path) >= min / most / most_times;
}

/* Opens the model and plans and checks everything before anything is written. */
static int prepare(struct extract_command *x, struct dq_error *e)
{
    const char *from;
    char *path = NULL;
    int rc = dq_model_arg_path(x->args, &path, &from, e);
    if (rc == 0)
        rc = dq_model_arg_output_name(x->args, &x->model_name, e);
    x->options.model_name = x->model_name;
    if (rc == 0)
        rc = dq_names_read(x->args, &x->names, e);
    if (rc == 0 && !may_use_gpu(x, path))
        dq_confine(x->args, &(struct dq_sandbox){.may_read = true, .may_write = true});
    if (rc == 0)
        rc = dq_model_arg_open_path(x->args, path, from, &x->model, e);
    dq_mem_free(path);
    if (rc == 0)
        rc = dq_model_arg_select(x->args, x->model, &x->names, &x->picks, e);
    if (rc == 0)
        rc = check_missing(x, e);
    if (rc == 0)
        rc = dq_layout_arg_open(x->args, x->model, &x->picks, &x->layout, e);
    x->options.layout = x->layout.layout;
    if (rc == 0)
        rc = dq_outputs_init(&x->outputs, &x->options, x->model, &x->picks, e);
    if (rc == 0)
        rc = dq_outputs_keep_share(&x->outputs, e);
    if (rc == 0)
        rc = dq_outputs_check_files(&x->outputs, e);
    if (rc == 0 && x->args->hf_config && x->args->share.count == 0)
        rc = dq_copies_init(&x->copies, &x->outputs, x->args->hf_config, e);
    if (rc == 0)
        rc = check_unusable(x, e);
    if (rc == 0)
        rc = dq_manifest_check(&x->outputs, &x->copies, e);
    return rc == 0 ? open_engine(x, e) : rc;
}

static int dry_run(struct extract_command *x, struct dq_error *e)
{
    int rc = 0;
    confine(x);
    for (size_t i = 0; rc == 0 && i < x->outputs.n; i++) {
        if (x->outputs.items[i].status != DQ_ELSEWHERE)
            rc = report_line(x, &x->outputs.items[i], e);
    }
    return rc == 0 ? report(x, NULL, e) : rc;
}

/* The report of a run that failed, or its last line: the error alone. */
static void report_failure(const struct extract_command *x, const struct dq_error *e)
{
    struct dq_json j = {.file = dq_stdout()};
    struct dq_error unused;
    if (!x->args->json && !x->args->jsonl)
        return;
    dq_json_begin_row_object(&j, NULL);
    dq_json_put(&j, "error", dq_json_text(e->text, strlen(e->text)));
    dq_json_end(&j);
    (void)dq_json_finish(&j, &unused);
}

static int extract(struct extract_command *x, struct dq_error *e)
{
    struct dq_error unused;
    int rc = prepare(x, e);
    if (rc != 0) {
        if (rc != DQ_ERR_USAGE) /* standard output may be meant for arrays */
            report_failure(x, e);
        return rc;
    }
    dq_caveats_warn(&x->outputs);
    dq_caveats_find(&x->outputs, x->caveats);
    dq_model_arg_say_device(x->model, dq_outputs_count(&x->outputs), &x->engine, x->engine.why);
    if (x->args->dry_run)
        return dry_run(x, e);
    warn_of_name(x);
    rc = write_all(x, e);
    if (rc == 0) {
        print_summary(x);
        return report(x, NULL, e);
    }
    if (rc == DQ_ERR_INTERRUPTED || rc == DQ_ERR_CLOSED)
        return rc;
    if (x->args->json)
        report(x, e->text, &unused); /* what was done before the failure */
    else
        report_failure(x, e);
    return rc;
}

static struct dq_extract_options options_of(const struct dq_args *a)
{
    return (struct dq_extract_options){
        .output = a->output,
        .manifest = a->manifest,
        .container = a->container,
        .dtype = a->dtype,
        .max_shard = a->max_shard,
        .force = a->force,
        .share = a->share,
        .skip_existing = a->skip_existing || a->share.count > 0,
        .durable = a->fsync,
        .strict = a->strict,
        .apply_scales = a->apply_scales,
        .dry_run = a->dry_run,
        .stdout_is_taken = a->json || a->jsonl,
    };
}

int dq_cmd_extract_check(const struct dq_args *a, struct dq_error *e)
{
    const int rc = dq_layout_arg_check(a, e);
    if (rc != 0)
        return rc;
    if (a->force && a->skip_existing)
        return dq_fail(e, DQ_ERR_USAGE, "--force and --skip-existing exclude each other");
    if (a->force && a->share.count > 0)
        return dq_fail(e, DQ_ERR_USAGE,
            "--force and --share exclude each other: a share leaves existing files, so that it can "
            "be run again");
    if (a->manifest && a->share.count > 0)
        return dq_fail(e, DQ_ERR_USAGE,
            "no share knows all outputs; give --manifest to the run that finishes, with "
            "--skip-existing instead of --share");
    if (a->apply_scales && a->dtype == DQ_DTYPE_native)
        return dq_fail(e, DQ_ERR_USAGE, "--apply-scales needs decoded weights, not --dtype native");
    if (a->manifest && strcmp(a->manifest, "-") == 0)
        return dq_fail(
            e, DQ_ERR_USAGE, "the manifest must be a file; for standard output use --json");
    const struct dq_extract_options options = options_of(a);
    return a->container ? dq_outputs_check_container(&options, a->container, e) : 0;
}

int dq_cmd_extract(const struct dq_args *args)
{
    struct dq_error e;
    struct extract_command x = {
        .args = args,
        .options = options_of(args),
        .outputs = {.folder_fd = -1, .manifest_fd = -1, .fd = -1},
    };
    int rc = extract(&x, &e);
    dq_msg_failure(rc, &e);
    if (rc == DQ_ERR_IO || rc == DQ_ERR_INTERRUPTED)
        note_complete(&x);
    dq_engine_close(&x.engine);
    dq_copies_finish(&x.copies);
    dq_outputs_finish(&x.outputs);
    dq_layout_arg_finish(&x.layout);
    dq_picks_finish(&x.picks);
    dq_names_finish(&x.names);
    dq_model_free(x.model);
    dq_mem_free(x.model_name);
    dq_signals_reraise();
    return rc != 0 ? rc : x.first_failure;
}
