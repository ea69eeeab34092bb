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

/* Processors, with the number that code for them has in e_flags. Generic code runs on those whose names begin
 * with one of some words. */
static const struct {
    uint8_t number;
    const char *processor;
    const char *runs_on;
} processors[] = {
    {0x2c, "gfx900", ""},
    {0x2d, "gfx902", ""},
    {0x2e, "gfx904", ""},
    {0x2f, "gfx906", ""},
    {0x30, "gfx908", ""},
    {0x31, "gfx909", ""},
    {0x32, "gfx90c", ""},
    {0x33, "gfx1010", ""},
    {0x34, "gfx1011", ""},
    {0x35, "gfx1012", ""},
    {0x36, "gfx1030", ""},
    {0x37, "gfx1031", ""},
    {0x38, "gfx1032", ""},
    {0x39, "gfx1033", ""},
    {0x3d, "gfx1035", ""},
    {0x3e, "gfx1034", ""},
    {0x3f, "gfx90a", ""},
    {0x40, "gfx940", ""},
    {0x41, "gfx1100", ""},
    {0x42, "gfx1013", ""},
    {0x43, "gfx1150", ""},
    {0x44, "gfx1103", ""},
    {0x45, "gfx1036", ""},
    {0x46, "gfx1101", ""},
    {0x47, "gfx1102", ""},
    {0x48, "gfx1200", ""},
    {0x4a, "gfx1151", ""},
    {0x4b, "gfx941", ""},
    {0x4c, "gfx942", ""},
    {0x4e, "gfx1201", ""},
    {0x4f, "gfx950", ""},
    {0x51, "gfx9-generic", "gfx900 gfx902 gfx904 gfx906 gfx909 gfx90c"},
    {0x52, "gfx10-1-generic", "gfx101"},
    {0x53, "gfx10-3-generic", "gfx103"},
    {0x54, "gfx11-generic", "gfx110 gfx115"},
    {0x55, "gfx1152", ""},
    {0x58, "gfx1153", ""},
    {0x59, "gfx12-generic", "gfx120"},
    {0x5f, "gfx9-4-generic", "gfx94 gfx950"},
};

enum { N_PROCESSORS = sizeof processors / sizeof processors[0] };

static bool begins_with_one_of(const char *name, const char *words)
{
    for (size_t len; *words; words += len + (words[len] == ' ')) {
        len = strcspn(words, " ");
        if (strncmp(name, words, len) == 0)
            return true;
    }
    return false;
}

static bool processor_runs(const char *card, const char *code, bool takes_generic)
{
    for (size_t i = 0; i < N_PROCESSORS && takes_generic; i++)
        if (strcmp(code, processors[i].processor) == 0 &&
            begins_with_one_of(card, processors[i].runs_on))
            return true;
    return strcmp(card, code) == 0;
}

bool hip_target_runs(
    const struct hip_target *card, const struct hip_target *code, bool takes_generic)
{
    return processor_runs(card->processor, code->processor, takes_generic) &&
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

/* Whether a code object runs on a card, by its e_flags. The features that it was built with are 2 for off and 3 for
 * on, else it is no matter. */
static bool elf_runs(const uint8_t *elf, const struct hip_target *card, bool takes_generic)
{
    const uint32_t flags = dq_u32(elf + 48);
    struct hip_target built = {.xnack = "  -+"[flags >> 8 & 3], .sramecc = "  -+"[flags >> 10 & 3]};
    for (size_t i = 0; i < N_PROCESSORS; i++)
        if (processors[i].number == (flags & 0xff))
            strcpy(built.processor, processors[i].processor);
    return hip_target_runs(card, &built, takes_generic);
}

static hipError_t pick_entry(const uint8_t *bundle, const struct hip_target *card,
    bool takes_generic, const void **out, size_t *out_len)
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
        if (!parse_id(id, (size_t)id_len, &t) || !hip_target_runs(card, &t, takes_generic))
            continue;
        if (len < 64 || !is_code_object(bundle + offset))
            return hipErrorInvalidImage;
        *out = bundle + offset;
        *out_len = (size_t)len;
        return hipSuccess;
    }
    return hipErrorNoBinaryForGpu;
}

hipError_t hip_pick_code(const void *image, const struct hip_target *card, bool takes_generic,
    const void **out, size_t *out_len)
{
    if (memcmp(image, bundle_magic, sizeof bundle_magic - 1) == 0) {
        const hipError_t rc = pick_entry(image, card, false, out, out_len);
        return rc == hipErrorNoBinaryForGpu && takes_generic
                   ? pick_entry(image, card, true, out, out_len)
                   : rc;
    }
    if (!is_code_object(image))
        return hipErrorInvalidImage;
    if (!elf_runs(image, card, takes_generic))
        return hipErrorNoBinaryForGpu;
    *out = image;
    *out_len = elf_len(image);
    return hipSuccess;
}
