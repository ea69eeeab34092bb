/* Patterns and what their braces stand for. */
#include "dq_test.h"
#include "scratch.h"
#include "select/glob.h"

#include <string.h>

/* Expands text and compares the patterns, joined by blanks. */
static void check_expansion(const char *text, const char *wanted)
{
    char joined[512] = "";
    struct dq_strvec out = {0};
    struct dq_error e;
    check_ok(dq_glob_expand(text, &out, &e), &e);
    for (size_t i = 0; i < out.n; i++) {
        if (i > 0)
            strcat(joined, " ");
        strcat(joined, out.items[i]);
    }
    if (strcmp(joined, wanted) != 0)
        fail_msg("%s stands for '%s', not '%s'", text, joined, wanted);
    dq_strvec_finish(&out);
}

static void text_without_braces_stands_for_itself(void **state)
{
    (void)state;
    check_expansion("blk.*.attn_[qk]", "blk.*.attn_[qk]");
    check_expansion("", "");
}

static void alternatives_are_expanded(void **state)
{
    (void)state;
    check_expansion("a{b,c}d", "abd acd");
    check_expansion("{a,b}", "a b");
    check_expansion("a{,b}", "a ab");
    check_expansion("{a,b}{c,d}", "ac ad bc bd");
    check_expansion("a{b,c{d,e},f}g", "abg acdg aceg afg");
    check_expansion("{{a,b},c}", "a b c");
}

static void ranges_are_expanded(void **state)
{
    (void)state;
    check_expansion("b{0..3}c", "b0c b1c b2c b3c");
    check_expansion("{9..11}", "9 10 11");
    check_expansion("{2..0}", "2 1 0");
    check_expansion("{-1..1}", "-1 0 1");
    check_expansion("{5..5}", "5");
    check_expansion("{0..1}.{0..1}", "0.0 0.1 1.0 1.1");
    check_expansion("{a,{1..2}}", "a 1 2");
    check_expansion("{1..2,7}", "1..2 7");
}

static void other_braces_are_letters(void **state)
{
    (void)state;
    check_expansion("a{b}c", "a{b}c");
    check_expansion("a{}c", "a{}c");
    check_expansion("a{b,c", "a{b,c");
    check_expansion("a}b{", "a}b{");
    check_expansion("{a}{b,c}", "{a}b {a}c");
    check_expansion("{1..}", "{1..}");
    check_expansion("{a..c}", "{a..c}");
    check_expansion("{1...3}", "{1...3}");
}

static void expansions_are_added_to_the_list(void **state)
{
    struct dq_strvec out = {0};
    struct dq_error e;
    (void)state;
    check_ok(dq_glob_expand("{a,b}", &out, &e), &e);
    check_ok(dq_glob_expand("c", &out, &e), &e);
    assert_int_equal(out.n, 3);
    assert_string_equal(out.items[2], "c");
    dq_strvec_finish(&out);
}

static void a_hundred_thousand_patterns_are_the_most(void **state)
{
    static const char *const too_many[] = {"{0..100000}", "{1..999999999}",
        "{0..9}{0..9}{0..9}{0..9}{0..9}{a,b}",
        "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"};
    struct dq_error e;
    (void)state;
    struct dq_strvec out = {0};
    check_ok(dq_glob_expand("{1..100000}", &out, &e), &e);
    assert_int_equal(out.n, 100000);
    assert_string_equal(out.items[99999], "100000");
    dq_strvec_finish(&out);
    for (size_t i = 0; i < sizeof too_many / sizeof too_many[0]; i++) {
        check_error(dq_glob_expand(too_many[i], &out, &e), &e, DQ_ERR_USAGE, "too many patterns");
        dq_strvec_finish(&out);
    }
}

static void expansions_of_many_bytes_are_refused(void **state)
{
    struct dq_strvec out = {0};
    struct dq_error e;
    char text[2048] = "{0..9999}";
    (void)state;
    memset(text + strlen(text), 'x', sizeof text - 1 - strlen(text)); /* the rest is zero */
    check_error(dq_glob_expand(text, &out, &e), &e, DQ_ERR_USAGE, "too many patterns");
    assert_true(out.n < 9999);
    dq_strvec_finish(&out);
}

/* Each brace is a call deep, and each pattern as long as the text. */
static void long_patterns_are_refused(void **state)
{
    static char text[4098];
    struct dq_strvec out = {0};
    struct dq_error e;
    (void)state;
    memset(text, '{', 4097);
    check_error(dq_glob_expand(text, &out, &e), &e, DQ_ERR_USAGE,
        "a pattern of 4097 bytes; the maximum is 4096");
    assert_int_equal(out.n, 0);
    text[4096] = '\0';
    check_ok(dq_glob_expand(text, &out, &e), &e);
    assert_int_equal(out.n, 1);
    dq_strvec_finish(&out);
}

static void check_match(const char *pattern, const char *name, bool wanted)
{
    struct dq_strvec patterns = {0};
    struct dq_error e;
    check_ok(dq_glob_expand(pattern, &patterns, &e), &e);
    bool matches = false;
    for (size_t i = 0; i < patterns.n; i++) {
        const char *p = patterns.items[i];
        if (!dq_glob_match(p, name))
            continue;
        matches = true;
        if (strncmp(p, name, dq_glob_prefix(p)) != 0)
            fail_msg("'%s' matches '%s', which begins otherwise", p, name);
        const size_t tail = dq_glob_suffix(p);
        if (tail > strlen(name) || strcmp(p + strlen(p) - tail, name + strlen(name) - tail) != 0)
            fail_msg("'%s' matches '%s', which ends otherwise", p, name);
    }
    if (matches != wanted)
        fail_msg("'%s' %s '%s'", pattern, wanted ? "misses" : "matches", name);
    dq_strvec_finish(&patterns);
}

static void patterns_match_whole_names(void **state)
{
    (void)state;
    check_match("blk.*.weight", "blk.0.attn_q.weight", true); /* a dot is nothing special */
    check_match("*", ".hidden/with/slashes", true);
    check_match("*", "", true);
    check_match("blk.?.x", "blk.1.x", true);
    check_match("blk.?.x", "blk.10.x", false);
    check_match("blk.[0-3].x", "blk.3.x", true);
    check_match("blk.[0-3].x", "blk.4.x", false);
    check_match("blk.[!0-3].x", "blk.4.x", true);
    check_match("blk", "blk.0", false);
    check_match("lk*", "blk.0", false);
    check_match("\\*", "*", true);
    check_match("\\*", "x", false);
    check_match("a\\bc", "abc", true);
    check_match("blk.{0..10..2}", "blk.0", false);
    check_match("blk.{1,10}.x", "blk.10.x", true);
    check_match("blk.{1,10}.x", "blk.11.x", false);
    check_match("{a,b}", "b", true);
}

static void prefixes_end_at_the_first_special_letter(void **state)
{
    (void)state;
    assert_int_equal(dq_glob_prefix("blk.1.attn_q.weight"), 19);
    assert_int_equal(dq_glob_prefix("blk.1*"), 5);
    assert_int_equal(dq_glob_prefix("blk.?"), 4);
    assert_int_equal(dq_glob_prefix("blk[0]"), 3);
    assert_int_equal(dq_glob_prefix("a\\bc"), 1);
    assert_int_equal(dq_glob_prefix("*"), 0);
    assert_int_equal(dq_glob_prefix(""), 0);
}

static void suffixes_begin_behind_the_last_special_letter(void **state)
{
    (void)state;
    assert_int_equal(dq_glob_suffix("blk.1.attn_q.weight"), 19);
    assert_int_equal(dq_glob_suffix("*.weight"), 7);
    assert_int_equal(dq_glob_suffix("blk.?"), 0);
    assert_int_equal(dq_glob_suffix("blk[0]x"), 1);
    assert_int_equal(dq_glob_suffix("[ab"), 2); /* no class: a letter */
    assert_int_equal(dq_glob_suffix("a\\bc"), 2);
    assert_int_equal(dq_glob_suffix("*"), 0);
    assert_int_equal(dq_glob_suffix(""), 0);
}

static void patterns_are_told_from_names(void **state)
{
    (void)state;
    assert_true(dq_glob_is_pattern("a*"));
    assert_true(dq_glob_is_pattern("a?b"));
    assert_true(dq_glob_is_pattern("[a]"));
    assert_true(dq_glob_is_pattern("a{"));
    assert_false(dq_glob_is_pattern("blk.0.attn_q.weight"));
    assert_false(dq_glob_is_pattern("a]b}c"));
    assert_false(dq_glob_is_pattern(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_without_braces_stands_for_itself),
        cmocka_unit_test(alternatives_are_expanded),
        cmocka_unit_test(ranges_are_expanded),
        cmocka_unit_test(other_braces_are_letters),
        cmocka_unit_test(expansions_are_added_to_the_list),
        cmocka_unit_test(a_hundred_thousand_patterns_are_the_most),
        cmocka_unit_test(expansions_of_many_bytes_are_refused),
        cmocka_unit_test(long_patterns_are_refused),
        cmocka_unit_test(patterns_match_whole_names),
        cmocka_unit_test(prefixes_end_at_the_first_special_letter),
        cmocka_unit_test(suffixes_begin_behind_the_last_special_letter),
        cmocka_unit_test(patterns_are_told_from_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
