#include "reduce/zeros.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding them ---- */

static bool add(struct dq_zero_runs *z, uint64_t off, uint64_t len)
{
    struct dq_zero_run *items = dq_array_grow(z->items, z->n, sizeof *z->items);
    if (!items)
        return false;
    z->items = items;
    z->items[z->n++] = (struct dq_zero_run){off, len};
    return true;
}

/* Looks at one byte in STEP, and around it only if it is zero. Runs at the ends of the data are kept
 * however short they are: they may continue in the data before or after. */
bool dq_zero_runs_add(struct dq_zero_runs *z, const uint8_t *bytes, size_t len, uint64_t off)
{
    enum { STEP = DQ_ZERO_RUN_MIN / 2 };
    size_t from = 0;
    size_t to = len;
    if (len > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0)
        return add(z, off, len);
    while (from < to && bytes[from] == 0)
        from++;
    while (to > from && bytes[to - 1] == 0)
        to--;
    if ((from > 0 && !add(z, off, from)) || (to < len && !add(z, off + to, len - to)))
        return false;
    for (size_t at = from + STEP; at < to; at += STEP) {
        size_t first = at;
        if (bytes[at] != 0)
            continue;
        while (bytes[first - 1] == 0)
            first--;
        while (bytes[at] == 0)
            at++;
        if (at - first >= DQ_ZERO_RUN_MIN && !add(z, off + first, at - first))
            return false;
    }
    return true;
}

bool dq_zero_runs_append(struct dq_zero_runs *z, const struct dq_zero_runs *more)
{
    for (size_t i = 0; i < more->n; i++) {
        if (!add(z, more->items[i].off, more->items[i].len))
            return false;
    }
    return true;
}

static int by_offset(const void *a, const void *b)
{
    const struct dq_zero_run *x = a;
    const struct dq_zero_run *y = b;
    return (x->off > y->off) - (x->off < y->off);
}

void dq_zero_runs_join(struct dq_zero_runs *z)
{
    size_t n = 0;
    if (z->n > 0)
        qsort(z->items, z->n, sizeof *z->items, by_offset);
    for (size_t i = 0; i < z->n;) {
        struct dq_zero_run run = z->items[i++];
        for (; i < z->n && z->items[i].off == run.off + run.len; i++)
            run.len += z->items[i].len;
        if (run.len >= DQ_ZERO_RUN_MIN)
            z->items[n++] = run;
    }
    z->n = n;
}

void dq_zero_runs_finish(struct dq_zero_runs *z)
{
    dq_mem_free(z->items);
    *z = (struct dq_zero_runs){0};
}

/* ---- judging them ---- */

/* Parts of the names of matrices that a model may have without using them, or whose zeros mean
 * something: adapters and zero convolutions begin as zeros. */
static const char *const may_be_zero[] = {
    "norm", "pos_e", "position", "token_type", "lora", "zero_conv", "bias", "mask", "state"};

/* Parts of the names of matrices with a row for each token, of which some are never used. */
static const char *const has_a_row_per_token[] = {
    "embd", "embed", "output.weight", "lm_head", "wte"};

static bool has_part(const struct dq_tensor *t, const char *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strstr(t->name, parts[i]))
            return true;
    }
    return false;
}

#define HAS_PART(t, parts) has_part(t, parts, sizeof(parts) / sizeof *(parts))

static uint64_t n_rows(const struct dq_tensor *t)
{
    return t->n_weights / t->dims[0];
}

/* Nothing but weights is quantized. Of numbers, the name says what they are. */
static bool is_weight_matrix(const struct dq_tensor *t)
{
    if (t->n_weights == 0 || t->dims[0] == 1 || n_rows(t) == 1 || HAS_PART(t, may_be_zero))
        return false;
    return t->type->weights > 1 || dq_tensor_name_ends(t, ".weight");
}

/* Whether zeros are scattered over the matrix, as in one that is the identity. */
static bool is_sparse(const struct dq_tensor *t, const struct dq_zero_runs *z)
{
    enum { DENSE = 256 }; /* bytes between two holes, on average */
    uint64_t n_zero = 0;
    for (size_t i = 0; i < z->n; i++)
        n_zero += z->items[i].len;
    return (t->n_bytes - n_zero) / DENSE < z->n;
}

/* Whether a run consists of whole rows that can be meant: up to a quarter of the tokens; matrices of
 * several, or up to a quarter of the rows at the end of one, which round up their number; or one row that
 * is not a page of the file. The run may be up to two blocks longer than the rows, because their
 * neighbours can begin or end with zeros. */
static bool is_rows(const struct dq_tensor *t, const struct dq_zero_run *run)
{
    const uint64_t row_len = t->n_bytes / n_rows(t);
    const uint64_t first = run->off / row_len + (run->off % row_len > 0);
    const uint64_t end = (run->off + run->len) / row_len;
    const uint64_t n = end > first ? end - first : 0;
    const bool is_at_end = end % t->dims[1] == 0;
    if (n == 0 || run->len - n * row_len > 2 * (uint64_t)t->type->bytes)
        return false;
    if (n == 1)
        return ((t->offset + run->off) | run->len) % DQ_ZERO_RUN_MIN != 0;
    if (n <= t->dims[1] / 4)
        return is_at_end || HAS_PART(t, has_a_row_per_token);
    return is_at_end && first % t->dims[1] == 0;
}

static enum dq_rule rule_of(const struct dq_tensor *t, const struct dq_zero_run *run)
{
    return is_rows(t, run) ? DQ_RULE_zero_rows : DQ_RULE_zero_run;
}

static void emit_run(const struct dq_model *m, const struct dq_tensor *t,
    const struct dq_zero_run *run, enum dq_rule rule, const char *found,
    const struct dq_diagnostic_sink *diag)
{
    const uint64_t len = t->type->bytes;
    const uint64_t first = run->off / len + (run->off % len > 0);
    dq_emit(diag, &(struct dq_diagnostic){
                      .rule = rule,
                      .path = m->shards[t->shard].path,
                      .tensor = t,
                      .offset = t->offset + run->off,
                      .block = first,
                      .n_blocks = (run->off + run->len) / len - first,
                      .expected = "numbers",
                      .found = found,
                  });
}

/* Reports the runs that break a rule, the first ones each on its own. */
static void emit_runs(const struct dq_model *m, const struct dq_tensor *t,
    const struct dq_zero_runs *z, enum dq_rule rule, const struct dq_diagnostic_sink *diag)
{
    enum { MAX_SHOWN = 8 };
    size_t n = 0;
    uint64_t len_after = 0;
    for (size_t i = 0; i < z->n; i++) {
        if (rule_of(t, &z->items[i]) == rule && n++ >= MAX_SHOWN)
            len_after += z->items[i].len;
    }
    for (size_t i = 0, shown = 0; i < z->n && shown < MAX_SHOWN; i++) {
        const struct dq_zero_run *run = &z->items[i];
        if (rule_of(t, run) != rule)
            continue;
        const bool is_last = ++shown == MAX_SHOWN && n > MAX_SHOWN;
        emit_run(m, t, run, rule,
            is_last
                ? DQ_WORDS("%" PRIu64 " zero bytes, and %" PRIu64 " more in %zu places after it",
                      run->len, len_after, n - MAX_SHOWN)
                : DQ_WORDS("%" PRIu64 " zero bytes", run->len),
            diag);
    }
}

void dq_zeros_emit(const struct dq_model *m, const struct dq_tensor *t, bool all_zero,
    const struct dq_zero_runs *z, const struct dq_diagnostic_sink *diag)
{
    const bool is_matrix = is_weight_matrix(t);
    if (all_zero) {
        dq_emit(
            diag, &(struct dq_diagnostic){
                      .rule = is_matrix ? DQ_RULE_zero_matrix : DQ_RULE_all_zero,
                      .path = m->shards[t->shard].path,
                      .tensor = t,
                      .offset = t->offset,
                      .expected = "at least one other value",
                      .found = is_matrix ? DQ_WORDS("only zeros in %" PRIu64 " bytes", t->n_bytes)
                                         : "only zeros",
                  });
    } else if (is_matrix && !is_sparse(t, z)) {
        emit_runs(m, t, z, DQ_RULE_zero_run, diag);
        emit_runs(m, t, z, DQ_RULE_zero_rows, diag);
    }
}
