/* Codes and scales of blocks. */
#include "dq_test.h"
#include "reduce/codes.h"
#include "rng.h"

#include <string.h>

enum { SEED = 20261128, N_BLOCKS = 2000 };

/* Any bytes are codes in their range, and each end of it is there. */
static void any_block_has_codes_in_their_range(void **state)
{
    struct rng rng = {SEED};
    (void)state;
    for (int t = 0; t < DQ_TYPE_COUNT; t++) {
        const struct dq_type_info *type = &dq_types[t];
        struct dq_code_stats s = {0};
        uint64_t n = 0;
        assert_int_equal(dq_code_stats_apply(type->type), type->weights > 1);
        if (type->weights == 1)
            continue;
        const struct dq_block_part *codes = dq_block_part_find(type->type, "code");
        const size_t n_values = dq_code_stats_values(type->type);
        assert_true(n_values <= DQ_CODE_VALUES_MAX);
        for (size_t i = 0; i < N_BLOCKS; i++) {
            uint8_t block[DQ_BLOCK_BYTES_MAX];
            int64_t listed[DQ_BLOCK_WEIGHTS_MAX];
            rng_fill(&rng, block, type->bytes);
            codes->list(block, listed);
            for (unsigned k = 0; k < type->weights / codes->n_weights; k++) {
                assert_int_equal(listed[k], codes->integer(block, k));
                assert_in_range(
                    listed[k] + 128, 128 + dq_code_ranges[t].least, 128 + dq_code_ranges[t].most);
            }
            dq_code_stats_add(&s, type->type, block, 1, NULL);
        }
        for (size_t i = 0; i < n_values; i++)
            n += s.use[i];
        assert_int_equal(n, (uint64_t)N_BLOCKS * type->weights / codes->n_weights);
        assert_int_equal(dq_code_stats_unused(&s, type->type), 0);
    }
}

static void integers_called_scale_have_a_range(void **state)
{
    struct rng rng = {SEED};
    (void)state;
    for (int t = 0; t < DQ_TYPE_COUNT; t++) {
        const struct dq_type_info *type = &dq_types[t];
        const struct dq_block_part *part = dq_block_part_find(type->type, "scale");
        const struct dq_scale_range *range = &dq_scale_ranges[t];
        int64_t least = 0;
        int64_t most = 0;
        assert_int_equal(range->most > 0, part && part->integer);
        for (size_t i = 0; i < N_BLOCKS && range->most > 0; i++) {
            uint8_t block[DQ_BLOCK_BYTES_MAX];
            rng_fill(&rng, block, type->bytes);
            for (unsigned k = 0; k < type->weights / part->n_weights; k++) {
                const int64_t scale = part->integer(block, k);
                least = scale < least ? scale : least;
                most = scale > most ? scale : most;
            }
        }
        assert_int_equal(least, range->least);
        assert_int_equal(most, range->most);
    }
}

static void scales_are_told_apart(void **state)
{
    static const struct {
        enum dq_type type;
        uint8_t bytes[4]; /* at the beginning of the block, of which the rest is 0 */
        enum dq_scale_kind kind;
        bool is_negative;
        unsigned octave;
    } rows[] = {
        {DQ_TYPE_q4_0, {0x00, 0x3c}, DQ_SCALE_NORMAL, false, 127},
        {DQ_TYPE_q4_0, {0x00, 0xbc}, DQ_SCALE_NORMAL, true, 127},
        {DQ_TYPE_q4_0, {0x00, 0x80}, DQ_SCALE_ZERO, false, 0},
        {DQ_TYPE_q4_0, {0xff, 0x83}, DQ_SCALE_SUBNORMAL, true, 112},
        {DQ_TYPE_q4_0, {0x00, 0x04}, DQ_SCALE_NORMAL, false, 113},
        {DQ_TYPE_q4_0, {0x00, 0xfc}, DQ_SCALE_NONFINITE, false, 0},
        {DQ_TYPE_q4_0, {0x00, 0x7e}, DQ_SCALE_NONFINITE, false, 0},
        {DQ_TYPE_q8_k, {0x00, 0x00, 0x80, 0x3f}, DQ_SCALE_NORMAL, false, 127},
        {DQ_TYPE_q8_k, {0x01, 0x00, 0x00, 0x80}, DQ_SCALE_SUBNORMAL, true, 0},
        {DQ_TYPE_mxfp4, {0x7f}, DQ_SCALE_NORMAL, false, 127},
        {DQ_TYPE_mxfp4, {0x00}, DQ_SCALE_NORMAL, false, 0},
        {DQ_TYPE_mxfp4, {0xfe}, DQ_SCALE_NORMAL, false, 254},
        {DQ_TYPE_mxfp4, {0xff}, DQ_SCALE_NONFINITE, false, 0},
        {DQ_TYPE_nvfp4, {0x38, 0x38, 0x38, 0x38}, DQ_SCALE_NORMAL, false, 127},
        {DQ_TYPE_nvfp4, {0x07, 0x07, 0x07, 0x07}, DQ_SCALE_SUBNORMAL, false, 120},
        {DQ_TYPE_nvfp4, {0x7f, 0x7f, 0x7f, 0x7f}, DQ_SCALE_ZERO, false, 0},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        const unsigned n = rows[row].type == DQ_TYPE_nvfp4 ? 4 : 1;
        uint8_t block[DQ_BLOCK_BYTES_MAX] = {0};
        struct dq_code_stats s = {0};
        memcpy(block, rows[row].bytes, sizeof rows[row].bytes);
        dq_code_stats_add(&s, rows[row].type, block, 1, NULL);
        assert_int_equal(s.n_scales[rows[row].kind], n);
        assert_int_equal(s.n_negative, rows[row].is_negative ? n : 0);
        if (rows[row].kind == DQ_SCALE_NORMAL || rows[row].kind == DQ_SCALE_SUBNORMAL)
            assert_int_equal(s.scale_octaves[rows[row].octave], n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_block_has_codes_in_their_range),
        cmocka_unit_test(integers_called_scale_have_a_range),
        cmocka_unit_test(scales_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
