/* "Did you mean". */
#include "dq_test.h"
#include "select/suggest.h"

#include <string.h>

static void distances_count_changes(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "abc", 0},
        {"abc", "abd", 1},
        {"abc", "ab", 1},
        {"abc", "abcd", 1},
        {"abc", "acb", 1}, /* neighbours swapped */
        {"ab", "ba", 1},
        {"kitten", "sitting", 3},
        {"abcdef", "badcfe", 3},
        {"ca", "abc", 3}, /* no letter is changed twice */
        {"abc", "xyz", 3},
        {"attn_q", "attn_k", 1},
        {"ATTN_q", "attn_Q", 0}, /* capitals or not */
        {"AB", "ba", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t there = dq_edit_distance(rows[i].a, rows[i].b, 100);
        const size_t back = dq_edit_distance(rows[i].b, rows[i].a, 100);
        if (there != rows[i].distance || back != rows[i].distance)
            fail_msg("'%s' and '%s': %zu and %zu, not %zu", rows[i].a, rows[i].b, there, back,
                rows[i].distance);
        for (size_t limit = 1; limit < 5; limit++) {
            const size_t wanted = rows[i].distance < limit ? rows[i].distance : limit;
            assert_int_equal(dq_edit_distance(rows[i].a, rows[i].b, limit), wanted);
        }
    }
}

static void long_names_are_compared_by_their_beginning(void **state)
{
    char a[1001];
    char b[1001];
    (void)state;
    memset(a, 'x', sizeof a - 1);
    memset(b, 'x', sizeof b - 1);
    a[1000] = '\0';
    b[1000] = '\0';
    b[0] = 'y';
    b[999] = 'y';
    assert_int_equal(dq_edit_distance(a, b, 100), 1);
}

static void check_words(const struct dq_suggestions *s, const char *wanted)
{
    char words[256];
    dq_suggest_words(s, words, sizeof words);
    assert_string_equal(words, wanted);
}

static void the_nearest_names_are_offered_first(void **state)
{
    struct dq_suggestions s = {0};
    (void)state;
    check_words(&s, "");
    dq_suggest(&s, "output", "something_else");
    check_words(&s, "");
    dq_suggest(&s, "output", "outtput1");
    check_words(&s, "; did you mean 'outtput1'?");
    dq_suggest(&s, "output", "outputs");
    check_words(&s, "; did you mean 'outputs' or 'outtput1'?");
    dq_suggest(&s, "output", "outpu");
    check_words(&s, "; did you mean 'outputs', 'outpu' or 'outtput1'?");
    dq_suggest(&s, "output", "outpux");
    check_words(&s, "; did you mean 'outputs', 'outpu' or 'outpux'?");
    dq_suggest(&s, "output", "output");
    check_words(&s, "; did you mean 'output', 'outputs' or 'outpu'?");
    dq_suggest(&s, "output", "outtpux");
    check_words(&s, "; did you mean 'output', 'outputs' or 'outpu'?");
    assert_int_equal(s.n, DQ_SUGGEST_MAX);
}

static void a_name_without_its_last_part_is_near(void **state)
{
    struct dq_suggestions s = {0};
    (void)state;
    dq_suggest(&s, "token_emb", "token_embd.weight");
    check_words(&s, "; did you mean 'token_embd.weight'?");
    assert_int_equal(s.distances[0], 1);
}

static void a_name_that_holds_the_word_is_near(void **state)
{
    struct dq_suggestions s = {0};
    (void)state;
    dq_suggest(&s, "attn", "blk.0.attn_norm_and_more.weight");
    check_words(&s, "; did you mean 'blk.0.attn_norm_and_more.weight'?");
    s = (struct dq_suggestions){0};
    dq_suggest(&s, "ATTN", "blk.0.attn_norm_and_more.weight");
    check_words(&s, "; did you mean 'blk.0.attn_norm_and_more.weight'?");
    s = (struct dq_suggestions){0};
    dq_suggest(&s, "at", "blk.0.attn_norm_and_more.weight"); /* two letters are in many names */
    check_words(&s, "");
}

static void words_are_cut_to_the_buffer(void **state)
{
    struct dq_suggestions s = {0};
    (void)state;
    dq_suggest(&s, "output", "outputs");
    dq_suggest(&s, "output", "outpu");
    for (size_t size = 1; size < 40; size++) {
        char words[41];
        memset(words, '#', sizeof words);
        dq_suggest_words(&s, words, size);
        assert_true(strlen(words) < size);
        assert_int_equal(words[size], '#');
        assert_memory_equal(words, "; did you mean 'outputs' or 'outpu'?", strlen(words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_count_changes),
        cmocka_unit_test(long_names_are_compared_by_their_beginning),
        cmocka_unit_test(the_nearest_names_are_offered_first),
        cmocka_unit_test(a_name_without_its_last_part_is_near),
        cmocka_unit_test(a_name_that_holds_the_word_is_near),
        cmocka_unit_test(words_are_cut_to_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
