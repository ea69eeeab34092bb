#include "gguf/tensor.h"

#include "base/mem.h"
#include "base/text.h"
#include "gguf/endian.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int dq_tensor_fail(const struct dq_model *m, const struct dq_tensor *t, struct dq_error *e,
    int code, const char *format, ...)
{
    char text[DQ_DIAGNOSTIC_TEXT];
    char name[257]; /* leaves room for the rest */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return dq_fail(e, code, "%s: tensor '%s': %s", m->shards[t->shard].path,
        dq_text_cut(t->display_name, name, sizeof name), text);
}

bool dq_tensor_name_ends(const struct dq_tensor *t, const char *suffix)
{
    const size_t len = strlen(suffix);
    return t->name_len >= len && memcmp(t->name + t->name_len - len, suffix, len) == 0;
}

const char *dq_tensor_shape(const struct dq_tensor *t, char out[DQ_SHAPE_WORDS])
{
    char *end = out;
    if (t->n_dims_stored > DQ_DIMS_MAX)
        snprintf(out, DQ_SHAPE_WORDS, "%" PRIu32 " dimensions", t->n_dims_stored);
    else if (t->n_dims == 0)
        snprintf(out, DQ_SHAPE_WORDS, "scalar");
    for (uint32_t i = t->n_dims; i-- > 0;) {
        end = dq_put_number(end, t->dims[i]);
        *end++ = i ? 'x' : '\0';
    }
    return out;
}

bool dq_tensor_decodable(
    const struct dq_model *m, const struct dq_tensor *t, const struct dq_diagnostic_sink *diag)
{
    static const uint32_t removed[] = {4, 5, 31, 32, 33, 36, 37, 38};
    const struct dq_shard *s = &m->shards[t->shard];
    struct dq_diagnostic d = {.path = s->path, .tensor = t, .offset = t->info_off};
    char id[32];
    if (t->type && (!s->big_endian || dq_endian_defined(t->type->type)))
        return true;
    if (t->type) {
        d.rule = DQ_RULE_type_endian;
        d.expected = "a type of defined byte order";
        d.found = t->type->name;
    } else {
        snprintf(id, sizeof id, "type %" PRIu32, t->type_id);
        d.rule = DQ_RULE_type_unknown;
        d.expected = "a type that `gguf-dq types` lists";
        d.found = id;
    }
    for (size_t i = 0; !t->type && i < sizeof removed / sizeof removed[0]; i++) {
        if (t->type_id == removed[i])
            d.rule = DQ_RULE_type_removed;
    }
    dq_emit(diag, &d);
    return false;
}

int dq_tensor_refuse(const struct dq_model *m, struct dq_tensor *t, const struct dq_diagnostic *d,
    const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    char text[DQ_DIAGNOSTIC_TEXT];
    struct dq_diagnostic whole = *d;
    whole.tensor = t;
    whole.path = m->shards[t->shard].path;
    dq_emit(diag, &whole);
    if (!t->problem)
        t->problem = dq_pool_strdup(m->texts, dq_diagnostic_text(&whole, text));
    return t->problem ? 0 : dq_fail_nomem(e);
}

int dq_tensor_refuse_rows(const struct dq_model *m, struct dq_tensor *t, struct dq_error *e)
{
    const struct dq_diagnostic d = {.rule = DQ_RULE_tensor_rows,
        .offset = t->info_off,
        .expected =
            DQ_WORDS("a multiple of %" PRIu32 " weights (%s)", t->type->weights, t->type->name),
        .found = DQ_WORDS("rows of %" PRIu64, t->dims[0])};
    return dq_tensor_refuse(m, t, &d, m->diag, e);
}

static void take_text(void *arg, const struct dq_diagnostic *d)
{
    dq_diagnostic_text(d, arg);
}

const char *dq_tensor_file_problem(const struct dq_model *m, const struct dq_tensor *t)
{
    const struct dq_shard *s = &m->shards[t->shard];
    return t->is_cut || s->data_off == 0 ? s->problem : NULL;
}

int dq_tensor_usable(
    const struct dq_model *m, const struct dq_tensor *t, bool decode, struct dq_error *e)
{
    return dq_tensor_part_usable(m, t, UINT64_MAX, decode, e);
}

int dq_tensor_part_usable(const struct dq_model *m, const struct dq_tensor *t, uint64_t n_bytes,
    bool decode, struct dq_error *e)
{
    char text[DQ_DIAGNOSTIC_TEXT];
    const struct dq_diagnostic_sink sink = {take_text, text};
    if (t->problem && (!t->is_cut || n_bytes > t->n_there))
        return dq_tensor_fail(m, t, e, DQ_ERR_MALFORMED, "%s", t->problem);
    if (!decode || dq_tensor_decodable(m, t, &sink))
        return 0;
    return dq_tensor_fail(m, t, e, DQ_ERR_TYPE, "%s", text);
}

bool dq_tensor_is_far(const struct dq_model *m, const struct dq_tensor *t)
{
    return dq_source_is_far(m->shards[t->shard].source);
}

void dq_tensor_expect(
    const struct dq_model *m, const struct dq_tensor *t, uint64_t off, uint64_t len)
{
    dq_source_expect(m->shards[t->shard].source, t->offset + off, len);
}

int dq_tensor_read(const struct dq_model *m, const struct dq_tensor *t, uint64_t off, void *buf,
    size_t len, struct dq_error *e)
{
    const struct dq_shard *s = &m->shards[t->shard];
    const int rc = dq_source_pread(s->source, buf, len, t->offset + off, e);
    if (rc == 0 && s->big_endian && t->type)
        dq_endian_swap(t->type->type, buf, len / t->type->bytes);
    return rc;
}
