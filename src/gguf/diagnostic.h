/* Errors and notes about a model: which rule is broken, by which file, key or tensor, where, what
 * was expected there and what was found. The reader emits them as it comes upon them. Everything
 * that is said about one, as an error, in a report or as JSON, is made from its fields. */
#ifndef DQ_DIAGNOSTIC_H
#define DQ_DIAGNOSTIC_H

#include <stdint.h>

#include "base/err.h"

enum dq_rule {
#define DQ_RULE(token, name, level, summary, hint) DQ_RULE_##token,
#include "gguf/rules.def"
#undef DQ_RULE
    DQ_RULE_COUNT
};

/* What breaking a rule means; see rules.def. */
enum dq_level { DQ_LEVEL_file, DQ_LEVEL_part, DQ_LEVEL_tensor, DQ_LEVEL_values, DQ_LEVEL_note };

struct dq_rule_info {
    const char *name;
    enum dq_level level;
    const char *summary;
    const char *hint; /* or "" */
};

/* DQ_RULE_COUNT rows, indexed by enum dq_rule. */
extern const struct dq_rule_info dq_rules[DQ_RULE_COUNT];

#define DQ_NO_OFFSET UINT64_MAX

struct dq_kv;
struct dq_tensor;

/* All that it points to is valid only during the call of the sink. All texts but the path are fit for a
 * terminal. */
struct dq_diagnostic {
    enum dq_rule rule;
    const char *path;               /* of the file */
    const struct dq_kv *kv;         /* its subject, or NULL */
    const struct dq_tensor *tensor; /* its subject, or NULL */
    uint64_t offset;                /* in the file, or DQ_NO_OFFSET */
    const char *expected;
    const char *found;
    const char *hint;  /* what to do next, in place of the rule's; NULL: that of the rule */
    uint64_t block;    /* index of the first block concerned */
    uint64_t n_blocks; /* how many blocks are concerned; 0: it is not about blocks */
};

struct dq_diagnostic_sink {
    void (*emit)(void *arg, const struct dq_diagnostic *d);
    void *arg;
};

/* Returns "tensor" or "key" and, in *name, the display name of the subject, or NULL if it is the
 * file. */
const char *dq_diagnostic_subject(const struct dq_diagnostic *d, const char **name);

/* Writes the text of a diagnostic, without path and subject:
 * "SUMMARY: expected X, found Y (offset N, block B and K more); HINT". Returns out. */
enum { DQ_DIAGNOSTIC_TEXT = 768 };
const char *dq_diagnostic_text(const struct dq_diagnostic *d, char out[DQ_DIAGNOSTIC_TEXT]);

/* Gives a diagnostic to the sink, which may be NULL. */
void dq_emit(const struct dq_diagnostic_sink *diag, const struct dq_diagnostic *d);

/* The same for one that ends the reading: fails with DQ_ERR_MALFORMED and the text
 * "PATH: tensor 'NAME': " (or "PATH: key 'NAME': ", or "PATH: ") and that of dq_diagnostic_text. */
int dq_emit_fail(
    const struct dq_diagnostic_sink *diag, const struct dq_diagnostic *d, struct dq_error *e);

/* A formatted text for .expected or .found, valid until the end of the enclosing block, which may
 * be the branch of an if. */
enum { DQ_WORDS_SIZE = 256 };
const char *dq_words(char out[DQ_WORDS_SIZE], const char *format, ...) DQ_PRINTF(2, 3);
#define DQ_WORDS(...) dq_words((char[DQ_WORDS_SIZE]){0}, __VA_ARGS__)

#endif
