/* What a selection picks, in which order, and what is said when it picks nothing. */
#include "build_gguf.h"
#include "dq_test.h"
#include "names_back.h"
#include "rng.h"
#include "select/select.h"

#include <stdio.h>
#include <string.h>

enum { I8 = 24, MOST_WORDS = 8 };

static const char *const names[] = {
    "token_embd.weight",
    "blk.0.attn_q.weight",
    "blk.0.attn_q.bias",
    "blk.0.attn_k.weight",
    "blk.1.attn_q.weight",
    "blk.10.attn_q.weight",
    "odd[0]",
    "star*",
    "starry",
    "blk.0.attn_q.weight.extra",
    "line\nbreak",
    "line\n[0]",
};

enum { N_NAMES = sizeof names / sizeof names[0] };

static struct dq_model *open_model(struct scratch *s)
{
    const uint64_t dims[] = {3, 2};
    struct build b;
    build_begin(&b, 3, false, N_NAMES, 0);
    for (size_t i = 0; i < N_NAMES; i++)
        build_tensor(&b, names[i], I8, 32 * i, 2, dims);
    build_data(&b, 32, 32 * N_NAMES);
    return build_open(&b, s);
}

/* Makes lists of words that are separated by '|'. */
static struct dq_strvec words_of(const char *text)
{
    struct dq_strvec words = {0};
    struct dq_error e;
    while (*text) {
        const size_t len = strcspn(text, "|");
        check_ok(dq_strvec_add(&words, text, len, &e), &e);
        text += len + (text[len] == '|');
    }
    return words;
}

/* The picked tensors' numbers and slices, "0 3[1] 3[:,2]". */
static const char *describe(const struct dq_model *m, const struct dq_picks *picks)
{
    static char text[512];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < picks->n; i++) {
        const struct dq_pick *p = &picks->items[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d%s", i ? " " : "",
            (int)(p->tensor - m->tensors), p->slice_text ? p->slice_text : "");
    }
    return text;
}

static int select_words(const struct dq_model *m, const char *wanted_text,
    const char *excluded_text, struct dq_picks *out, struct dq_strvec *unused, struct dq_error *e)
{
    struct dq_strvec wanted = words_of(wanted_text);
    struct dq_strvec excluded = words_of(excluded_text);
    const int rc = dq_select(m, &wanted, 0, &excluded, out, unused, e);
    dq_strvec_finish(&wanted);
    dq_strvec_finish(&excluded);
    return rc;
}

static void check_picks(
    struct scratch *s, const char *wanted, const char *excluded, const char *picked)
{
    struct dq_error e;
    struct dq_picks picks = {0};
    struct dq_model *m = open_model(s);
    check_ok(select_words(m, wanted, excluded, &picks, NULL, &e), &e);
    if (strcmp(describe(m, &picks), picked) != 0)
        fail_msg("'%s' less '%s' picks %s, not %s", wanted, excluded, describe(m, &picks), picked);
    dq_picks_finish(&picks);
    dq_model_free(m);
}

static void check_nothing(
    struct scratch *s, const char *wanted, const char *excluded, int code, const char *words)
{
    struct dq_error e;
    struct dq_picks picks = {0};
    struct dq_model *m = open_model(s);
    check_error(select_words(m, wanted, excluded, &picks, NULL, &e), &e, code, words);
    assert_int_equal(picks.n, 0);
    assert_null(picks.items);
    dq_model_free(m);
}

static void no_words_select_everything(void **state)
{
    check_picks(*state, "", "", "0 1 2 3 4 5 6 7 8 9 10 11");
}

static void an_exact_name_wins(void **state)
{
    check_picks(*state, "blk.0.attn_q.weight", "", "1"); /* and not its stem's tensor, number 9 */
    check_picks(*state, "star*", "", "7");               /* and not what the pattern matches */
}

static void a_stem_finds_all_its_tensors(void **state)
{
    check_picks(*state, "blk.0.attn_q", "", "1 2");
    check_picks(*state, "token_embd", "", "0");
}

static void a_stem_lacks_one_part_only(void **state)
{
    check_nothing(*state, "blk.0", "", DQ_ERR_NO_TENSOR, "no tensor matches 'blk.0'");
    check_nothing(*state, "token_emb", "", DQ_ERR_NO_TENSOR, "no tensor matches 'token_emb'");
    check_nothing(*state, "token_embd.", "", DQ_ERR_NO_TENSOR, "no tensor matches");
}

static void patterns_select(void **state)
{
    check_picks(*state, "blk.*.attn_q.weight", "", "1 4 5");
    check_picks(*state, "blk.?.attn_q.weight", "", "1 4");
    check_picks(*state, "blk.{0..1}.attn_q.weight", "", "1 4");
    check_picks(*state, "blk.{10,0}.attn_[qk].weight", "", "1 3 5");
    check_picks(*state, "sta*y", "", "8");
    check_picks(*state, "blk.[0-1].attn_q.*t", "", "1 4");
}

static void a_class_of_digits_at_the_end_is_a_pattern(void **state)
{
    check_picks(*state, "blk.[0-1].attn_q.weigh[t]", "", "1 4");
    check_nothing(*state, "blk.[0-9]", "", DQ_ERR_NO_TENSOR, "no tensor matches 'blk.[0-9]'");
}

static void a_name_that_ends_like_a_slice_is_a_name(void **state)
{
    check_picks(*state, "odd[0]", "", "6");
    check_picks(*state, "odd[0][1]", "", "6[1]");
}

static void picks_are_in_the_order_of_the_file(void **state)
{
    check_picks(*state, "starry|token_embd|blk.1.attn_q", "", "0 4 8");
}

static void a_tensor_is_picked_once(void **state)
{
    check_picks(*state, "token_embd|token_embd.weight|token*", "", "0");
}

static void slices_are_kept_as_given(void **state)
{
    check_picks(*state, "token_embd[0, 1:3]", "", "0[0,1:3]");
    check_picks(*state, "blk.*.attn_q.weight[ 1 ]", "", "1[1] 4[1] 5[1]");
    check_picks(*state, "starry[1]|starry[0]|starry", "", "8[1] 8[0] 8");
}

static void slices_have_their_ranges(void **state)
{
    struct dq_error e;
    struct dq_picks picks = {0};
    struct dq_slice whole;
    struct dq_model *m = open_model(*state);
    check_ok(select_words(m, "starry[1, 1:]|starry", "", &picks, NULL, &e), &e);
    assert_int_equal(picks.n, 2);
    assert_int_equal(picks.items[0].slice->n_shape, 1);
    assert_int_equal(picks.items[0].slice->shape[0], 2);
    assert_int_equal(picks.items[0].slice->ranges[1].start, 1);
    assert_null(picks.items[1].slice);
    dq_pick_slice(&picks.items[1], &whole);
    assert_int_equal(whole.n_shape, 2);
    assert_int_equal(whole.shape[0], 2);
    assert_int_equal(whole.shape[1], 3);
    dq_picks_finish(&picks);
    assert_int_equal(picks.n, 0);
    dq_model_free(m);
}

static void a_wrong_slice_is_refused(void **state)
{
    check_nothing(*state, "starry|token_embd[2]", "", DQ_ERR_USAGE,
        "tensor 'token_embd.weight': slice [2]: an index is out of range");
}

static void exclusion_wins(void **state)
{
    check_picks(*state, "blk.*.weight", "blk.1*", "1 3");
    check_picks(*state, "", "blk.*|star*|odd[0]|line\nbreak", "0 8 11"); /* "star*" is a name */
    check_picks(*state, "", "blk.0.attn_q", "0 3 4 5 6 7 8 9 10 11");
    check_picks(*state, "starry[1]|token_embd", "starry", "0");
}

static void what_excludes_nothing_is_told(void **state)
{
    struct dq_error e;
    struct dq_picks picks = {0};
    struct dq_strvec unused = {0};
    struct dq_model *m = open_model(*state);
    check_ok(select_words(m, "token_embd", "nope*|starry|nada", &picks, &unused, &e), &e);
    assert_int_equal(unused.n, 2);
    assert_string_equal(unused.items[0], "nope*");
    assert_string_equal(unused.items[1], "nada");
    dq_strvec_finish(&unused);
    dq_picks_finish(&picks);
    dq_model_free(m);
}

static void nothing_left_is_refused(void **state)
{
    check_nothing(*state, "", "*", DQ_ERR_NO_TENSOR, "the selection is empty");
    check_nothing(*state, "starry", "starr?", DQ_ERR_NO_TENSOR, "the selection is empty");
}

static void every_word_must_match(void **state)
{
    check_nothing(*state, "token_embd|nothing_like_it", "", DQ_ERR_NO_TENSOR,
        "no tensor matches 'nothing_like_it'");
    check_nothing(*state, "blk.7.*", "", DQ_ERR_NO_TENSOR, "no tensor matches 'blk.7.*'");
    check_nothing(*state, "nope[0]", "", DQ_ERR_NO_TENSOR, "no tensor matches 'nope'");
}

static void near_names_are_offered(void **state)
{
    check_nothing(*state, "token_embed", "", DQ_ERR_NO_TENSOR,
        "no tensor matches 'token_embed'; did you mean 'token_embd.weight'?");
    check_nothing(*state, "blk.2.attn_q.weight", "", DQ_ERR_NO_TENSOR, "'blk.1.attn_q.weight'");
}

static void names_that_cannot_be_typed_are_found_as_shown(void **state)
{
    check_picks(*state, "line\\nbreak", "", "10");
    check_picks(*state, "line\nbreak", "", "10");
    check_picks(*state, "line?break", "", "10");
    check_picks(*state, "line\\n[0]", "", "11"); /* and no slice of another */
    check_picks(*state, "line\\n[0][1]", "", "11[1]");
}

/* Names from few letters, those that escaping, patterns, slices and lists know, so that many names are
 * the escaped form, a stem or a slice of another. */
static void every_name_makes_the_round_trip(void **state)
{
    static const char *const letters[] = {
        "\\xfn0&a.", "\\\xff\x00xf0", "a[0]:{,}*?-", "\n\r\t \\nrt", "\xc3\xbc\xe2\x80\xae\\x8"};
    static const size_t lens[] = {8, 6, 11, 8, 8};
    struct rng r = {20261127};
    for (int round = 0; round < 400; round++) {
        uint8_t text[64];
        struct build b;
        const size_t kind = (size_t)rng_between(&r, 0, 4);
        const size_t len = (size_t)rng_between(&r, 0, sizeof text);
        for (size_t i = 0; i < len; i++) {
            const int64_t letter = rng_between(&r, -2, (int64_t)lens[kind] - 1);
            text[i] = letter < 0 ? '|' : (uint8_t)letters[kind][letter];
        }
        build_named_tensors(&b, text, len, '|');
        struct dq_model *m = build_open(&b, *state);
        const char *fault = names_back(m);
        if (fault)
            fail_msg("round %d: %s", round, fault);
        dq_model_free(m);
    }
}

static void a_model_without_tensors_says_so(void **state)
{
    struct build b;
    struct dq_error e;
    struct dq_picks picks = {0};
    build_begin(&b, 3, false, 0, 0);
    struct dq_model *m = build_open(&b, *state);
    check_ok(select_words(m, "", "", &picks, NULL, &e), &e);
    assert_int_equal(picks.n, 0);
    dq_picks_finish(&picks);
    check_error(select_words(m, "x", "", &picks, NULL, &e), &e, DQ_ERR_NO_TENSOR,
        "the model has no tensors");
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(no_words_select_everything),
        scratch_test(an_exact_name_wins),
        scratch_test(a_stem_finds_all_its_tensors),
        scratch_test(a_stem_lacks_one_part_only),
        scratch_test(patterns_select),
        scratch_test(a_class_of_digits_at_the_end_is_a_pattern),
        scratch_test(a_name_that_ends_like_a_slice_is_a_name),
        scratch_test(picks_are_in_the_order_of_the_file),
        scratch_test(a_tensor_is_picked_once),
        scratch_test(slices_are_kept_as_given),
        scratch_test(slices_have_their_ranges),
        scratch_test(a_wrong_slice_is_refused),
        scratch_test(exclusion_wins),
        scratch_test(what_excludes_nothing_is_told),
        scratch_test(nothing_left_is_refused),
        scratch_test(every_word_must_match),
        scratch_test(near_names_are_offered),
        scratch_test(names_that_cannot_be_typed_are_found_as_shown),
        scratch_test(every_name_makes_the_round_trip),
        scratch_test(a_model_without_tensors_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
