/* Runs of zero bytes: found whatever their place, joined over cuts, in any order. */
#include "dq_test.h"
#include "reduce/zeros.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { LEN = 100000 };

/* Finds the runs of LEN bytes one byte at a time. */
static void find_slowly(const uint8_t *bytes, struct dq_zero_run *runs, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < LEN; i++) {
        size_t len = 0;
        while (i + len < LEN && bytes[i + len] == 0)
            len++;
        if (len >= DQ_ZERO_RUN_MIN)
            runs[(*n)++] = (struct dq_zero_run){i, len};
        i += len;
    }
}

static void check_runs(struct dq_zero_runs *z, const uint8_t *bytes)
{
    struct dq_zero_run expected[LEN / DQ_ZERO_RUN_MIN];
    size_t n;
    find_slowly(bytes, expected, &n);
    dq_zero_runs_join(z);
    assert_int_equal(z->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(z->items[i].off, expected[i].off);
        assert_int_equal(z->items[i].len, expected[i].len);
    }
    dq_zero_runs_finish(z);
}

static void runs_are_found_over_cuts_in_any_order(void **state)
{
    enum { MAX_CUTS = 8, ROUNDS = 500 };
    static const size_t lengths[] = {1, 2047, 2048, 4095, 4096, 4097, 8192, 30000};
    struct rng rng = {1};
    uint8_t *bytes = malloc(LEN);
    size_t n_found = 0;
    (void)state;
    assert_non_null(bytes);
    for (size_t round = 0; round < ROUNDS; round++) {
        struct dq_zero_runs z = {0};
        size_t cuts[MAX_CUTS + 1] = {0};
        const size_t n_cuts = (size_t)rng_between(&rng, 1, MAX_CUTS);
        memset(bytes, 1, LEN);
        for (size_t i = 0; i < 5; i++) {
            const int64_t last = sizeof lengths / sizeof *lengths - 1;
            const size_t len = lengths[rng_between(&rng, 0, last)];
            const int64_t space = LEN - (int64_t)len;
            const int64_t at = rng_between(&rng, -space, 2 * space); /* often at one of the ends */
            memset(bytes + (at < 0 ? 0 : at > space ? space : at), 0, len);
        }
        for (size_t i = 1; i < n_cuts; i++)
            cuts[i] = (size_t)rng_between(&rng, (int64_t)cuts[i - 1], LEN);
        cuts[n_cuts] = LEN;
        const size_t first = (size_t)rng_between(&rng, 0, (int64_t)n_cuts - 1);
        for (size_t i = 0; i < n_cuts; i++) {
            const size_t c = (first + i) % n_cuts;
            struct dq_zero_runs part = {0};
            assert_true(dq_zero_runs_add(&part, bytes + cuts[c], cuts[c + 1] - cuts[c], cuts[c]));
            assert_true(dq_zero_runs_append(&z, &part));
            dq_zero_runs_finish(&part);
        }
        n_found += z.n;
        check_runs(&z, bytes);
    }
    assert_true(n_found > ROUNDS);
    free(bytes);
}

static void one_byte_ends_a_run(void **state)
{
    static uint8_t bytes[LEN];
    (void)state;
    for (size_t at = 0; at < LEN; at += 997) {
        struct dq_zero_runs z = {0};
        memset(bytes, 0, LEN);
        bytes[at] = 1;
        assert_true(dq_zero_runs_add(&z, bytes, LEN, 0));
        check_runs(&z, bytes);
    }
}

static void the_shortest_run_is_found_anywhere(void **state)
{
    static uint8_t bytes[4 * DQ_ZERO_RUN_MIN];
    (void)state;
    for (size_t at = 1; at < 2 * DQ_ZERO_RUN_MIN; at++) {
        struct dq_zero_runs z = {0};
        memset(bytes, 1, sizeof bytes);
        memset(bytes + at, 0, DQ_ZERO_RUN_MIN);
        assert_true(dq_zero_runs_add(&z, bytes, sizeof bytes, 0));
        assert_int_equal(z.n, 1);
        assert_int_equal(z.items[0].off, at);
        assert_int_equal(z.items[0].len, DQ_ZERO_RUN_MIN);
        dq_zero_runs_finish(&z);
    }
}

static void few_zeros_are_no_run(void **state)
{
    static uint8_t bytes[LEN];
    struct dq_zero_runs z = {0};
    (void)state;
    for (size_t i = 0; i < LEN; i += DQ_ZERO_RUN_MIN)
        bytes[i] = 1; /* one byte short of a run between any two */
    assert_true(dq_zero_runs_add(&z, bytes, LEN, 0));
    dq_zero_runs_join(&z);
    assert_int_equal(z.n, 0);
    dq_zero_runs_finish(&z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_found_over_cuts_in_any_order),
        cmocka_unit_test(one_byte_ends_a_run),
        cmocka_unit_test(the_shortest_run_is_found_anywhere),
        cmocka_unit_test(few_zeros_are_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
