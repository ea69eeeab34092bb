#include "base/json.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/stdout.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif
#include <unistd.h>

void dq_json_init(void)
{
    size_t seed = 1;
#ifdef __linux__ /* random, as in strmap.c: files choose the keys */
    memcpy(&seed, (const void *)getauxval(AT_RANDOM), sizeof seed);
#endif
    json_set_alloc_funcs(dq_mem_alloc, dq_mem_free);
    json_object_seed(seed | 1); /* 0 would open a file */
}

static int read_all(const char *path, uint64_t most, char **out, size_t *len, struct dq_error *e)
{
    int fd;
    uint64_t size;
    int rc = dq_file_open(path, &fd, &size, e);
    if (rc != 0)
        return rc;
    if (size > most)
        rc = dq_fail(e, DQ_ERR_MALFORMED,
            "%s: too large for such a file (%" PRIu64 " bytes, at most %" PRIu64 ")", path, size,
            most);
    char *text = rc == 0 ? dq_mem_alloc((size_t)size + 1) : NULL;
    if (rc == 0 && !text)
        rc = dq_fail_nomem(e);
    if (rc == 0)
        rc = dq_file_pread(fd, path, text, (size_t)size, 0, e);
    close(fd);
    if (rc != 0) {
        dq_mem_free(text);
        return rc;
    }
    *out = text;
    *len = (size_t)size;
    return 0;
}

/* Python writes numbers that JSON lacks, as in "time_step_limit": [0.0, Infinity], and jansson refuses
 * them. They become empty strings, so that who needs a number sees that there is none. */
static void replace_infinities(char *text, size_t len)
{
    static const char *const words[] = {"-Infinity", "Infinity", "NaN"};
    bool is_string = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            is_string = !is_string;
        else if (is_string && text[i] == '\\')
            i++;
        for (size_t w = 0; !is_string && w < sizeof words / sizeof *words; w++) {
            const size_t n = strlen(words[w]);
            if (len - i < n || memcmp(text + i, words[w], n) != 0)
                continue;
            memset(text + i, ' ', n);
            text[i] = text[i + 1] = '"';
            i += n - 1;
            break;
        }
    }
}

int dq_json_read(const char *path, uint64_t most, json_t **out, struct dq_error *e)
{
    json_error_t why;
    char *text;
    size_t len;
    const int rc = read_all(path, most, &text, &len, e);
    if (rc != 0)
        return rc;
    const size_t start = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* a BOM */
    replace_infinities(text, len);
    json_t *root = json_loadb(text + start, len - start, 0, &why);
    dq_mem_free(text);
    if (!root)
        return dq_json_is_nomem(&why)
                   ? dq_fail_nomem(e)
                   : dq_fail(e, DQ_ERR_MALFORMED, "%s: line %d: %s", path, why.line, why.text);
    if (!json_is_object(root)) {
        json_decref(root);
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: is not an object", path);
    }
    *out = root;
    return 0;
}

/* jansson writes DEL as it is, but it is a control character to a terminal. */
static int write_text(const char *text, size_t len, void *file)
{
    const char *end = text + len;
    while (text < end) {
        const char *del = memchr(text, 0x7f, (size_t)(end - text));
        const size_t n = (size_t)((del ? del : end) - text);
        if (fwrite(text, 1, n, file) != n || (del && fputs("\\u007f", file) == EOF))
            return -1;
        text += n + (del != NULL);
    }
    return 0;
}

static void dump(struct dq_json *j, const json_t *value, size_t flags)
{
    const size_t all = flags | JSON_ENCODE_ANY | JSON_ENSURE_ASCII;
    if (!value || json_dump_callback(value, write_text, j->file, all) != 0)
        j->failed = true;
}

static void put_quoted(const struct dq_json *j, const char *text, size_t len)
{
    putc_unlocked('"', j->file);
    fwrite(text, 1, len, j->file);
    putc_unlocked('"', j->file);
}

/* Writes most texts as jansson would, at a tenth of its time. Returns whether this is one. */
static bool put_plain(const struct dq_json *j, const char *text, size_t len)
{
    const bool is_plain = dq_text_is_plain(text, len) && !memchr(text, '"', len);
    if (is_plain)
        put_quoted(j, text, len);
    return is_plain;
}

/* Ends the previous element's line, begins the next one and writes its key. */
static void lead_in(struct dq_json *j, const char *key)
{
    if (j->depth == 0 || j->depth > DQ_JSON_DEPTH)
        return;
    const unsigned at = j->depth - 1;
    if (j->one_line[at] && !j->empty[at]) {
        putc_unlocked(',', j->file);
        putc_unlocked(' ', j->file);
    } else if (!j->one_line[at]) {
        fprintf(j->file, "%s\n%*s", j->empty[at] ? "" : ",", (int)(2 * j->depth), "");
    }
    j->empty[at] = false;
    if (key) {
        if (!put_plain(j, key, strlen(key))) {
            json_t *text = json_string(key);
            dump(j, text, 0);
            json_decref(text);
        }
        putc_unlocked(':', j->file);
        putc_unlocked(' ', j->file);
    }
}

/* Values at the top level are a line each. */
static void end_value(const struct dq_json *j)
{
    if (j->depth == 0)
        putc_unlocked('\n', j->file);
}

static void begin(struct dq_json *j, const char *key, const char *brackets, bool one_line)
{
    if (j->depth >= DQ_JSON_DEPTH) { /* counted all the same, so that begin and end match */
        j->failed = true;
        j->depth++;
        return;
    }
    lead_in(j, key);
    putc_unlocked(brackets[0], j->file);
    j->closers[j->depth] = brackets[1];
    j->one_line[j->depth] = one_line;
    j->empty[j->depth] = true;
    j->depth++;
}

void dq_json_begin_object(struct dq_json *j, const char *key)
{
    begin(j, key, "{}", false);
}

void dq_json_begin_list(struct dq_json *j, const char *key)
{
    begin(j, key, "[]", false);
}

void dq_json_begin_row(struct dq_json *j, const char *key)
{
    begin(j, key, "[]", true);
}

void dq_json_begin_row_object(struct dq_json *j, const char *key)
{
    begin(j, key, "{}", true);
}

void dq_json_end(struct dq_json *j)
{
    j->depth--;
    if (j->depth >= DQ_JSON_DEPTH)
        return;
    if (!j->empty[j->depth] && !j->one_line[j->depth])
        fprintf(j->file, "\n%*s", (int)(2 * j->depth), "");
    putc_unlocked(j->closers[j->depth], j->file);
    end_value(j);
}

void dq_json_put_digits(struct dq_json *j, const char *key, json_t *value, unsigned digits)
{
    lead_in(j, key);
    dump(j, value, JSON_REAL_PRECISION(digits));
    json_decref(value);
    end_value(j);
}

void dq_json_put_u64(struct dq_json *j, const char *key, uint64_t value)
{
    char digits[DQ_DIGITS_MAX];
    const size_t len = (size_t)(dq_put_number(digits, value) - digits);
    lead_in(j, key);
    if (value <= INT64_MAX)
        fwrite(digits, 1, len, j->file);
    else
        put_quoted(j, digits, len);
    end_value(j);
}

void dq_json_put_number(struct dq_json *j, const char *key, const char *text)
{
    lead_in(j, key);
    fputs(text, j->file);
    end_value(j);
}

void dq_json_put_null(struct dq_json *j, const char *key)
{
    lead_in(j, key);
    fwrite("null", 1, 4, j->file);
    end_value(j);
}

void dq_json_put_text(struct dq_json *j, const char *key, const char *text, size_t len)
{
    lead_in(j, key);
    if (!put_plain(j, text, len)) {
        json_t *value = dq_json_text(text, len);
        dump(j, value, 0);
        json_decref(value);
    }
    end_value(j);
}

void dq_json_put(struct dq_json *j, const char *key, json_t *value)
{
    dq_json_put_digits(j, key, value, 17);
}

json_t *dq_json_text(const char *text, size_t len)
{
    if (dq_utf8_valid(text, len))
        return json_stringn(text, len);
    char *escaped = dq_escape_new(text, len);
    if (!escaped)
        return NULL;
    json_t *value = json_string(escaped);
    dq_mem_free(escaped);
    return value;
}

json_t *dq_json_u64(uint64_t value)
{
    if (value <= INT64_MAX)
        return json_integer((json_int_t)value);
    return json_sprintf("%" PRIu64, value);
}

json_t *dq_json_u64s(const uint64_t *values, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < n; i++) {
        if (json_array_append_new(list, dq_json_u64(values[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *dq_json_real(double value)
{
    if (isnan(value))
        return json_string("nan");
    if (isinf(value))
        return json_string(value < 0 ? "-inf" : "inf");
    return json_real(value);
}

int dq_json_finish(struct dq_json *j, struct dq_error *e)
{
    const int rc = j->file == dq_stdout() ? dq_stdout_flush(e) : dq_file_flush(j->file, j->path, e);
    return rc == 0 && j->failed ? dq_fail_nomem(e) : rc;
}
