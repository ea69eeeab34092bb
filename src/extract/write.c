#include "extract/write.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/signals.h"
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* At most this many outputs are so large that they are begun before the others. */
enum { N_LARGE = 4 * DQ_LANES_MAX };

#define NO_OUTPUT SIZE_MAX

/* The items of a run are the large outputs, and then all of them again, of which the large ones are left
 * out: in the order of files and offsets or, if they are written side by side, in turn from each file,
 * since threads that write to the same file wait for one another. */
struct writer {
    struct dq_output_plan *plans; /* a ring: of the items that are not ended */
    size_t n_plans;               /* in the ring */
    size_t n_planned;             /* items */
    struct dq_outputs *outputs;
    struct dq_engine *engine;
    const struct dq_write_events *events;
    bool may_fall_back; /* from a GPU to the CPU */
    size_t n_columns;   /* files that take turns, or 1: all outputs in order */
    size_t n_turns;
    size_t large[N_LARGE];
    size_t n_large;
    uint64_t large_len; /* from how many bytes of data on an output is large */

    /* Held while a file that several outputs share is opened: of file i, lock i modulo their number.
     * Some file systems take as long to reserve its space as to write it. */
    pthread_mutex_t open_locks[DQ_LANES_MAX];
    pthread_mutex_t
        lock; /* protects what follows, counts and flags of outputs and files, and events */
    size_t n_reported; /* outputs */
    bool has_failed;   /* an output that ended the run */
};

static bool is_wanted(const struct dq_output *out)
{
    return out->status == DQ_PLANNED && !out->is_complete;
}

/* The output that is number k of all of them, or NO_OUTPUT if its file has no more. */
static size_t output_at(const struct writer *w, size_t k)
{
    const struct dq_file_set *set = &w->outputs->set;
    if (w->n_columns == 1)
        return set->order[k];
    const struct dq_file_plan *file = &set->files[k % w->n_columns];
    const size_t turn = k / w->n_columns;
    return turn < file->n_arrays ? set->order[file->first + turn] : NO_OUTPUT;
}

static void take_turns(struct writer *w)
{
    const struct dq_file_set *set = &w->outputs->set;
    w->n_columns = set->n_files;
    w->n_turns = 0;
    for (size_t i = 0; i < set->n_files; i++) {
        if (w->n_turns < set->files[i].n_arrays)
            w->n_turns = set->files[i].n_arrays;
    }
}

/* If each thread writes an output of its own, one that has more than its share of the data would hold up
 * the end of the run, unless it is begun first. */
static void find_large(struct writer *w)
{
    const struct dq_outputs *o = w->outputs;
    uint64_t total = 0;
    for (size_t i = 0; i < o->n; i++)
        total = dq_add_sat_u64(total, is_wanted(&o->items[i]) ? o->items[i].n_bytes : 0);
    w->large_len = total / (4 * w->engine->n_lanes) + 1;
    for (size_t k = 0; k < w->n_columns * w->n_turns; k++) {
        const size_t i = output_at(w, k);
        if (i != NO_OUTPUT && is_wanted(&o->items[i]) && o->items[i].n_bytes >= w->large_len)
            w->large[w->n_large++] = i;
    }
}

/* The number of the output that is an item of the run. */
static size_t output_of(const struct writer *w, size_t item)
{
    return item < w->n_large ? w->large[item] : output_at(w, item - w->n_large);
}

static const struct dq_plan *plan(void *arg, size_t item)
{
    struct writer *w = arg;
    const size_t i = output_of(w, item);
    if (i == NO_OUTPUT)
        return NULL;
    const struct dq_output *out = &w->outputs->items[i];
    const bool is_second = w->n_large > 0 && item >= w->n_large && out->n_bytes >= w->large_len;
    if (is_second || !is_wanted(out))
        return NULL;
    struct dq_output_plan *p = &w->plans[w->n_planned++ % w->n_plans];
    dq_output_plan(w->outputs, out, p);
    return &p->plan;
}

/* Opens a file unless it is open, and writes what precedes its data. */
static int open_file(const struct writer *w, size_t i, struct dq_error *e)
{
    const struct dq_outputs *o = w->outputs;
    struct dq_output_file *file = &o->files[i];
    const struct dq_sink_file options = {
        .path = file->path,
        .replace = o->options->force,
        .durable = o->options->durable,
        .len = o->set.files[i].len,
    };
    const bool is_stdout = strcmp(file->path, "-") == 0;
    int rc = 0;
    if (file->sink)
        return 0;
    if (o->destination == DQ_TO_STREAM)
        rc = dq_sink_new_stream(o->fd, is_stdout ? "standard output" : file->path, &file->sink, e);
    else
        rc = dq_sink_new_file(o->folder_fd, &options, &file->sink, e);
    return rc == 0 && o->container->begin ? o->container->begin(&o->set, i, file->sink, e) : rc;
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    struct writer *w = arg;
    const struct dq_outputs *o = w->outputs;
    const size_t i = output_of(w, item);
    struct dq_output_file *file = dq_output_file(o, &o->items[i]);
    if (w->events->begin)
        w->events->begin(w->events->arg, &o->items[i]);
    const size_t number = o->set.places[i].file;
    pthread_mutex_t *lock = &w->open_locks[number % DQ_LANES_MAX];
    if (o->container->holds_many)
        pthread_mutex_lock(lock);
    int rc = open_file(w, number, e);
    if (rc == 0 && o->container->array)
        rc = o->container->array(&o->set, i, file->sink, e);
    if (o->container->holds_many)
        pthread_mutex_unlock(lock);
    *state = file->sink;
    return rc;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct writer *w = arg;
    struct dq_sink *sink = state;
    const struct dq_outputs *o = w->outputs;
    const size_t i = output_of(w, v->item);
    if (v->n_overflow > 0) {
        pthread_mutex_lock(&w->lock);
        o->items[i].n_overflow += v->n_overflow;
        pthread_mutex_unlock(&w->lock);
    }
    if (o->container->data)
        o->container->data(&o->set, i, v->bytes, v->len, v->offset);
    const int rc = sink->ops->put(sink, v->bytes, v->len, o->set.places[i].offset + v->offset, e);
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

/* Completes an output whose data has been written. */
static int complete_output(struct writer *w, size_t i, struct dq_sink *sink, struct dq_error *e)
{
    struct dq_outputs *o = w->outputs;
    struct dq_output *out = &o->items[i];
    int rc = check_overflow(w, out, e);
    if (rc == 0 && o->container->array_end)
        rc = o->container->array_end(&o->set, i, sink, e);
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&w->lock);
    out->device = w->engine->n_gpus > 0 ? o->gpu : "cpu";
    out->is_complete = true;
    pthread_mutex_unlock(&w->lock);
    return 0;
}

/* Gives a file its name. */
static int commit(struct writer *w, size_t i, struct dq_error *e)
{
    struct dq_outputs *o = w->outputs;
    struct dq_output_file *file = &o->files[i];
    enum dq_status status = DQ_WRITTEN;
    int rc = file->sink->ops->commit(file->sink, e);
    if (rc != 0 && o->options->skip_existing && dq_sink_file_was_taken(file->sink)) {
        rc = dq_outputs_check_same(o, i, e); /* another run has written it meanwhile */
        status = DQ_SKIPPED;
    }
    if (rc == 0) {
        pthread_mutex_lock(&w->lock);
        dq_outputs_mark(o, i, status);
        pthread_mutex_unlock(&w->lock);
        dq_sink_free(file->sink);
        file->sink = NULL;
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
        if (out->status == DQ_PLANNED && !is_over)
            break;
        if (out->status != DQ_PLANNED && out->status != DQ_ELSEWHERE)
            rc = report_output(w, out, e);
    }
    pthread_mutex_unlock(&w->lock);
    return rc;
}

static int complete(void *arg, size_t item, void *state, struct dq_error *e)
{
    struct writer *w = arg;
    const size_t i = output_of(w, item);
    int rc = complete_output(w, i, state, e);
    if (rc != 0 || w->outputs->container->holds_many)
        return rc;
    rc = commit(w, w->outputs->set.places[i].file, e);
    if (rc == 0) /* signals were deferred while the file was a temporary one */
        rc = dq_signals_check(e);
    return rc == 0 ? report(w, false, e) : rc;
}

/* Removes the files of a set that have their names, after one of them did not get it. With force they
 * have replaced others, which are gone, and stay. */
static void take_back(const struct writer *w)
{
    struct dq_outputs *o = w->outputs;
    for (size_t i = 0; !o->options->force && i < o->set.n_files; i++) {
        const struct dq_output_file *file = &o->files[i];
        const bool has_name =
            file->sink ? dq_sink_file_has_name(file->sink) : file->status == DQ_WRITTEN;
        if (has_name && unlinkat(o->folder_fd, dq_file_base(file->path), 0) == 0)
            dq_outputs_mark(o, i, DQ_PLANNED);
    }
}

/* Removes the old file that leads to the others of a set before any of those is replaced, so that old and
 * new ones are never loaded as one set, whatever ends the run. */
static int remove_old_leader(const struct dq_outputs *o, struct dq_error *e)
{
    struct stat st;
    bool able;
    bool replaces = false;
    for (size_t i = 1; o->options->force && !replaces && i < o->set.n_files; i++) {
        const char *name = dq_file_base(o->files[i].path);
        replaces = fstatat(o->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
    }
    if (!replaces)
        return 0;
    const char *path = o->files[0].path;
    if (unlinkat(o->folder_fd, dq_file_base(path), 0) != 0)
        return errno == ENOENT ? 0 : dq_fail_errno(e, "%s", path);
    if (o->options->durable && dq_file_sync_folder(o->folder_fd, &able) != 0)
        return dq_fail_errno(e, "%s: fsync of its directory", path);
    return 0;
}

/* Completes the files of a set, whose arrays are, and gives them their names: last of all the one that
 * leads to the others. */
static int complete_set(struct writer *w, struct dq_error *e)
{
    struct dq_outputs *o = w->outputs;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->set.n_files; i++) {
        if (o->files[i].status != DQ_PLANNED)
            continue;
        rc = open_file(w, i, e); /* if it is an index */
        if (rc == 0 && o->container->end)
            rc = o->container->end(&o->set, i, o->files[i].sink, e);
        if (rc == 0 && o->files[i].sink->ops->flush)
            rc = o->files[i].sink->ops->flush(o->files[i].sink, e);
    }
    if (rc == 0)
        rc = dq_signals_check(e);
    if (rc == 0)
        rc = remove_old_leader(o, e);
    for (size_t i = o->set.n_files; rc == 0 && i > 0; i--) {
        if (o->files[i - 1].status != DQ_PLANNED)
            continue;
        rc = commit(w, i - 1, e);
        if (rc != 0)
            take_back(w);
    }
    return rc;
}

/* Whether rc ends an output that is written again on the CPU. */
static bool falls_back(const struct writer *w, int rc)
{
    return rc == DQ_ERR_GPU && w->may_fall_back && w->engine->n_gpus > 0;
}

/* Marks the output that ended the run as failed, unless a signal was the reason. */
static void fail(struct writer *w, struct dq_output *out, int rc, const struct dq_error *e)
{
    struct dq_error unused;
    if (w->has_failed || out->status != DQ_PLANNED || rc == DQ_ERR_INTERRUPTED)
        return;
    w->has_failed = true;
    (void)dq_output_fail(out, rc, e->text, &unused);
}

/* Files stay open: other outputs may belong to them, or they are continued on the CPU. */
static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    struct writer *w = arg;
    (void)state;
    if (rc != 0 && !falls_back(w, rc))
        fail(w, &w->outputs->items[output_of(w, item)], rc, e);
    return rc;
}

/* Whether several outputs can be written at once: a thread may have two files open, of which the one is
 * being completed, and completing one takes another descriptor. */
static bool writes_side_by_side(const struct writer *w)
{
    const struct dq_outputs *o = w->outputs;
    size_t n_files = 0; /* that stay open until the end */
    size_t n = 0;
    for (size_t i = 0; o->container->holds_many && i < o->set.n_files; i++)
        n_files += o->files[i].status == DQ_PLANNED;
    for (size_t i = 0; i < o->n; i++)
        n += is_wanted(&o->items[i]);
    return n > 1 && w->engine->n_lanes > 1 && o->destination != DQ_TO_STREAM &&
           dq_file_descriptors_left(o->folder_fd) >= n_files + 4 * w->engine->n_lanes;
}

/* Prepares what is not complete to be written from its start on. Returns how many bytes of data are
 * complete. */
static uint64_t reset(struct writer *w)
{
    struct dq_outputs *o = w->outputs;
    uint64_t complete = 0;
    for (size_t i = 0; i < o->n; i++) {
        struct dq_output *out = &o->items[i];
        if (out->is_complete)
            complete = dq_add_sat_u64(complete, out->n_bytes);
        else if (out->status == DQ_PLANNED)
            out->n_overflow = 0;
    }
    return complete;
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
    w->n_columns = 1;
    w->n_turns = w->outputs->set.n_order;
    if (!in_order) {
        take_turns(w);
        find_large(w);
    }
    return dq_run_chunks(w->engine->lanes, w->engine->n_lanes, 0,
        w->n_large + w->n_columns * w->n_turns, &consumer, e);
}

/* Replaces the GPU by the CPU. */
static int fall_back(struct writer *w, const struct dq_engine_options *options, struct dq_error *e)
{
    char warning[sizeof e->text];
    const uint64_t complete = reset(w);
    snprintf(warning, sizeof warning, "%.900s; continuing on the CPU", e->text);
    if (w->events->warning)
        w->events->warning(w->events->arg, warning);
    if (w->events->restart)
        w->events->restart(w->events->arg, complete);
    return dq_engine_fall_back(w->engine, options, e);
}

/* Removes what is not complete. */
static void close_files(const struct writer *w)
{
    for (size_t i = 0; i < w->outputs->set.n_files; i++) {
        dq_sink_free(w->outputs->files[i].sink);
        w->outputs->files[i].sink = NULL;
    }
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
        .n_plans = o->set.n_order < DQ_RUN_ITEMS_MAX ? o->set.n_order : DQ_RUN_ITEMS_MAX,
    };
    w.plans = dq_mem_alloc((w.n_plans + 1) * sizeof *w.plans);
    if (!w.plans)
        return dq_fail_nomem(e);
    pthread_mutex_init(&w.lock, NULL);
    for (size_t i = 0; i < DQ_LANES_MAX; i++)
        pthread_mutex_init(&w.open_locks[i], NULL);
    snprintf(o->gpu, sizeof o->gpu, "%s", engine->label);
    (void)reset(&w);
    int rc = write_planned(&w, e);
    if (falls_back(&w, rc)) {
        rc = fall_back(&w, engine_options, e);
        if (rc == 0)
            rc = write_planned(&w, e);
    }
    if (rc == 0 && o->container->holds_many)
        rc = complete_set(&w, e);
    close_files(&w);
    if (rc == 0)
        rc = report(&w, true, e);
    else if (rc != DQ_ERR_INTERRUPTED && rc != DQ_ERR_CLOSED)
        (void)report(&w, true, &unused);
    if (rc == 0)
        rc = dq_signals_check(e);
    for (size_t i = 0; i < DQ_LANES_MAX; i++)
        pthread_mutex_destroy(&w.open_locks[i]);
    pthread_mutex_destroy(&w.lock);
    dq_mem_free(w.plans);
    return rc;
}
