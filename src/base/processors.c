#ifdef __linux__
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT_S */
#endif
#include "base/processors.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 4096 };

static unsigned in_affinity_mask(void)
{
#ifdef __linux__
    for (size_t n = 1024; n <= 1 << 20; n *= 2) { /* too small a set fails with EINVAL */
        cpu_set_t *set = CPU_ALLOC(n);
        const size_t size = CPU_ALLOC_SIZE(n);
        const bool ok = set && sched_getaffinity(0, size, set) == 0;
        const int count = ok ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (ok)
            return count > 0 ? (unsigned)count : 1;
    }
#endif
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

/* Reads the first line of a file of a group. Returns false if there is none. */
static bool read_line(const char *group, const char *name, char line[LINE])
{
    char path[2 * LINE];
    if (snprintf(path, sizeof path, "%s/%s", group, name) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    const bool ok = file && fgets(line, LINE, file);
    if (file)
        fclose(file);
    return ok;
}

static unsigned min_with_quota(unsigned n, long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return n;
    const long long allowed = quota / period + (quota % period != 0);
    return allowed < n ? (unsigned)allowed : n;
}

/* The quota of one group: cpu.max is "QUOTA PERIOD" or "max PERIOD" (version 2); cpu.cfs_quota_us and
 * cpu.cfs_period_us have one number each, the quota -1 if there is none (version 1). */
static unsigned limit_by_group(unsigned n, const char *group)
{
    char line[LINE];
    long long quota = 0;
    long long period = 0;
    if (read_line(group, "cpu.max", line) && sscanf(line, "%lld %lld", &quota, &period) == 2)
        return min_with_quota(n, quota, period);
    if (!read_line(group, "cpu.cfs_quota_us", line))
        return n;
    quota = strtoll(line, NULL, 10);
    if (!read_line(group, "cpu.cfs_period_us", line))
        return n;
    return min_with_quota(n, quota, strtoll(line, NULL, 10));
}

/* A group and those above it, up to the root of the hierarchy. In a container, /proc may name a path
 * that is not visible there; then the root is what is visible of the container's own group. */
static unsigned limit_by_groups(unsigned n, const char *hierarchy, char *group)
{
    char path[2 * LINE];
    char *slash;
    do {
        if (snprintf(path, sizeof path, "%s%s", hierarchy, group) < (int)sizeof path)
            n = limit_by_group(n, path);
        slash = strrchr(group, '/');
        if (slash)
            *slash = '\0';
    } while (slash);
    return n;
}

/* Whether a list "cpu,cpuacct" has the controller "cpu". */
static bool has_cpu(const char *controllers)
{
    const char *name = controllers;
    size_t length = strcspn(name, ",");
    while (!(length == 3 && memcmp(name, "cpu", 3) == 0) && name[length] == ',') {
        name += length + 1;
        length = strcspn(name, ",");
    }
    return length == 3 && memcmp(name, "cpu", 3) == 0;
}

/* A line of /proc/self/cgroup: "0::/path" (version 2) or "4:cpu,cpuacct:/path" (version 1). */
static unsigned limit_by_line(unsigned n, const char *root, char *line)
{
    char hierarchy[2 * LINE];
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return n;
    *controllers++ = '\0';
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (controllers[0] == '\0') {
        snprintf(hierarchy, sizeof hierarchy, "%s/sys/fs/cgroup", root);
    } else if (has_cpu(controllers)) {
        snprintf(hierarchy, sizeof hierarchy, "%s/sys/fs/cgroup/%s", root, controllers);
        if (access(hierarchy, F_OK) != 0)
            snprintf(hierarchy, sizeof hierarchy, "%s/sys/fs/cgroup/cpu", root);
    } else {
        return n;
    }
    return limit_by_groups(n, hierarchy, group);
}

unsigned dq_processors(const char *root)
{
    char path[LINE];
    char line[LINE];
    unsigned n = in_affinity_mask();
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        n = limit_by_line(n, root, line);
    if (file)
        fclose(file);
    return n;
}
