/* Decides whether outputs go to a folder, a file or a stream, and opens it. */
#include "base/file.h"
#include "base/mem.h"
#include "extract/filename.h"
#include "extract/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns the descriptor of this process that path names, or -1. "-", /dev/stdout, /dev/fd/3 and links
 * to what standard output goes to are written to, never replaced. */
static int descriptor_of(const char *path)
{
    struct stat st;
    struct stat out;
    if (strcmp(path, "-") == 0)
        return STDOUT_FILENO;
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && stat(path, &st) == 0 &&
        fstat(STDOUT_FILENO, &out) == 0 && dq_file_is_same(&st, &out))
        return STDOUT_FILENO;
    const int fd = dq_file_descriptor(path);
    return fd == STDERR_FILENO ? -1 : fd; /* arrays and messages do not mix */
}

/* Without --output, the tensors of a model go to a folder named after it. */
static int default_folder(struct dq_outputs *o, struct dq_error *e)
{
    if (strcmp(o->model->path, "-") == 0)
        return dq_fail(e, DQ_ERR_USAGE, "a model from standard input needs --output");
    o->destination = DQ_TO_FOLDER;
    o->folder = o->options->model_name ? dq_mem_strdup(o->options->model_name)
                                       : dq_filename_folder(o->model->path);
    return o->folder ? 0 : dq_fail_nomem(e);
}

static int to_folder(struct dq_outputs *o, const char *path, struct dq_error *e)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    o->destination = DQ_TO_FOLDER;
    o->folder_is_given = true;
    o->folder = dq_mem_strndup(path, len);
    return o->folder ? 0 : dq_fail_nomem(e);
}

static int to_file(struct dq_outputs *o, const char *path, struct dq_error *e)
{
    char names[DQ_CONTAINER_WORDS];
    if (o->n > 1 && !o->container->holds_many)
        return dq_fail(e, DQ_ERR_USAGE,
            "cannot write %zu tensors to one file; name a directory, use --format %s, or a "
            "stream: -o - > %s",
            o->n, dq_container_names(dq_container_holds_many, names), path);
    o->destination = DQ_TO_FILE;
    return 0;
}

/* fd is the descriptor of this process that path names, or -1. */
static int to_stream(struct dq_outputs *o, const char *path, int fd, struct dq_error *e)
{
    struct stat st;
    if (fd == STDOUT_FILENO && o->options->stdout_is_taken)
        return dq_fail(
            e, DQ_ERR_USAGE, "arrays and JSON cannot share standard output; use --manifest FILE");
    o->destination = DQ_TO_STREAM;
    if (o->options->dry_run)
        return 0;
    o->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : open(path, O_WRONLY | O_CLOEXEC);
    if (o->fd < 0)
        return dq_fail_errno(e, "%s", path);
    if (fstat(o->fd, &st) == 0 && dq_model_is_file(o->model, &st))
        return dq_fail(e, DQ_ERR_USAGE, "%s: is the model itself", path);
    if (isatty(o->fd))
        return dq_fail(
            e, DQ_ERR_USAGE, "arrays are not written to a terminal; pipe them or name a file");
    return 0;
}

int dq_outputs_find_destination(struct dq_outputs *o, struct dq_error *e)
{
    struct stat st;
    const char *path = o->options->output;
    if (!path)
        return default_folder(o, e);
    const bool exists = stat(path, &st) == 0;
    const int fd = descriptor_of(path);
    if (fd >= 0 || (exists && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode))))
        return to_stream(o, path, fd, e);
    if ((exists && S_ISDIR(st.st_mode)) || path[strlen(path) - 1] == '/')
        return to_folder(o, path, e);
    const struct dq_container *by_extension = dq_container_by_extension(path);
    if (!o->options->container && dq_container_is_foreign(path)) {
        char names[DQ_CONTAINER_WORDS];
        return dq_fail(e, DQ_ERR_USAGE,
            "%s: cannot write %s files, only %s; --format writes any of them under any name", path,
            strrchr(path, '.'), dq_container_names(NULL, names));
    }
    if (!o->options->container && by_extension)
        o->container = by_extension;
    return o->n == 1 || by_extension || o->container->holds_many ? to_file(o, path, e)
                                                                 : to_folder(o, path, e);
}

/* Makes the entries of an open folder durable, if its file system can do that. path is in it. */
static int try_sync(struct dq_outputs *o, int fd, const char *path, struct dq_error *e)
{
    bool able;
    if (dq_file_sync_folder(fd, &able) != 0)
        return dq_fail_errno(e, "%s: fsync of its directory", path);
    o->folder_cannot_be_synced |= !able;
    return 0;
}

/* Makes the directory entry of a new folder durable. */
static int sync_parent(struct dq_outputs *o, const char *path, struct dq_error *e)
{
    char *parent = dq_file_folder(path);
    if (!parent)
        return dq_fail_nomem(e);
    int rc = 0;
    const int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        rc = dq_fail_errno(e, "%s: fsync of its directory", path);
    else
        rc = try_sync(o, fd, path, e);
    if (fd >= 0)
        close(fd);
    dq_mem_free(parent);
    return rc;
}

static int make_folder(struct dq_outputs *o, const char *path, struct dq_error *e)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return o->options->durable ? sync_parent(o, path, e) : 0;
    if (errno != EEXIST)
        return dq_fail_errno(e, "%s", path);
    const bool exists = stat(path, &st) == 0;
    if (!exists && errno != ENOENT) /* which means that it is a link that leads nowhere */
        return dq_fail_errno(e, "%s", path);
    if (exists && S_ISDIR(st.st_mode))
        return 0;
    return dq_fail(e, DQ_ERR_IO, "%s: is not a directory", path);
}

/* Creates a folder and its parents. */
static int make_folders(struct dq_outputs *o, struct dq_error *e)
{
    char *path = dq_mem_strdup(o->folder);
    int rc = 0;
    if (!path)
        return dq_fail_nomem(e);
    for (char *c = path + 1; rc == 0 && *path; c++) {
        const char kept = *c;
        if (kept != '/' && kept != '\0')
            continue;
        *c = '\0';
        rc = make_folder(o, path, e);
        *c = kept;
        if (kept == '\0')
            break;
    }
    dq_mem_free(path);
    return rc;
}

/* Opens the folder that contains a file. */
static int open_folder_of(const char *path, unsigned flags, int *out, struct dq_error *e)
{
    char *folder = dq_file_folder(path);
    if (!folder)
        return dq_fail_nomem(e);
    const int rc = dq_sink_open_folder(folder, path, flags | DQ_FOLDER_FOLLOW, out, e);
    dq_mem_free(folder);
    return rc;
}

/* The files of a set stay open until all are complete. */
static int check_descriptors(const struct dq_outputs *o, struct dq_error *e)
{
    enum { OTHERS = 16 };
    size_t n = 0; /* files that are opened */
    for (size_t i = 0; i < o->set.n_files; i++)
        n += o->files[i].status == DQ_PLANNED;
    if (!o->container->holds_many || o->destination == DQ_TO_STREAM || n <= 1)
        return 0;
    const size_t n_left = dq_file_descriptors_left(o->folder_fd);
    if (n_left == 0 || n + OTHERS <= n_left) /* 0: unknown */
        return 0;
    return dq_fail(e, DQ_ERR_IO,
        "%zu files are open at once until all are complete, and the system allows %zu; give a "
        "larger --max-shard, or raise the limit (ulimit -n)",
        n, n_left > OTHERS ? n_left - OTHERS : 1);
}

int dq_outputs_open_folders(struct dq_outputs *o, struct dq_error *e)
{
    const bool durable = o->options->durable;
    /* Thousands of shares would each list the files of all. */
    const unsigned flags =
        (durable ? DQ_FOLDER_DURABLE : 0) | (o->options->share.count == 0 ? DQ_FOLDER_SWEEP : 0);
    const bool any = dq_outputs_count(o) > 0;
    int rc = 0;
    if (o->folder && any) {
        rc = make_folders(o, e);
        if (rc == 0)
            rc = dq_sink_open_folder(o->folder, o->folder,
                flags | (o->folder_is_given ? DQ_FOLDER_FOLLOW : 0), &o->folder_fd, e);
    } else if (o->destination == DQ_TO_FILE && any) {
        rc = open_folder_of(o->options->output, flags, &o->folder_fd, e);
    }
    if (rc == 0)
        rc = check_descriptors(o, e);
    if (rc == 0 && o->options->manifest)
        rc = open_folder_of(o->options->manifest, flags, &o->manifest_fd, e);
    /* Tells now what could not be helped after the first file. */
    if (rc == 0 && durable && o->folder_fd >= 0)
        rc = try_sync(o, o->folder_fd, o->files ? o->files[0].path : o->folder, e);
    if (rc == 0 && durable && o->manifest_fd >= 0)
        rc = try_sync(o, o->manifest_fd, o->options->manifest, e);
    return rc;
}
