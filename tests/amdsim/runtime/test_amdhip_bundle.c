/* Which code object is picked for a card: bundles and code objects made of headers alone. */
#include "amdhip_bundle.h"
#include "dq_test.h"

#include <string.h>

enum {
    ROOM = 4096,
    ELF_LEN = 64,
    GFX900 = 0x2c,
    GFX90A = 0x3f,
    GFX1151 = 0x4a,
    GFX11_GENERIC = 0x54,
    XNACK_OFF = 2 << 8,
    XNACK_ON = 3 << 8,
    SRAMECC_ON = 3 << 10
};

struct image {
    uint8_t bytes[ROOM];
    size_t at; /* of the next entry of the bundle, and of the next code object */
    size_t code_at;
};

static void put_u64(uint8_t *p, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* The header of a code object without sections. */
static void put_elf(uint8_t *p, uint32_t flags)
{
    static const uint8_t head[] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 64};
    memset(p, 0, ELF_LEN);
    memcpy(p, head, sizeof head);
    p[18] = 224; /* AMDGPU */
    p[48] = (uint8_t)flags;
    p[49] = (uint8_t)(flags >> 8);
}

static void begin_bundle(struct image *b, unsigned n)
{
    memset(b, 0, sizeof *b);
    memcpy(b->bytes, "__CLANG_OFFLOAD_BUNDLE__", 24);
    put_u64(b->bytes + 24, n);
    b->at = 32;
    b->code_at = ROOM / 2;
}

/* Adds an entry and returns where its code object is. */
static const uint8_t *add(struct image *b, const char *id)
{
    uint8_t *code = b->bytes + b->code_at;
    put_u64(b->bytes + b->at, b->code_at);
    put_u64(b->bytes + b->at + 8, ELF_LEN + 1);
    put_u64(b->bytes + b->at + 16, strlen(id));
    memcpy(b->bytes + b->at + 24, id, strlen(id));
    b->at += 24 + strlen(id);
    b->code_at += ELF_LEN + 1;
    put_elf(code, 0);
    return code;
}

static struct hip_target target(const char *text)
{
    struct hip_target t;
    assert_true(hip_target_parse(text, strlen(text), &t));
    return t;
}

static hipError_t pick(const void *image, const char *card, const void **out, size_t *out_len)
{
    const struct hip_target t = target(card);
    *out = NULL;
    *out_len = 0;
    return hip_pick_code(image, &t, true, out, out_len);
}

static void check_picked(const void *image, const char *card, const void *code)
{
    const void *got;
    size_t len;
    assert_int_equal(pick(image, card, &got, &len), hipSuccess);
    assert_ptr_equal(got, code);
    assert_int_equal(len, ELF_LEN + 1);
}

static void check_none(const void *image, const char *card, hipError_t code)
{
    const void *got;
    size_t len;
    assert_int_equal(pick(image, card, &got, &len), code);
    assert_null(got);
}

static void targets_have_features(void **state)
{
    static const char *const wrong[] = {"", "gfx", "sm_90", "gfx90a:", "gfx90a:xnack",
        "gfx90a:xnack*", "gfx90a:xnack+:sramecc+", "gfx90a:ecc+", "gfx90123456789abcdef"};
    struct hip_target t;
    (void)state;
    t = target("gfx90a");
    assert_string_equal(t.processor, "gfx90a");
    assert_true(t.sramecc == ' ' && t.xnack == ' ');
    t = target("gfx90a:sramecc+:xnack-");
    assert_true(t.sramecc == '+' && t.xnack == '-');
    t = target("gfx1030:xnack+");
    assert_true(t.sramecc == ' ' && t.xnack == '+');
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (hip_target_parse(wrong[i], strlen(wrong[i]), &t))
            fail_msg("'%s' is read as %s", wrong[i], t.processor);
    }
}

static void the_entry_of_the_card_is_picked(void **state)
{
    struct image b;
    (void)state;
    begin_bundle(&b, 6);
    add(&b, "host-x86_64-unknown-linux--");
    const uint8_t *first = add(&b, "hipv4-amdgcn-amd-amdhsa--gfx900");
    const uint8_t *second = add(&b, "hipv4-amdgcn-amd-amdhsa--gfx90a");
    const uint8_t *old = add(&b, "hip-amdgcn-amd-amdhsa-gfx906");
    add(&b, "openmp-amdgcn-amd-amdhsa--gfx908");
    add(&b, "hipv4-spirv64-amd-amdhsa--amdgcnspirv");
    check_picked(&b, "gfx900:xnack-", first);
    check_picked(&b, "gfx90a:sramecc+:xnack-", second);
    check_picked(&b, "gfx906:sramecc+:xnack-", old);
    check_none(&b, "gfx908", hipErrorNoBinaryForGpu);
    check_none(&b, "gfx90", hipErrorNoBinaryForGpu);
    check_none(&b, "gfx90aa", hipErrorNoBinaryForGpu);
}

static void features_have_to_be_those_of_the_card(void **state)
{
    struct image b;
    (void)state;
    begin_bundle(&b, 4);
    const uint8_t *on = add(&b, "hipv4-amdgcn-amd-amdhsa--gfx90a:xnack+");
    const uint8_t *off = add(&b, "hipv4-amdgcn-amd-amdhsa--gfx90a:xnack-");
    const uint8_t *ecc = add(&b, "hipv4-amdgcn-amd-amdhsa--gfx906:sramecc-");
    const uint8_t *any = add(&b, "hipv4-amdgcn-amd-amdhsa--gfx906");
    check_picked(&b, "gfx90a:sramecc+:xnack+", on);
    check_picked(&b, "gfx90a:sramecc+:xnack-", off);
    check_picked(&b, "gfx906:sramecc-:xnack-", ecc);
    check_picked(&b, "gfx906:sramecc+:xnack-", any);
}

static void a_code_object_is_taken_as_it_is(void **state)
{
    uint8_t elf[512] = {0};
    const void *got;
    size_t len;
    (void)state;
    put_elf(elf, GFX900);
    elf[40] = 128; /* two section headers here, the second of 40 bytes at 300 */
    elf[58] = 64;
    elf[60] = 2;
    put_u64(elf + 128 + 64 + 24, 300);
    put_u64(elf + 128 + 64 + 32, 40);
    assert_int_equal(pick(elf, "gfx900:xnack-", &got, &len), hipSuccess);
    assert_ptr_equal(got, elf);
    assert_int_equal(len, 340);
    elf[128 + 64 + 4] = 8; /* without bytes in the file */
    assert_int_equal(pick(elf, "gfx900:xnack-", &got, &len), hipSuccess);
    assert_int_equal(len, 300);
    put_u64(elf + 128 + 64 + 24, 0);
    assert_int_equal(pick(elf, "gfx900:xnack-", &got, &len), hipSuccess);
    assert_int_equal(len, 256);
}

static void a_code_object_has_features(void **state)
{
    uint8_t elf[ELF_LEN];
    const void *got;
    size_t len;
    (void)state;
    put_elf(elf, GFX90A | XNACK_OFF | SRAMECC_ON);
    assert_int_equal(pick(elf, "gfx90a:sramecc+:xnack-", &got, &len), hipSuccess);
    check_none(elf, "gfx90a:sramecc+:xnack+", hipErrorNoBinaryForGpu);
    check_none(elf, "gfx90a:sramecc-:xnack-", hipErrorNoBinaryForGpu);
    put_elf(elf, GFX90A | XNACK_ON);
    assert_int_equal(pick(elf, "gfx90a:sramecc+:xnack+", &got, &len), hipSuccess);
    check_none(elf, "gfx90a:sramecc+:xnack-", hipErrorNoBinaryForGpu);
}

static void what_is_no_code_object_is_refused(void **state)
{
    struct image b;
    uint8_t elf[ELF_LEN];
    (void)state;
    begin_bundle(&b, 1);
    add(&b, "hipv4-amdgcn-amd-amdhsa--gfx900");
    b.bytes[ROOM / 2] = 0;
    check_none(&b, "gfx900", hipErrorInvalidImage);
    put_elf(elf, 0);
    elf[18] = 62; /* x86-64 */
    check_none(elf, "gfx900", hipErrorInvalidImage);
    put_elf(elf, 0);
    elf[4] = 1; /* 32 bits */
    check_none(elf, "gfx900", hipErrorInvalidImage);
    memcpy(elf, "__CLANG_OFFLOAD_BUNDLE", 23);
    check_none(elf, "gfx900", hipErrorInvalidImage);
    begin_bundle(&b, 0);
    check_none(&b, "gfx900", hipErrorNoBinaryForGpu);
    put_u64(b.bytes + 24, 1 << 20);
    check_none(&b, "gfx900", hipErrorInvalidImage);
}

static void code_is_for_one_processor(void **state)
{
    uint8_t elf[ELF_LEN];
    (void)state;
    put_elf(elf, GFX1151);
    check_none(elf, "gfx1150", hipErrorNoBinaryForGpu);
    check_none(elf, "gfx11", hipErrorNoBinaryForGpu);
    put_elf(elf, 0x2b); /* gfx810, which this does not play */
    check_none(elf, "gfx900", hipErrorNoBinaryForGpu);
}

static bool runs(const char *card, const char *code, bool takes_generic)
{
    const struct hip_target a = target(card);
    const struct hip_target b = target(code);
    return hip_target_runs(&a, &b, takes_generic);
}

static void generic_code_runs_on_its_family(void **state)
{
    struct image b;
    uint8_t elf[ELF_LEN];
    const struct hip_target card = target("gfx1151");
    const void *got = NULL;
    size_t len;
    (void)state;
    assert_true(runs("gfx1100", "gfx1100", false));
    assert_false(runs("gfx1100", "gfx1101", true));
    assert_true(runs("gfx1100", "gfx11-generic", true));
    assert_true(runs("gfx1151", "gfx11-generic", true));
    assert_false(runs("gfx1151", "gfx11-generic", false));
    assert_true(runs("gfx90c:xnack-", "gfx9-generic", true));
    assert_false(runs("gfx90c:xnack-", "gfx9-generic:xnack+", true));
    assert_false(runs("gfx90a", "gfx9-generic", true));
    assert_true(runs("gfx942", "gfx9-4-generic", true));
    assert_false(runs("gfx1030", "gfx10-1-generic", true));
    put_elf(elf, GFX11_GENERIC);
    assert_int_equal(hip_pick_code(elf, &card, false, &got, &len), hipErrorNoBinaryForGpu);
    assert_int_equal(hip_pick_code(elf, &card, true, &got, &len), hipSuccess);
    /* In a bundle it is second to the code of the card, wherever it is. */
    begin_bundle(&b, 2);
    const uint8_t *generic = add(&b, "hipv4-amdgcn-amd-amdhsa--gfx11-generic");
    const uint8_t *own = add(&b, "hipv4-amdgcn-amd-amdhsa--gfx1100");
    check_picked(&b, "gfx1100", own);
    check_picked(&b, "gfx1151", generic);
    assert_int_equal(hip_pick_code(&b, &card, false, &got, &len), hipErrorNoBinaryForGpu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_have_features),
        cmocka_unit_test(the_entry_of_the_card_is_picked),
        cmocka_unit_test(features_have_to_be_those_of_the_card),
        cmocka_unit_test(a_code_object_is_taken_as_it_is),
        cmocka_unit_test(a_code_object_has_features),
        cmocka_unit_test(what_is_no_code_object_is_refused),
        cmocka_unit_test(code_is_for_one_processor),
        cmocka_unit_test(generic_code_runs_on_its_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
