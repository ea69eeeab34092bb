/* "Did you mean". */
#include "dq_test.h"
#include "rng.h"
#include "select/suggest.h"

#include <ctype.h>
#include <stdbool.h>
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

static bool is_alike(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The definition, one cell of the table at a time. */
static size_t slow_distance(const char *a, const char *b)
{
    enum { MAX = 130 };
    size_t d[MAX + 1][MAX + 1];
    const size_t na = strlen(a);
    const size_t nb = strlen(b);
    for (size_t i = 0; i <= na; i++) {
        for (size_t j = 0; j <= nb; j++) {
            size_t least = i == 0 ? j : i;
            if (i > 0 && j > 0) {
                least = d[i - 1][j - 1] + !is_alike(a[i - 1], b[j - 1]);
                least = d[i - 1][j] + 1 < least ? d[i - 1][j] + 1 : least;
                least = d[i][j - 1] + 1 < least ? d[i][j - 1] + 1 : least;
            }
            if (i > 1 && j > 1 && is_alike(a[i - 1], b[j - 2]) && is_alike(a[i - 2], b[j - 1]) &&
                d[i - 2][j - 2] + 1 < least)
                least = d[i - 2][j - 2] + 1;
            d[i][j] = least;
        }
    }
    return d[na][nb];
}

/* Random words of few letters, and words that were changed in a few places, of all lengths. */
static void distances_follow_the_definition(void **state)
{
    struct rng rng = {1};
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char words[2][129];
        size_t lens[2];
        const bool is_changed = rng_between(&rng, 0, 1) == 1;
        for (int w = 0; w < 2; w++) {
            lens[w] = (size_t)rng_between(&rng, 0, round % 4 == 0 ? 128 : 70);
            for (size_t i = 0; i < lens[w]; i++)
                words[w][i] = "abcABC.1"[rng_between(&rng, 0, 7)];
        }
        if (is_changed) {
            memcpy(words[1], words[0], lens[0]);
            lens[1] = lens[0];
            for (int i = 0; i < 6 && lens[1] > 1; i++) {
                const size_t at = (size_t)rng_between(&rng, 0, (int64_t)lens[1] - 2);
                const char letter = words[1][at];
                words[1][at] = words[1][at + 1];
                words[1][at + 1] = rng_between(&rng, 0, 1) ? letter : 'b';
            }
        }
        words[0][lens[0]] = words[1][lens[1]] = '\0';
        const size_t expected = slow_distance(words[0], words[1]);
        const size_t limit = (size_t)rng_between(&rng, 1, 130);
        const size_t got = dq_edit_distance(words[0], words[1], limit);
        if (got != (expected < limit ? expected : limit))
            fail_msg(
                "'%s' and '%s': %zu below %zu, not %zu", words[0], words[1], got, limit, expected);
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
        cmocka_unit_test(distances_follow_the_definition),
        cmocka_unit_test(long_names_are_compared_by_their_beginning),
        cmocka_unit_test(the_nearest_names_are_offered_first),
        cmocka_unit_test(a_name_without_its_last_part_is_near),
        cmocka_unit_test(a_name_that_holds_the_word_is_near),
        cmocka_unit_test(words_are_cut_to_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
