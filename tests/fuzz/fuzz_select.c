/* Words that select tensors of a small model, one a line; a line that begins with '-' excludes.
 * What is picked is in order and inside the model, and no word takes long. */
#include "base/mem.h"
#include "build_gguf.h"
#include "fuzz.h"
#include "select/glob.h"
#include "select/select.h"

#include <string.h>

enum { I8 = 24, Q4_0 = 2, MOST_WORDS = 4, MOST_PATTERNS = 100 };

static const struct {
    const char *name;
    uint32_t type;
    uint32_t n_dims;
    uint64_t dims[DQ_DIMS_MAX];
} tensors[] = {
    {"token_embd.weight", I8, 2, {3, 4}},
    {"blk.0.attn_q.weight", Q4_0, 2, {64, 3}},
    {"blk.0.attn_q.bias", I8, 1, {7}},
    {"blk.0.attn_q.weight.extra", I8, 1, {1}},
    {"blk.1.attn_q.weight", Q4_0, 2, {64, 3}},
    {"blk.1.ffn_up_exps.weight", I8, 4, {2, 3, 4, 5}},
    {"blk.10.attn_q.weight", I8, 3, {2, 3, 4}},
    {"odd[0]", I8, 0, {1}},
    {"star*", I8, 1, {5}},
    {"{a,b}", I8, 1, {5}},
    {"line\nbreak", I8, 1, {5}},
    {"back\\slash", I8, 1, {5}},
    {"no rows", I8, 2, {4, 0}},
    {"huge", I8, 2, {1u << 29, 1u << 30}},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", I8, 1, {5}},
    {"", I8, 1, {5}},
};

enum { N_TENSORS = sizeof tensors / sizeof tensors[0] };

static struct build file;
static struct dq_model *model;

static void close_model(void)
{
    dq_model_free(model);
    build_free(&file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct dq_error e;
    uint64_t offset = 0;
    build_begin(&file, 3, false, N_TENSORS, 0);
    for (size_t i = 0; i < N_TENSORS; i++) {
        build_tensor(
            &file, tensors[i].name, tensors[i].type, offset, tensors[i].n_dims, tensors[i].dims);
        offset += 128;
    }
    build_data(&file, 32, offset);
    const struct dq_memory_file in_memory = {"model.gguf", file.bytes, file.len};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(&in_memory, 1);
    FUZZ_CHECK(dq_model_examine(&memory.store, in_memory.name, NULL, &model, &e) == 0);
    for (size_t i = 0; i < N_TENSORS; i++) /* the huge one included: it can be sliced */
        model->tensors[i].problem = NULL;
    atexit(close_model);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    (void)seed;
    return LLVMFuzzerMutate(data, size, max);
}

/* Checks that every index of a slice is inside the tensor. */
static void check_pick(const struct dq_pick *p)
{
    const struct dq_tensor *t = p->tensor;
    FUZZ_CHECK(t >= model->tensors && t < model->tensors + N_TENSORS);
    struct dq_slice slice;
    dq_pick_slice(p, &slice);
    FUZZ_CHECK(slice.n_shape <= t->n_dims);
    for (size_t i = 0; i < DQ_DIMS_MAX; i++) {
        const struct dq_range *r = &slice.ranges[i];
        if (r->count == 0)
            continue;
        const long double last =
            (long double)r->start + (long double)(r->count - 1) * (long double)r->step;
        FUZZ_CHECK(r->start < t->dims[i] && last >= 0 && last < (long double)t->dims[i]);
    }
}

static void check_picks(const struct dq_picks *picks, bool any_wanted, bool any_excluded)
{
    if (!any_wanted && !any_excluded)
        FUZZ_CHECK(picks->n == N_TENSORS);
    for (size_t i = 0; i < picks->n; i++) {
        check_pick(&picks->items[i]);
        if (i > 0)
            FUZZ_CHECK(picks->items[i - 1].tensor <= picks->items[i].tensor);
    }
}

/* Matching compares the fixed start and end of a pattern first: what it matches must have them. */
static void check_patterns(const char *word)
{
    struct dq_strvec patterns = {0};
    struct dq_error e;
    const int rc = dq_glob_expand(word, &patterns, &e);
    FUZZ_CHECK(rc == 0 || rc == DQ_ERR_USAGE);
    for (size_t i = 0; rc == 0 && i < patterns.n && i < MOST_PATTERNS; i++) {
        const char *p = patterns.items[i];
        const size_t head = dq_glob_prefix(p);
        const size_t tail = dq_glob_suffix(p);
        for (size_t t = 0; t < N_TENSORS; t++) {
            const char *name = tensors[t].name;
            const size_t len = strlen(name);
            if (dq_glob_match(p, name))
                FUZZ_CHECK(head <= len && tail <= len && memcmp(p, name, head) == 0 &&
                           memcmp(p + strlen(p) - tail, name + len - tail, tail) == 0);
        }
    }
    dq_strvec_finish(&patterns);
}

static void add_words(
    const uint8_t *data, size_t size, struct dq_strvec *wanted, struct dq_strvec *excluded)
{
    struct dq_error e;
    while (size > 0 && wanted->n + excluded->n < MOST_WORDS) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t len = end ? (size_t)(end - data) : size;
        const size_t dash = *data == '-';
        char *word = strndup((const char *)data + dash, len - dash); /* ends at a NUL */
        FUZZ_CHECK(word);
        check_patterns(word);
        FUZZ_CHECK(dq_strvec_add(dash ? excluded : wanted, word, strlen(word), &e) == 0);
        free(word);
        data += len + (end != NULL);
        size -= len + (end != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dq_strvec wanted = {0};
    struct dq_strvec excluded = {0};
    struct dq_strvec unused = {0};
    struct dq_picks picks = {0};
    struct dq_error e = {.text = ""};
    add_words(data, size, &wanted, &excluded);
    const int rc =
        dq_select(model, &wanted, size % 2 ? wanted.n : 0, &excluded, &picks, &unused, &e);
    if (rc == 0)
        check_picks(&picks, wanted.n > 0, excluded.n > 0);
    else
        FUZZ_CHECK((rc == DQ_ERR_NO_TENSOR || rc == DQ_ERR_USAGE) && e.text[0]);
    FUZZ_CHECK(unused.n <= excluded.n);
    dq_picks_finish(&picks);
    dq_strvec_finish(&unused);
    dq_strvec_finish(&excluded);
    dq_strvec_finish(&wanted);
    return 0;
}
