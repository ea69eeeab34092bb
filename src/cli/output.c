#include "cli/output.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "extract/filename.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* numpy's names of the output types; bf16 has none, and native depends on the format. */
static const char *const descrs[DQ_DTYPE_COUNT] = {
    [DQ_DTYPE_f32] = "<f4",
    [DQ_DTYPE_f16] = "<f2",
    [DQ_DTYPE_bf16] = "",
    [DQ_DTYPE_native] = "",
};

int dq_output_fail(struct dq_output *out, int code, const char *words, struct dq_error *e)
{
    out->status = DQ_FAILED;
    out->code = code;
    out->reason = dq_mem_strdup(words);
    return out->reason ? 0 : dq_fail_nomem(e);
}

/* Whether the tensor's bytes are what is wanted, so that nothing is decoded. */
static bool is_copied(const struct dq_tensor *t, enum dq_dtype dtype)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): only native lacks a format */
    return dtype == DQ_DTYPE_native || strcmp(t->type->token, dq_dtype_name(dtype)) == 0;
}

/* Blocks as stored: rows of bytes, with slices of whole blocks only. Returns what is wrong, or
 * NULL. */
static const char *lay_out_blocks(struct dq_output *out, const struct dq_slice *slice)
{
    const struct dq_type_info *f = out->pick->tensor->type;
    const struct dq_range *r = &slice->ranges[0];
    out->descr = "|u1";
    if (!f) {
        if (out->pick->slice_text)
            return "a tensor of unknown type has no slices";
        out->n_shape = 1;
        out->shape[0] = out->pick->tensor->n_bytes;
        return NULL;
    }
    if (f->stored[0] != '\0') {
        out->descr = f->stored;
        return NULL;
    }
    if (f->weights == 1 && out->n_shape < out->pick->tensor->n_dims)
        return "a slice of stored bf16 weights keeps all dimensions: [2:3], not [2]";
    if (f->weights == 1 && out->n_shape == 0) { /* a scalar: its bytes alone */
        out->n_shape = 1;
        out->shape[0] = f->bytes;
        return NULL;
    }
    if (r->start % f->weights != 0 || r->count % f->weights != 0 || (r->step != 1 && r->count > 0))
        return "a slice of stored blocks must take whole blocks";
    out->shape[out->n_shape - 1] = r->count / f->weights * f->bytes;
    return NULL;
}

void dq_output_plan(const struct dq_output *out, struct dq_plan *plan)
{
    const struct dq_tensor *t = out->pick->tensor;
    struct dq_slice slice;
    dq_pick_slice(out->pick, &slice);
    if (out->dtype == DQ_DTYPE_native && t->type) { /* which counts blocks */
        slice.ranges[0].start /= t->type->weights;
        slice.ranges[0].count /= t->type->weights;
    }
    dq_plan_init(plan, t, is_copied(t, out->dtype) ? DQ_DTYPE_native : out->dtype,
        t->type ? slice.ranges : NULL);
}

static int init_output(struct dq_output *out, const struct dq_pick *pick,
    const struct dq_args *args, const struct dq_model *m, struct dq_error *e)
{
    const struct dq_tensor *t = pick->tensor;
    struct dq_slice slice;
    struct dq_plan plan;
    struct dq_error why;
    dq_pick_slice(pick, &slice);
    *out = (struct dq_output){.pick = pick, .dtype = args->dtype, .n_shape = slice.n_shape};
    if (out->dtype == DQ_DTYPE_COUNT)
        out->dtype = t->type ? t->type->default_dtype : DQ_DTYPE_f32;
    memcpy(out->shape, slice.shape, sizeof out->shape);
    out->descr = descrs[out->dtype];
    const int code = dq_tensor_usable(m, t, out->dtype != DQ_DTYPE_native, &why);
    if (code != 0)
        return dq_output_fail(out, code, why.text, e);
    const char *wrong = out->dtype == DQ_DTYPE_native ? lay_out_blocks(out, &slice) : NULL;
    if (wrong)
        return dq_tensor_fail(m, t, e, DQ_ERR_USAGE, "%s", wrong);
    dq_output_plan(out, &plan);
    out->n_bytes = plan.n_items * plan.item_len;
    return 0;
}

/* Whether path leads to what this process has as standard output already (/dev/stdout), which is to
 * be written to and never replaced. */
static bool is_standard_output(const char *path)
{
    struct stat st;
    struct stat out;
    if (strcmp(path, "-") == 0)
        return true;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && stat(path, &st) == 0 &&
           fstat(STDOUT_FILENO, &out) == 0 && dq_file_is_same(&st, &out);
}

/* Says whether -o names a folder, a file or something that takes a stream, and opens the latter. */
static int find_destination(struct dq_outputs *o, const struct dq_args *args, struct dq_error *e)
{
    struct stat st;
    const char *path = args->output;
    o->destination = DQ_TO_FOLDER;
    if (!path) {
        if (strcmp(o->model->path, "-") == 0)
            return dq_fail(e, DQ_ERR_USAGE, "a model from standard input needs --output");
        o->folder = dq_filename_folder(o->model->path);
        return o->folder ? 0 : dq_fail_nomem(e);
    }
    const bool there = stat(path, &st) == 0;
    o->folder_asked = true;
    if (is_standard_output(path)) {
        if (args->json || args->jsonl)
            return dq_fail(e, DQ_ERR_USAGE,
                "arrays and JSON cannot share standard output; use --manifest FILE");
        o->destination = DQ_TO_STREAM;
        o->fd = dup(STDOUT_FILENO);
    } else if (there && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode))) {
        o->destination = DQ_TO_STREAM;
        if (!args->dry_run)
            o->fd = open(path, O_WRONLY | O_CLOEXEC);
    } else if (!(there && S_ISDIR(st.st_mode)) && path[strlen(path) - 1] != '/' &&
               !args->container && dq_container_is_foreign(path)) {
        return dq_fail(e, DQ_ERR_USAGE,
            "%s: %s is not written here; .npy and .raw are, and --format writes either under any "
            "name",
            path, strrchr(path, '.'));
    } else if (!(there && S_ISDIR(st.st_mode)) && path[strlen(path) - 1] != '/' &&
               (o->n == 1 || dq_container_by_ending(path))) {
        if (o->n > 1)
            return dq_fail(e, DQ_ERR_USAGE,
                "%zu tensors do not go into one file; name a folder, or pipe them: -o - > "
                "%s",
                o->n, path);
        o->destination = DQ_TO_FILE;
        if (!args->container && dq_container_by_ending(path))
            o->container = dq_container_by_ending(path);
    } else {
        size_t len = strlen(path);
        while (len > 1 && path[len - 1] == '/')
            len--;
        o->folder = dq_mem_strndup(path, len);
        return o->folder ? 0 : dq_fail_nomem(e);
    }
    if (o->destination == DQ_TO_STREAM && !args->dry_run) {
        if (o->fd < 0)
            return dq_fail_errno(e, "%s", path);
        if (isatty(o->fd))
            return dq_fail(e, DQ_ERR_USAGE,
                "arrays are not written to a terminal; "
                "pipe them or name a file");
    }
    return 0;
}

static char *join(const char *folder, const char *name)
{
    const size_t len = strlen(folder);
    const size_t size = len + strlen(name) + 2;
    char *path = dq_mem_alloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", folder, len > 0 && folder[len - 1] == '/' ? "" : "/", name);
    return path;
}

static int name_output(const struct dq_outputs *o, const struct dq_args *args,
    struct dq_output *out, struct dq_error *e)
{
    if (o->destination == DQ_TO_FOLDER) {
        char *name = dq_filename(out->pick, o->container->ending);
        out->path = name ? join(o->folder, name) : NULL;
        dq_mem_free(name);
    } else {
        out->path = dq_mem_strdup(args->output);
    }
    return out->path ? 0 : dq_fail_nomem(e);
}

uint64_t dq_outputs_bytes(const struct dq_outputs *o, enum dq_status status, bool headers)
{
    uint64_t total = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct dq_output *out = &o->items[i];
        if (out->status == status)
            total = dq_add_sat_u64(total, (headers ? out->header_len : 0) + out->n_bytes);
    }
    return total;
}

/* Works out the header of an array, and where the data of each begins. */
static int place_data(struct dq_outputs *o, struct dq_error *e)
{
    uint64_t stream_off = 0;
    for (size_t i = 0; i < o->n; i++) {
        struct dq_output *out = &o->items[i];
        uint8_t header[DQ_HEADER_MAX];
        if (out->status == DQ_FAILED)
            continue;
        if (o->container->header && !*out->descr)
            return dq_tensor_fail(o->model, out->pick->tensor, e, DQ_ERR_USAGE,
                "numpy has no type for bf16; use --format raw, or another --dtype");
        if (o->container->header)
            out->header_len = o->container->header(out->descr, out->shape, out->n_shape, header);
        out->data_off = dq_add_sat_u64(stream_off, out->header_len);
        if (o->destination == DQ_TO_STREAM)
            stream_off = dq_add_sat_u64(out->data_off, out->n_bytes);
    }
    return 0;
}

int dq_outputs_init(struct dq_outputs *o, const struct dq_args *args, const struct dq_model *m,
    const struct dq_picks *picks, struct dq_error *e)
{
    int rc = 0;
    *o = (struct dq_outputs){.model = m, .folder_fd = -1, .fd = -1};
    o->container = args->container ? args->container : dq_container_by_name("npy");
    o->items = dq_mem_calloc(picks->n + 1, sizeof *o->items);
    if (!o->items)
        return dq_fail_nomem(e);
    for (; rc == 0 && o->n < picks->n; o->n++)
        rc = init_output(&o->items[o->n], &picks->items[o->n], args, m, e);
    if (rc == 0)
        rc = find_destination(o, args, e);
    for (size_t i = 0; rc == 0 && i < o->n; i++)
        rc = name_output(o, args, &o->items[i], e);
    if (rc == 0)
        rc = place_data(o, e);
    if (rc != 0)
        dq_outputs_finish(o);
    return rc;
}

void dq_outputs_finish(struct dq_outputs *o)
{
    for (size_t i = 0; i < o->n; i++) {
        dq_mem_free(o->items[i].path);
        dq_mem_free(o->items[i].reason);
    }
    dq_mem_free(o->items);
    dq_mem_free(o->folder);
    if (o->folder_fd >= 0)
        close(o->folder_fd);
    if (o->fd >= 0)
        close(o->fd);
    *o = (struct dq_outputs){.folder_fd = -1, .fd = -1};
}
