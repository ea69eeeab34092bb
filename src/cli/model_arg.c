#include "cli/model_arg.h"

#include "base/mem.h"
#include "cli/model_path.h"

#include <stdlib.h>
#include <string.h>

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
        const size_t size = strlen(folder) + strlen(models.items[0]) + 2;
        char *path = dq_mem_alloc(size);
        if (!path)
            rc = dq_fail_nomem(e);
        else if (named)
            snprintf(path, size, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/",
                models.items[0]);
        else
            snprintf(path, size, "%s", models.items[0]);
        *out = path;
    }
    dq_strvec_finish(&models);
    return rc;
}

int dq_model_arg_path(const struct dq_args *args, char **out, const char **from, struct dq_error *e)
{
    struct dq_error why;
    const char *path = args->model;
    *from = "";
    if (!path) {
        path = getenv("GGUF_DQ_MODEL");
        if (!path || !*path) {
            const int rc = look_in_folder(".", false, out, e);
            if (rc == DQ_ERR_USAGE)
                add_folder(args, e);
            return rc;
        }
        *from = " (from GGUF_DQ_MODEL)";
    }
    if (strcmp(path, "-") == 0 && args->tensors_from && strcmp(args->tensors_from, "-") == 0)
        return dq_fail(
            e, DQ_ERR_USAGE, "the model and the names cannot both be read from standard input");
    if (dq_is_folder(path)) {
        const int rc = look_in_folder(path, true, out, &why);
        return rc == 0 ? 0 : dq_fail(e, rc, "%s%s", why.text, *from);
    }
    *out = dq_mem_strdup(path);
    return *out ? 0 : dq_fail_nomem(e);
}

int dq_model_arg_open(const struct dq_args *args, struct dq_model **out, struct dq_error *e)
{
    struct dq_error why;
    const char *from;
    char *path;
    int rc = dq_model_arg_path(args, &path, &from, e);
    if (rc != 0)
        return rc;
    rc = dq_model_open(path, out, &why);
    dq_mem_free(path);
    if (rc == 0 && (*out)->warning)
        dq_msg_warning("%s", (*out)->warning);
    return rc == 0 ? 0 : dq_fail(e, rc, "%s%s", why.text, from);
}

/* More than any name needs, escaped and followed by a slice. */
enum { MAX_LINE = 65536 };

/* Reads an entry without its end and without a CR before a newline, at most MAX_LINE bytes. Returns false
 * at the end of the file. */
static bool read_line(FILE *file, int end, char *line, size_t *len)
{
    size_t n = 0;
    int c = EOF;
    while (n < MAX_LINE && (c = getc_unlocked(file)) != EOF && c != end)
        line[n++] = (char)c;
    const bool any = n > 0 || c == end;
    if (end == '\n' && n > 0 && n < MAX_LINE && line[n - 1] == '\r')
        n--;
    *len = n;
    return any;
}

/* Appends the names in the file to words; empty lines are skipped. */
static int read_names(const struct dq_args *args, struct dq_strvec *words, struct dq_error *e)
{
    const bool from_stdin = strcmp(args->tensors_from, "-") == 0;
    FILE *file = from_stdin ? stdin : fopen(args->tensors_from, "re");
    int rc = 0;
    if (!file)
        return dq_fail_errno(e, "%s", args->tensors_from);
    char *line = dq_mem_alloc(MAX_LINE);
    if (!line)
        rc = dq_fail_nomem(e);
    const int end = args->nul_separated ? '\0' : '\n';
    size_t len = 0;
    size_t n_blank = 0; /* entries since the last name */
    while (rc == 0 && read_line(file, end, line, &len)) {
        if (len + n_blank >= MAX_LINE)
            rc = dq_fail(e, DQ_ERR_USAGE, "%s: not a list of names: %d bytes without a name",
                args->tensors_from, (int)MAX_LINE);
        else if (len == 0)
            n_blank++;
        else if (memchr(line, '\0', len))
            rc = dq_fail(e, DQ_ERR_USAGE, "%s: a name contains NUL; use --null if names end in NUL",
                args->tensors_from);
        else
            rc = dq_strvec_add(words, line, len, e);
        if (len > 0)
            n_blank = 0;
    }
    if (rc == 0 && ferror(file))
        rc = dq_fail_errno(e, "%s", args->tensors_from);
    dq_mem_free(line);
    if (!from_stdin)
        fclose(file);
    if (rc == 0 && words->n == 0)
        rc = dq_fail(e, DQ_ERR_NO_TENSOR, "%s: contains no names", args->tensors_from);
    return rc;
}

int dq_model_arg_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e)
{
    struct dq_strvec words = {0};
    struct dq_strvec unused = {0};
    int rc = 0;
    if (args->tensors_from)
        rc = read_names(args, &words, e);
    const size_t n_raw = args->nul_separated ? words.n : 0;
    for (size_t i = 0; rc == 0 && i < args->tensors.n; i++)
        rc = dq_strvec_add(&words, args->tensors.items[i], strlen(args->tensors.items[i]), e);
    if (rc == 0)
        rc = dq_select(m, &words, n_raw, &args->excluded, out, &unused, e);
    if (rc == DQ_ERR_NO_TENSOR)
        add_folder(args, e);
    for (size_t i = 0; rc == 0 && i < unused.n; i++)
        dq_msg_warning("--exclude '%s' matches no tensor", unused.items[i]);
    dq_strvec_finish(&words);
    dq_strvec_finish(&unused);
    return rc;
}

int dq_model_arg_whole_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e)
{
    const int rc = dq_model_arg_tensors(args, m, out, e);
    for (size_t i = 0; rc == 0 && i < out->n; i++) {
        if (out->items[i].slice_text)
            return dq_fail(e, DQ_ERR_USAGE, "'%.200s%s': only extract and verify take slices",
                out->items[i].tensor->display_name, out->items[i].slice_text);
    }
    return rc;
}
