/* Metadata is read again when it is shown, from a file that may be another one by then. */
#include "build_gguf.h"
#include "cli/metadata.h"
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
        check_error(dq_metadata_put(&r, m, &e), &e, DQ_ERR_MALFORMED, "arrays nested too deeply");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(arrays_that_became_deep_are_refused),
        scratch_test(text_that_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
