/* The table of types, compared with the facts of ggml, which are stated here a second time. A type that
 * is added need not be listed: the manual states its facts too, and check_doc.py compares those. */
#include "dq_test.h"
#include "type/type.h"

static const struct {
    uint32_t id;
    const char *name;
    uint32_t weights;
    uint32_t bytes;
} facts[] = {
    {0, "F32", 1, 4},
    {1, "F16", 1, 2},
    {2, "Q4_0", 32, 18},
    {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},
    {7, "Q5_1", 32, 24},
    {8, "Q8_0", 32, 34},
    {9, "Q8_1", 32, 36},
    {10, "Q2_K", 256, 84},
    {11, "Q3_K", 256, 110},
    {12, "Q4_K", 256, 144},
    {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},
    {15, "Q8_K", 256, 292},
    {16, "IQ2_XXS", 256, 66},
    {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98},
    {19, "IQ1_S", 256, 50},
    {20, "IQ4_NL", 32, 18},
    {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},
    {23, "IQ4_XS", 256, 136},
    {24, "I8", 1, 1},
    {25, "I16", 1, 2},
    {26, "I32", 1, 4},
    {27, "I64", 1, 8},
    {28, "F64", 1, 8},
    {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2},
    {34, "TQ1_0", 256, 54},
    {35, "TQ2_0", 256, 66},
    {39, "MXFP4", 32, 17},
    {40, "NVFP4", 64, 36},
    {41, "Q1_0", 128, 18},
    {42, "Q2_0", 64, 18},
    {142, "PQ2_0", 128, 34},
    {143, "PTQ1_0", 128, 28},
};

enum { N_FACTS = sizeof facts / sizeof facts[0] };

static void every_type_has_the_facts_of_ggml(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FACTS; i++) {
        const struct dq_type_info *info = dq_type_by_id(facts[i].id);
        assert_non_null(info);
        assert_string_equal(info->name, facts[i].name);
        assert_int_equal(info->weights, facts[i].weights);
        assert_int_equal(info->bytes, facts[i].bytes);
        assert_ptr_equal(info, &dq_types[info->type]);
    }
}

static void other_ids_are_unknown(void **state)
{
    static const uint32_t ids[] = {4, 5, 31, 32, 33, 36, 37, 38, 153, INT32_MAX, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_null(dq_type_by_id(ids[i]));
}

/* What numpy calls a stored weight, of types whose block is one; and what they are extracted as. */
static void single_weights_have_numpys_names(void **state)
{
    static const struct {
        uint32_t id;
        const char *stored;
        enum dq_dtype default_dtype;
    } rows[] = {{0, "<f4", DQ_DTYPE_f32}, {1, "<f2", DQ_DTYPE_f32}, {24, "|i1", DQ_DTYPE_native},
        {25, "<i2", DQ_DTYPE_native}, {26, "<i4", DQ_DTYPE_native}, {27, "<i8", DQ_DTYPE_native},
        {28, "<f8", DQ_DTYPE_native}, {30, "", DQ_DTYPE_f32}};
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(dq_type_by_id(rows[i].id)->stored, rows[i].stored);
        assert_int_equal(dq_type_by_id(rows[i].id)->default_dtype, rows[i].default_dtype);
    }
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        n += dq_types[i].weights == 1;
        if (dq_types[i].weights > 1) {
            assert_string_equal(dq_types[i].stored, "");
            assert_int_equal(dq_types[i].default_dtype, DQ_DTYPE_f32);
        }
    }
    assert_int_equal(n, sizeof rows / sizeof rows[0]);
}

static void maxima_are_those_of_the_largest_block(void **state)
{
    uint32_t weights = 0;
    uint32_t bytes = 0;
    (void)state;
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        weights = dq_types[i].weights > weights ? dq_types[i].weights : weights;
        bytes = dq_types[i].bytes > bytes ? dq_types[i].bytes : bytes;
    }
    assert_int_equal(DQ_BLOCK_WEIGHTS_MAX, weights);
    assert_int_equal(DQ_BLOCK_BYTES_MAX, bytes);
}

static void dtypes_are_found_by_name(void **state)
{
    static const char *const names[DQ_DTYPE_COUNT] = {"f32", "f16", "bf16", "native"};
    enum dq_dtype found = DQ_DTYPE_COUNT;
    (void)state;
    for (int i = 0; i < DQ_DTYPE_COUNT; i++) {
        assert_string_equal(dq_dtype_name((enum dq_dtype)i), names[i]);
        assert_int_equal(dq_dtype_by_name(names[i], &found), 0);
        assert_int_equal(found, i);
    }
    assert_int_equal(dq_dtype_by_name("Native", &found), 0);
    assert_int_equal(dq_dtype_by_name("f23", &found), -1);
    assert_int_equal(dq_dtype_by_name("", &found), -1);
    assert_int_equal(found, DQ_DTYPE_native);
    assert_int_equal(dq_dtype_len(DQ_DTYPE_f32), 4);
    assert_int_equal(dq_dtype_len(DQ_DTYPE_f16), 2);
    assert_int_equal(dq_dtype_len(DQ_DTYPE_bf16), 2);
    assert_int_equal(dq_dtype_len(DQ_DTYPE_native), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_the_facts_of_ggml),
        cmocka_unit_test(other_ids_are_unknown),
        cmocka_unit_test(single_weights_have_numpys_names),
        cmocka_unit_test(maxima_are_those_of_the_largest_block),
        cmocka_unit_test(dtypes_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
