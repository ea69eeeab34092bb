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

static void check_advice(const char *target, const char *wanted)
{
    char advice[128] = "unchanged";
    dq_amd_advise(target, "gfx900 gfx90a gfx942 gfx1030 gfx1201", advice, sizeof advice);
    assert_string_equal(advice, wanted);
}

static void a_card_may_run_the_code_of_its_family(void **state)
{
    (void)state;
    check_advice("gfx1031", "; HSA_OVERRIDE_GFX_VERSION=10.3.0 makes it run the code for gfx1030");
    check_advice("gfx1200", "; HSA_OVERRIDE_GFX_VERSION=12.0.1 makes it run the code for gfx1201");
    check_advice("gfx90c", "; HSA_OVERRIDE_GFX_VERSION=9.0.0 makes it run the code for gfx900");
    check_advice("gfx940", "; HSA_OVERRIDE_GFX_VERSION=9.4.2 makes it run the code for gfx942");
    check_advice("gfx1010", "");
    check_advice("gfx950", "");
    check_advice("gfx103", ""); /* no target: neither the family of gfx1030 nor of gfx900 */
    check_advice("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(cards_are_found_by_their_address),
        scratch_test(parts_of_a_card_are_that_card),
        cmocka_unit_test(no_kernel_driver_knows_no_target),
        cmocka_unit_test(a_card_may_run_the_code_of_its_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
