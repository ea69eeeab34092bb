/* GGUF files that ggml, llama.cpp and gguf-py load: version 3, with the metadata of the model that the
 * tensors come from. Sources: ggml's docs/gguf.md and gguf.cpp; llama.cpp's convert_hf_to_gguf.py (which
 * tensors stay F32) and gguf-split (sets).
 *
 *   GGUF, version, numbers of tensors and of pairs | pairs of the model | our pairs | tensor infos |
 *   padding | data of each tensor and padding
 *
 * The first file of a set has the metadata; the others only say which one they are. */
#include "base/checked.h"
#include "base/mem.h"
#include "sink/bytes.h"
#include "sink/container.h"

#include <inttypes.h>
#include <string.h>

enum {
    PREFIX_LEN = 24, /* bytes before the metadata */
    DEFAULT_ALIGNMENT = 32,
    ALIGNMENT_MAX = 1 << 20,
    NAME_LEN_MAX = 63, /* bytes, in ggml */
    DIMS_MAX = 4,      /* in ggml */
    SHARDS_MAX = UINT16_MAX,
};

static const char extension[] = ".gguf";

/* ---- what tensors become ---- */

/* Ends of the names of matrices that llama.cpp wants as F32: norms and small ones. */
static const char *const f32_ends[] = {"_norm.weight", ".ffn_gate_inp.weight",
    ".ffn_gate_inp_shexp.weight", "position_embd.weight", "token_types.weight",
    ".ssm_conv1d.weight", ".ssm_conv1d_q.weight", ".ssm_conv1d_k.weight", ".ssm_conv1d_v.weight",
    ".shortconv.conv.weight", ".time_mix_first.weight", ".time_mix_w0.weight",
    ".time_mix_w1.weight", ".time_mix_w2.weight", ".time_mix_v0.weight", ".time_mix_v1.weight",
    ".time_mix_v2.weight", ".time_mix_a0.weight", ".time_mix_a1.weight", ".time_mix_a2.weight",
    ".time_mix_g1.weight", ".time_mix_g2.weight", ".time_mix_decay_w1.weight",
    ".time_mix_decay_w2.weight", ".time_mix_lerp_fused.weight", ".norm1.weight", ".norm2.weight",
    ".altup_correct_coef.weight", ".altup_predict_coef.weight"};

static bool stays_f32(const struct dq_tensor *t)
{
    if (t->n_dims < 2 || !dq_tensor_name_ends(t, ".weight"))
        return true;
    for (size_t i = 0; i < sizeof f32_ends / sizeof f32_ends[0]; i++) {
        if (dq_tensor_name_ends(t, f32_ends[i]))
            return true;
    }
    return false;
}

static enum dq_dtype dtype_of(const struct dq_tensor *t, enum dq_dtype dtype)
{
    if (dtype == DQ_DTYPE_native || (t->type && t->type->default_dtype == DQ_DTYPE_native))
        return DQ_DTYPE_native;
    return stays_f32(t) ? DQ_DTYPE_f32 : dtype;
}

static bool has_type(const struct dq_type_info *type)
{
    (void)type;
    return true;
}

static const char *refuse(const struct dq_array *a)
{
    if (!a->type)
        return "its stored data are not rows of blocks of a known type, which GGUF requires";
    if (a->name_len > NAME_LEN_MAX)
        return "its name is longer than ggml allows (63 bytes)";
    if (a->n_shape > DIMS_MAX)
        return "it has more than 4 dimensions, and ggml cannot load such tensors";
    for (size_t i = 0; i < a->n_shape; i++) {
        if (a->shape[i] == 0)
            return "it is empty, and ggml cannot load empty tensors";
    }
    return dq_array_refuse_name(a);
}

/* ---- metadata ---- */

/* general.file_type of a model whose matrices are of a dtype, as llama.cpp numbers them (llama_ftype). */
static const uint32_t file_types[DQ_DTYPE_COUNT] = {
    [DQ_DTYPE_f32] = 0, [DQ_DTYPE_f16] = 1, [DQ_DTYPE_bf16] = 32};

/* The keys that are not copied, because we write them or they are no longer true. */
static bool is_kept(const struct dq_set_request *r, const char *key)
{
    static const char *const of_sets[] = {"split.no", "split.count", "split.tensors.count"};
    static const char *const of_types[] = {"general.file_type", "general.quantization_version"};
    for (size_t i = 0; i < sizeof of_sets / sizeof of_sets[0]; i++) {
        if (strcmp(key, of_sets[i]) == 0)
            return false;
    }
    for (size_t i = 0; r->dtype != DQ_DTYPE_native && i < sizeof of_types / sizeof of_types[0];
         i++) {
        if (strcmp(key, of_types[i]) == 0)
            return false;
    }
    return true;
}

/* Where metadata go, and how much there was. The sink may be NULL, to count. */
struct metadata_out {
    struct dq_sink *sink;
    uint64_t off;
    struct dq_bytes bytes; /* not written yet */
    uint64_t n;            /* pairs */
};

static int flush(struct metadata_out *out, struct dq_error *e)
{
    int rc = dq_bytes_check(&out->bytes, e);
    if (rc == 0)
        rc = out->sink->ops->put(out->sink, out->bytes.bytes, out->bytes.len, out->off, e);
    out->off += out->bytes.len;
    out->bytes.len = 0;
    return rc;
}

static int put_metadata(void *arg, const void *bytes, size_t len, struct dq_error *e)
{
    enum { FLUSH_AT = 1 << 16 };
    struct metadata_out *out = arg;
    if (!out->sink) {
        out->off += len;
        return 0;
    }
    dq_bytes_put(&out->bytes, bytes, len);
    return out->bytes.len >= FLUSH_AT ? flush(out, e) : dq_bytes_check(&out->bytes, e);
}

/* Writes the model's pairs that are kept. Of a split set, the first file has them. */
static int write_metadata(
    const struct dq_set_request *r, struct metadata_out *out, struct dq_error *e)
{
    const struct dq_kv_writer w = {put_metadata, out};
    int rc = 0;
    if (!r->model)
        return 0;
    const struct dq_shard *shard = &r->model->shards[0];
    for (size_t i = 0; rc == 0 && i < shard->n_kvs; i++) {
        if (!is_kept(r, shard->kvs[i].key))
            continue;
        rc = dq_kv_write(shard, &shard->kvs[i], &w, e);
        out->n++;
    }
    if (rc == 0 && out->sink)
        rc = flush(out, e);
    dq_bytes_finish(&out->bytes);
    return rc;
}

/* Appends a pair with a number of 2 or 4 bytes. Returns 1, the number of pairs. */
static size_t put_pair(struct dq_bytes *b, const char *key, enum dq_value_type type, uint64_t value)
{
    dq_bytes_number(b, strlen(key), 8);
    dq_bytes_text(b, key);
    dq_bytes_number(b, type, 4);
    dq_bytes_number(b, value, dq_value_types[type].len);
    return 1;
}

/* Appends the pairs of a file that are not the model's. Returns their number. */
static size_t put_pairs(struct dq_bytes *b, const struct dq_file_set *s, size_t file,
    size_t n_files, uint64_t alignment, size_t n_tensors)
{
    size_t n = 0;
    if (file == 0 && s->request.dtype != DQ_DTYPE_native)
        n += put_pair(b, "general.file_type", DQ_VALUE_u32, file_types[s->request.dtype]);
    if (file > 0 && alignment != DEFAULT_ALIGNMENT)
        n += put_pair(b, "general.alignment", DQ_VALUE_u32, alignment);
    if (n_files > 1) {
        n += put_pair(b, "split.no", DQ_VALUE_u16, file);
        n += put_pair(b, "split.count", DQ_VALUE_u16, n_files);
        n += put_pair(b, "split.tensors.count", DQ_VALUE_i32, n_tensors);
    }
    return n;
}

/* ---- planning ---- */

static uint64_t padded(uint64_t len, uint64_t alignment)
{
    uint64_t end;
    return dq_align_u64(len, alignment, &end) ? end : UINT64_MAX;
}

static uint64_t alignment_of(const struct dq_set_request *r)
{
    return r->model ? r->model->shards[0].alignment : DEFAULT_ALIGNMENT;
}

static void put_info(struct dq_bytes *b, const struct dq_array *a, uint64_t off)
{
    dq_bytes_number(b, a->name_len, 8);
    dq_bytes_put(b, a->name, a->name_len);
    dq_bytes_number(b, a->n_shape, 4);
    for (size_t i = a->n_shape; i > 0; i--)
        dq_bytes_number(b, a->shape[i - 1], 8);
    dq_bytes_number(b, a->type->id, 4);
    dq_bytes_number(b, off, 8);
}

/* Distributes the arrays to files, in their order. Offsets count from the data section for now. */
static int fill_files(struct dq_file_set *s, struct dq_error *e)
{
    const struct dq_set_request *r = &s->request;
    const uint64_t alignment = alignment_of(r);
    uint64_t off = 0;
    struct dq_array a;
    int rc = dq_file_set_add_file(s, e);
    for (size_t i = 0; rc == 0 && i < r->n; i++) {
        if (!r->get(r->arg, i, &a))
            continue;
        const uint64_t len = padded(a.n_bytes, alignment);
        if (r->max_shard > 0 && off > 0 && dq_add_sat_u64(off, len) > r->max_shard) {
            rc = dq_file_set_add_file(s, e);
            off = 0;
        }
        if (rc == 0)
            dq_file_set_add_array(s, i, off);
        off = dq_add_sat_u64(off, len);
        s->files[s->n_files - 1].len = off;
    }
    return rc;
}

/* Makes the header of a file, whose arrays are known. metadata are those of the model. */
static int plan_file(
    struct dq_file_set *s, size_t file, const struct metadata_out *metadata, struct dq_error *e)
{
    struct dq_file_plan *p = &s->files[file];
    const uint64_t alignment = alignment_of(&s->request);
    struct dq_bytes pairs = {0};
    struct dq_bytes b = {0};
    struct dq_array a;
    const bool has_metadata = file == 0;
    const size_t n_pairs = put_pairs(&pairs, s, file, s->n_files, alignment, s->n_order);
    dq_bytes_text(&b, "GGUF");
    dq_bytes_number(&b, 3, 4);
    dq_bytes_number(&b, p->n_arrays, 8);
    dq_bytes_number(&b, n_pairs + (has_metadata ? metadata->n : 0), 8);
    dq_bytes_put(&b, pairs.bytes, pairs.len);
    for (size_t i = p->first; i < p->first + p->n_arrays; i++) {
        s->request.get(s->request.arg, s->order[i], &a);
        put_info(&b, &a, s->places[s->order[i]].offset);
    }
    const uint64_t len = b.len + (has_metadata ? metadata->off : 0);
    const uint64_t data_off = padded(len, alignment);
    dq_bytes_fill(&b, 0, (size_t)(data_off - len));
    for (size_t i = p->first; i < p->first + p->n_arrays; i++)
        s->places[s->order[i]].offset += data_off;
    p->len = dq_add_sat_u64(p->len, data_off);
    p->header = b.bytes;
    p->header_len = b.len;
    b.failed |= pairs.failed;
    dq_bytes_finish(&pairs);
    return dq_bytes_check(&b, e);
}

static int plan(const struct dq_set_request *r, struct dq_file_set *out, struct dq_error *e)
{
    struct metadata_out metadata = {0};
    int rc = dq_file_set_init(out, r, e);
    if (rc != 0)
        return rc;
    if (alignment_of(r) > ALIGNMENT_MAX)
        return dq_fail(e, DQ_ERR_USAGE,
            "%s: cannot write GGUF with an alignment of %" PRIu64 " bytes (at most %d)",
            r->model->path, alignment_of(r), ALIGNMENT_MAX);
    rc = write_metadata(r, &metadata, e);
    if (rc == 0)
        rc = fill_files(out, e);
    if (rc == 0 && out->n_files > SHARDS_MAX)
        return dq_fail(e, DQ_ERR_USAGE,
            "%zu files are more than a GGUF set can have (%d); give a larger --max-shard",
            out->n_files, SHARDS_MAX);
    for (size_t i = 0; rc == 0 && i < out->n_files; i++) {
        rc = plan_file(out, i, &metadata, e);
        if (rc == 0 && out->n_files > 1)
            rc = dq_file_set_name(out, i, extension, 1 + i, out->n_files, e);
    }
    return rc;
}

/* ---- writing ---- */

static int begin(const struct dq_file_set *s, size_t file, struct dq_sink *sink, struct dq_error *e)
{
    const struct dq_file_plan *p = &s->files[file];
    struct metadata_out out = {.sink = sink, .off = PREFIX_LEN};
    int rc = sink->ops->put(sink, p->header, PREFIX_LEN, 0, e);
    if (rc == 0 && file == 0)
        rc = write_metadata(&s->request, &out, e);
    return rc == 0 ? sink->ops->put(
                         sink, p->header + PREFIX_LEN, p->header_len - PREFIX_LEN, out.off, e)
                   : rc;
}

/* Writes the padding. */
static int array_end(
    const struct dq_file_set *s, size_t i, struct dq_sink *sink, struct dq_error *e)
{
    static const uint8_t zeros[4096];
    struct dq_array a;
    int rc = 0;
    s->request.get(s->request.arg, i, &a);
    uint64_t n = padded(a.n_bytes, alignment_of(&s->request)) - a.n_bytes;
    for (uint64_t off = s->places[i].offset + a.n_bytes; rc == 0 && n > 0;) {
        const size_t len = n < sizeof zeros ? (size_t)n : sizeof zeros;
        rc = sink->ops->put(sink, zeros, len, off, e);
        off += len;
        n -= len;
    }
    return rc;
}

const struct dq_container dq_container_gguf = {.name = "gguf",
    .extension = extension,
    .holds_many = true,
    .has_shards = true,
    .is_model = true,
    .has_type = has_type,
    .dtype = dtype_of,
    .refuse = refuse,
    .plan = plan,
    .begin = begin,
    .array_end = array_end};
