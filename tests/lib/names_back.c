#include "names_back.h"

#include "base/json.h"
#include "select/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { I8 = 24, MAX_NAMES = 32, MAX_LEN = 200 };

void build_named_tensors(struct build *b, const uint8_t *text, size_t len, uint8_t separator)
{
    const uint64_t one = 1;
    const uint8_t *names[MAX_NAMES];
    size_t lens[MAX_NAMES];
    size_t n = 0;
    for (size_t start = 0; start <= len && n < MAX_NAMES;) {
        const uint8_t *end = start < len ? memchr(text + start, separator, len - start) : NULL;
        const size_t whole = end ? (size_t)(end - text) - start : len - start;
        bool known = whole > MAX_LEN;
        for (size_t i = 0; i < n && !known; i++)
            known = lens[i] == whole && memcmp(names[i], text + start, whole) == 0;
        if (!known) {
            names[n] = text + start;
            lens[n++] = whole;
        }
        start += whole + 1;
    }
    build_begin(b, 3, false, n, 0);
    for (size_t i = 0; i < n; i++) {
        build_string_len(b, (const char *)names[i], lens[i]);
        build_number(b, 1, 4);
        build_number(b, one, 8);
        build_number(b, I8, 4);
        build_number(b, 32 * i, 8);
    }
    build_data(b, 32, 32 * n);
}

static const char *fault(const char *what, const struct dq_tensor *t)
{
    static char text[1200];
    snprintf(text, sizeof text, "'%.1000s', %s", t->display_name, what);
    return text;
}

/* Whether a word selects t and nothing else. raw: as an entry of a list that ends in NUL. */
static bool selects(
    const struct dq_model *m, const struct dq_tensor *t, const char *word, size_t len, bool raw)
{
    struct dq_strvec words = {0};
    const struct dq_strvec none = {0};
    struct dq_picks picks = {0};
    struct dq_error e;
    bool ok = dq_strvec_add(&words, word, len, &e) == 0 &&
              dq_select(m, &words, raw, &none, &picks, NULL, &e) == 0;
    ok = ok && picks.n == 1 && picks.items[0].tensor == t && !picks.items[0].slice_text;
    dq_picks_finish(&picks);
    dq_strvec_finish(&words);
    return ok;
}

static bool excludes(const struct dq_model *m, const struct dq_tensor *t, const char *word)
{
    struct dq_strvec words = {0};
    const struct dq_strvec all = {0};
    struct dq_picks picks = {0};
    struct dq_error e;
    int rc = dq_strvec_add(&words, word, strlen(word), &e);
    if (rc == 0)
        rc = dq_select(m, &all, 0, &words, &picks, NULL, &e);
    bool ok = m->n_tensors == 1 ? rc == DQ_ERR_NO_TENSOR : rc == 0 && picks.n == m->n_tensors - 1;
    for (size_t i = 0; i < picks.n; i++)
        ok = ok && picks.items[i].tensor != t;
    dq_picks_finish(&picks);
    dq_strvec_finish(&words);
    return ok;
}

/* What a reader of the JSON of `list` gets as the name. The caller frees it with free. */
static char *through_json(const struct dq_tensor *t)
{
    char *bytes = NULL;
    size_t len = 0;
    struct dq_json j = {.file = open_memstream(&bytes, &len)};
    dq_json_put_text(&j, NULL, t->display_name, strlen(t->display_name));
    fclose(j.file);
    json_t *value = json_loadb(bytes, len, JSON_DECODE_ANY, NULL);
    char *name = value ? strdup(json_string_value(value)) : NULL;
    json_decref(value);
    free(bytes);
    return name;
}

const char *names_back(const struct dq_model *m)
{
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct dq_tensor *t = &m->tensors[i];
        const char *shown = t->display_name;
        if (shown[0] == '\0' || strpbrk(shown, "\r\n"))
            return fault("is lost among lines", t);
        if (!selects(m, t, shown, strlen(shown), false))
            return fault("as printed, is not selected", t);
        if (!excludes(m, t, shown))
            return fault("as printed, is not excluded", t);
        if (strlen(t->name) == t->name_len && !selects(m, t, t->name, t->name_len, true))
            return fault("as bytes, is not selected", t);
        char *again = through_json(t);
        const bool same = again && strcmp(again, shown) == 0;
        free(again);
        if (!same)
            return fault("is another name in JSON", t);
    }
    return NULL;
}
