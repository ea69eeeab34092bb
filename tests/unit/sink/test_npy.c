/* Headers of .npy files, byte for byte as numpy 1.24 writes them. */
#include "dq_test.h"
#include "scratch.h"
#include "sink/container.h"
#include "sink/npy.h"

#include <stdio.h>
#include <string.h>

/* Checks the text of a header, between the prefix and the spaces. */
static void check_header(const char *descr, const uint64_t *shape, size_t n_dims, const char *dict)
{
    uint8_t out[DQ_NPY_HEADER_MAX];
    uint8_t wanted[DQ_NPY_HEADER_MAX];
    memset(out, '#', sizeof out);
    const size_t n = dq_npy_header(descr, shape, n_dims, out);
    assert_int_equal(n, 128); /* numpy's, of all these shapes */
    memset(wanted, ' ', 128);
    memcpy(wanted, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(wanted + 10, dict, strlen(dict));
    wanted[127] = '\n';
    assert_memory_equal(out, wanted, 128);
    assert_int_equal(out[128], '#');
}

static void shapes_are_spelled_as_numpy_does(void **state)
{
    static const uint64_t shape[] = {3, 4, 5, 6};
    (void)state;
    check_header("<f4", NULL, 0, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }");
    check_header("<f4", shape, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }");
    check_header("<f2", shape, 2, "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }");
    check_header("|u1", shape, 3, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5), }");
    check_header(
        "<i8", shape, 4, "{'descr': '<i8', 'fortran_order': False, 'shape': (3, 4, 5, 6), }");
}

static void zero_and_large_lengths_are_spelled(void **state)
{
    static const uint64_t zero[] = {0, 7};
    static const uint64_t large[] = {INT64_MAX};
    (void)state;
    check_header("<f4", zero, 2, "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 7), }");
    check_header("<f4", large, 1,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,), }");
}

/* numpy reserves 21 digits for the first dimension, so that this header needs 192 bytes. */
static void room_is_kept_for_a_longer_first_length(void **state)
{
    static const uint64_t shape[] = {1, INT64_MAX, INT64_MAX};
    static const char dict[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, "
                               "9223372036854775807, 9223372036854775807), }";
    uint8_t out[DQ_NPY_HEADER_MAX];
    (void)state;
    assert_int_equal(
        sizeof dict - 1 + 10 + 20 + 1, 128 + 1); /* exceeds 128 only because of the reserve */
    assert_int_equal(dq_npy_header("<f4", shape, 3, out), 192);
    assert_memory_equal(out + 10, dict, sizeof dict - 1);
    assert_int_equal(out[8], 192 - 10);
}

/* numpy adds 64 spaces to a header whose length is already a multiple of 64. */
static void a_header_that_fits_gets_64_blanks_more(void **state)
{
    static const uint64_t shape[] = {10, INT64_MAX, 123456789012345678};
    uint8_t out[DQ_NPY_HEADER_MAX];
    char dict[DQ_NPY_HEADER_MAX];
    (void)state;
    const int n = snprintf(dict, sizeof dict,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (10, 9223372036854775807, "
        "123456789012345678), }");
    assert_int_equal(n + 10 + 19 + 1, 128);
    assert_int_equal(dq_npy_header("<f4", shape, 3, out), 192);
    assert_memory_equal(out + 10, dict, (size_t)n);
}

static void every_length_is_a_multiple_of_64(void **state)
{
    uint64_t shape[8];
    (void)state;
    for (size_t n_dims = 0; n_dims <= 8; n_dims++) {
        for (uint64_t length = 1; length < INT64_MAX / 10; length *= 10) {
            uint8_t out[DQ_NPY_HEADER_MAX];
            for (size_t i = 0; i < n_dims; i++)
                shape[i] = length;
            const size_t n = dq_npy_header("<f4", shape, n_dims, out);
            assert_true(n % 64 == 0 && n > 0 && n <= sizeof out);
            assert_int_equal(out[8] + 256 * out[9], n - 10);
            assert_int_equal(out[n - 1], '\n');
        }
    }
}

static bool get_array(const void *arg, size_t i, struct dq_array *out)
{
    const struct dq_array *arrays = arg;
    *out = arrays[i];
    return arrays[i].n_bytes != 1;
}

/* Of three arrays, one is left out; each of the others gets a file of its own. */
static void plans_place_data_behind_the_header(void **state)
{
    const struct dq_array arrays[] = {
        {.type = &dq_types[DQ_TYPE_f32], .shape = {3, 5}, .n_shape = 2, .n_bytes = 60},
        {.n_bytes = 1},
        {.shape = {7}, .n_shape = 1, .n_bytes = 7},
    };
    const struct dq_set_request r = {.n = 3, .get = get_array, .arg = arrays};
    struct dq_file_set s;
    struct dq_error e;
    (void)state;
    check_ok(dq_container_npy.plan(&r, &s, &e), &e);
    assert_int_equal(s.n_files, 2);
    assert_int_equal(s.places[0].file, 0);
    assert_int_equal(s.places[2].file, 1);
    assert_int_equal(s.places[0].offset, 128);
    assert_int_equal(s.files[0].len, 128 + 60);
    assert_int_equal(s.files[1].len, 128 + 7);
    dq_file_set_finish(&s);
    check_ok(dq_container_raw.plan(&r, &s, &e), &e);
    assert_int_equal(s.n_files, 2);
    assert_int_equal(s.order[1], 2);
    assert_int_equal(s.places[2].offset, 0);
    assert_int_equal(s.files[1].len, 7);
    dq_file_set_finish(&s);
}

static void types_without_a_name_are_bytes(void **state)
{
    const struct dq_array a = {.shape = {7}, .n_shape = 1};
    uint8_t header[DQ_NPY_HEADER_MAX];
    (void)state;
    dq_npy_header_of(&a, header);
    assert_memory_equal(header + 10, "{'descr': '|u1'", 15);
    assert_true(dq_npy_has_type(&dq_types[DQ_TYPE_i64]));
    assert_false(dq_npy_has_type(&dq_types[DQ_TYPE_bf16]));
    assert_false(dq_npy_has_type(&dq_types[DQ_TYPE_q4_k]));
}

static void containers_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(dq_container_by_name("npy")->extension, ".npy");
    assert_string_equal(dq_container_by_name("raw")->extension, ".raw");
    assert_ptr_equal(dq_container_by_name("npy"), &dq_container_npy);
    assert_ptr_equal(dq_container_by_name("raw"), &dq_container_raw);
    assert_ptr_equal(dq_container_by_name("NPY"), dq_container_by_name("npy"));
    assert_ptr_equal(dq_container_by_name("npz"), &dq_container_npz);
    assert_null(dq_container_by_name("zip"));
    assert_null(dq_container_by_name(""));
    assert_null(dq_container_by_name(".npy"));
}

static void containers_are_found_by_extension(void **state)
{
    const struct dq_container *raw = dq_container_by_name("raw");
    (void)state;
    assert_ptr_equal(dq_container_by_extension("a/b.npy"), dq_container_by_name("npy"));
    assert_ptr_equal(dq_container_by_extension("b.raw"), raw);
    assert_ptr_equal(dq_container_by_extension("b.bin"), raw);
    assert_ptr_equal(dq_container_by_extension("b.npy.bin"), raw);
    assert_null(dq_container_by_extension("b.npyx"));
    assert_null(dq_container_by_extension("npy"));
    assert_null(dq_container_by_extension("b."));
    assert_null(dq_container_by_extension(""));
    assert_ptr_equal(dq_container_by_extension("b.GGUF"), &dq_container_gguf);
    assert_null(dq_container_by_extension("b.pt"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_are_spelled_as_numpy_does),
        cmocka_unit_test(zero_and_large_lengths_are_spelled),
        cmocka_unit_test(room_is_kept_for_a_longer_first_length),
        cmocka_unit_test(a_header_that_fits_gets_64_blanks_more),
        cmocka_unit_test(every_length_is_a_multiple_of_64),
        cmocka_unit_test(plans_place_data_behind_the_header),
        cmocka_unit_test(types_without_a_name_are_bytes),
        cmocka_unit_test(containers_are_found_by_name),
        cmocka_unit_test(containers_are_found_by_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
