/* Digests: BLAKE3's own test vectors on every level, in parts and in any order, and SHA-256. */
#include "dq_test.h"
#include "levels.h"
#include "reduce/hash.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { LEN_MAX = 1 << 20 };

static const struct {
    size_t len;
    const char *hex;
} vectors[] = {
#define VECTOR(len, hex) {len, hex},
#include "blake3_vectors.def"
};

enum { N_VECTORS = sizeof vectors / sizeof *vectors };

/* The input of the vectors. */
static uint8_t *input(void)
{
    uint8_t *bytes = malloc(LEN_MAX);
    assert_non_null(bytes);
    for (size_t i = 0; i < LEN_MAX; i++)
        bytes[i] = (uint8_t)(i % 251);
    return bytes;
}

struct part {
    size_t off;
    size_t len;
};

/* Hashes len bytes in parts, in their order. */
static void hash_parts(const struct dq_hash_algorithm *a, const struct dq_cpu *cpu,
    const uint8_t *bytes, size_t len, const struct part *parts, size_t n_parts,
    char hex[DQ_HASH_HEX + 1])
{
    uint8_t digest[DQ_HASH_LEN];
    struct dq_error e;
    void *hash = a->start(len);
    assert_non_null(hash);
    for (size_t i = 0; i < n_parts; i++) {
        /* A copy of the part alone: a sanitizer sees what is read beyond it. */
        uint8_t *copy = malloc(parts[i].len + 1);
        assert_non_null(copy);
        memcpy(copy + 1, bytes + parts[i].off, parts[i].len);
        assert_int_equal(a->add(hash, cpu, copy + 1, parts[i].len, parts[i].off, &e), 0);
        free(copy);
    }
    a->finish(hash, cpu, digest);
    a->free(hash);
    dq_hash_to_hex(digest, hex);
}

static void vectors_of_blake3_are_met(void **state)
{
    uint8_t *bytes = input();
    (void)state;
    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu)) {
        for (size_t i = 0; i < N_VECTORS; i++) {
            char hex[DQ_HASH_HEX + 1];
            const struct part all = {0, vectors[i].len};
            hash_parts(&dq_blake3, cpu, bytes, vectors[i].len, &all, 1, hex);
            if (strcmp(hex, vectors[i].hex) != 0)
                fail_msg("%s, %zu bytes: %s, but should be %s", cpu->name, vectors[i].len, hex,
                    vectors[i].hex);
        }
    }
    free(bytes);
}

/* Cuts len bytes into at most n parts at random, some at multiples of 1 KiB, and shuffles them. */
static size_t cut(struct rng *r, size_t len, struct part *parts, size_t n)
{
    size_t off = 0;
    size_t n_parts = 0;
    while (off < len) {
        size_t part = (size_t)rng_between(r, 1, (int64_t)(2 * len / n + 1));
        if (rng_u64(r) % 2 == 0)
            part = (part / DQ_BLAKE3_CHUNK + 1) * DQ_BLAKE3_CHUNK - off % DQ_BLAKE3_CHUNK;
        if (part > len - off || n_parts + 1 == n)
            part = len - off;
        parts[n_parts++] = (struct part){off, part};
        off += part;
    }
    for (size_t i = n_parts; i > 1; i--) {
        const size_t k = (size_t)(rng_u64(r) % i);
        const struct part p = parts[k];
        parts[k] = parts[i - 1];
        parts[i - 1] = p;
    }
    return n_parts;
}

static void the_order_of_parts_does_not_matter(void **state)
{
    enum { N_PARTS = 40 };
    static const size_t lens[] = {
        1, 1000, 1024, 1025, 2048, 5000, 8192, 8193, 100000, 131072, 700001, LEN_MAX};
    uint8_t *bytes = input();
    struct rng r = {1};
    struct part parts[N_PARTS];
    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        char expected[DQ_HASH_HEX + 1];
        const struct part all = {0, lens[i]};
        hash_parts(&dq_blake3, dq_cpu_levels[0], bytes, lens[i], &all, 1, expected);
        for (int k = 0; k < 50; k++) {
            char hex[DQ_HASH_HEX + 1];
            const size_t n = cut(&r, lens[i], parts, N_PARTS);
            hash_parts(&dq_blake3, dq_cpu_best(), bytes, lens[i], parts, n, hex);
            assert_string_equal(hex, expected);
        }
    }
    free(bytes);
}

/* Of a message beyond 4 TiB: inputs that are hashed together are hashed as each alone. */
static void chunks_are_counted_in_64_bits(void **state)
{
    enum { N = 37 };
    const uint64_t first = ((uint64_t)1 << 32) - 5;
    uint8_t *bytes = input();
    (void)state;
    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu)) {
        uint8_t together[N * DQ_BLAKE3_CV];
        struct dq_blake3_inputs in = {
            .bytes = bytes, .n = N, .n_blocks = 16, .last_len = 64, .counter = first};
        cpu->blake3(&in, together);
        for (size_t i = 0; i < N; i++) {
            uint8_t alone[DQ_BLAKE3_CV];
            const struct dq_blake3_inputs one = {.bytes = bytes + i * DQ_BLAKE3_CHUNK,
                .n = 1,
                .n_blocks = 16,
                .last_len = 64,
                .counter = first + i};
            dq_cpu_levels[0]->blake3(&one, alone);
            assert_memory_equal(together + i * DQ_BLAKE3_CV, alone, DQ_BLAKE3_CV);
        }
        /* 2^32 is not 0. */
        in.counter = 0;
        in.n = 1;
        in.bytes = bytes + 5 * DQ_BLAKE3_CHUNK;
        uint8_t low[DQ_BLAKE3_CV];
        cpu->blake3(&in, low);
        assert_memory_not_equal(together + 5 * DQ_BLAKE3_CV, low, DQ_BLAKE3_CV);
    }
    free(bytes);
}

/* The examples of FIPS 180-2. */
static void sha256_is_that_of_the_standard(void **state)
{
    static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static const struct part halves[] = {{0, 10}, {10, sizeof text - 11}};
    char hex[DQ_HASH_HEX + 1];
    (void)state;
    if (dq_sha256.missing)
        return;
    hash_parts(&dq_sha256, NULL, (const uint8_t *)text, sizeof text - 1, halves, 2, hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    hash_parts(&dq_sha256, NULL, (const uint8_t *)text, 0, NULL, 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void digits_are_read_back(void **state)
{
    static const char hex[] = "00ff10a50123456789abcdef0123456789abcdef0123456789abcdef01234567";
    static const char upper[] =
        "00FF10A50123456789ABCDEF0123456789abcdef0123456789abcdef01234567  x";
    char again[DQ_HASH_HEX + 1];
    char wrong[sizeof hex];
    uint8_t digest[DQ_HASH_LEN];
    (void)state;
    assert_true(dq_hash_of_hex(hex, digest));
    assert_int_equal(digest[1], 0xff);
    assert_int_equal(digest[3], 0xa5);
    assert_string_equal(dq_hash_to_hex(digest, again), hex);
    assert_true(dq_hash_of_hex(upper, digest));
    assert_string_equal(dq_hash_to_hex(digest, again), hex);
    for (size_t i = 0; i < DQ_HASH_HEX; i++) {
        memcpy(wrong, hex, sizeof hex);
        wrong[i] = i % 2 ? 'g' : '\0';
        assert_false(dq_hash_of_hex(wrong, digest));
    }
}

static void names_are_exact(void **state)
{
    (void)state;
    assert_ptr_equal(dq_hash_by_name("blake3"), &dq_blake3);
    assert_ptr_equal(dq_hash_by_name("sha256"), &dq_sha256);
    assert_null(dq_hash_by_name("sha1"));
    assert_null(dq_hash_by_name(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_blake3_are_met),
        cmocka_unit_test(the_order_of_parts_does_not_matter),
        cmocka_unit_test(chunks_are_counted_in_64_bits),
        cmocka_unit_test(sha256_is_that_of_the_standard),
        cmocka_unit_test(digits_are_read_back),
        cmocka_unit_test(names_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
