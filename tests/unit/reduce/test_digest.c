/* Files named after their content: which names are, and the digest. */
#include "dq_test.h"
#include "reduce/digest.h"
#include "scratch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void names_of_the_two_caches_are_known(void **state)
{
    static const struct {
        const char *path;
        bool known;
    } rows[] = {
        {HEX, true},
        {"./blobs/" HEX, true},
        {"/a/sha256-" HEX, true},
        {"sha256:" HEX, true},
        {"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdeF", true},
        {HEX "0", false},
        {HEX ".gguf", false},
        {"sha1-" HEX, false},
        {"x" HEX, false},
        {"g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false},
        {"sha256-", false},
        {"sha256-sha256:" HEX, false},
        {HEX "/model.gguf", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char hex[DQ_HASH_HEX + 1];
        if (dq_digest_of_name(rows[i].path, hex) != rows[i].known)
            fail_msg("'%s' is%s known", rows[i].path, rows[i].known ? " not" : "");
        if (rows[i].known)
            assert_string_equal(hex, HEX);
    }
}

static void links_are_followed(void **state)
{
    struct scratch *s = *state;
    char hex[DQ_HASH_HEX + 1];
    const char *file = scratch_write(s, HEX, "x", 1);
    const char *first = scratch_path(s, "first");
    const char *second = scratch_path(s, "second");
    const char *dangling = scratch_path(s, "dangling");
    assert_int_equal(symlink(file, first), 0);
    assert_int_equal(symlink(first, second), 0);
    assert_int_equal(symlink("nothing", dangling), 0);
    assert_true(dq_digest_of_name(second, hex));
    assert_string_equal(hex, HEX);
    assert_false(dq_digest_of_name(dangling, hex));
    assert_false(dq_digest_of_name(scratch_write(s, "other", "x", 1), hex));
}

static void count(void *arg, uint64_t n_bytes)
{
    *(uint64_t *)arg += n_bytes;
}

static void digest_is(const char *bytes, size_t len, const char *expected)
{
    const struct dq_memory_file file = {"m", bytes, len};
    const struct dq_memory_store store = DQ_MEMORY_STORE(&file, 1);
    struct dq_source *s;
    struct dq_error e;
    char hex[DQ_HASH_HEX + 1];
    uint64_t n_read = 0;
    check_ok(store.store.open(&store.store, "m", &s, &e), &e);
    check_ok(dq_digest_of_source(s, count, &n_read, hex, &e), &e);
    dq_source_close(s);
    assert_string_equal(hex, expected);
    assert_int_equal(n_read, len);
}

/* The examples of FIPS 180-4's test vectors. */
static void the_digest_is_sha_256(void **state)
{
    enum { MILLION = 1000000 };
    char *many = malloc(MILLION);
    (void)state;
    assert_non_null(many);
    memset(many, 'a', MILLION);
    if (!dq_digest_available())
        fail_msg("the tests need nettle");
    digest_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_is(many, MILLION, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(many);
}

static void a_file_that_became_shorter_is_an_error(void **state)
{
    struct dq_source *s;
    struct dq_error e;
    char hex[DQ_HASH_HEX + 1];
    const char *path = scratch_write(*state, "m", "abc", 3);
    check_ok(dq_file_store.open(&dq_file_store, path, &s, &e), &e);
    assert_int_equal(truncate(path, 2), 0);
    check_error(
        dq_digest_of_source(s, NULL, NULL, hex, &e), &e, DQ_ERR_IO, "the file ends at offset");
    dq_source_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_the_two_caches_are_known),
        scratch_test(links_are_followed),
        cmocka_unit_test(the_digest_is_sha_256),
        scratch_test(a_file_that_became_shorter_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
