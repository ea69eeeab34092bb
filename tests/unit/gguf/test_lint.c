/* Diagnostics of a model: all of them, and each with the right rule, subject and offset. */
#include "build_gguf.h"
#include "dq_test.h"

#include <stdio.h>
#include <string.h>

enum { F32 = 0, Q4_1 = 3, REMOVED = 31, I8 = 24, UNKNOWN = 153, ARRAY = 9, BOOL = 7, STRING = 8 };

enum { EMITTED_MAX = 16 };

/* "RULE NAME OFFSET" of each diagnostic, and the error that ended the reading. */
struct emitted {
    char lines[EMITTED_MAX][256];
    size_t n;
    int rc;
    struct dq_error e;
};

static void collect(void *arg, const struct dq_diagnostic *f)
{
    struct emitted *h = arg;
    const char *name = f->tensor ? f->tensor->display_name : (f->kv ? f->kv->display_name : "-");
    assert_true(h->n < EMITTED_MAX);
    assert_non_null(f->path);
    assert_true(f->expected && f->expected[0] && f->found && f->found[0]);
    snprintf(h->lines[h->n++], sizeof h->lines[0], "%s %s %lld", dq_rules[f->rule].name, name,
        f->offset == DQ_NO_OFFSET ? -1 : (long long)f->offset);
}

/* Examines a file as `check` does. */
static void examine(struct scratch *s, struct build *b, struct emitted *h)
{
    const struct dq_diagnostic_sink diag = {collect, h};
    struct dq_model *m;
    const char *path = build_write(b, s, "model.gguf");
    build_free(b);
    *h = (struct emitted){0};
    h->rc = dq_model_examine(&dq_file_store, path, &diag, &m, &h->e);
    assert_non_null(m);
    check_ok(dq_model_lint(m, &diag, &h->e), &h->e);
    dq_model_free(m);
}

static void check_emitted(const struct emitted *h, size_t n, const char *const *lines)
{
    for (size_t i = 0; i < h->n && i < n; i++)
        assert_string_equal(h->lines[i], lines[i]);
    assert_int_equal(h->n, n);
}

#define expect_emitted(h, ...)                                                                     \
    check_emitted((h), sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                     \
        (const char *[]){__VA_ARGS__})

/* A model of version 3 with an architecture, which by itself causes no note. */
static void begin(struct build *b, uint64_t n_tensors, uint64_t n_kv)
{
    build_begin(b, 3, false, n_tensors, n_kv + 1);
    build_kv_string(b, "general.architecture", "a-b"); /* 24 to 67 */
}

static void a_usual_model_causes_no_note(void **state)
{
    struct build b;
    struct emitted h;
    begin(&b, 2, 4);
    build_kv_u32(&b, "general.alignment", 64);
    build_kv_u32(&b, "general.quantization_version", 2);
    build_kv_u32(&b, "general.file_type", 7);
    build_kv_string(&b, "a-b.block_count", "\xc3\xa9");
    build_tensor1(&b, "x", I8, 0, 3);
    build_tensor1(&b, "y", I8, 64, 64);
    build_data(&b, 64, 0);
    build_bytes(&b, (uint8_t[128]){1, 2, 3}, 128);
    examine(*state, &b, &h);
    assert_int_equal(h.rc, 0);
    assert_int_equal(h.n, 0);
}

static void unusual_pairs_are_noted(void **state)
{
    struct build b;
    struct emitted h;
    begin(&b, 0, 8);
    build_kv_u32(&b, "general.quantization_version", 1); /* at 67 */
    build_kv_string(&b, "general.file_type", "q");       /* at 111 */
    build_kv_u32(&b, "general.alignment", 4);            /* at 149 */
    build_kv_u32(&b, "Odd", 1);                          /* at 182 */
    build_kv_u32(&b, "a-b.x-y", 1);                      /* at 201 */
    build_kv_u32(&b, "a-bx.y", 1);                       /* at 224 */
    build_key(&b, "bools", ARRAY);                       /* at 246 */
    build_number(&b, BOOL, 4);
    build_number(&b, 3, 8);
    build_bytes(&b, "\1\0\2", 3);
    build_kv_string(&b, "text", "a\xff"); /* at 278 */
    build_data(&b, 4, 0);
    examine(*state, &b, &h);
    expect_emitted(&h, "alignment-multiple general.alignment 178",
        "quantization-version general.quantization_version 107", "file-type general.file_type 140",
        "key-letters Odd 190", "key-letters a-b.x-y 214", "key-letters a-bx.y 233",
        "bool-value bools 277", "string-utf8 text 303");
}

/* The edge of a piece cuts a character, and a string ends in the middle of one. */
static void long_strings_are_read_in_pieces(void **state)
{
    static char text[20000];
    for (size_t lead = 0; lead < 4; lead++) {
        struct build b;
        struct emitted h;
        size_t len = lead;
        memset(text, 'x', lead);
        while (len + 4 < sizeof text) {
            memcpy(text + len, "\xf0\x9f\x98\x80", 4);
            len += 4;
        }
        for (unsigned cut = 0; cut < 2; cut++) {
            begin(&b, 0, 1);
            build_key(&b, "t", ARRAY);
            build_number(&b, STRING, 4);
            build_number(&b, 2, 8);
            build_string_len(&b, text, len - cut);
            build_string(&b, "y");
            const size_t end = b.len - 9; /* of the first */
            build_data(&b, 32, 0);
            examine(*state, &b, &h);
            assert_int_equal(h.n, cut);
            if (cut) {
                char line[64];
                snprintf(line, sizeof line, "string-utf8 t %zu", end - 3);
                assert_string_equal(h.lines[0], line);
            }
        }
    }
}

static void unusual_tensors_are_noted(void **state)
{
    struct build b;
    struct emitted h;
    const uint64_t none[] = {4, 0};
    char name[65] = "";
    memset(name, 'n', 64);
    begin(&b, 7, 0); /* infos from 67 on */
    build_tensor1(&b, "", I8, 0, 32);
    build_tensor1(&b, name, I8, 32, 32);
    build_string_len(&b, "a\0b", 3);
    build_number(&b, 1, 4);
    build_number(&b, 32, 8);
    build_number(&b, I8, 4);
    build_number(&b, 64, 8);
    build_tensor1(&b, "\xff", I8, 96, 32);
    build_tensor(&b, "e", I8, 128, 2, none);
    build_tensor1(&b, "r", REMOVED, 128, 1);
    build_tensor1(&b, "u", UNKNOWN, 160, 1);
    build_data(&b, 32, 192);
    examine(*state, &b, &h);
    assert_int_equal(h.rc, 0);
    expect_emitted(&h, "name-empty \\& 67",
        "name-long nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn 99",
        "name-nul a\\x00b 195", "name-utf8 \\xff 230", "tensor-empty e 263", "type-removed r 304",
        "type-unknown u 337");
}

/* extract cannot name files after these tensors. */
static void names_that_no_file_can_have_are_noted(void **state)
{
    struct build b;
    struct emitted h;
    char fits[86]; /* 255 bytes with .npy after it: a space becomes %20 */
    char too_long[87];
    memset(fits, ' ', 83);
    memcpy(fits + 83, "ab", 3);
    snprintf(too_long, sizeof too_long, "%sc", fits);
    begin(&b, 6, 0);                            /* infos from 67 on */
    build_tensor1(&b, fits, I8, 0, 32);         /* 67 to 184 */
    build_tensor1(&b, too_long, I8, 32, 32);    /* 184 to 302 */
    build_tensor1(&b, "Up", I8, 64, 32);        /* 302 to 336 */
    build_tensor1(&b, "\xc3\x9f", I8, 96, 32);  /* 336 to 370 */
    build_tensor1(&b, "uP", I8, 128, 32);       /* 370 to 404 */
    build_tensor1(&b, "\xc3\xbf", I8, 160, 32); /* another character: only A to Z are folded */
    build_data(&b, 32, 192);
    examine(*state, &b, &h);
    assert_int_equal(h.rc, 0);
    char long_fits[128];
    char long_too[128];
    char file_too[128];
    snprintf(long_fits, sizeof long_fits, "name-long %s 67", fits);
    snprintf(long_too, sizeof long_too, "name-long %s 184", too_long);
    snprintf(file_too, sizeof file_too, "name-file %s 184", too_long);
    expect_emitted(&h, long_fits, long_too, file_too, "name-case uP 370");
}

/* The offset is that of the wrong number, bytes or info. */
static void offsets_are_those_of_the_fault(void **state)
{
    const uint64_t dims[DQ_DIMS_MAX + 1] = {1, 1, 1, 1, 1};
    struct build b;
    struct emitted h;
    build_begin(&b, 3, false, 1000, 0);
    examine(*state, &b, &h);
    expect_emitted(&h, "counts - 8");
    build_begin(&b, 3, false, 0, 1000);
    examine(*state, &b, &h);
    expect_emitted(&h, "counts - 16");
    begin(&b, 0, 1);
    build_key(&b, "t", 13); /* 67; its type at 76 */
    build_bytes(&b, "x", 1);
    examine(*state, &b, &h);
    expect_emitted(&h, "value-type t 76");
    begin(&b, 0, 2);
    build_kv_u32(&b, "k", 1); /* 67 to 84 */
    build_kv_u32(&b, "k", 1);
    examine(*state, &b, &h);
    expect_emitted(&h, "key-duplicate k 84");
    begin(&b, 0, 1);
    build_key(&b, "a", ARRAY); /* 67 to 80 */
    build_number(&b, STRING, 4);
    build_number(&b, 1000, 8); /* 84 */
    examine(*state, &b, &h);
    expect_emitted(&h, "array-in-file a 84");
    begin(&b, 0, 1);
    build_key(&b, "d", ARRAY); /* 67 to 80 */
    for (int i = 0; i < 100; i++) {
        build_number(&b, ARRAY, 4);
        build_number(&b, 1, 8);
    }
    examine(*state, &b, &h);
    char line[32];
    snprintf(line, sizeof line, "array-depth d %d", 80 + 12 * DQ_NESTING_MAX);
    expect_emitted(&h, line);
    begin(&b, 1, 0);
    build_tensor(&b, "n", I8, 0, DQ_DIMS_MAX + 1, dims); /* 67 */
    examine(*state, &b, &h);
    assert_string_equal(h.lines[0], "tensor-dimensions n 67");
    begin(&b, 2, 0);
    build_tensor1(&b, "n", I8, 0, 1); /* 67 to 100 */
    build_tensor1(&b, "n", I8, 32, 1);
    examine(*state, &b, &h);
    assert_string_equal(h.lines[0], "tensor-duplicate n 100");
    assert_int_equal(h.n, 1);
}

static void versions_and_endianness_are_noted(void **state)
{
    struct build b;
    struct emitted h;
    build_begin(&b, 1, false, 0, 0);
    examine(*state, &b, &h);
    expect_emitted(&h, "version-1 - 4", "architecture - -1");
    build_begin(&b, 3, true, 1, 0);
    build_tensor1(&b, "x", Q4_1, 0, 32);
    build_data(&b, 32, 32);
    examine(*state, &b, &h);
    expect_emitted(
        &h, "big-endian - 4", "architecture - -1", "type-endian x 24", "padding-zero - 84");
}

static void gaps_order_and_padding_are_noted(void **state)
{
    struct build b;
    struct emitted h;
    begin(&b, 3, 0);
    build_tensor1(&b, "y", I8, 64, 8);  /* 67 to 100 */
    build_tensor1(&b, "x", I8, 0, 8);   /* 100 to 133 */
    build_tensor1(&b, "z", I8, 128, 8); /* 133 to 166 */
    build_bytes(&b, "\0\1", 2);
    build_data(&b, 32, 0); /* at 192 */
    build_bytes(&b, (uint8_t[140]){[30] = 5, [33] = 6, [76] = 7}, 140);
    examine(*state, &b, &h);
    assert_int_equal(h.rc, 0);
    expect_emitted(&h, "tensor-order x 100", "padding-zero - 167", "gap y 224",
        "padding-zero - 222", "gap z 288", "padding-zero - 268", "padding-missing - 328");
}

static void bytes_after_the_last_tensor_are_noted(void **state)
{
    struct build b;
    struct emitted h;
    begin(&b, 1, 0);
    build_tensor1(&b, "x", I8, 0, 8); /* to 100 */
    build_data(&b, 32, 33);           /* at 128 */
    memset(b.bytes + 128, 0, 33);
    examine(*state, &b, &h);
    expect_emitted(&h, "trailing-bytes - 160");
    begin(&b, 0, 0);
    build_bytes(&b, (uint8_t[30]){0}, 30); /* 67 to 97; the data would begin at 96 */
    examine(*state, &b, &h);
    expect_emitted(&h, "trailing-bytes - 96");
    begin(&b, 0, 0); /* no padding without tensors */
    examine(*state, &b, &h);
    assert_int_equal(h.n, 0);
}

/* After a tensor that cannot be used, gaps and the end are unknown. */
static void all_faults_of_tensors_are_emitted(void **state)
{
    const uint64_t huge[] = {33, 1ull << 60};
    struct build b;
    struct emitted h;
    begin(&b, 4, 0);
    build_tensor(&b, "a", Q4_1, 1, 2, huge); /* 67 */
    build_tensor1(&b, "b", I8, 33, 900);     /* 108 */
    build_tensor1(&b, "c", I8, 960, 8);      /* 141 */
    build_tensor1(&b, "d", I8, 1ull << 63, 1);
    build_data(&b, 32, 300); /* at 224 */
    examine(*state, &b, &h);
    assert_int_equal(h.rc, 0);
    expect_emitted(&h, "tensor-size a 67", "tensor-rows a 67", "tensor-aligned a 67",
        "tensor-aligned b 108", "tensor-offset d 174", "file-cut - 257");
}

static void overlaps_are_emitted_once_for_each_tensor(void **state)
{
    struct build b;
    struct emitted h;
    begin(&b, 3, 0);
    for (size_t i = 0; i < 3; i++)
        build_tensor1(&b, (const char *[]){"x", "y", "z"}[i], I8, 0, 32);
    build_data(&b, 32, 32); /* at 192 */
    examine(*state, &b, &h);
    expect_emitted(&h, "tensor-overlap y 192", "tensor-overlap x 192", "tensor-overlap z 192");
}

/* Notes cover what was read completely. */
static void a_damaged_file_is_checked_as_far_as_it_was_read(void **state)
{
    struct build b;
    struct emitted h;
    begin(&b, 3, 1);
    build_kv_u32(&b, "Odd", 1);               /* 67 to 86 */
    build_tensor1(&b, "", I8, 1ull << 40, 1); /* 86 to 118 */
    build_tensor1(&b, "\xff", UNKNOWN, 0, 1); /* 118 to 151 */
    build_string(&b, "cut");
    build_number(&b, 1, 4);
    build_bytes(&b, "\1\2\3\4\5\6\7", 7); /* 166 */
    examine(*state, &b, &h);
    check_error(h.rc, &h.e, DQ_ERR_MALFORMED,
        "tensor 'cut': metadata ends past the end of the file: expected 8 bytes for the dimension, "
        "found 7 (offset 166); is the file cut short?");
    expect_emitted(&h, "in-file cut 166", "key-letters Odd 75", "name-empty \\& 86",
        "name-utf8 \\xff 118", "type-unknown \\xff 118");
    begin(&b, 0, 2);
    build_kv_u32(&b, "Odd", 1);
    build_key(&b, "ALSO", STRING); /* 86 to 102 */
    build_number(&b, 100, 8);
    build_bytes(&b, "\xff", 1);
    examine(*state, &b, &h);
    check_error(h.rc, &h.e, DQ_ERR_MALFORMED,
        "key 'ALSO': metadata ends past the end of the file: expected 100 bytes for the string, "
        "found 1 (offset 110)");
    expect_emitted(&h, "in-file ALSO 110", "key-letters Odd 75");
    begin(&b, 0, 2);
    build_kv_u32(&b, "Odd", 1);
    build_number(&b, 100, 8); /* of the next key */
    build_bytes(&b, "not all of it", 13);
    examine(*state, &b, &h);
    expect_emitted(&h, "in-file - 94", "key-letters Odd 75");
    begin(&b, 1, 0);
    build_number(&b, DQ_NAME_MAX + 1, 8);
    for (size_t i = 0; i < DQ_NAME_MAX + 64; i++)
        build_number(&b, 'n', 1);
    examine(*state, &b, &h);
    check_error(h.rc, &h.e, DQ_ERR_MALFORMED,
        "expected at most 1024 bytes for the tensor name, found 1025");
    expect_emitted(&h, "name-length - 67");
}

static void the_data_of_a_member_is_checked_although_another_is_missing(void **state)
{
    struct build b;
    struct emitted h = {0};
    const struct dq_diagnostic_sink diag = {collect, &h};
    struct dq_model *m;
    begin(&b, 1, 2);
    build_kv_u16(&b, "split.no", 0);
    build_kv_u16(&b, "split.count", 2);
    build_tensor1(&b, "x", I8, 0, 100);
    build_data(&b, 32, 10);
    const char *path = build_write(&b, *state, "m-00001-of-00002.gguf");
    build_free(&b);
    h.rc = dq_model_examine(&dq_file_store, path, &diag, &m, &h.e);
    assert_int_equal(h.rc, 0);
    expect_emitted(&h, "file-cut - 160", "split-missing - -1");
    dq_model_free(m);
}

static void other_errors_leave_no_model(void **state)
{
    struct emitted h = {0};
    const struct dq_diagnostic_sink diag = {collect, &h};
    struct dq_model *m = (struct dq_model *)&h;
    const int rc =
        dq_model_examine(&dq_file_store, scratch_path(*state, "nosuch"), &diag, &m, &h.e);
    check_error(rc, &h.e, DQ_ERR_IO, "nosuch");
    assert_null(m);
    assert_int_equal(h.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_usual_model_causes_no_note),
        scratch_test(unusual_pairs_are_noted),
        scratch_test(long_strings_are_read_in_pieces),
        scratch_test(unusual_tensors_are_noted),
        scratch_test(names_that_no_file_can_have_are_noted),
        scratch_test(offsets_are_those_of_the_fault),
        scratch_test(versions_and_endianness_are_noted),
        scratch_test(gaps_order_and_padding_are_noted),
        scratch_test(bytes_after_the_last_tensor_are_noted),
        scratch_test(all_faults_of_tensors_are_emitted),
        scratch_test(overlaps_are_emitted_once_for_each_tensor),
        scratch_test(a_damaged_file_is_checked_as_far_as_it_was_read),
        scratch_test(the_data_of_a_member_is_checked_although_another_is_missing),
        scratch_test(other_errors_leave_no_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
