/* The config.json of a Hugging Face model. */
#ifndef DQ_HF_CONFIG_H
#define DQ_HF_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct dq_hf_config {
    char *path;             /* of config.json; owned */
    json_t *root;           /* owned */
    const char *class_name; /* the first of "architectures", or NULL */
};

/* Reads config.json in a folder. dq_hf_config_finish frees *out. DQ_ERR_USAGE if the folder is a
 * file, DQ_ERR_IO, DQ_ERR_MEMORY, or DQ_ERR_MALFORMED if it is not an object of JSON. */
int dq_hf_config_read(const char *folder, struct dq_hf_config *out, struct dq_error *e);
void dq_hf_config_finish(struct dq_hf_config *c);

/* Finds a number that is not negative, at the top or in "text_config" (of a model with several
 * parts). */
bool dq_hf_config_number(const struct dq_hf_config *c, const char *key, uint64_t *out);

#endif
