#include "gguf/diagnostic.h"

#include <stdarg.h>
#include <stdio.h>

const struct dq_rule_info dq_rules[DQ_RULE_COUNT] = {
#define DQ_RULE(token, name, level, words) [DQ_RULE_##token] = {name, DQ_LEVEL_##level, words},
#include "gguf/rules.def"
#undef DQ_RULE
};

void dq_emit(const struct dq_diagnostic_sink *diag, const struct dq_diagnostic *f)
{
    if (diag)
        diag->emit(diag->arg, f);
}

int dq_emit_fail(const struct dq_diagnostic_sink *diag, struct dq_error *e,
    const struct dq_diagnostic *f, const char *format, ...)
{
    dq_emit(diag, f);
    va_list args;
    va_start(args, format);
    dq_vfail(e, DQ_ERR_MALFORMED, format, args);
    va_end(args);
    return DQ_ERR_MALFORMED;
}

const char *dq_words(char out[DQ_WORDS_SIZE], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(out, DQ_WORDS_SIZE, format, args);
    va_end(args);
    return out;
}
