#include "cli/cmd.h"

#include "base/file.h"
#include "base/signals.h"
#include "base/text.h"
#include "cli/confine.h"
#include "cli/manifest.h"
#include "cli/model_arg.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "run/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All that the parts of one run share. */
struct extraction {
    const struct dq_args *args;
    struct dq_model *model;
    struct dq_picks picks;
    struct dq_outputs outputs;
    struct dq_engine_options options;
    struct dq_engine engine;
    char gpu[DQ_LABEL_MAX]; /* the engine's label, although it may be given up later */
    struct dq_progress progress;
    int manifest_folder; /* open once files are written */
    bool nobody_reads;   /* standard output */
    int first_failure;   /* of a tensor that was left out */
};

/* Tensors that cannot be used: all are named, and end the run before anything is written, unless
 * --keep-going leaves them out. */
static int check_unusable(struct extraction *x, struct dq_error *e)
{
    enum { MOST_NAMED = 10 };
    size_t n = 0;
    for (size_t i = 0; i < x->outputs.n; i++) {
        const struct dq_output *out = &x->outputs.items[i];
        if (out->status != DQ_FAILED)
            continue;
        if (x->first_failure == 0)
            x->first_failure = out->code;
        if (n++ < MOST_NAMED)
            dq_msg_error("%s", out->reason);
    }
    if (n > MOST_NAMED)
        dq_msg_error("... and %zu more like these", n - MOST_NAMED);
    if (n > 0 && !x->args->keep_going)
        return dq_fail(e, x->first_failure,
            "nothing is written: %zu of %zu %s cannot be extracted%s", n, x->outputs.n,
            x->outputs.n == 1 ? "tensor" : "tensors",
            n < x->outputs.n ? "; --keep-going takes the others" : "");
    return 0;
}

/* Writes the header and the data of one array. */
static int write_array(
    struct extraction *x, struct dq_output *out, struct dq_sink *sink, struct dq_error *e)
{
    uint8_t header[DQ_HEADER_MAX];
    const struct dq_container *c = x->outputs.container;
    struct dq_plan plan;
    const struct dq_job job = {
        .model = x->model,
        .plan = &plan,
        .sink = sink,
        .sink_off = out->header_len,
        .progress = dq_progress_add,
        .arg = &x->progress,
    };
    int rc = 0;
    dq_output_plan(out, &plan);
    if (c->header) {
        c->header(out->descr, out->shape, out->n_shape, header);
        rc = sink->ops->put(sink, header, out->header_len, 0, e);
    }
    return rc != 0 ? rc
                   : dq_pipeline_run(x->engine.lanes, x->engine.n_lanes, &job, &out->n_overflow, e);
}

/* A GPU that nobody asked for may fail: then the tensor is done again on the CPU, and so are the
 * rest. */
static int write_array_somewhere(
    struct extraction *x, struct dq_output *out, struct dq_sink *sink, struct dq_error *e)
{
    const uint64_t done = x->progress.done;
    int rc = write_array(x, out, sink, e);
    if (rc != DQ_ERR_GPU || x->args->device.kind != DQ_DEVICE_AUTO)
        return rc;
    dq_msg_warning("%s; going on with the CPU", e->text);
    rc = dq_engine_fall_back(&x->engine, &x->options, e);
    if (rc != 0)
        return rc;
    x->progress.done = done;
    out->n_overflow = 0;
    return write_array(x, out, sink, e);
}

static int check_overflow(
    const struct extraction *x, const struct dq_output *out, struct dq_error *e)
{
    if (out->n_overflow == 0)
        return 0;
    if (x->args->strict)
        return dq_tensor_fail(x->model, out->pick->tensor, e, DQ_ERR_MISMATCH,
            "%" PRIu64 " weights overflow %s", out->n_overflow, dq_dtype_name(out->dtype));
    dq_msg_warning("tensor '%.256s': %" PRIu64 " weights overflow %s and became infinite",
        out->pick->tensor->display_name, out->n_overflow, dq_dtype_name(out->dtype));
    return 0;
}

static int extract_one(struct extraction *x, struct dq_output *out, struct dq_error *e)
{
    const struct dq_sink_file file = {
        .path = out->path,
        .replace = x->args->force,
        .durable = x->args->fsync,
        .len = out->header_len + out->n_bytes,
    };
    struct dq_sink *sink = NULL;
    int rc;
    x->progress.what = out->pick->tensor->display_name;
    if (x->outputs.destination == DQ_TO_STREAM)
        rc = dq_sink_new_stream(
            x->outputs.fd, strcmp(out->path, "-") == 0 ? "standard output" : out->path, &sink, e);
    else
        rc = dq_sink_new_file(x->outputs.folder_fd, &file, &sink, e);
    if (rc == 0)
        rc = write_array_somewhere(x, out, sink, e);
    if (rc == 0)
        rc = check_overflow(x, out, e);
    if (rc == 0)
        rc = sink->ops->commit(sink, e);
    if (rc == 0) {
        out->status = DQ_WRITTEN;
        out->device = x->engine.n_gpus > 0 ? x->gpu : "cpu";
    } else if (x->args->skip_existing && sink && dq_sink_file_was_taken(sink)) {
        rc = dq_outputs_check_same(&x->outputs, out, e); /* another run was faster */
        if (rc == 0)
            out->status = DQ_SKIPPED;
    }
    dq_sink_free(sink);
    /* As long as there was something to clean up, it was only noted. */
    return rc == 0 ? dq_signals_check(e) : rc;
}

static void print_plan(const struct dq_outputs *o)
{
    char size[32];
    const uint64_t total = dq_outputs_bytes(o, DQ_PLANNED, true);
    for (size_t i = 0; i < o->n; i++) {
        const struct dq_output *out = &o->items[i];
        char display_name[1024];
        if (out->status == DQ_FAILED)
            continue;
        dq_escape(out->path, strlen(out->path), DQ_ESCAPE_LINE, display_name, sizeof display_name);
        printf("%14" PRIu64 "  %-6s  %s%s\n", out->header_len + out->n_bytes,
            dq_manifest_dtype(out), display_name,
            out->status == DQ_SKIPPED ? "  (exists, skipped)" : "");
    }
    printf("%14" PRIu64 "  in all (%s)\n", total, dq_format_bytes(total, size));
}

static int report(struct extraction *x, struct dq_error *e)
{
    struct dq_json j = {.file = stdout};
    if (x->args->json) {
        dq_manifest_put(&j, &x->outputs, x->engine.label, x->engine.why);
        return dq_json_finish(&j, e);
    }
    if (x->args->dry_run && !x->args->jsonl) {
        print_plan(&x->outputs);
        return dq_file_flush(stdout, NULL, e);
    }
    return 0;
}

/* With --jsonl, an output's line is there as soon as the output is. */
static int report_line(struct extraction *x, const struct dq_output *out, struct dq_error *e)
{
    struct dq_json j = {.file = stdout};
    if (!x->args->jsonl || x->nobody_reads)
        return 0;
    dq_json_put(&j, NULL, dq_manifest_entry(&x->outputs, out, x->engine.label));
    return dq_json_finish(&j, e);
}

static void say_done(const struct extraction *x)
{
    char size[32];
    char display_name[512];
    size_t n = 0;
    size_t n_skipped = 0;
    const uint64_t total = dq_outputs_bytes(&x->outputs, DQ_WRITTEN, true);
    for (size_t i = 0; i < x->outputs.n; i++) {
        n += x->outputs.items[i].status == DQ_WRITTEN;
        n_skipped += x->outputs.items[i].status == DQ_SKIPPED;
    }
    if (n_skipped > 0)
        dq_msg_note("%zu %s left as %s", n_skipped,
            n_skipped == 1 ? "file exists and is" : "files exist and are",
            n_skipped == 1 ? "it is" : "they are");
    if (x->outputs.destination == DQ_TO_STREAM)
        return;
    const char *place = x->outputs.folder ? x->outputs.folder : x->args->output;
    const bool slash = x->outputs.folder && place[strlen(place) - 1] != '/';
    dq_escape(place, strlen(place), DQ_ESCAPE_LINE, display_name, sizeof display_name);
    dq_msg_note("%zu %s, %s, written to %s%s", n, n == 1 ? "tensor" : "tensors",
        dq_format_bytes(total, size), display_name, slash ? "/" : "");
}

static int write_manifest(const struct extraction *x, struct dq_error *e)
{
    const struct dq_sink_file file = {
        .path = x->args->manifest,
        .replace = x->args->force ||
                   (x->args->skip_existing &&
                       dq_outputs_is_manifest(x->manifest_folder, dq_file_base(x->args->manifest))),
        .durable = x->args->fsync,
    };
    const int rc = dq_manifest_write(
        x->manifest_folder, &file, &x->outputs, x->engine.label, x->engine.why, e);
    return rc == 0 ? dq_signals_check(e) : rc;
}

/* Opens the folders in which files will come and go. */
static int open_folders(struct extraction *x, struct dq_error *e)
{
    int rc = 0;
    if (x->outputs.destination != DQ_TO_STREAM && x->outputs.n > 0)
        rc = dq_outputs_open_folder(&x->outputs, x->args->fsync, e);
    if (rc == 0 && x->args->manifest)
        rc = dq_manifest_open_folder(x->args->manifest, x->args->fsync, &x->manifest_folder, e);
    return rc;
}

/* From now on files come and go in these folders, and nowhere else. What comes from another run
 * meanwhile is looked at with --skip-existing only. */
static void confine(const struct extraction *x)
{
    struct dq_sandbox s = {.may_read_there = x->args->skip_existing};
    if (x->outputs.folder_fd >= 0)
        s.folders[s.n_folders++] = x->outputs.folder_fd;
    if (x->manifest_folder >= 0)
        s.folders[s.n_folders++] = x->manifest_folder;
    dq_confine(x->args, &s);
}

/* What became of an output that is at fault for the end of the run, so that a report can tell. */
static void note_failure(
    struct extraction *x, struct dq_output *out, int rc, const struct dq_error *e)
{
    struct dq_error unused;
    if (rc == DQ_ERR_INTERRUPTED || rc == DQ_ERR_CLOSED)
        return;
    if (dq_output_fail(out, rc, e->text, &unused) == 0)
        report_line(x, out, &unused);
}

static int write_all(struct extraction *x, struct dq_error *e)
{
    int rc = open_folders(x, e);
    confine(x);
    dq_progress_init(&x->progress, dq_outputs_bytes(&x->outputs, DQ_PLANNED, false));
    for (size_t i = 0; rc == 0 && i < x->outputs.n; i++) {
        struct dq_output *out = &x->outputs.items[i];
        if (out->status == DQ_PLANNED)
            rc = extract_one(x, out, e);
        if (rc == 0)
            rc = report_line(x, out, e);
        else
            note_failure(x, out, rc, e);
        if (rc == DQ_ERR_CLOSED && x->outputs.destination != DQ_TO_STREAM) {
            x->nobody_reads = true; /* the reports; the files are wanted all the same */
            rc = 0;
        }
    }
    dq_progress_finish(&x->progress);
    return rc == 0 && x->args->manifest ? write_manifest(x, e) : rc;
}

static int open_engine(struct extraction *x, struct dq_error *e)
{
    x->options = (struct dq_engine_options){
        .device = x->args->device,
        .cpu = x->args->cpu,
        .n_threads = x->args->n_threads,
        .n_bytes = dq_outputs_bytes(&x->outputs, DQ_PLANNED, false),
    };
    if (x->args->dry_run) { /* needs no engine but for the report */
        snprintf(x->engine.label, sizeof x->engine.label, "cpu");
        snprintf(x->engine.why, sizeof x->engine.why, "a dry run decodes nothing");
        return 0;
    }
    const int rc = dq_engine_open(&x->engine, &x->options, e);
    if (rc == 0 && x->engine.skipped[0])
        dq_msg_warning("skipped: %s", x->engine.skipped);
    snprintf(x->gpu, sizeof x->gpu, "%s", x->engine.label);
    return rc;
}

static int extract(struct extraction *x, struct dq_error *e)
{
    int rc = dq_model_arg_open(x->args, &x->model, e);
    if (rc == 0)
        rc = dq_model_arg_tensors(x->args, x->model, &x->picks, e);
    if (rc == 0)
        rc = dq_outputs_init(&x->outputs, x->args, x->model, &x->picks, e);
    if (rc == 0)
        rc = dq_outputs_check_files(&x->outputs, x->args, e);
    if (rc == 0)
        rc = check_unusable(x, e);
    if (rc == 0)
        rc = dq_outputs_check_manifest(&x->outputs, x->args, e);
    if (rc == 0)
        rc = open_engine(x, e);
    if (rc != 0)
        return rc;
    dq_msg_info("%s: %zu %s, on %s (%s)", x->model->path, x->outputs.n,
        x->outputs.n == 1 ? "tensor" : "tensors", x->engine.label, x->engine.why);
    if (x->args->dry_run)
        confine(x);
    if (!x->args->dry_run) {
        struct dq_error unused;
        rc = write_all(x, e);
        if (rc == 0)
            say_done(x);
        else if (rc != DQ_ERR_INTERRUPTED && rc != DQ_ERR_CLOSED)
            report(x, &unused); /* of what there is */
    } else if (x->args->jsonl) {
        for (size_t i = 0; rc == 0 && i < x->outputs.n; i++)
            rc = report_line(x, &x->outputs.items[i], e);
    }
    return rc == 0 ? report(x, e) : rc;
}

int dq_cmd_extract_check(const struct dq_args *a, struct dq_error *e)
{
    if (a->force && a->skip_existing)
        return dq_fail(e, DQ_ERR_USAGE, "--force and --skip-existing exclude each other");
    if (a->dtype == DQ_DTYPE_bf16 && a->container && a->container->header)
        return dq_fail(e, DQ_ERR_USAGE, "numpy has no type for bf16; use --format raw");
    if (a->manifest && strcmp(a->manifest, "-") == 0)
        return dq_fail(e, DQ_ERR_USAGE,
            "the manifest is a file; for standard output use "
            "--json");
    return 0;
}

int dq_cmd_extract(const struct dq_args *args)
{
    struct dq_error e;
    struct extraction x = {
        .args = args, .outputs = {.folder_fd = -1, .fd = -1}, .manifest_folder = -1};
    if (dq_device_is_cpu(&args->device))
        dq_confine(args, &(struct dq_sandbox){.may_read = true, .may_write = true});
    int rc = extract(&x, &e);
    dq_cmd_report(rc, &e);
    dq_engine_close(&x.engine);
    dq_outputs_finish(&x.outputs);
    if (x.manifest_folder >= 0)
        close(x.manifest_folder);
    dq_picks_finish(&x.picks);
    dq_model_free(x.model);
    dq_signals_reraise();
    return rc != 0 ? rc : x.first_failure;
}
