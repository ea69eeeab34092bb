#include "extract/output.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strmap.h"
#include "extract/filename.h"
#include "run/scales.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The types that weights are decoded to. */
static const enum dq_type decoded_types[DQ_DTYPE_COUNT] = {
    [DQ_DTYPE_f32] = DQ_TYPE_f32, [DQ_DTYPE_f16] = DQ_TYPE_f16, [DQ_DTYPE_bf16] = DQ_TYPE_bf16};

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

/* Whether its stored blocks have rows; a shape from the metadata may cut through them. */
static bool has_whole_rows(const struct dq_tensor *t)
{
    return t->type && t->dims[0] % t->type->weights == 0;
}

/* Turns the slice of stored data into one of blocks, and sets the shape: that of the weights if the
 * container has this type, or else rows of bytes. Returns NULL, or the reason why it cannot be done. */
static const char *describe_stored(const struct dq_container *c, const struct dq_pick *pick,
    struct dq_slice *slice, struct dq_array *a)
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
    a->type = c->has_type(info) ? info : NULL;
    if (a->type && info->weights == 1)
        return NULL;
    if (!has_whole_rows(pick->tensor)) {
        if (pick->slice_text)
            return "its rows are not whole blocks, so the stored data cannot be sliced";
        a->type = NULL;
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
    if (!a->type)
        a->shape[a->n_shape - 1] = r->count * info->bytes;
    return NULL;
}

/* Sets the type of decoded weights. Returns NULL, or why the container cannot hold them. */
static const char *describe_decoded(
    const struct dq_container *c, enum dq_dtype dtype, struct dq_array *a)
{
    a->type = &dq_types[decoded_types[dtype]];
    return c->has_type(a->type) ? NULL : "its bf16 weights need another --format or --dtype";
}

static void name_array_of(const struct dq_output *out, struct dq_array *a)
{
    if (out->name) {
        a->name = out->name;
        a->name_len = out->name_len;
    } else if (out->hf) {
        a->name = out->hf->name;
        a->name_len = strlen(a->name);
    } else {
        a->name = out->pick->tensor->name;
        a->name_len = out->pick->tensor->name_len;
    }
}

/* Whether an output is a Hugging Face array that is not simply a tensor, or a slice of one. */
static bool is_gathered(const struct dq_output *out)
{
    return out->hf && !(out->pick && out->pick->slice_text);
}

static const char *lay_out_gathered(const struct dq_outputs *o, const struct dq_output *out,
    struct dq_output_plan *p, struct dq_array *array)
{
    const struct dq_layout_group *g = out->hf->group;
    *array = (struct dq_array){.n_shape = g->n_shape};
    name_array_of(out, array);
    memcpy(array->shape, g->shape, sizeof g->shape);
    const char *reason = NULL;
    if (out->dtype == DQ_DTYPE_native)
        array->type = out->pick->tensor->type; /* integers or f64, which all containers have */
    else
        reason = describe_decoded(o->container, out->dtype, array);
    dq_layout_gather(out->hf, &p->gather);
    dq_plan_init_gather(&p->plan, &p->gather, out->dtype);
    array->n_bytes = p->plan.n_items * p->plan.item_len;
    return reason;
}

/* Lays an output out; returns what is wrong with it, or NULL. */
static const char *lay_out(const struct dq_outputs *o, const struct dq_output *out,
    struct dq_output_plan *p, struct dq_array *array)
{
    if (is_gathered(out))
        return lay_out_gathered(o, out, p, array);
    const struct dq_tensor *t = out->pick->tensor;
    const bool is_scaled = out->scaling.factors != NULL;
    const enum dq_dtype dtype =
        dq_dtype_is_stored(t->type, out->dtype) && !is_scaled ? DQ_DTYPE_native : out->dtype;
    struct dq_slice slice;
    dq_pick_slice(out->pick, &slice);
    *array = (struct dq_array){.n_shape = slice.n_shape};
    name_array_of(out, array);
    memcpy(array->shape, slice.shape, sizeof slice.shape);
    const char *reason = out->dtype == DQ_DTYPE_native
                             ? describe_stored(o->container, out->pick, &slice, array)
                             : describe_decoded(o->container, out->dtype, array);
    if (reason)
        return reason;
    const bool has_ranges = t->type && (dtype != DQ_DTYPE_native || has_whole_rows(t));
    dq_plan_init(&p->plan, o->model, t, dtype, has_ranges ? slice.ranges : NULL);
    if (is_scaled)
        p->plan.scaling = &out->scaling;
    array->n_bytes = p->plan.n_items * p->plan.item_len;
    return NULL;
}

void dq_output_describe(
    const struct dq_outputs *o, const struct dq_output *out, struct dq_array *array)
{
    struct dq_output_plan unused;
    (void)lay_out(o, out, &unused, array);
}

void dq_output_plan(
    const struct dq_outputs *o, const struct dq_output *out, struct dq_output_plan *plan)
{
    struct dq_array unused;
    (void)lay_out(o, out, plan, &unused);
}

struct dq_output_file *dq_output_file(const struct dq_outputs *o, const struct dq_output *out)
{
    return out->is_planned ? &o->files[o->set.places[out - o->items].file] : NULL;
}

uint64_t dq_output_offset(const struct dq_outputs *o, const struct dq_output *out)
{
    const struct dq_output_file *file = dq_output_file(o, out);
    return file ? dq_add_sat_u64(file->stream_off, o->set.places[out - o->items].offset) : 0;
}

void dq_outputs_mark(struct dq_outputs *o, size_t file, enum dq_status status)
{
    const struct dq_file_plan *p = &o->set.files[file];
    o->files[file].status = status;
    for (size_t i = p->first; i < p->first + p->n_arrays; i++) {
        struct dq_output *out = &o->items[o->set.order[i]];
        if (out->status != DQ_FAILED)
            out->status = status;
    }
}

/* A slice is not the tensor, so it has another name, as its file would have. */
static int name_array(struct dq_output *out, struct dq_error *e)
{
    struct dq_array whole;
    if (!out->pick || !out->pick->slice_text)
        return 0;
    name_array_of(out, &whole);
    const size_t size = whole.name_len + strlen(out->pick->slice_text) + 1;
    out->name = dq_mem_alloc(size);
    if (!out->name)
        return dq_fail_nomem(e);
    memcpy(out->name, whole.name, whole.name_len);
    memcpy(out->name + whole.name_len, out->pick->slice_text, size - whole.name_len);
    out->name_len = size - 1;
    return 0;
}

/* Marks an output as failed that cannot be what was asked for. Only what no tensor can be, such as bf16
 * in a container without it, is an error of the run (dq_outputs_check_container). */
static int refuse(
    const struct dq_outputs *o, struct dq_output *out, const char *reason, struct dq_error *e)
{
    struct dq_error why;
    const int code = dq_output_fault(o, out, &why, DQ_ERR_USAGE, "%s", reason);
    return dq_output_fail(out, code, why.text, e);
}

/* Finds the scales of an output, and reads them if they are to be applied. */
static int find_scale(const struct dq_outputs *o, struct dq_output *out, struct dq_error *e)
{
    const struct dq_tensor *t = out->pick->tensor;
    struct dq_error why;
    if (out->dtype != DQ_DTYPE_native)
        out->scale = dq_scale_find(o->model, t);
    if (!out->scale || !o->options->apply_scales)
        return 0;
    const int rc = dq_scale_read(o->model, t, out->scale, &out->scaling, &why);
    if (rc == DQ_ERR_MEMORY)
        return dq_fail(e, rc, "%s", why.text);
    return rc != 0 ? dq_output_fail(out, rc, why.text, e) : 0;
}

/* Returns the type that all values of a Hugging Face array are stored as, one by one; NULL if there is
 * none. */
static const struct dq_type_info *stored_type(const struct dq_layout_group *g)
{
    const struct dq_type_info *type = NULL;
    for (size_t i = 0; i < g->gather.n_sources; i++) {
        const struct dq_gather_source *s = &g->gather.sources[i];
        const struct dq_type_info *own = s->tensor ? s->tensor->type : &dq_types[DQ_TYPE_f32];
        if (!s->tensor && g->gather.n_sources > 1)
            continue; /* zeros, which all types have */
        if (own->weights > 1 || s->scale || (type && own != type))
            return NULL;
        type = own;
    }
    return type;
}

/* Decides the dtype of a Hugging Face array: integers and f64 stay what they are, and stored weights
 * are of their own type. Returns what is wrong, or NULL. */
static const char *choose_hf_dtype(struct dq_output *out)
{
    const struct dq_gather *g = &out->hf->group->gather;
    const struct dq_type_info *type = stored_type(out->hf->group);
    const bool is_copied = type && !g->value && g->sources[0].tensor;
    if (is_copied && type->default_dtype == DQ_DTYPE_native)
        out->dtype = DQ_DTYPE_native;
    else if (out->dtype == DQ_DTYPE_COUNT)
        out->dtype = DQ_DTYPE_f32;
    else if (out->dtype == DQ_DTYPE_native &&
             (!type || dq_dtype_by_name(type->token, &out->dtype) != 0))
        return "it is quantized, scaled or of several types, and --layout hf writes no blocks; use "
               "--dtype f32, f16 or bf16";
    return NULL;
}

/* Whether the tensors of a Hugging Face array can be decoded. */
static int check_inputs(const struct dq_model *m, const struct dq_output *out, struct dq_error *e)
{
    const struct dq_layout_group *g = out->hf->group;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < g->n_inputs; i++)
        rc = dq_pick_usable(m, g->inputs[i], out->dtype != DQ_DTYPE_native, e);
    return rc;
}

/* Decides what is written of a Hugging Face array, and whether that is possible. */
static int init_hf(struct dq_output *out, const struct dq_outputs *o,
    const struct dq_layout_array *a, struct dq_error *e)
{
    const struct dq_layout_group *g = a->group;
    struct dq_error why;
    *out = (struct dq_output){
        .pick = g->n_inputs > 0 ? g->inputs[0] : NULL, .hf = a, .dtype = o->options->dtype};
    if (g->code != 0) {
        out->dtype = DQ_DTYPE_f32; /* of no importance */
        return dq_output_fail(out, g->code, g->reason, e);
    }
    const char *reason = choose_hf_dtype(out);
    if (reason) {
        out->dtype = DQ_DTYPE_f32; /* of no importance */
        return refuse(o, out, reason, e);
    }
    const int code = check_inputs(o->model, out, &why);
    return code != 0 ? dq_output_fail(out, code, why.text, e) : 0;
}

/* The same for a tensor. */
static int init_tensor(struct dq_output *out, const struct dq_outputs *o,
    const struct dq_pick *pick, struct dq_error *e)
{
    const struct dq_tensor *t = pick->tensor;
    struct dq_error why;
    *out = (struct dq_output){.pick = pick, .dtype = o->options->dtype};
    if (out->dtype == DQ_DTYPE_COUNT)
        out->dtype = t->type ? t->type->default_dtype : DQ_DTYPE_f32;
    if (o->container->dtype)
        out->dtype = o->container->dtype(t, out->dtype);
    const int rc = dq_pick_usable(o->model, pick, out->dtype != DQ_DTYPE_native, &why);
    return rc != 0 ? dq_output_fail(out, rc, why.text, e) : find_scale(o, out, e);
}

static int init_output(
    struct dq_outputs *o, size_t i, const struct dq_picks *picks, struct dq_error *e)
{
    const struct dq_container *c = o->container;
    const struct dq_layout *layout = o->options->layout;
    struct dq_output *out = &o->items[i];
    struct dq_array array;
    struct dq_output_plan unused;
    int rc =
        layout ? init_hf(out, o, &layout->arrays[i], e) : init_tensor(out, o, &picks->items[i], e);
    if (rc == 0 && c->holds_many)
        rc = name_array(out, e);
    if (rc != 0 || out->status == DQ_FAILED)
        return rc;
    const char *reason = lay_out(o, out, &unused, &array);
    out->n_bytes = reason ? 0 : array.n_bytes;
    if (!reason && c->refuse)
        reason = c->refuse(&array);
    return reason ? refuse(o, out, reason, e) : 0;
}

/* Marks outputs as failed that have the name of an earlier one. */
static int check_duplicates(struct dq_outputs *o, struct dq_error *e)
{
    struct dq_strmap table = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && o->container->holds_many && i < o->n; i++) {
        struct dq_output *out = &o->items[i];
        struct dq_array a;
        if (out->status == DQ_FAILED)
            continue;
        dq_output_describe(o, out, &a);
        rc = dq_strmap_add(&table, a.name, a.name_len, i);
        if (rc > 0)
            rc = refuse(o, out, "another array has the same name", e);
        else if (rc < 0)
            rc = dq_fail_nomem(e);
    }
    dq_strmap_finish(&table);
    return rc;
}

/* Returns the name of the only file of a container in a folder. */
static char *only_name(const struct dq_outputs *o)
{
    const char *given = o->container->default_stem         ? o->container->default_stem
                        : strcmp(o->model->path, "-") == 0 ? "model"
                                                           : o->options->model_name;
    char *stem = given ? dq_mem_strdup(given) : dq_filename_stem(o->model->path);
    if (!stem)
        return NULL;
    const size_t size = strlen(stem) + strlen(o->container->extension) + 1;
    char *name = dq_mem_alloc(size);
    if (name)
        snprintf(name, size, "%s%s", stem, o->container->extension);
    dq_mem_free(stem);
    return name;
}

char *dq_output_only_path(const struct dq_outputs *o)
{
    char *name = only_name(o);
    char *path = name ? dq_file_join(o->folder, name) : NULL;
    dq_mem_free(name);
    return path;
}

/* Returns the name of a file in the output folder. */
static char *name_in_folder(const struct dq_outputs *o, size_t file)
{
    const struct dq_file_plan *p = &o->set.files[file];
    if (p->name)
        return dq_mem_strdup(p->name);
    if (o->container->holds_many)
        return only_name(o);
    const struct dq_output *out = &o->items[o->set.order[p->first]];
    struct dq_array a;
    name_array_of(out, &a);
    return dq_filename(
        a.name, a.name_len, out->pick ? out->pick->slice_text : NULL, o->container->extension);
}

/* Sets the path of a file: in the output folder, or the one that was given, or beside that one. */
static int name_file(struct dq_outputs *o, size_t file, struct dq_error *e)
{
    const char *output = o->options->output;
    const char *planned = o->set.files[file].name;
    char **path = &o->files[file].path;
    char *name = NULL;
    char *folder = NULL;
    if (o->destination == DQ_TO_FOLDER) {
        name = name_in_folder(o, file);
        *path = name ? dq_file_join(o->folder, name) : NULL;
    } else if (planned && strchr(output, '/')) {
        folder = dq_file_folder(output);
        *path = folder ? dq_file_join(folder, planned) : NULL;
    } else {
        *path = dq_mem_strdup(planned ? planned : output);
    }
    dq_mem_free(name);
    dq_mem_free(folder);
    return *path ? 0 : dq_fail_nomem(e);
}

static bool get_array(const void *arg, size_t i, struct dq_array *out)
{
    const struct dq_outputs *o = arg;
    if (o->items[i].status == DQ_FAILED && !o->items[i].is_planned)
        return false;
    dq_output_describe(o, &o->items[i], out);
    return true;
}

static int plan_set(struct dq_outputs *o, struct dq_error *e)
{
    const struct dq_extract_options *options = o->options;
    const struct dq_container *c = o->container;
    char *name =
        o->destination == DQ_TO_FILE ? dq_mem_strdup(dq_file_base(options->output)) : only_name(o);
    if (!name)
        return dq_fail_nomem(e);
    const size_t name_len = strlen(name);
    const size_t extension_len = strlen(c->extension);
    const bool has_extension =
        name_len > extension_len && strcasecmp(name + name_len - extension_len, c->extension) == 0;
    const bool is_stream = o->destination == DQ_TO_STREAM;
    const struct dq_set_request r = {
        .n = o->n,
        .get = get_array,
        .arg = o,
        .max_shard = is_stream            ? 0
                     : options->max_shard ? options->max_shard
                                          : c->default_shard,
        .is_stream = is_stream,
        .stem = name,
        .stem_len = has_extension ? name_len - extension_len : name_len,
        .model = o->model,
        .dtype = options->dtype == DQ_DTYPE_COUNT ? DQ_DTYPE_f32 : options->dtype,
    };
    const int rc = c->plan(&r, &o->set, e);
    o->set.request.stem = NULL; /* the names are made */
    dq_mem_free(name);
    return rc;
}

static int make_files(struct dq_outputs *o, struct dq_error *e)
{
    uint64_t stream_off = 0;
    int rc = 0;
    o->files = dq_mem_calloc(o->set.n_files + 1, sizeof *o->files);
    if (!o->files)
        return dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < o->set.n_files; i++) {
        rc = name_file(o, i, e);
        if (o->destination == DQ_TO_STREAM) {
            o->files[i].stream_off = stream_off;
            stream_off = dq_add_sat_u64(stream_off, o->set.files[i].len);
        }
    }
    return rc;
}

int dq_outputs_check_container(
    const struct dq_extract_options *options, const struct dq_container *c, struct dq_error *e)
{
    char names[DQ_CONTAINER_WORDS];
    if (options->apply_scales && c->is_model)
        return dq_fail(e, DQ_ERR_USAGE,
            "programs that load GGUF apply the scales themselves; leave out --apply-scales");
    if (options->layout && !dq_container_has_layout(c))
        return dq_fail(e, DQ_ERR_USAGE,
            "GGUF files have the layout of GGUF; use --format %s with --layout hf",
            dq_container_names(dq_container_has_layout, names));
    if (options->dtype == DQ_DTYPE_bf16 && !dq_container_has_bf16(c))
        return dq_fail(e, DQ_ERR_USAGE, "numpy has no type for bf16; use --format %s",
            dq_container_names(dq_container_has_bf16, names));
    if (options->max_shard > 0 && !dq_container_has_shards(c))
        return dq_fail(e, DQ_ERR_USAGE, "%s has no shards; --max-shard needs --format %s", c->name,
            dq_container_names(dq_container_has_shards, names));
    return 0;
}

static int check_options(const struct dq_outputs *o, struct dq_error *e)
{
    if (o->options->share.count > 0 && o->destination == DQ_TO_STREAM)
        return dq_fail(e, DQ_ERR_USAGE, "shares are files; --share needs a file or directory");
    if (o->options->max_shard > 0 && o->destination == DQ_TO_STREAM)
        return dq_fail(e, DQ_ERR_USAGE, "shards are files; --max-shard needs a file or directory");
    return dq_outputs_check_container(o->options, o->container, e);
}

static bool is_any_usable(const struct dq_outputs *o)
{
    bool any = false;
    for (size_t i = 0; !any && i < o->n; i++)
        any = o->items[i].status != DQ_FAILED;
    return any;
}

static int plan_outputs(struct dq_outputs *o, const struct dq_picks *picks, struct dq_error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->n; i++)
        rc = init_output(o, i, picks, e);
    if (rc == 0)
        rc = check_duplicates(o, e);
    if (rc != 0 || !is_any_usable(o))
        return rc;
    rc = plan_set(o, e);
    for (size_t i = 0; rc == 0 && i < o->set.n_order; i++)
        o->items[o->set.order[i]].is_planned = true;
    return rc == 0 ? make_files(o, e) : rc;
}

int dq_outputs_init(struct dq_outputs *o, const struct dq_extract_options *options,
    const struct dq_model *m, const struct dq_picks *picks, struct dq_error *e)
{
    *o = (struct dq_outputs){
        .model = m, .options = options, .folder_fd = -1, .manifest_fd = -1, .fd = -1};
    o->container = options->container ? options->container : &dq_container_npy;
    o->n = options->layout ? options->layout->n_arrays : picks->n;
    o->items = dq_mem_calloc(o->n + 1, sizeof *o->items);
    if (!o->items)
        return dq_fail_nomem(e);
    int rc = dq_outputs_find_destination(o, e);
    if (rc == 0)
        rc = check_options(o, e);
    if (rc == 0)
        rc = plan_outputs(o, picks, e);
    if (rc != 0)
        dq_outputs_finish(o);
    return rc;
}

uint64_t dq_outputs_bytes(const struct dq_outputs *o, enum dq_status status, bool whole_files)
{
    uint64_t total = 0;
    for (size_t i = 0; whole_files && i < o->set.n_files; i++) {
        if (o->files[i].status == status)
            total = dq_add_sat_u64(total, o->set.files[i].len);
    }
    for (size_t i = 0; !whole_files && i < o->n; i++) {
        if (o->items[i].status == status)
            total = dq_add_sat_u64(total, o->items[i].n_bytes);
    }
    return total;
}

void dq_outputs_finish(struct dq_outputs *o)
{
    for (size_t i = 0; o->items && i < o->n; i++) {
        dq_mem_free(o->items[i].name);
        dq_mem_free(o->items[i].reason);
        dq_mem_free(o->items[i].scaling.factors);
    }
    for (size_t i = 0; o->files && i < o->set.n_files; i++) {
        dq_sink_free(o->files[i].sink);
        dq_mem_free(o->files[i].path);
    }
    dq_file_set_finish(&o->set);
    dq_mem_free(o->files);
    dq_mem_free(o->items);
    dq_mem_free(o->folder);
    const int fds[] = {o->folder_fd, o->manifest_fd, o->fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    *o = (struct dq_outputs){.folder_fd = -1, .manifest_fd = -1, .fd = -1};
}
