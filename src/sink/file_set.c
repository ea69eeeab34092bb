#include "sink/file_set.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

int dq_file_set_init(struct dq_file_set *s, const struct dq_set_request *r, struct dq_error *e)
{
    *s = (struct dq_file_set){.request = *r};
    s->order = dq_mem_calloc(r->n + 1, sizeof *s->order);
    s->places = dq_mem_calloc(r->n + 1, sizeof *s->places);
    return s->order && s->places ? 0 : dq_fail_nomem(e);
}

int dq_file_set_add_file(struct dq_file_set *s, struct dq_error *e)
{
    struct dq_file_plan *files = dq_array_grow(s->files, s->n_files, sizeof *files);
    if (!files)
        return dq_fail_nomem(e);
    s->files = files;
    files[s->n_files++] = (struct dq_file_plan){.first = s->n_order};
    return 0;
}

void dq_file_set_add_array(struct dq_file_set *s, size_t i, uint64_t offset)
{
    s->places[i] = (struct dq_array_place){.file = s->n_files - 1, .offset = offset};
    s->order[s->n_order++] = i;
    s->files[s->n_files - 1].n_arrays++;
}

int dq_file_set_plan_each(struct dq_file_set *s, const struct dq_set_request *r,
    size_t (*header_len)(const struct dq_array *a), struct dq_error *e)
{
    struct dq_array a;
    int rc = dq_file_set_init(s, r, e);
    for (size_t i = 0; rc == 0 && i < r->n; i++) {
        if (!r->get(r->arg, i, &a))
            continue;
        rc = dq_file_set_add_file(s, e);
        if (rc != 0)
            break;
        const size_t len = header_len(&a);
        dq_file_set_add_array(s, i, len);
        s->files[s->n_files - 1].len = dq_add_sat_u64(len, a.n_bytes);
    }
    return rc;
}

int dq_file_set_name(struct dq_file_set *s, size_t file, const char *extension, size_t number,
    size_t count, struct dq_error *e)
{
    const size_t size = s->request.stem_len + strlen(extension) + 64;
    char *name = dq_mem_alloc(size);
    if (!name)
        return dq_fail_nomem(e);
    snprintf(name, size, "%.*s-%05zu-of-%05zu%s", (int)s->request.stem_len, s->request.stem, number,
        count, extension);
    s->files[file].name = name;
    return 0;
}

const char *dq_array_refuse_name(const struct dq_array *a)
{
    return dq_utf8_valid(a->name, a->name_len) && !memchr(a->name, '\0', a->name_len)
               ? NULL
               : "its name is not text (UTF-8 without NUL)";
}

void dq_file_set_finish(struct dq_file_set *s)
{
    for (size_t i = 0; i < s->n_files; i++) {
        dq_mem_free(s->files[i].name);
        dq_mem_free(s->files[i].header);
    }
    dq_mem_free(s->files);
    dq_mem_free(s->order);
    dq_mem_free(s->places);
    dq_mem_free(s->state);
    *s = (struct dq_file_set){0};
}
