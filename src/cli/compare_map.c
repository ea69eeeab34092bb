#include "cli/compare_map.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/model_arg.h"
#include "select/suggest.h"

#include <stdio.h>
#include <string.h>

/* Where in the file an error is. */
struct place {
    const char *path;
    size_t line;
};

/* Finds a tensor by its name, which may be escaped, as reports show it. */
static int find(const struct place *at, const struct dq_model *m, const char *name, size_t len,
    const struct dq_tensor **out, struct dq_error *e)
{
    const struct dq_tensor *t = NULL;
    struct dq_suggestions near = {0};
    char shown[256];
    char words[512];
    for (size_t i = 0; !t && memchr(name, '\\', len) && i < m->n_tensors; i++) {
        const char *display_name = m->tensors[i].display_name;
        if (strlen(display_name) == len && memcmp(display_name, name, len) == 0)
            t = &m->tensors[i];
    }
    *out = t ? t : dq_model_find(m, name, len);
    if (*out)
        return 0;
    dq_escape(name, len, DQ_ESCAPE_NAME, shown, sizeof shown);
    for (size_t i = 0; i < m->n_tensors; i++)
        dq_suggest(&near, shown, m->tensors[i].display_name);
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(e, DQ_ERR_NO_TENSOR, "%s: line %zu: %s has no tensor '%s'%s", at->path, at->line,
        m->path, shown, words);
}

static int fail_twice(const struct place *at, const struct dq_tensor *t, struct dq_error *e)
{
    return dq_fail(e, DQ_ERR_USAGE, "%s: line %zu: '%.256s' is there twice", at->path, at->line,
        t->display_name);
}

static int take_line(const struct place *at, const char *line, size_t len,
    const struct dq_model *reference, const struct dq_model *model, struct dq_compare_map *out,
    struct dq_error *e)
{
    const char *tab = memchr(line, '\t', len);
    const struct dq_tensor *of_model;
    const struct dq_tensor *of_reference;
    if (!tab || memchr(tab + 1, '\t', len - (size_t)(tab + 1 - line)))
        return dq_fail(e, DQ_ERR_USAGE,
            "%s: line %zu: not a name in the model, a tab and a name in the reference", at->path,
            at->line);
    const size_t model_len = (size_t)(tab - line);
    int rc = find(at, model, line, model_len, &of_model, e);
    if (rc == 0)
        rc = find(at, reference, tab + 1, len - model_len - 1, &of_reference, e);
    if (rc != 0)
        return rc;
    const struct dq_tensor **partner = &out->partners[of_model - model->tensors];
    bool *is_taken = &out->is_taken[of_reference - reference->tensors];
    if (*partner)
        return fail_twice(at, of_model, e);
    if (*is_taken)
        return fail_twice(at, of_reference, e);
    *partner = of_reference;
    *is_taken = true;
    return 0;
}

int dq_compare_map_read(const char *path, const struct dq_model *reference,
    const struct dq_model *model, struct dq_compare_map *out, struct dq_error *e)
{
    struct place at = {.path = path};
    size_t len = 0;
    int rc = 0;
    *out = (struct dq_compare_map){
        .partners = dq_mem_calloc(model->n_tensors + 1, sizeof *out->partners),
        .is_taken = dq_mem_calloc(reference->n_tensors + 1, sizeof *out->is_taken)};
    char *line = dq_mem_alloc(DQ_NAMES_LINE);
    FILE *file = fopen(path, "re");
    if (!file)
        rc = dq_fail_errno(e, "%s", path);
    else if (!line || !out->partners || !out->is_taken)
        rc = dq_fail_nomem(e);
    while (rc == 0 && dq_names_read_line(file, '\n', line, &len)) {
        at.line++;
        if (len > 0)
            rc = take_line(&at, line, len, reference, model, out, e);
    }
    if (rc == 0 && ferror(file))
        rc = dq_fail_errno(e, "%s", path);
    if (file)
        fclose(file);
    dq_mem_free(line);
    return rc;
}

void dq_compare_map_finish(struct dq_compare_map *m)
{
    dq_mem_free(m->partners);
    dq_mem_free(m->is_taken);
}
