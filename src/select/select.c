#include "select/select.h"

#include "base/array.h"
#include "base/mem.h"
#include "run/units.h"
#include "select/glob.h"
#include "select/suggest.h"

#include <stdlib.h>
#include <string.h>

/* What a user types to name a tensor: its bytes or, if it contains NUL, its escaped form. */
static const char *typed_name(const struct dq_tensor *t)
{
    return strlen(t->name) == t->name_len ? t->name : t->display_name;
}

/* Cost of matching a pattern against a name, in addition to the bytes of the name, and of seeing that it
 * cannot match; and the limit for a selection, about a second. */
enum { MATCH_COST = 32, SKIP_COST = 8, MAX_COST = 500000000 };

/* A selection in progress. */
struct selection {
    const struct dq_model *m;
    const struct dq_tensor **sorted; /* by typed name; NULL until needed */
    struct dq_strmap escaped; /* display names that differ from the names; filled when needed */
    bool has_escaped;
    bool raw; /* the current word is a raw name rather than an escaped one */
    struct dq_picks picks;
    bool *whole;       /* per tensor: it is picked as a whole already */
    bool *unwanted;    /* per tensor: it is excluded */
    const char *slice; /* of the current word, or NULL */
    uint64_t spent;    /* cost of matching patterns so far */
    int rc;
    struct dq_error *e;
};

/* Called for each tensor that a word selects. */
typedef void (*dq_mark_fn)(struct selection *s, const struct dq_tensor *t);

static void mark_wanted(struct selection *s, const struct dq_tensor *t);

static int by_typed_name(const void *a, const void *b)
{
    const struct dq_tensor *const *x = a;
    const struct dq_tensor *const *y = b;
    return strcmp(typed_name(*x), typed_name(*y));
}

static int need_sorted(struct selection *s)
{
    const size_t n = s->m->n_tensors;
    if (s->sorted)
        return 0;
    s->sorted = dq_mem_alloc((n + 1) * sizeof *s->sorted);
    if (!s->sorted)
        return dq_fail_nomem(s->e);
    for (size_t i = 0; i < n; i++)
        s->sorted[i] = &s->m->tensors[i];
    qsort(s->sorted, n, sizeof *s->sorted, by_typed_name);
    return 0;
}

/* Returns the index of the first sorted name that begins with text, or where it would be. */
static size_t first_with(const struct selection *s, const char *text, size_t len)
{
    size_t low = 0;
    size_t high = s->m->n_tensors;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strncmp(typed_name(s->sorted[middle]), text, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* NAME matches NAME.weight, NAME.bias and so on: one more part without a dot. */
static int match_stem(struct selection *s, const char *word, dq_mark_fn mark, size_t *n_matched)
{
    const size_t len = strlen(word);
    const int rc = need_sorted(s);
    if (rc != 0)
        return rc;
    for (size_t i = first_with(s, word, len); i < s->m->n_tensors; i++) {
        const char *name = typed_name(s->sorted[i]);
        if (strncmp(name, word, len) != 0 || name[len] > '.')
            break; /* sorted after all that begin with word and a dot */
        if (name[len] == '.' && name[len + 1] != '\0' && !strchr(name + len + 1, '.')) {
            mark(s, s->sorted[i]);
            ++*n_matched;
        }
    }
    return 0;
}

/* Marks the tensors that match a pattern. Only names that begin with its fixed prefix are visited, and
 * only those that end with its fixed suffix are matched. */
static int mark_matches(struct selection *s, const char *pattern, bool *matched)
{
    const size_t len = dq_glob_prefix(pattern);
    const size_t tail_len = dq_glob_suffix(pattern);
    const char *tail = pattern + strlen(pattern) - tail_len;
    for (size_t i = first_with(s, pattern, len); i < s->m->n_tensors; i++) {
        const char *name = typed_name(s->sorted[i]);
        if (strncmp(name, pattern, len) != 0)
            break;
        const size_t name_len = strlen(name);
        const bool may_match =
            name_len >= tail_len && memcmp(name + name_len - tail_len, tail, tail_len) == 0;
        s->spent += may_match ? name_len + MATCH_COST : SKIP_COST;
        if (s->spent > MAX_COST)
            return dq_fail(
                s->e, DQ_ERR_USAGE, "the braces expand to too many patterns for so many names");
        if (may_match && dq_glob_match(pattern, name))
            matched[s->sorted[i] - s->m->tensors] = true;
    }
    return 0;
}

static int match_glob(struct selection *s, const char *word, dq_mark_fn mark, size_t *n_matched)
{
    struct dq_strvec patterns = {0};
    bool *matched = dq_mem_calloc(s->m->n_tensors + 1, sizeof *matched);
    int rc = matched ? need_sorted(s) : dq_fail_nomem(s->e);
    s->picks.is_open = s->picks.is_open || mark == mark_wanted;
    if (rc == 0)
        rc = dq_glob_expand(word, &patterns, s->e);
    for (size_t i = 0; rc == 0 && i < patterns.n; i++)
        rc = mark_matches(s, patterns.items[i], matched);
    for (size_t i = 0; rc == 0 && i < s->m->n_tensors; i++) {
        if (matched[i]) {
            mark(s, &s->m->tensors[i]);
            ++*n_matched;
        }
    }
    dq_strvec_finish(&patterns);
    dq_mem_free(matched);
    return rc;
}

static int need_escaped(struct selection *s)
{
    for (size_t i = 0; !s->has_escaped && i < s->m->n_tensors; i++) {
        const struct dq_tensor *t = &s->m->tensors[i];
        if (t->display_name != t->name &&
            dq_strmap_add(&s->escaped, t->display_name, strlen(t->display_name), i) < 0)
            return dq_fail_nomem(s->e);
    }
    s->has_escaped = true;
    return 0;
}

/* Sets *exact to the tensor with a name, or to NULL. A name may also be given in its escaped form. Escaped
 * forms are unique, so they take precedence: what `list` shows always selects that tensor. */
static int find_exact(struct selection *s, const char *word, const struct dq_tensor **exact)
{
    const size_t len = strlen(word);
    size_t i;
    *exact = s->raw || !strchr(word, '\\') ? dq_model_find(s->m, word, len) : NULL;
    if (*exact || !strchr(word, '\\'))
        return 0;
    const int rc = need_escaped(s);
    if (rc != 0)
        return rc;
    *exact = dq_strmap_find(&s->escaped, word, len, &i) ? &s->m->tensors[i]
                                                        : dq_model_find(s->m, word, len);
    return 0;
}

/* Calls mark for each tensor that word selects and counts them. */
static int match_word(struct selection *s, const char *word, dq_mark_fn mark, size_t *n_matched)
{
    const struct dq_tensor *exact;
    int rc = find_exact(s, word, &exact);
    *n_matched = 0;
    if (rc != 0)
        return rc;
    if (exact) {
        mark(s, exact);
        *n_matched = 1;
        return 0;
    }
    rc = match_stem(s, word, mark, n_matched);
    if (rc != 0 || *n_matched > 0 || !dq_glob_is_pattern(word))
        return rc;
    return match_glob(s, word, mark, n_matched);
}

static int fail_unmatched(const struct dq_model *m, const char *word, struct dq_error *e)
{
    struct dq_suggestions near = {0};
    char words[768];
    if (m->n_tensors == 0 && !m->lacks)
        return dq_fail(e, DQ_ERR_NO_TENSOR, "%s: the model has no tensors", m->path);
    if (strchr(word, '[') && dq_model_find(m, word, strcspn(word, "[")))
        return dq_fail(
            e, DQ_ERR_USAGE, "%s: '%.200s': not a valid slice after the name", m->path, word);
    for (size_t i = 0; i < m->n_tensors; i++)
        dq_suggest(&near, word, m->tensors[i].display_name);
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(e, DQ_ERR_NO_TENSOR, "%s: no tensor matches '%.200s'%s%s%s", m->path, word,
        m->lacks ? ", but " : "", m->lacks ? m->lacks : "", words);
}

static int add_slice(struct dq_pick *p, const char *text, struct dq_error *e)
{
    p->slice_text = dq_mem_strdup(text);
    p->slice = dq_mem_alloc(sizeof *p->slice);
    if (!p->slice_text || !p->slice)
        return dq_fail_nomem(e);
    char *to = p->slice_text;
    for (const char *from = text; *from; from++) {
        if (*from != ' ' && *from != '\t')
            *to++ = *from;
    }
    *to = '\0';
    return dq_slice_parse(text, p->tensor, p->slice, e);
}

static void finish_pick(struct dq_pick *p)
{
    dq_mem_free(p->slice_text);
    dq_mem_free(p->slice);
}

static int add_pick(
    struct dq_picks *picks, const struct dq_tensor *t, const char *slice, struct dq_error *e)
{
    struct dq_pick *grown = dq_array_grow(picks->items, picks->n, sizeof *grown);
    if (!grown)
        return dq_fail_nomem(e);
    picks->items = grown;
    struct dq_pick *p = &picks->items[picks->n];
    *p = (struct dq_pick){.tensor = t, .order = picks->n};
    picks->n++;
    return slice ? add_slice(p, slice, e) : 0;
}

static void mark_wanted(struct selection *s, const struct dq_tensor *t)
{
    bool *whole = &s->whole[t - s->m->tensors];
    struct dq_error why;
    if (s->rc != 0 || (!s->slice && *whole))
        return;
    s->rc = add_pick(&s->picks, t, s->slice, &why);
    if (s->rc != 0)
        dq_fail(s->e, s->rc, "%s: %s", s->m->path, why.text);
    if (!s->slice)
        *whole = true;
}

static void mark_unwanted(struct selection *s, const struct dq_tensor *t)
{
    s->unwanted[t - s->m->tensors] = true;
}

static int want(struct selection *s, const char *word)
{
    size_t n;
    const char *slice = dq_slice_find(word);
    const struct dq_tensor *exact;
    int rc = find_exact(s, word, &exact);
    if (rc != 0)
        return rc;
    if (exact)
        slice = NULL; /* the brackets are part of the name */
    char *name = dq_mem_strndup(word, slice ? (size_t)(slice - word) : strlen(word));
    if (!name)
        return dq_fail_nomem(s->e);
    s->slice = slice;
    rc = match_word(s, name, mark_wanted, &n);
    if (rc == 0)
        rc = s->rc;
    if (rc == 0 && n == 0)
        rc = fail_unmatched(s->m, name, s->e);
    dq_mem_free(name);
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

/* Removes excluded and duplicate picks and sorts the rest by their order in the file. in_order: they are
 * sorted already, since no words selected them. */
static void tidy(struct selection *s, bool in_order)
{
    struct dq_picks *picks = &s->picks;
    size_t kept = 0;
    if (picks->n > 0 && !in_order)
        qsort(picks->items, picks->n, sizeof *picks->items, by_slice);
    for (size_t i = 0; i < picks->n; i++) {
        struct dq_pick *p = &picks->items[i];
        if (s->unwanted[p->tensor - s->m->tensors] ||
            (kept > 0 && is_same(&picks->items[kept - 1], p)))
            finish_pick(p);
        else
            picks->items[kept++] = *p;
    }
    picks->n = kept;
    if (kept > 0 && !in_order)
        qsort(picks->items, kept, sizeof *picks->items, by_place);
}

int dq_select(const struct dq_model *m, const struct dq_strvec *wanted, size_t n_raw,
    const struct dq_strvec *excluded, struct dq_picks *out, struct dq_strvec *unused,
    struct dq_error *e)
{
    struct selection s = {.m = m, .e = e, .picks.is_open = wanted->n == 0};
    int rc = 0;
    s.whole = dq_mem_calloc(m->n_tensors + 1, sizeof *s.whole);
    s.unwanted = dq_mem_calloc(m->n_tensors + 1, sizeof *s.unwanted);
    if (!s.whole || !s.unwanted)
        rc = dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && wanted->n == 0 && i < m->n_tensors; i++)
        rc = add_pick(&s.picks, &m->tensors[i], NULL, e);
    for (size_t i = 0; rc == 0 && i < wanted->n; i++) {
        s.raw = i < n_raw;
        rc = want(&s, wanted->items[i]);
    }
    s.raw = false;
    for (size_t i = 0; rc == 0 && i < excluded->n; i++) {
        const char *word = excluded->items[i];
        size_t n;
        rc = match_word(&s, word, mark_unwanted, &n);
        if (rc == 0 && n == 0 && unused)
            rc = dq_strvec_add(unused, word, strlen(word), e);
    }
    if (rc == 0) {
        tidy(&s, wanted->n == 0);
        if (s.picks.n == 0 && wanted->n + excluded->n > 0)
            rc = dq_fail(e, DQ_ERR_NO_TENSOR,
                "%s: the selection is empty: every tensor in it is excluded", m->path);
    }
    if (rc == 0)
        *out = s.picks;
    else
        dq_picks_finish(&s.picks);
    dq_strmap_finish(&s.escaped);
    dq_mem_free(s.sorted);
    dq_mem_free(s.whole);
    dq_mem_free(s.unwanted);
    return rc;
}

void dq_picks_finish(struct dq_picks *picks)
{
    for (size_t i = 0; i < picks->n; i++)
        finish_pick(&picks->items[i]);
    dq_mem_free(picks->items);
    *picks = (struct dq_picks){0};
}

void dq_picks_keep(struct dq_picks *picks, const uint32_t *labels, uint32_t label)
{
    size_t kept = 0;
    for (size_t i = 0; i < picks->n; i++) {
        if (labels[i] == label)
            picks->items[kept++] = picks->items[i];
        else
            finish_pick(&picks->items[i]);
    }
    picks->n = kept;
}

void dq_pick_slice(const struct dq_pick *pick, struct dq_slice *out)
{
    if (pick->slice)
        *out = *pick->slice;
    else
        dq_slice_all(pick->tensor, out);
}

int dq_pick_usable(
    const struct dq_model *m, const struct dq_pick *pick, bool decode, struct dq_error *e)
{
    const struct dq_tensor *t = pick->tensor;
    const uint64_t n_bytes = pick->slice ? dq_slice_bytes(pick->slice, t) : UINT64_MAX;
    return dq_tensor_part_usable(m, t, n_bytes, decode, e);
}

int dq_pick_has_blocks(const struct dq_pick *pick, struct dq_error *e)
{
    const struct dq_type_info *type = pick->tensor->type;
    struct dq_slice slice;
    dq_pick_slice(pick, &slice);
    if (dq_units_have_blocks(slice.ranges, type->weights))
        return 0;
    return dq_fail(e, DQ_ERR_USAGE,
        "tensor '%s%s': the slice has parts of blocks; those of %s have %u weights",
        pick->tensor->display_name, pick->slice_text ? pick->slice_text : "", type->name,
        type->weights);
}
