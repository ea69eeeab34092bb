#include "gguf/split.h"

#include "base/mem.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "-00001-of-00003.gguf" ends the name of each file of a split set. */
enum { SUFFIX_LEN = 20 };

int dq_split_name(const char *path, unsigned *number, unsigned *count)
{
    const size_t len = strlen(path);
    if (len <= SUFFIX_LEN || len > INT32_MAX)
        return -1;
    const char *suffix = path + len - SUFFIX_LEN;
    char again[SUFFIX_LEN + 1];
    unsigned i;
    unsigned n;
    if (sscanf(suffix, "-%5u-of-%5u.gguf", &i, &n) != 2)
        return -1;
    snprintf(again, sizeof again, "-%05u-of-%05u.gguf", i % 100000, n % 100000);
    if (strcmp(suffix, again) != 0)
        return -1;
    *number = i;
    *count = n;
    return (int)(len - SUFFIX_LEN);
}

/* Reads a split.* key; *found says whether there is one. */
static int split_key(const struct dq_model *m, const struct dq_shard *s, const char *key,
    bool *found, int64_t *out, struct dq_error *e)
{
    const struct dq_kv *kv = dq_shard_kv(s, key);
    *found = kv != NULL;
    return kv ? dq_kv_integer(s, kv, DQ_RULE_split_type, m->diag, out, e) : 0;
}

static int check_member(const struct dq_model *m, size_t number, unsigned count, struct dq_error *e)
{
    const struct dq_shard *s = &m->shards[m->n_shards - 1];
    int64_t no;
    int64_t n;
    bool has_no;
    bool has_count;
    int rc = split_key(m, s, "split.no", &has_no, &no, e);
    if (rc == 0)
        rc = split_key(m, s, "split.count", &has_count, &n, e);
    if (rc != 0)
        return rc;
    if (!has_no || !has_count) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_split_keys,
            .path = s->path,
            .offset = DQ_NO_OFFSET,
            .expected = "split.no and split.count",
            .found = has_no ? "only split.no" : (has_count ? "only split.count" : "neither")};
        return dq_emit_fail(m->diag, &d, e);
    }
    if (n == count && no == (int64_t)number)
        return 0;
    const char *wrong = no != (int64_t)number ? "split.no" : "split.count";
    const struct dq_kv *kv = dq_shard_kv(s, wrong);
    const struct dq_diagnostic d = {.rule = DQ_RULE_split_numbers,
        .path = s->path,
        .kv = kv,
        .offset = kv->value_off,
        .expected = DQ_WORDS(
            "split.no %zu and split.count %u in file %zu of %u", number, count, number + 1, count),
        .found = DQ_WORDS("%" PRId64 " and %" PRId64, no, n)};
    return dq_emit_fail(m->diag, &d, e);
}

static int check_tensor_total(const struct dq_model *m, struct dq_error *e)
{
    int64_t total;
    bool found;
    const int rc = split_key(m, &m->shards[0], "split.tensors.count", &found, &total, e);
    if (rc != 0 || !found || (total >= 0 && (uint64_t)total == m->n_tensors))
        return rc;
    const struct dq_kv *kv = dq_shard_kv(&m->shards[0], "split.tensors.count");
    const struct dq_diagnostic d = {.rule = DQ_RULE_split_total,
        .path = m->shards[0].path,
        .kv = kv,
        .offset = kv->value_off,
        .expected = DQ_WORDS("%" PRId64, total),
        .found = DQ_WORDS("%zu", m->n_tensors)};
    return dq_emit_fail(m->diag, &d, e);
}

static int open_member(struct dq_model *m, const char *prefix, int prefix_len, unsigned number,
    unsigned count, struct dq_error *e)
{
    const size_t size = (size_t)prefix_len + SUFFIX_LEN + 1;
    char *path = dq_mem_alloc(size);
    if (!path)
        return dq_fail_nomem(e);
    snprintf(
        path, size, "%.*s-%05u-of-%05u.gguf", prefix_len, prefix, number % 100000, count % 100000);
    int rc;
    if (!m->store->exists(m->store, path)) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_split_missing,
            .path = path,
            .offset = DQ_NO_OFFSET,
            .expected = DQ_WORDS("file %u of %u", number, count),
            .found = "none"};
        rc = dq_emit_fail(m->diag, &d, e);
    } else {
        rc = dq_shard_open(m, path, e);
    }
    dq_mem_free(path);
    return rc;
}

int dq_split_open(struct dq_model *m, struct dq_error *e)
{
    int64_t split_count;
    bool found;
    unsigned number;
    unsigned count;
    int rc = split_key(m, &m->shards[0], "split.count", &found, &split_count, e);
    if (rc != 0 || !found || split_count == 1)
        return rc;
    const int prefix_len = dq_split_name(m->path, &number, &count);
    struct dq_diagnostic d = {.rule = DQ_RULE_split_name,
        .path = m->path,
        .offset = DQ_NO_OFFSET,
        .expected =
            DQ_WORDS("a name that ends in -00001-of-%05" PRId64 ".gguf or the like", split_count),
        .found = "another ending"};
    if (prefix_len < 0)
        return dq_emit_fail(m->diag, &d, e);
    if (number < 1 || number > count) {
        d.found = DQ_WORDS("file %u of %u", number, count);
        return dq_emit_fail(m->diag, &d, e);
    }
    rc = check_member(m, number - 1, count, e);
    if (rc != 0)
        return rc;
    if (number != 1)
        dq_shards_close(m);
    for (size_t i = m->n_shards; rc == 0 && i < count; i++) {
        rc = open_member(m, m->path, prefix_len, (unsigned)i + 1, count, e);
        if (rc == 0)
            rc = check_member(m, i, count, e);
    }
    return rc != 0 ? rc : check_tensor_total(m, e);
}
