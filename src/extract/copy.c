#include "extract/copy.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No weights, and no code. */
static const char *const names[] = {
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
    "chat_template.jinja",
    "chat_template.json",
    "preprocessor_config.json",
    "processor_config.json",
    "video_preprocessor_config.json",
};

enum { N_NAMES = sizeof names / sizeof names[0] };
_Static_assert((int)N_NAMES <= (int)DQ_COPIES_MAX, "as many as fit");

/* Checks the path of a copy. *skip: it is left as it is. */
static int check_copy(const struct dq_outputs *o, const char *path, const struct stat *original,
    bool *skip, struct dq_error *e)
{
    struct stat st;
    struct stat target;
    *skip = false;
    if (lstat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : dq_fail_errno(e, "%s", path);
    *skip = o->options->skip_existing ||
            (stat(path, &target) == 0 && dq_file_is_same(&target, original));
    if (*skip)
        return 0;
    if (!o->options->force)
        return dq_fail(
            e, DQ_ERR_IO, "%s: exists; --force replaces it, --skip-existing leaves it", path);
    return dq_outputs_check_replaceable(o->model, path, &st, e);
}

/* Adds a file of a folder, if it exists. */
static int add(struct dq_copies *c, const struct dq_outputs *o, const char *folder,
    const char *name, struct dq_error *e)
{
    struct stat st;
    bool skip;
    char *from = dq_file_join(folder, name);
    char *path = dq_file_join(o->folder, name);
    int rc = from && path ? 0 : dq_fail_nomem(e);
    if (rc == 0 && stat(from, &st) == 0) {
        int fd = -1;
        uint64_t len = (uint64_t)st.st_size;
        rc = check_copy(o, path, &st, &skip, e);
        if (rc == 0 && !skip)
            rc = dq_file_open(from, &fd, &len, e);
        if (rc == 0) {
            c->items[c->n].from = from;
            c->items[c->n].fd = fd;
            c->items[c->n].len = len;
            c->items[c->n].path = path;
            c->items[c->n].status = skip ? DQ_SKIPPED : DQ_PLANNED;
            c->n++;
            return 0;
        }
    } else if (rc == 0 && errno != ENOENT) {
        rc = dq_fail_errno(e, "%s", from);
    } else if (rc == 0 && lstat(from, &st) == 0) {
        rc = dq_fail(e, DQ_ERR_IO,
            "%s: is a symbolic link that leads nowhere; fetch the file, or remove the link", from);
    }
    dq_mem_free(from);
    dq_mem_free(path);
    return rc;
}

int dq_copies_init(
    struct dq_copies *c, const struct dq_outputs *o, const char *folder, struct dq_error *e)
{
    int rc = 0;
    c->n = 0;
    for (size_t i = 0; rc == 0 && i < N_NAMES && o->destination == DQ_TO_FOLDER; i++)
        rc = add(c, o, folder, names[i], e);
    if (rc != 0)
        dq_copies_finish(c);
    return rc;
}

void dq_copies_finish(struct dq_copies *c)
{
    while (c->n > 0) {
        c->n--;
        if (c->items[c->n].fd >= 0)
            close(c->items[c->n].fd);
        dq_mem_free(c->items[c->n].from);
        dq_mem_free(c->items[c->n].path);
    }
}

uint64_t dq_copies_bytes(const struct dq_copies *c, enum dq_status status)
{
    uint64_t total = 0;
    for (size_t i = 0; i < c->n; i++)
        total = dq_add_sat_u64(total, c->items[i].status == status ? c->items[i].len : 0);
    return total;
}

static int copy_bytes(
    int fd, const char *name, uint64_t len, struct dq_sink *sink, struct dq_error *e)
{
    uint8_t buffer[1 << 14];
    int rc = 0;
    for (uint64_t off = 0; rc == 0 && off < len; off += sizeof buffer) {
        const size_t n = len - off < sizeof buffer ? (size_t)(len - off) : sizeof buffer;
        rc = dq_file_pread(fd, name, buffer, n, off, e);
        if (rc == 0)
            rc = sink->ops->put(sink, buffer, n, off, e);
    }
    return rc;
}

int dq_copies_write(struct dq_copies *c, const struct dq_outputs *o, struct dq_error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->n && o->n > 0; i++) { /* else there is no folder */
        if (c->items[i].status != DQ_PLANNED)
            continue;
        const struct dq_sink_file file = {
            .path = c->items[i].path,
            .replace = o->options->force,
            .durable = o->options->durable,
            .len = c->items[i].len,
        };
        struct dq_sink *sink = NULL;
        rc = dq_sink_new_file(o->folder_fd, &file, &sink, e);
        if (rc == 0)
            rc = copy_bytes(c->items[i].fd, c->items[i].from, c->items[i].len, sink, e);
        if (rc == 0)
            rc = sink->ops->commit(sink, e);
        if (rc == 0) {
            c->items[i].status = DQ_WRITTEN;
            rc = dq_signals_check(e); /* deferred while the file was a temporary one */
        }
        dq_sink_free(sink);
    }
    return rc;
}
