#include "extract/output.h"

#include "base/checked.h"
#include "base/mem.h"
#include "extract/filename.h"
#include "extract/scales.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* numpy's names of the output types; bf16 has none, and native depends on the tensor. */
static const char *const descrs[DQ_DTYPE_COUNT] = {
    [DQ_DTYPE_f32] = "<f4",
    [DQ_DTYPE_f16] = "<f2",
    [DQ_DTYPE_bf16] = "",
    [DQ_DTYPE_native] = "",
};

int dq_output_fail(struct dq_output *out, int code, const char *reason, struct dq_error *e)
{
    char *copy = dq_mem_strdup(reason);
    if (!copy)
        return dq_fail_nomem(e);
    dq_mem_free(out->reason);
    out->status = DQ_FAILED;
    out->code = code;
    out->reason = copy;
    return 0;
}

/* Whether the stored bytes are already of the requested type, so that nothing needs decoding. */
static bool is_stored_as(const struct dq_tensor *t, enum dq_dtype dtype)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): type is NULL only with native */
    return dtype == DQ_DTYPE_native || strcmp(t->type->token, dq_dtype_name(dtype)) == 0;
}

/* Whether its stored blocks have rows; a shape from the metadata may cut through them. */
static bool has_whole_rows(const struct dq_tensor *t)
{
    return t->type && t->dims[0] % t->type->weights == 0;
}

/* Sets the shape of stored data: unchanged for types that numpy has, or else rows of bytes, which can
 * be sliced only at block boundaries; turns that slice into one of blocks. Returns NULL, or the reason
 * why it cannot be done. */
static const char *describe_stored(
    struct dq_array *a, const struct dq_pick *pick, struct dq_slice *slice)
{
    const struct dq_type_info *info = pick->tensor->type;
    struct dq_range *r = &slice->ranges[0];
    if (!info) {
        if (pick->slice_text)
            return "a tensor of unknown type cannot be sliced";
        a->n_shape = 1;
        a->shape[0] = pick->tensor->n_bytes;
        return NULL;
    }
    if (info->stored[0] != '\0')
        return NULL;
    if (!has_whole_rows(pick->tensor)) {
        if (pick->slice_text)
            return "its rows are not whole blocks, so the stored data cannot be sliced";
        a->n_shape = 1;
        a->shape[0] = pick->tensor->n_bytes;
        return NULL;
    }
    if (info->weights == 1 && a->n_shape < pick->tensor->n_dims)
        return "a slice of stored bf16 weights keeps all dimensions: [2:3], not [2]";
    if (info->weights == 1 && a->n_shape == 0) { /* a scalar: only its bytes */
        a->n_shape = 1;
        a->shape[0] = info->bytes;
        return NULL;
    }
    if (r->start % info->weights != 0 || r->count % info->weights != 0 ||
        (r->step != 1 && r->count > 0))
        return "a slice of stored blocks must take whole blocks";
    r->start /= info->weights;
    r->count /= info->weights;
    a->shape[a->n_shape - 1] = r->count * info->bytes;
    return NULL;
}

static const char *descr_of(const struct dq_tensor *t, enum dq_dtype dtype)
{
    if (dtype != DQ_DTYPE_native)
        return descrs[dtype];
    return t->type && t->type->stored[0] != '\0' ? t->type->stored : "|u1";
}

/* Lays an output out; returns what is wrong with it, or NULL. */
static const char *lay_out(
    const struct dq_model *m, const struct dq_output *out, struct dq_output_layout *l)
{
    const struct dq_tensor *t = out->pick->tensor;
    const bool is_scaled = out->scaling.factors != NULL;
    const enum dq_dtype dtype =
        is_stored_as(t, out->dtype) && !is_scaled ? DQ_DTYPE_native : out->dtype;
    const char *reason = NULL;
    struct dq_slice slice;
    dq_pick_slice(out->pick, &slice);
    l->array = (struct dq_array){.descr = descr_of(t, out->dtype), .n_shape = slice.n_shape};
    memcpy(l->array.shape, slice.shape, sizeof slice.shape);
    if (out->dtype == DQ_DTYPE_native)
        reason = describe_stored(&l->array, out->pick, &slice);
    if (reason)
        return reason;
    const bool has_ranges = t->type && (dtype != DQ_DTYPE_native || has_whole_rows(t));
    dq_plan_init(&l->plan, m, t, dtype, has_ranges ? slice.ranges : NULL);
    if (is_scaled)
        l->plan.scaling = &out->scaling;
    l->array.n_bytes = l->plan.n_items * l->plan.item_len;
    l->array.data_off = out->data_off;
    return NULL;
}

void dq_output_lay_out(
    const struct dq_model *m, const struct dq_output *out, struct dq_output_layout *l)
{
    (void)lay_out(m, out, l);
}

static int init_output(struct dq_output *out, const struct dq_outputs *o,
    const struct dq_pick *pick, struct dq_error *e)
{
    const struct dq_tensor *t = pick->tensor;
    struct dq_output_layout l;
    struct dq_error why;
    *out = (struct dq_output){.pick = pick, .dtype = o->options->dtype};
    if (out->dtype == DQ_DTYPE_COUNT)
        out->dtype = t->type ? t->type->default_dtype : DQ_DTYPE_f32;
    const int code = dq_pick_usable(o->model, pick, out->dtype != DQ_DTYPE_native, &why);
    if (code != 0)
        return dq_output_fail(out, code, why.text, e);
    if (out->dtype != DQ_DTYPE_native)
        out->scale = dq_scale_find(o->model, t);
    if (out->scale && o->options->apply_scales) {
        const int rc = dq_scale_read(o->model, t, out->scale, &out->scaling, &why);
        if (rc != 0)
            return rc == DQ_ERR_MEMORY ? dq_fail(e, rc, "%s", why.text)
                                       : dq_output_fail(out, rc, why.text, e);
    }
    const char *reason = lay_out(o->model, out, &l);
    return reason ? dq_tensor_fail(o->model, t, e, DQ_ERR_USAGE, "%s", reason) : 0;
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

static int name_output(const struct dq_outputs *o, struct dq_output *out, struct dq_error *e)
{
    if (o->destination == DQ_TO_FOLDER) {
        char *name = dq_filename(out->pick, o->container->extension);
        out->path = name ? join(o->folder, name) : NULL;
        dq_mem_free(name);
    } else {
        out->path = dq_mem_strdup(o->options->output);
    }
    return out->path ? 0 : dq_fail_nomem(e);
}

/* Plans the file of an output and its place in the stream, which begins at *stream_off. */
static int place_output(
    const struct dq_outputs *o, struct dq_output *out, uint64_t *stream_off, struct dq_error *e)
{
    struct dq_output_layout l;
    struct dq_error why;
    dq_output_lay_out(o->model, out, &l);
    const int rc = o->container->plan(&l.array, 1, &out->file, &why);
    if (rc != 0)
        return dq_tensor_fail(o->model, out->pick->tensor, e, rc, "%s", why.text);
    out->n_bytes = l.array.n_bytes;
    out->data_off = l.array.data_off;
    if (o->destination == DQ_TO_STREAM) {
        out->stream_off = *stream_off;
        *stream_off = dq_add_sat_u64(*stream_off, out->file.len);
    }
    return 0;
}

int dq_outputs_init(struct dq_outputs *o, const struct dq_extract_options *options,
    const struct dq_model *m, const struct dq_picks *picks, struct dq_error *e)
{
    uint64_t stream_off = 0;
    int rc = 0;
    *o = (struct dq_outputs){
        .model = m, .options = options, .folder_fd = -1, .manifest_fd = -1, .fd = -1};
    o->container = options->container ? options->container : &dq_container_npy;
    o->items = dq_mem_calloc(picks->n + 1, sizeof *o->items);
    if (!o->items)
        return dq_fail_nomem(e);
    for (; rc == 0 && o->n < picks->n; o->n++)
        rc = init_output(&o->items[o->n], o, &picks->items[o->n], e);
    if (rc == 0)
        rc = dq_outputs_find_destination(o, e);
    for (size_t i = 0; rc == 0 && i < o->n; i++) {
        rc = name_output(o, &o->items[i], e);
        if (rc == 0 && o->items[i].status != DQ_FAILED)
            rc = place_output(o, &o->items[i], &stream_off, e);
    }
    if (rc != 0)
        dq_outputs_finish(o);
    return rc;
}

uint64_t dq_outputs_bytes(const struct dq_outputs *o, enum dq_status status, bool whole_files)
{
    uint64_t total = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct dq_output *out = &o->items[i];
        if (out->status == status)
            total = dq_add_sat_u64(total, whole_files ? out->file.len : out->n_bytes);
    }
    return total;
}

void dq_outputs_finish(struct dq_outputs *o)
{
    for (size_t i = 0; i < o->n; i++) {
        dq_file_plan_finish(&o->items[i].file);
        dq_mem_free(o->items[i].path);
        dq_mem_free(o->items[i].reason);
        dq_mem_free(o->items[i].scaling.factors);
    }
    dq_mem_free(o->items);
    dq_mem_free(o->folder);
    const int fds[] = {o->folder_fd, o->manifest_fd, o->fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    *o = (struct dq_outputs){.folder_fd = -1, .manifest_fd = -1, .fd = -1};
}
