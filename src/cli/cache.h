/* Models that other programs have downloaded, by the names that those use: hf:OWNER/REPO[:QUANT] of
 * huggingface_hub, and ollama:NAME[:TAG]. They are looked up in the caches on this machine; nothing is
 * fetched. What is in a cache is not trusted. */
#ifndef DQ_CACHE_H
#define DQ_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/cached.h"

/* A cache as a table of functions. `words` is what follows the prefix. */
struct dq_cache {
    const char *prefix; /* "hf:" */
    const char *form;   /* what a name looks like, for messages */

    /* The first of these variables that is set says where the cache is: its value with `below` appended.
     * Of those that are defaults, the first whose folder exists. */
    const struct dq_cache_place {
        const char *variable; /* NULL: below is the whole path */
        const char *below;
        bool is_default;
    } * places;
    size_t n_places;

    /* Whether words could be a name. */
    bool (*is_valid)(const char *words);

    /* Returns the length of what comes before the ":" of a quantization or tag. */
    size_t (*model_len)(const char *words);

    /* Appends the models that words names; all if it is "", except those that cannot be read; with
     * any_variant those of every quantization or tag. A cache that does not exist is empty. */
    int (*list)(const char *folder, const char *words, bool any_variant, struct dq_cached_list *out,
        struct dq_error *e);

    /* Writes the command that fetches what words names. */
    void (*advise)(const char *words, char *out, size_t size);

    /* Returns the folder, from dq_mem, that has the models that words names, of every quantization; NULL if
     * memory is short. The function is NULL where there is no such folder. */
    char *(*place_of)(const char *folder, const char *words);

    /* Returns what to call the outputs of a model, from dq_mem; NULL if memory is short. The function is NULL
     * where the files have names of their own. */
    char *(*output_name)(const char *words);

    /* Writes what may have been meant by words that is_valid refuses, or nothing. It can be NULL. */
    void (*correct)(const char *words, char *out, size_t size);
};

extern const struct dq_cache dq_cache_hf;
extern const struct dq_cache dq_cache_ollama;

/* Returns the cache that a MODEL on the command line names a model of, or NULL. An existing file of
 * that name is not one. */
const struct dq_cache *dq_cache_of(const char *model);

/* Whether it names the cache as a whole: "hf:". */
bool dq_cache_is_whole(const char *model);

/* Writes which variables say where a cache is: "A, B or HOME". Returns out. */
const char *dq_cache_variables(const struct dq_cache *cache, char *out, size_t size);

/* Returns the folder of a cache from dq_mem, in *out, which need not exist. DQ_ERR_USAGE if nothing says where
 * it is, DQ_ERR_IO if it is no folder or may not be examined. */
int dq_cache_folder(const struct dq_cache *cache, char **out, struct dq_error *e);

/* Writes what may have been meant by a word that is neither a file nor the name of a model in a cache: such a
 * name without its prefix, or an address on the web; "" if nothing is known of it. Returns out. */
const char *dq_cache_suggest(const char *word, char *out, size_t size);

/* Finds the one model of a cache that `model`, prefix included, names; *out is its path, which the caller
 * frees with dq_mem_free. DQ_ERR_USAGE if it could be several, which the text names; DQ_ERR_IO if it is
 * not there, with what is, and with the command that would fetch it. */
int dq_cache_find(const struct dq_cache *cache, const char *model, char **out, struct dq_error *e);

#endif
