#include "gguf/foreign.h"

#include "base/file.h"
#include "base/text.h"
#include "gguf/embedded.h"
#include "gguf/set_name.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 4096, QUOTE_MAX = 100, CHARACTER_MAX = 4 /* bytes */ };

/* The beginning of a file. */
struct head {
    const char *path;
    uint64_t size; /* from its first byte to the end of the file */
    size_t len;    /* of bytes */
    char bytes[HEAD_MAX];
    const char *text; /* its text, without a byte order mark and leading blanks; NULL: it is none */
    size_t text_len;
};

/* ---- tests ---- */

static bool has_bytes(const struct head *h, const char *wanted)
{
    const size_t len = strlen(wanted);
    for (size_t i = 0; i + len <= h->len; i++) {
        if (memcmp(h->bytes + i, wanted, len) == 0)
            return true;
    }
    return false;
}

static bool is_empty(const struct head *h, const char *unused)
{
    (void)unused;
    return h->size == 0;
}

static bool is_zero(const struct head *h, const char *unused)
{
    (void)unused;
    for (size_t i = 0; i < h->len; i++) {
        if (h->bytes[i] != 0)
            return false;
    }
    return true;
}

/* A number of len bytes, little-endian; UINT64_MAX if the file ends before. */
static uint64_t number_at(const struct head *h, size_t at, size_t len)
{
    uint64_t n = 0;
    if (at + len > h->len)
        return UINT64_MAX;
    for (size_t i = len; i-- > 0;)
        n = n << 8 | (uint8_t)h->bytes[at + i];
    return n;
}

/* After the magic comes the size of its vocabulary. */
static bool is_whisper(const struct head *h, const char *unused)
{
    const uint64_t n_vocab = number_at(h, 4, 4);
    (void)unused;
    return n_vocab >= 51864 && n_vocab <= 51866;
}

/* length of the JSON u64 | JSON */
static bool is_safetensors(const struct head *h, const char *unused)
{
    (void)unused;
    return number_at(h, 0, 8) <= 100000000 && h->len > 9 && h->bytes[8] == '{' &&
           (h->bytes[9] == '"' || h->bytes[9] == '}' || isspace((unsigned char)h->bytes[9]));
}

/* The magic of a frame to skip has 16 values. */
static bool is_skippable(const struct head *h, const char *unused)
{
    (void)unused;
    return ((uint8_t)h->bytes[0] & 0xf0) == 0x50;
}

static bool is_named_part(const struct head *h, const char *unused)
{
    size_t whole_len;
    (void)unused;
    return dq_piece_name(h->path, &whole_len);
}

/* ---- the table ---- */

enum { AT_NONE = -1, AT_TEXT = -2 };

struct signature {
    int at; /* offset of the bytes, or one of the above */
    const char *bytes;
    size_t len;
    bool (*test)(const struct head *h, const char *arg);
    const char *arg;
    bool may_contain; /* a GGUF */
    const char *what;
    const char *hint;
};

static const struct signature signatures[] = {
#define NONE AT_NONE
#define TEXT AT_TEXT
#define BYTES(at) at
#define ALWAYS NULL, NULL
#define HAS(bytes) has_bytes, bytes
#define IS(function) function, NULL
#define NO false
#define MAY true
#define DQ_FOREIGN(how, bytes, test, contain, what, hint)                                          \
    {how, bytes, sizeof(bytes) - 1, test, contain, what, hint},
#include "gguf/foreign.def"
#undef DQ_FOREIGN
};

/* Sets the text, if all of the head is text: UTF-8 that may be cut at its end, without control characters. */
static void find_text(struct head *h)
{
    size_t at = h->len >= 3 && memcmp(h->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    at += strspn(h->bytes + at, " \t\r\n");
    const size_t begin = at;
    while (at < h->len) {
        const unsigned char c = (unsigned char)h->bytes[at];
        const size_t n = dq_utf8_len(h->bytes + at, h->len - at);
        const bool is_cut = n == 0 && h->size > h->len && h->len - at < CHARACTER_MAX;
        if (is_cut)
            break;
        if (n == 0 || (c < ' ' && !strchr("\t\r\n\f", c)) || c == 0x7f || c == 0)
            return;
        at += n;
    }
    if (at > begin) {
        h->text = h->bytes + begin;
        h->text_len = at - begin;
    }
}

static bool matches(const struct signature *s, const struct head *h)
{
    if (s->at == AT_TEXT) {
        if (!h->text || h->text_len < s->len || strncasecmp(h->text, s->bytes, s->len) != 0)
            return false;
    } else if (s->at != AT_NONE) {
        const size_t at = (size_t)s->at;
        if (at + s->len > h->len || memcmp(h->bytes + at, s->bytes, s->len) != 0)
            return false;
    }
    return !s->test || s->test(h, s->arg);
}

/* ---- what is found ---- */

static int read_head(
    const struct dq_source *source, uint64_t begin, struct head *h, struct dq_error *e)
{
    *h = (struct head){.path = source->name, .size = source->size - begin};
    h->len = h->size < HEAD_MAX - 1 ? (size_t)h->size : HEAD_MAX - 1; /* followed by a NUL */
    const int rc = h->len > 0 ? dq_source_pread(source, h->bytes, h->len, begin, e) : 0;
    if (rc == 0)
        find_text(h);
    return rc;
}

/* Writes the beginning of a text as one line. */
static void quote(const struct head *h, char out[4 * QUOTE_MAX + 1])
{
    char line[QUOTE_MAX];
    size_t len = 0;
    for (; len < h->text_len && len < QUOTE_MAX; len++)
        line[len] = h->text[len];
    while (len > 0 && (!dq_utf8_valid(line, len) || isspace((unsigned char)line[len - 1])))
        len--; /* the cut may be in a character */
    for (size_t i = 0; i < len; i++)
        line[i] = (char)(isspace((unsigned char)line[i]) ? ' ' : line[i]);
    dq_escape(line, len, DQ_ESCAPE_LINE, out, 4 * QUOTE_MAX + 1);
}

static void describe(const struct signature *s, const struct head *h, struct dq_foreign *out)
{
    const bool quotes = *s->what && s->what[strlen(s->what) - 1] == ':';
    char bytes[16] = "";
    char line[4 * QUOTE_MAX + 1] = "";
    if (quotes)
        quote(h, line);
    for (size_t i = 0; !*s->what && i < h->len && i < 4; i++)
        snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), "%s%02x", i > 0 ? " " : "",
            (uint8_t)h->bytes[i]);
    snprintf(out->found, sizeof out->found, "%s%s%s%s", s->what, quotes ? " " : "", line, bytes);
    snprintf(out->hint, sizeof out->hint, "%s", s->hint);
}

int dq_foreign_identify(
    const struct dq_source *source, uint64_t begin, struct dq_foreign *out, struct dq_error *e)
{
    struct head h;
    uint64_t inside;
    int rc = read_head(source, begin, &h, e);
    if (rc != 0)
        return rc;
    const struct signature *s = signatures;
    while (!matches(s, &h)) /* the last one always does */
        s++;
    describe(s, &h, out);
    out->is_piece = s->test == is_named_part;
    if (!s->may_contain)
        return 0;
    rc = dq_embedded_find(source, &inside, e);
    if (rc == 0 && inside != UINT64_MAX)
        snprintf(out->hint, sizeof out->hint,
            "a GGUF begins at byte %" PRIu64 ": --offset %" PRIu64 " opens it", inside, inside);
    return rc;
}

const char *dq_foreign_version_hint(uint32_t version, bool big_endian)
{
    enum { PLAUSIBLE = 100 };
    if (version == 0 || version > PLAUSIBLE)
        return "the header is damaged, or it is no GGUF";
    if (big_endian)
        return "convert the original again, or the file with gguf_convert_endian.py of gguf";
    return "a newer version of gguf-dq may read it";
}
