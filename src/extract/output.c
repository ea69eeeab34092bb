#include "extract/output.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "extract/filename.h"

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

const char *dq_output_name(const struct dq_output *out)
{
    return out->hf ? out->hf->name : out->pick->tensor->display_name;
}

int dq_output_fault(const struct dq_outputs *o, const struct dq_output *out, struct dq_error *e,
    int code, const char *format, ...)
{
    struct dq_error why;
    va_list args;
    va_start(args, format);
    (void)dq_vfail(&why, code, format, args);
    va_end(args);
    if (out->pick)
        return dq_tensor_fail(o->model, out->pick->tensor, e, code, "%s", why.text);
    return dq_fail(e, code, "%s: '%s': %s", o->model->path, out->hf->name, why.text);
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

/* Whether an output is a Hugging Face array that is not simply a tensor, or a slice of one. */
static bool is_gathered(const struct dq_output *out)
{
    return out->hf && !(out->pick && out->pick->slice_text);
}

static void lay_out_gathered(const struct dq_output *out, struct dq_output_layout *l)
{
    const struct dq_layout_group *g = out->hf->group;
    dq_layout_gather(out->hf, &l->gather);
    dq_plan_init_gather(&l->plan, &l->gather, out->dtype);
    l->array = (struct dq_array){
        .descr = out->dtype == DQ_DTYPE_native ? descr_of(out->pick->tensor, out->dtype)
                                               : descrs[out->dtype],
        .n_shape = g->n_shape,
        .n_bytes = l->plan.n_items * l->plan.item_len,
        .data_off = out->data_off,
    };
    memcpy(l->array.shape, g->shape, sizeof g->shape);
}

/* Lays an output out; returns what is wrong with it, or NULL. */
static const char *lay_out(
    const struct dq_model *m, const struct dq_output *out, struct dq_output_layout *l)
{
    if (is_gathered(out)) {
        lay_out_gathered(out, l);
        return NULL;
    }
    const struct dq_tensor *t = out->pick->tensor;
    const enum dq_dtype dtype =
        dq_dtype_is_stored(t->type, out->dtype) ? DQ_DTYPE_native : out->dtype;
    const char *reason = NULL;
    struct dq_slice slice;
    dq_pick_slice(out->pick, &slice);
    l->array = (struct dq_array){.descr = descr_of(t, out->dtype), .n_shape = slice.n_shape};
    memcpy(l->array.shape, slice.shape, sizeof slice.shape);
    if (out->dtype == DQ_DTYPE_native)
        reason = describe_stored(&l->array, out->pick, &slice);
    if (reason)
        return reason;
    dq_plan_init(&l->plan, m, t, dtype, t->type ? slice.ranges : NULL);
    l->array.n_bytes = l->plan.n_items * l->plan.item_len;
    l->array.data_off = out->data_off;
    return NULL;
}

void dq_output_lay_out(
    const struct dq_model *m, const struct dq_output *out, struct dq_output_layout *l)
{
    (void)lay_out(m, out, l);
}

/* Decides the dtype of a Hugging Face array: integers and f64 stay what they are, and stored weights
 * are of their own type. Returns what is wrong, or NULL. */
static const char *choose_dtype(struct dq_output *out)
{
    const struct dq_layout_group *g = out->hf->group;
    const struct dq_type_info *type = out->pick ? out->pick->tensor->type : NULL;
    bool is_one_type = type && type->weights == 1 && !g->gather.value;
    for (size_t i = 0; i < g->gather.n_sources; i++)
        is_one_type = is_one_type && g->gather.sources[i].tensor &&
                      g->gather.sources[i].tensor->type == type && !g->gather.sources[i].scale;
    if (is_one_type && type->default_dtype == DQ_DTYPE_native)
        out->dtype = DQ_DTYPE_native;
    else if (out->dtype == DQ_DTYPE_COUNT)
        out->dtype = DQ_DTYPE_f32;
    else if (out->dtype == DQ_DTYPE_native && !is_one_type)
        return "its stored blocks cannot be a Hugging Face tensor; use --dtype f32, f16 or bf16";
    else if (out->dtype == DQ_DTYPE_native)
        (void)dq_dtype_by_name(type->token, &out->dtype);
    return NULL;
}

/* Whether the tensors of a Hugging Face array can be decoded. */
static int check_inputs(const struct dq_model *m, const struct dq_output *out, struct dq_error *e)
{
    const struct dq_layout_group *g = out->hf->group;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < g->n_inputs; i++)
        rc = dq_tensor_usable(m, g->inputs[i]->tensor, out->dtype != DQ_DTYPE_native, e);
    return rc;
}

static int init_hf_output(struct dq_output *out, const struct dq_outputs *o,
    const struct dq_layout_array *a, struct dq_error *e)
{
    const struct dq_layout_group *g = a->group;
    struct dq_error why;
    *out = (struct dq_output){
        .pick = g->n_inputs > 0 ? g->inputs[0] : NULL, .hf = a, .dtype = o->options->dtype};
    if (g->code != 0)
        return dq_output_fail(out, g->code, g->reason, e);
    const char *reason = choose_dtype(out);
    if (reason)
        return dq_output_fault(o, out, e, DQ_ERR_USAGE, "%s", reason);
    const int code = check_inputs(o->model, out, &why);
    return code != 0 ? dq_output_fail(out, code, why.text, e) : 0;
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
    const int code = dq_tensor_usable(o->model, t, out->dtype != DQ_DTYPE_native, &why);
    if (code != 0)
        return dq_output_fail(out, code, why.text, e);
    const char *reason = lay_out(o->model, out, &l);
    return reason ? dq_tensor_fail(o->model, t, e, DQ_ERR_USAGE, "%s", reason) : 0;
}

static int name_output(const struct dq_outputs *o, struct dq_output *out, struct dq_error *e)
{
    if (o->destination == DQ_TO_FOLDER) {
        const char *slice = out->pick ? out->pick->slice_text : NULL;
        char *name = out->hf ? dq_filename_of(out->hf->name, strlen(out->hf->name), slice,
                                   o->container->extension)
                             : dq_filename(out->pick, o->container->extension);
        out->path = name ? dq_file_join(o->folder, name) : NULL;
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
        return dq_output_fault(o, out, e, rc, "%s", why.text);
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
    const struct dq_layout *layout = options->layout;
    const size_t n = layout ? layout->n_arrays : picks->n;
    o->items = dq_mem_calloc(n + 1, sizeof *o->items);
    if (!o->items)
        return dq_fail_nomem(e);
    for (; rc == 0 && o->n < n; o->n++)
        rc = layout ? init_hf_output(&o->items[o->n], o, &layout->arrays[o->n], e)
                    : init_output(&o->items[o->n], o, &picks->items[o->n], e);
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
