/* The fields of blocks; and the NaN and infinite numbers in them, compared with what decoders make of
 * the same blocks. */
#include "cpu/cpu.h"
#include "dq_test.h"
#include "rng.h"
#include "type/block_fields.h"

#include <math.h>
#include <string.h>

enum { N_BLOCKS = 1000, SEED = 20261125 };

/* Whether all weights of a block are finite numbers. */
static bool is_finite(const struct dq_type_info *f, const uint8_t *block)
{
    float weights[DQ_BLOCK_WEIGHTS_MAX];
    double wide;
    if (f->type == DQ_TYPE_f64) { /* which may be too large for a float */
        memcpy(&wide, block, sizeof wide);
        return isfinite(wide);
    }
    dq_cpu_levels[0]->decode[f->type](block, weights, 1, DQ_DTYPE_f32);
    for (uint32_t i = 0; i < f->weights; i++) {
        if (!isfinite(weights[i]))
            return false;
    }
    return true;
}

/* Random bytes. In these, a float with few exponent bits is NaN or infinite once in 32 or 256 times;
 * for the others, one block in 16 is all ones. */
static void make_block(struct rng *rng, const struct dq_type_info *f, uint8_t *block)
{
    rng_fill(rng, block, f->bytes);
    if (rng_between(rng, 0, 15) == 0)
        memset(block, 0xff, f->bytes);
}

/* All types but two: in Q8_K a finite scale can overflow the weights too, and decoders make a number
 * of MXFP4's NaN. */
static void blocks_are_bad_if_weights_of_theirs_are(void **state)
{
    (void)state;
    struct rng rng = {SEED};
    for (int type = 0; type < DQ_TYPE_COUNT; type++) {
        const struct dq_type_info *f = &dq_types[type];
        size_t n_bad = 0;
        if (type == DQ_TYPE_q8_k || type == DQ_TYPE_mxfp4)
            continue;
        for (size_t i = 0; i < N_BLOCKS; i++) {
            uint8_t block[DQ_BLOCK_BYTES_MAX];
            struct dq_nonfinite first;
            make_block(&rng, f, block);
            const bool good = dq_find_nonfinite(f->type, block, 1, &first) == 0;
            if (good != is_finite(f, block))
                fail_msg("seed %d, %s, block %zu: said to be %s", SEED, f->name, i,
                    good ? "good" : "bad");
            n_bad += !good;
        }
        const bool never = f->stored[0] == '<' || f->stored[0] == '|' ? f->stored[1] == 'i'
                                                                      : type == DQ_TYPE_nvfp4;
        if ((n_bad == 0) != never)
            fail_msg("seed %d, %s: %zu bad blocks", SEED, f->name, n_bad);
    }
}

/* The fields of a type, checked against its row of types.def. */
static void fields_cover_the_block(void **state)
{
    (void)state;
    for (int type = 0; type < DQ_TYPE_COUNT; type++) {
        size_t end = 0;
        size_t n_read = 0;
        for (const struct dq_block_field *f = dq_block_fields[type]; f->name; f++) {
            if (f->offset != end || f->n == 0)
                fail_msg("%s.%s: %u elements at %u, expected at %zu", dq_types[type].token, f->name,
                    f->n, f->offset, end);
            end += (size_t)f->n * dq_field_kinds[f->kind].bytes;
            n_read += !f->ignored;
        }
        assert_int_equal(end, dq_types[type].bytes);
        assert_true(n_read > 0);
    }
}

static void check_field(enum dq_type type, const char *name, const char *kind, uint16_t offset,
    uint16_t n, bool ignored)
{
    const struct dq_block_field *f = dq_block_fields[type];
    while (f->name && strcmp(f->name, name) != 0)
        f++;
    assert_non_null(f->name);
    assert_string_equal(dq_field_kinds[f->kind].name, kind);
    assert_int_equal(f->offset, offset);
    assert_int_equal(f->n, n);
    assert_int_equal(f->ignored, ignored);
}

static void fields_have_their_names_and_places(void **state)
{
    (void)state;
    check_field(DQ_TYPE_f64, "x", "f64", 0, 1, false);
    check_field(DQ_TYPE_q4_k, "dmin", "f16", 2, 1, false);
    check_field(DQ_TYPE_q6_k, "scales", "i8", 192, 16, false);
    check_field(DQ_TYPE_q8_1, "s", "f16", 2, 1, true);
    check_field(DQ_TYPE_q8_k, "bsums", "i16", 260, 16, true);
    check_field(DQ_TYPE_iq1_m, "scales", "nibble_f16", 48, 4, false);
    check_field(DQ_TYPE_nvfp4, "scales", "ue4m3", 0, 4, false);
}

/* The sum that Q8_1 stores is not read, so it may be anything. */
static void ignored_fields_may_be_nan(void **state)
{
    (void)state;
    uint8_t block[36] = {0, 0, 0, 0x7e};
    struct dq_nonfinite first;
    assert_int_equal(dq_find_nonfinite(DQ_TYPE_q8_1, block, 1, &first), 0);
    block[1] = 0x7e;
    assert_int_equal(dq_find_nonfinite(DQ_TYPE_q8_1, block, 1, &first), 1);
}

static void a_scale_of_q8_k_is_bad_by_itself(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits;
        bool bad;
        bool nan;
    } rows[] = {{0x7f7fffff, false, false}, {0x7f800000, true, false}, {0xff800000, true, false},
        {0x7f800001, true, true}, {0xffc00000, true, true}, {0, false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t block[DQ_BLOCK_BYTES_MAX] = {0};
        struct dq_nonfinite first;
        for (size_t k = 0; k < 4; k++)
            block[k] = (uint8_t)(rows[i].bits >> 8 * k);
        assert_int_equal(dq_find_nonfinite(DQ_TYPE_q8_k, block, 1, &first), rows[i].bad);
        if (rows[i].bad) {
            assert_int_equal(first.bits, rows[i].bits);
            assert_int_equal(first.len, 4);
            assert_int_equal(first.is_nan, rows[i].nan);
        }
    }
}

static void a_scale_of_mxfp4_is_bad_at_255_only(void **state)
{
    (void)state;
    for (unsigned e = 0; e < 256; e++) {
        uint8_t block[17] = {(uint8_t)e};
        struct dq_nonfinite first;
        assert_int_equal(dq_find_nonfinite(DQ_TYPE_mxfp4, block, 1, &first), e == 255);
        if (e == 255)
            assert_true(first.is_nan && first.off == 0 && first.len == 1);
    }
}

/* The scale of IQ1_M lies in the high nibbles of four numbers. */
static void the_first_of_many_is_returned(void **state)
{
    (void)state;
    uint8_t blocks[5 * 56] = {0};
    struct dq_nonfinite first;
    blocks[2 * 56 + 48 + 7] = 0x7f; /* high nibble 7 */
    assert_int_equal(dq_find_nonfinite(DQ_TYPE_iq1_m, blocks, 5, &first), 0);
    blocks[2 * 56 + 48 + 5] = 0xc0; /* 0x7c00, infinite */
    blocks[4 * 56 + 48 + 7] = 0xf0;
    blocks[4 * 56 + 48 + 5] = 0xc0;
    blocks[4 * 56 + 48 + 1] = 0x10; /* 0xfc01, NaN */
    assert_int_equal(dq_find_nonfinite(DQ_TYPE_iq1_m, blocks, 5, &first), 2);
    assert_int_equal(first.block, 2);
    assert_int_equal(first.off, 48);
    assert_int_equal(first.bits, 0x7c00);
    assert_int_equal(first.len, 2);
    assert_false(first.is_nan);
    assert_int_equal(dq_find_nonfinite(DQ_TYPE_iq1_m, blocks + 3 * 56, 2, &first), 1);
    assert_int_equal(first.block, 1);
    assert_int_equal(first.bits, 0xfc01);
    assert_true(first.is_nan);
}

static void the_second_scale_of_a_block_counts(void **state)
{
    (void)state;
    uint8_t block[144] = {0};
    struct dq_nonfinite first;
    block[3] = 0x7e;
    assert_int_equal(dq_find_nonfinite(DQ_TYPE_q4_k, block, 1, &first), 1);
    assert_int_equal(first.off, 2);
    assert_int_equal(first.bits, 0x7e00);
}

static void blocks_count_once(void **state)
{
    (void)state;
    uint8_t blocks[3 * 144] = {0};
    struct dq_nonfinite first;
    blocks[144 + 3] = 0xfc;     /* dmin of block 1 */
    blocks[2 * 144 + 1] = 0x7c; /* both of block 2 */
    blocks[2 * 144 + 3] = 0x7c;
    assert_int_equal(dq_find_nonfinite(DQ_TYPE_q4_k, blocks, 3, &first), 2);
    assert_int_equal(first.block, 1);
    assert_int_equal(first.off, 2);
    assert_int_equal(first.bits, 0xfc00);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_cover_the_block),
        cmocka_unit_test(fields_have_their_names_and_places),
        cmocka_unit_test(ignored_fields_may_be_nan),
        cmocka_unit_test(blocks_are_bad_if_weights_of_theirs_are),
        cmocka_unit_test(a_scale_of_q8_k_is_bad_by_itself),
        cmocka_unit_test(a_scale_of_mxfp4_is_bad_at_255_only),
        cmocka_unit_test(the_first_of_many_is_returned),
        cmocka_unit_test(the_second_scale_of_a_block_counts),
        cmocka_unit_test(blocks_count_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
