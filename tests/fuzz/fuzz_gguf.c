/* A GGUF file, or several of a split set with SECOND_FILE between them: the reader accepts them or says
 * why not, and what it accepts is as model.h promises. The files are in memory.
 *
 * The names are those of a set. A first line "#NAME" in a file is its name instead, so that sets may lack
 * files, be numbered in other ways, have copies, or be pieces. The model is the first file. */
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
    FILES_MAX = 6,
    FILE_NAME_LEN = 64,
    COMPARED_MAX = 256,
    READ_MAX = 4096,
    EMITTED_MAX = 512
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

/* Returns the start of the second file; NULL if there is only one. */
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

/* Checks that a text is fit for a terminal. */
static void check_printable(const char *text)
{
    FUZZ_CHECK(dq_utf8_valid(text, strlen(text)));
    for (; *text; text++)
        FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void check_error(int rc, const struct dq_error *e)
{
    FUZZ_CHECK(rc == DQ_ERR_MALFORMED || rc == DQ_ERR_TYPE);
    FUZZ_CHECK(e->text[0]);
    check_printable(e->text);
}

/* Checks a tensor that can be used, computing in long double: exact for a sound tensor, and without
 * overflow for any. */
static void check_sound(const struct dq_model *m, const struct dq_tensor *t)
{
    const struct dq_shard *s = &m->shards[t->shard];
    long double n = 1;
    for (size_t i = 0; i < DQ_DIMS_MAX; i++)
        n *= (long double)t->dims[i];
    FUZZ_CHECK(n == (long double)t->n_weights);
    FUZZ_CHECK(s->data_off != 0 && (t->offset - s->data_off) % s->alignment == 0);
    FUZZ_CHECK(t->n_bytes == 0 ||
               (long double)t->offset + (long double)t->n_bytes <= (long double)s->source->size);
    FUZZ_CHECK(t->n_there == t->n_bytes && !t->is_cut);
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
    uint8_t bytes[READ_MAX];
    struct dq_error e;
    const uint64_t block = t->type ? t->type->bytes : 1;
    const uint64_t n_blocks = t->n_bytes / block;
    const uint64_t n = n_blocks < READ_MAX / block ? n_blocks : READ_MAX / block;
    if (n == 0)
        return;
    FUZZ_CHECK(dq_tensor_read(m, t, 0, bytes, (size_t)(n * block), &e) == 0);
    FUZZ_CHECK(dq_tensor_read(m, t, (n_blocks - n) * block, bytes, (size_t)(n * block), &e) == 0);
}

/* What is there of a tensor in a file that was cut short can be read. */
static void check_cut(const struct dq_model *m, const struct dq_tensor *t)
{
    uint8_t byte[READ_MAX];
    struct dq_error e;
    const size_t block = t->type ? t->type->bytes : 1;
    FUZZ_CHECK(t->problem && dq_tensor_file_problem(m, t) && t->n_there <= t->n_bytes);
    FUZZ_CHECK(dq_tensor_part_usable(m, t, t->n_there + 1, false, &e) == DQ_ERR_MALFORMED);
    FUZZ_CHECK(dq_tensor_part_usable(m, t, t->n_there, false, &e) == 0);
    if (t->n_there >= block)
        FUZZ_CHECK(dq_tensor_read(m, t, (t->n_there / block - 1) * block, byte, block, &e) == 0);
}

/* The words about a set, and the numbers of its files, are in order. */
static void check_set(const struct dq_model *m)
{
    uint64_t last = UINT64_MAX;
    FUZZ_CHECK(m->n_shards >= 1 && m->n_files >= m->n_shards && (m->warning || !m->lacks));
    if (m->warning)
        FUZZ_CHECK(strlen(m->warning) > strlen(m->path) + 2);
    for (size_t i = 0; i < m->n_shards; i++) {
        const struct dq_shard *s = &m->shards[i];
        FUZZ_CHECK(s->data_off != 0 || (s->problem && (m->lacks || m->n_shards == 1)));
        if (s->number == UINT64_MAX)
            continue;
        FUZZ_CHECK(last == UINT64_MAX || s->number > last);
        FUZZ_CHECK(s->number < m->n_files || m->n_files == 1);
        last = s->number;
    }
}

static void check_tensors(const struct dq_model *m)
{
    struct dq_error e;
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct dq_tensor *t = &m->tensors[i];
        char shape[DQ_SHAPE_WORDS];
        const struct dq_tensor *found = dq_model_find(m, t->name, t->name_len);
        FUZZ_CHECK(found == t || (t->problem && m->lacks));
        FUZZ_CHECK(*dq_tensor_shape(t, shape));
        check_printable(t->display_name);
        const int decode = dq_tensor_usable(m, t, true, &e);
        if (decode != 0)
            check_error(decode, &e);
        const int rc = dq_tensor_usable(m, t, false, &e);
        FUZZ_CHECK((rc != 0) == (t->problem != NULL) && (rc == 0 || rc == decode));
        if (t->is_cut)
            check_cut(m, t);
        if (t->problem)
            continue;
        check_sound(m, t);
        read_data(m, t);
        for (size_t k = i < COMPARED_MAX ? 0 : i - COMPARED_MAX; k < i; k++) {
            if (!m->tensors[k].problem)
                check_apart(t, &m->tensors[k]);
        }
    }
}

/* All of it, or only what is short. */
static void check_form(const struct dq_model *m, bool brief)
{
    struct dq_error e;
    char *json = NULL;
    size_t len = 0;
    struct dq_report r;
    dq_report_init(&r, DQ_REPORT_TABLE, nowhere, NULL);
    FUZZ_CHECK(dq_metadata_put(&r, m, brief, &e) == 0);
    FILE *file = open_memstream(&json, &len);
    FUZZ_CHECK(file);
    dq_report_init(&r, DQ_REPORT_JSON, file, NULL);
    FUZZ_CHECK(dq_metadata_put(&r, m, brief, &e) == 0 && dq_report_end(&r, 0, &e) == 0);
    fclose(file);
    json_error_t why;
    json_t *again = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    FUZZ_CHECK(json_object_size(json_object_get(again, "metadata")) == dq_model_head(m)->n_kvs);
    json_decref(again);
    free(json);
}

static void check_metadata(const struct dq_model *m)
{
    struct dq_error e;
    char text[128];
    FUZZ_CHECK(dq_metadata_text(m, "general.architecture", text, sizeof text, &e) == 0);
    check_printable(text);
    check_form(m, false);
    check_form(m, true);
}

/* What a sink is given. */
struct emitted {
    size_t n_files;                               /* diagnostics that refuse a file */
    size_t n_parts;                               /* those on missing parts */
    const struct dq_tensor *tensors[EMITTED_MAX]; /* those that diagnostics refuse */
    size_t n_tensors;
    const struct dq_tensor
        *layouts[EMITTED_MAX]; /* those whose type has another layout than its own */
    size_t n_layouts;
};

static void collect(void *arg, const struct dq_diagnostic *d)
{
    struct emitted *emitted = arg;
    const enum dq_level level = dq_rules[d->rule].level;
    check_printable(d->expected);
    check_printable(d->found);
    check_printable(d->hint ? d->hint : "");
    FUZZ_CHECK(*d->path && (level != DQ_LEVEL_tensor || d->tensor));
    emitted->n_files += level == DQ_LEVEL_file;
    emitted->n_parts += level == DQ_LEVEL_part;
    if (level == DQ_LEVEL_tensor && emitted->n_tensors < EMITTED_MAX)
        emitted->tensors[emitted->n_tensors++] = d->tensor;
    if (d->rule == DQ_RULE_tensor_layout && emitted->n_layouts < EMITTED_MAX)
        emitted->layouts[emitted->n_layouts++] = d->tensor;
}

static bool was_emitted(const struct emitted *emitted, const struct dq_tensor *t)
{
    for (size_t i = 0; i < emitted->n_tensors; i++) {
        if (emitted->tensors[i] == t)
            return true;
    }
    return false;
}

/* Whether a diagnostic about another tensor of its type stands for it, too. */
static bool was_meant(const struct emitted *emitted, const struct dq_tensor *t)
{
    for (size_t i = 0; i < emitted->n_layouts; i++) {
        if (emitted->layouts[i]->type_id == t->type_id)
            return true;
    }
    return false;
}

/* The diagnostics and what opening refuses must agree. */
static void check_diagnostics(const struct dq_store *store, const char *path, int opened)
{
    struct emitted emitted = {0};
    const struct dq_diagnostic_sink diag = {collect, &emitted};
    struct dq_model *m = NULL;
    struct dq_error e;
    const int rc = dq_model_examine(store, path, &diag, &m, &e);
    FUZZ_CHECK(rc == opened && m);
    FUZZ_CHECK(rc == 0 || emitted.n_files > 0);
    FUZZ_CHECK(emitted.n_files == 0 || rc != 0 || m->lacks);
    FUZZ_CHECK(!m->lacks || emitted.n_files + emitted.n_parts + emitted.n_tensors > 0);
    for (size_t i = 0; rc == 0 && emitted.n_tensors < EMITTED_MAX && i < m->n_tensors; i++) {
        const struct dq_tensor *t = &m->tensors[i];
        const bool is_told = was_emitted(&emitted, t) || dq_tensor_file_problem(m, t);
        FUZZ_CHECK(t->problem ? is_told || was_meant(&emitted, t) : !is_told);
    }
    const size_t n_errors = emitted.n_files + emitted.n_tensors;
    FUZZ_CHECK(dq_model_lint(m, &diag, &e) == 0);
    FUZZ_CHECK(emitted.n_files + emitted.n_tensors == n_errors); /* lint emits only notes */
    dq_model_free(m);
}

/* Checks that the same bytes inside another file, at an offset, are the same model. */
static void check_inside(const uint8_t *data, size_t size, int opened, const struct dq_model *alone)
{
    enum { BEFORE_MAX = 61 };
    struct dq_model *m = NULL;
    struct dq_error e;
    const size_t before = 1 + size % BEFORE_MAX;
    uint8_t *bytes = malloc(before + size);
    FUZZ_CHECK(bytes);
    memset(bytes, 'G', before);
    if (size > 0)
        memcpy(bytes + before, data, size);
    const struct dq_memory_file file = {"asset.bin", bytes, before + size};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(&file, 1);
    const int rc = dq_model_examine_at(&memory.store, file.name, before, NULL, &m, &e);
    FUZZ_CHECK(rc == opened);
    for (size_t i = 0; rc == 0 && i < m->n_tensors; i++) {
        const struct dq_tensor *t = &m->tensors[i];
        const struct dq_tensor *same = &alone->tensors[i];
        FUZZ_CHECK(m->n_tensors == alone->n_tensors && t->n_bytes == same->n_bytes);
        /* Offsets past 2^63 are refused, which a few bytes can decide. */
        if (same->offset >= INT64_MAX - BEFORE_MAX)
            continue;
        FUZZ_CHECK(t->offset == same->offset + before && !t->problem == !same->problem);
    }
    if (rc != 0)
        check_error(rc, &e);
    dq_model_free(m);
    free(bytes);
}

/* Splits the input into files. Returns how many. */
static size_t take_files(const uint8_t *data, size_t size, struct dq_memory_file files[FILES_MAX],
    char names[FILES_MAX][FILE_NAME_LEN])
{
    size_t n = 0;
    for (const uint8_t *next = data; next && n < FILES_MAX; n++) {
        const uint8_t *from = next;
        next = find_second(from, size - (size_t)(from - data));
        const uint8_t *end = next ? next - SEPARATOR_LEN : data + size;
        snprintf(names[n], sizeof names[n], "m-%05zu-of-00002.gguf", n + 1);
        const uint8_t *line =
            end > from && *from == '#' ? memchr(from, '\n', (size_t)(end - from)) : NULL;
        if (line && line > from + 1 && line - from - 1 < FILE_NAME_LEN &&
            !memchr(from, '\0', (size_t)(line - from))) {
            memcpy(names[n], from + 1, (size_t)(line - from - 1));
            names[n][line - from - 1] = '\0';
            for (char *c = names[n]; *c; c++) /* errors have paths as they are */
                *c = (char)((unsigned char)*c < ' ' || (unsigned char)*c > '~' ? '_' : *c);
            from = line + 1;
        }
        files[n] = (struct dq_memory_file){names[n], from, (size_t)(end - from)};
    }
    if (n == 1 && files[0].bytes == data)
        strcpy(names[0], "m.gguf");
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    struct dq_memory_file files[FILES_MAX];
    char names[FILES_MAX][FILE_NAME_LEN];
    const int fd = fuzz_next_fd();
    const size_t n = take_files(data, size, files, names);
    const struct dq_memory_store memory = DQ_MEMORY_STORE(files, n);
    const int rc = dq_model_examine(&memory.store, names[0], NULL, &m, &e);
    if (rc == 0) {
        check_set(m);
        check_tensors(m);
        check_metadata(m);
    } else {
        check_error(rc, &e);
    }
    if (n == 1 && files[0].bytes == data)
        check_inside(data, size, rc, m);
    dq_model_free(m);
    check_diagnostics(&memory.store, names[0], rc);
    FUZZ_CHECK(fuzz_next_fd() == fd);
    return 0;
}
