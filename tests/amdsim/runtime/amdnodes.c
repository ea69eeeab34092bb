/* Plays what AMD's kernel driver says of cards, for LD_PRELOAD: its list is read in the folder $DQ_AMD_NODES. */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS /* which makes one function of the two */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char real_nodes[] = "/sys/class/kfd/kfd/topology/nodes";

typedef FILE *opener(const char *path, const char *mode);

static FILE *open_with(const char *function, const char *path, const char *mode)
{
    const char *nodes = getenv("DQ_AMD_NODES");
    const size_t len = sizeof real_nodes - 1;
    char played[PATH_MAX];
    opener *open;
    *(void **)&open = dlsym(RTLD_NEXT, function);
    if (!nodes || strncmp(path, real_nodes, len) != 0)
        return open(path, mode);
    snprintf(played, sizeof played, "%s%s", nodes, path + len);
    return open(played, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    return open_with("fopen", path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return open_with("fopen64", path, mode);
}
