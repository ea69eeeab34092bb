#include "extract/manifest.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const statuses[] = {
    [DQ_PLANNED] = "planned",
    [DQ_WRITTEN] = "written",
    [DQ_SKIPPED] = "skipped",
    [DQ_FAILED] = "failed",
};

static json_t *text_or_null(const char *text)
{
    return text ? dq_json_text(text, strlen(text)) : json_null();
}

/* Describes the array of an output; for a tensor that cannot be used, as far as is known. Returns whether
 * it has a shape. */
static bool describe(const struct dq_outputs *o, const struct dq_output *out, struct dq_array *a)
{
    struct dq_slice slice;
    const bool is_usable =
        out->hf ? out->hf->group->code == 0
                : dq_pick_usable(o->model, out->pick, out->dtype != DQ_DTYPE_native, NULL) == 0;
    if (is_usable) {
        dq_output_describe(o, out, a);
        return true;
    }
    *a = (struct dq_array){.n_shape = 0};
    if (!out->pick) {
        a->name = dq_output_name(out);
        a->name_len = strlen(a->name);
        return false;
    }
    dq_pick_slice(out->pick, &slice);
    a->n_shape = slice.n_shape;
    memcpy(a->shape, slice.shape, sizeof slice.shape);
    return out->pick->tensor->n_dims_stored <= DQ_DIMS_MAX;
}

/* Returns the name of the type of an output's elements or blocks. */
static const char *dtype_of(const struct dq_output *out, const struct dq_array *a)
{
    if (a->type)
        return a->type->token;
    return out->dtype == DQ_DTYPE_native ? "u8" : dq_dtype_name(out->dtype);
}

const char *dq_manifest_dtype(const struct dq_outputs *o, const struct dq_output *out)
{
    struct dq_array a;
    (void)describe(o, out, &a);
    return dtype_of(out, &a);
}

/* Returns where a tensor is stored, or null. */
static json_t *source_of(const struct dq_model *m, const struct dq_tensor *t)
{
    return t ? json_pack("{s:o, s:o, s:o}", "file", text_or_null(m->shards[t->shard].path),
                   "offset", dq_json_u64(t->offset), "bytes", dq_json_u64(t->n_bytes))
             : json_null();
}

/* Adds what only some arrays have to an entry. Returns it, or NULL if memory is short. */
static json_t *add_to_entry(json_t *entry, const char *key, json_t *value)
{
    if (!entry)
        json_decref(value);
    else if (json_object_set_new(entry, key, value) == 0)
        return entry;
    json_decref(entry);
    return NULL;
}

json_t *dq_manifest_entry(
    const struct dq_outputs *o, const struct dq_output *out, const char *device)
{
    const struct dq_tensor *t = out->pick ? out->pick->tensor : NULL;
    const bool is_named = out->hf || o->container->holds_many;
    const struct dq_output_file *file = dq_output_file(o, out);
    struct dq_array a;
    const bool has_shape = describe(o, out, &a);
    json_t *entry =
        json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o}",
            "tensor", text_or_null(t ? t->display_name : NULL), "slice",
            text_or_null(out->pick ? out->pick->slice_text : NULL), "type",
            text_or_null(t && t->type ? t->type->name : NULL), "dtype", dtype_of(out, &a), "shape",
            has_shape ? dq_json_u64s(a.shape, a.n_shape) : json_null(), "source",
            source_of(o->model, t), "path", text_or_null(file ? file->path : NULL), "name",
            is_named && a.name ? dq_json_text(a.name, a.name_len) : json_null(), "offset",
            dq_json_u64(dq_output_offset(o, out)), "bytes", dq_json_u64(out->n_bytes), "device",
            out->device ? out->device : device, "status", statuses[out->status], "reason",
            text_or_null(out->reason), "overflows", dq_json_u64(out->n_overflow));
    if (out->scaling.factors)
        entry = add_to_entry(entry, "scale", json_string(out->scale->display_name));
    if (out->hf) {
        entry = add_to_entry(entry, "operations", json_string(out->hf->group->operations));
        entry = add_to_entry(entry, "tensors", dq_layout_input_names(out->hf->group));
    }
    return entry;
}

static void put_copies(struct dq_json *j, const struct dq_copies *c)
{
    dq_json_begin_list(j, "copies");
    for (size_t i = 0; i < c->n; i++)
        dq_json_put(j, NULL,
            json_pack("{s:o, s:o, s:o, s:s}", "from", text_or_null(c->items[i].from), "path",
                text_or_null(c->items[i].path), "bytes", dq_json_u64(c->items[i].len), "status",
                statuses[c->items[i].status]));
    dq_json_end(j);
}

void dq_manifest_put(struct dq_json *j, const struct dq_outputs *o,
    const struct dq_manifest_run *run, const char *error)
{
    dq_json_begin_object(j, NULL);
    dq_json_put(j, "gguf-dq", json_string(DQ_VERSION));
    dq_json_put(j, "model", text_or_null(o->model->path));
    dq_json_put(j, "format", json_string(o->container->name));
    dq_json_put(j, "device", text_or_null(run->device));
    dq_json_put(j, "why", text_or_null(run->why));
    dq_json_begin_list(j, "outputs");
    for (size_t i = 0; i < o->n; i++) {
        if (o->items[i].status != DQ_ELSEWHERE)
            dq_json_put(j, NULL, dq_manifest_entry(o, &o->items[i], run->device));
    }
    dq_json_end(j);
    if (run->copies)
        put_copies(j, run->copies);
    if (error)
        dq_json_put(j, "error", text_or_null(error));
    dq_json_end(j);
}

static bool is_same_folder(const char *a, const char *b)
{
    struct stat st_a;
    struct stat st_b;
    if (stat(a, &st_a) == 0 && stat(b, &st_b) == 0)
        return dq_file_is_same(&st_a, &st_b);
    return strcmp(a, b) == 0;
}

/* Fails if the manifest has the path of another file in its folder. what the file is, is for people. */
static int check_not_same(
    const char *manifest, const char *path, const char *what, struct dq_error *e)
{
    if (strcasecmp(dq_file_base(path), dq_file_base(manifest)) != 0)
        return 0;
    return dq_fail(e, DQ_ERR_USAGE, "%s: is the path of %s and of the manifest", manifest, what);
}

/* Checks that the manifest's folder exists or will be created, and that no output and no copy has the
 * same path. */
static int check_manifest_place(const struct dq_outputs *o, const struct dq_copies *copies,
    const char *path, const char *folder, struct dq_error *e)
{
    struct stat st;
    if (o->destination == DQ_TO_STREAM || o->n == 0) {
        return stat(folder, &st) == 0 ? 0 : dq_file_fail_folder(path, folder, e);
    }
    char *other = o->folder ? dq_mem_strdup(o->folder) : dq_file_folder(o->options->output);
    if (!other)
        return dq_fail_nomem(e);
    const bool same = is_same_folder(folder, other);
    int rc = 0;
    if (!same && stat(folder, &st) != 0)
        rc = dq_file_fail_folder(path, folder, e);
    for (size_t i = 0; rc == 0 && same && i < o->set.n_files; i++)
        rc = check_not_same(path, o->files[i].path, "an array", e);
    for (size_t i = 0; rc == 0 && same && i < copies->n; i++)
        rc = check_not_same(path, copies->items[i].path, "a copy", e);
    dq_mem_free(other);
    return rc;
}

/* Refuses a path that can only name a folder, or that names a folder created for the outputs. */
static int check_manifest_name(
    const struct dq_outputs *o, const char *path, const char *folder, struct dq_error *e)
{
    const char *base = dq_file_base(path);
    bool is_folder = !*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0;
    char *created = dq_mem_strdup(o->folder ? o->folder : "");
    while (
        created && !is_folder && *dq_file_base(created)) { /* the output folder and its parents */
        char *parent = dq_file_folder(created);
        is_folder =
            parent && strcmp(dq_file_base(created), base) == 0 && is_same_folder(parent, folder);
        const bool is_top = !parent || strcmp(parent, ".") == 0;
        dq_mem_free(created);
        created = parent;
        if (is_top)
            break;
    }
    const int rc = created ? 0 : dq_fail_nomem(e);
    dq_mem_free(created);
    if (rc == 0 && is_folder)
        return dq_fail(e, DQ_ERR_USAGE, "%s: is a directory; the manifest must be a file", path);
    return rc;
}

/* Whether a file is a manifest: JSON whose first key is "gguf-dq". name is relative to an open folder.
 */
static bool is_manifest(int folder, const char *name)
{
    static const char start[] = "{\"gguf-dq\":";
    char bytes[64];
    struct dq_error unused;
    struct stat st;
    const int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t n = 0; /* bytes of start that were found */
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

int dq_manifest_check(
    const struct dq_outputs *o, const struct dq_copies *copies, struct dq_error *e)
{
    struct stat st;
    const char *path = o->options->manifest;
    if (!path)
        return 0;
    if (dq_file_descriptor(path) >= 0)
        return dq_fail(e, DQ_ERR_IO,
            "%s: is an open descriptor; the manifest must be a file, which appears when complete",
            path);
    char *folder = dq_file_folder(path);
    if (!folder)
        return dq_fail_nomem(e);
    int rc = check_manifest_name(o, path, folder, e);
    if (rc == 0)
        rc = check_manifest_place(o, copies, path, folder, e);
    dq_mem_free(folder);
    if (rc != 0 || lstat(path, &st) != 0)
        return rc;
    rc = dq_outputs_check_replaceable(o->model, path, &st, e);
    if (rc != 0 || o->options->force)
        return rc;
    if (!o->options->skip_existing)
        return dq_fail(e, DQ_ERR_IO, "%s: exists; --force replaces it", path);
    if (!is_manifest(AT_FDCWD, path))
        return dq_fail(e, DQ_ERR_IO, "%s: exists but is not a manifest; --force replaces it", path);
    return 0;
}

/* Writes the report to the sink's temporary file. */
static int fill(struct dq_sink *sink, const struct dq_outputs *o, const struct dq_manifest_run *run,
    struct dq_error *e)
{
    struct dq_json j = {.path = o->options->manifest};
    const int fd = fcntl(dq_sink_file_fd(sink), F_DUPFD_CLOEXEC, 0);
    j.file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!j.file) {
        const int rc = dq_fail_errno(e, "%s", j.path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    dq_manifest_put(&j, o, run, NULL);
    const int rc = dq_json_finish(&j, e);
    fclose(j.file);
    return rc;
}

int dq_manifest_write(
    const struct dq_outputs *o, const struct dq_manifest_run *run, struct dq_error *e)
{
    const struct dq_extract_options *options = o->options;
    const struct dq_sink_file file = {
        .path = options->manifest,
        .replace =
            options->force || (options->skip_existing &&
                                  is_manifest(o->manifest_fd, dq_file_base(options->manifest))),
        .durable = options->durable,
    };
    struct dq_sink *sink = NULL;
    int rc = dq_sink_new_file(o->manifest_fd, &file, &sink, e);
    if (rc == 0)
        rc = fill(sink, o, run, e);
    if (rc == 0)
        rc = sink->ops->commit(sink, e);
    dq_sink_free(sink);
    return rc;
}
