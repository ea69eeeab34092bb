/* Every container, with arrays of random names, types and shapes. */
#include "container_check.h"
#include "dq_test.h"
#include "rng.h"
#include "scratch.h"
#include "sink/bytes.h"

#include <string.h>

enum { MAX_ARRAYS = 12, MAX_NAME = 80 };

static void random_name(struct rng *r, char *name, size_t *len)
{
    static const char *const pieces[] = {"a", "B", ".", "/", "..", "\"", "\\", "\n", "\x01", "\x7f",
        "\xc3\xbc", "\xe2\x80\xa8", "\xf0\x9f\x98\x80", "blk.0.attn_q.weight", "_norm", "\xff",
        "__metadata__", " ", "%", "{}", "u0041"};
    *len = 0;
    for (int64_t n = rng_between(r, 0, 5); n > 0; n--) {
        const char *piece = pieces[rng_between(r, 0, sizeof pieces / sizeof pieces[0] - 1)];
        if (*len + strlen(piece) > MAX_NAME)
            return;
        memcpy(name + *len, piece, strlen(piece));
        *len += strlen(piece);
    }
}

static void random_array(struct rng *r, struct dq_array *a, char *name)
{
    const int64_t type = rng_between(r, 0, DQ_TYPE_COUNT);
    *a = (struct dq_array){.name = name, .type = type < DQ_TYPE_COUNT ? &dq_types[type] : NULL};
    random_name(r, name, &a->name_len);
    a->n_shape = (size_t)rng_between(r, 0, 4);
    for (size_t i = 0; i < a->n_shape; i++)
        a->shape[i] = (uint64_t)rng_between(r, rng_between(r, 0, 9) == 0 ? 0 : 1, 5);
    container_fit(a);
}

static void random_arrays_are_read_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct rng r = {seed};
        struct dq_array arrays[MAX_ARRAYS];
        char names[MAX_ARRAYS][MAX_NAME];
        const size_t n = (size_t)rng_between(&r, 1, MAX_ARRAYS);
        for (size_t i = 0; i < n; i++)
            random_array(&r, &arrays[i], names[i]);
        const uint64_t max_shard = seed % 2 ? (uint64_t)rng_between(&r, 1, 5000) : 0;
        const char *problem = container_check(arrays, n, max_shard);
        if (problem)
            fail_msg("seed %d: %s", (int)seed, problem);
    }
}

static bool get_array(const void *arg, size_t i, struct dq_array *out)
{
    *out = ((const struct dq_array *)arg)[i];
    return true;
}

/* Checks into which files arrays of these sizes go; '0' is the first. */
static void check_shards(const struct dq_container *c, const char *files, uint64_t max_shard,
    const uint64_t *sizes, size_t n)
{
    struct dq_array arrays[8];
    struct dq_file_set s;
    struct dq_error e;
    char name[8];
    char found[9] = "";
    for (size_t i = 0; i < n; i++) {
        name[i] = (char)('a' + (int)i);
        arrays[i] = (struct dq_array){.name = &name[i],
            .name_len = 1,
            .type = &dq_types[DQ_TYPE_i8],
            .shape = {sizes[i]},
            .n_shape = 1,
            .n_bytes = sizes[i]};
    }
    const struct dq_set_request r = {.n = n,
        .get = get_array,
        .arg = arrays,
        .max_shard = max_shard,
        .stem = "s",
        .stem_len = 1,
        .dtype = DQ_DTYPE_native};
    check_ok(c->plan(&r, &s, &e), &e);
    for (size_t i = 0; i < n; i++)
        found[i] = (char)('0' + (int)s.places[i].file);
    assert_string_equal(found, files);
    dq_file_set_finish(&s);
}

/* As huggingface_hub fills shards, after the index, and as gguf-split does. */
static void shards_are_filled(void **state)
{
    static const uint64_t sizes[] = {40, 1000, 32, 28, 5, 100, 0, 101};
    static const uint64_t large[] = {(uint64_t)3 << 30, (uint64_t)3 << 30, (uint64_t)2 << 30};
    (void)state;
    check_shards(&dq_container_safetensors, "21223554", 100, sizes, 8);
    check_shards(&dq_container_safetensors, "00000000", 2000, sizes, 8);
    check_shards(&dq_container_safetensors, "00000000", 0, sizes, 8);
    check_shards(&dq_container_safetensors, "123", 5000000000, large, 3);
    check_shards(&dq_container_gguf, "01222344", 100, sizes, 8);
    check_shards(&dq_container_gguf, "00000000", 0, sizes, 8);
}

static void offsets_pass_32_bits(void **state)
{
    static const struct dq_container *const all[] = {
        &dq_container_npz, &dq_container_safetensors, &dq_container_gguf};
    const uint64_t n = (uint64_t)5 << 30;
    struct dq_array arrays[3];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        arrays[i] = (struct dq_array){.name = &"abc"[i],
            .name_len = 1,
            .type = &dq_types[DQ_TYPE_f32],
            .shape = {n},
            .n_shape = 1,
            .n_bytes = 4 * n};
    const struct dq_set_request r = {
        .n = 3, .get = get_array, .arg = arrays, .dtype = DQ_DTYPE_f32};
    for (size_t k = 0; k < 3; k++) {
        struct dq_file_set s;
        struct dq_error e;
        check_ok(all[k]->plan(&r, &s, &e), &e);
        assert_true(s.places[1].offset - s.places[0].offset >= 4 * n);
        assert_true(s.places[1].offset - s.places[0].offset < 4 * n + 1000);
        assert_true(s.places[2].offset - s.places[1].offset >= 4 * n);
        assert_true(s.files[0].len >= s.places[2].offset + 4 * n);
        dq_file_set_finish(&s);
    }
}

static void check_json(const char *text, bool ascii, const char *wanted)
{
    struct dq_bytes b = {0};
    dq_bytes_json(&b, text, strlen(text), ascii);
    dq_bytes_number(&b, 0, 1);
    assert_false(b.failed);
    assert_string_equal((const char *)b.bytes, wanted);
    dq_bytes_finish(&b);
}

static void text_is_escaped_as_json(void **state)
{
    (void)state;
    check_json("a/b\"\\\b\f\n\r\t\x1f\x7f", false, "\"a/b\\\"\\\\\\b\\f\\n\\r\\t\\u001f\x7f\"");
    check_json(
        "\xc3\xbc\xe2\x80\xa8\xf0\x9f\x98\x80", false, "\"\xc3\xbc\xe2\x80\xa8\xf0\x9f\x98\x80\"");
    check_json("\xc3\xbc\xe2\x80\xa8\xf0\x9f\x98\x80", true, "\"\\u00fc\\u2028\\ud83d\\ude00\"");
    check_json("", true, "\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_arrays_are_read_back),
        cmocka_unit_test(shards_are_filled),
        cmocka_unit_test(offsets_pass_32_bits),
        cmocka_unit_test(text_is_escaped_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
