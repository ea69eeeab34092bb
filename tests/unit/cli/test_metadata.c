/* Metadata is read again when it is shown, from a file that may be another one by then. */
#include "build_gguf.h"
#include "cli/metadata.h"
#include "counting_store.h"
#include "dq_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { U8 = 0, ARRAY = 9, HEAD = 12, DEEP = 200000 };

/* Bytes that are arrays of one array each, once somebody says that they are. */
static struct dq_model *open_model(struct scratch *s, off_t *type_at)
{
    struct build b;
    build_begin(&b, 3, false, 0, 1);
    build_key(&b, "deep", ARRAY);
    *type_at = (off_t)b.len;
    build_number(&b, U8, 4);
    build_count(&b, (uint64_t)DEEP * HEAD);
    for (size_t i = 0; i < DEEP; i++) {
        build_number(&b, ARRAY, 4);
        build_count(&b, 1);
    }
    return build_open(&b, s);
}

static void change(const struct dq_model *m, off_t at)
{
    static const uint8_t head[HEAD] = {ARRAY, 0, 0, 0, 1};
    const int fd = open(m->path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, head, HEAD, at), HEAD);
    close(fd);
}

static void arrays_that_became_deep_are_refused(void **state)
{
    struct dq_error e;
    off_t at;
    struct dq_model *m = open_model(*state, &at);
    FILE *null = fopen("/dev/null", "w");
    struct dq_report r;
    assert_non_null(null);
    change(m, at);
    for (int format = DQ_REPORT_TABLE; format <= DQ_REPORT_JSON; format++) {
        dq_report_init(&r, (enum dq_report_format)format, null, NULL);
        check_error(
            dq_metadata_put(&r, m, false, &e), &e, DQ_ERR_MALFORMED, "arrays nested too deeply");
        check_ok(dq_report_end(&r, 0, &e), &e);
    }
    fclose(null);
    dq_model_free(m);
}

static void text_that_cannot_be_read_is_an_error(void **state)
{
    struct build b;
    struct dq_error e;
    char text[64];
    build_begin(&b, 3, false, 0, 1);
    build_kv_string(&b, "general.architecture", "test");
    struct dq_model *m = build_open(&b, *state);
    check_ok(dq_metadata_text(m, "absent", text, sizeof text, &e), &e);
    assert_string_equal(text, "");
    check_ok(dq_metadata_text(m, "general.architecture", text, sizeof text, &e), &e);
    assert_string_equal(text, "test");
    assert_int_equal(truncate(m->path, 40), 0);
    check_error(dq_metadata_text(m, "general.architecture", text, sizeof text, &e), &e, DQ_ERR_IO,
        "it was longer when it was opened");
    dq_model_free(m);
}

enum { N_PAIRS = 20000, N_STRINGS = 200000, N_TENSORS = 5000, READS_MAX = 15 };

/* A header of 8 MB. */
static void build_long(struct build *b)
{
    char text[32];
    build_begin(b, 3, false, N_TENSORS, N_PAIRS + 3);
    build_kv_string(b, "general.architecture", "test");
    build_kv_u32(b, "general.alignment", 32);
    build_key(b, "tokens", ARRAY);
    build_number(b, DQ_VALUE_string, 4);
    build_count(b, N_STRINGS);
    for (unsigned i = 0; i < N_STRINGS; i++) {
        snprintf(text, sizeof text, "a token or two, number %06u", i);
        build_string(b, text);
    }
    for (unsigned i = 0; i < N_PAIRS; i++) {
        snprintf(text, sizeof text, "key.%u", i);
        build_kv_u32(b, text, i);
    }
    for (unsigned i = 0; i < N_TENSORS; i++) {
        snprintf(text, sizeof text, "blk.%u.weight", i);
        build_tensor1(b, text, 24, 32 * i, 32);
    }
    build_data(b, 32, 32 * N_TENSORS);
}

/* Where each request takes 50 ms, one for each pair or kilobyte would take minutes. */
static void long_headers_take_few_reads(void **state)
{
    struct build b;
    struct dq_model *m;
    struct dq_error e;
    struct dq_report r;
    FILE *null = fopen("/dev/null", "w");
    assert_non_null(null);
    (void)state;
    build_long(&b);
    const struct dq_memory_file file = {"m.gguf", b.bytes, b.len};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(&file, 1);
    const struct dq_store *store = counting_store(&memory.store, 64);
    check_ok(dq_model_examine(store, "m.gguf", NULL, &m, &e), &e);
    assert_true(m->shards[0].data_off > 7000000);
    assert_in_range(counting_store_reads(), 1, READS_MAX);
    for (int format = DQ_REPORT_TABLE; format <= DQ_REPORT_JSON; format++) {
        for (int brief = 0; brief < 2; brief++) {
            const size_t before = counting_store_reads();
            dq_report_init(&r, (enum dq_report_format)format, null, NULL);
            check_ok(dq_metadata_put(&r, m, brief, &e), &e);
            check_ok(dq_report_end(&r, 0, &e), &e);
            assert_in_range(counting_store_reads() - before, 1, READS_MAX);
        }
    }
    fclose(null);
    dq_model_free(m);
    build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(arrays_that_became_deep_are_refused),
        scratch_test(text_that_cannot_be_read_is_an_error),
        cmocka_unit_test(long_headers_take_few_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
