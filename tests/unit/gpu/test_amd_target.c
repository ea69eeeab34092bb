/* The targets of AMD's cards, from what their kernel driver lists, and what helps one without code. */
#include "gpu/amd_target.h"
#include "scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void write_node(struct scratch *s, int number, const char *properties)
{
    char name[64];
    snprintf(name, sizeof name, "%d", number);
    assert_int_equal(mkdir(scratch_path(s, name), 0700), 0);
    snprintf(name, sizeof name, "%d/properties", number);
    scratch_write(s, name, properties, strlen(properties));
}

static void check_target(struct scratch *s, const char *pci, const char *wanted)
{
    char target[16] = "unchanged";
    dq_amd_target(s->dir, pci, target, sizeof target);
    assert_string_equal(target, wanted);
}

static void cards_are_found_by_their_address(void **state)
{
    struct scratch *s = *state;
    write_node(s, 0, "cpu_cores_count 16\nlocation_id 0\ndomain 0\ngfx_target_version 0\n");
    write_node(s, 1, "gfx_target_version 90010\nlocation_id 2816\ndomain 0\n");   /* 0b:00.0 */
    write_node(s, 2, "gfx_target_version 100301\nlocation_id 2816\ndomain 1\n");  /* 1:0b:00.0 */
    write_node(s, 3, "gfx_target_version 110501\nlocation_id 49416\ndomain 0\n"); /* c1:01.0 */
    check_target(s, "0000:0b:00.0", "gfx90a");
    check_target(s, "0001:0b:00.0", "gfx1031");
    check_target(s, "0000:c1:01.0", "gfx1151");
    check_target(s, "0000:c1:00.0", "");
    check_target(s, "0000:00:00.0", ""); /* a processor */
    check_target(s, "nonsense", "");
    check_target(s, "", "");
}

/* Of an MI300 in eight parts, each has a node, with its number, here 7, in
 * the highest bits of the location, here 05:00.0. */
static void parts_of_a_card_are_that_card(void **state)
{
    struct scratch *s = *state;
    write_node(s, 0, "gfx_target_version 90402\nlocation_id 1879049472\ndomain 0\n");
    check_target(s, "0000:05:00.0", "gfx942");
}

static void no_kernel_driver_knows_no_target(void **state)
{
    char target[16] = "unchanged";
    (void)state;
    dq_amd_target("/nonexistent", "0000:0b:00.0", target, sizeof target);
    assert_string_equal(target, "");
}

static void targets_are_found_among_others(void **state)
{
    static const char targets[] = "gfx900 gfx90a:sramecc+:xnack- gfx1030  gfx11-generic";
    (void)state;
    assert_true(dq_amd_is_among(targets, "gfx900"));
    assert_true(dq_amd_is_among(targets, "gfx90a")); /* whatever the features */
    assert_true(dq_amd_is_among(targets, "gfx1030"));
    assert_true(dq_amd_is_among(targets, "gfx11-generic"));
    assert_true(dq_amd_is_among("gfx900", "gfx900"));
    assert_false(dq_amd_is_among(targets, "gfx90"));
    assert_false(dq_amd_is_among(targets, "gfx9000"));
    assert_false(dq_amd_is_among(targets, "gfx103"));
    assert_false(dq_amd_is_among(targets, "gfx11"));
    assert_false(dq_amd_is_among(targets, "gfx1100"));
    assert_false(dq_amd_is_among(targets, "")); /* not known */
    assert_false(dq_amd_is_among("", "gfx900"));
    assert_false(dq_amd_is_among("", ""));
}

/* The header, and the metadata's name of a target. */
static void a_code_object_becomes_that_of_a_sibling(void **state)
{
    static const char name[] = "amdhsa.target\xba"
                               "amdgcn-amd-amdhsa--gfx1030\xae"
                               "amdhsa.version";
    static const char sibling[] = "amdhsa.target\xba"
                                  "amdgcn-amd-amdhsa--gfx1036\xae"
                                  "amdhsa.version";
    static const uint8_t flags[] = {0x45, 0x03, 0x02, 0x01};
    uint8_t elf[200];
    uint8_t wanted[200];
    (void)state;
    memset(elf, 0xa5, sizeof elf);
    memcpy(elf + 100, name, sizeof name);
    memcpy(wanted, elf, sizeof elf);
    memcpy(wanted + 48, flags, sizeof flags);
    memcpy(wanted + 100, sibling, sizeof sibling);
    dq_amd_make_sibling(elf, sizeof elf, "gfx1036", 0x01020345);
    assert_memory_equal(elf, wanted, sizeof elf);
    /* At the end, and cut off there. */
    memcpy(elf + 200 - 26, "amdgcn-amd-amdhsa--gfx1030", 26);
    dq_amd_make_sibling(elf, sizeof elf, "gfx1031", 0x01020345);
    assert_memory_equal(elf + 200 - 7, "gfx1031", 7);
    dq_amd_make_sibling(elf, sizeof elf - 1, "gfx1033", 0x01020345);
    assert_memory_equal(elf + 200 - 7, "gfx1031", 7);
}

static void check_advice(const char *target, const char *override, const char *sibling)
{
    static const char targets[] = "gfx900 gfx908 gfx90a gfx942 gfx1030 gfx1201 gfx11-generic";
    char advice[256] = "unchanged";
    char wanted[256] = "";
    size_t len = 0;
    if (override)
        len = (size_t)snprintf(wanted, sizeof wanted,
            "; HSA_OVERRIDE_GFX_VERSION=%s makes it run the code for %s", override, sibling);
    if (*target)
        snprintf(wanted + len, sizeof wanted - len, "; a build with -Dhip_targets=%s has its own",
            target);
    dq_amd_advise(target, targets, advice, sizeof advice);
    assert_string_equal(advice, wanted);
}

static void a_card_may_run_the_code_of_its_family(void **state)
{
    (void)state;
    check_advice("gfx1031", "10.3.0", "gfx1030");
    check_advice("gfx1200", "12.0.1", "gfx1201");
    check_advice("gfx90c", "9.0.0", "gfx900");
    check_advice("gfx940", "9.4.2", "gfx942");
    check_advice("gfx1010", NULL, NULL);
    check_advice("gfx950", NULL, NULL);
    check_advice("gfx1100", NULL, NULL); /* generic code needs no help, or does not run */
    check_advice(
        "gfx103", NULL, NULL); /* no target: neither of the family of gfx1030 nor of gfx900 */
    check_advice("", NULL, NULL);
}

/* Of what begins with gfx90, two have instructions of their own. */
static void a_card_of_its_own_kind_has_no_family(void **state)
{
    char advice[256];
    (void)state;
    dq_amd_advise("gfx90a", "gfx900 gfx906 gfx908", advice, sizeof advice);
    assert_string_equal(advice, "; a build with -Dhip_targets=gfx90a has its own");
    dq_amd_advise("gfx90c", "gfx908 gfx90a:xnack- gfx90a", advice, sizeof advice);
    assert_string_equal(advice, "; a build with -Dhip_targets=gfx90c has its own");
}

static void advice_is_cut_to_its_place(void **state)
{
    char advice[40];
    (void)state;
    dq_amd_advise("gfx1031", "gfx1030", advice, sizeof advice);
    assert_string_equal(advice, "; HSA_OVERRIDE_GFX_VERSION=10.3.0 makes");
    dq_amd_advise("gfx1010", "gfx1030", advice, sizeof advice);
    assert_string_equal(advice, "; a build with -Dhip_targets=gfx1010 ha");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(cards_are_found_by_their_address),
        scratch_test(parts_of_a_card_are_that_card),
        cmocka_unit_test(no_kernel_driver_knows_no_target),
        cmocka_unit_test(targets_are_found_among_others),
        cmocka_unit_test(a_code_object_becomes_that_of_a_sibling),
        cmocka_unit_test(a_card_may_run_the_code_of_its_family),
        cmocka_unit_test(a_card_of_its_own_kind_has_no_family),
        cmocka_unit_test(advice_is_cut_to_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
