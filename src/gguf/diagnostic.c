#include "gguf/diagnostic.h"

#include "base/text.h"
#include "gguf/kv.h"
#include "gguf/tensor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DQ_HINT_CUT "is the file cut short?"
#define DQ_HINT_HOLE "was all of the file downloaded?"
#define DQ_HINT_NATIVE "extract --dtype native copies the data"

const struct dq_rule_info dq_rules[DQ_RULE_COUNT] = {
#define DQ_RULE(token, name, level, summary, hint)                                                 \
    [DQ_RULE_##token] = {name, DQ_LEVEL_##level, summary, hint},
#include "gguf/rules.def"
#undef DQ_RULE
};

const char *dq_diagnostic_subject(const struct dq_diagnostic *d, const char **name)
{
    *name = NULL;
    if (d->tensor) {
        *name = d->tensor->display_name;
        return "tensor";
    }
    if (!d->kv)
        return NULL;
    *name = d->kv->display_name;
    return "key";
}

/* " (offset N, block B and K more)", as far as there is something to say. */
static const char *place(const struct dq_diagnostic *d, char out[DQ_WORDS_SIZE])
{
    char offset[48] = "";
    char blocks[80] = "";
    char more[48] = "";
    if (d->offset != DQ_NO_OFFSET)
        snprintf(offset, sizeof offset, "offset %" PRIu64, d->offset);
    if (d->n_blocks > 1)
        snprintf(more, sizeof more, " and %" PRIu64 " more", d->n_blocks - 1);
    if (d->n_blocks > 0) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): only tensors have blocks */
        const char *what = d->tensor->type->weights == 1 ? "weight" : "block";
        snprintf(blocks, sizeof blocks, "%s%s %" PRIu64, *offset ? ", " : "", what, d->block);
    }
    if (!*offset && !*blocks)
        return "";
    return dq_words(out, " (%s%s%s)", offset, blocks, more);
}

const char *dq_diagnostic_text(const struct dq_diagnostic *d, char out[DQ_DIAGNOSTIC_TEXT])
{
    const struct dq_rule_info *rule = &dq_rules[d->rule];
    const char *hint = d->hint ? d->hint : rule->hint;
    char where[DQ_WORDS_SIZE];
    snprintf(out, DQ_DIAGNOSTIC_TEXT, "%s: expected %s, found %s%s%s%s", rule->summary, d->expected,
        d->found, place(d, where), *hint ? "; " : "", hint);
    return out;
}

void dq_emit(const struct dq_diagnostic_sink *diag, const struct dq_diagnostic *d)
{
    if (diag)
        diag->emit(diag->arg, d);
}

int dq_emit_fail(
    const struct dq_diagnostic_sink *diag, const struct dq_diagnostic *d, struct dq_error *e)
{
    enum { NAME_SIZE = 257 }; /* leaves room for the rest */
    char text[DQ_DIAGNOSTIC_TEXT];
    char cut[NAME_SIZE];
    const char *name;
    const char *subject = dq_diagnostic_subject(d, &name);
    dq_emit(diag, d);
    dq_diagnostic_text(d, text);
    if (!subject)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: %s", d->path, text);
    return dq_fail(e, DQ_ERR_MALFORMED, "%s: %s '%s': %s", d->path, subject,
        dq_text_cut(name, cut, sizeof cut), text);
}

const char *dq_words(char out[DQ_WORDS_SIZE], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(out, DQ_WORDS_SIZE, format, args);
    va_end(args);
    return out;
}
