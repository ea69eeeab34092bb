#include "cli/cache.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/model_path.h"
#include "select/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const struct dq_cache *const caches[] = {&dq_cache_hf, &dq_cache_ollama};

const struct dq_cache *dq_cache_of(const char *model)
{
    struct stat st;
    for (size_t i = 0; i < sizeof caches / sizeof caches[0]; i++) {
        if (strncmp(model, caches[i]->prefix, strlen(caches[i]->prefix)) == 0)
            return lstat(model, &st) == 0 ? NULL : caches[i];
    }
    return NULL;
}

bool dq_cache_is_whole(const char *model)
{
    const struct dq_cache *cache = dq_cache_of(model);
    return cache && model[strlen(cache->prefix)] == '\0';
}

/* Returns the value of a variable, or NULL if it is not set or empty. */
static const char *value_of(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

/* Returns the folder of a place; NULL if its variable is not set, or memory is short. */
static char *folder_of(const struct dq_cache_place *p, bool *is_set)
{
    const char *value = p->variable ? value_of(p->variable) : "";
    const char *home = value && strncmp(value, "~/", 2) == 0 ? value_of("HOME") : NULL;
    *is_set = value != NULL;
    if (!value)
        return NULL;
    return dq_mem_printf("%s%s%s", home ? home : "", home ? value + 1 : value, p->below);
}

const char *dq_cache_variables(const struct dq_cache *cache, char *out, size_t size)
{
    size_t n = cache->n_places;
    size_t len = 0;
    while (!cache->places[n - 1].variable)
        n--;
    for (size_t i = 0; i < n && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s",
            i == 0      ? ""
            : i + 1 < n ? ", "
                        : " or ",
            cache->places[i].variable);
    return out;
}

int dq_cache_folder(const struct dq_cache *cache, char **out, struct dq_error *e)
{
    char *fallback = NULL; /* the first default */
    char variables[200];
    struct dq_error why;
    bool is_set = false;
    bool is_there = false;
    *out = NULL;
    for (size_t i = 0; !*out && i < cache->n_places; i++) {
        char *folder = folder_of(&cache->places[i], &is_set);
        if (is_set && !folder) {
            dq_mem_free(fallback);
            return dq_fail_nomem(e);
        }
        is_there = true; /* also if that cannot be found out: then who reads it says why */
        if (folder && cache->places[i].is_default)
            (void)dq_file_find_folder(folder, &is_there, NULL);
        if (folder && !is_there) {
            if (fallback)
                dq_mem_free(folder);
            else
                fallback = folder;
        } else {
            *out = folder;
        }
    }
    if (*out)
        dq_mem_free(fallback);
    else
        *out = fallback;
    dq_cache_variables(cache, variables, sizeof variables);
    if (!*out)
        return dq_fail(
            e, DQ_ERR_USAGE, "%s its cache is not known; set %s", cache->prefix, variables);
    const int rc = dq_file_find_folder(*out, &is_there, &why);
    if (rc == 0)
        return 0;
    dq_mem_free(*out);
    *out = NULL;
    return dq_fail(e, rc, "%s; %s says where this cache is", why.text, variables);
}

/* Writes the names of a list, "a, b, ..., and 3 more", cut to size. Returns out. */
static const char *names_of(const struct dq_cached_list *list, char *out, size_t size)
{
    enum { MOST = 6 };
    char name[256];
    size_t len = 0;
    for (size_t i = 0; i < list->n && i < MOST && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? ", " : "",
            dq_text_cut(list->items[i].name, name, sizeof name));
    if (list->n > MOST && len < size)
        snprintf(out + len, size - len, " and %zu more", list->n - MOST);
    return out;
}

/* Says that the folder of what words names is there, but no model in it. Returns 0 if it is not. */
static int fail_empty(const struct dq_cache *cache, const char *folder, const char *words,
    const char *advice, struct dq_error *e)
{
    char *place = cache->place_of ? cache->place_of(folder, words) : NULL;
    int rc = cache->place_of && !place ? dq_fail_nomem(e) : 0;
    if (place && dq_is_folder(place))
        rc = dq_fail(e, DQ_ERR_IO,
            "%s%.200s: %.400s has no *.gguf file that is complete; to fetch one, if there is any: "
            "%s",
            cache->prefix, words, place, advice);
    dq_mem_free(place);
    return rc;
}

/* Leaves the quantization or tag out of a name with its prefix; a path has none. */
static void cut_variant(const struct dq_cache *cache, char *name)
{
    const size_t len = strlen(cache->prefix);
    if (strncmp(name, cache->prefix, len) == 0)
        name[len + cache->model_len(name + len)] = '\0';
}

/* Says that words names nothing, what else there is, and how to fetch it. */
static int fail_missing(
    const struct dq_cache *cache, const char *folder, const char *words, struct dq_error *e)
{
    struct dq_cached_list variants = {0};
    struct dq_cached_list all = {0};
    struct dq_suggestions near = {0};
    char advice[400];
    char names[512];
    char wanted[256];
    int rc = cache->list(folder, words, true, &variants, e);
    cache->advise(words, advice, sizeof advice);
    if (rc == 0 && variants.n == 0)
        rc = fail_empty(cache, folder, words, advice, e);
    if (rc == 0 && variants.n == 0)
        rc = cache->list(folder, "", true, &all, e);
    if (rc == 0 && variants.n > 0) {
        rc = dq_fail(e, DQ_ERR_IO, "%s%.100s: not in %.200s, which has %.400s; to fetch it: %s",
            cache->prefix, words, folder, names_of(&variants, names, sizeof names), advice);
    } else if (rc == 0) {
        snprintf(wanted, sizeof wanted, "%s%.200s", cache->prefix, words);
        cut_variant(cache, wanted);
        for (size_t i = 0; i < all.n; i++) {
            char *name = all.items[i].name;
            cut_variant(cache, name);
            if (i == 0 || strcmp(name, all.items[i - 1].name) != 0)
                dq_suggest(&near, wanted, name);
        }
        dq_suggest_words(&near, names, sizeof names);
        rc = dq_fail(e, DQ_ERR_IO, "%s: not in %.200s%.300s%s to fetch it: %s", wanted, folder,
            names, names[0] ? "" : ";", advice);
    }
    dq_cached_finish(&variants);
    dq_cached_finish(&all);
    return rc;
}

/* Whether a cache has models of a name. */
static bool has_models(const struct dq_cache *cache, const char *words)
{
    struct dq_cached_list list = {0};
    struct dq_error unused;
    char *folder = NULL;
    const bool found = cache->is_valid(words) && dq_cache_folder(cache, &folder, &unused) == 0 &&
                       cache->list(folder, words, true, &list, &unused) == 0 && list.n > 0;
    dq_cached_finish(&list);
    dq_mem_free(folder);
    return found;
}

const char *dq_cache_suggest(const char *word, char *out, size_t size)
{
    out[0] = '\0';
    if (strncasecmp(word, "https://", 8) == 0 || strncasecmp(word, "http://", 7) == 0) {
        snprintf(out, size, "; models are not fetched: download it, and give the path of the file");
        return out;
    }
    for (size_t i = 0; !out[0] && i < sizeof caches / sizeof caches[0]; i++) {
        const char *prefix = caches[i]->prefix;
        if (strncasecmp(word, prefix, strlen(prefix)) == 0)
            snprintf(out, size, "; did you mean '%s%.300s'?", prefix, word + strlen(prefix));
        else if (strpbrk(word, "/:") && has_models(caches[i], word))
            snprintf(out, size, "; did you mean '%s%.300s'?", prefix, word);
    }
    return out;
}

int dq_cache_find(const struct dq_cache *cache, const char *model, char **out, struct dq_error *e)
{
    const char *words = model + strlen(cache->prefix);
    struct dq_cached_list found = {0};
    char *folder;
    char names[800];
    if (!*words)
        return dq_fail(e, DQ_ERR_USAGE, "%s names no model; 'gguf-dq list %s' shows what is there",
            cache->prefix, cache->prefix);
    if (!cache->is_valid(words)) {
        names[0] = '\0';
        if (cache->correct)
            cache->correct(words, names, sizeof names);
        return dq_fail(
            e, DQ_ERR_USAGE, "%.200s: is not %s%s%s", model, cache->prefix, cache->form, names);
    }
    int rc = dq_cache_folder(cache, &folder, e);
    if (rc != 0)
        return rc;
    rc = cache->list(folder, words, false, &found, e);
    if (rc == 0 && found.n == 0)
        rc = fail_missing(cache, folder, words, e);
    else if (rc == 0 && found.n > 1)
        rc = dq_fail(e, DQ_ERR_USAGE, "%.128s could be any of %zu models: %s", model, found.n,
            names_of(&found, names, sizeof names));
    if (rc == 0) {
        *out = found.items[0].path;
        found.items[0].path = NULL;
    }
    dq_cached_finish(&found);
    dq_mem_free(folder);
    return rc;
}
