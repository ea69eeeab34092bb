/* Which processors this process may use: affinity masks, and quotas of control groups in a copy of the
 * files in which the kernel says them. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "base/processors.h"

#include "dq_test.h"
#include "scratch.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Writes a file below the folder of the test and creates the folders on its way. */
static const char *put(struct scratch *s, const char *name, const char *text)
{
    char path[1024];
    const char *root = scratch_path(s, "root");
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *p = path + strlen(root); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        mkdir(path, 0777);
        *p = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return root;
}

static void without_groups_all_processors_count(void **state)
{
    const unsigned n = dq_processors(scratch_path(*state, "nothing"));
    assert_int_equal(dq_processors(put(*state, "proc/self/cgroup", "")), n);
    put(*state, "proc/self/cgroup", "0::/a/b\n");
    put(*state, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    assert_int_equal(dq_processors(scratch_path(*state, "root")), n);
    put(*state, "sys/fs/cgroup/a/cpu.max", "6400000000 100000\n");
    assert_int_equal(dq_processors(scratch_path(*state, "root")), n);
}

static void only_the_affinity_mask_counts(void **state)
{
#ifdef __linux__
    cpu_set_t all;
    cpu_set_t one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t i = 0; CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    const unsigned n = dq_processors(scratch_path(*state, "nothing"));
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(n, 1);
    assert_int_equal(dq_processors(scratch_path(*state, "nothing")), CPU_COUNT(&all));
#else
    (void)state;
#endif
}

/* The same quotas in both versions, in the group of the process or above it. A machine with one
 * processor cannot tell them apart, so the mask is simulated by what the groups allow. */
static void quotas_are_rounded_up(void **state)
{
    static const struct {
        const char *quota;
        const char *period;
        unsigned allowed;
    } rows[] = {{"1", "100000", 1}, {"50000", "100000", 1}, {"100000", "100000", 1},
        {"100001", "100000", 2}, {"150000", "100000", 2}, {"9000000", "100000", 90}};
    const unsigned all = dq_processors(scratch_path(*state, "nothing"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        const unsigned expected = rows[i].allowed < all ? rows[i].allowed : all;
        snprintf(text, sizeof text, "%s %s\n", rows[i].quota, rows[i].period);
        put(*state, "proc/self/cgroup", "0::/slice/job\n");
        put(*state, "sys/fs/cgroup/slice/job/cpu.max", "max 100000\n");
        const char *root = put(*state, "sys/fs/cgroup/slice/cpu.max", text);
        assert_int_equal(dq_processors(root), expected);
        put(*state, "proc/self/cgroup", "9:cpuset:/\n4:cpu,cpuacct:/docker/1\n0::/other\n");
        put(*state, "sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", rows[i].quota);
        put(*state, "sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", rows[i].period);
        assert_int_equal(dq_processors(root), expected);
        put(*state, "sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "-1\n");
        assert_int_equal(dq_processors(root), all);
    }
}

/* In a container, the group that /proc names may not be visible, but its files are at the root. */
static void a_container_sees_its_group_at_the_root(void **state)
{
    put(*state, "proc/self/cgroup", "0::/../../kubepods/pod1\n");
    assert_int_equal(dq_processors(put(*state, "sys/fs/cgroup/cpu.max", "100000 100000\n")), 1);
}

static void nonsense_is_ignored(void **state)
{
    static const char *const texts[] = {"", "\n", "1 0\n", "0 0\n", "-5 100000\n", "x y\n", "7\n"};
    const unsigned all = dq_processors(scratch_path(*state, "nothing"));
    put(*state, "proc/self/cgroup", "\n:\n::\n0::/\n12:cpu\n");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(dq_processors(put(*state, "sys/fs/cgroup/cpu.max", texts[i])), all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(without_groups_all_processors_count),
        scratch_test(only_the_affinity_mask_counts),
        scratch_test(quotas_are_rounded_up),
        scratch_test(a_container_sees_its_group_at_the_root),
        scratch_test(nonsense_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
