/* What is wrong or odd in a model: which rule, of what, where, what was due and what is there. The
 * reader tells of it as it comes upon it, so that whoever reports it needs no second parser. */
#ifndef DQ_DIAGNOSTIC_H
#define DQ_DIAGNOSTIC_H

#include <stdint.h>

#include "base/err.h"

enum dq_rule {
#define DQ_RULE(token, name, level, words) DQ_RULE_##token,
#include "gguf/rules.def"
#undef DQ_RULE
    DQ_RULE_COUNT
};

/* What breaking a rule means; see rules.def. */
enum dq_level { DQ_LEVEL_file, DQ_LEVEL_tensor, DQ_LEVEL_values, DQ_LEVEL_note };

struct dq_rule_info {
    const char *name;
    enum dq_level level;
    const char *words;
};

/* DQ_RULE_COUNT rows, indexed by enum dq_rule. */
extern const struct dq_rule_info dq_rules[DQ_RULE_COUNT];

#define DQ_NO_OFFSET UINT64_MAX

struct dq_kv;
struct dq_tensor;

/* All pointers are good as long as the call lasts that tells of it; texts are fit for a terminal,
 * but for the path. */
struct dq_diagnostic {
    enum dq_rule rule;
    const char *path;               /* of the file */
    const struct dq_kv *kv;         /* that it is about, or NULL */
    const struct dq_tensor *tensor; /* that it is about, or NULL */
    uint64_t offset;                /* in the file, or DQ_NO_OFFSET */
    const char *expected;
    const char *found;
    uint64_t block;    /* the number of the first block where it is so */
    uint64_t n_blocks; /* in how many it is so; 0: it is not about blocks */
};

struct dq_diagnostic_sink {
    void (*emit)(void *arg, const struct dq_diagnostic *f);
    void *arg;
};

/* Tells of a finding, if there is a listener. */
void dq_emit(const struct dq_diagnostic_sink *diag, const struct dq_diagnostic *f);

/* The same for one that ends the reading; returns DQ_ERR_MALFORMED with the text. */
int dq_emit_fail(const struct dq_diagnostic_sink *diag, struct dq_error *e,
    const struct dq_diagnostic *f, const char *format, ...) DQ_PRINTF(4, 5);

/* Words made up where they are handed over: good until the block of the caller ends. */
enum { DQ_WORDS_SIZE = 192 };
const char *dq_words(char out[DQ_WORDS_SIZE], const char *format, ...) DQ_PRINTF(2, 3);
#define DQ_WORDS(...) dq_words((char[DQ_WORDS_SIZE]){0}, __VA_ARGS__)

#endif
