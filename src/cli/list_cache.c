#include "cli/list_cache.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/stdout.h"
#include "base/text.h"
#include "cli/cache.h"
#include "cli/confine.h"
#include "cli/msg.h"
#include "cli/report.h"

#include <stdio.h>
#include <string.h>

enum { NAME, NAME_WIDTH_MAX = 72 };

static const struct dq_column columns[] = {
    [NAME] = {.key = "model", .heading = "MODEL", .width = -5},
    {.key = "files", .heading = "FILES", .width = 5},
    {.key = "bytes", .heading = "SIZE", .width = 9},
    {.key = "path", .heading = "PATH"},
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

int dq_list_cache_check(const struct dq_args *args, struct dq_error *e)
{
    if (args->tensors.n || args->tensors_from || args->excluded.n || args->share.count ||
        args->meta || args->layout_hf || args->offset)
        return dq_fail(e, DQ_ERR_USAGE,
            "%s is a whole cache; name one of its models to see its tensors or metadata",
            args->model);
    return 0;
}

static void put_models(struct dq_report *r, const char *folder, const struct dq_cached_list *list)
{
    char escaped[1024];
    dq_escape(folder, strlen(folder), DQ_ESCAPE_LINE, escaped, sizeof escaped);
    dq_report_field(r, "cache", dq_cell_text(folder));
    dq_report_print(r, "%s: %zu model%s\n", escaped, list->n, list->n == 1 ? "" : "s");
    if (list->n > 0)
        dq_report_print(r, "\n");
    if (list->n == 0 && dq_report_is_table(r))
        return;
    dq_report_begin_rows(r, "models", columns, N_COLUMNS);
    for (size_t i = 0; i < list->n; i++) {
        const char *name = dq_text_cut(list->items[i].name, escaped, sizeof escaped);
        const size_t n = dq_text_letters(name, strlen(name));
        dq_report_widen(r, NAME, n < NAME_WIDTH_MAX ? n : NAME_WIDTH_MAX);
    }
    for (size_t i = 0; i < list->n && !dq_stdout_failed(); i++) {
        const struct dq_cached *c = &list->items[i];
        dq_report_row(
            r, (const struct dq_cell[N_COLUMNS]){dq_cell_text(c->name), dq_cell_u64(c->n_files),
                   dq_cell_bytes(c->n_bytes), dq_cell_text(c->path)});
    }
    dq_report_end_rows(r);
}

/* Prints a name and a newline, escaped as a whole, however long it is. */
static int print_name(const char *name, struct dq_error *e)
{
    const size_t len = strlen(name);
    const size_t size = dq_escape(name, len, DQ_ESCAPE_LINE, NULL, 0) + 1;
    char *escaped = dq_mem_alloc(size);
    if (!escaped)
        return dq_fail_nomem(e);
    dq_escape(name, len, DQ_ESCAPE_LINE, escaped, size);
    fprintf(dq_stdout(), "%s\n", escaped);
    dq_mem_free(escaped);
    return 0;
}

/* Prints the names, escaped, or with end_in_nul their bytes. */
static int print_names(const struct dq_cached_list *list, bool end_in_nul, struct dq_error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->n && !dq_stdout_failed(); i++) {
        const char *name = list->items[i].name;
        if (end_in_nul)
            fwrite(name, 1, strlen(name) + 1, dq_stdout());
        else
            rc = print_name(name, e);
    }
    return rc == 0 ? dq_stdout_flush(e) : rc;
}

int dq_list_cache(const struct dq_args *args)
{
    struct dq_error e;
    struct dq_cached_list list = {0};
    struct dq_report r;
    const struct dq_cache *cache = dq_cache_of(args->model);
    char *folder = NULL;
    char variables[200];
    dq_report_open(&r, args);
    dq_confine(args, &(struct dq_sandbox){.may_read = true});
    bool is_there = false;
    int rc = dq_cache_folder(cache, &folder, &e);
    if (rc == 0)
        rc = dq_file_find_folder(folder, &is_there, &e);
    if (rc == 0 && !is_there)
        dq_msg_warning("%s: does not exist; %s says where this cache is", folder,
            dq_cache_variables(cache, variables, sizeof variables));
    if (rc == 0)
        rc = cache->list(folder, "", true, &list, &e);
    if (rc == 0 && !args->names)
        dq_cached_measure(&list);
    for (size_t i = 0; i < list.unread.n; i++)
        dq_msg_warning("%s; the models there are not listed", list.unread.items[i]);
    dq_confine(args, &(struct dq_sandbox){0});
    if (rc == 0 && !args->names)
        put_models(&r, folder, &list);
    if (!args->names)
        rc = dq_report_end(&r, rc, &e);
    else if (rc == 0)
        rc = print_names(&list, args->nul_separated, &e);
    dq_cached_finish(&list);
    dq_mem_free(folder);
    return dq_msg_failure(rc, &e);
}
