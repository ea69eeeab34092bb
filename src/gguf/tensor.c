#include "gguf/tensor.h"

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
    char text[640];
    char name[257];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return dq_fail(e, code, "%s: tensor '%s': %s", m->shards[t->shard].path,
        dq_text_cut(t->display_name, name, sizeof name), text);
}

const char *dq_tensor_shape(const struct dq_tensor *t, char out[DQ_SHAPE_WORDS])
{
    char *end = out;
    if (t->n_dims == 0)
        return strcpy(out, "scalar");
    for (uint32_t i = t->n_dims; i-- > 0;) {
        end = dq_put_number(end, t->dims[i]);
        *end++ = i ? 'x' : '\0';
    }
    return out;
}

int dq_tensor_usable(
    const struct dq_model *m, const struct dq_tensor *t, bool decode, struct dq_error *e)
{
    if (t->problem)
        return dq_tensor_fail(m, t, e, DQ_ERR_MALFORMED, "%s", t->problem);
    if (!decode)
        return 0;
    if (!t->type)
        return dq_tensor_fail(m, t, e, DQ_ERR_TYPE,
            "type %" PRIu32 " is not known and cannot be decoded; extract --dtype native copies it",
            t->type_id);
    if (m->shards[t->shard].big_endian && !dq_endian_defined(t->type->type))
        return dq_tensor_fail(m, t, e, DQ_ERR_TYPE, "big-endian %s is not defined", t->type->name);
    return 0;
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
