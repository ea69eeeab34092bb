#include "gguf/split.h"

#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "gguf/model.h"
#include "gguf/set_name.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding and opening the files ---- */

/* A file whose name is numbered like that of the model. */
struct member {
    char *base; /* its name without folder; owned */
    struct dq_set_name name;
};

struct members {
    const char *path; /* of the model */
    struct dq_set_name name;
    struct member *items;
    size_t n;
};

/* Takes a file if it is of the same set. */
static int take_member(void *arg, const char *base, struct dq_error *e)
{
    struct members *all = arg;
    struct dq_set_name name;
    if (!dq_set_name_parse(base, &name) || !dq_set_name_same(all->path, &all->name, base, &name))
        return 0;
    struct member *grown = dq_array_grow(all->items, all->n, sizeof *grown);
    if (!grown)
        return dq_fail_nomem(e);
    all->items = grown;
    struct member *m = &all->items[all->n];
    *m = (struct member){dq_mem_strdup(base), name};
    if (!m->base)
        return dq_fail_nomem(e);
    all->n++;
    return 0;
}

/* By number; of copies with the same number, the shortest name first. */
static int by_number(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;
    const size_t len_x = strlen(x->base);
    const size_t len_y = strlen(y->base);
    if (x->name.number != y->name.number)
        return x->name.number < y->name.number ? -1 : 1;
    if (len_x != len_y)
        return len_x < len_y ? -1 : 1;
    return strcmp(x->base, y->base);
}

static int open_member(struct dq_model *m, const char *base, struct dq_error *e)
{
    const int folder_len = (int)(dq_file_base(m->path) - m->path);
    const size_t size = (size_t)folder_len + strlen(base) + 1;
    char *path = dq_mem_alloc(size);
    if (!path)
        return dq_fail_nomem(e);
    snprintf(path, size, "%.*s%s", folder_len, m->path, base);
    const int rc = dq_shard_open(m, path, e);
    dq_mem_free(path);
    return rc;
}

/* Opens one file for each number: of copies, the one that was named, or else the first. If all are
 * malformed, the reason is that of the one that was named. */
static int open_members(struct dq_model *m, const struct members *all, struct dq_error *e)
{
    const char *given = dq_file_base(m->path);
    struct dq_error why;
    bool any = false;
    for (size_t i = 0, next; i < all->n; i = next) {
        const struct member *chosen = &all->items[i];
        bool is_given = false;
        for (next = i; next < all->n && all->items[next].name.number == all->items[i].name.number;
             next++) {
            if (strcmp(all->items[next].base, given) == 0) {
                chosen = &all->items[next];
                is_given = true;
            }
        }
        const int rc = open_member(m, chosen->base, &why);
        if (rc != 0 && (rc != DQ_ERR_MALFORMED || is_given))
            dq_fail(e, rc, "%s", why.text);
        if (rc != 0 && rc != DQ_ERR_MALFORMED)
            return rc;
        any = any || rc == 0;
    }
    return any ? 0 : DQ_ERR_MALFORMED;
}

int dq_split_open(struct dq_model *m, struct dq_error *e)
{
    struct members all = {.path = m->path};
    if (!dq_set_name_parse(m->path, &all.name) || all.name.count < 2)
        return dq_shard_open(m, m->path, e);
    int rc = m->store->list(m->store, m->path, take_member, &all, e);
    if (rc == 0 && all.n > 1)
        qsort(all.items, all.n, sizeof *all.items, by_number);
    if (rc == 0) /* if there is none, opening says what is wrong with the one that was named */
        rc = all.n > 0 ? open_members(m, &all, e) : dq_shard_open(m, m->path, e);
    for (size_t i = 0; i < all.n; i++)
        dq_mem_free(all.items[i].base);
    dq_mem_free(all.items);
    return rc;
}

/* ---- what is missing or unclear ---- */

/* What the keys of a file say. */
struct split_keys {
    bool has_no;
    bool has_count;
    bool has_total;
    int64_t no;
    int64_t count;
    int64_t total;
};

enum { LACKS_SIZE = 160, WARNING_SIZE = 1600, RANGES_MAX = 8, NAMES_MAX = 8 };

/* More files than this that are missing in a row are one diagnostic. */
enum { SINGLE_MAX = 64 };

struct set_check {
    struct dq_model *m;
    struct split_keys *keys; /* one for each shard; owned */
    bool any_keys;
    bool is_named; /* the file's name numbers it */
    struct dq_set_name name;
    uint32_t base;  /* the number of the first file: 0 or 1 */
    uint64_t count; /* of files; 0: unknown */
    bool is_unclear;
    char lacks[LACKS_SIZE];
    char warning[WARNING_SIZE]; /* parts, separated by "; " */
    size_t warning_len;
};

/* In the warning, which begins with the path of the model. */
static const char *name_of(const struct dq_shard *s)
{
    return dq_file_base(s->path);
}

/* Adds a part to the warning. */
DQ_PRINTF(2, 3) static void warn(struct set_check *c, const char *format, ...)
{
    va_list args;
    const size_t left = sizeof c->warning - c->warning_len;
    size_t len = c->warning_len > 0 ? (size_t)snprintf(c->warning + c->warning_len, left, "; ") : 0;
    va_start(args, format);
    if (len < left)
        len += (size_t)vsnprintf(c->warning + c->warning_len + len, left - len, format, args);
    va_end(args);
    if (len < left) {
        c->warning_len += len;
        return;
    }
    /* No room for this one. */
    c->warning[c->warning_len] = '\0';
    if (!strstr(c->warning, "; and more"))
        snprintf(c->warning + sizeof c->warning - 32, 32, "; and more (gguf-dq check)");
    c->warning_len = sizeof c->warning - 1;
}

static void emit(struct set_check *c, struct dq_diagnostic d, const struct dq_shard *s)
{
    d.path = s ? s->path : c->m->path;
    if (d.kv)
        d.offset = d.kv->value_off;
    else
        d.offset = DQ_NO_OFFSET;
    dq_emit(c->m->diag, &d);
}

/* Reads a key. One that is not an integer counts as absent, and is reported. */
static int read_key(struct set_check *c, const struct dq_shard *s, const char *key, bool *found,
    int64_t *out, struct dq_error *e)
{
    const struct dq_kv *kv = dq_shard_kv(s, key);
    struct dq_error why;
    *found = false;
    if (!kv)
        return 0;
    const int rc = dq_kv_integer(s, kv, DQ_RULE_split_type, c->m->diag, out, &why);
    *found = rc == 0;
    if (rc != DQ_ERR_MALFORMED)
        return rc == 0 ? 0 : dq_fail(e, rc, "%s", why.text);
    c->is_unclear = true;
    warn(c, "%s", why.text);
    return 0;
}

static int read_keys(struct set_check *c, struct dq_error *e)
{
    int rc = 0;
    c->keys = dq_mem_calloc(c->m->n_shards, sizeof *c->keys);
    if (!c->keys)
        return dq_fail_nomem(e);
    for (size_t i = 0; rc == 0 && i < c->m->n_shards; i++) {
        const struct dq_shard *s = &c->m->shards[i];
        struct split_keys *k = &c->keys[i];
        if (s->data_off == 0)
            continue;
        rc = read_key(c, s, "split.no", &k->has_no, &k->no, e);
        if (rc == 0)
            rc = read_key(c, s, "split.count", &k->has_count, &k->count, e);
        if (rc == 0)
            rc = read_key(c, s, "split.tensors.count", &k->has_total, &k->total, e);
        c->any_keys = c->any_keys || k->has_no || k->has_count;
    }
    return rc;
}

/* The number in the name of a shard. Only the shards of numbered names are asked. */
static uint32_t number_of(const struct dq_shard *s)
{
    struct dq_set_name name = {0};
    dq_set_name_parse(s->path, &name);
    return name.number;
}

/* Most sets count from 1. From 0 does one whose keys say so, or which has a file 0. */
static uint32_t find_base(const struct set_check *c)
{
    size_t from_0 = 0;
    size_t from_1 = 0;
    bool has_0 = false;
    for (size_t i = 0; i < c->m->n_shards; i++) {
        const uint32_t number = number_of(&c->m->shards[i]);
        has_0 = has_0 || number == 0;
        from_0 += c->keys[i].has_no && c->keys[i].no == number;
        from_1 += c->keys[i].has_no && c->keys[i].no == (int64_t)number - 1;
    }
    return from_0 != from_1 ? from_1 > from_0 : !has_0;
}

/* Whether the model is a set, by its name or by the keys of its only file. Sets its count and the number
 * of each file. A merged set keeps its keys, with a count of 0. */
static bool find_numbers(struct set_check *c)
{
    const struct split_keys *k = &c->keys[0];
    c->is_named = dq_set_name_parse(c->m->path, &c->name) && c->name.count > 1;
    if (c->is_named) {
        c->count = c->name.count;
        c->base = find_base(c);
        for (size_t i = 0; i < c->m->n_shards; i++) {
            struct dq_shard *s = &c->m->shards[i];
            const uint64_t number = (uint64_t)number_of(s) - c->base; /* of file 0: UINT64_MAX */
            s->number = number < c->count ? number : UINT64_MAX;
        }
        return true;
    }
    struct dq_shard *s = &c->m->shards[0];
    const bool whole = !k->has_count || k->count == 0 || k->count == 1;
    if (whole && (!k->has_no || k->no == 0))
        return c->is_unclear;
    c->count = k->has_count && k->count > 1 ? (uint64_t)k->count : 0;
    s->number =
        k->has_no && k->no >= 0 && (uint64_t)k->no < c->count ? (uint64_t)k->no : UINT64_MAX;
    return true;
}

/* The path that a file of the set has or should have, like that of the model. */
static const char *path_of(const struct set_check *c, uint64_t number, char *out, size_t size)
{
    snprintf(out, size, "%.*s%0*" PRIu64 "%s", (int)c->name.number_off, c->m->path,
        (int)c->name.number_len, number + c->base,
        c->m->path + c->name.number_off + c->name.number_len);
    return out;
}

/* The files that are missing, in words. */
struct missing {
    char ranges[96]; /* "1, 3-5" */
    char names[512];
    size_t last; /* where the last range begins in ranges */
    size_t n_ranges;
    size_t n_names;
    uint64_t n;
};

/* Reports that files are missing, one or a range of numbers. */
static void emit_missing(
    const struct set_check *c, uint64_t number, const char *what, const char *range)
{
    char path[1024];
    const struct dq_diagnostic d = {.rule = DQ_RULE_split_missing,
        .path = c->is_named ? path_of(c, number, path, sizeof path) : c->m->path,
        .offset = DQ_NO_OFFSET,
        .expected = DQ_WORDS("%s %s of %" PRIu64, what, range, c->count),
        .found = "none"};
    dq_emit(c->m->diag, &d);
}

/* Adds the names of the files that are missing, as many as fit a line. */
static void add_names(const struct set_check *c, struct missing *m, uint64_t begin, uint64_t end)
{
    char path[1024];
    for (uint64_t i = begin; c->is_named && i < end && m->n_names < NAMES_MAX; i++, m->n_names++) {
        const size_t len = strlen(m->names);
        snprintf(m->names + len, sizeof m->names - len, "%s%s", len ? ", " : "",
            dq_file_base(path_of(c, i, path, sizeof path)));
    }
}

/* Reports that the files with the numbers begin to end - 1, counted from 0, are missing. */
static void add_missing(struct set_check *c, struct missing *m, uint64_t begin, uint64_t end)
{
    const uint64_t from = begin + c->base;
    const uint64_t to = end - 1 + c->base;
    const size_t len = strlen(m->ranges);
    if (begin == end)
        return;
    const char *range =
        end == begin + 1 ? DQ_WORDS("%" PRIu64, from) : DQ_WORDS("%" PRIu64 "-%" PRIu64, from, to);
    if (m->n_ranges++ < RANGES_MAX) {
        m->last = len;
        snprintf(m->ranges + len, sizeof m->ranges - len, "%s%s", len ? ", " : "", range);
    }
    add_names(c, m, begin, end);
    m->n += end - begin;
    if (end - begin > SINGLE_MAX)
        emit_missing(c, begin, "files", range);
    for (uint64_t i = begin; end - begin <= SINGLE_MAX && i < end; i++)
        emit_missing(c, i, "file", DQ_WORDS("%" PRIu64, i + c->base));
}

/* Reports the files that are missing: "files 1 and 3-5 of 6 are missing (NAMES)". Those that are there
 * are in order. */
static void check_missing(struct set_check *c)
{
    struct missing m = {0};
    uint64_t next = 0;
    if (!c->is_named && c->m->shards[0].number == UINT64_MAX) { /* all but one of unknown number */
        if (c->count > 1) {
            emit_missing(c, 0, "files", DQ_WORDS("1-%" PRIu64 " but one", c->count));
            snprintf(c->lacks, sizeof c->lacks, "%" PRIu64 " of %" PRIu64 " files are missing",
                c->count - 1, c->count);
            warn(c, "%s", c->lacks);
        }
        return;
    }
    for (size_t i = 0; i < c->m->n_shards; i++) {
        const uint64_t number = c->m->shards[i].number;
        if (number == UINT64_MAX)
            continue;
        add_missing(c, &m, next, number);
        next = number + 1;
    }
    add_missing(c, &m, next, c->count > next ? c->count : next);
    if (m.n == 0)
        return;
    const char *more = m.n_ranges > RANGES_MAX ? ", ..." : "";
    if (m.last > 0 && !*more) /* "1, 3" becomes "1 and 3" */
        snprintf(c->lacks, sizeof c->lacks, "files %.*s and %s", (int)m.last, m.ranges,
            m.ranges + m.last + 2);
    else
        snprintf(c->lacks, sizeof c->lacks, "%s %s%s", m.n == 1 ? "file" : "files", m.ranges, more);
    const size_t len = strlen(c->lacks);
    snprintf(c->lacks + len, sizeof c->lacks - len, " of %" PRIu64 " %s missing", c->count,
        m.n == 1 ? "is" : "are");
    if (*m.names)
        warn(c, "%s (%s%s)", c->lacks, m.names, m.n > NAMES_MAX ? ", ..." : "");
    else
        warn(c, "%s", c->lacks);
}

/* Files without keys: if no file has any, they belong together by their names alone. */
static void check_keys(struct set_check *c)
{
    for (size_t i = 0; i < c->m->n_shards; i++) {
        const struct dq_shard *s = &c->m->shards[i];
        const struct split_keys *k = &c->keys[i];
        if (s->data_off == 0 || (k->has_no && k->has_count) || !(c->is_named || c->any_keys))
            continue;
        const char *found =
            k->has_no ? "only split.no" : (k->has_count ? "only split.count" : "neither");
        emit(c,
            (struct dq_diagnostic){
                .rule = DQ_RULE_split_keys, .expected = "split.no and split.count", .found = found},
            s);
        if (!c->any_keys)
            continue;
        c->is_unclear = true;
        warn(c, "%s has %s of the keys split.no and split.count", name_of(s), found);
    }
    if (!c->any_keys && c->is_named)
        warn(c, "its files belong together by their names alone: none has the keys split.no and "
                "split.count");
}

/* Reports that the number of a file is none of the set's. */
static void report_number(struct set_check *c, const struct dq_shard *s, const struct split_keys *k)
{
    c->is_unclear = true;
    if (c->is_named) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_split_name,
            .expected = DQ_WORDS("files %" PRIu32 " to %" PRIu64, c->base, c->count - 1 + c->base),
            .found = DQ_WORDS("file %" PRIu32, number_of(s))};
        emit(c, d, s);
        warn(c, "%s is %s of %" PRIu64, name_of(s), d.found, c->count);
    } else if (k->has_no && k->has_count) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_split_numbers,
            .kv = dq_shard_kv(s, "split.no"),
            .expected = "split.no below split.count",
            .found = DQ_WORDS("%" PRId64 " and %" PRId64, k->no, k->count)};
        emit(c, d, s);
        warn(
            c, "%s has split.no %" PRId64 " and split.count %" PRId64, name_of(s), k->no, k->count);
    } else { /* for want of a key, which was reported */
        warn(c, "its number in the set is unclear");
    }
}

/* Compares the keys of each file with its name. */
static void check_numbers(struct set_check *c)
{
    for (size_t i = 0; i < c->m->n_shards; i++) {
        const struct dq_shard *s = &c->m->shards[i];
        const struct split_keys *k = &c->keys[i];
        const uint64_t due = s->number;
        if (due == UINT64_MAX) {
            report_number(c, s, k);
            continue;
        }
        const bool wrong_no = k->has_no && (k->no < 0 || (uint64_t)k->no != due);
        const bool wrong_count = k->has_count && (k->count < 0 || (uint64_t)k->count != c->count);
        if (!wrong_no && !wrong_count)
            continue;
        const char *found = DQ_WORDS("%s%s", k->has_no ? DQ_WORDS("split.no %" PRId64, k->no) : "",
            k->has_count ? DQ_WORDS("%ssplit.count %" PRId64, k->has_no ? " and " : "", k->count)
                         : "");
        const char *expected =
            DQ_WORDS("split.no %" PRIu64 " and split.count %" PRIu64, due, c->count);
        c->is_unclear = true;
        emit(c,
            (struct dq_diagnostic){.rule = DQ_RULE_split_numbers,
                .kv = dq_shard_kv(s, wrong_no ? "split.no" : "split.count"),
                .expected = expected,
                .found = found},
            s);
        warn(c, "%s has %s instead of %s", name_of(s), found, expected);
    }
}

/* Compares the number of tensors with what the files say it is. */
static void check_total(struct set_check *c)
{
    const struct dq_model *m = c->m;
    const struct dq_shard *says = NULL; /* the first file that has the key */
    int64_t total = 0;
    size_t n_there = 0;
    bool some_lack = *c->lacks != '\0';
    for (size_t i = 0; i < m->n_shards; i++) {
        const struct dq_shard *s = &m->shards[i];
        const struct split_keys *k = &c->keys[i];
        some_lack = some_lack || s->data_off == 0;
        n_there += s->data_off == 0 ? 0 : s->n_tensors;
        if (!k->has_total)
            continue;
        if (!says) {
            says = s;
            total = k->total;
        } else if (k->total != total) {
            c->is_unclear = true;
            emit(c,
                (struct dq_diagnostic){.rule = DQ_RULE_split_total,
                    .kv = dq_shard_kv(s, "split.tensors.count"),
                    .expected = DQ_WORDS("%" PRId64 ", as in the file before", total),
                    .found = DQ_WORDS("%" PRId64, k->total)},
                s);
            warn(c, "%s belongs to a set of %" PRId64 " tensors, not %" PRId64, name_of(s),
                k->total, total);
        }
    }
    if (!says)
        return;
    if (some_lack && total >= 0 && (uint64_t)total >= n_there) {
        warn(c, "%zu of %" PRId64 " tensors are there", n_there, total);
    } else if (total < 0 || (uint64_t)total != n_there) {
        emit(c,
            (struct dq_diagnostic){.rule = DQ_RULE_split_total,
                .kv = dq_shard_kv(says, "split.tensors.count"),
                .expected = DQ_WORDS("%" PRId64, total),
                .found = DQ_WORDS("%zu", n_there)},
            says);
        const char *found = DQ_WORDS("%zu tensors are there, not %" PRId64, n_there, total);
        c->is_unclear = true;
        if (!*c->lacks && total > 0 && (uint64_t)total > n_there)
            snprintf(c->lacks, sizeof c->lacks, "%s", found);
        warn(c, "%s", found);
    }
}

static void check_damaged(struct set_check *c)
{
    const size_t folder_len = (size_t)(dq_file_base(c->m->path) - c->m->path);
    size_t n = 0;
    for (size_t i = 0; i < c->m->n_shards; i++) {
        const struct dq_shard *s = &c->m->shards[i];
        if (s->data_off != 0)
            continue;
        n++;
        warn(c, "%s", strlen(s->problem) > folder_len ? s->problem + folder_len : s->problem);
    }
    if (n > 0 && !*c->lacks)
        snprintf(c->lacks, sizeof c->lacks, "%zu of %" PRIu64 " files cannot be read", n, c->count);
}

/* Refuses tensors whose name is in two files: the second, and the first too unless the second file
 * contradicts the set, since nothing tells which is meant. */
static int check_duplicates(struct set_check *c, struct dq_error *e)
{
    const struct dq_model *m = c->m;
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->n_tensors; i++) {
        struct dq_tensor *t = &m->tensors[i];
        size_t k;
        if (!dq_strmap_find(&m->names, t->name, t->name_len, &k) || m->tensors[k].shard == t->shard)
            continue;
        const struct split_keys *keys = &c->keys[t->shard];
        const bool is_foreign =
            keys->has_no && (keys->no < 0 || (uint64_t)keys->no != m->shards[t->shard].number);
        struct dq_tensor *both[] = {t, &m->tensors[k]};
        for (size_t j = 0; rc == 0 && j < (is_foreign ? 1 : 2); j++) {
            char path[200];
            const char *other = m->shards[both[1 - j]->shard].path;
            const struct dq_diagnostic d = {.rule = DQ_RULE_split_duplicate,
                .offset = both[j]->info_off,
                .expected = "each name once",
                .found = DQ_WORDS("one in %s", dq_text_cut(other, path, sizeof path))};
            both[j]->is_cut = false;
            rc = dq_tensor_refuse(m, both[j], &d, m->diag, e);
        }
        n++;
    }
    if (n > 0) {
        c->is_unclear = true;
        warn(c, "%zu tensor%s in two files", n, n == 1 ? " is" : "s are");
    }
    return rc;
}

/* Whether a file is one of the blobs of a cache of Hugging Face, which are named by their hashes. */
static bool is_blob(const char *path)
{
    static const char folder[] = "blobs/";
    const size_t len = (size_t)(dq_file_base(path) - path);
    return len >= sizeof folder - 1 &&
           memcmp(path + len - (sizeof folder - 1), folder, sizeof folder - 1) == 0;
}

/* A file that is the only one found and whose name has no number. */
static void check_name(struct set_check *c)
{
    const struct dq_shard *s = &c->m->shards[0];
    if (c->is_named || c->count < 2)
        return;
    emit(c,
        (struct dq_diagnostic){.rule = DQ_RULE_split_name,
            .expected =
                DQ_WORDS("a name that ends in -00001-of-%05" PRIu64 ".gguf or the like", c->count),
            .found = "another ending"},
        s);
    if (s->number != UINT64_MAX)
        warn(c, "this is file %" PRIu64 " of %" PRIu64 "; its name does not lead to the others%s",
            s->number + 1, c->count,
            is_blob(s->path) ? ", but its link in the snapshots of the cache does" : "");
}

/* Whether the file is one of the pieces of a model that was cut up: its name says so, no key makes it one
 * of a set, and it does not begin like a model or ends too early. */
static bool check_pieces(struct set_check *c)
{
    const struct dq_model *m = c->m;
    const char *base = dq_file_base(m->path);
    size_t whole_len;
    bool is_part = false;
    if (c->any_keys || !dq_piece_name(m->path, &whole_len))
        return false;
    for (size_t i = 0; i < m->n_shards; i++)
        is_part = is_part || m->shards[i].may_be_piece;
    if (!is_part)
        return false;
    char path[1024];
    char first[80];
    char last[80];
    char whole[64] = "MODEL.gguf";
    char text[DQ_DIAGNOSTIC_TEXT];
    if (whole_len > 0 && whole_len < sizeof path) {
        snprintf(path, whole_len + 1, "%s", base);
        dq_text_cut(path, whole, sizeof whole);
    }
    *first = *last = '\0';
    if (c->is_named) {
        dq_text_cut(dq_file_base(path_of(c, 0, path, sizeof path)), first, sizeof first);
        dq_text_cut(dq_file_base(path_of(c, c->count - 1, path, sizeof path)), last, sizeof last);
    }
    const char *between = c->is_named && c->count == 2 ? "" : "... ";
    const char *blank = c->is_named ? " " : "";
    const struct dq_diagnostic d = {.rule = DQ_RULE_pieces,
        .path = m->path,
        .offset = DQ_NO_OFFSET,
        .expected = DQ_WORDS("all of them in order, as by cat %s%s%s%s%s> %s", first, blank,
            between, last, blank, whole),
        .found = c->is_named
                     ? DQ_WORDS("piece %" PRIu32 " of %" PRIu32, c->name.number, c->name.count)
                     : "one of them"};
    dq_emit(m->diag, &d);
    snprintf(c->lacks, sizeof c->lacks, "it is a piece of a file that was cut up");
    warn(c, "%s", dq_diagnostic_text(&d, text));
    return true;
}

static int check_set(struct set_check *c, struct dq_error *e)
{
    check_name(c);
    check_missing(c);
    check_damaged(c);
    check_keys(c);
    check_numbers(c);
    check_total(c);
    return check_duplicates(c, e);
}

/* Gives the model what was found. */
static int put_words(const struct set_check *c, bool is_piece, struct dq_error *e)
{
    char text[WARNING_SIZE + 1200];
    struct dq_model *m = c->m;
    const char *kind = *c->lacks ? "incomplete split set: " : "unclear split set: ";
    if (c->warning_len == 0)
        return 0;
    snprintf(text, sizeof text, "%s: %s%s", m->path, is_piece ? "" : kind, c->warning);
    m->warning = dq_pool_strdup(m->texts, text);
    if (*c->lacks || c->is_unclear)
        m->lacks =
            dq_pool_strdup(m->texts, *c->lacks ? c->lacks : "the files contradict one another");
    return m->warning && (m->lacks || !(*c->lacks || c->is_unclear)) ? 0 : dq_fail_nomem(e);
}

int dq_split_check(struct dq_model *m, int rc, struct dq_error *e)
{
    struct dq_error why;
    struct set_check *c = dq_mem_calloc(1, sizeof *c);
    m->n_files = m->n_shards;
    if (!c)
        return dq_fail_nomem(e);
    c->m = m;
    c->base = 1;
    int failed = m->n_shards > 0 ? read_keys(c, &why) : 0;
    if (failed == 0 && m->n_shards > 0) {
        const bool is_set = find_numbers(c);
        const bool is_piece = check_pieces(c);
        if (is_piece && rc != 0)
            rc = dq_fail(e, rc, "%s: %s", m->path, c->warning);
        if (is_set && !is_piece)
            failed = check_set(c, &why);
        if (is_set && c->count > m->n_files)
            m->n_files = c->count;
        if (failed == 0)
            failed = put_words(c, is_piece, &why);
    }
    dq_mem_free(c->keys);
    dq_mem_free(c);
    return failed != 0 ? dq_fail(e, failed, "%s", why.text) : rc;
}
