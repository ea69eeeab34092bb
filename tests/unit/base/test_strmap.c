/* The table of names. */
#include "base/strmap.h"
#include "dq_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 20000 };

static const char *program;

static void an_empty_table_has_nothing(void **state)
{
    struct dq_strmap t = {0};
    size_t value = 7;
    (void)state;
    assert_false(dq_strmap_find(&t, "x", 1, &value));
    assert_false(dq_strmap_find(&t, "", 0, &value));
    assert_int_equal(value, 7);
    dq_strmap_finish(&t);
}

static void names_are_found_with_their_values(void **state)
{
    struct dq_strmap t = {0};
    size_t value = 0;
    (void)state;
    assert_int_equal(dq_strmap_add(&t, "one", 3, 1), 0);
    assert_int_equal(dq_strmap_add(&t, "two", 3, 2), 0);
    assert_true(dq_strmap_find(&t, "two", 3, &value));
    assert_int_equal(value, 2);
    assert_true(dq_strmap_find(&t, "one", 3, &value));
    assert_int_equal(value, 1);
    assert_false(dq_strmap_find(&t, "tw", 2, &value));
    assert_false(dq_strmap_find(&t, "three", 5, &value));
    dq_strmap_finish(&t);
}

static void a_name_twice_keeps_its_first_value(void **state)
{
    struct dq_strmap t = {0};
    size_t value = 0;
    (void)state;
    assert_int_equal(dq_strmap_add(&t, "x", 1, 1), 0);
    assert_int_equal(dq_strmap_add(&t, "x", 1, 2), 1);
    assert_true(dq_strmap_find(&t, "x", 1, &value));
    assert_int_equal(value, 1);
    dq_strmap_finish(&t);
}

static void names_are_bytes_with_a_length(void **state)
{
    struct dq_strmap t = {0};
    size_t value = 0;
    (void)state;
    assert_int_equal(dq_strmap_add(&t, "a\0b", 3, 1), 0);
    assert_int_equal(dq_strmap_add(&t, "a\0c", 3, 2), 0);
    assert_int_equal(dq_strmap_add(&t, "a", 1, 3), 0);
    assert_int_equal(dq_strmap_add(&t, "", 0, 4), 0);
    assert_int_equal(dq_strmap_add(&t, "", 0, 5), 1);
    assert_true(dq_strmap_find(&t, "a\0c", 3, &value));
    assert_int_equal(value, 2);
    assert_true(dq_strmap_find(&t, "a\0b", 1, &value));
    assert_int_equal(value, 3);
    assert_true(dq_strmap_find(&t, "x", 0, &value));
    assert_int_equal(value, 4);
    dq_strmap_finish(&t);
}

/* Enough of them that some are looked for where a longer one is. */
static void the_beginning_of_a_name_is_another_name(void **state)
{
    char text[1000];
    struct dq_strmap t = {0};
    size_t value;
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t len = 1; len < sizeof text; len += 2)
        assert_int_equal(dq_strmap_add(&t, text, len, len), 0);
    for (size_t len = 0; len < sizeof text; len++) {
        assert_int_equal(dq_strmap_find(&t, text, len, &value), len % 2);
        if (len % 2)
            assert_int_equal(value, len);
    }
    dq_strmap_finish(&t);
}

static void many_names_are_all_found(void **state)
{
    static char names[MANY][16];
    struct dq_strmap t = {0};
    size_t value;
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "blk.%zu", i);
        assert_int_equal(dq_strmap_add(&t, names[i], strlen(names[i]), i), 0);
    }
    for (size_t i = 0; i < MANY; i++) {
        char copy[16];
        memcpy(copy, names[i], sizeof copy);
        assert_true(dq_strmap_find(&t, copy, strlen(copy), &value));
        assert_int_equal(value, i);
        assert_int_equal(dq_strmap_add(&t, copy, strlen(copy), 0), 1);
    }
    assert_false(dq_strmap_find(&t, "blk.20000", 9, &value));
    assert_int_equal(t.n_used, MANY);
    assert_true(t.n_slots >= 2 * MANY);
    dq_strmap_finish(&t);
    assert_null(t.slots);
    assert_int_equal(t.n_used, 0);
}

static void room_made_before_changes_nothing_else(void **state)
{
    struct dq_strmap t = {0};
    size_t value = 0;
    (void)state;
    assert_int_equal(dq_strmap_add(&t, "one", 3, 1), 0);
    assert_int_equal(dq_strmap_reserve(&t, 1000), 0);
    const size_t n_slots = t.n_slots;
    assert_true(n_slots >= 2000);
    assert_true(dq_strmap_find(&t, "one", 3, &value));
    assert_int_equal(value, 1);
    assert_int_equal(dq_strmap_reserve(&t, 10), 0);
    assert_int_equal(t.n_slots, n_slots);
    static char names[999][8];
    for (size_t i = 0; i < 999; i++) {
        snprintf(names[i], sizeof names[i], "n%zu", i);
        assert_int_equal(dq_strmap_add(&t, names[i], strlen(names[i]), i), 0);
    }
    assert_int_equal(t.n_slots, n_slots);
    dq_strmap_finish(&t);
}

static uint32_t hash_of_a_name(void)
{
    struct dq_strmap t = {0};
    assert_int_equal(dq_strmap_add(&t, "name", 4, 1), 0);
    const uint32_t hash = t.names[0].hash;
    dq_strmap_finish(&t);
    return hash;
}

/* Names that collide in one run do not in another, so a file cannot be made to cause collisions. */
static void hashes_are_different_in_each_run(void **state)
{
    char hashes[2][32] = {"", ""};
    (void)state;
    assert_true(hash_of_a_name() == hash_of_a_name());
    assert_int_equal(setenv("PROGRAM", program, 1), 0);
    for (size_t i = 0; i < 2; i++) {
        /* Programs for another architecture run under a wrapper. */
        FILE *f = popen("$MESON_EXE_WRAPPER \"$PROGRAM\" hash", "r");
        assert_non_null(f);
        assert_non_null(fgets(hashes[i], sizeof hashes[i], f));
        assert_int_equal(pclose(f), 0);
    }
    assert_string_not_equal(hashes[0], hashes[1]);
}

/* Of names that differ in a few letters, wherever these are, no more than chance has it share the
 * lower bits of their hashes. */
static void places_are_spread(void **state)
{
    enum { N = 4096 };
    static const char *const forms[][2] = {
        {"", ""}, {"blk.", ".attn_q.weight"}, {"a.name.of.a.layer.", ""}, {"weight.of.layer.", ""}};
    static char names[N][40];
    struct dq_strmap t = {0};
    size_t longest = 0;
    (void)state;
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "%s%zu%s", forms[i % 4][0], i, forms[i % 4][1]);
        assert_int_equal(dq_strmap_add(&t, names[i], strlen(names[i]), i), 0);
    }
    for (size_t i = 0, run = 0; i < t.n_slots; i++) {
        run = t.slots[i] ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    assert_true(longest < 100); /* half full: chance makes about 20 */
    dq_strmap_finish(&t);
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc == 2) {
        printf("%08" PRIx32 "\n", hash_of_a_name());
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_has_nothing),
        cmocka_unit_test(names_are_found_with_their_values),
        cmocka_unit_test(a_name_twice_keeps_its_first_value),
        cmocka_unit_test(names_are_bytes_with_a_length),
        cmocka_unit_test(the_beginning_of_a_name_is_another_name),
        cmocka_unit_test(many_names_are_all_found),
        cmocka_unit_test(room_made_before_changes_nothing_else),
        cmocka_unit_test(hashes_are_different_in_each_run),
        cmocka_unit_test(places_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
