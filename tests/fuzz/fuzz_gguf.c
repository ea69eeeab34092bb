/* A GGUF file, or two of a split set with SECOND_FILE between them: the reader takes them or says
 * why not, and what it takes is as gguf.h promises. */
#include "base/json.h"
#include "base/text.h"
#include "cli/metadata.h"
#include "fuzz.h"
#include "fuzz_files.h"
#include "gguf/diagnostic.h"
#include "gguf/gguf.h"
#include "mutate_gguf.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char SECOND_FILE[] = "|second file|";

enum {
    SEPARATOR_LEN = sizeof SECOND_FILE - 1,
    MOST_COMPARED = 256,
    MOST_READ = 4096,
    MOST_TOLD = 512
};

static FILE *nowhere;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    nowhere = fopen("/dev/null", "we");
    FUZZ_CHECK(nowhere);
    return 0;
}

/* Where the second file begins; NULL if there is but one. */
static const uint8_t *find_second(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + SEPARATOR_LEN <= size; i++) {
        if (memcmp(data + i, SECOND_FILE, SEPARATOR_LEN) == 0)
            return data + i + SEPARATOR_LEN;
    }
    return NULL;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    const uint8_t *second = find_second(data, size);
    if (!second)
        return mutate_gguf(data, size, max, seed);
    const size_t head = (size_t)(second - data);
    if (seed & 1)
        return head + mutate_gguf(data + head, size - head, max - head, seed >> 1);
    const size_t tail = size - head + SEPARATOR_LEN;
    uint8_t *kept = malloc(tail);
    FUZZ_CHECK(kept);
    memcpy(kept, second - SEPARATOR_LEN, tail);
    const size_t len = mutate_gguf(data, head - SEPARATOR_LEN, max - tail, seed >> 1);
    memcpy(data + len, kept, tail);
    free(kept);
    return len + tail;
}

/* Text that may reach a terminal. */
static void check_shown(const char *text)
{
    FUZZ_CHECK(dq_utf8_valid(text, strlen(text)));
    for (; *text; text++)
        FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void check_error(int rc, const struct dq_error *e)
{
    FUZZ_CHECK(rc == DQ_ERR_MALFORMED || rc == DQ_ERR_TYPE);
    FUZZ_CHECK(e->text[0]);
    check_shown(e->text);
}

/* What holds of each tensor that can be used, worked out in numbers that do not wrap; those of a
 * sound tensor are exact. */
static void check_sound(const struct dq_model *m, const struct dq_tensor *t)
{
    const struct dq_shard *s = &m->shards[t->shard];
    long double n = 1;
    for (size_t i = 0; i < DQ_DIMS_MAX; i++)
        n *= (long double)t->dims[i];
    FUZZ_CHECK(n == (long double)t->n_weights);
    FUZZ_CHECK((t->offset - s->data_off) % s->alignment == 0);
    FUZZ_CHECK(t->n_bytes == 0 ||
               (long double)t->offset + (long double)t->n_bytes <= (long double)s->source->size);
    if (t->type) {
        FUZZ_CHECK(t->dims[0] % t->type->weights == 0);
        FUZZ_CHECK(n / t->type->weights * t->type->bytes == (long double)t->n_bytes);
    }
}

static void check_apart(const struct dq_tensor *a, const struct dq_tensor *b)
{
    if (a->shard == b->shard && a->n_bytes > 0 && b->n_bytes > 0)
        FUZZ_CHECK(a->offset + a->n_bytes <= b->offset || b->offset + b->n_bytes <= a->offset);
}

/* Reads the first and the last bytes of a tensor's data. */
static void read_data(const struct dq_model *m, const struct dq_tensor *t)
{
    uint8_t bytes[MOST_READ];
    struct dq_error e;
    const uint64_t block = t->type ? t->type->bytes : 1;
    const uint64_t n_blocks = t->n_bytes / block;
    const uint64_t n = n_blocks < MOST_READ / block ? n_blocks : MOST_READ / block;
    if (n == 0)
        return;
    FUZZ_CHECK(dq_tensor_read(m, t, 0, bytes, (size_t)(n * block), &e) == 0);
    FUZZ_CHECK(dq_tensor_read(m, t, (n_blocks - n) * block, bytes, (size_t)(n * block), &e) == 0);
}

static void check_tensors(const struct dq_model *m)
{
    struct dq_error e;
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct dq_tensor *t = &m->tensors[i];
        char shape[DQ_SHAPE_WORDS];
        FUZZ_CHECK(dq_model_find(m, t->name, t->name_len) == t);
        FUZZ_CHECK(*dq_tensor_shape(t, shape));
        check_shown(t->display_name);
        const int decode = dq_tensor_usable(m, t, true, &e);
        if (decode != 0)
            check_error(decode, &e);
        const int rc = dq_tensor_usable(m, t, false, &e);
        FUZZ_CHECK((rc != 0) == (t->problem != NULL) && (rc == 0 || rc == decode));
        if (t->problem)
            continue;
        check_sound(m, t);
        read_data(m, t);
        for (size_t k = i < MOST_COMPARED ? 0 : i - MOST_COMPARED; k < i; k++) {
            if (!m->tensors[k].problem)
                check_apart(t, &m->tensors[k]);
        }
    }
}

static void check_metadata(const struct dq_model *m)
{
    struct dq_error e;
    char text[128];
    char *json = NULL;
    size_t len = 0;
    FUZZ_CHECK(dq_metadata_print(m, nowhere, &e) == 0);
    FUZZ_CHECK(dq_metadata_text(m, "general.architecture", text, sizeof text, &e) == 0);
    check_shown(text);
    struct dq_json j = {.file = open_memstream(&json, &len)};
    FUZZ_CHECK(j.file);
    dq_json_begin_object(&j, NULL);
    FUZZ_CHECK(dq_metadata_json(m, &j, &e) == 0);
    dq_json_end(&j);
    FUZZ_CHECK(dq_json_finish(&j, &e) == 0);
    fclose(j.file);
    json_error_t why;
    json_t *again = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    FUZZ_CHECK(json_object_size(again) == m->shards[0].n_kvs);
    json_decref(again);
    free(json);
}

/* What the listener of `check` is told. */
struct told {
    size_t n_files;                             /* findings that refuse the model */
    const struct dq_tensor *tensors[MOST_TOLD]; /* that findings refuse */
    size_t n_tensors;
};

static void take_note(void *arg, const struct dq_diagnostic *f)
{
    struct told *told = arg;
    const enum dq_level level = dq_rules[f->rule].level;
    check_shown(f->expected);
    check_shown(f->found);
    FUZZ_CHECK(*f->path && (level != DQ_LEVEL_tensor || f->tensor));
    told->n_files += level == DQ_LEVEL_file;
    if (level == DQ_LEVEL_tensor && told->n_tensors < MOST_TOLD)
        told->tensors[told->n_tensors++] = f->tensor;
}

static bool was_told(const struct told *told, const struct dq_tensor *t)
{
    for (size_t i = 0; i < told->n_tensors; i++) {
        if (told->tensors[i] == t)
            return true;
    }
    return false;
}

/* Those who report everything that is wrong and those who refuse for it must agree. */
static void check_findings(const struct dq_store *store, const char *path, int opened)
{
    struct told told = {0};
    const struct dq_diagnostic_sink diag = {take_note, &told};
    struct dq_model *m = NULL;
    struct dq_error e;
    const int rc = dq_model_examine(store, path, &diag, &m, &e);
    FUZZ_CHECK(rc == opened && m);
    FUZZ_CHECK((rc != 0) == (told.n_files > 0));
    for (size_t i = 0; rc == 0 && told.n_tensors < MOST_TOLD && i < m->n_tensors; i++)
        FUZZ_CHECK((m->tensors[i].problem != NULL) == was_told(&told, &m->tensors[i]));
    const size_t n_errors = told.n_files + told.n_tensors;
    FUZZ_CHECK(dq_model_lint(m, &diag, &e) == 0);
    FUZZ_CHECK(told.n_files + told.n_tensors == n_errors); /* those are notes */
    dq_model_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    const int fd = fuzz_next_fd();
    const uint8_t *second = find_second(data, size);
    const size_t len = second ? (size_t)(second - data) - SEPARATOR_LEN : size;
    const struct dq_memory_file files[] = {{"m-00001-of-00002.gguf", data, len},
        {"m-00002-of-00002.gguf", second, second ? size - len - SEPARATOR_LEN : 0}};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(files, second ? 2 : 1);
    const int rc = dq_model_examine(&memory.store, files[0].name, NULL, &m, &e);
    if (rc == 0) {
        check_tensors(m);
        check_metadata(m);
    } else {
        check_error(rc, &e);
    }
    dq_model_free(m);
    check_findings(&memory.store, files[0].name, rc);
    FUZZ_CHECK(fuzz_next_fd() == fd);
    return 0;
}
