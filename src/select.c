#include "select.h"

#include "glob.h"
#include "suggest.h"

#include <stdlib.h>
#include <string.h>

/* What people type to name a tensor: its bytes, or the way it is shown if they cannot be typed. */
static const char *typed_name(const struct dq_tensor *t)
{
    return strlen(t->name) == t->name_len ? t->name : t->shown;
}

/* A set of tensors of one model, by their index. */
typedef void (*dq_mark_fn)(void *arg, size_t index);

/* NAME finds NAME.weight, NAME.bias and so on: one part more, and no dot in it. */
static bool is_stem_of(const char *word, size_t len, const char *name)
{
    return strncmp(name, word, len) == 0 && name[len] == '.' && name[len + 1] != '\0' &&
           !strchr(name + len + 1, '.');
}

/* Calls mark for each tensor that word selects; returns how many, or an error. */
static int match_word(const struct dq_model *m, const char *word, dq_mark_fn mark, void *arg,
    size_t *n_matched, struct dq_error *e)
{
    const size_t len = strlen(word);
    size_t index;
    *n_matched = 0;
    if (dq_nametable_find(&m->names, word, len, &index)) {
        mark(arg, index);
        *n_matched = 1;
        return 0;
    }
    for (int stems = 0; stems < 2 && *n_matched == 0; stems++) {
        for (size_t i = 0; i < m->n_tensors; i++) {
            const struct dq_tensor *t = &m->tensors[i];
            if (stems ? is_stem_of(word, len, typed_name(t)) : strcmp(word, t->shown) == 0) {
                mark(arg, i);
                ++*n_matched;
            }
        }
    }
    if (*n_matched > 0 || !dq_glob_is_pattern(word))
        return 0;
    struct dq_strings patterns = {0};
    const int rc = dq_glob_expand(word, &patterns, e);
    for (size_t i = 0; rc == 0 && i < m->n_tensors; i++) {
        if (dq_glob_match(&patterns, typed_name(&m->tensors[i]))) {
            mark(arg, i);
            ++*n_matched;
        }
    }
    dq_strings_finish(&patterns);
    return rc;
}

static int fail_unmatched(const struct dq_model *m, const char *word, struct dq_error *e)
{
    struct dq_suggestions near = {0};
    char words[768];
    if (m->n_tensors == 0)
        return dq_fail(e, DQ_ERR_NO_TENSOR, "%s: the model has no tensors", m->path);
    for (size_t i = 0; i < m->n_tensors; i++)
        dq_suggest(&near, word, m->tensors[i].shown);
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(e, DQ_ERR_NO_TENSOR, "%s: no tensor matches '%.200s'%s", m->path, word, words);
}

/* Picks on their way. */
struct selection {
    const struct dq_model *m;
    struct dq_picks picks;
    bool *whole;       /* of each tensor: it is picked whole already */
    bool *unwanted;    /* of each tensor: it is excluded */
    const char *slice; /* of the word at hand, or NULL */
    int rc;
    struct dq_error *e;
};

static int add_pick(
    struct dq_picks *picks, const struct dq_tensor *t, const char *slice, struct dq_error *e)
{
    if ((picks->n & (picks->n - 1)) == 0) { /* room doubles at powers of two */
        struct dq_pick *roomy =
            realloc(picks->items, (picks->n ? 2 * picks->n : 1) * sizeof *roomy);
        if (!roomy)
            return dq_fail_nomem(e);
        picks->items = roomy;
    }
    struct dq_pick *p = &picks->items[picks->n];
    *p = (struct dq_pick){.tensor = t, .order = picks->n};
    if (!slice) {
        dq_slice_all(t, &p->slice);
        picks->n++;
        return 0;
    }
    const int rc = dq_slice_parse(slice, t, &p->slice, e);
    if (rc != 0)
        return rc;
    p->slice_text = strdup(slice);
    if (!p->slice_text)
        return dq_fail_nomem(e);
    char *to = p->slice_text;
    for (const char *from = slice; *from; from++) {
        if (*from != ' ' && *from != '\t')
            *to++ = *from;
    }
    *to = '\0';
    picks->n++;
    return 0;
}

static void mark_wanted(void *arg, size_t index)
{
    struct selection *s = arg;
    if (s->rc != 0 || (!s->slice && s->whole[index]))
        return;
    struct dq_error why;
    s->rc = add_pick(&s->picks, &s->m->tensors[index], s->slice, &why);
    if (s->rc != 0)
        dq_fail(s->e, s->rc, "%s: %s", s->m->path, why.text);
    if (!s->slice)
        s->whole[index] = true;
}

static void mark_unwanted(void *arg, size_t index)
{
    struct selection *s = arg;
    s->unwanted[index] = true;
}

static int want(struct selection *s, const char *word)
{
    size_t n;
    size_t index;
    const char *slice = dq_slice_find(word);
    if (dq_nametable_find(&s->m->names, word, strlen(word), &index))
        slice = NULL; /* a name that ends in brackets itself */
    char *name = strndup(word, slice ? (size_t)(slice - word) : strlen(word));
    if (!name)
        return dq_fail_nomem(s->e);
    s->slice = slice;
    int rc = match_word(s->m, name, mark_wanted, s, &n, s->e);
    if (rc == 0)
        rc = s->rc;
    if (rc == 0 && n == 0)
        rc = fail_unmatched(s->m, name, s->e);
    free(name);
    return rc;
}

static int compare_order(const struct dq_pick *x, const struct dq_pick *y)
{
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_place(const void *a, const void *b)
{
    const struct dq_pick *x = a;
    const struct dq_pick *y = b;
    if (x->tensor != y->tensor)
        return x->tensor < y->tensor ? -1 : 1;
    return compare_order(x, y);
}

/* Brings picks of the same thing together. */
static int by_slice(const void *a, const void *b)
{
    const struct dq_pick *x = a;
    const struct dq_pick *y = b;
    if (x->tensor != y->tensor)
        return x->tensor < y->tensor ? -1 : 1;
    const int texts =
        strcmp(x->slice_text ? x->slice_text : "", y->slice_text ? y->slice_text : "");
    return texts != 0 ? texts : compare_order(x, y);
}

static bool is_same(const struct dq_pick *x, const struct dq_pick *y)
{
    return x->tensor == y->tensor && x->slice_text && y->slice_text &&
           strcmp(x->slice_text, y->slice_text) == 0;
}

/* Takes out what is excluded or there twice, and puts the rest in the order of the file. */
static void tidy(struct selection *s)
{
    struct dq_picks *picks = &s->picks;
    size_t kept = 0;
    if (picks->n > 0)
        qsort(picks->items, picks->n, sizeof *picks->items, by_slice);
    for (size_t i = 0; i < picks->n; i++) {
        struct dq_pick *p = &picks->items[i];
        if (s->unwanted[p->tensor - s->m->tensors] ||
            (kept > 0 && is_same(&picks->items[kept - 1], p)))
            free(p->slice_text);
        else
            picks->items[kept++] = *p;
    }
    picks->n = kept;
    if (kept > 0)
        qsort(picks->items, kept, sizeof *picks->items, by_place);
}

int dq_select(const struct dq_model *m, const struct dq_strings *wanted,
    const struct dq_strings *excluded, struct dq_picks *out, struct dq_strings *unused,
    struct dq_error *e)
{
    struct selection s = {.m = m, .e = e};
    int rc = 0;
    s.whole = calloc(m->n_tensors + 1, sizeof *s.whole);
    s.unwanted = calloc(m->n_tensors + 1, sizeof *s.unwanted);
    if (!s.whole || !s.unwanted)
        rc = dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && wanted->n == 0 && i < m->n_tensors; i++)
        rc = add_pick(&s.picks, &m->tensors[i], NULL, e);
    for (size_t i = 0; rc == 0 && i < wanted->n; i++)
        rc = want(&s, wanted->items[i]);
    for (size_t i = 0; rc == 0 && i < excluded->n; i++) {
        const char *word = excluded->items[i];
        size_t n;
        rc = match_word(m, word, mark_unwanted, &s, &n, e);
        if (rc == 0 && n == 0 && unused)
            rc = dq_strings_add(unused, word, strlen(word), e);
    }
    if (rc == 0) {
        tidy(&s);
        if (s.picks.n == 0 && wanted->n + excluded->n > 0)
            rc = dq_fail(e, DQ_ERR_NO_TENSOR, "%s: nothing is left of the selection", m->path);
    }
    if (rc == 0)
        *out = s.picks;
    else
        dq_picks_finish(&s.picks);
    free(s.whole);
    free(s.unwanted);
    return rc;
}

void dq_picks_finish(struct dq_picks *picks)
{
    for (size_t i = 0; i < picks->n; i++)
        free(picks->items[i].slice_text);
    free(picks->items);
    *picks = (struct dq_picks){0};
}
