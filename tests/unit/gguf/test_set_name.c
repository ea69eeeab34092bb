/* Names of files of a set: numberings, copies, pieces. */
#include "gguf/set_name.h"

#include "dq_test.h"

#include <string.h>

static void numberings_are_found(void **state)
{
    static const struct {
        const char *path;
        uint32_t number; /* with count 0: there is none */
        uint32_t count;
        size_t number_off;
        size_t rest_off;
    } rows[] = {
        {"m-00001-of-00003.gguf", 1, 3, 2, 16},
        {"/a/b-c-00012-of-99999.gguf", 12, 99999, 7, 21},
        {"00001-of-00003.gguf", 1, 3, 0, 14},
        {"m-00000-of-00003.gguf", 0, 3, 2, 16},
        {"m.gguf-00001-of-00003.gguf", 1, 3, 7, 21},
        {"m.gguf-00001-of-00003", 1, 3, 7, 21},
        {"m-1-of-3.gguf", 1, 3, 2, 8},
        {"m_00001_of_00003.gguf", 1, 3, 2, 16},
        {"m (1 of 3).gguf", 1, 3, 3, 9},
        {"m.gguf.part1of2", 1, 2, 11, 15},
        {"m-shard-1-of-2.gguf", 1, 2, 8, 14},
        {"M-00001-OF-00003.GGUF", 1, 3, 2, 16},
        {"m-00001-of-00003 (1).gguf", 1, 3, 2, 16},
        {"m-1-of-3 - Copy.gguf", 1, 3, 2, 8},
        {"m-00001-of-00003-Q4_K_M.gguf", 1, 3, 2, 16},
        {"2-of-3/m-1-of-4.gguf", 1, 4, 9, 15},
        {"1-of-2-of-3.gguf", 2, 3, 5, 11},
        {"of-1-of-2.gguf", 1, 2, 3, 9},
        {"m.gguf", 0, 0, 0, 0},
        {"", 0, 0, 0, 0},
        {"of", 0, 0, 0, 0},
        {"m-of-3.gguf", 0, 0, 0, 0},
        {"m-1-of-.gguf", 0, 0, 0, 0},
        {"m-1-of-3/m.gguf", 0, 0, 0, 0},
        {"m-00004-of-00003.gguf", 0, 0, 0, 0},
        {"m-00000-of-00000.gguf", 0, 0, 0, 0},
        {"m-2-of-7b.gguf", 0, 0, 0, 0},
        {"m-1-of-2-heads.gguf", 0, 0, 0, 0},
        {"v1of2.gguf", 0, 0, 0, 0},
        {"depart1of2.gguf", 0, 0, 0, 0},
        {"m-+1-of-3.gguf", 0, 0, 0, 0},
        {"m-1--of-3.gguf", 0, 0, 0, 0},
        {"m-1-of--3.gguf", 0, 0, 0, 0},
        {"m-1234567890-of-1234567890.gguf", 0, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_set_name name = {0};
        const bool found = dq_set_name_parse(rows[i].path, &name);
        if (found != (rows[i].count > 0) || name.number != rows[i].number ||
            name.count != rows[i].count || name.number_off != rows[i].number_off ||
            name.rest_off != rows[i].rest_off)
            fail_msg("'%s' gives %u of %u at %zu to %zu", rows[i].path, name.number, name.count,
                name.number_off, name.rest_off);
    }
}

static void files_of_a_set_are_told_from_others(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", true},
        {"a/m-00001-of-00003.gguf", "m-00003-of-00003.gguf", true},
        {"m-00001-of-00003.gguf", "m-2-of-3.gguf", true},
        {"m-00001-of-00003.gguf", "m-00002-of-00003.GGUF", true},
        {"m-00001-of-00003 (1).gguf", "m-00002-of-00003.gguf", true},
        {"m-00001-of-00003(12).gguf", "m-00002-of-00003.gguf.1", true},
        {"m-00001-of-00003 - Copy.gguf", "m-00002-of-00003 - Copy (2).gguf", true},
        {"m-00001-of-00003 copy.gguf", "m-00002-of-00003 copy 2.gguf", true},
        {"m-00001-of-00003.gguf (1)", "m-00002-of-00003.gguf", true},
        {"m-00001-of-00003.gguf", "n-00002-of-00003.gguf", false},
        {"m-00001-of-00003.gguf", "m-00002-of-00004.gguf", false},
        {"m-00001-of-00003.gguf", "m2-00002-of-00003.gguf", false},
        {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf.aria2", false},
        {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf.part", false},
        {"m-00001-of-00003.gguf", "m-00002-of-00003.sha256", false},
        {"m-00001-of-00003.gguf", "m-00002-of-00003-Q8_0.gguf", false},
        {"m.gguf-00001-of-00003", "m.gguf-00002-of-00003.gguf", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_set_name x;
        struct dq_set_name y;
        assert_true(dq_set_name_parse(rows[i].a, &x) && dq_set_name_parse(rows[i].b, &y));
        if (dq_set_name_same(rows[i].a, &x, rows[i].b, &y) != rows[i].same ||
            dq_set_name_same(rows[i].b, &y, rows[i].a, &x) != rows[i].same)
            fail_msg("'%s' and '%s'", rows[i].a, rows[i].b);
    }
}

static void pieces_are_told_by_their_names(void **state)
{
    static const struct {
        const char *path;
        bool is_piece;
        size_t whole_len;
    } rows[] = {
        {"a/m.Q8_0.gguf.part1of2", true, 11},
        {"m.gguf.part2", true, 6},
        {"m.gguf-split-a", true, 6},
        {"m.gguf.part-aa", true, 6},
        {"m.gguf.001", true, 6},
        {"m.ggufaa", true, 6},
        {"m.gguf.ab", true, 6},
        {"m.gguf-00001-of-00002", true, 6},
        {"m.part1of2.gguf", true, 0},
        {"m-part1.gguf", true, 0},
        {"M.GGUF.PART1OF2", true, 6},
        {"m.gguf-split-ab", true, 6},
        {"m.gguf.part_3", true, 6},
        {"m.part-02", true, 0},
        {"m-part-b", true, 0},
        {"m-file2", false, 0},
        {"apartment.gguf", false, 0},
        {"m.part", false, 0},
        {"m.gguf.partial", false, 0},
        {"split.gguf", false, 0},
        {"m-split.gguf", false, 0},
        {"part/m.gguf", false, 0},
        {"m.gguf.zst", false, 0},
        {"m-00001-of-00003.gguf", false, 0},
        {"m.gguf", false, 0},
        {"m-1-of-2.gguf", false, 0},
        {"m.gguf.1", false, 0},
        {"m.gguf.md", false, 0},
        {"m.gguf.parts", false, 0},
        {"m.gguf (1)", false, 0},
        {"part1", false, 0},
        {"", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = 0;
        const bool found = dq_piece_name(rows[i].path, &len);
        if (found != rows[i].is_piece || (found && len != rows[i].whole_len))
            fail_msg("'%s': %d, %zu", rows[i].path, found, len);
    }
}

static void models_are_told_by_their_names(void **state)
{
    static const char *const models[] = {"m.gguf", "M.GGUF", ".gguf", "m.gguf-00001-of-00003",
        "m.gguf.part1of2", "a/m.Gguf", "m.gguf.aa"};
    static const char *const others[] = {
        "m", "gguf", "m.gguf.npy", "m.gguf/x", "m-1-of-2", "blk.0.attn_q", "m.gguf.1", ""};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        if (!dq_is_gguf_name(models[i]))
            fail_msg("'%s' is none", models[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (dq_is_gguf_name(others[i]))
            fail_msg("'%s' is one", others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numberings_are_found),
        cmocka_unit_test(files_of_a_set_are_told_from_others),
        cmocka_unit_test(pieces_are_told_by_their_names),
        cmocka_unit_test(models_are_told_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
