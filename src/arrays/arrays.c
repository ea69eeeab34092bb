#include "arrays/arrays.h"

#include "arrays/build.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

static const char index_name[] = "model.safetensors.index.json";
static const char extension[] = ".safetensors";

enum { INDEX_MAX = 64 << 20 /* bytes */ };

static bool ends_in(const char *text, const char *end)
{
    const size_t len = strlen(text);
    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* Tells by the first bytes of an open file; NONE if they do not. */
static enum dq_arrays_kind kind_of_source(const struct dq_source *s)
{
    struct dq_error unused;
    uint8_t start[9];
    uint64_t len = 0; /* of the header of a safetensors file */
    if (s->size < sizeof start || dq_source_pread(s, start, sizeof start, 0, &unused) != 0)
        return DQ_ARRAYS_NONE;
    for (size_t i = 8; i-- > 0;)
        len = len << 8 | start[i];
    if (memcmp(start, "\x93NUMPY", 6) == 0)
        return DQ_ARRAYS_NPY;
    return start[8] == '{' && len <= s->size - 8 ? DQ_ARRAYS_SAFETENSORS : DQ_ARRAYS_NONE;
}

int dq_arrays_kind(const char *path, enum dq_arrays_kind *out, struct dq_error *e)
{
    struct dq_source *s;
    struct dq_error why;
    enum dq_arrays_kind kind = DQ_ARRAYS_NONE;
    const int rc = dq_file_store.open(&dq_file_store, path, &s, &why);
    if (rc == DQ_ERR_USAGE)
        return dq_fail(e, rc, "%s", why.text);
    if (rc == 0) {
        kind = kind_of_source(s);
        dq_source_close(s);
    }
    if (ends_in(path, ".safetensors.index.json"))
        kind = DQ_ARRAYS_INDEX;
    else if (kind == DQ_ARRAYS_NONE && ends_in(path, extension))
        kind = DQ_ARRAYS_SAFETENSORS;
    *out = kind;
    return 0;
}

/* The only .safetensors file of a folder. */
struct only {
    char *name; /* owned */
    size_t n;
};

static int take_name(void *arg, const char *name, struct dq_error *e)
{
    struct only *only = arg;
    if (!ends_in(name, extension))
        return 0;
    only->n++;
    if (!only->name)
        only->name = dq_mem_strdup(name);
    return only->name ? 0 : dq_fail_nomem(e);
}

char *dq_arrays_in_folder(const char *folder)
{
    struct only only = {NULL, 0};
    struct dq_error unused;
    struct stat st;
    char *path = dq_file_join(folder, index_name);
    if (path && stat(path, &st) == 0)
        return path;
    dq_mem_free(path);
    const bool is_one = dq_file_list(folder, take_name, &only, &unused) == 0 && only.n == 1;
    path = is_one ? dq_file_join(folder, only.name) : NULL;
    dq_mem_free(only.name);
    return path;
}

static int read_safetensors(struct dq_model *m, const char *path, struct dq_error *e)
{
    const int rc = dq_arrays_add_file(m, path, e);
    return rc == 0 ? dq_safetensors_read(m, e) : rc;
}

static int read_npy(struct dq_model *m, const char *path, struct dq_error *e)
{
    const int rc = dq_arrays_add_file(m, path, e);
    return rc == 0 ? dq_npy_read(m, e) : rc;
}

/* Whether a file of a set was read already. */
static bool has_file(const struct dq_model *m, const char *path)
{
    size_t i = 0;
    while (i < m->n_shards && strcmp(m->shards[i].path, path) != 0)
        i++;
    return i < m->n_shards;
}

/* Reads the file that the index gives for an array, if it is not read yet; it may be nowhere else than beside the
 * index. */
static int read_member(struct dq_model *m, const char *index, const char *folder,
    const json_t *value, struct dq_error *e)
{
    const char *name = json_string_value(value);
    if (!name || !*name || strchr(name, '/') || !ends_in(name, extension))
        return dq_fail(e, DQ_ERR_MALFORMED,
            "%s: \"weight_map\" names a file that is no %s beside it", index, extension);
    char *path = dq_file_join(folder, name);
    if (!path)
        return dq_fail_nomem(e);
    const int rc = has_file(m, path) ? 0 : read_safetensors(m, path, e);
    dq_mem_free(path);
    return rc;
}

static int read_set(
    struct dq_model *m, const char *index, const char *folder, json_t *root, struct dq_error *e)
{
    json_t *map = json_object_get(root, "weight_map");
    const char *name;
    json_t *value;
    int rc = json_is_object(map)
                 ? 0
                 : dq_fail(e, DQ_ERR_MALFORMED, "%s: has no object \"weight_map\"", index);
    json_object_foreach(map, name, value)
    {
        if (rc == 0)
            rc = read_member(m, index, folder, value, e);
        if (rc == 0 && !dq_model_find(m, name, strlen(name))) {
            char shown[256];
            dq_escape(name, strlen(name), DQ_ESCAPE_NAME, shown, sizeof shown);
            rc = dq_fail(
                e, DQ_ERR_MALFORMED, "%s: array '%s' is in none of the files", index, shown);
        }
    }
    return rc;
}

static int read_index(struct dq_model *m, const char *path, struct dq_error *e)
{
    json_t *root = NULL;
    char *folder = dq_file_folder(path);
    int rc = folder ? dq_json_read(path, INDEX_MAX, &root, e) : dq_fail_nomem(e);
    if (rc == 0)
        rc = read_set(m, path, folder, root, e);
    json_decref(root);
    dq_mem_free(folder);
    return rc;
}

int dq_arrays_open(
    const char *path, enum dq_arrays_kind kind, struct dq_model **out, struct dq_error *e)
{
    static int (*const readers[])(struct dq_model * m, const char *path, struct dq_error *e) = {
        [DQ_ARRAYS_NPY] = read_npy,
        [DQ_ARRAYS_SAFETENSORS] = read_safetensors,
        [DQ_ARRAYS_INDEX] = read_index,
    };
    struct dq_model *m = dq_mem_calloc(1, sizeof *m);
    if (!m)
        return dq_fail_nomem(e);
    m->n_files = 1;
    m->texts = dq_pool_new();
    m->path = m->texts ? dq_pool_strdup(m->texts, path) : NULL;
    const int rc = m->path ? readers[kind](m, path, e) : dq_fail_nomem(e);
    if (rc == 0)
        *out = m;
    else
        dq_model_free(m);
    return rc;
}
