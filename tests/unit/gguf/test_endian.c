/* Data of big-endian files: defined fields are converted to little-endian. */
#include "build_gguf.h"
#include "dq_test.h"
#include "gguf/endian.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Offsets and lengths of the multi-byte fields of a block. */
static const struct {
    enum dq_type type;
    size_t offs[2];
    size_t lens[2];
} rows[] = {
    {DQ_TYPE_f32, {0}, {4}},
    {DQ_TYPE_f16, {0}, {2}},
    {DQ_TYPE_bf16, {0}, {2}},
    {DQ_TYPE_f64, {0}, {8}},
    {DQ_TYPE_i8, {0}, {0}},
    {DQ_TYPE_i16, {0}, {2}},
    {DQ_TYPE_i32, {0}, {4}},
    {DQ_TYPE_i64, {0}, {8}},
    {DQ_TYPE_q4_0, {0}, {2}},
    {DQ_TYPE_q8_0, {0}, {2}},
    {DQ_TYPE_q4_k, {0, 2}, {2, 2}},
    {DQ_TYPE_q6_k, {208}, {2}},
    {DQ_TYPE_mxfp4, {0}, {0}},
    {DQ_TYPE_nvfp4, {0}, {0}},
};

enum { N_ROWS = sizeof rows / sizeof rows[0], BLOCKS = 3 };

/* A big-endian model of one tensor of three blocks with the bytes 0, 1, 2, ... 250, 0, ... */
static struct dq_model *open_blocks(struct scratch *s, const struct dq_type_info *info)
{
    struct build b;
    build_begin(&b, 3, true, 1, 0);
    build_tensor1(&b, "x", info->id, 0, BLOCKS * (uint64_t)info->weights);
    build_data(&b, 32, BLOCKS * (size_t)info->bytes);
    return build_open(&b, s);
}

static void defined_fields_are_swapped(void **state)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct dq_type_info *info = &dq_types[rows[i].type];
        const size_t len = BLOCKS * (size_t)info->bytes;
        uint8_t got[BLOCKS * 512];
        uint8_t wanted[BLOCKS * 512];
        struct dq_error e;
        struct dq_model *m = open_blocks(*state, info);
        check_ok(dq_tensor_usable(m, &m->tensors[0], true, &e), &e);
        check_ok(dq_tensor_read(m, &m->tensors[0], 0, got, len, &e), &e);
        for (size_t k = 0; k < len; k++)
            wanted[k] = (uint8_t)(k % 251);
        for (size_t block = 0; block < BLOCKS; block++)
            for (size_t f = 0; f < 2; f++)
                for (size_t k = 0; k < rows[i].lens[f]; k++) {
                    const size_t off = block * info->bytes + rows[i].offs[f];
                    wanted[off + k] = (uint8_t)((off + rows[i].lens[f] - 1 - k) % 251);
                }
        if (memcmp(got, wanted, len) != 0)
            fail_msg("%s", info->name);
        dq_model_free(m);
    }
}

static void parts_are_swapped_like_the_whole(void **state)
{
    const struct dq_type_info *info = &dq_types[DQ_TYPE_q8_0];
    uint8_t block[34];
    struct dq_error e;
    struct dq_model *m = open_blocks(*state, info);
    check_ok(dq_tensor_read(m, &m->tensors[0], 34, block, 34, &e), &e);
    assert_int_equal(block[0], 35);
    assert_int_equal(block[1], 34);
    assert_int_equal(block[2], 36);
    dq_model_free(m);
}

static void other_types_are_not_defined(void **state)
{
    for (int type = 0; type < DQ_TYPE_COUNT; type++) {
        const struct dq_type_info *info = &dq_types[type];
        struct dq_error e;
        bool defined = false;
        for (size_t i = 0; i < N_ROWS; i++)
            defined = defined || rows[i].type == info->type;
        assert_int_equal(dq_endian_defined(info->type), defined);
        struct dq_model *m = open_blocks(*state, info);
        check_ok(dq_tensor_usable(m, &m->tensors[0], false, &e), &e);
        if (!defined)
            check_error(dq_tensor_usable(m, &m->tensors[0], true, &e), &e, DQ_ERR_TYPE,
                "type is not defined for big-endian files: expected a type of defined byte order, "
                "found ");
        dq_model_free(m);
    }
}

static void undefined_types_are_read_unchanged(void **state)
{
    uint8_t got[BLOCKS * 84];
    struct dq_error e;
    struct dq_model *m = open_blocks(*state, &dq_types[DQ_TYPE_q2_k]);
    check_ok(dq_tensor_read(m, &m->tensors[0], 0, got, sizeof got, &e), &e);
    for (size_t i = 0; i < sizeof got; i++)
        assert_int_equal(got[i], i % 251);
    dq_model_free(m);
}

static void the_twins_of_the_corpus_hold_the_same(void **state)
{
    static const char *const files[] = {"big_endian.gguf", "big_endian_twin_le.gguf"};
    struct dq_model *models[2];
    struct dq_error e;
    const char *data = getenv("DQ_DATA_DIR");
    (void)state;
    assert_non_null(data);
    for (size_t i = 0; i < 2; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/gguf/good/%s", data, files[i]);
        check_ok(dq_model_open(path, &models[i], &e), &e);
        assert_int_equal(models[i]->shards[0].big_endian, i == 0);
    }
    assert_true(models[0]->n_tensors > 0);
    assert_int_equal(models[0]->n_tensors, models[1]->n_tensors);
    for (size_t i = 0; i < models[0]->n_tensors; i++) {
        const struct dq_tensor *t = &models[0]->tensors[i];
        const struct dq_tensor *twin = &models[1]->tensors[i];
        assert_string_equal(t->name, twin->name);
        assert_int_equal(t->n_bytes, twin->n_bytes);
        uint8_t *bytes = malloc((size_t)t->n_bytes + 1);
        uint8_t *twin_bytes = malloc((size_t)t->n_bytes + 1);
        assert_true(bytes && twin_bytes);
        check_ok(dq_tensor_read(models[0], t, 0, bytes, (size_t)t->n_bytes, &e), &e);
        check_ok(dq_tensor_read(models[1], twin, 0, twin_bytes, (size_t)t->n_bytes, &e), &e);
        assert_memory_equal(bytes, twin_bytes, (size_t)t->n_bytes);
        free(bytes);
        free(twin_bytes);
    }
    dq_model_free(models[0]);
    dq_model_free(models[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(defined_fields_are_swapped),
        scratch_test(parts_are_swapped_like_the_whole),
        scratch_test(other_types_are_not_defined),
        scratch_test(undefined_types_are_read_unchanged),
        cmocka_unit_test(the_twins_of_the_corpus_hold_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
