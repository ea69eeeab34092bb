/* | length of the header u64 | JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...,
 * "__metadata__": {...}} | data without gaps | */
#include "arrays/build.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEN_LEN = 8,
    HEADER_MAX = 100000000, /* bytes of JSON that the library reads */
};

static int fail_array(const char *path, const char *name, struct dq_error *e, const char *why)
{
    char shown[256];
    dq_escape(name, strlen(name), DQ_ESCAPE_NAME, shown, sizeof shown);
    return dq_fail(e, DQ_ERR_MALFORMED, "%s: array '%s': %s", path, shown, why);
}

/* The types that have the same names in ggml. */
static const struct dq_type_info *type_by_name(const char *name)
{
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        if (dq_types[i].weights == 1 && strcmp(dq_types[i].name, name) == 0)
            return &dq_types[i];
    }
    return NULL;
}

/* Reads a list of at most `most` whole numbers. Returns how many there are, or -1. */
static int read_numbers(const json_t *list, size_t most, uint64_t *out)
{
    const size_t n = json_array_size(list); /* 0 of what is no list */
    if (!json_is_array(list) || n > most)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_integer(item) || json_integer_value(item) < 0)
            return -1;
        out[i] = (uint64_t)json_integer_value(item);
    }
    return (int)n;
}

/* Reads what the header says of an array. */
static int describe(const char *path, const char *name, const json_t *value, uint64_t data_off,
    uint64_t data_len, struct dq_described *d, struct dq_error *e)
{
    uint64_t offsets[2];
    const char *type = json_string_value(json_object_get(value, "dtype"));
    const int n = read_numbers(json_object_get(value, "shape"), DQ_DIMS_MAX, d->shape);
    if (!type)
        return fail_array(path, name, e, "has no \"dtype\"");
    if (n < 0)
        return fail_array(path, name, e, "has no \"shape\" of at most 8 whole numbers");
    if (read_numbers(json_object_get(value, "data_offsets"), 2, offsets) != 2 ||
        offsets[1] < offsets[0])
        return fail_array(path, name, e, "has no \"data_offsets\", a beginning and an end");
    if (offsets[1] > data_len)
        return fail_array(path, name, e, "its data end past the end of the file; is it cut short?");
    d->name = name;
    d->name_len = strlen(name);
    d->type = type_by_name(type);
    d->type_name = type;
    d->n_shape = (size_t)n;
    d->offset = data_off + offsets[0];
    d->n_bytes = offsets[1] - offsets[0];
    return 0;
}

static int by_offset(const void *left, const void *right)
{
    const struct dq_tensor *a = *(const struct dq_tensor *const *)left;
    const struct dq_tensor *b = *(const struct dq_tensor *const *)right;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return a->n_bytes < b->n_bytes ? -1 : a->n_bytes > b->n_bytes;
}

/* Checks that the arrays of the last file, the last n of the model, fill its data without gaps and overlaps. */
static int check_data(
    const struct dq_model *m, size_t n, uint64_t data_off, uint64_t data_len, struct dq_error *e)
{
    const char *path = m->shards[m->n_shards - 1].path;
    const struct dq_tensor **order = dq_mem_calloc(n + 1, sizeof(struct dq_tensor *));
    uint64_t end = data_off;
    int rc = order ? 0 : dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < n; i++)
        order[i] = &m->tensors[m->n_tensors - n + i];
    if (rc == 0)
        qsort(order, n, sizeof(struct dq_tensor *), by_offset);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (order[i]->offset != end)
            rc = fail_array(path, order[i]->name, e,
                order[i]->offset < end ? "its data overlap those of another array"
                                       : "there is a gap before its data");
        end = order[i]->offset + order[i]->n_bytes;
    }
    if (rc == 0 && end != data_off + data_len)
        rc = dq_fail(e, DQ_ERR_MALFORMED, "%s: %" PRIu64 " bytes after the data belong to no array",
            path, data_off + data_len - end);
    dq_mem_free(order);
    return rc;
}

/* Reads the JSON. The caller gives *out to json_decref. */
static int read_header(
    const struct dq_source *s, uint64_t *data_off, json_t **out, struct dq_error *e)
{
    uint8_t bytes[LEN_LEN];
    uint64_t len = 0;
    json_error_t why;
    if (s->size < LEN_LEN)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: too short for a safetensors file", s->name);
    int rc = dq_source_pread(s, bytes, LEN_LEN, 0, e);
    if (rc != 0)
        return rc;
    for (size_t i = LEN_LEN; i-- > 0;)
        len = len << 8 | bytes[i];
    if (len > HEADER_MAX || len > s->size - LEN_LEN)
        return dq_fail(e, DQ_ERR_MALFORMED,
            "%s: no safetensors file: its header would have %" PRIu64 " bytes%s", s->name, len,
            len > HEADER_MAX ? "" : ", more than the file");
    char *text = dq_mem_alloc((size_t)len + 1);
    if (!text)
        return dq_fail_nomem(e);
    rc = dq_source_pread(s, text, (size_t)len, LEN_LEN, e);
    *out = rc == 0 ? json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, &why) : NULL;
    dq_mem_free(text);
    if (rc != 0)
        return rc;
    if (!*out)
        return dq_json_is_nomem(&why) ? dq_fail_nomem(e)
                                      : dq_fail(e, DQ_ERR_MALFORMED, "%s: header: byte %d: %.200s",
                                            s->name, why.position + LEN_LEN, why.text);
    *data_off = LEN_LEN + len;
    return 0;
}

int dq_safetensors_read(struct dq_model *m, struct dq_error *e)
{
    const struct dq_source *s = m->shards[m->n_shards - 1].source;
    const size_t n_before = m->n_tensors;
    uint64_t data_off = 0;
    json_t *root = NULL;
    const char *name;
    json_t *value;
    int rc = read_header(s, &data_off, &root, e);
    const uint64_t data_len = s->size - data_off;
    if (rc == 0 && !json_is_object(root))
        rc = dq_fail(e, DQ_ERR_MALFORMED, "%s: header: is not an object", s->name);
    json_object_foreach(root, name, value)
    {
        struct dq_described d = {.n_shape = 0};
        if (rc != 0 || strcmp(name, "__metadata__") == 0)
            continue;
        rc = describe(s->name, name, value, data_off, data_len, &d, e);
        if (rc == 0)
            rc = dq_arrays_add(m, &d, e);
    }
    if (rc == 0)
        rc = check_data(m, m->n_tensors - n_before, data_off, data_len, e);
    json_decref(root);
    return rc;
}
