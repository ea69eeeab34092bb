/* The table of rules: how Hugging Face tensors are made from those of a GGUF file. It is data/layout.json,
 * which describes itself; this module parses it once and matches names. */
#ifndef DQ_LAYOUT_TABLE_H
#define DQ_LAYOUT_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What {L}, {X} and {s} stand for; NULL: not bound. They point into a tensor's name. */
struct dq_layout_binding {
    const char *text[3];
    size_t len[3];
};

/* A row. The strings belong to the table. */
struct dq_layout_rule {
    const char *inputs;     /* patterns with operations: "A~op + B" */
    const char *hf;         /* pattern of the Hugging Face name */
    const char *operations; /* "" if there are none */
    const char *condition;  /* "" if there is none */
};

struct dq_layout_table {
    json_t *root;                 /* owned */
    const char *name;             /* of the architecture's entry */
    struct dq_layout_rule *rules; /* of the architecture, in the order of matching; owned */
    size_t n_rules;
    const char *class_name; /* of the Hugging Face model */
    bool class_is_known;    /* the table has it for this architecture */
};

/* Parses the table and finds the rules of an architecture; of several Hugging Face classes, the rules
 * of the given one (NULL: the first). DQ_ERR_TYPE if the architecture is not in the table, with what to
 * do then and a list of those that are; DQ_ERR_MEMORY. dq_layout_table_finish frees *out. */
int dq_layout_table_init(struct dq_layout_table *out, const char *architecture,
    const char *class_name, const char *otherwise, struct dq_error *e);
void dq_layout_table_finish(struct dq_layout_table *t);

/* Matches a name with a pattern of len bytes, and sets what its variables stand for. */
bool dq_layout_match(
    const char *pattern, size_t len, const char *name, struct dq_layout_binding *b);

/* Returns a pattern of len bytes with its variables replaced; those that are not bound stay. The caller
 * frees it with dq_mem_free. NULL if memory is short. */
char *dq_layout_expand(const char *pattern, size_t len, const struct dq_layout_binding *b);

/* Returns a Hugging Face name with the prefix of the class: name itself if it has none, which is then
 * not freed, else a new string. NULL if memory is short. Takes ownership of name. */
char *dq_layout_prefix(const struct dq_layout_table *t, char *name);

/* Steps through the parts of text between separators: returns the next one, with its length, and
 * advances *text; NULL at the end. */
const char *dq_layout_part(const char **text, const char *separator, size_t *len);

#endif
