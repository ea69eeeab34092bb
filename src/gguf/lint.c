#include "gguf/lint.h"

#include "base/mem.h"
#include "base/text.h"
#include "gguf/lint_layout.h"
#include "gguf/lint_metadata.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <string.h>

enum { GGML_NAME_MAX = 63, FILE_NAME_MAX = 255 /* bytes */, GGML_DIMS_MAX = 4 };

/* What the notes on one file share. */
struct file_lint {
    const struct dq_model *m;
    const struct dq_shard *s;
    const struct dq_diagnostic_sink *diag;
};

static void note(const struct file_lint *r, struct dq_diagnostic d)
{
    d.path = r->s->path;
    dq_emit(r->diag, &d);
}

static void note_file(const struct file_lint *r, enum dq_rule rule, uint64_t offset,
    const char *expected, const char *found)
{
    note(r, (struct dq_diagnostic){
                .rule = rule, .offset = offset, .expected = expected, .found = found});
}

static void note_tensor(const struct file_lint *r, const struct dq_tensor *t, enum dq_rule rule,
    const char *expected, const char *found)
{
    note(r, (struct dq_diagnostic){.rule = rule,
                .tensor = t,
                .offset = t->info_off,
                .expected = expected,
                .found = found});
}

static void check_header(const struct file_lint *r)
{
    const struct dq_shard *s = r->s;
    const struct dq_kv *alignment = dq_shard_kv(s, "general.alignment");
    if (s->version == 1)
        note_file(r, DQ_RULE_version_1, s->begin + 4, "3", "1");
    if (s->big_endian)
        note_file(r, DQ_RULE_big_endian, s->begin + 4, "little-endian", "big-endian");
    if (s->data_off == 0) /* damaged before the end of the infos: keys may be missing */
        return;
    if (s->number == 0 && !dq_shard_kv(s, "general.architecture"))
        note_file(r, DQ_RULE_architecture, DQ_NO_OFFSET, "general.architecture", "no such key");
    if (alignment && s->alignment % 8 != 0)
        note(r, (struct dq_diagnostic){.rule = DQ_RULE_alignment_multiple,
                    .kv = alignment,
                    .offset = alignment->value_off,
                    .expected = "a multiple of 8",
                    .found = DQ_WORDS("%" PRIu64, s->alignment)});
}

/* The length of the name of the file that extract would write. */
static size_t file_name_len(const struct dq_tensor *t)
{
    size_t len = t->name_len > 0 ? strlen(".npy") : strlen("%.npy");
    for (size_t i = 0; i < t->name_len; i++)
        len += dq_text_is_portable((unsigned char)t->name[i], i == 0) ? 1 : strlen("%XX");
    return len;
}

static void check_name(const struct file_lint *r, const struct dq_tensor *t)
{
    if (t->name_len == 0)
        note_tensor(r, t, DQ_RULE_name_empty, "a name", "0 bytes");
    if (t->name_len > GGML_NAME_MAX && !t->stored_name)
        note_tensor(r, t, DQ_RULE_name_long, DQ_WORDS("at most %d bytes", GGML_NAME_MAX),
            DQ_WORDS("%zu", t->name_len));
    if (memchr(t->name, '\0', t->name_len))
        note_tensor(r, t, DQ_RULE_name_nul, "no NUL", "a NUL");
    if (!dq_utf8_valid(t->name, t->name_len))
        note_tensor(r, t, DQ_RULE_name_utf8, "UTF-8", "other bytes");
    if (t->name_len * strlen("%XX") + strlen("%.npy") <= FILE_NAME_MAX) /* whatever the bytes */
        return;
    const size_t file_len = file_name_len(t);
    if (file_len > FILE_NAME_MAX)
        note_tensor(r, t, DQ_RULE_name_file, DQ_WORDS("at most %d bytes", FILE_NAME_MAX),
            DQ_WORDS("%zu", file_len));
}

static void check_tensor(const struct file_lint *r, const struct dq_tensor *t)
{
    char shape[DQ_SHAPE_WORDS];
    check_name(r, t);
    dq_tensor_decodable(r->m, t, r->diag);
    if (t->n_dims > GGML_DIMS_MAX)
        note_tensor(r, t, DQ_RULE_dimensions_many, DQ_WORDS("at most %d", GGML_DIMS_MAX),
            DQ_WORDS("%" PRIu32, t->n_dims));
    for (uint32_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] == 0) {
            note_tensor(r, t, DQ_RULE_tensor_empty, "dimensions of at least 1",
                DQ_WORDS("a shape of %s", dq_tensor_shape(t, shape)));
            break;
        }
    }
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* No early exit, so that the loop can be vectorised. */
static bool has_capital(const struct dq_tensor *t)
{
    bool any = false;
    for (size_t i = 0; i < t->name_len; i++)
        any |= is_capital(t->name[i]);
    return any;
}

/* Some file systems cannot tell files apart whose names differ only in case. */
static int check_cases(
    const struct dq_model *m, const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    struct dq_strmap folded = {0};
    size_t len = 1;
    int rc = 0;
    bool any = false;
    for (size_t i = 0; i < m->n_tensors; i++) {
        len += m->tensors[i].name_len;
        any = any || has_capital(&m->tensors[i]);
    }
    if (!any)
        return 0;
    char *folds = dq_mem_alloc(len);
    if (!folds)
        return dq_fail_nomem(e);
    char *fold = folds;
    for (size_t i = 0; rc == 0 && i < m->n_tensors; i++) {
        const struct dq_tensor *t = &m->tensors[i];
        const struct file_lint r = {m, &m->shards[t->shard], diag};
        char name[128];
        size_t other;
        for (size_t k = 0; k < t->name_len; k++)
            fold[k] = (char)(is_capital(t->name[k]) ? t->name[k] | 0x20 : t->name[k]);
        const int added = dq_strmap_add(&folded, fold, t->name_len, i);
        if (added < 0)
            rc = dq_fail_nomem(e);
        if (added > 0 && dq_strmap_find(&folded, fold, t->name_len, &other) && t->info_off != 0 &&
            memcmp(m->tensors[other].name, t->name, t->name_len) !=
                0) /* equal names are an error */
            note_tensor(&r, t, DQ_RULE_name_case, "a name that is unique regardless of case",
                DQ_WORDS(
                    "tensor '%s'", dq_text_cut(m->tensors[other].display_name, name, sizeof name)));
        fold += t->name_len;
    }
    dq_strmap_finish(&folded);
    dq_mem_free(folds);
    return rc;
}

int dq_model_lint(
    const struct dq_model *m, const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    size_t first = 0; /* tensor of the file */
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->n_shards; i++) {
        const struct file_lint r = {m, &m->shards[i], diag};
        struct dq_tensor *tensors = m->n_tensors > 0 ? m->tensors + first : NULL;
        const size_t n = r.s->n_tensors;
        check_header(&r);
        rc = dq_lint_metadata(m, r.s, diag, e);
        for (size_t k = 0; k < n; k++) {
            /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): they are there if one is */
            if (tensors[k].info_off != 0)
                check_tensor(&r, &tensors[k]);
        }
        if (rc == 0 && r.s->data_off != 0)
            rc = dq_lint_layout(r.s, tensors, n, diag, e);
        first += n;
    }
    return rc == 0 ? check_cases(m, diag, e) : rc;
}
