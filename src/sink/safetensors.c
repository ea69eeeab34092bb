/* Hugging Face's .safetensors files, byte for byte as save_file of safetensors 0.8.0 writes them, and sets
 * of them as huggingface_hub's split_torch_state_dict_into_shards splits them.
 *
 *   length of the header u64 | JSON, and spaces up to a multiple of 8 bytes | data without gaps
 *
 * The data are ordered by type (see `order`), and then by name. */
#include "base/checked.h"
#include "base/mem.h"
#include "base/text.h"
#include "sink/bytes.h"
#include "sink/container.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEN_LEN = 8,
    ALIGNMENT = 8,
    HEADER_MAX = 100000000, /* bytes of JSON that the library reads */
};

static const char extension[] = ".safetensors";

/* The types in the order of their data in a file. The library has ggml's names for them. */
static const char *const order[] = {"I64", "F64", "F32", "I32", "BF16", "F16", "I16", "I8", "U8"};

enum { N_TYPES = sizeof order / sizeof order[0] };

/* What decides where an array goes. */
struct st_key {
    const char *name;
    size_t name_len;
    size_t type;  /* index in `order` */
    size_t shard; /* from 0 */
    size_t i;     /* index of the array */
    uint64_t n_bytes;
};

static size_t type_of(const struct dq_type_info *type)
{
    const char *name = type ? type->name : "U8";
    size_t i = 0;
    while (i < N_TYPES && strcmp(order[i], name) != 0)
        i++;
    return i;
}

static bool has_type(const struct dq_type_info *type)
{
    return type_of(type) < N_TYPES;
}

static int compare_names(const struct st_key *a, const struct st_key *b)
{
    const size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
    const int c = len > 0 ? memcmp(a->name, b->name, len) : 0;
    return c != 0 ? c : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

static int by_name(const void *a, const void *b)
{
    return compare_names(a, b);
}

static int by_place(const void *va, const void *vb)
{
    const struct st_key *a = va;
    const struct st_key *b = vb;
    if (a->shard != b->shard)
        return a->shard < b->shard ? -1 : 1;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return compare_names(a, b);
}

#define WAITING SIZE_MAX

/* Gives the last n arrays before `end` that wait for it the number of their shard. */
static void close_shard(struct st_key *end, size_t n, size_t shard)
{
    while (n > 0) {
        end--;
        if (end->shard == WAITING) {
            end->shard = shard;
            n--;
        }
    }
}

/* Distributes the arrays, in the order in which they were selected, to shards. An array that is larger
 * than a shard may be gets one of its own, which comes before the one that is being filled. Returns the
 * number of shards. */
static size_t assign_shards(struct st_key *keys, size_t n, uint64_t max_shard)
{
    size_t n_shards = 0;
    size_t n_waiting = 0; /* arrays in the shard that is being filled, which has no number yet */
    uint64_t used = 0;    /* by them */
    if (max_shard == 0)
        return 1;
    for (size_t i = 0; i < n; i++) {
        const bool is_large = keys[i].n_bytes > max_shard;
        if (!is_large && keys[i].n_bytes > max_shard - used) {
            close_shard(keys + i, n_waiting, n_shards++);
            n_waiting = 0;
            used = 0;
        }
        keys[i].shard = is_large ? n_shards++ : WAITING;
        if (!is_large) {
            n_waiting++;
            used += keys[i].n_bytes;
        }
    }
    if (n_waiting > 0)
        close_shard(keys + n, n_waiting, n_shards++);
    return n_shards;
}

static void put_entry(struct dq_bytes *b, const struct dq_array *a, uint64_t off)
{
    dq_bytes_text(b, ",");
    dq_bytes_json(b, a->name, a->name_len, false);
    dq_bytes_text(b, ":{\"dtype\":\"");
    dq_bytes_text(b, order[type_of(a->type)]);
    dq_bytes_text(b, "\",\"shape\":[");
    for (size_t i = 0; i < a->n_shape; i++) {
        if (i > 0)
            dq_bytes_text(b, ",");
        dq_bytes_digits(b, a->shape[i]);
    }
    dq_bytes_text(b, "],\"data_offsets\":[");
    dq_bytes_digits(b, off);
    dq_bytes_text(b, ",");
    dq_bytes_digits(b, dq_add_sat_u64(off, a->n_bytes));
    dq_bytes_text(b, "]}");
}

/* Plans the newest file of the set, for n arrays in the order of their data. Its header is complete
 * before its offsets are known, which count from its end. */
static int plan_file(struct dq_file_set *s, const struct st_key *keys, size_t n, struct dq_error *e)
{
    struct dq_file_plan *p = &s->files[s->n_files - 1];
    struct dq_bytes b = {0};
    struct dq_array a;
    uint64_t off = 0;
    dq_bytes_number(&b, 0, LEN_LEN);
    dq_bytes_text(&b, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (size_t i = 0; i < n; i++) {
        s->request.get(s->request.arg, keys[i].i, &a);
        put_entry(&b, &a, off);
        off = dq_add_sat_u64(off, a.n_bytes);
    }
    dq_bytes_text(&b, "}");
    dq_bytes_fill(&b, ' ', (ALIGNMENT - b.len % ALIGNMENT) % ALIGNMENT);
    p->header = b.bytes;
    p->header_len = b.len;
    p->len = dq_add_sat_u64(b.len, off);
    if (b.failed)
        return dq_fail_nomem(e);
    if (b.len - LEN_LEN > HEADER_MAX)
        return dq_fail(e, DQ_ERR_USAGE,
            "safetensors reads at most %d bytes of names and shapes in a file, these take %zu; "
            "--max-shard makes several files",
            HEADER_MAX, b.len - LEN_LEN);
    for (size_t i = 0; i < LEN_LEN; i++)
        p->header[i] = (uint8_t)((uint64_t)(b.len - LEN_LEN) >> (8 * i));
    off = b.len;
    for (size_t i = 0; i < n; i++) {
        dq_file_set_add_array(s, keys[i].i, off);
        off = dq_add_sat_u64(off, keys[i].n_bytes);
    }
    return 0;
}

/* Plans the index: which file has which array, as transformers writes it (JSON of Python, two spaces
 * a level, sorted keys). Sorts the keys. */
static int plan_index(struct dq_file_set *s, struct st_key *keys, size_t n, struct dq_error *e)
{
    struct dq_file_plan *p = &s->files[0];
    struct dq_bytes b = {0};
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total = dq_add_sat_u64(total, keys[i].n_bytes);
    dq_bytes_text(&b, "{\n  \"metadata\": {\n    \"total_size\": ");
    dq_bytes_digits(&b, total);
    dq_bytes_text(&b, "\n  },\n  \"weight_map\": {");
    qsort(keys, n, sizeof *keys, by_name);
    for (size_t i = 0; i < n; i++) {
        const char *file = s->files[1 + keys[i].shard].name;
        dq_bytes_text(&b, i > 0 ? ",\n    " : "\n    ");
        dq_bytes_json(&b, keys[i].name, keys[i].name_len, true);
        dq_bytes_text(&b, ": ");
        dq_bytes_json(&b, file, strlen(file), true);
    }
    dq_bytes_text(&b, "\n  }\n}\n");
    p->header = b.bytes;
    p->header_len = b.len;
    p->len = b.len;
    return dq_bytes_check(&b, e);
}

static int name_index(struct dq_file_set *s, struct dq_error *e)
{
    const struct dq_set_request *r = &s->request;
    const size_t size = r->stem_len + 64;
    if (!dq_utf8_valid(r->stem, r->stem_len))
        return dq_fail(e, DQ_ERR_USAGE,
            "the index of the shards can name only files whose names are UTF-8; choose another "
            "--output");
    char *name = dq_mem_alloc(size);
    if (!name)
        return dq_fail_nomem(e);
    snprintf(name, size, "%.*s%s.index.json", (int)r->stem_len, r->stem, extension);
    s->files[0].name = name;
    return 0;
}

/* Plans one file, or an index and shards, for keys in the order of `by_place`. */
static int plan_files(
    struct dq_file_set *s, struct st_key *keys, size_t n, size_t n_shards, struct dq_error *e)
{
    int rc = 0;
    if (n_shards > 1) {
        rc = dq_file_set_add_file(s, e);
        if (rc == 0)
            rc = name_index(s, e);
    }
    for (size_t shard = 0, i = 0; rc == 0 && shard < n_shards; shard++) {
        const size_t first = i;
        while (i < n && keys[i].shard == shard)
            i++;
        rc = dq_file_set_add_file(s, e);
        if (rc == 0 && n_shards > 1)
            rc = dq_file_set_name(s, 1 + shard, extension, 1 + shard, n_shards, e);
        if (rc == 0)
            rc = plan_file(s, keys + first, i - first, e);
    }
    return rc == 0 && n_shards > 1 ? plan_index(s, keys, n, e) : rc;
}

static int plan(const struct dq_set_request *r, struct dq_file_set *out, struct dq_error *e)
{
    struct dq_array a;
    size_t n = 0;
    int rc = dq_file_set_init(out, r, e);
    if (rc != 0)
        return rc;
    struct st_key *keys = dq_mem_calloc(r->n + 1, sizeof *keys);
    if (!keys)
        return dq_fail_nomem(e);
    for (size_t i = 0; i < r->n; i++) {
        if (r->get(r->arg, i, &a))
            keys[n++] = (struct st_key){.name = a.name,
                .name_len = a.name_len,
                .type = type_of(a.type),
                .i = i,
                .n_bytes = a.n_bytes};
    }
    const size_t n_shards = assign_shards(keys, n, r->max_shard);
    qsort(keys, n, sizeof *keys, by_place);
    rc = plan_files(out, keys, n, n_shards, e);
    dq_mem_free(keys);
    return rc;
}

static int begin(const struct dq_file_set *s, size_t file, struct dq_sink *sink, struct dq_error *e)
{
    const struct dq_file_plan *p = &s->files[file];
    return sink->ops->put(sink, p->header, p->header_len, 0, e);
}

static const char *refuse(const struct dq_array *a)
{
    static const char reserved[] = "__metadata__";
    if (a->name_len == strlen(reserved) && memcmp(a->name, reserved, a->name_len) == 0)
        return "its name means something else in safetensors files";
    return dq_array_refuse_name(a);
}

/* Integers and F64 keep their type, as in a model that is converted by torch. */
static enum dq_dtype dtype_of(const struct dq_tensor *t, enum dq_dtype dtype)
{
    return t->type && t->type->default_dtype == DQ_DTYPE_native ? DQ_DTYPE_native : dtype;
}

const struct dq_container dq_container_safetensors = {.name = "safetensors",
    .extension = extension,
    .holds_many = true,
    .has_shards = true,
    .default_shard = 5000000000, /* that of huggingface_hub */
    .default_stem = "model",
    .has_type = has_type,
    .dtype = dtype_of,
    .refuse = refuse,
    .plan = plan,
    .begin = begin};
