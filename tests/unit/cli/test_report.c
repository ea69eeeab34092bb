/* Reports: the same rows as a table, as JSON and as JSONL. */
#include "cli/report.h"
#include "dq_test.h"
#include "scratch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_COLUMNS = 6 };

static const struct dq_column columns[N_COLUMNS] = {
    {.key = "name", .heading = "NAME", .width = -6},
    {.key = "n", .heading = "COUNT", .width = 7},
    {.key = "size", .heading = "SIZE", .width = 9},
    {.key = "only_json"},
    {.heading = "X", .width = -2},
    {.key = "note", .heading = ""},
};

static const struct dq_cell *row(struct dq_cell *to, const char *name, uint64_t n, const char *note)
{
    to[0] = dq_cell_name(name);
    to[1] = dq_cell_u64(n);
    to[2] = dq_cell_bytes(n * 1024);
    to[3] = dq_cell_bool(n > 1);
    to[4] = dq_cell_shown(dq_cell_null(), "x");
    to[5] = dq_cell_shown(dq_cell_text(note), note ? "see" : NULL);
    return to;
}

static struct dq_report report_at(const char *path, enum dq_report_format format)
{
    struct dq_report r;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    dq_report_init(&r, format, file, path);
    return r;
}

/* Closes the report's file and compares it with text. */
static void check_text(struct dq_report *r, const char *path, const char *text)
{
    size_t len;
    fclose(r->json.file);
    char *written = scratch_read(path, &len);
    assert_string_equal(written, text);
    free(written);
}

/* What a command does, in whatever format. */
static int fill(struct dq_report *r, int rc, struct dq_error *e)
{
    struct dq_cell cells[N_COLUMNS];
    dq_report_field(r, "model", dq_cell_text("m"));
    dq_report_print(r, "model: %s\n", "m");
    dq_report_begin_rows(r, "rows", columns, N_COLUMNS);
    dq_report_widen(r, 0, 1);
    dq_report_widen(r, 0, 6);
    dq_report_row(r, row(cells, "a", 1, NULL));
    dq_report_row(r, row(cells, "longer", 2, "why"));
    if (rc == 0)
        dq_report_end_rows(r);
    return dq_report_end(r, rc, e);
}

static void check_formats(void **state, int rc, const char *const expected[3])
{
    for (int format = DQ_REPORT_TABLE; format <= DQ_REPORT_JSONL; format++) {
        struct dq_error e = {"it broke"};
        const char *path = scratch_path(*state, "report");
        struct dq_report r = report_at(path, (enum dq_report_format)format);
        assert_int_equal(fill(&r, rc, &e), rc);
        check_text(&r, path, expected[format]);
    }
}

#define TABLE                                                                                      \
    "model: m\n"                                                                                   \
    "NAME      COUNT       SIZE  X\n"                                                              \
    "a             1   1.00 KiB  x\n"                                                              \
    "longer        2   2.00 KiB  x   see\n"
#define ROW_1 "{\"name\": \"a\", \"n\": 1, \"size\": 1024, \"only_json\": false, \"note\": null}"
#define ROW_2                                                                                      \
    "{\"name\": \"longer\", \"n\": 2, \"size\": 2048, \"only_json\": true, \"note\": \"why\"}"

static void one_report_has_three_forms(void **state)
{
    static const char *const expected[] = {
        TABLE,
        "{\n  \"model\": \"m\",\n  \"rows\": [\n    " ROW_1 ",\n    " ROW_2
        "\n  ],\n  \"error\": null\n}\n",
        ROW_1 "\n" ROW_2 "\n",
    };
    check_formats(state, 0, expected);
}

static void an_error_ends_what_is_open(void **state)
{
    static const char *const expected[] = {
        TABLE,
        "{\n  \"model\": \"m\",\n  \"rows\": [\n    " ROW_1 ",\n    " ROW_2
        "\n  ],\n  \"error\": \"it broke\"\n}\n",
        ROW_1 "\n" ROW_2 "\n{\"error\": \"it broke\"}\n",
    };
    check_formats(state, DQ_ERR_IO, expected);
}

static void an_error_may_be_all_there_is(void **state)
{
    static const char *const expected[] = {
        "", "{\n  \"error\": \"no such model\"\n}\n", "{\"error\": \"no such model\"}\n"};
    for (int format = DQ_REPORT_TABLE; format <= DQ_REPORT_JSONL; format++) {
        struct dq_error e = {"no such model"};
        const char *path = scratch_path(*state, "report");
        struct dq_report r = report_at(path, (enum dq_report_format)format);
        assert_int_equal(dq_report_end(&r, DQ_ERR_USAGE, &e), DQ_ERR_USAGE);
        check_text(&r, path, expected[format]);
    }
}

static void a_section_without_rows_has_its_headings(void **state)
{
    struct dq_error e;
    const char *path = scratch_path(*state, "report");
    struct dq_report r = report_at(path, DQ_REPORT_TABLE);
    dq_report_begin_rows(&r, "rows", columns, N_COLUMNS);
    dq_report_end_rows(&r);
    assert_int_equal(dq_report_end(&r, 0, &e), 0);
    check_text(&r, path, "NAME      COUNT       SIZE  X\n");
    r = report_at(path, DQ_REPORT_JSON);
    dq_report_begin_rows(&r, "rows", columns, N_COLUMNS);
    dq_report_end_rows(&r);
    assert_int_equal(dq_report_end(&r, 0, &e), 0);
    check_text(&r, path, "{\n  \"rows\": [],\n  \"error\": null\n}\n");
}

static void widths_count_letters_and_have_a_limit(void **state)
{
    struct dq_error e;
    struct dq_cell cells[N_COLUMNS];
    const char *path = scratch_path(*state, "report");
    struct dq_report r = report_at(path, DQ_REPORT_TABLE);
    dq_report_begin_rows(&r, "rows", columns, N_COLUMNS);
    dq_report_widen(&r, 0, 8);
    row(cells, "0123456789", 1, NULL);
    dq_report_row(&r, cells);
    cells[0] = dq_cell_name("\xc3\xbc\\xff");
    dq_report_row(&r, cells);
    dq_report_end_rows(&r);
    assert_int_equal(dq_report_end(&r, 0, &e), 0);
    check_text(&r, path,
        "NAME        COUNT       SIZE  X\n"
        "0123456789        1   1.00 KiB  x\n"
        "\xc3\xbc\\xff           1   1.00 KiB  x\n");
}

static void values_suit_the_form(void **state)
{
    static const struct dq_column reals[] = {{.key = "r", .heading = "", .digits = 3},
        {.key = "t", .heading = ""}, {.key = "j", .heading = ""}, {.key = "b", .heading = ""},
        {.key = "s", .heading = "", .json_digits = 2}};
    static const uint64_t list[] = {2, UINT64_MAX};
    struct dq_error e;
    const char *path = scratch_path(*state, "report");
    for (int format = DQ_REPORT_TABLE; format <= DQ_REPORT_JSONL; format += 2) {
        struct dq_report r = report_at(path, (enum dq_report_format)format);
        dq_report_begin_rows(&r, "rows", reals, 5);
        dq_report_row(&r, (const struct dq_cell[]){dq_cell_real(0.1), dq_cell_text("a\n\xff\"\\"),
                              dq_cell_u64s(list, 2), dq_cell_bool(true), dq_cell_real(0.123)});
        dq_report_row(
            &r, (const struct dq_cell[]){dq_cell_real((double)-INFINITY), dq_cell_text(NULL),
                    format == DQ_REPORT_TABLE ? dq_cell_null()
                                              : dq_cell_json(json_pack("{s:i}", "k", 1)),
                    dq_cell_bool(false), dq_cell_real((double)NAN)});
        dq_report_end_rows(&r);
        assert_int_equal(dq_report_end(&r, 0, &e), 0);
        check_text(&r, path,
            format == DQ_REPORT_TABLE
                ? "0.1  a\\n\\xff\"\\    yes  0.123\n-inf      no  nan\n"
                : "{\"r\": 0.10000000000000001, \"t\": \"a\\\\n\\\\xff\\\"\\\\\\\\\", \"j\": [2, "
                  "\"18446744073709551615\"], \"b\": true, \"s\": 0.12}\n"
                  "{\"r\": \"-inf\", \"t\": null, \"j\": {\"k\": 1}, \"b\": false, \"s\": "
                  "\"nan\"}\n");
    }
}

static void gaps_are_as_wide_as_wanted(void **state)
{
    static const struct dq_column gaps[] = {{.key = "a", .heading = "A", .width = -3, .gap = 1},
        {.key = "b", .heading = "B", .width = 2, .gap = DQ_GAP_NONE},
        {.key = "c", .heading = "C", .gap = DQ_GAP_NONE}, {.heading = "D", .gap = 3},
        {.heading = "E"}};
    struct dq_error e;
    const char *path = scratch_path(*state, "report");
    struct dq_report r = report_at(path, DQ_REPORT_TABLE);
    dq_report_begin_rows(&r, "rows", gaps, 5);
    dq_report_row(&r, (const struct dq_cell[]){dq_cell_text("a"), dq_cell_u64(1), dq_cell_text("c"),
                          dq_cell_text("d"), dq_cell_text("e")});
    dq_report_row(&r, (const struct dq_cell[]){dq_cell_text("long"), dq_cell_u64(123),
                          dq_cell_null(), dq_cell_text("d"), dq_cell_null()});
    dq_report_end_rows(&r);
    assert_int_equal(dq_report_end(&r, 0, &e), 0);
    check_text(&r, path,
        "A    BCD   E\n"
        "a    1cd   e\n"
        "long 123d\n");
}

static void long_lines_are_whole(void **state)
{
    static char name[3 * DQ_REPORT_LINE + 1];
    static char expected[sizeof name + 64];
    static const struct dq_column one[] = {
        {.key = "a", .heading = ""}, {.key = "b", .heading = ""}};
    struct dq_error e;
    const char *path = scratch_path(*state, "report");
    for (size_t len = DQ_REPORT_LINE - 8; len < sizeof name;
         len += len < DQ_REPORT_LINE ? 1 : 977) {
        memset(name, 'n', len);
        name[len] = '\0';
        struct dq_report r = report_at(path, DQ_REPORT_TABLE);
        dq_report_begin_rows(&r, "rows", one, 2);
        dq_report_row(&r, (const struct dq_cell[]){dq_cell_name(name), dq_cell_u64(12345)});
        dq_report_end_rows(&r);
        assert_int_equal(dq_report_end(&r, 0, &e), 0);
        snprintf(expected, sizeof expected, "%s  12345\n", name);
        check_text(&r, path, expected);
    }
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    for (int format = DQ_REPORT_TABLE; format <= DQ_REPORT_JSONL; format++) {
        struct dq_error e;
        struct dq_report r = report_at("/dev/full", (enum dq_report_format)format);
        assert_int_equal(fill(&r, 0, &e), DQ_ERR_IO);
        fclose(r.json.file);
        r = report_at("/dev/full", (enum dq_report_format)format);
        snprintf(e.text, sizeof e.text, "the first error");
        assert_int_equal(fill(&r, DQ_ERR_MALFORMED, &e), DQ_ERR_MALFORMED);
        assert_string_equal(e.text, "the first error");
        fclose(r.json.file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(one_report_has_three_forms),
        scratch_test(an_error_ends_what_is_open),
        scratch_test(an_error_may_be_all_there_is),
        scratch_test(a_section_without_rows_has_its_headings),
        scratch_test(widths_count_letters_and_have_a_limit),
        scratch_test(values_suit_the_form),
        scratch_test(gaps_are_as_wide_as_wanted),
        scratch_test(long_lines_are_whole),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
