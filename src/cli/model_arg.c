#include "cli/model_arg.h"

#include "base/mem.h"
#include "cli/cache.h"
#include "cli/model_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes what may have been meant by a word that names no model. */
static const char *suggest_for_model(const char *word, char out[DQ_MODELS_WORDS])
{
    dq_models_suggest(word, out);
    return out[0] ? out : dq_cache_suggest(word, out, DQ_MODELS_WORDS);
}

/* A mistyped model is taken for a tensor: it is no file, and nothing says that it should be one. */
static const char *suggest_for_tensors(const struct dq_args *args, char out[DQ_MODELS_WORDS])
{
    out[0] = '\0';
    for (size_t i = 0; !args->model && i < args->tensors.n && !out[0]; i++)
        suggest_for_model(args->tensors.items[i], out);
    return out;
}

/* Appends to an error that a word which was taken for a tensor is the name of a folder, too: one without
 * models, or else it would have been taken for the model. */
static void add_folder(const struct dq_args *args, struct dq_error *e)
{
    for (size_t i = 0; i < args->tensors.n; i++) {
        const char *word = args->tensors.items[i];
        const size_t len = strlen(e->text);
        if (!dq_is_folder(word))
            continue;
        snprintf(e->text + len, sizeof e->text - len,
            "; %.200s is a directory without a *.gguf file", word);
        break;
    }
}

static int fail_choice(
    const char *folder, bool named, const struct dq_strvec *models, struct dq_error *e)
{
    char place[300];
    const char *advice = named ? "" : "; name one, or set GGUF_DQ_MODEL";
    snprintf(place, sizeof place, "%.256s", named ? folder : "the current directory");
    if (models->n == 0 && named)
        return dq_fail(e, DQ_ERR_USAGE, "%s: is a directory without a *.gguf file", place);
    if (models->n == 0)
        return dq_fail(
            e, DQ_ERR_USAGE, "no model named, and %s has no *.gguf file%s", place, advice);
    return dq_fail(e, DQ_ERR_USAGE, "%s%s has %zu models (%.128s, %.128s%s)%s",
        named ? "" : "no model named, and ", place, models->n, models->items[0], models->items[1],
        models->n > 2 ? ", ..." : "", advice);
}

/* Returns the path of the only model of a folder, from dq_mem. */
static int look_in_folder(const char *folder, bool named, char **out, struct dq_error *e)
{
    struct dq_strvec models = {0};
    int rc = dq_models_in(folder, &models, e);
    if (rc == 0 && models.n != 1)
        rc = fail_choice(folder, named, &models, e);
    if (rc == 0) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one is there */
        const char *name = models.items[0];
        *out = named ? dq_file_join(folder, name) : dq_mem_strdup(name);
        rc = *out ? 0 : dq_fail_nomem(e);
    }
    dq_strvec_finish(&models);
    return rc;
}

static bool is_stdin(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

/* Returns the model that was named, or NULL. */
static const char *named_model(const struct dq_args *args)
{
    const char *model = args->model ? args->model : getenv("GGUF_DQ_MODEL");
    return model && *model ? model : NULL;
}

int dq_model_arg_output_name(const struct dq_args *args, char **out, struct dq_error *e)
{
    const char *model = named_model(args);
    const struct dq_cache *cache = model ? dq_cache_of(model) : NULL;
    *out = NULL;
    if (!cache || !cache->output_name)
        return 0;
    *out = cache->output_name(model + strlen(cache->prefix));
    return *out ? 0 : dq_fail_nomem(e);
}

int dq_model_arg_path(const struct dq_args *args, char **out, const char **from, struct dq_error *e)
{
    struct dq_error why;
    const char *path = args->model;
    *from = "";
    if (!path) {
        path = getenv("GGUF_DQ_MODEL");
        if (!path || !*path) {
            char words[DQ_MODELS_WORDS];
            const int rc = look_in_folder(".", false, out, &why);
            if (rc == 0)
                return 0;
            dq_fail(e, rc, "%s%s", why.text, suggest_for_tensors(args, words));
            add_folder(args, e);
            return rc;
        }
        *from = " (from GGUF_DQ_MODEL)";
    }
    if (strcmp(path, "-") == 0 && (is_stdin(args->tensors_from) || is_stdin(args->check_from)))
        return dq_fail(
            e, DQ_ERR_USAGE, "the model and the names cannot both be read from standard input");
    const struct dq_cache *cache = dq_cache_of(path);
    if (cache) {
        const int rc = dq_cache_find(cache, path, out, &why);
        return rc == 0 ? 0 : dq_fail(e, rc, "%s%s", why.text, *from);
    }
    if (dq_is_folder(path)) {
        const int rc = look_in_folder(path, true, out, &why);
        return rc == 0 ? 0 : dq_fail(e, rc, "%s%s", why.text, *from);
    }
    *out = dq_mem_strdup(path);
    return *out ? 0 : dq_fail_nomem(e);
}

int dq_model_arg_examine(const struct dq_args *args, const char *path,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e)
{
    struct dq_error why;
    char words[DQ_MODELS_WORDS];
    const int rc = dq_model_examine_at(&dq_file_store, path, args->offset, diag, out, &why);
    if (rc == 0)
        return 0;
    const bool missing = rc == DQ_ERR_IO && access(path, F_OK) != 0 && errno == ENOENT;
    return dq_fail(e, rc, "%s%s", why.text, missing ? suggest_for_model(path, words) : "");
}

int dq_model_arg_open_path(const struct dq_args *args, const char *path, const char *from,
    struct dq_model **out, struct dq_error *e)
{
    struct dq_error why;
    const int rc = dq_model_arg_examine(args, path, NULL, out, &why);
    if (rc != 0)
        return dq_fail(e, rc, "%s%s", why.text, from);
    if ((*out)->warning)
        dq_msg_warning("%s", (*out)->warning);
    return 0;
}

int dq_model_arg_open(const struct dq_args *args, struct dq_model **out, struct dq_error *e)
{
    char *path;
    const char *from;
    int rc = dq_model_arg_path(args, &path, &from, e);
    if (rc != 0)
        return rc;
    rc = dq_model_arg_open_path(args, path, from, out, e);
    dq_mem_free(path);
    return rc;
}

bool dq_names_read_line(FILE *file, int end, char *line, size_t *len)
{
    size_t n = 0;
    int c = EOF;
    while (n < DQ_NAMES_LINE && (c = getc_unlocked(file)) != EOF && c != end)
        line[n++] = (char)c;
    const bool any = n > 0 || c == end;
    if (end == '\n' && n > 0 && n < DQ_NAMES_LINE && line[n - 1] == '\r')
        n--;
    *len = n;
    return any;
}

/* Appends the names in a file. Empty lines are skipped; of empty entries that end in NUL, which can be
 * the name of a tensor, it is noted that there are any. */
static int read_names(
    FILE *file, const char *path, bool nul_separated, struct dq_names *names, struct dq_error *e)
{
    char *line = dq_mem_alloc(DQ_NAMES_LINE);
    const int end = nul_separated ? '\0' : '\n';
    size_t len = 0;
    size_t n_blank = 0; /* entries since the last name */
    int rc = line ? 0 : dq_fail_nomem(e);
    while (rc == 0 && dq_names_read_line(file, end, line, &len)) {
        if (len + n_blank >= DQ_NAMES_LINE)
            rc = dq_fail(e, DQ_ERR_USAGE, "%s: not a list of names: %d bytes without a name", path,
                (int)DQ_NAMES_LINE);
        else if (len == 0)
            n_blank++;
        else if (memchr(line, '\0', len))
            rc = dq_fail(
                e, DQ_ERR_USAGE, "%s: a name contains NUL; use --null if names end in NUL", path);
        else
            rc = dq_strvec_add(&names->list, line, len, e);
        names->has_empty |= len == 0 && nul_separated;
        if (len > 0)
            n_blank = 0;
    }
    if (rc == 0 && ferror(file))
        rc = dq_fail_errno(e, "%s", path);
    dq_mem_free(line);
    return rc;
}

static int select_tensors(const struct dq_args *args, const struct dq_model *m,
    const struct dq_strvec *words, size_t n_raw, struct dq_picks *out, struct dq_strvec *unused,
    struct dq_error *e)
{
    struct dq_error why;
    char near[DQ_MODELS_WORDS];
    const int rc = dq_select(m, words, n_raw, &args->excluded, out, unused, &why);
    if (rc == 0)
        return 0;
    if (rc != DQ_ERR_NO_TENSOR)
        return dq_fail(e, rc, "%s", why.text);
    dq_fail(e, rc, "%s%s", why.text, suggest_for_tensors(args, near));
    add_folder(args, e);
    return rc;
}

int dq_names_read_file(
    const char *path, bool nul_separated, struct dq_names *out, struct dq_error *e)
{
    const bool from_stdin = is_stdin(path);
    *out = (struct dq_names){.has_empty = false};
    FILE *file = from_stdin ? stdin : fopen(path, "re");
    if (!file)
        return dq_fail_errno(e, "%s", path);
    const int rc = read_names(file, path, nul_separated, out, e);
    if (!from_stdin)
        fclose(file);
    return rc;
}

int dq_names_read(const struct dq_args *args, struct dq_names *out, struct dq_error *e)
{
    *out = (struct dq_names){.has_empty = false};
    return args->tensors_from ? dq_names_read_file(args->tensors_from, args->nul_separated, out, e)
                              : 0;
}

void dq_names_finish(struct dq_names *names)
{
    dq_strvec_finish(&names->list);
}

int dq_model_arg_select(const struct dq_args *args, const struct dq_model *m,
    const struct dq_names *names, struct dq_picks *out, struct dq_error *e)
{
    const struct dq_strvec *lists[] = {&names->list, &args->tensors};
    struct dq_strvec words = {0};
    struct dq_strvec unused = {0};
    size_t n_raw = 0;
    int rc = 0;
    if (names->has_empty && dq_model_find(m, "", 0))
        rc = dq_strvec_add(&words, "", 0, e);
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        for (size_t k = 0; rc == 0 && k < lists[i]->n; k++)
            rc = dq_strvec_add(&words, lists[i]->items[k], strlen(lists[i]->items[k]), e);
        if (i == 0 && rc == 0 && args->tensors_from && words.n == 0)
            rc = dq_fail(e, DQ_ERR_NO_TENSOR, "%s: contains no names", args->tensors_from);
        if (i == 0 && args->nul_separated)
            n_raw = words.n;
    }
    if (rc == 0)
        rc = select_tensors(args, m, &words, n_raw, out, &unused, e);
    for (size_t i = 0; rc == 0 && i < unused.n; i++)
        dq_msg_warning("--exclude '%s' matches no tensor", unused.items[i]);
    dq_strvec_finish(&words);
    dq_strvec_finish(&unused);
    return rc;
}

int dq_model_arg_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e)
{
    struct dq_names names;
    int rc = dq_names_read(args, &names, e);
    if (rc == 0)
        rc = dq_model_arg_select(args, m, &names, out, e);
    if (rc == 0 && args->share.count > 0)
        rc = dq_picks_keep_share(out, &args->share, e);
    dq_names_finish(&names);
    return rc;
}

int dq_model_arg_whole_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e)
{
    const int rc = dq_model_arg_tensors(args, m, out, e);
    for (size_t i = 0; rc == 0 && i < out->n; i++) {
        if (out->items[i].slice_text)
            return dq_fail(e, DQ_ERR_USAGE,
                "'%.200s%s': only show, extract, stats, compare and verify take slices",
                out->items[i].tensor->display_name, out->items[i].slice_text);
    }
    return rc;
}

void dq_model_arg_say_device(
    const struct dq_model *m, size_t n, const struct dq_engine *engine, const char *why)
{
    dq_msg_info("%s: %zu %s, on %s (%s)", m->path, n, n == 1 ? "tensor" : "tensors", engine->label,
        why ? why : "decoding is not what takes long");
}
