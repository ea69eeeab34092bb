#include "gpu/amd_target.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

enum { NODES_MAX = 256 };

/* A node of the kernel driver: a processor or a card. */
struct node {
    unsigned long long version; /* 90010 for gfx90a; 0 for a processor */
    unsigned long long domain;
    unsigned long long location; /* bus, device and function in 8, 5 and 3 bits */
};

static void read_node(FILE *file, struct node *out)
{
    /* Bits 31 to 28 of a location have the number of a part of a partitioned card. */
    enum { LOCATION = 0xfffffff };
    char line[128];
    unsigned long long value;
    *out = (struct node){.location = ~0ull};
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "gfx_target_version %llu", &value) == 1)
            out->version = value;
        else if (sscanf(line, "location_id %llu", &value) == 1)
            out->location = value & LOCATION;
        else if (sscanf(line, "domain %llu", &value) == 1)
            out->domain = value;
    }
}

void dq_amd_target(const char *nodes, const char *pci, char *out, size_t size)
{
    unsigned domain;
    unsigned bus;
    unsigned slot;
    out[0] = '\0';
    if (sscanf(pci, "%x:%x:%x", &domain, &bus, &slot) != 3)
        return;
    for (int i = 0; i < NODES_MAX && !out[0]; i++) {
        char path[512];
        struct node node;
        snprintf(path, sizeof path, "%.400s/%d/properties", nodes, i);
        FILE *file = fopen(path, "re");
        if (!file)
            return;
        read_node(file, &node);
        fclose(file);
        if (node.version != 0 && node.domain == domain && node.location >> 8 == bus &&
            (node.location >> 3 & 31) == slot)
            snprintf(out, size, "gfx%llu%llx%llx", node.version / 10000, node.version / 100 % 100,
                node.version % 100);
    }
}

bool dq_amd_is_among(const char *targets, const char *target)
{
    const size_t len = strlen(target);
    for (const char *t = targets; *t; t += strspn(t, " ")) {
        if (strcspn(t, ": ") == len && strncmp(t, target, len) == 0)
            return true;
        t += strcspn(t, " ");
    }
    return false;
}

void dq_amd_make_sibling(uint8_t *elf, size_t len, const char *target, uint32_t flags)
{
    static const char prefix[] = "amdgcn-amd-amdhsa--";
    const size_t prefix_len = sizeof prefix - 1;
    const size_t target_len = strlen(target);
    for (size_t i = 0; i + prefix_len + target_len <= len; i++)
        if (memcmp(elf + i, prefix, prefix_len) == 0)
            memcpy(elf + i + prefix_len, target, target_len);
    for (int i = 0; i < 4; i++)
        elf[offsetof(Elf64_Ehdr, e_flags) + (size_t)i] = (uint8_t)(flags >> 8 * i);
}

/* Returns whether the cards of two targets differ in the stepping alone, their last digit; then one runs the
 * code of the other, but for two whose instructions are others. */
static bool is_sibling(const char *target, const char *other, size_t len)
{
    static const char *const alone[] = {"gfx908", "gfx90a"};
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        if (strcmp(target, alone[i]) == 0 || strncmp(other, alone[i], len) == 0)
            return false;
    return strncmp(target, other, len - 1) == 0;
}

void dq_amd_advise(const char *target, const char *targets, char *out, size_t size)
{
    const size_t len = strlen(target);
    size_t out_len = 0;
    unsigned minor;
    unsigned stepping;
    out[0] = '\0';
    if (len < strlen("gfx900"))
        return;
    for (const char *t = targets; *t && out_len == 0; t += strspn(t, " ")) {
        if (strcspn(t, " ") == len && is_sibling(target, t, len) &&
            sscanf(t + len - 2, "%1x%1x", &minor, &stepping) == 2)
            out_len = (size_t)snprintf(out, size,
                "; HSA_OVERRIDE_GFX_VERSION=%.*s.%u.%u makes it run the code for %.*s",
                (int)(len - 5), t + 3, minor, stepping, (int)len, t);
        t += strcspn(t, " ");
    }
    if (out_len < size)
        snprintf(
            out + out_len, size - out_len, "; a build with -Dhip_targets=%s has its own", target);
}
