/* Sources: clang, "Clang Offload Bundler"; LLVM, "User Guide for AMDGPU Backend", ELF header. */
#include "amdhip_bundle.h"

#include "type/half.h"

#include <stdint.h>
#include <string.h>

static const char bundle_magic[] = "__CLANG_OFFLOAD_BUNDLE__";
static const char triple[] = "amdgcn-amd-amdhsa-";

enum { MAX_ENTRIES = 1024, MAX_ID = 256, ELF_AMDGPU = 224 };

static bool take(const char **at, const char *end, const char *text)
{
    const size_t len = strlen(text);
    if ((size_t)(end - *at) < len || memcmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

/* Takes ":sramecc+" or the like, if it is there. */
static bool take_feature(const char **at, const char *end, const char *name, char *out)
{
    *out = ' ';
    if (!take(at, end, name))
        return true;
    if (*at == end || (**at != '+' && **at != '-'))
        return false;
    *out = *(*at)++;
    return true;
}

bool hip_target_parse(const char *text, size_t len, struct hip_target *out)
{
    const char *at = text;
    const char *end = text + len;
    struct hip_target t = {.sramecc = ' ', .xnack = ' '};
    while (at < end && *at != ':')
        at++;
    const size_t name_len = (size_t)(at - text);
    if (name_len < 4 || name_len >= sizeof t.processor || memcmp(text, "gfx", 3) != 0)
        return false;
    memcpy(t.processor, text, name_len);
    if (!take_feature(&at, end, ":sramecc", &t.sramecc) ||
        !take_feature(&at, end, ":xnack", &t.xnack) || at != end)
        return false;
    *out = t;
    return true;
}

bool hip_target_runs(const struct hip_target *card, const struct hip_target *code)
{
    return strcmp(card->processor, code->processor) == 0 &&
           (code->sramecc == ' ' || code->sramecc == card->sramecc) &&
           (code->xnack == ' ' || code->xnack == card->xnack);
}

/* What an entry is for: hipv4-amdgcn-amd-amdhsa--gfx90a, where compilers before clang 13 wrote hip
 * and one hyphen less at the end. Entries for the host and of other kinds are for no card. */
static bool parse_id(const char *id, size_t len, struct hip_target *out)
{
    const char *at = id;
    const char *end = id + len;
    if (!take(&at, end, "hipv4-") && !take(&at, end, "hip-"))
        return false;
    if (!take(&at, end, triple))
        return false;
    take(&at, end, "-");
    return hip_target_parse(at, (size_t)(end - at), out);
}

static bool is_code_object(const uint8_t *elf)
{
    static const uint8_t magic[] = {0x7f, 'E', 'L', 'F', 2, 1}; /* 64 bits, little-endian */
    return memcmp(elf, magic, sizeof magic) == 0 && dq_u16(elf + 18) == ELF_AMDGPU;
}

/* Returns the end of the section headers or of the last section, whichever is greater. */
static size_t elf_len(const uint8_t *elf)
{
    const uint64_t table = dq_u64(elf + 40);
    const unsigned entry_len = dq_u16(elf + 58);
    const unsigned n = dq_u16(elf + 60);
    uint64_t len = table + (uint64_t)entry_len * n;
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *section = elf + table + (uint64_t)entry_len * i;
        const bool no_bits = dq_u32(section + 4) == 8;
        const uint64_t end = dq_u64(section + 24) + (no_bits ? 0 : dq_u64(section + 32));
        len = end > len ? end : len;
    }
    return (size_t)len;
}

/* The features that the code was built with, from its e_flags: 2 off, 3 on, else it is no matter.
 */
static char elf_feature(const uint8_t *elf, unsigned shift)
{
    return "  -+"[dq_u32(elf + 48) >> shift & 3];
}

static hipError_t pick_entry(
    const uint8_t *bundle, const struct hip_target *card, const void **out, size_t *out_len)
{
    const uint8_t *at = bundle + sizeof bundle_magic - 1;
    const uint64_t n = dq_u64(at);
    at += 8;
    if (n > MAX_ENTRIES)
        return hipErrorInvalidImage;
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t offset = dq_u64(at);
        const uint64_t len = dq_u64(at + 8);
        const uint64_t id_len = dq_u64(at + 16);
        const char *id = (const char *)at + 24;
        struct hip_target t;
        if (id_len > MAX_ID)
            return hipErrorInvalidImage;
        at += 24 + id_len;
        if (!parse_id(id, (size_t)id_len, &t) || !hip_target_runs(card, &t))
            continue;
        if (len < 64 || !is_code_object(bundle + offset))
            return hipErrorInvalidImage;
        *out = bundle + offset;
        *out_len = (size_t)len;
        return hipSuccess;
    }
    return hipErrorNoBinaryForGpu;
}

hipError_t hip_pick_code(
    const void *image, const struct hip_target *card, const void **out, size_t *out_len)
{
    struct hip_target built = *card; /* whether the processor is the same shows when it is loaded */
    if (memcmp(image, bundle_magic, sizeof bundle_magic - 1) == 0)
        return pick_entry(image, card, out, out_len);
    if (!is_code_object(image))
        return hipErrorInvalidImage;
    built.xnack = elf_feature(image, 8);
    built.sramecc = elf_feature(image, 10);
    if (!hip_target_runs(card, &built))
        return hipErrorNoBinaryForGpu;
    *out = image;
    *out_len = elf_len(image);
    return hipSuccess;
}
