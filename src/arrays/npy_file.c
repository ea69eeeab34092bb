/* | \x93NUMPY | version, 2 bytes | length of the rest, u16 or, from version 2 on, u32 | a Python dict:
 * {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } | data | */
#include "arrays/build.h"
#include "base/file.h"

#include <inttypes.h>
#include <string.h>

enum { PREFIX = 8, HEADER_MAX = 10000 /* bytes of the dict that numpy reads */ };

static void skip_blanks(const char **s)
{
    *s += strspn(*s, " \n");
}

/* Skips a word if it comes next. */
static bool skip(const char **s, const char *word)
{
    skip_blanks(s);
    if (strncmp(*s, word, strlen(word)) != 0)
        return false;
    *s += strlen(word);
    return true;
}

static bool read_number(const char **s, uint64_t *out)
{
    uint64_t n = 0;
    skip_blanks(s);
    if (**s < '0' || **s > '9')
        return false;
    for (; **s >= '0' && **s <= '9'; ++*s) {
        const uint64_t digit = (uint64_t)(**s - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

/* Reads "(2, 3)", "(2,)" or "()". */
static bool read_shape(const char **s, struct dq_described *d)
{
    d->n_shape = 0;
    if (!skip(s, "("))
        return false;
    while (!skip(s, ")")) {
        if (d->n_shape == DQ_DIMS_MAX || !read_number(s, &d->shape[d->n_shape++]))
            return false;
        if (!skip(s, ",")) {
            skip_blanks(s);
            if (**s != ')')
                return false;
        }
    }
    return true;
}

/* Reads "'<f4'", into room for `size` bytes. */
static bool read_string(const char **s, char *out, size_t size)
{
    if (!skip(s, "'"))
        return false;
    const size_t len = strcspn(*s, "'");
    if (len >= size || (*s)[len] != '\'')
        return false;
    memcpy(out, *s, len);
    out[len] = '\0';
    *s += len + 1;
    return true;
}

/* Reads the dict. Returns what is wrong with it, or NULL. */
static const char *read_dict(const char *s, struct dq_described *d, char *descr, size_t size)
{
    bool has_shape = false;
    bool has_order = false;
    if (!skip(&s, "{"))
        return "its header is no dict";
    while (!skip(&s, "}")) {
        if (skip(&s, "'descr'") && skip(&s, ":")) {
            if (!read_string(&s, descr, size))
                return "its 'descr' is not that of numbers";
        } else if (skip(&s, "'fortran_order'") && skip(&s, ":")) {
            has_order = skip(&s, "False");
            if (!has_order)
                return "its order is Fortran's; numpy.ascontiguousarray changes it";
        } else if (skip(&s, "'shape'") && skip(&s, ":")) {
            has_shape = read_shape(&s, d);
            if (!has_shape)
                return "its 'shape' is not a tuple of at most 8 numbers";
        } else {
            return "its header has other keys than 'descr', 'fortran_order' and 'shape'";
        }
        if (!skip(&s, ","))
            skip_blanks(&s);
        if (*s == '\0')
            return "its header ends too early";
    }
    return has_shape && has_order && descr[0] ? NULL : "its header lacks a key";
}

static const struct dq_type_info *type_by_descr(const char *descr)
{
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        if (dq_types[i].stored[0] && strcmp(dq_types[i].stored, descr) == 0)
            return &dq_types[i];
    }
    return NULL;
}

int dq_npy_read(struct dq_model *m, struct dq_error *e)
{
    const struct dq_source *s = m->shards[m->n_shards - 1].source;
    uint8_t prefix[PREFIX + 4] = {0};
    char dict[HEADER_MAX + 1];
    char descr[16] = "";
    struct dq_described d = {.name = dq_file_base(s->name)};
    if (s->size < sizeof prefix)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: too short for an array", s->name);
    int rc = dq_source_pread(s, prefix, sizeof prefix, 0, e);
    if (rc != 0)
        return rc;
    const uint8_t version = prefix[6];
    const size_t len_len = version == 1 ? 2 : 4;
    uint64_t len = 0;
    for (size_t i = len_len; i-- > 0;)
        len = len << 8 | prefix[PREFIX + i];
    d.offset = PREFIX + len_len + len;
    if (version < 1 || version > 3 || len > HEADER_MAX || d.offset > s->size)
        return dq_fail(e, DQ_ERR_MALFORMED,
            "%s: a header of version %u and %" PRIu64 " bytes, in a file of %" PRIu64, s->name,
            version, len, s->size);
    rc = dq_source_pread(s, dict, (size_t)len, PREFIX + len_len, e);
    if (rc != 0)
        return rc;
    dict[len] = '\0';
    const char *wrong = read_dict(dict, &d, descr, sizeof descr);
    if (wrong)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: %s", s->name, wrong);
    d.name_len = strlen(d.name);
    d.type = type_by_descr(descr);
    d.type_name = descr;
    d.n_bytes = s->size - d.offset;
    if (!d.type)
        return dq_fail(e, DQ_ERR_TYPE,
            "%s: an array of '%s'; those of little-endian floats and integers can be read, such as "
            "'<f4'",
            s->name, descr);
    return dq_arrays_add(m, &d, e);
}
