#include "container_check.h"

#include "base/mem.h"
#include "sink/npy.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { FILE_MAX = 1 << 24 /* bytes */ };

/* A file in memory that knows how often each byte was written. */
struct canvas {
    struct dq_sink sink;
    uint8_t *bytes;
    uint8_t *n_writes;
    uint64_t len;
    uint64_t at; /* of a stream */
    bool is_stream;
    bool is_wrong; /* written outside, or a stream not in order */
};

static int put(struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    struct canvas *c = (struct canvas *)sink;
    (void)e;
    if (off > c->len || len > c->len - off || (c->is_stream && off != c->at)) {
        c->is_wrong = true;
        return 0;
    }
    if (len > 0)
        memcpy(c->bytes + off, buf, len);
    for (size_t i = 0; i < len; i++)
        c->n_writes[off + i]++;
    c->at += len;
    return 0;
}

static const struct dq_sink_ops ops = {.put = put};

/* What is being checked. */
struct check {
    const struct dq_container *container;
    const struct dq_array *arrays;
    size_t n;
    struct dq_file_set set;
    struct canvas *files;
    char problem[256];
};

static bool has_name(const struct dq_array *a, const struct dq_array *b)
{
    return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

static bool get(const void *arg, size_t i, struct dq_array *out)
{
    const struct check *c = arg;
    *out = c->arrays[i];
    if (out->type && !c->container->has_type(out->type))
        return false;
    if (c->container->refuse && c->container->refuse(out))
        return false;
    for (size_t k = 0; k < i; k++) {
        if (has_name(&c->arrays[k], out))
            return false;
    }
    return true;
}

static uint8_t byte_of(size_t i, uint64_t off)
{
    return (uint8_t)(i * 31 + off * 7 + (off >> 8));
}

static uint8_t *data_of(size_t i, uint64_t len)
{
    uint8_t *bytes = malloc(len + 1);
    for (uint64_t k = 0; bytes && k < len; k++)
        bytes[k] = byte_of(i, k);
    return bytes;
}

static bool fail(struct check *c, const char *what)
{
    snprintf(c->problem, sizeof c->problem, "%s: %s", c->container->name, what);
    return false;
}

/* Writes an array in pieces, from the last to the first unless it is a stream. */
static bool write_array(struct check *c, size_t i, struct canvas *file)
{
    const struct dq_container *k = c->container;
    const uint64_t len = c->arrays[i].n_bytes;
    const uint64_t cuts[] = {0, len / 3, len / 2, len};
    struct dq_error e;
    uint8_t *bytes = data_of(i, len);
    bool ok = bytes && (!k->array || k->array(&c->set, i, &file->sink, &e) == 0);
    for (size_t n = 0; ok && n < 3; n++) {
        const size_t piece = file->is_stream ? n : 2 - n;
        const uint64_t at = cuts[piece];
        const size_t size = (size_t)(cuts[piece + 1] - at);
        if (k->data)
            k->data(&c->set, i, bytes + at, size, at);
        ok = put(&file->sink, bytes + at, size, c->set.places[i].offset + at, &e) == 0;
    }
    ok = ok && (!k->array_end || k->array_end(&c->set, i, &file->sink, &e) == 0);
    free(bytes);
    return ok ? true : fail(c, "writing an array fails");
}

static bool write_file(struct check *c, size_t f, bool is_stream)
{
    const struct dq_container *k = c->container;
    const struct dq_file_plan *p = &c->set.files[f];
    struct canvas *file = &c->files[f];
    struct dq_error e;
    *file = (struct canvas){.sink = {&ops}, .len = p->len, .is_stream = is_stream};
    if (p->len > FILE_MAX)
        return fail(c, "a file is too long");
    file->bytes = calloc(1, p->len + 1);
    file->n_writes = calloc(1, p->len + 1);
    if (!file->bytes || !file->n_writes || (k->begin && k->begin(&c->set, f, &file->sink, &e) != 0))
        return fail(c, "a file cannot be begun");
    for (size_t n = 0; n < p->n_arrays; n++) {
        const size_t at = is_stream ? n : p->n_arrays - 1 - n;
        if (!write_array(c, c->set.order[p->first + at], file))
            return false;
    }
    if (k->end && k->end(&c->set, f, &file->sink, &e) != 0)
        return fail(c, "a file cannot be ended");
    if (file->is_wrong)
        return fail(c, "a write is outside of the file, or out of order");
    for (uint64_t i = 0; i < p->len; i++) {
        if (file->n_writes[i] != 1)
            return fail(c, "a byte is not written exactly once");
    }
    return true;
}

/* Whether the data of array i are where the plan says. */
static bool has_data(const struct check *c, size_t i, uint64_t at)
{
    const struct canvas *file = &c->files[c->set.places[i].file];
    if (at != c->set.places[i].offset || at + c->arrays[i].n_bytes > file->len)
        return false;
    for (uint64_t k = 0; k < c->arrays[i].n_bytes; k++) {
        if (file->bytes[at + k] != byte_of(i, k))
            return false;
    }
    return true;
}

static uint64_t number(const uint8_t *p, size_t len)
{
    uint64_t value = 0;
    while (len > 0)
        value = value << 8 | p[--len];
    return value;
}

/* ---- readers ---- */

static bool read_npz(struct check *c)
{
    const struct canvas *file = &c->files[0];
    const uint8_t *end = file->bytes + file->len - 22;
    const size_t n = (size_t)number(end + 10, 2);
    uint64_t at = number(end + 16, 4);
    if (memcmp(end, "PK\5\6", 4) != 0 || n != c->set.n_order ||
        at + number(end + 12, 4) + 22 != file->len)
        return fail(c, "the end record is wrong");
    for (size_t k = 0; k < n; k++) {
        const size_t i = c->set.order[k];
        const struct dq_array *a = &c->arrays[i];
        const uint8_t *p = file->bytes + at;
        const size_t name_len = (size_t)number(p + 28, 2);
        const uint8_t *local = file->bytes + number(p + 42, 4);
        const uint8_t *npy = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        const uint64_t len = number(p + 24, 4);
        uint8_t header[DQ_NPY_HEADER_MAX];
        const size_t header_len = dq_npy_header_of(a, header);
        if (memcmp(p, "PK\1\2", 4) != 0 || name_len != a->name_len + 4 ||
            memcmp(p + 46, a->name, a->name_len) != 0 ||
            memcmp(p + 46 + a->name_len, ".npy", 4) != 0 ||
            memcmp(local + 30, p + 46, name_len) != 0)
            return fail(c, "a name is wrong");
        if (len != header_len + a->n_bytes || memcmp(npy, header, header_len) != 0 ||
            !has_data(c, i, (uint64_t)(npy - file->bytes) + header_len))
            return fail(c, "an array is wrong");
        const bool is_after = number(local + 6, 2) & 8;
        const uint8_t *crc = is_after ? npy + len + 4 : local + 14;
        if (crc32(0, npy, (uInt)len) != number(p + 16, 4) || number(crc, 4) != number(p + 16, 4))
            return fail(c, "a CRC is wrong");
        at += 46 + name_len + number(p + 30, 2);
    }
    return true;
}

static bool is_entry(const struct check *c, size_t i, const json_t *entry, uint64_t header_len)
{
    const struct dq_array *a = &c->arrays[i];
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    const uint64_t start = (uint64_t)json_integer_value(json_array_get(offsets, 0));
    bool ok = dtype && strcmp(dtype, a->type ? a->type->name : "U8") == 0 &&
              json_array_size(shape) == a->n_shape &&
              (uint64_t)json_integer_value(json_array_get(offsets, 1)) == start + a->n_bytes;
    for (size_t k = 0; ok && k < a->n_shape; k++)
        ok = (uint64_t)json_integer_value(json_array_get(shape, k)) == a->shape[k];
    return ok && has_data(c, i, header_len + start);
}

static bool read_safetensors(struct check *c)
{
    const bool has_index = c->set.n_files > 1;
    for (size_t f = has_index; f < c->set.n_files; f++) {
        const struct canvas *file = &c->files[f];
        const struct dq_file_plan *p = &c->set.files[f];
        const uint64_t len = number(file->bytes, 8);
        json_t *header =
            json_loadb((const char *)file->bytes + 8, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
        bool ok = len % 8 == 0 && json_object_size(header) == p->n_arrays + 1;
        for (size_t k = p->first; ok && k < p->first + p->n_arrays; k++) {
            const size_t i = c->set.order[k];
            char *name = strndup(c->arrays[i].name, c->arrays[i].name_len);
            ok = name && is_entry(c, i, json_object_get(header, name), len + 8);
            free(name);
        }
        json_decref(header);
        if (!ok)
            return fail(c, "the header of a file is wrong");
    }
    json_t *index = has_index ? json_loadb((const char *)c->files[0].bytes, c->files[0].len,
                                    JSON_REJECT_DUPLICATES, NULL)
                              : NULL;
    const bool ok =
        !has_index || json_object_size(json_object_get(index, "weight_map")) == c->set.n_order;
    json_decref(index);
    return ok ? true : fail(c, "the index is wrong");
}

static bool read_gguf(struct check *c)
{
    struct dq_memory_file *files = calloc(c->set.n_files, sizeof *files);
    struct dq_model *m = NULL;
    struct dq_error e = {.text = ""};
    for (size_t f = 0; files && f < c->set.n_files; f++) {
        const char *name = c->set.files[f].name;
        files[f] = (struct dq_memory_file){
            name ? name : "m.gguf", c->files[f].bytes, (size_t)c->files[f].len};
    }
    const struct dq_memory_store store = DQ_MEMORY_STORE(files, c->set.n_files);
    bool ok = files && dq_model_examine(&store.store, files[0].name, NULL, &m, &e) == 0 &&
              m->n_tensors == c->set.n_order;
    for (size_t k = 0; ok && k < m->n_tensors; k++) {
        const struct dq_tensor *t = &m->tensors[k];
        const size_t i = c->set.order[k];
        const struct dq_array *a = &c->arrays[i];
        ok = !t->problem && t->shard == c->set.places[i].file && t->type == a->type &&
             t->name_len == a->name_len && memcmp(t->name, a->name, a->name_len) == 0 &&
             t->n_dims == a->n_shape && t->n_bytes == a->n_bytes && has_data(c, i, t->offset);
        for (size_t d = 0; ok && d < a->n_shape; d++)
            ok = t->dims[d] == a->shape[a->n_shape - 1 - d];
    }
    dq_model_free(m);
    free(files);
    return ok ? true : fail(c, e.text[0] ? e.text : "a tensor is wrong");
}

static bool read_single(struct check *c)
{
    for (size_t k = 0; k < c->set.n_order; k++) {
        const size_t i = c->set.order[k];
        if (c->set.places[i].file != k || !has_data(c, i, c->set.places[i].offset))
            return fail(c, "an array is wrong");
    }
    return c->set.n_files == c->set.n_order ? true : fail(c, "the number of files is wrong");
}

static const struct {
    const struct dq_container *container;
    bool (*read)(struct check *c);
} readers[] = {
    {&dq_container_npy, read_single},
    {&dq_container_raw, read_single},
    {&dq_container_npz, read_npz},
    {&dq_container_safetensors, read_safetensors},
    {&dq_container_gguf, read_gguf},
};

enum { N_READERS = sizeof readers / sizeof readers[0] };

static bool check_one(
    struct check *c, bool (*read)(struct check *), uint64_t max_shard, bool is_stream)
{
    const struct dq_set_request r = {.n = c->n,
        .get = get,
        .arg = c,
        .max_shard = is_stream ? 0 : max_shard,
        .is_stream = is_stream,
        .stem = "m",
        .stem_len = 1,
        .dtype = DQ_DTYPE_f32};
    struct dq_array unused;
    struct dq_error e = {.text = ""};
    bool any = false;
    for (size_t i = 0; i < c->n; i++)
        any |= get(c, i, &unused);
    if (!any) /* is not planned */
        return true;
    bool ok = c->container->plan(&r, &c->set, &e) == 0 ? true : fail(c, e.text);
    if (ok) {
        c->files = calloc(c->set.n_files, sizeof *c->files);
        ok = c->files;
    }
    for (size_t f = 0; ok && f < c->set.n_files; f++)
        ok = write_file(c, f, is_stream);
    ok = ok && read(c);
    for (size_t f = 0; c->files && f < c->set.n_files; f++) {
        free(c->files[f].bytes);
        free(c->files[f].n_writes);
    }
    free(c->files);
    c->files = NULL;
    dq_file_set_finish(&c->set);
    return ok;
}

void container_fit(struct dq_array *a)
{
    uint64_t n = 1;
    const uint64_t weights = a->type ? a->type->weights : 1;
    if (weights > 1 && a->n_shape == 0)
        a->shape[a->n_shape++] = weights;
    if (a->n_shape > 0)
        a->shape[a->n_shape - 1] = (a->shape[a->n_shape - 1] + weights - 1) / weights * weights;
    for (size_t i = 0; i < a->n_shape; i++)
        n *= a->shape[i];
    a->n_bytes = n / weights * (a->type ? a->type->bytes : 1);
}

const char *container_check(const struct dq_array *arrays, size_t n, uint64_t max_shard)
{
    static struct check c;
    for (size_t i = 0; i < N_READERS; i++) {
        c = (struct check){.container = readers[i].container, .arrays = arrays, .n = n};
        for (int is_stream = 0; is_stream <= 1; is_stream++) {
            if (is_stream && !c.container->holds_many)
                continue;
            if (!check_one(&c, readers[i].read, max_shard, is_stream))
                return c.problem;
        }
    }
    return NULL;
}
