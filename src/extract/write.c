#include "extract/write.h"

#include "base/file.h"
#include "base/signals.h"
#include "run/run.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* At most this many outputs are so large that they are begun before the others. */
enum { N_LARGE = 4 * DQ_LANES_MAX };

/* The items of a run are the large outputs, and then all outputs again, of which the large ones are
 * left out. */
struct writer {
    struct dq_output_layout layouts[DQ_RUN_ITEMS_MAX]; /* a ring: of the items that are not ended */
    size_t n_planned;
    struct dq_outputs *outputs;
    struct dq_engine *engine;
    const struct dq_write_events *events;
    bool may_fall_back; /* from a GPU to the CPU */
    size_t large[N_LARGE];
    size_t n_large;
    uint64_t large_len; /* from how many bytes of data on an output is large */

    pthread_mutex_t lock; /* protects what follows, the overflows of the outputs, and the events */
    size_t n_reported;    /* outputs */
    bool has_failed;      /* an output that ended the run */

    /* The stream of an output that a GPU failed on; it skips what it has already written. */
    struct dq_sink *stream;
};

/* If each thread writes a file of its own, one that has more than its share of the data would hold up
 * the end of the run, unless it is begun first. */
static void find_large(struct writer *w, uint64_t n_bytes)
{
    w->large_len = n_bytes / (4 * w->engine->n_lanes) + 1;
    w->n_large = 0;
    for (size_t i = 0; i < w->outputs->n; i++) {
        const struct dq_output *out = &w->outputs->items[i];
        if (out->status == DQ_PLANNED && out->n_bytes >= w->large_len)
            w->large[w->n_large++] = i;
    }
}

static struct dq_output *output_of(const struct writer *w, size_t item)
{
    return &w->outputs->items[item < w->n_large ? w->large[item] : item - w->n_large];
}

static const struct dq_plan *plan(void *arg, size_t item)
{
    struct writer *w = arg;
    const struct dq_output *out = output_of(w, item);
    if (out->status != DQ_PLANNED ||
        (w->n_large > 0 && item >= w->n_large && out->n_bytes >= w->large_len))
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
    struct dq_output *out = output_of(w, item);
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
    struct dq_output *out = output_of(w, v->item);
    if (v->n_overflow > 0) {
        pthread_mutex_lock(&w->lock);
        out->n_overflow += v->n_overflow;
        pthread_mutex_unlock(&w->lock);
    }
    const int rc = sink->ops->put(sink, v->bytes, v->len, out->data_off + v->offset, e);
    if (rc == 0 && w->events->progress)
        w->events->progress(w->events->arg, v->len);
    return rc;
}

/* Describes the overflows of an output. */
static void overflow_text(const struct dq_output *out, char *text, size_t size)
{
    snprintf(text, size, "%" PRIu64 " %s %s", out->n_overflow,
        out->n_overflow == 1 ? "weight overflows" : "weights overflow", dq_dtype_name(out->dtype));
}

static int check_overflow(const struct writer *w, const struct dq_output *out, struct dq_error *e)
{
    char overflow[64];
    if (out->n_overflow == 0 || !w->outputs->options->strict)
        return 0;
    overflow_text(out, overflow, sizeof overflow);
    return dq_output_fault(w->outputs, out, e, DQ_ERR_MISMATCH, "%s", overflow);
}

static void warn_overflow(const struct writer *w, const struct dq_output *out)
{
    char warning[512];
    char overflow[64];
    overflow_text(out, overflow, sizeof overflow);
    snprintf(warning, sizeof warning, "tensor '%.256s': %s and became infinite",
        dq_output_name(out), overflow);
    if (w->events->warning)
        w->events->warning(w->events->arg, warning);
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

static int report_output(const struct writer *w, const struct dq_output *out, struct dq_error *e)
{
    if (out->status == DQ_WRITTEN && out->n_overflow > 0)
        warn_overflow(w, out);
    return w->events->end ? w->events->end(w->events->arg, out, e) : 0;
}

/* Reports, in their order, the outputs that were not reported yet, including those that failed before
 * they were planned: up to the first one that is still planned or, after the run, all but those. */
static int report(struct writer *w, bool is_over, struct dq_error *e)
{
    int rc = 0;
    pthread_mutex_lock(&w->lock);
    for (; rc == 0 && w->n_reported < w->outputs->n; w->n_reported++) {
        const struct dq_output *out = &w->outputs->items[w->n_reported];
        if (out->status != DQ_PLANNED)
            rc = report_output(w, out, e);
        else if (!is_over)
            break;
    }
    pthread_mutex_unlock(&w->lock);
    return rc;
}

static int complete(void *arg, size_t item, void *state, struct dq_error *e)
{
    struct writer *w = arg;
    int rc = commit(w, output_of(w, item), state, e);
    if (rc == 0) /* signals were deferred while the file was a temporary one */
        rc = dq_signals_check(e);
    return rc == 0 ? report(w, false, e) : rc;
}

/* Whether rc ends an output that is written again on the CPU. */
static bool falls_back(const struct writer *w, int rc)
{
    return rc == DQ_ERR_GPU && w->may_fall_back && w->engine->n_gpus > 0;
}

/* Marks the output that ended the run as failed, unless a signal or a closed pipe was the reason. */
static void fail(struct writer *w, struct dq_output *out, int rc, const struct dq_error *e)
{
    struct dq_error unused;
    if (w->has_failed || out->status != DQ_PLANNED || rc == DQ_ERR_INTERRUPTED ||
        rc == DQ_ERR_CLOSED)
        return;
    w->has_failed = true;
    (void)dq_output_fail(out, rc, e->text, &unused);
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    struct writer *w = arg;
    struct dq_sink *sink = state;
    if (falls_back(w, rc)) {
        if (w->outputs->destination == DQ_TO_STREAM) {
            w->stream = sink;
            return rc;
        }
    } else if (rc != 0) {
        fail(w, output_of(w, item), rc, e);
    }
    dq_sink_free(sink);
    return rc;
}

/* Whether several files can be written at once: a thread may have two open, of which the one is being
 * completed, and completing one takes another descriptor. */
static bool writes_side_by_side(const struct writer *w)
{
    const struct dq_outputs *o = w->outputs;
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++)
        n += o->items[i].status == DQ_PLANNED;
    return n > 1 && w->engine->n_lanes > 1 && o->destination == DQ_TO_FOLDER &&
           dq_file_descriptors_left(o->folder_fd) >= 4 * w->engine->n_lanes;
}

/* Writes what is still planned. */
static int write_planned(struct writer *w, struct dq_error *e)
{
    const bool in_order = !writes_side_by_side(w);
    const struct dq_consumer consumer = {.in_order = in_order,
        .plan = plan,
        .begin = begin,
        .consume = consume,
        .complete = complete,
        .end = end,
        .arg = w};
    w->n_large = 0;
    if (!in_order)
        find_large(w, dq_outputs_bytes(w->outputs, DQ_PLANNED, false));
    return dq_run_chunks(
        w->engine->lanes, w->engine->n_lanes, 0, w->n_large + w->outputs->n, &consumer, e);
}

/* Replaces the GPU by the CPU. */
static int fall_back(struct writer *w, const struct dq_engine_options *options, struct dq_error *e)
{
    char warning[sizeof e->text];
    snprintf(warning, sizeof warning, "%.900s; continuing on the CPU", e->text);
    if (w->events->warning)
        w->events->warning(w->events->arg, warning);
    if (w->events->restart)
        w->events->restart(w->events->arg, dq_outputs_bytes(w->outputs, DQ_WRITTEN, false));
    return dq_engine_fall_back(w->engine, options, e);
}

int dq_write_outputs(struct dq_outputs *o, struct dq_engine *engine,
    const struct dq_engine_options *engine_options, const struct dq_write_events *events,
    struct dq_error *e)
{
    struct dq_error unused;
    struct writer w = {
        .outputs = o,
        .engine = engine,
        .events = events,
        .may_fall_back = engine_options->device.kind == DQ_DEVICE_AUTO,
    };
    pthread_mutex_init(&w.lock, NULL);
    snprintf(o->gpu, sizeof o->gpu, "%s", engine->label);
    int rc = write_planned(&w, e);
    if (falls_back(&w, rc)) {
        rc = fall_back(&w, engine_options, e);
        if (rc == 0)
            rc = write_planned(&w, e);
        dq_sink_free(w.stream);
    }
    if (rc == 0)
        rc = report(&w, true, e);
    else if (rc != DQ_ERR_INTERRUPTED && rc != DQ_ERR_CLOSED)
        (void)report(&w, true, &unused);
    pthread_mutex_destroy(&w.lock);
    return rc;
}
