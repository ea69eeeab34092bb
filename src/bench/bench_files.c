#include "base/file.h"
#include "base/mem.h"
#include "base/signals.h"
#include "bench/bench.h"
#include "bench/bench_model.h"
#include "extract/write.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_LEN = 256 << 10 }; /* what a thread writes at once: it fits the level 2 cache */

struct files_task {
    const struct dq_bench_files *files;
    uint64_t file_len;
    uint8_t *piece; /* for writers */
    /* For extract. */
    struct dq_engine *engine;
    struct dq_extract_options options;
    const struct dq_model *model;
    struct dq_picks picks;
};

/* What extract -f raw calls the file of tensor i of a dq_bench_model. */
static void name_file(unsigned i, char name[DQ_BENCH_NAME_MAX])
{
    dq_bench_model_name(i, name);
    strcat(name, dq_container_raw.extension);
}

static void remove_files(void *arg)
{
    const struct files_task *t = arg;
    char name[DQ_BENCH_NAME_MAX];
    for (unsigned i = 0; i < t->files->n_threads; i++) {
        name_file(i, name);
        unlinkat(t->files->folder, name, 0);
    }
}

/* Signals are deferred until all files are removed. */
static int time_task(
    const struct dq_task *task, double seconds, struct dq_speed *out, struct dq_error *e)
{
    const struct files_task *t = task->arg;
    int deferrals[DQ_BENCH_THREADS_MAX];
    char name[DQ_BENCH_NAME_MAX];
    unsigned n = 0;
    for (; n < t->files->n_threads; n++) {
        deferrals[n] = dq_signals_defer();
        if (deferrals[n] == DQ_SIGNALS_NONE)
            break;
        name_file(n, name);
        dq_signals_set_tmpfile(deferrals[n], t->files->folder, name);
    }
    int rc = dq_signals_check(e);
    if (rc == 0)
        rc = dq_bench_time(task, seconds, out, e);
    while (n > 0)
        dq_signals_undefer(deferrals[--n]);
    return rc;
}

static uint64_t share_of_thread(const struct dq_bench_files *files)
{
    const uint64_t most = files->n_bytes < DQ_BENCH_FILES ? files->n_bytes : DQ_BENCH_FILES;
    return most / files->n_threads;
}

/* ---- writers ---- */

static int write_file(void *arg, unsigned thread, uint64_t times, struct dq_error *e)
{
    const struct files_task *t = arg;
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    char name[DQ_BENCH_NAME_MAX];
    (void)times;
    name_file(thread, name);
    char *path = dq_file_join(t->files->path, name);
    if (!path)
        return dq_fail_nomem(e);
    const int fd = openat(t->files->folder, name, flags, 0666);
    int rc = fd < 0 ? dq_fail_errno(e, "%s", path) : 0;
    for (uint64_t left = t->file_len; rc == 0 && left > 0;) {
        const size_t len = left < PIECE_LEN ? (size_t)left : PIECE_LEN;
        rc = dq_file_write(fd, path, t->piece, len, e);
        if (rc == 0)
            rc = dq_signals_check(e);
        left -= len;
    }
    if (fd >= 0)
        close(fd);
    dq_mem_free(path);
    return rc;
}

int dq_bench_writers(
    const struct dq_bench_files *files, double seconds, struct dq_speed *out, struct dq_error *e)
{
    struct files_task t = {
        .files = files, .file_len = share_of_thread(files), .piece = dq_mem_alloc(PIECE_LEN)};
    const struct dq_task task = {.run = write_file,
        .undo = remove_files,
        .arg = &t,
        .n_threads = files->n_threads,
        .bytes = t.file_len};
    if (!t.piece)
        return dq_fail_nomem(e);
    memset(t.piece, 1, PIECE_LEN);
    const int rc = time_task(&task, seconds, out, e);
    dq_mem_free(t.piece);
    return rc;
}

/* ---- extract ---- */

static int extract_all(void *arg, unsigned thread, uint64_t times, struct dq_error *e)
{
    struct files_task *t = arg;
    const struct dq_engine_options no_fallback = {.device = {.kind = DQ_DEVICE_CPU}};
    const struct dq_write_events none = {0};
    struct dq_outputs o;
    (void)thread;
    (void)times;
    int rc = dq_outputs_init(&o, &t->options, t->model, &t->picks, e);
    if (rc != 0)
        return rc;
    o.folder_fd = fcntl(t->files->folder, F_DUPFD_CLOEXEC, 0); /* the sandbox lets none be opened */
    rc = o.folder_fd < 0 ? dq_fail_errno(e, "%s", t->files->path)
                         : dq_write_outputs(&o, t->engine, &no_fallback, &none, e);
    dq_outputs_finish(&o);
    return rc;
}

int dq_bench_extract(struct dq_engine *engine, const struct dq_bench_files *files,
    enum dq_type type, enum dq_dtype dtype, double seconds, struct dq_speed *out,
    struct dq_error *e)
{
    const unsigned n = files->n_threads;
    struct dq_bench_model m;
    struct files_task t = {.files = files,
        .engine = engine,
        .options = {.output = files->path, .container = &dq_container_raw, .dtype = dtype},
        .picks = {.items = dq_mem_calloc(n, sizeof *t.picks.items), .n = n}};
    if (!t.picks.items)
        return dq_fail_nomem(e);
    int rc = dq_bench_model_init(&m, type, share_of_thread(files) / dq_dtype_len(dtype), n, e);
    if (rc == 0) {
        for (unsigned i = 0; i < n; i++)
            t.picks.items[i].tensor = &m.tensors[i];
        t.model = &m.model;
        const struct dq_task task = {.run = extract_all,
            .undo = remove_files,
            .arg = &t,
            .n_threads = 1,
            .bytes = n * m.tensors[0].n_weights * dq_dtype_len(dtype)};
        rc = time_task(&task, seconds, out, e);
        dq_bench_model_finish(&m);
    }
    dq_mem_free(t.picks.items);
    return rc;
}
