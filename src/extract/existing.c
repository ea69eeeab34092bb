/* Checks outputs against files that already exist, and against one another. */
#include "base/file.h"
#include "base/mem.h"
#include "base/strmap.h"
#include "base/strvec.h"
#include "extract/output.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Marks a file as failed, and its only output. */
static int fail_file(
    struct dq_outputs *o, size_t file, int code, const char *reason, struct dq_error *e)
{
    o->files[file].status = DQ_FAILED;
    return dq_output_fail(&o->items[o->set.order[o->set.files[file].first]], code, reason, e);
}

/* Marks outputs as failed whose file names differ from an earlier one only in case: some file systems
 * ignore case. */
static int check_case_folding(struct dq_outputs *o, struct dq_error *e)
{
    struct dq_strmap table = {0};
    struct dq_strvec names = {0}; /* the keys of table, which does not copy them */
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->n; i++) {
        struct dq_output *out = &o->items[i];
        struct dq_error why;
        size_t other;
        const struct dq_output_file *file = dq_output_file(o, out);
        if (out->status == DQ_FAILED || !file)
            continue;
        const char *name = dq_file_base(file->path);
        rc = dq_strvec_add(&names, name, strlen(name), e);
        if (rc != 0)
            break;
        char *fold = names.items[names.n - 1];
        for (char *c = fold; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        switch (dq_strmap_add(&table, fold, strlen(fold), i)) {
        case 0:
            break;
        case 1:
            if (out->status == DQ_ELSEWHERE)
                break; /* that run refuses it */
            dq_strmap_find(&table, fold, strlen(fold), &other);
            rc = dq_output_fault(o, out, &why, DQ_ERR_USAGE,
                "some file systems cannot tell its file name from that of tensor '%.200s'",
                dq_output_name(&o->items[other]));
            rc = fail_file(o, o->set.places[i].file, rc, why.text, e);
            break;
        default:
            rc = dq_fail_nomem(e);
        }
    }
    dq_strmap_finish(&table);
    dq_strvec_finish(&names);
    return rc;
}

static bool is_stdout_or_stderr(const struct stat *file)
{
    struct stat st;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fstat(fd, &st) == 0 && dq_file_is_same(&st, file))
            return true;
    }
    return false;
}

int dq_outputs_check_replaceable(
    const struct dq_model *m, const char *path, const struct stat *st, struct dq_error *e)
{
    struct stat target;
    if (S_ISDIR(st->st_mode))
        return dq_fail(e, DQ_ERR_IO, "%s: is a directory", path);
    /* A symbolic link is replaced, not its target; but not one to a device, or to a file that standard
     * output or error goes to. */
    const bool link = S_ISLNK(st->st_mode);
    const bool leads = link && stat(path, &target) == 0;
    if ((!S_ISREG(st->st_mode) && !link) ||
        (leads && (!S_ISREG(target.st_mode) || is_stdout_or_stderr(&target))))
        return dq_fail(e, DQ_ERR_IO, "%s: exists but is not a regular file", path);
    if (dq_model_is_file(m, st) || (leads && dq_model_is_file(m, &target)))
        return dq_fail(e, DQ_ERR_USAGE, "%s: is the model itself", path);
    return 0;
}

/* A sink that compares what would be written with what a file has. */
struct compare_sink {
    struct dq_sink sink;
    int fd;
    const char *path;
    bool differs;
};

static int compare(
    struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    struct compare_sink *s = (struct compare_sink *)sink;
    uint8_t found[4096];
    const uint8_t *wanted = buf;
    int rc = 0;
    while (rc == 0 && len > 0 && !s->differs) {
        const size_t n = len < sizeof found ? len : sizeof found;
        rc = dq_file_pread(s->fd, s->path, found, n, off, e);
        s->differs = rc == 0 && memcmp(wanted, found, n) != 0;
        wanted += n;
        off += n;
        len -= n;
    }
    return rc;
}

/* Compares what an open file has before and between its data with what would be written. */
static int compare_headers(
    const struct dq_outputs *o, size_t file, int fd, bool *differs, struct dq_error *e)
{
    static const struct dq_sink_ops ops = {.put = compare};
    const struct dq_container *c = o->container;
    const struct dq_file_plan *p = &o->set.files[file];
    struct compare_sink s = {{&ops}, fd, o->files[file].path, false};
    int rc = c->begin ? c->begin(&o->set, file, &s.sink, e) : 0;
    for (size_t i = p->first; rc == 0 && c->array && !s.differs && i < p->first + p->n_arrays; i++)
        rc = c->array(&o->set, o->set.order[i], &s.sink, e);
    *differs = s.differs;
    return rc;
}

/* Compares the size and the headers of an existing file with those of one of ours, to detect files that
 * come from other options or another program. name is relative to an open folder. */
static int check_same_file(
    const struct dq_outputs *o, size_t file, int folder, const char *name, struct dq_error *e)
{
    const char *path = o->files[file].path;
    struct stat st;
    bool differs = false;
    if (fstatat(folder, name, &st, 0) != 0)
        return dq_fail_errno(e, "%s", path);
    if (!S_ISREG(st.st_mode))
        return dq_fail(e, DQ_ERR_IO, "%s: exists but is not a regular file", path);
    const bool is_as_long = (uint64_t)st.st_size == o->set.files[file].len;
    if (is_as_long && (o->container->begin || o->container->array)) {
        const int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            return dq_fail_errno(e, "%s", path);
        const int rc = compare_headers(o, file, fd, &differs, e);
        close(fd);
        if (rc != 0)
            return rc;
    }
    if (is_as_long && !differs)
        return 0;
    return dq_fail(e, DQ_ERR_IO, "%s: exists but is not %s (%s differs); %s", path,
        o->container->holds_many ? "this set of arrays" : "this array",
        is_as_long ? "header" : "size",
        o->options->share.count > 0 ? "remove it" : "--force replaces it");
}

int dq_outputs_check_same(const struct dq_outputs *o, size_t file, struct dq_error *e)
{
    return check_same_file(o, file, o->folder_fd, dq_file_base(o->files[file].path), e);
}

/* Whether the name of a file is too long only because that of its only array is. */
static bool is_name_too_long(const struct dq_outputs *o, const char *path)
{
    return !o->container->holds_many && strlen(dq_file_base(path)) > NAME_MAX;
}

static int check_file(struct dq_outputs *o, size_t file, struct dq_error *e)
{
    const char *path = o->files[file].path;
    struct stat st;
    if (lstat(path, &st) != 0) {
        if (is_name_too_long(o, path)) {
            struct dq_error why;
            const size_t first = o->set.order[o->set.files[file].first];
            const int code = dq_output_fault(o, &o->items[first], &why, DQ_ERR_IO,
                "its file name is longer than file systems allow; use --output FILE");
            return fail_file(o, file, code, why.text, e);
        }
        return errno == ENOENT || errno == ENOTDIR ? 0 : dq_fail_errno(e, "%s", path);
    }
    const int rc = dq_outputs_check_replaceable(o->model, path, &st, e);
    if (rc != 0)
        return rc;
    if (o->options->skip_existing) {
        dq_outputs_mark(o, file, DQ_SKIPPED);
        return check_same_file(o, file, AT_FDCWD, path, e);
    }
    if (!o->options->force)
        return dq_fail(
            e, DQ_ERR_IO, "%s: exists; --force replaces it, --skip-existing leaves it", path);
    return 0;
}

/* Where there is a file that is not a shard, programs load it instead of the shards. */
static int check_rival(const struct dq_outputs *o, struct dq_error *e)
{
    struct stat st;
    const bool has_fixed_name = o->container->default_stem && o->folder;
    if (o->set.n_files <= 1 || !has_fixed_name)
        return 0;
    char *path = dq_output_only_path(o);
    if (!path)
        return dq_fail_nomem(e);
    const int rc = lstat(path, &st) != 0
                       ? 0
                       : dq_fail(e, DQ_ERR_IO,
                             "%s: exists, and would be loaded instead of the shards; remove it, or "
                             "name another directory",
                             path);
    dq_mem_free(path);
    return rc;
}

/* Whether a folder has no entries, or does not exist. */
static bool is_empty(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool empty = true;
    if (!dir)
        return errno == ENOENT;
    errno = 0;
    while (empty && (entry = readdir(dir)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    empty = empty && errno == 0;
    closedir(dir);
    return empty;
}

int dq_outputs_check_files(struct dq_outputs *o, struct dq_error *e)
{
    struct stat st;
    if (o->destination == DQ_TO_STREAM)
        return 0;
    if (o->folder && stat(o->folder, &st) == 0 && !S_ISDIR(st.st_mode))
        return dq_fail(e, DQ_ERR_IO, "%s: is not a directory; name one with --output", o->folder);
    /* The link may have come with the model, which is not trusted. */
    if (o->folder && !o->folder_is_given && lstat(o->folder, &st) == 0 && S_ISLNK(st.st_mode))
        return dq_fail(e, DQ_ERR_IO,
            "%s: is a symbolic link; to write to its target, name it with --output", o->folder);
    int rc = o->container->holds_many ? check_rival(o, e) : check_case_folding(o, e);
    bool may_exist = true;
    for (size_t i = 0; rc == 0 && i < o->set.n_files; i++) {
        if (o->files[i].status == DQ_PLANNED &&
            (may_exist || is_name_too_long(o, o->files[i].path)))
            rc = check_file(o, i, e);
        if (i == 0 &&
            o->folder) /* the first file also tells whether there is a fault with the folder */
            may_exist = !is_empty(o->folder);
    }
    return rc;
}
