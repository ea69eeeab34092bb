/* The text of a diagnostic, alone and as an error. */
#include "gguf/diagnostic.h"

#include "dq_test.h"
#include "gguf/kv.h"
#include "gguf/tensor.h"
#include "scratch.h"

static char key[] = "k";
static char name[] = "t";
static const struct dq_kv kv = {.display_name = key};
static const struct dq_type_info f32 = {.weights = 1};
static const struct dq_type_info q4_0 = {.weights = 32};

static void check_text(const struct dq_diagnostic *d, const char *wanted)
{
    char text[DQ_DIAGNOSTIC_TEXT];
    assert_string_equal(dq_diagnostic_text(d, text), wanted);
}

static void a_text_has_what_there_is(void **state)
{
    struct dq_tensor t = {.display_name = name, .type = &q4_0};
    struct dq_diagnostic d = {
        .rule = DQ_RULE_version, .offset = DQ_NO_OFFSET, .expected = "3", .found = "4"};
    (void)state;
    check_text(&d, "unsupported GGUF version: expected 3, found 4");
    d.offset = 0;
    check_text(&d, "unsupported GGUF version: expected 3, found 4 (offset 0)");
    d.rule = DQ_RULE_in_file;
    check_text(&d, "metadata ends past the end of the file: expected 3, found 4 (offset 0); is the "
                   "file cut short?");
    d.hint = "look elsewhere";
    check_text(&d, "metadata ends past the end of the file: expected 3, found 4 (offset 0); look "
                   "elsewhere");
    d.hint = NULL;
    d.rule = DQ_RULE_scale_finite;
    d.tensor = &t;
    d.n_blocks = 1;
    d.block = 7;
    check_text(&d, "scale of a block is not finite: expected 3, found 4 (offset 0, block 7)");
    d.n_blocks = 3;
    d.offset = DQ_NO_OFFSET;
    t.type = &f32;
    check_text(&d, "scale of a block is not finite: expected 3, found 4 (weight 7 and 2 more)");
}

static void count(void *arg, const struct dq_diagnostic *d)
{
    assert_int_equal(d->rule, DQ_RULE_version);
    ++*(int *)arg;
}

static void an_error_names_file_and_subject(void **state)
{
    const struct dq_tensor t = {.display_name = name};
    struct dq_diagnostic d = {
        .rule = DQ_RULE_version, .path = "m.gguf", .offset = 4, .expected = "3", .found = "4"};
    struct dq_error e;
    int n = 0;
    const struct dq_diagnostic_sink sink = {count, &n};
    (void)state;
    check_error(dq_emit_fail(&sink, &d, &e), &e, DQ_ERR_MALFORMED,
        "m.gguf: unsupported GGUF version: expected 3, found 4 (offset 4)");
    d.kv = &kv;
    check_error(dq_emit_fail(&sink, &d, &e), &e, DQ_ERR_MALFORMED, "m.gguf: key 'k': unsupported");
    d.tensor = &t;
    check_error(
        dq_emit_fail(NULL, &d, &e), &e, DQ_ERR_MALFORMED, "m.gguf: tensor 't': unsupported");
    assert_int_equal(n, 2);
    assert_int_equal(dq_emit_fail(NULL, &d, NULL), DQ_ERR_MALFORMED);
}

static void every_rule_has_words(void **state)
{
    (void)state;
    for (int i = 0; i < DQ_RULE_COUNT; i++) {
        assert_true(dq_rules[i].name[0] && dq_rules[i].summary[0]);
        assert_non_null(dq_rules[i].hint);
        assert_true(dq_rules[i].level <= DQ_LEVEL_note);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_has_what_there_is),
        cmocka_unit_test(an_error_names_file_and_subject),
        cmocka_unit_test(every_rule_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
