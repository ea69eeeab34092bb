/* Checks outputs against files that already exist, and against one another. */
#include "base/file.h"
#include "base/strmap.h"
#include "base/strvec.h"
#include "extract/output.h"
#include "sink/npy.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Marks outputs as failed whose file names differ from an earlier one only in case: some file systems
 * ignore case. */
static int check_case_folding(struct dq_outputs *o, struct dq_error *e)
{
    struct dq_strmap table = {0};
    struct dq_strvec names = {0}; /* the keys of table, which does not copy them */
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
            rc = dq_output_fault(o, out, &why, DQ_ERR_USAGE,
                "some file systems cannot tell its file name from that of tensor '%.200s'",
                dq_output_name(&o->items[other]));
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
    if ((!S_ISREG(st->st_mode) && !link) ||
        (link && stat(path, &target) == 0 &&
            (!S_ISREG(target.st_mode) || is_stdout_or_stderr(&target))))
        return dq_fail(e, DQ_ERR_IO, "%s: exists but is not a regular file", path);
    if (dq_model_is_file(m, st))
        return dq_fail(e, DQ_ERR_USAGE, "%s: is the model itself", path);
    return 0;
}

/* Compares the size and header of an existing file with those of an output, to detect files that come
 * from other options or another program. name is relative to an open folder. */
static int check_same_array(
    const struct dq_output *out, int folder, const char *name, struct dq_error *e)
{
    struct stat st;
    uint8_t header[DQ_NPY_HEADER_MAX];
    const char *difference = NULL;
    if (fstatat(folder, name, &st, 0) != 0)
        return dq_fail_errno(e, "%s", out->path);
    if (!S_ISREG(st.st_mode))
        return dq_fail(e, DQ_ERR_IO, "%s: exists but is not a regular file", out->path);
    if ((uint64_t)st.st_size != out->file.len)
        difference = "size differs";
    if (!difference && out->file.header_len > 0) {
        const int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            return dq_fail_errno(e, "%s", out->path);
        const int rc = dq_file_pread(fd, out->path, header, out->file.header_len, 0, e);
        close(fd);
        if (rc != 0)
            return rc;
        if (memcmp(out->file.header, header, out->file.header_len) != 0)
            difference = "header differs";
    }
    if (!difference)
        return 0;
    return dq_fail(e, DQ_ERR_IO, "%s: exists but is not this array (%s); --force replaces it",
        out->path, difference);
}

int dq_outputs_check_same(
    const struct dq_outputs *o, const struct dq_output *out, struct dq_error *e)
{
    return check_same_array(out, o->folder_fd, dq_file_base(out->path), e);
}

static int check_file(const struct dq_outputs *o, struct dq_output *out, struct dq_error *e)
{
    struct stat st;
    if (lstat(out->path, &st) != 0) {
        if (strlen(dq_file_base(out->path)) > NAME_MAX) {
            struct dq_error why;
            const int code = dq_output_fault(o, out, &why, DQ_ERR_IO,
                "its file name is longer than file systems allow; use --output FILE");
            return dq_output_fail(out, code, why.text, e);
        }
        return errno == ENOENT || errno == ENOTDIR ? 0 : dq_fail_errno(e, "%s", out->path);
    }
    const int rc = dq_outputs_check_replaceable(o->model, out->path, &st, e);
    if (rc != 0)
        return rc;
    if (o->options->skip_existing) {
        out->status = DQ_SKIPPED;
        return check_same_array(out, AT_FDCWD, out->path, e);
    }
    if (!o->options->force)
        return dq_fail(
            e, DQ_ERR_IO, "%s: exists; --force replaces it, --skip-existing leaves it", out->path);
    return 0;
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
    int rc = check_case_folding(o, e);
    for (size_t i = 0; rc == 0 && i < o->n; i++) {
        if (o->items[i].status != DQ_FAILED)
            rc = check_file(o, &o->items[i], e);
    }
    return rc;
}
