/* Slices against numpy's rules. */
#include "dq_test.h"
#include "run/slice.h"
#include "scratch.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A tensor of this shape, outermost first. */
static struct dq_tensor tensor_of(size_t n_dims, const uint64_t *shape)
{
    static char display_name[] = "x";
    struct dq_tensor t = {.type = &dq_types[DQ_TYPE_f32],
        .display_name = display_name,
        .n_dims = (uint32_t)n_dims,
        .dims = {1, 1, 1, 1, 1, 1, 1, 1}};
    for (size_t i = 0; i < n_dims; i++)
        t.dims[n_dims - 1 - i] = shape[i];
    return t;
}

/* Python's rules for the places that start and stop mean, applied to one number. */
static int64_t place(int64_t n, int64_t dim, int64_t lowest, int64_t highest)
{
    if (n < 0)
        n += dim;
    return n < lowest ? lowest : (n > highest ? highest : n);
}

/* The indices that start:stop:step takes from dim, one by one; *start and *stop may be NULL. */
static size_t walk(
    int64_t dim, const int64_t *start, const int64_t *stop, int64_t step, int64_t out[16])
{
    size_t n = 0;
    if (step > 0) {
        const int64_t end = stop ? place(*stop, dim, 0, dim) : dim;
        for (int64_t i = start ? place(*start, dim, 0, dim) : 0; i < end; i += step)
            out[n++] = i;
    } else {
        const int64_t end = stop ? place(*stop, dim, -1, dim - 1) : -1;
        for (int64_t i = start ? place(*start, dim, -1, dim - 1) : dim - 1; i > end; i += step)
            out[n++] = i;
    }
    return n;
}

/* numbers[0..14] are -7 .. 7, numbers[15] stands for nothing. */
enum { NOTHING = 8 };

static void check_range(uint64_t dim, int64_t start, int64_t stop, int64_t step)
{
    char text[64] = "[";
    char number[16];
    int64_t wanted[16];
    struct dq_slice s;
    struct dq_error e;
    const struct dq_tensor t = tensor_of(1, &dim);
    const int64_t parts[] = {start, stop, step};
    for (size_t i = 0; i < 3; i++) {
        snprintf(number, sizeof number, "%s%" PRId64, i > 0 ? ":" : "", parts[i]);
        if (parts[i] == NOTHING)
            number[i > 0] = '\0';
        strcat(text, number);
    }
    strcat(text, "]");
    const size_t n = walk((int64_t)dim, start == NOTHING ? NULL : &start,
        stop == NOTHING ? NULL : &stop, step == NOTHING ? 1 : step, wanted);
    check_ok(dq_slice_parse(text, &t, &s, &e), &e);
    if (s.ranges[0].count != n || s.n_shape != 1 || s.shape[0] != n)
        fail_msg(
            "%s of %" PRIu64 " takes %" PRIu64 " items, not %zu", text, dim, s.ranges[0].count, n);
    for (size_t i = 0; i < n; i++) {
        const uint64_t index = s.ranges[0].start + i * (uint64_t)s.ranges[0].step;
        if (index != (uint64_t)wanted[i])
            fail_msg("%s of %" PRIu64 ": item %zu is %" PRIu64 ", not %" PRId64, text, dim, i,
                index, wanted[i]);
    }
}

static void ranges_follow_numpy(void **state)
{
    (void)state;
    for (uint64_t dim = 0; dim <= 5; dim++)
        for (int64_t start = -7; start <= NOTHING; start++)
            for (int64_t stop = -7; stop <= NOTHING; stop++)
                for (int64_t step = -7; step <= NOTHING; step++)
                    if (step != 0)
                        check_range(dim, start, stop, step);
}

/* "(4, 5) 0+4*1 9+5*-2": the shape, and first index + count * step of each dimension, outermost
 * first. */
static const char *words_of(const struct dq_slice *s, size_t n_dims)
{
    static char words[256];
    size_t n = (size_t)snprintf(words, sizeof words, "(");
    for (size_t i = 0; i < s->n_shape; i++)
        n += (size_t)snprintf(
            words + n, sizeof words - n, "%s%" PRIu64, i > 0 ? ", " : "", s->shape[i]);
    n += (size_t)snprintf(words + n, sizeof words - n, ")");
    for (size_t i = n_dims; i-- > 0;)
        n += (size_t)snprintf(words + n, sizeof words - n, " %" PRIu64 "+%" PRIu64 "*%" PRId64,
            s->ranges[i].start, s->ranges[i].count, s->ranges[i].step);
    return words;
}

struct row {
    const char *text;
    const char *words;
};

static void check_rows(const struct row *rows, size_t n_rows, size_t n_dims, const uint64_t *shape)
{
    const struct dq_tensor t = tensor_of(n_dims, shape);
    for (size_t i = 0; i < n_rows; i++) {
        struct dq_slice s;
        struct dq_error e;
        check_ok(dq_slice_parse(rows[i].text, &t, &s, &e), &e);
        if (strcmp(words_of(&s, n_dims), rows[i].words) != 0)
            fail_msg("%s gives %s, not %s", rows[i].text, words_of(&s, n_dims), rows[i].words);
    }
}

static void axes_are_counted_from_the_outermost(void **state)
{
    static const uint64_t shape[] = {4, 5, 6};
    static const struct row rows[] = {
        {"[0:2]", "(2, 5, 6) 0+2*1 0+5*1 0+6*1"},
        {"[0:2,]", "(2, 5, 6) 0+2*1 0+5*1 0+6*1"},
        {"[:, 1:3]", "(4, 2, 6) 0+4*1 1+2*1 0+6*1"},
        {"[:,:,::2]", "(4, 5, 3) 0+4*1 0+5*1 0+3*2"},
        {"[3]", "(5, 6) 3+1*1 0+5*1 0+6*1"},
        {"[-1]", "(5, 6) 3+1*1 0+5*1 0+6*1"},
        {"[1,2,3]", "() 1+1*1 2+1*1 3+1*1"},
        {"[-4,-5,-6]", "() 0+1*1 0+1*1 0+1*1"},
        {"[:, 2]", "(4, 6) 0+4*1 2+1*1 0+6*1"},
        {"[3:4]", "(1, 5, 6) 3+1*1 0+5*1 0+6*1"},
        {"[:]", "(4, 5, 6) 0+4*1 0+5*1 0+6*1"},
        {"[::-1, ::-2, 5:0:-5]", "(4, 3, 1) 3+4*-1 4+3*-2 5+1*-5"},
        {"[100:]", "(0, 5, 6) 4+0*1 0+5*1 0+6*1"},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0], 3, shape);
}

static void an_ellipsis_stands_for_the_other_axes(void **state)
{
    static const uint64_t shape[] = {4, 5, 6};
    static const struct row rows[] = {
        {"[...]", "(4, 5, 6) 0+4*1 0+5*1 0+6*1"},
        {"[..., 1]", "(4, 5) 0+4*1 0+5*1 1+1*1"},
        {"[1, ...]", "(5, 6) 1+1*1 0+5*1 0+6*1"},
        {"[1, ..., 2]", "(5) 1+1*1 0+5*1 2+1*1"},
        {"[1, 0:2, ..., 2]", "(2) 1+1*1 0+2*1 2+1*1"},
        {"[...,:,2:4,:]", "(4, 2, 6) 0+4*1 2+2*1 0+6*1"},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0], 3, shape);
}

static void blanks_are_allowed_between_parts(void **state)
{
    static const uint64_t shape[] = {4, 5};
    static const struct row rows[] = {
        {"[ 0 : 2 , : ]", "(2, 5) 0+2*1 0+5*1"},
        {"[\t1\t,\t2\t]", "() 1+1*1 2+1*1"},
        {"[ : : 2 , ... ]", "(2, 5) 0+2*2 0+5*1"},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0], 2, shape);
}

static void large_numbers_are_cut(void **state)
{
    static const uint64_t shape[] = {INT64_MAX};
    static const struct row rows[] = {
        {"[-9223372036854775808:9223372036854775807]",
            "(9223372036854775807) 0+9223372036854775807*1"},
        {"[::-1]", "(9223372036854775807) 9223372036854775806+9223372036854775807*-1"},
        {"[::-9223372036854775808]", "(1) 9223372036854775806+1*-9223372036854775808"},
        {"[::9223372036854775807]", "(1) 0+1*9223372036854775807"},
        {"[-9223372036854775807]", "() 0+1*1"},
        {"[9223372036854775806]", "() 9223372036854775806+1*1"},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0], 1, shape);
}

static void a_scalar_has_an_empty_slice(void **state)
{
    const struct row row = {"[...]", "()"};
    (void)state;
    check_rows(&row, 1, 0, NULL);
}

static void check_refused(size_t n_dims, const uint64_t *shape, const char *text, const char *words)
{
    const struct dq_tensor t = tensor_of(n_dims, shape);
    const struct dq_slice before = {.n_shape = 99};
    struct dq_slice s = before;
    struct dq_error e;
    const int rc = dq_slice_parse(text, &t, &s, &e);
    if (rc == 0)
        fail_msg("%s is taken", text);
    check_error(rc, &e, DQ_ERR_USAGE, words);
    check_error(rc, &e, DQ_ERR_USAGE, "tensor 'x': slice [");
    assert_int_equal(s.n_shape, 99);
}

static void malformed_slices_are_refused(void **state)
{
    static const uint64_t shape[] = {4, 5};
    static const struct row rows[] = {
        {"[4]", "an index is out of range"},
        {"[-5]", "an index is out of range"},
        {"[0,5]", "an index is out of range"},
        {"[9223372036854775807]", "an index is out of range"},
        {"[0,0,0]", "more indices than dimensions"},
        {"[:,:,:]", "more indices than dimensions"},
        {"[::0]", "the step is 0"},
        {"[...,...]", "more than one ellipsis"},
        {"[,]", "missing"},
        {"[,1]", "missing"},
        {"[1,,2]", "missing"},
        {"[:,:,,]", "missing"},
        {"[1:2:3:4]", "unexpected text"},
        {"[1 2]", "unexpected text"},
        {"[...1]", "unexpected text"},
        {"[1-2]", "unexpected text"},
        {"[9223372036854775808]", "a number does not fit"},
        {"[:99999999999999999999]", "a number does not fit"},
        {"[::-9223372036854775809]", "a number does not fit"},
        {"[--1]", ""},
        {"[-]", ""},
        {"[.]", ""},
        {"[..]", ""},
        {"[....]", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_refused(2, shape, rows[i].text, rows[i].words);
}

static void a_scalar_has_no_axes(void **state)
{
    (void)state;
    check_refused(0, NULL, "[0]", "more indices than dimensions");
    check_refused(0, NULL, "[:]", "more indices than dimensions");
    check_refused(0, NULL, "[,]", "missing");
}

static void a_zero_dimension_has_no_index(void **state)
{
    const uint64_t shape[] = {0};
    (void)state;
    check_refused(1, shape, "[0]", "an index is out of range");
    check_refused(1, shape, "[-1]", "an index is out of range");
}

/* Its shape may be invalid; the problem is reported when its data is used. */
static void a_slice_of_a_refused_tensor_is_accepted(void **state)
{
    char problem[] = "it is broken";
    const uint64_t shape[] = {1ull << 63, 4};
    struct dq_tensor t = tensor_of(2, shape);
    struct dq_slice s;
    struct dq_error e;
    (void)state;
    t.problem = problem;
    check_ok(dq_slice_parse("[7, 8, 9]", &t, &s, &e), &e);
    assert_string_equal(words_of(&s, 2), "(9223372036854775808, 4) 0+9223372036854775808*1 0+4*1");
}

static void everything_is_every_index(void **state)
{
    const uint64_t shape[] = {4, 5, 6};
    const struct dq_tensor t = tensor_of(3, shape);
    struct dq_slice s;
    (void)state;
    dq_slice_all(&t, &s);
    assert_string_equal(words_of(&s, 4), "(4, 5, 6) 0+1*1 0+4*1 0+5*1 0+6*1");
}

/* The bytes that a slice needs, counted from the start of the data. */
static void bytes_reach_to_the_farthest_weight(void **state)
{
    static const struct {
        const char *text;
        uint64_t n_bytes;
    } rows[] = {{"[:]", 2 * 3 * 64 / 32 * 34}, {"[0]", 6 * 34}, {"[0, 0]", 2 * 34},
        {"[0, 0, :32]", 34}, {"[0, 0, 32]", 2 * 34}, {"[0, ::-1, ::-1]", 6 * 34},
        {"[0, 1:0:-1, 31]", 3 * 34}, {"[::2, ::2, ::63]", 6 * 34}, {"[:0]", 0},
        {"[1, 0, 0]", 7 * 34}};
    struct dq_tensor t = tensor_of(3, (const uint64_t[]){2, 3, 64});
    t.type = &dq_types[DQ_TYPE_q8_0];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_slice s;
        struct dq_error e;
        check_ok(dq_slice_parse(rows[i].text, &t, &s, &e), &e);
        if (dq_slice_bytes(&s, &t) != rows[i].n_bytes)
            fail_msg("%s: %" PRIu64, rows[i].text, dq_slice_bytes(&s, &t));
    }
}

static void slices_are_found_behind_names(void **state)
{
    static const struct {
        const char *text;
        int where; /* -1: nowhere */
    } rows[] = {{"x[0]", 1}, {"x.y[0:16, :]", 3}, {"x[...]", 1}, {"x[::-1]", 1}, {"x[-1]", 1},
        {"x*[0]", 2}, {"x[ 1 ]", 1}, {"x[0][1]", 4}, {"x[a][1]", 4}, {"x", -1}, {"", -1},
        {"[0]", -1}, {"x[]", -1}, {"x[0", -1}, {"x0]", -1}, {"x[a]", -1}, {"x[a-z]", -1},
        {"x[0].y", -1}, {"x[0]]", -1}, {"]", -1}, {"x[!0]", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *found = dq_slice_find(rows[i].text);
        const int where = found ? (int)(found - rows[i].text) : -1;
        if (where != rows[i].where)
            fail_msg("'%s': a slice at %d, not %d", rows[i].text, where, rows[i].where);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_follow_numpy),
        cmocka_unit_test(axes_are_counted_from_the_outermost),
        cmocka_unit_test(an_ellipsis_stands_for_the_other_axes),
        cmocka_unit_test(blanks_are_allowed_between_parts),
        cmocka_unit_test(large_numbers_are_cut),
        cmocka_unit_test(a_scalar_has_an_empty_slice),
        cmocka_unit_test(malformed_slices_are_refused),
        cmocka_unit_test(a_scalar_has_no_axes),
        cmocka_unit_test(a_zero_dimension_has_no_index),
        cmocka_unit_test(a_slice_of_a_refused_tensor_is_accepted),
        cmocka_unit_test(everything_is_every_index),
        cmocka_unit_test(bytes_reach_to_the_farthest_weight),
        cmocka_unit_test(slices_are_found_behind_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
