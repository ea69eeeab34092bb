/* The store of Ollama:
 *
 *   manifests/HOST/NAMESPACE/NAME/TAG    JSON: which blobs a model consists of
 *   blobs/sha256-HEX                     one of them is the GGUF */
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "cli/cache.h"
#include "cli/model_path.h"
#include "cli/msg.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { HOST, NAMESPACE, NAME, TAG, N_PARTS, MOST_MANIFEST = 1 << 16 /* bytes */, HEX_LEN = 64 };

static const char no_namespace[] = "library"; /* of names without one */
static const char registry[] = "registry.";   /* begins the host of names without one */
static const char digest_begin[] = "sha256:";

/* A name in parts, which are not NUL-terminated; NULL: not given. */
struct ollama_name {
    const char *parts[N_PARTS];
    size_t lens[N_PARTS];
};

static void set_part(struct ollama_name *n, int part, const char *text, size_t len)
{
    n->parts[part] = text;
    n->lens[part] = len;
}

static size_t model_len(const char *words)
{
    const char *slash = strrchr(words, '/'); /* before it, a ":" begins the port of a host */
    const char *name = slash ? slash : words;
    return (size_t)(name - words) + strcspn(name, ":");
}

/* Splits "[[HOST/]NAMESPACE/]NAME[:TAG]". Returns false if there are more parts, or empty ones. */
static bool split(const char *words, struct ollama_name *out)
{
    const char *end = words + model_len(words);
    const char *colon = *end ? end : NULL;
    *out = (struct ollama_name){0};
    if (colon && strchr(colon + 1, ':'))
        return false;
    if (colon)
        set_part(out, TAG, colon + 1, strlen(colon + 1));
    for (int part = NAME; part >= HOST; part--) {
        const char *start = end;
        while (start > words && start[-1] != '/')
            start--;
        set_part(out, part, start, (size_t)(end - start));
        if (start == words)
            break;
        end = start - 1;
        if (part == HOST)
            return false;
    }
    for (int part = HOST; part < N_PARTS; part++) {
        if (out->parts[part] && (out->lens[part] == 0 || strchr(".-", out->parts[part][0]) != NULL))
            return false;
    }
    return true;
}

static bool is_valid(const char *words)
{
    struct ollama_name unused;
    for (const char *c = words; *c; c++) {
        if (!strchr(dq_cached_portable, *c) && *c != '/' && *c != ':')
            return false;
    }
    return split(words, &unused);
}

/* Whether a part is what was asked for, or its default if it was not given; a default of NULL is any. */
static bool is_part(
    const struct ollama_name *wanted, int part, const char *found, const char *if_none)
{
    if (!wanted->parts[part])
        return !if_none || strcasecmp(found, if_none) == 0;
    return strlen(found) == wanted->lens[part] &&
           strncasecmp(found, wanted->parts[part], wanted->lens[part]) == 0;
}

/* A walk through the manifests. */
struct walk {
    const char *folder; /* of the store */
    const struct ollama_name *wanted;
    bool all; /* whatever wanted says */
    bool any_tag;
    const char *parts[N_PARTS]; /* where the walk is */
    struct dq_cached_list *out;
};

static bool is_digest(const char *digest)
{
    const char *hex = digest + strlen(digest_begin);
    return strncmp(digest, digest_begin, strlen(digest_begin)) == 0 && strlen(hex) == HEX_LEN &&
           strspn(hex, "0123456789abcdef") == HEX_LEN;
}

/* Returns the path of the blob with a digest, from dq_mem; NULL if memory is short. */
static char *blob_path(const char *folder, const char *digest)
{
    struct stat st;
    char *older = dq_mem_printf("%s/blobs/%s", folder, digest); /* as older versions name it */
    if (older && stat(older, &st) == 0)
        return older;
    dq_mem_free(older);
    return dq_mem_printf("%s/blobs/sha256-%s", folder, digest + strlen(digest_begin));
}

/* Finds the GGUF that a manifest, with the contents root, names. *is_model: there should be one. */
static int find_blob(const char *folder, const char *manifest, const json_t *root, bool *is_model,
    char **out, struct dq_error *e)
{
    static const char type[] = "application/vnd.ollama.image.model";
    const char *model = NULL; /* its digest */
    size_t n = 0;
    size_t i;
    json_t *layer;
    struct stat st;
    json_array_foreach(json_object_get(root, "layers"), i, layer)
    {
        const char *media = json_string_value(json_object_get(layer, "mediaType"));
        const char *digest = json_string_value(json_object_get(layer, "digest"));
        if (media && digest && strcmp(media, type) == 0 && n++ == 0)
            model = digest;
    }
    if (!model)
        return dq_fail(e, DQ_ERR_IO, "%s: names no GGUF file", manifest);
    if (n > 1)
        return dq_fail(e, DQ_ERR_IO,
            "%s: names %zu files with weights; name one of the blobs by its path", manifest, n);
    *is_model = true;
    if (!is_digest(model))
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: the digest of its model is not valid", manifest);
    char *path = blob_path(folder, model);
    if (!path)
        return dq_fail_nomem(e);
    if (stat(path, &st) != 0) {
        const int rc = dq_fail_errno(e, "%s: names %s", manifest, path);
        dq_mem_free(path);
        return rc;
    }
    *out = path;
    return 0;
}

/* Whether what is found for a part may lead to models that are wanted. */
static bool is_wanted(const struct walk *w, int part, const char *found)
{
    static const char *const if_none[N_PARTS] = {[NAMESPACE] = no_namespace, [TAG] = "latest"};
    return w->all || (part == TAG && w->any_tag) || is_part(w->wanted, part, found, if_none[part]);
}

/* Adds the model of a manifest. */
static int add_manifest(struct walk *w, const char *manifest, struct dq_error *e)
{
    const char *const *p = w->parts;
    struct dq_error why;
    json_t *root = NULL;
    bool is_model = true; /* unless it says otherwise */
    char *path = NULL;
    char *name;
    int rc = dq_json_read(manifest, MOST_MANIFEST, &root, &why);
    if (rc == 0) {
        is_model = false;
        rc = find_blob(w->folder, manifest, root, &is_model, &path, &why);
    }
    json_decref(root);
    if (rc != 0 && rc != DQ_ERR_MEMORY && w->all && is_model)
        return dq_strvec_add(&w->out->unread, why.text, strlen(why.text), e);
    if (rc != 0 && rc != DQ_ERR_MEMORY && (w->all || w->any_tag)) {
        dq_msg_info("%s", why.text); /* the others are there */
        return 0;
    }
    if (rc != 0)
        return dq_fail(e, rc, "%s", why.text);
    name = dq_mem_printf(
        "%s%s/%s/%s:%s", dq_cache_ollama.prefix, p[HOST], p[NAMESPACE], p[NAME], p[TAG]);
    rc = name ? dq_cached_add(w->out, name, path, e) : dq_fail_nomem(e);
    dq_mem_free(name);
    dq_mem_free(path);
    return rc;
}

static int take_tag(void *arg, const char *name, struct dq_error *e)
{
    return name[0] == '.' ? 0 : dq_strvec_add(arg, name, strlen(name), e);
}

/* Visits what a folder of a part has: folders, or manifests in that of a NAME. */
static int visit(struct walk *w, const char *folder, int part, struct dq_error *e)
{
    struct dq_strvec names = {0};
    struct dq_error why;
    int rc = part == TAG ? dq_file_list(folder, take_tag, &names, &why)
                         : dq_folders_in(folder, false, &names, &why);
    if (w->all && part > HOST) /* the others are there */
        rc = dq_cached_pass_over(w->out, rc, &why, e);
    else if (rc != 0)
        (void)dq_fail(e, rc, "%s", why.text);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        if (!is_wanted(w, part, names.items[i]))
            continue;
        char *path = dq_file_join(folder, names.items[i]);
        w->parts[part] = names.items[i];
        if (!path)
            rc = dq_fail_nomem(e);
        else
            rc = part == TAG ? add_manifest(w, path, e) : visit(w, path, part + 1, e);
        dq_mem_free(path);
    }
    dq_strvec_finish(&names);
    return rc;
}

/* Whether a full name has the host that ollama takes if none is given. */
static bool has_default_host(const char *name)
{
    return strncmp(name + strlen(dq_cache_ollama.prefix), registry, strlen(registry)) == 0;
}

/* Returns the part of a full name that is enough to find it if no other model has it: without the host, and
 * without the namespace of ordinary names. */
static const char *short_name(const char *name)
{
    const char *ns = strchr(name, '/') + 1;
    const size_t len = strlen(no_namespace);
    return strncmp(ns, no_namespace, len) == 0 && ns[len] == '/' ? ns + len + 1 : ns;
}

/* Names that ollama takes for the same, whatever their case, become neighbours. */
static int by_short_name(const void *a, const void *b)
{
    const struct dq_cached *x = a;
    const struct dq_cached *y = b;
    const int c = strcasecmp(short_name(x->name), short_name(y->name));
    return c != 0 ? c : strcmp(x->name, y->name);
}

/* Sorts models, and shortens the names of those that stay different from all others and that ollama finds
 * by the short one, too. */
static int shorten(struct dq_cached_list *list, size_t first, struct dq_error *e)
{
    const size_t n = list->n - first;
    if (n == 0)
        return 0;
    struct dq_cached *c = &list->items[first];
    bool is_like_last = false;
    qsort(c, n, sizeof *c, by_short_name);
    for (size_t i = 0; i < n; i++) {
        const char *part = short_name(c[i].name);
        const bool is_like_next = i + 1 < n && strcasecmp(part, short_name(c[i + 1].name)) == 0;
        if (!is_like_last && !is_like_next && has_default_host(c[i].name)) {
            char *name = dq_mem_printf("%s%s", dq_cache_ollama.prefix, part);
            if (!name)
                return dq_fail_nomem(e);
            dq_mem_free(c[i].name);
            c[i].name = name;
        }
        is_like_last = is_like_next;
    }
    return 0;
}

static int list(const char *folder, const char *words, bool any_variant, struct dq_cached_list *out,
    struct dq_error *e)
{
    struct ollama_name wanted;
    struct walk w = {
        .folder = folder, .wanted = &wanted, .all = !*words, .any_tag = any_variant, .out = out};
    const size_t first = out->n;
    char *manifests = dq_file_join(folder, "manifests");
    if (!manifests)
        return dq_fail_nomem(e);
    (void)split(words, &wanted);
    bool is_there = false;
    int rc = dq_file_find_folder(manifests, &is_there, e);
    if (rc == 0 && is_there)
        rc = visit(&w, manifests, HOST, e);
    dq_mem_free(manifests);
    return rc == 0 ? shorten(out, first, e) : rc;
}

/* Returns "NAME-TAG", or NAME if no tag was given. */
static char *output_name(const char *words)
{
    const char *slash = strrchr(words, '/');
    char *name = dq_mem_strdup(slash ? slash + 1 : words);
    char *colon = name ? strchr(name, ':') : NULL;
    if (colon)
        *colon = '-';
    return name;
}

static void advise(const char *words, char *out, size_t size)
{
    snprintf(out, size, "ollama pull %s", words);
}

static const struct dq_cache_place places[] = {
    {"OLLAMA_MODELS", "", false}, {"HOME", "/.ollama/models", true},
    {NULL, "/usr/share/ollama/.ollama/models", true}, /* where it runs as a service */
};

const struct dq_cache dq_cache_ollama = {.prefix = "ollama:",
    .form = "NAME[:TAG]",
    .places = places,
    .n_places = sizeof places / sizeof places[0],
    .is_valid = is_valid,
    .model_len = model_len,
    .list = list,
    .advise = advise,
    .output_name = output_name};
