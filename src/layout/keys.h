/* The numbers that operations take: from the metadata, from config.json, and computed from these. */
#ifndef DQ_LAYOUT_KEYS_H
#define DQ_LAYOUT_KEYS_H

#include "gguf/gguf.h"
#include "layout/hf_config.h"

/* Where numbers come from. All stay the caller's. */
struct dq_layout_keys {
    const struct dq_model *model;
    const char *architecture;
    const json_t *table;               /* names and their expressions */
    const struct dq_hf_config *config; /* NULL: none */
    const char *needs_config;          /* says then what is needed, up to the name of a key in it */
    uint64_t layer;                    /* which element of arrays with one for each layer */
    uint64_t rows;                     /* the value of "rows" */
};

/* Computes an expression of len bytes: numbers and names with " + ", " * " and " / " between them, from
 * left to right; after " or " what applies if a name before it is missing. DQ_ERR_TYPE if something is
 * missing or does not come out even, and DQ_ERR_MALFORMED if it is not a number; or the errors of
 * reading. */
int dq_layout_number(const struct dq_layout_keys *k, const char *expression, size_t len,
    uint64_t *out, struct dq_error *e);

/* Reads a number of the metadata at a key; from an array, the element of the layer. DQ_ERR_TYPE if the
 * metadata does not have the key, DQ_ERR_MALFORMED if it is something else. */
int dq_layout_metadata(
    const struct dq_layout_keys *k, const char *key, struct dq_value *out, struct dq_error *e);

#endif
