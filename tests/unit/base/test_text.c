/* Text from files made fit for a terminal. */
#include "base/text.h"
#include "dq_test.h"
#include "rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_escape(const char *text, size_t len, enum dq_escape how, const char *wanted)
{
    char out[256];
    const size_t n = dq_escape(text, len, how, out, sizeof out);
    assert_string_equal(out, wanted);
    assert_int_equal(n, strlen(wanted));
}

static void check_name(const char *text, const char *wanted)
{
    check_escape(text, strlen(text), DQ_ESCAPE_NAME, wanted);
}

static void plain_text_stays(void **state)
{
    (void)state;
    check_name("", "");
    check_name("blk.0.attn_q.weight ~!\"'", "blk.0.attn_q.weight ~!\"'");
    check_name("n t r x", "n t r x"); /* the letters that escapes are made of */
    check_name("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
        "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void controls_are_spelled(void **state)
{
    (void)state;
    check_name("a\nb\tc\rd", "a\\nb\\tc\\rd");
    check_name("\x1b[31mred\x07\x7f\x01", "\\x1b[31mred\\x07\\x7f\\x01");
    check_escape("a\0b", 3, DQ_ESCAPE_NAME, "a\\x00b");
    check_name("\xc2\x9b"
               "31m",
        "\\xc2\\x9b"
        "31m"); /* CSI as one character */
    check_name("\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0");
}

static void marks_that_reorder_text_are_spelled(void **state)
{
    (void)state;
    check_name("a\xe2\x80\xae"
               "b",
        "a\\xe2\\x80\\xae"
        "b");                                                                 /* U+202E */
    check_name("\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"); /* U+2028, U+2029 */
    check_name("\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"); /* U+2066, U+2069 */
    check_name("\xd8\x9c\xef\xbb\xbf", "\\xd8\\x9c\\xef\\xbb\\xbf");          /* U+061C, U+FEFF */
    check_name("\xe2\x80\x90", "\xe2\x80\x90");                               /* U+2010, a hyphen */
}

static void bytes_that_are_not_utf8_are_spelled(void **state)
{
    (void)state;
    check_name("\x80", "\\x80");
    check_name("a\xff"
               "b",
        "a\\xff"
        "b");
    check_name("\xc3", "\\xc3");
    check_name("\xc3(", "\\xc3(");
    check_name("\xc0\xaf", "\\xc0\\xaf");
    check_name("\xe2\x82", "\\xe2\\x82");
    check_name("\xed\xa0\x80", "\\xed\\xa0\\x80");
}

static void a_backslash_is_doubled_in_names_only(void **state)
{
    (void)state;
    check_name("a\\nb\\", "a\\\\nb\\\\");
    check_escape("a\\nb\\\n", 6, DQ_ESCAPE_LINE, "a\\nb\\\\n");
}

static void a_small_buffer_cuts_at_a_whole_character(void **state)
{
    static const char text[] = "ab\xe2\x82\xac\n";
    static const char *const cut[] = {
        "", "", "a", "ab", "ab", "ab", "ab\xe2\x82\xac", "ab\xe2\x82\xac", "ab\xe2\x82\xac\\n"};
    (void)state;
    for (size_t size = 0; size < sizeof cut / sizeof cut[0]; size++) {
        char *out = malloc(size + 1); /* the byte after it must not change */
        assert_non_null(out);
        memset(out, '#', size + 1);
        assert_int_equal(dq_escape(text, 6, DQ_ESCAPE_NAME, out, size), 7);
        assert_int_equal(out[size], '#');
        if (size > 0)
            assert_string_equal(out, cut[size]);
        free(out);
    }
}

/* What comes after a piece that did not fit is not written, even if it would fit. */
static void nothing_follows_a_cut(void **state)
{
    char out[4];
    (void)state;
    assert_int_equal(dq_escape("ab\x01z", 4, DQ_ESCAPE_NAME, out, sizeof out), 7);
    assert_string_equal(out, "ab");
}

static void a_new_string_holds_all(void **state)
{
    char *out = dq_escape_new("a\0\\", 3);
    (void)state;
    assert_non_null(out);
    assert_string_equal(out, "a\\x00\\\\");
    free(out);
}

/* Plain is what an escaped name does not change, as long as it is ASCII: at every place of texts
 * around the sizes that are looked at together. */
static void plain_text_is_told_from_other(void **state)
{
    char text[40];
    char out[4 * sizeof text + 1];
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        assert_true(dq_text_is_plain(text, len));
        for (unsigned i = 0; i < 256 * len; i++) {
            const size_t at = i / 256;
            text[at] = (char)(i % 256);
            const size_t n = dq_escape(text, len, DQ_ESCAPE_NAME, out, sizeof out);
            const bool same = n == len && memcmp(out, text, len) == 0;
            if (dq_text_is_plain(text, len) != same)
                fail_msg("byte 0x%02x at %zu of %zu", i % 256, at, len);
            if (!dq_text_is_plain(text, at))
                fail_msg("0x%02x behind the end at %zu counts", i % 256, at);
            text[at] = 'x';
        }
    }
}

static void numbers_have_their_digits(void **state)
{
    static const uint64_t edges[] = {
        0, 9, 10, 99, 100, UINT32_MAX, (uint64_t)1 << 32, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        char out[DQ_DIGITS_MAX + 1];
        char wanted[DQ_DIGITS_MAX + 1];
        snprintf(wanted, sizeof wanted, "%" PRIu64, edges[i]);
        *dq_put_number(out, edges[i]) = '\0';
        assert_string_equal(out, wanted);
    }
}

static void counts_of_bytes_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {{"0", 0}, {"1", 1}, {"1000", 1000}, {"7B", 7}, {"64K", 65536}, {"64k", 65536},
        {"64KB", 65536}, {"64kb", 65536}, {"64KiB", 65536}, {"64Ki", 65536}, {"3M", 3 << 20},
        {"3MiB", 3 << 20}, {"2G", (uint64_t)2 << 30}, {"1T", (uint64_t)1 << 40},
        {"18446744073709551615", UINT64_MAX}, {"16777215T", (uint64_t)16777215 << 40}, {"0x0", 0},
        {"0x1f", 31}, {"0xB", 11}, {"0xffffffffffffffff", UINT64_MAX}};
    static const char *const wrong[] = {"", "K", "-1", "+1", " 1", "1 K", "1.5G", "1P", "1KK",
        "1KiBB", "1iB", "1Kib ", "0x", "0xg", "0x10K", "0x 1", "0x-1", "0x0x1", "x10",
        "0x10000000000000000", "5%", "18446744073709551616", "16777216T", "99999999999G"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t bytes = 77;
        if (!dq_parse_bytes(rows[i].text, &bytes) || bytes != rows[i].bytes)
            fail_msg("'%s' is %" PRIu64, rows[i].text, bytes);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint64_t bytes = 77;
        if (dq_parse_bytes(wrong[i], &bytes) || bytes != 77)
            fail_msg("'%s' is %" PRIu64, wrong[i], bytes);
    }
}

static void sizes_of_files_are_decimal(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {{"1000", 1000}, {"5GB", 5000000000}, {"5g", 5000000000}, {"500MB", 500000000},
        {"5GiB", (uint64_t)5 << 30}, {"1Ki", 1024}, {"18446744T", 18446744000000000000u}};
    uint64_t bytes = 77;
    (void)state;
    assert_false(dq_parse_file_bytes("18446745T", &bytes));
    assert_false(dq_parse_file_bytes("5GX", &bytes));
    assert_true(bytes == 77);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!dq_parse_file_bytes(rows[i].text, &bytes) || bytes != rows[i].bytes)
            fail_msg("'%s'", rows[i].text);
    }
}

/* Whatever comes in: valid UTF-8 without controls goes out. */
static void escaped_random_bytes_are_printable(void **state)
{
    const uint64_t seed = 0x7e47;
    struct rng r = {seed};
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char text[12];
        char out[64];
        rng_fill(&r, text, sizeof text);
        const size_t n = dq_escape(text, sizeof text, DQ_ESCAPE_NAME, out, sizeof out);
        assert_int_equal(n, strlen(out));
        if (!dq_utf8_valid(out, n))
            fail_msg("seed 0x%" PRIx64 ", round %u: not UTF-8", seed, round);
        for (size_t i = 0; i < n; i++) {
            const unsigned char byte = (unsigned char)out[i];
            if (byte < 0x20 || byte == 0x7f)
                fail_msg("seed 0x%" PRIx64 ", round %u: a control", seed, round);
        }
    }
}

/* Every code point has one spelling, and no other sequence of two to four bytes is valid. */
static void utf8_is_valid_in_its_shortest_form(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x110000; c++) {
        char s[4];
        size_t n = 0;
        if (c < 0x80) {
            s[n++] = (char)c;
        } else if (c < 0x800) {
            s[n++] = (char)(0xc0 | c >> 6);
        } else if (c < 0x10000) {
            s[n++] = (char)(0xe0 | c >> 12);
            s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        } else {
            s[n++] = (char)(0xf0 | c >> 18);
            s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
            s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        }
        if (c >= 0x80)
            s[n++] = (char)(0x80 | (c & 0x3f));
        const bool valid = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        if (dq_utf8_len(s, n) != (valid ? n : 0))
            fail_msg("U+%04" PRIX32 " is %zu bytes", c, dq_utf8_len(s, n));
        if (n > 1 && dq_utf8_len(s, n - 1) != 0)
            fail_msg("U+%04" PRIX32 " is valid without its last byte", c);
    }
}

static void other_forms_are_not_utf8(void **state)
{
    static const char *const texts[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
        "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "\xc3\x28", "\xe2\x28\xa1",
        "\xe2\x82\x28", "\xf0\x28\x8c\xbc", "\xf0\x90\x8c\x28"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (dq_utf8_len(texts[i], strlen(texts[i])) != 0)
            fail_msg("text %zu is valid", i);
        assert_false(dq_utf8_valid(texts[i], strlen(texts[i])));
    }
    assert_int_equal(dq_utf8_len("", 0), 0);
    assert_int_equal(dq_utf8_len("\0", 1), 1);
    assert_true(dq_utf8_valid("", 0));
    assert_true(dq_utf8_valid("a\0\xc3\xbc", 4));
    assert_false(dq_utf8_valid("abc\xc3", 4));
}

/* What is no character is found at every place, and where a character is cut. */
static void the_valid_part_is_found(void **state)
{
    static const char *const wholes[] = {"a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        const size_t n = strlen(wholes[i]);
        for (size_t at = 0; at < 40; at++) {
            memset(text, 'x', sizeof text);
            memcpy(text + at, wholes[i], n);
            assert_int_equal(dq_utf8_prefix(text, sizeof text), sizeof text);
            for (size_t cut = 0; cut < n; cut++)
                assert_int_equal(dq_utf8_prefix(text, at + cut), at);
            text[at] = '\xff';
            assert_int_equal(dq_utf8_prefix(text, sizeof text), at);
        }
    }
}

static void bytes_are_counted_in_units(void **state)
{
    static const struct {
        unsigned long long bytes;
        const char *words;
    } rows[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {4608, "4.50 KiB"},
        {10240, "10.0 KiB"},
        {102400, "100 KiB"},
        {1048576, "1.00 MiB"},
        {1288490189, "1.20 GiB"},
        {1ull << 40, "1.00 TiB"},
        {1ull << 50, "1.00 PiB"},
        {1ull << 60, "1.00 EiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[32];
        assert_string_equal(dq_format_bytes(rows[i].bytes, out), rows[i].words);
    }
}

static void rounding_up_passes_into_the_next_unit(void **state)
{
    char out[32];
    (void)state;
    assert_string_equal(dq_format_bytes(1048575, out), "1.00 MiB");
    assert_string_equal(dq_format_bytes(10239, out), "10.0 KiB");
    assert_string_equal(dq_format_bytes(102399, out), "100 KiB");
}

static void letters_are_counted_not_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
    } rows[] = {{"", 0}, {"blk.0.attn_q", 12}, {"\xc3\xbc", 1}, {"1234567\xc3\xbc", 8},
        {"\xc3\xbc"
         "2345678",
            8},
        {"1234567\xe2\x82\xac"
         "9abcdef\xf0\x9f\x98\x80",
            16}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(dq_text_letters(rows[i].text, strlen(rows[i].text)), rows[i].n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_are_counted_not_bytes),
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(controls_are_spelled),
        cmocka_unit_test(marks_that_reorder_text_are_spelled),
        cmocka_unit_test(bytes_that_are_not_utf8_are_spelled),
        cmocka_unit_test(a_backslash_is_doubled_in_names_only),
        cmocka_unit_test(a_small_buffer_cuts_at_a_whole_character),
        cmocka_unit_test(nothing_follows_a_cut),
        cmocka_unit_test(a_new_string_holds_all),
        cmocka_unit_test(plain_text_is_told_from_other),
        cmocka_unit_test(numbers_have_their_digits),
        cmocka_unit_test(counts_of_bytes_are_read),
        cmocka_unit_test(sizes_of_files_are_decimal),
        cmocka_unit_test(escaped_random_bytes_are_printable),
        cmocka_unit_test(utf8_is_valid_in_its_shortest_form),
        cmocka_unit_test(other_forms_are_not_utf8),
        cmocka_unit_test(the_valid_part_is_found),
        cmocka_unit_test(bytes_are_counted_in_units),
        cmocka_unit_test(rounding_up_passes_into_the_next_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
