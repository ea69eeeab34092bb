#include "layout/table.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

extern const char dq_layout_data[];
extern const char dq_layout_data_end[];

static const struct {
    const char *spelled;
    bool is_number;
} variables[] = {{"{L}", true}, {"{X}", true}, {"{s}", false}};

enum { N_VARIABLES = sizeof variables / sizeof variables[0], VARIABLE_LEN = 3 };

const char *dq_layout_part(const char **text, const char *separator, size_t *len)
{
    const char *part = *text;
    if (!part || !*part)
        return NULL;
    const char *end = strstr(part, separator);
    *len = end ? (size_t)(end - part) : strlen(part);
    *text = end ? end + strlen(separator) : part + *len;
    return part;
}

static int variable_at(const char *pattern, size_t len)
{
    for (int i = 0; i < N_VARIABLES; i++) {
        if (len >= VARIABLE_LEN && strncmp(pattern, variables[i].spelled, VARIABLE_LEN) == 0)
            return i;
    }
    return -1;
}

/* Returns how many bytes of a name a variable may stand for; 0: none. */
static size_t length_for(int variable, const char *name)
{
    static const char *const suffixes[] = {"weight", "bias"};
    if (variables[variable].is_number)
        return strspn(name, "0123456789");
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (strcmp(name, suffixes[i]) == 0)
            return strlen(name);
    }
    return 0;
}

bool dq_layout_match(const char *pattern, size_t len, const char *name, struct dq_layout_binding *b)
{
    struct dq_layout_binding found = {0};
    while (len > 0) {
        const int v = variable_at(pattern, len);
        const size_t n = v < 0 ? 1 : length_for(v, name);
        if (n == 0 || (v < 0 && *name != *pattern))
            return false;
        if (v >= 0) {
            found.text[v] = name;
            found.len[v] = n;
        }
        name += n;
        pattern += v < 0 ? 1 : VARIABLE_LEN;
        len -= v < 0 ? 1 : VARIABLE_LEN;
    }
    if (*name)
        return false;
    *b = found;
    return true;
}

char *dq_layout_expand(const char *pattern, size_t len, const struct dq_layout_binding *b)
{
    size_t size = len + 1;
    for (int i = 0; i < N_VARIABLES; i++)
        size += b->len[i]; /* each occurs at most once */
    char *text = dq_mem_alloc(size);
    char *to = text;
    for (size_t i = 0; text && i < len;) {
        const int v = variable_at(pattern + i, len - i);
        if (v >= 0 && b->text[v]) {
            memcpy(to, b->text[v], b->len[v]);
            to += b->len[v];
            i += VARIABLE_LEN;
        } else {
            *to++ = pattern[i++];
        }
    }
    if (text)
        *to = '\0';
    return text;
}

char *dq_layout_prefix(const struct dq_layout_table *t, char *name)
{
    const json_t *pairs = json_object_get(json_object_get(t->root, "prefix"), t->class_name);
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        const char *from = json_string_value(json_array_get(pair, 0));
        const char *to = json_string_value(json_array_get(pair, 1));
        if (strcmp(name, "-") == 0 || strncmp(name, from, strlen(from)) != 0)
            continue;
        const size_t size = strlen(name) + strlen(to) + 1;
        char *longer = dq_mem_alloc(size);
        if (longer)
            snprintf(longer, size, "%s%s", to, name + strlen(from));
        dq_mem_free(name);
        return longer;
    }
    return name;
}

/* Whether an array of JSON has this string. */
static bool has_string(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
            return true;
    }
    return false;
}

/* Finds the entry of an architecture: that of the class, or else the first one. */
static const json_t *find_entry(
    struct dq_layout_table *t, const char *architecture, const char *class_name)
{
    const json_t *found = NULL;
    const char *name;
    json_t *entry;
    json_object_foreach(json_object_get(t->root, "architectures"), name, entry)
    {
        const char *gguf = json_string_value(json_object_get(entry, "gguf"));
        const bool has_class = class_name && has_string(json_object_get(entry, "hf"), class_name);
        if (strcmp(gguf ? gguf : name, architecture) != 0 || (found && !has_class))
            continue;
        found = entry;
        t->name = name;
        t->class_is_known = has_class;
    }
    return found;
}

static const char *string_or_empty(const json_t *row, size_t i)
{
    const char *text = json_string_value(json_array_get(row, i));
    return text ? text : "";
}

static void add_rules(struct dq_layout_table *t, const json_t *rows)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        t->rules[t->n_rules++] = (struct dq_layout_rule){string_or_empty(row, 0),
            string_or_empty(row, 1), string_or_empty(row, 2), string_or_empty(row, 3)};
    }
}

/* Copies the rules of an entry and of its bases to t->rules. */
static int collect(struct dq_layout_table *t, const json_t *entry, struct dq_error *e)
{
    const json_t *bases = json_object_get(entry, "bases");
    const json_t *rows = json_object_get(t->root, "bases");
    size_t n = json_array_size(json_object_get(entry, "rows"));
    for (size_t i = 0; i < json_array_size(bases); i++)
        n += json_array_size(json_object_get(rows, json_string_value(json_array_get(bases, i))));
    t->rules = dq_mem_calloc(n + 1, sizeof *t->rules);
    if (!t->rules)
        return dq_fail_nomem(e);
    add_rules(t, json_object_get(entry, "rows"));
    for (size_t i = 0; i < json_array_size(bases); i++)
        add_rules(t, json_object_get(rows, json_string_value(json_array_get(bases, i))));
    return 0;
}

/* Fails for an architecture that is not in the table: names those that are. */
static int fail_architecture(const struct dq_layout_table *t, const char *architecture,
    const char *otherwise, struct dq_error *e)
{
    char known[sizeof e->text] = "";
    size_t len = 0;
    const char *name;
    json_t *entry;
    json_object_foreach(json_object_get(t->root, "architectures"), name, entry)
    {
        if (json_object_get(entry, "gguf"))
            continue;
        const int n = snprintf(known + len, sizeof known - len, "%s%s", len > 0 ? " " : "", name);
        len += (size_t)n < sizeof known - len ? (size_t)n : sizeof known - len - 1;
    }
    return dq_fail(e, DQ_ERR_TYPE,
        "the Hugging Face layout of architecture '%.64s' is not known; %s. Known: %s", architecture,
        otherwise, known);
}

int dq_layout_table_init(struct dq_layout_table *out, const char *architecture,
    const char *class_name, const char *otherwise, struct dq_error *e)
{
    json_error_t why;
    struct dq_layout_table t = {
        .root = json_loadb(dq_layout_data, (size_t)(dq_layout_data_end - dq_layout_data), 0, &why)};
    if (!t.root)
        return dq_fail_nomem(e); /* the text itself is valid, which a test checks */
    const json_t *entry = find_entry(&t, architecture, class_name);
    int rc = entry ? collect(&t, entry, e) : fail_architecture(&t, architecture, otherwise, e);
    if (rc == 0 && class_name && json_object_get(json_object_get(t.root, "prefix"), class_name))
        t.class_is_known = true;
    if (rc == 0)
        t.class_name = t.class_is_known
                           ? class_name
                           : json_string_value(json_array_get(json_object_get(entry, "hf"), 0));
    if (rc != 0)
        dq_layout_table_finish(&t);
    else
        *out = t;
    return rc;
}

void dq_layout_table_finish(struct dq_layout_table *t)
{
    json_decref(t->root);
    dq_mem_free(t->rules);
    *t = (struct dq_layout_table){0};
}
