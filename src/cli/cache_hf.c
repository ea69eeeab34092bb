/* The cache of huggingface_hub:
 *
 *   models--OWNER--REPO/refs/main            the commit that was downloaded last
 *   models--OWNER--REPO/snapshots/COMMIT/    the files of the repository, as links to ../../blobs/ */
#include "base/file.h"
#include "base/mem.h"
#include "cli/cache.h"
#include "cli/model_path.h"
#include "gguf/set_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    MOST_DEPTH = 4,     /* of folders in a repository */
    MOST_NAMED = 1000,  /* models of a repository that are looked at for short names */
    MOST_REVISION = 256 /* bytes */
};

static const char models[] = "models--";

/* The models of a repository. */
struct repository {
    char *id;            /* "OWNER/REPO"; owned */
    struct dq_strvec at; /* their paths */
    size_t root_len;     /* of a snapshot's folder, in each path */
    bool mixed;          /* they are from several snapshots, so that root_len means nothing */
    struct dq_cached_list *lenient; /* what cannot be read is passed over; NULL: it is an error */
};

/* Whether a name can be a component of a path that leads nowhere else. */
static bool is_component(const char *name, size_t len)
{
    return len > 0 && strspn(name, dq_cached_portable) >= len && name[0] != '.' && name[0] != '-';
}

/* OWNER/REPO, or REPO alone, and then perhaps ":" and what selects a file. */
static bool is_valid(const char *words)
{
    const size_t len = strcspn(words, ":");
    const char *slash = memchr(words, '/', len);
    const size_t owner_len = slash ? (size_t)(slash - words) : 0;
    const char *repo = slash ? slash + 1 : words;
    return (!slash || is_component(words, owner_len)) &&
           is_component(repo, len - (size_t)(repo - words)) &&
           (words[len] == '\0' || words[len + 1] != '\0');
}

static size_t model_len(const char *words)
{
    return strcspn(words, ":");
}

static const char *selector_of(const char *words)
{
    const char *colon = strchr(words, ':');
    return colon ? colon + 1 : "";
}

/* Whether a file is a projector, which belongs to a model. */
static bool is_projector(const char *path)
{
    return strncasecmp(dq_file_base(path), "mmproj", 6) == 0;
}

/* Whether a part of a name is that of a type, such as Q4_K_M, IQ2_XXS or BF16. */
static bool is_quantization(const char *part, size_t len)
{
    static const char *const plain[] = {"F16", "F32", "F64", "BF16"};
    static const char *const begin[] = {"Q", "IQ", "TQ", "MXFP", "NVFP"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strlen(plain[i]) == len && strncasecmp(part, plain[i], len) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++) {
        const size_t n = strlen(begin[i]);
        if (len > n && strncasecmp(part, begin[i], n) == 0 && isdigit((unsigned char)part[n]))
            return true;
    }
    return false;
}

static bool is_boundary(char c, bool is_before_type)
{
    return c == '\0' || strchr("-./", c) || (is_before_type && c == '_');
}

/* Whether a selector is the path of a file in its repository, or a part of it between separators, in
 * any case, such as its quantization. */
static bool selects(const char *selector, const char *file)
{
    const size_t len = strlen(selector);
    const bool is_type = is_quantization(selector, len);
    if (strcmp(selector, file) == 0)
        return true;
    if (is_projector(file) && !is_projector(selector))
        return false;
    for (const char *at = file; *at; at++) {
        if (strncasecmp(at, selector, len) == 0 && is_boundary(at[len], false) &&
            (at == file || is_boundary(at[-1], is_type)))
            return true;
    }
    return false;
}

/* Returns the path of a model in its repository. */
static const char *file_of(const struct repository *r, size_t i)
{
    return r->at.items[i] + r->root_len;
}

/* Whether a selector takes model i and no other. */
static bool selects_only(const struct repository *r, const char *selector, size_t i)
{
    size_t n = 0;
    for (size_t k = 0; n < 2 && k < r->at.n; k++)
        n += selects(selector, file_of(r, k));
    return n == 1 && selects(selector, file_of(r, i));
}

/* Returns where the word begins that ends before `end`. */
static size_t word_start(const char *text, size_t end)
{
    while (end > 0 && !strchr("-.", text[end - 1]))
        end--;
    return end;
}

/* Returns the shortest selector of a model: its quantization, that and the word before, or its path. */
static char *selector_for(const struct repository *r, size_t i)
{
    const char *base = dq_file_base(file_of(r, i));
    size_t end = dq_set_name_stem(base);
    size_t start = word_start(base, end);
    while (start > 0 && !is_quantization(base + start, end - start)) {
        end = start - 1;
        start = word_start(base, end);
    }
    const bool found = r->at.n <= MOST_NAMED && is_quantization(base + start, end - start);
    for (int n_words = 1; found && n_words <= 2; n_words++) {
        char *selector = dq_mem_strndup(base + start, end - start);
        if (!selector || selects_only(r, selector, i))
            return selector;
        dq_mem_free(selector);
        start = start > 0 ? word_start(base, start - 1) : 0;
    }
    return dq_mem_strdup(file_of(r, i));
}

static int add_model(
    const struct repository *r, size_t i, struct dq_cached_list *out, struct dq_error *e)
{
    const char *path = r->at.items[i];
    char *selector = r->mixed ? NULL : selector_for(r, i);
    char *name = selector ? dq_mem_printf("%s%s:%s", dq_cache_hf.prefix, r->id, selector) : NULL;
    const int rc =
        name || r->mixed ? dq_cached_add(out, name ? name : path, path, e) : dq_fail_nomem(e);
    dq_mem_free(selector);
    dq_mem_free(name);
    return rc;
}

/* Ends the reading of a folder. */
static int pass_over(
    const struct repository *r, int rc, const struct dq_error *why, struct dq_error *e)
{
    if (r->lenient)
        return dq_cached_pass_over(r->lenient, rc, why, e);
    return rc == 0 ? 0 : dq_fail(e, rc, "%s", why->text);
}

/* Lists the models in a folder, and the folders if there are to be any. */
static int look_in(const struct repository *r, const char *folder, int depth,
    struct dq_strvec *names, struct dq_strvec *folders, struct dq_error *e)
{
    struct dq_error why;
    int rc = dq_models_in(folder, names, &why);
    if (rc == 0 && depth < MOST_DEPTH)
        rc = dq_folders_in(folder, false, folders, &why);
    if (rc != 0) {
        dq_strvec_finish(names);
        dq_strvec_finish(folders);
    }
    return pass_over(r, rc, &why, e);
}

/* Adds the models of a folder and of those below it. */
static int add_folder(struct repository *r, const char *folder, int depth, struct dq_error *e)
{
    struct dq_strvec names = {0};
    struct dq_strvec folders = {0};
    int rc = look_in(r, folder, depth, &names, &folders, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        char *path = dq_file_join(folder, names.items[i]);
        rc = path ? dq_strvec_add(&r->at, path, strlen(path), e) : dq_fail_nomem(e);
        dq_mem_free(path);
    }
    for (size_t i = 0; rc == 0 && i < folders.n; i++) {
        char *path = dq_file_join(folder, folders.items[i]);
        rc = path ? add_folder(r, path, depth + 1, e) : dq_fail_nomem(e);
        dq_mem_free(path);
    }
    dq_strvec_finish(&names);
    dq_strvec_finish(&folders);
    return rc;
}

/* Adds the models of a snapshot of a repository. */
static int add_snapshot(
    struct repository *r, const char *folder, const char *revision, struct dq_error *e)
{
    const size_t n_before = r->at.n;
    char *snapshot = dq_mem_printf("%s/snapshots/%s", folder, revision);
    bool is_there = false;
    int rc = snapshot ? dq_file_find_folder(snapshot, &is_there, e) : dq_fail_nomem(e);
    if (rc == 0 && is_there)
        rc = add_folder(r, snapshot, 0, e);
    if (rc == 0 && r->at.n > n_before) {
        r->mixed = n_before > 0;
        r->root_len = r->mixed ? 0 : strlen(snapshot) + 1;
    }
    dq_mem_free(snapshot);
    return rc;
}

/* Reads which commit the branch main is at; "" if that is not known. */
static void read_main(const char *folder, char revision[MOST_REVISION])
{
    char *path = dq_mem_printf("%s/refs/main", folder);
    struct dq_error unused;
    uint64_t size = 0;
    int fd = -1;
    revision[0] = '\0';
    if (path && dq_file_open(path, &fd, &size, &unused) == 0) {
        const size_t len = size < MOST_REVISION ? (size_t)size : 0;
        if (dq_file_pread(fd, path, revision, len, 0, &unused) == 0)
            revision[len] = '\0';
        else
            revision[0] = '\0';
        revision[strspn(revision, dq_cached_portable)] = '\0';
        if (!is_component(revision, strlen(revision)))
            revision[0] = '\0';
        close(fd);
    }
    dq_mem_free(path);
}

/* Finds the models of a repository: those of main or, if there are none, of all its snapshots. */
static int add_repository(struct repository *r, const char *folder, struct dq_error *e)
{
    char revision[MOST_REVISION];
    struct dq_strvec revisions = {0};
    bool is_there = false;
    int rc = 0;
    read_main(folder, revision);
    if (revision[0])
        rc = add_snapshot(r, folder, revision, e);
    if (rc != 0 || r->at.n > 0)
        return rc;
    char *snapshots = dq_file_join(folder, "snapshots");
    rc = snapshots ? dq_file_find_folder(snapshots, &is_there, e) : dq_fail_nomem(e);
    if (rc == 0 && is_there)
        rc = dq_folders_in(snapshots, false, &revisions, e);
    for (size_t i = 0; rc == 0 && i < revisions.n; i++)
        rc = add_snapshot(r, folder, revisions.items[i], e);
    dq_strvec_finish(&revisions);
    dq_mem_free(snapshots);
    return rc;
}

/* Lists the models of a repository that a selector takes, "" taking all that are no projectors. Leniently,
 * what cannot be read is passed over. */
static int list_repository(const char *folder, const char *name, const char *selector, bool any,
    bool leniently, struct dq_cached_list *out, struct dq_error *e)
{
    struct repository r = {
        .id = dq_mem_strdup(name + strlen(models)), .lenient = leniently ? out : NULL};
    struct dq_error why;
    char *path = dq_file_join(folder, name);
    int rc = r.id && path ? 0 : dq_fail_nomem(e);
    if (rc == 0) {
        char *dashes = strstr(r.id, "--");
        if (dashes) {
            *dashes = '/';
            memmove(dashes + 1, dashes + 2, strlen(dashes + 2) + 1);
        }
        rc = is_valid(r.id) ? add_repository(&r, path, &why) : 0;
        rc = pass_over(&r, rc, &why, e);
    }
    for (size_t i = 0; rc == 0 && i < r.at.n; i++) {
        const char *file = file_of(&r, i);
        if (any || (*selector ? selects(selector, file) : !is_projector(file)))
            rc = add_model(&r, i, out, e);
    }
    dq_strvec_finish(&r.at);
    dq_mem_free(r.id);
    dq_mem_free(path);
    return rc;
}

/* Returns the name of the folder of a repository. */
static char *folder_name(const char *words)
{
    const int len = (int)strcspn(words, ":");
    const char *slash = memchr(words, '/', (size_t)len);
    const int owner_len = slash ? (int)(slash - words) : 0;
    const char *repo = slash ? slash + 1 : words;
    return dq_mem_printf("%s%.*s%s%.*s", models, owner_len, words, slash ? "--" : "",
        len - (int)(repo - words), repo);
}

static char *place_of(const char *folder, const char *words)
{
    char *name = folder_name(words);
    char *place = name ? dq_file_join(folder, name) : NULL;
    dq_mem_free(name);
    return place;
}

static int list(const char *folder, const char *words, bool any_variant, struct dq_cached_list *out,
    struct dq_error *e)
{
    struct dq_strvec names = {0};
    bool is_there = false;
    int rc = dq_file_find_folder(folder, &is_there, e);
    if (rc != 0 || !is_there)
        return rc;
    if (*words) {
        char *name = folder_name(words);
        rc = name ? list_repository(folder, name, selector_of(words), any_variant, false, out, e)
                  : dq_fail_nomem(e);
        dq_mem_free(name);
        return rc;
    }
    rc = dq_folders_in(folder, true, &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        if (strncmp(names.items[i], models, strlen(models)) == 0)
            rc = list_repository(folder, names.items[i], "", true, true, out, e);
    }
    dq_strvec_finish(&names);
    return rc;
}

/* Writes the types in a selector in capitals, as most repositories do: the filter of hf does not ignore
 * case. */
static void raise_types(char *selector)
{
    size_t len;
    for (char *part = selector; *part; part += len + (part[len] != '\0')) {
        len = strcspn(part, "-.");
        for (size_t i = 0; is_quantization(part, len) && i < len; i++)
            part[i] = (char)toupper((unsigned char)part[i]);
    }
}

static void advise(const char *words, char *out, size_t size)
{
    const int id_len = (int)strcspn(words, ":");
    char selector[256];
    struct dq_set_name set;
    snprintf(selector, sizeof selector, "%s", selector_of(words));
    const size_t len = strlen(selector);
    const size_t n_plain = strspn(selector, dq_cached_portable);
    const bool is_file = dq_is_gguf_name(selector);
    if (len == 0 ||
        (selector[n_plain] != '\0' && (!is_file || strpbrk(selector, "'*?[") != NULL))) {
        snprintf(out, size,
            "hf download %.*s --include '*.gguf' (every quantization; add :QUANT for one)", id_len,
            words);
    } else if (is_file && dq_set_name_parse(selector, &set)) {
        snprintf(out, size, "hf download %.*s --include '%.*s*%s'", id_len, words,
            (int)set.number_off, selector, selector + set.number_off + set.number_len);
    } else if (is_file) {
        snprintf(out, size, "hf download %.*s '%s'", id_len, words, selector);
    } else {
        raise_types(selector);
        snprintf(out, size, "hf download %.*s --include '*%s*.gguf'", id_len, words, selector);
    }
}

static void correct(const char *words, char *out, size_t size)
{
    const char *slash = strchr(words, '/');
    const char *second = slash ? strchr(slash + 1, '/') : NULL;
    char *name = second ? dq_mem_printf("%.*s:%s", (int)(second - words), words, second + 1) : NULL;
    if (name && is_valid(name) && dq_is_gguf_name(name))
        snprintf(out, size, "; did you mean '%s%.300s'?", dq_cache_hf.prefix, name);
    else if (strchr(words, '@'))
        snprintf(out, size, "; a revision cannot be named: models are those of refs/main");
    dq_mem_free(name);
}

static const struct dq_cache_place places[] = {
    {"HF_HUB_CACHE", "", false},
    {"HUGGINGFACE_HUB_CACHE", "", false},
    {"HF_HOME", "/hub", false},
    {"XDG_CACHE_HOME", "/huggingface/hub", false},
    {"HOME", "/.cache/huggingface/hub", true},
};

const struct dq_cache dq_cache_hf = {.prefix = "hf:",
    .form = "OWNER/REPO[:QUANT]",
    .places = places,
    .n_places = sizeof places / sizeof places[0],
    .is_valid = is_valid,
    .model_len = model_len,
    .list = list,
    .advise = advise,
    .place_of = place_of,
    .correct = correct};
