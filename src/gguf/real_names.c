#include "gguf/real_names.h"

#include "base/mem.h"
#include "base/text.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <string.h>

/* One key for each tensor: its shape, outermost dimension first. ComfyUI-GGUF reshapes what it
 * quantizes to rows of 256 if the real rows are no whole blocks. */
static const char *const shape_prefixes[] = {"comfy.gguf.orig_shape."};

/* Lists of all tensors of a file, in their order. audio.cpp gives tensors whose names are too long
 * for ggml names of its own. */
static const struct {
    const char *names;
    const char *ranks;  /* the number of dimensions of each */
    const char *shapes; /* all dimensions, one after another, outermost first */
} lists[] = {{"audiocpp.tensor_names", "audiocpp.tensor_ranks", "audiocpp.tensor_shapes"}};

enum { N_PREFIXES = sizeof shape_prefixes / sizeof shape_prefixes[0] };
enum { N_LISTS = sizeof lists / sizeof lists[0] };

/* Says that a key does not fit its tensor. */
static void emit(const struct dq_model *m, const struct dq_shard *s, const struct dq_kv *kv,
    enum dq_rule rule, const char *expected, const char *found)
{
    const struct dq_diagnostic d = {.rule = rule,
        .path = s->path,
        .kv = kv,
        .offset = kv->value_off,
        .expected = expected,
        .found = found};
    dq_emit(m->diag, &d);
}

/* An array of the metadata that is read element by element. */
struct list {
    struct dq_cursor c;
    enum dq_value_type element;
    uint64_t n;
};

/* Opens an array whose elements are strings (or, if not, integers); *is_one says whether it is one. list_close
 * closes it in any case. */
static int list_open(const struct dq_shard *s, const struct dq_kv *kv, bool of_strings,
    struct list *l, bool *is_one, struct dq_error *e)
{
    struct dq_value v;
    *l = (struct list){0};
    *is_one = false;
    if (kv->type != DQ_VALUE_array)
        return 0;
    int rc = dq_kv_open(s, kv, &l->c, e);
    if (rc == 0)
        rc = dq_value_read(&l->c, kv->type, 0, &v, e);
    if (rc != 0)
        return rc;
    l->element = v.element;
    l->n = v.u;
    const enum dq_value_kind kind = dq_value_types[v.element].kind;
    *is_one =
        of_strings ? kind == DQ_KIND_STRING : kind == DQ_KIND_SIGNED || kind == DQ_KIND_UNSIGNED;
    return 0;
}

static void list_close(struct list *l)
{
    dq_cursor_finish(&l->c);
}

/* Reads a dimension; one that is negative becomes larger than any product of a tensor. */
static int read_dim(struct list *l, uint64_t *out, struct dq_error *e)
{
    struct dq_value v;
    const int rc = dq_value_read(&l->c, l->element, 0, &v, e);
    if (rc == 0)
        *out = dq_value_types[l->element].kind == DQ_KIND_SIGNED ? (uint64_t)v.i : v.u;
    return rc;
}

/* Reads the next n dimensions and makes them the shape of a tensor if they hold as many weights. */
static int take_shape(const struct dq_model *m, const struct dq_shard *s, const struct dq_kv *kv,
    struct list *l, uint64_t n, struct dq_tensor *t, struct dq_error *e)
{
    uint64_t dims[DQ_DIMS_MAX];
    uint64_t product = 1;
    bool fits = n >= 1 && n <= DQ_DIMS_MAX;
    int rc = 0;
    for (size_t i = 0; i < DQ_DIMS_MAX; i++)
        dims[i] = 1;
    for (uint64_t i = 0; rc == 0 && i < n; i++) {
        uint64_t dim = 0;
        rc = read_dim(l, &dim, e);
        fits = fits && dim <= t->n_weights && (dim == 0 || product <= t->n_weights / dim);
        if (rc == 0 && fits) {
            dims[n - 1 - i] = dim;
            product *= dim;
        }
    }
    if (rc != 0 || t->problem)
        return rc;
    t->has_bad_shape = !fits || product != t->n_weights;
    if (t->has_bad_shape) {
        char shape[DQ_SHAPE_WORDS];
        char name[128];
        emit(m, s, kv, DQ_RULE_real_shape,
            DQ_WORDS("the %" PRIu64 " weights of tensor '%s' (%s)", t->n_weights,
                dq_text_cut(t->display_name, name, sizeof name), dq_tensor_shape(t, shape)),
            n > DQ_DIMS_MAX ? DQ_WORDS("%" PRIu64 " dimensions", n) : "another number");
        return 0;
    }
    t->n_dims = (uint32_t)n;
    memcpy(t->dims, dims, sizeof dims);
    return 0;
}

/* Returns what follows a prefix in a key, or NULL. */
static const char *after_prefix(const struct dq_kv *kv, size_t *len)
{
    for (size_t i = 0; i < N_PREFIXES; i++) {
        const size_t prefix_len = strlen(shape_prefixes[i]);
        if (kv->key_len >= prefix_len && memcmp(kv->key, shape_prefixes[i], prefix_len) == 0) {
            *len = kv->key_len - prefix_len;
            return kv->key + prefix_len;
        }
    }
    return NULL;
}

/* Applies one key with the shape of one tensor. */
static int apply_shape(struct dq_model *m, const struct dq_shard *s, const struct dq_kv *kv,
    const char *name, size_t len, struct dq_error *e)
{
    struct list l;
    bool is_one;
    size_t i;
    if (!dq_strmap_find(&m->names, name, len, &i)) {
        emit(m, s, kv, DQ_RULE_real_shape, "the name of a tensor", "no such tensor");
        return 0;
    }
    int rc = list_open(s, kv, false, &l, &is_one, e);
    if (rc == 0 && is_one) {
        rc = take_shape(m, s, kv, &l, l.n, &m->tensors[i], e);
    } else if (rc == 0) {
        m->tensors[i].has_bad_shape = true;
        emit(m, s, kv, DQ_RULE_real_shape, "an array of integers", dq_value_types[kv->type].name);
    }
    list_close(&l);
    return rc;
}

/* Gives a tensor its real name, which stays the caller's; the stored one keeps finding it. */
static int rename_tensor(struct dq_model *m, const struct dq_shard *s, const struct dq_kv *kv,
    size_t i, const struct dq_value *v, struct dq_error *e)
{
    struct dq_tensor *t = &m->tensors[i];
    size_t other;
    if (v->text_len == t->name_len && memcmp(v->text, t->name, t->name_len) == 0)
        return 0;
    if (v->text_len == 0 || v->u > DQ_NAME_MAX ||
        dq_strmap_find(&m->names, v->text, v->text_len, &other)) {
        char cut[128];
        emit(m, s, kv, DQ_RULE_real_name,
            DQ_WORDS("a name of at most %d bytes, of no other tensor, for '%s'", DQ_NAME_MAX,
                dq_text_cut(t->display_name, cut, sizeof cut)),
            v->u == 0            ? "none"
            : v->u > DQ_NAME_MAX ? "a longer one"
                                 : "that of another");
        return 0;
    }
    const char *name = dq_pool_strndup(m->texts, v->text, v->text_len);
    const char *display_name = name ? dq_text_display(m->texts, name, v->text_len) : NULL;
    if (!display_name || dq_strmap_add(&m->names, name, v->text_len, i) < 0)
        return dq_fail_nomem(e);
    t->stored_name = t->name;
    t->name = name;
    t->name_len = v->text_len;
    t->display_name = display_name;
    return 0;
}

/* Applies the list of names of a file's tensors, which begin with number first. */
static int apply_names(struct dq_model *m, const struct dq_shard *s, const struct dq_kv *kv,
    size_t first, struct dq_error *e)
{
    struct list l;
    bool is_one;
    int rc = list_open(s, kv, true, &l, &is_one, e);
    if (rc == 0 && (!is_one || l.n != s->n_tensors)) {
        emit(m, s, kv, DQ_RULE_real_name, DQ_WORDS("an array of %zu strings", s->n_tensors),
            is_one ? DQ_WORDS("%" PRIu64, l.n) : "something else");
    } else {
        for (size_t i = 0; rc == 0 && i < s->n_tensors; i++) {
            struct dq_value v;
            rc = dq_value_read(&l.c, l.element, DQ_NAME_MAX, &v, e);
            if (rc == 0) {
                rc = rename_tensor(m, s, kv, first + i, &v, e);
                dq_value_finish(&v);
            }
        }
    }
    list_close(&l);
    return rc;
}

/* Applies the shapes of all tensors of a file. */
static int apply_shapes(struct dq_model *m, const struct dq_shard *s, const struct dq_kv *ranks_kv,
    const struct dq_kv *kv, size_t first, struct dq_error *e)
{
    struct list ranks;
    struct list dims = {0};
    bool has_ranks;
    bool has_dims = false;
    uint64_t used = 0;
    int rc = list_open(s, ranks_kv, false, &ranks, &has_ranks, e);
    if (rc == 0)
        rc = list_open(s, kv, false, &dims, &has_dims, e);
    const bool are_lists = has_ranks && has_dims && ranks.n == s->n_tensors;
    for (size_t i = 0; rc == 0 && are_lists && i < s->n_tensors; i++) {
        uint64_t rank = 0;
        rc = read_dim(&ranks, &rank, e);
        if (rc != 0 || rank > dims.n - used)
            break;
        used += rank;
        if (rank > 0) /* a scalar has one weight in either shape */
            rc = take_shape(m, s, kv, &dims, rank, &m->tensors[first + i], e);
    }
    if (rc == 0 && (!are_lists || used != dims.n))
        emit(m, s, kv, DQ_RULE_real_shape, "the dimensions of all tensors", "another number");
    list_close(&ranks);
    list_close(&dims);
    return rc;
}

static int apply_lists(
    struct dq_model *m, const struct dq_shard *s, size_t first, struct dq_error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < N_LISTS; i++) {
        const struct dq_kv *names = dq_shard_kv(s, lists[i].names);
        const struct dq_kv *ranks = dq_shard_kv(s, lists[i].ranks);
        const struct dq_kv *shapes = dq_shard_kv(s, lists[i].shapes);
        if (names)
            rc = apply_names(m, s, names, first, e);
        if (rc == 0 && ranks && shapes)
            rc = apply_shapes(m, s, ranks, shapes, first, e);
    }
    return rc;
}

int dq_real_names_apply(struct dq_model *m, struct dq_error *e)
{
    size_t first = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->n_shards; i++) {
        const struct dq_shard *s = &m->shards[i];
        const size_t n =
            s->data_off != 0 ? s->n_kvs : 0; /* damaged: it may lack tensors or values */
        for (size_t k = 0; rc == 0 && k < n; k++) {
            size_t len;
            const char *name = after_prefix(&s->kvs[k], &len);
            if (name)
                rc = apply_shape(m, s, &s->kvs[k], name, len, e);
        }
        if (rc == 0 && s->data_off != 0)
            rc = apply_lists(m, s, first, e);
        first += s->n_tensors;
    }
    return rc;
}
