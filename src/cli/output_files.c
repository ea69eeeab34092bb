#include "cli/output.h"

#include "base/file.h"
#include "base/mem.h"
#include "sink/sink.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files that some disks cannot tell apart, because they fold capitals. */
static int check_folding(struct dq_outputs *o, struct dq_error *e)
{
    struct dq_strmap table = {0};
    struct dq_strvec names = {0}; /* that the table points to */
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->n; i++) {
        struct dq_output *out = &o->items[i];
        const char *name = dq_file_base(out->path);
        struct dq_error why;
        size_t other;
        if (out->status == DQ_FAILED)
            continue;
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
            dq_strmap_find(&table, fold, strlen(fold), &other);
            rc = dq_tensor_fail(o->model, out->pick->tensor, &why, DQ_ERR_USAGE,
                "some disks cannot tell its file name from that of tensor '%.200s'",
                o->items[other].pick->tensor->display_name);
            rc = dq_output_fail(out, rc, why.text, e);
            break;
        default:
            rc = dq_fail_nomem(e);
        }
    }
    dq_strmap_finish(&table);
    dq_strvec_finish(&names);
    return rc;
}

/* Whether a file is this process's standard output or error. */
static bool is_open_here(const struct stat *file)
{
    struct stat st;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fstat(fd, &st) == 0 && dq_file_is_same(&st, file))
            return true;
    }
    return false;
}

/* What is there already may be replaced if it is a file, or a link, and not the model. */
static int check_replaceable(
    const struct dq_model *m, const char *path, const struct stat *st, struct dq_error *e)
{
    struct stat shard;
    struct stat target;
    if (S_ISDIR(st->st_mode))
        return dq_fail(e, DQ_ERR_IO, "%s: is a folder", path);
    /* A link is replaced itself, but not one to a device or to what this process writes to. */
    const bool link = S_ISLNK(st->st_mode);
    if ((!S_ISREG(st->st_mode) && !link) ||
        (link && stat(path, &target) == 0 && (!S_ISREG(target.st_mode) || is_open_here(&target))))
        return dq_fail(e, DQ_ERR_IO, "%s: is there and is no file", path);
    for (size_t i = 0; i < m->n_shards; i++) {
        if (fstat(m->shards[i].fd, &shard) == 0 && dq_file_is_same(&shard, st))
            return dq_fail(e, DQ_ERR_USAGE, "%s: is the model itself", path);
    }
    return 0;
}

/* A file that is left as it is must be the array that would be written, as far as its length and
 * header tell: one of another run, or of another program, must not pass for it. Its name counts
 * from an open folder. */
static int check_same_array(const struct dq_outputs *o, const struct dq_output *out, int folder,
    const char *name, struct dq_error *e)
{
    struct stat st;
    uint8_t want[DQ_HEADER_MAX];
    uint8_t got[DQ_HEADER_MAX];
    const char *wrong = NULL;
    if (fstatat(folder, name, &st, 0) != 0)
        return dq_fail_errno(e, "%s", out->path);
    if (!S_ISREG(st.st_mode))
        return dq_fail(e, DQ_ERR_IO, "%s: is there and is no file", out->path);
    if ((uint64_t)st.st_size != out->header_len + out->n_bytes)
        wrong = "its length is another";
    if (!wrong && out->header_len > 0) {
        const int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            return dq_fail_errno(e, "%s", out->path);
        const int rc = dq_file_pread(fd, out->path, got, out->header_len, 0, e);
        close(fd);
        if (rc != 0)
            return rc;
        o->container->header(out->descr, out->shape, out->n_shape, want);
        if (memcmp(want, got, out->header_len) != 0)
            wrong = "its header is another";
    }
    if (!wrong)
        return 0;
    return dq_fail(e, DQ_ERR_IO, "%s: exists and is not this array (%s); --force replaces it",
        out->path, wrong);
}

int dq_outputs_check_same(
    const struct dq_outputs *o, const struct dq_output *out, struct dq_error *e)
{
    return check_same_array(o, out, o->folder_fd, dq_file_base(out->path), e);
}

static int check_file(
    struct dq_outputs *o, struct dq_output *out, const struct dq_args *args, struct dq_error *e)
{
    struct stat st;
    if (lstat(out->path, &st) != 0) {
        if (strlen(dq_file_base(out->path)) > NAME_MAX) {
            struct dq_error why;
            const int code = dq_tensor_fail(o->model, out->pick->tensor, &why, DQ_ERR_IO,
                "its file name is longer than disks allow; use --output FILE");
            return dq_output_fail(out, code, why.text, e);
        }
        return errno == ENOENT || errno == ENOTDIR ? 0 : dq_fail_errno(e, "%s", out->path);
    }
    const int rc = check_replaceable(o->model, out->path, &st, e);
    if (rc != 0)
        return rc;
    if (args->skip_existing) {
        out->status = DQ_SKIPPED;
        return check_same_array(o, out, AT_FDCWD, out->path, e);
    }
    if (!args->force)
        return dq_fail(
            e, DQ_ERR_IO, "%s: exists; --force replaces it, --skip-existing leaves it", out->path);
    return 0;
}

static bool is_same_folder(const char *a, const char *b)
{
    struct stat st_a;
    struct stat st_b;
    if (stat(a, &st_a) == 0 && stat(b, &st_b) == 0)
        return dq_file_is_same(&st_a, &st_b);
    return strcmp(a, b) == 0;
}

/* The manifest's folder is there or will be made, and none of the outputs is written there under
 * its name. */
static int check_manifest_place(
    const struct dq_outputs *o, const char *path, const char *folder, struct dq_error *e)
{
    struct stat st;
    if (o->destination == DQ_TO_STREAM || o->n == 0) {
        if (stat(folder, &st) != 0)
            return dq_fail_errno(e, "%s", path);
        return 0;
    }
    char *other = dq_file_folder(o->items[0].path);
    if (!other)
        return dq_fail_nomem(e);
    const bool same = is_same_folder(folder, other);
    int rc = 0;
    if (!same && stat(folder, &st) != 0)
        rc = dq_fail_errno(e, "%s", path);
    for (size_t i = 0; rc == 0 && same && i < o->n; i++) {
        if (strcasecmp(dq_file_base(o->items[i].path), dq_file_base(path)) == 0)
            rc = dq_fail(e, DQ_ERR_USAGE, "%s: is an array and the manifest at once", path);
    }
    dq_mem_free(other);
    return rc;
}

/* A name that can only be a folder's, or is that of one which will be made for the outputs. */
static int check_manifest_name(
    const struct dq_outputs *o, const char *path, const char *folder, struct dq_error *e)
{
    const char *base = dq_file_base(path);
    bool is_folder = !*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0;
    char *made = dq_mem_strdup(o->folder ? o->folder : "");
    while (made && !is_folder && *dq_file_base(made)) { /* upwards */
        char *above = dq_file_folder(made);
        is_folder = above && strcmp(dq_file_base(made), base) == 0 && is_same_folder(above, folder);
        const bool top = !above || strcmp(above, ".") == 0;
        dq_mem_free(made);
        made = above;
        if (top)
            break;
    }
    const int rc = made ? 0 : dq_fail_nomem(e);
    dq_mem_free(made);
    if (rc == 0 && is_folder)
        return dq_fail(e, DQ_ERR_USAGE, "%s: is a folder, and the manifest is a file", path);
    return rc;
}

bool dq_outputs_is_manifest(int folder, const char *name)
{
    static const char start[] = "{\"gguf-dq\":";
    char bytes[64];
    struct dq_error unused;
    struct stat st;
    const int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t n = 0; /* how much of the start was there */
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        const size_t len = (uint64_t)st.st_size < sizeof bytes ? (size_t)st.st_size : sizeof bytes;
        const bool got = dq_file_pread(fd, name, bytes, len, 0, &unused) == 0;
        for (size_t i = 0; got && i < len && n < strlen(start); i++) {
            if (bytes[i] == start[n])
                n++;
            else if (!strchr(" \t\r\n", bytes[i]) || bytes[i] == '\0')
                break;
        }
    }
    close(fd);
    return n == strlen(start);
}

int dq_outputs_check_manifest(
    const struct dq_outputs *o, const struct dq_args *args, struct dq_error *e)
{
    struct stat st;
    const char *path = args->manifest;
    if (!path)
        return 0;
    char *folder = dq_file_folder(path);
    if (!folder)
        return dq_fail_nomem(e);
    int rc = check_manifest_name(o, path, folder, e);
    if (rc == 0)
        rc = check_manifest_place(o, path, folder, e);
    dq_mem_free(folder);
    if (rc != 0 || lstat(path, &st) != 0)
        return rc;
    rc = check_replaceable(o->model, path, &st, e);
    if (rc != 0 || args->force)
        return rc;
    if (!args->skip_existing)
        return dq_fail(e, DQ_ERR_IO, "%s: exists; --force replaces it", path);
    if (!dq_outputs_is_manifest(AT_FDCWD, path))
        return dq_fail(e, DQ_ERR_IO, "%s: exists and is no manifest; --force replaces it", path);
    return 0;
}

int dq_outputs_check_files(struct dq_outputs *o, const struct dq_args *args, struct dq_error *e)
{
    struct stat st;
    if (o->destination == DQ_TO_STREAM)
        return 0;
    if (o->folder && stat(o->folder, &st) == 0 && !S_ISDIR(st.st_mode))
        return dq_fail(e, DQ_ERR_IO, "%s: is not a folder; name one with --output", o->folder);
    /* It may have come with the model. */
    if (o->folder && !o->folder_asked && lstat(o->folder, &st) == 0 && S_ISLNK(st.st_mode))
        return dq_fail(e, DQ_ERR_IO,
            "%s: is a symbolic link; to write where it leads, name it with --output", o->folder);
    int rc = check_folding(o, e);
    for (size_t i = 0; rc == 0 && i < o->n; i++) {
        if (o->items[i].status != DQ_FAILED)
            rc = check_file(o, &o->items[i], args, e);
    }
    return rc;
}

/* Makes what a new folder's name stands in last. */
static int sync_parent(const char *path, struct dq_error *e)
{
    char *parent = dq_file_folder(path);
    if (!parent)
        return dq_fail_nomem(e);
    int rc = 0;
    const int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        rc = dq_fail_errno(e, "%s: fsync of its folder", path);
    if (fd >= 0)
        close(fd);
    dq_mem_free(parent);
    return rc;
}

static int make_folder(const char *path, bool durable, struct dq_error *e)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return durable ? sync_parent(path, e) : 0;
    if (errno != EEXIST)
        return dq_fail_errno(e, "%s", path);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return dq_fail(e, DQ_ERR_IO, "%s: is not a folder", path);
}

/* Makes a folder and those above it. */
static int make_folders(const char *folder, bool durable, struct dq_error *e)
{
    char *path = dq_mem_strdup(folder);
    int rc = 0;
    if (!path)
        return dq_fail_nomem(e);
    for (char *c = path + 1; rc == 0 && *path; c++) {
        const char kept = *c;
        if (kept != '/' && kept != '\0')
            continue;
        *c = '\0';
        rc = make_folder(path, durable, e);
        *c = kept;
        if (kept == '\0')
            break;
    }
    dq_mem_free(path);
    return rc;
}

int dq_outputs_open_folder(struct dq_outputs *o, bool durable, struct dq_error *e)
{
    if (o->folder) {
        const int rc = make_folders(o->folder, durable, e);
        if (rc != 0)
            return rc;
        return dq_sink_open_folder(
            o->folder, o->folder, o->folder_asked, durable, &o->folder_fd, e);
    }
    const char *path = o->items[0].path;
    char *folder = dq_file_folder(path);
    if (!folder)
        return dq_fail_nomem(e);
    const int rc = dq_sink_open_folder(folder, path, true, durable, &o->folder_fd, e);
    dq_mem_free(folder);
    return rc;
}
