#include "extract/write.h"

#include "base/signals.h"
#include "run/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct writer {
    struct dq_output_layout layouts[DQ_RUN_ITEMS_MAX]; /* a ring: of the items that are not ended */
    size_t n_planned;
    struct dq_outputs *outputs;
    struct dq_engine *engine;
    const struct dq_write_events *events;
    bool may_fall_back; /* from a GPU to the CPU */
    size_t failed;      /* the output that ended the last run */
    size_t n_reported;  /* outputs */

    /* The stream of an output that a GPU failed on; it skips what it has already written. */
    struct dq_sink *stream;
};

static const struct dq_plan *plan(void *arg, size_t item)
{
    struct writer *w = arg;
    const struct dq_output *out = &w->outputs->items[item];
    if (out->status != DQ_PLANNED)
        return NULL;
    struct dq_output_layout *l = &w->layouts[w->n_planned++ % DQ_RUN_ITEMS_MAX];
    dq_output_lay_out(w->outputs->model, out, l);
    return &l->plan;
}

static int open_sink(
    struct writer *w, const struct dq_output *out, struct dq_sink **sink, struct dq_error *e)
{
    const struct dq_outputs *o = w->outputs;
    const struct dq_sink_file file = {
        .path = out->path,
        .replace = o->options->force,
        .durable = o->options->durable,
        .len = out->file.len,
    };
    if (o->destination != DQ_TO_STREAM)
        return dq_sink_new_file(o->folder_fd, &file, sink, e);
    *sink = w->stream;
    w->stream = NULL;
    if (*sink)
        return 0;
    const bool is_stdout = strcmp(out->path, "-") == 0;
    return dq_sink_new_stream(o->fd, is_stdout ? "standard output" : out->path, sink, e);
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    struct writer *w = arg;
    struct dq_output *out = &w->outputs->items[item];
    const struct dq_container *c = w->outputs->container;
    struct dq_sink *sink = NULL;
    if (w->events->begin)
        w->events->begin(w->events->arg, out);
    out->n_overflow = 0;
    int rc = open_sink(w, out, &sink, e);
    *state = sink;
    if (rc == 0 && c->begin)
        rc = c->begin(&out->file, sink, e);
    return rc == 0 && c->array ? c->array(&out->file, 0, sink, e) : rc;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct writer *w = arg;
    struct dq_sink *sink = state;
    struct dq_output *out = &w->outputs->items[v->item];
    out->n_overflow += v->n_overflow;
    const int rc = sink->ops->put(sink, v->bytes, v->len, out->data_off + v->offset, e);
    if (rc == 0 && w->events->progress)
        w->events->progress(w->events->arg, v->len);
    return rc;
}

static int check_overflow(const struct writer *w, const struct dq_output *out, struct dq_error *e)
{
    char warning[512];
    char overflow[64];
    if (out->n_overflow == 0)
        return 0;
    snprintf(overflow, sizeof overflow, "%" PRIu64 " %s %s", out->n_overflow,
        out->n_overflow == 1 ? "weight overflows" : "weights overflow", dq_dtype_name(out->dtype));
    if (w->outputs->options->strict)
        return dq_tensor_fail(
            w->outputs->model, out->pick->tensor, e, DQ_ERR_MISMATCH, "%s", overflow);
    snprintf(warning, sizeof warning, "tensor '%.256s': %s and became infinite",
        out->pick->tensor->display_name, overflow);
    if (w->events->warning)
        w->events->warning(w->events->arg, warning);
    return 0;
}

/* Completes the file of an output whose data has been written. */
static int commit(struct writer *w, struct dq_output *out, struct dq_sink *sink, struct dq_error *e)
{
    struct dq_outputs *o = w->outputs;
    int rc = check_overflow(w, out, e);
    if (rc == 0 && o->container->end)
        rc = o->container->end(&out->file, sink, e);
    if (rc == 0)
        rc = sink->ops->commit(sink, e);
    if (rc == 0) {
        out->status = DQ_WRITTEN;
        out->device = w->engine->n_gpus > 0 ? o->gpu : "cpu";
    } else if (o->options->skip_existing && dq_sink_file_was_taken(sink)) {
        rc = dq_outputs_check_same(o, out, e); /* another run has written it meanwhile */
        if (rc == 0)
            out->status = DQ_SKIPPED;
    }
    return rc;
}

/* Reports the outputs before n that were not reported yet, including those that failed before they
 * were planned. */
static int report(struct writer *w, size_t n, struct dq_error *e)
{
    int rc = 0;
    for (; rc == 0 && w->n_reported < n; w->n_reported++)
        rc = w->events->end ? w->events->end(w->events->arg, &w->outputs->items[w->n_reported], e)
                            : 0;
    return rc;
}

/* Whether rc ends an output that is written again on the CPU. */
static bool falls_back(const struct writer *w, int rc)
{
    return rc == DQ_ERR_GPU && w->may_fall_back && w->engine->n_gpus > 0;
}

/* Marks the output that ended the run as failed, unless a signal was the reason. */
static void fail(struct writer *w, size_t item, int rc, const struct dq_error *e)
{
    struct dq_error unused;
    if (rc == DQ_ERR_INTERRUPTED)
        return;
    if (dq_output_fail(&w->outputs->items[item], rc, e->text, &unused) == 0)
        report(w, item + 1, &unused);
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    struct writer *w = arg;
    struct dq_sink *sink = state;
    w->failed = item;
    if (falls_back(w, rc) && w->outputs->destination == DQ_TO_STREAM) {
        w->stream = sink;
        return rc;
    }
    if (rc == 0)
        rc = commit(w, &w->outputs->items[item], sink, e);
    dq_sink_free(sink);
    if (rc == 0) /* signals were deferred while the sink existed */
        rc = dq_signals_check(e);
    if (rc == 0)
        return report(w, item + 1, e);
    if (!falls_back(w, rc))
        fail(w, item, rc, e);
    return rc;
}

/* Replaces the GPU by the CPU. */
static int fall_back(struct writer *w, const struct dq_engine_options *options, struct dq_error *e)
{
    char warning[sizeof e->text];
    snprintf(warning, sizeof warning, "%.900s; continuing on the CPU", e->text);
    if (w->events->warning)
        w->events->warning(w->events->arg, warning);
    return dq_engine_fall_back(w->engine, options, e);
}

int dq_write_outputs(struct dq_outputs *o, struct dq_engine *engine,
    const struct dq_engine_options *engine_options, const struct dq_write_events *events,
    struct dq_error *e)
{
    struct writer w = {
        .outputs = o,
        .engine = engine,
        .events = events,
        .may_fall_back = engine_options->device.kind == DQ_DEVICE_AUTO,
    };
    const struct dq_consumer consumer = {
        .in_order = true, .plan = plan, .begin = begin, .consume = consume, .end = end, .arg = &w};
    snprintf(o->gpu, sizeof o->gpu, "%s", engine->label);
    int rc = dq_run_chunks(engine->lanes, engine->n_lanes, 0, o->n, &consumer, e);
    if (falls_back(&w, rc)) {
        rc = fall_back(&w, engine_options, e);
        if (rc == 0)
            rc = dq_run_chunks(engine->lanes, engine->n_lanes, w.failed, o->n, &consumer, e);
        dq_sink_free(w.stream);
    }
    return rc == 0 ? report(&w, o->n, e) : rc;
}
