/* Reading code objects and bundles: sound ones, those of other versions, and damaged ones. Given code objects as
 * arguments, it damages these too. */
#include "gpu/code_object.h"

#include "base/mem.h"
#include "guard.h"
#include "type/type.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#ifdef DQ_HAVE_ZSTD
#include <zstd.h>
#endif

enum { IMAGE_MAX = 64 << 10, N_KERNELS = DQ_TYPE_COUNT * DQ_DTYPE_native };

/* A file in the making: a part at a time, at multiples of 8. */
struct image {
    uint8_t bytes[IMAGE_MAX];
    size_t len;
};

static void *add(struct image *m, const void *part, size_t len)
{
    uint8_t *at = m->bytes + m->len;
    assert_true(m->len + len + 8 < IMAGE_MAX);
    if (part)
        memcpy(at, part, len);
    m->len += (len + 7) & ~(size_t)7;
    return at;
}

static size_t place(const struct image *m, const void *part)
{
    return (size_t)((const uint8_t *)part - m->bytes);
}

static void kernel_name(int i, char out[64])
{
    snprintf(out, 64, "dq_%s_%s.kd", dq_types[i / DQ_DTYPE_native].token,
        dq_dtype_name((enum dq_dtype)(i % DQ_DTYPE_native)));
}

/* Metadata in MessagePack: {"amdhsa.kernels": [{".a": 1}, nil], "amdhsa.target": "amdgcn-amd-amdhsa--..."}. */
static size_t make_metadata(char *out, const char *target)
{
    const int len =
        sprintf(out, "\x82\xae%s\x92\x81\xa2.a\x01\xc0\xad%s\xd9%camdgcn-amd-amdhsa--%s",
            "amdhsa.kernels", "amdhsa.target", (int)strlen(target) + 19, target);
    return (size_t)len;
}

enum { EMPTY, NOTE, DYNSYM, DYNSTR, RODATA, TEXT, SHSTRTAB, N_SECTIONS };

static Elf64_Shdr section(
    const struct image *m, uint32_t name, uint32_t type, const void *part, size_t len)
{
    const size_t at = place(m, part);
    return (Elf64_Shdr){.sh_name = name,
        .sh_type = type,
        .sh_addr = at,
        .sh_offset = at,
        .sh_size = len,
        .sh_addralign = 8};
}

static Elf64_Phdr segment(uint32_t type, uint32_t flags, size_t at, size_t len)
{
    return (Elf64_Phdr){.p_type = type,
        .p_flags = flags,
        .p_offset = at,
        .p_vaddr = at,
        .p_paddr = at,
        .p_filesz = len,
        .p_memsz = len,
        .p_align = 8};
}

/* A code object whose kernels have descriptors, and all the same code; addresses are offsets. */
static void make_object(struct image *m, const char *target)
{
    static const char section_names[] = "\0.note\0.dynsym\0.dynstr\0.rodata\0.text\0.shstrtab";
    static Elf64_Sym symbols[N_KERNELS + 2];
    char metadata[256];
    char strings[N_KERNELS * 32];
    size_t strings_len = 1;
    memset(m, 0, sizeof *m);
    memset(symbols, 0, sizeof symbols);
    Elf64_Ehdr *h = add(m, NULL, sizeof *h);
    Elf64_Phdr *segments = add(m, NULL, 3 * sizeof *segments);
    const Elf64_Nhdr note = {
        .n_namesz = 7, .n_descsz = (uint32_t)make_metadata(metadata, target), .n_type = 32};
    uint8_t *notes = add(m, &note, sizeof note);
    m->len = place(m, notes) + sizeof note;
    add(m, "AMDGPU\0", 8);
    add(m, metadata, note.n_descsz);
    const size_t notes_len = sizeof note + 8 + ((note.n_descsz + 3) & ~(size_t)3);
    const uint64_t abi = dq_code_object_abi();
    uint8_t *rodata = add(m, &abi, sizeof abi);
    uint8_t *descriptors = add(m, NULL, (size_t)64 * N_KERNELS);
    uint8_t *code = add(m, NULL, 256);
    strings[0] = '\0';
    for (int i = 0; i <= N_KERNELS; i++) {
        char name[64] = "dq_abi";
        const uint8_t *at = i < N_KERNELS ? descriptors + (ptrdiff_t)64 * i : rodata;
        if (i < N_KERNELS) {
            kernel_name(i, name);
            const int64_t entry = code - at;
            memcpy(descriptors + (ptrdiff_t)64 * i + 16, &entry, sizeof entry);
        }
        symbols[i + 1] = (Elf64_Sym){.st_name = (uint32_t)strings_len,
            .st_shndx = RODATA,
            .st_value = place(m, at),
            .st_size = i < N_KERNELS ? 64 : 8};
        strings_len += (size_t)sprintf(strings + strings_len, "%s", name) + 1;
    }
    const void *dynsym = add(m, symbols, sizeof symbols);
    const void *dynstr = add(m, strings, strings_len);
    const void *names = add(m, section_names, sizeof section_names);
    Elf64_Shdr *sections = add(m, NULL, N_SECTIONS * sizeof *sections);
    sections[NOTE] = section(m, 1, SHT_NOTE, notes, notes_len);
    sections[DYNSYM] = section(m, 7, SHT_DYNSYM, dynsym, sizeof symbols);
    sections[DYNSYM].sh_link = DYNSTR;
    sections[DYNSYM].sh_entsize = sizeof(Elf64_Sym);
    sections[DYNSTR] = section(m, 15, SHT_STRTAB, dynstr, strings_len);
    sections[RODATA] = section(m, 23, SHT_PROGBITS, rodata, 8 + (size_t)64 * N_KERNELS);
    sections[TEXT] = section(m, 31, SHT_PROGBITS, code, 256);
    sections[SHSTRTAB] = section(m, 37, SHT_STRTAB, names, sizeof section_names);
    segments[0] = segment(PT_LOAD, PF_R, 0, place(m, code));
    segments[1] = segment(PT_LOAD, PF_R | PF_X, place(m, code), 256);
    segments[2] = segment(PT_NOTE, PF_R, place(m, notes), notes_len);
    *h = (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT, 64, 3},
        .e_type = ET_DYN,
        .e_machine = 224,
        .e_version = EV_CURRENT,
        .e_phoff = place(m, segments),
        .e_shoff = place(m, sections),
        .e_flags = 0x41,
        .e_ehsize = sizeof *h,
        .e_phentsize = sizeof *segments,
        .e_phnum = 3,
        .e_shentsize = sizeof *sections,
        .e_shnum = N_SECTIONS,
        .e_shstrndx = SHSTRTAB};
}

static void add_number(uint8_t **at, uint64_t x, int len)
{
    for (int i = 0; i < len; i++)
        *(*at)++ = (uint8_t)(x >> 8 * i);
}

/* A bundle of an entry for the host and one for each target. */
static size_t make_bundle(uint8_t *out, const char *const *targets, int n)
{
    static struct image m;
    uint8_t *at = out;
    size_t end = 4096;
    memcpy(at, "__CLANG_OFFLOAD_BUNDLE__", 24);
    at += 24;
    add_number(&at, (uint64_t)n + 1, 8);
    for (int i = -1; i < n; i++) {
        char id[80] = "host-x86_64-unknown-linux-gnu-";
        m.len = 0;
        if (i >= 0) {
            make_object(&m, targets[i]);
            snprintf(id, sizeof id, "hipv4-amdgcn-amd-amdhsa--%s", targets[i]);
        }
        add_number(&at, end, 8);
        add_number(&at, m.len, 8);
        add_number(&at, strlen(id), 8);
        memcpy(at, id, strlen(id));
        at += strlen(id);
        memcpy(out + end, m.bytes, m.len);
        end += m.len;
    }
    memset(at, 0, (size_t)(out + 4096 - at));
    return end;
}

enum { ZLIB, ZSTD };

static size_t compress_bundle(
    int version, int method, const uint8_t *bundle, size_t len, uint8_t *out, size_t size)
{
    const int header = version == 1 ? 20 : version == 2 ? 24 : 32;
    size_t packed = size - (size_t)header;
    uint8_t *at = out;
#ifdef DQ_HAVE_ZSTD
    if (method == ZSTD)
        packed = ZSTD_compress(out + header, packed, bundle, len, 3);
#endif
    if (method == ZLIB) {
        uLongf written = packed;
        assert_int_equal(compress(out + header, &written, bundle, len), Z_OK);
        packed = written;
    }
    memcpy(at, "CCOB", 4);
    at += 4;
    add_number(&at, (uint64_t)version, 2);
    add_number(&at, (uint64_t)method, 2);
    if (version > 1)
        add_number(&at, packed + (size_t)header, version == 2 ? 4 : 8);
    add_number(&at, len, version == 3 ? 8 : 4);
    add_number(&at, 0, 8); /* a hash, which is not used */
    return packed + (size_t)header;
}

static void check_targets(const void *file, size_t len, const char *wanted)
{
    struct dq_code_objects c;
    struct dq_error e;
    char targets[128];
    if (dq_code_objects_read(file, len, &c, &e) != 0)
        fail_msg("%s", e.text);
    dq_code_objects_targets(&c, targets, sizeof targets);
    assert_string_equal(targets, wanted);
    for (size_t i = 0; i < c.n; i++)
        assert_memory_equal(c.list[i].elf, ELFMAG, SELFMAG);
    dq_code_objects_free(&c);
}

static void check_refused(const void *file, size_t len, const char *wanted)
{
    struct dq_code_objects c;
    struct dq_error e;
    assert_int_equal(dq_code_objects_read(file, len, &c, &e), DQ_ERR_GPU);
    if (!strstr(e.text, wanted))
        fail_msg("\"%s\", expected \"%s\"", e.text, wanted);
}

static struct image object;
static uint8_t bundle[8 * IMAGE_MAX];
static uint8_t packed[8 * IMAGE_MAX];
static const char *const targets[] = {"gfx90a:xnack+", "gfx11-generic", "gfx1201"};

static void files_of_each_kind_are_read(void **state)
{
    (void)state;
    make_object(&object, "gfx1100");
    check_targets(object.bytes, object.len, "gfx1100");
    const size_t len = make_bundle(bundle, targets, 3);
    check_targets(bundle, len, "gfx90a:xnack+ gfx11-generic gfx1201");
    for (int version = 1; version <= 3; version++) {
        for (int method = ZLIB; method <= ZSTD; method++) {
            const size_t n = compress_bundle(version, method, bundle, len, packed, sizeof packed);
#ifndef DQ_HAVE_ZSTD
            if (method == ZSTD) {
                check_refused(packed, 100, "that this build does not know");
                continue;
            }
#endif
            check_targets(packed, n, "gfx90a:xnack+ gfx11-generic gfx1201");
        }
    }
}

static void what_is_no_code_is_named(void **state)
{
    (void)state;
    check_refused("", 0, "neither a code object (ELF) nor an offload bundle");
    check_refused("GGUF", 4, "neither a code object (ELF) nor an offload bundle");
    check_refused("\x7f"
                  "ELF",
        4, "ends in its header");
    make_object(&object, "gfx1100");
    object.bytes[18] = EM_X86_64;
    check_refused(object.bytes, object.len, "not a linked one for AMD GPUs");
    const size_t len = make_bundle(bundle, targets, 0);
    check_refused(bundle, len, "no code objects for AMD GPUs");
}

/* Changes the first byte of what is somewhere in the object. */
static void change(const void *what, size_t len)
{
    size_t i = 0;
    while (memcmp(object.bytes + i, what, len) != 0)
        assert_true(++i + len <= object.len);
    object.bytes[i] ^= 1;
}

static void kernels_of_another_version_are_refused(void **state)
{
    const uint64_t abi = dq_code_object_abi();
    (void)state;
    make_object(&object, "gfx1100");
    change(&abi, sizeof abi);
    check_refused(object.bytes, object.len, "not those of this version");
    make_object(&object, "gfx1100");
    change("dq_abi", 7);
    check_refused(object.bytes, object.len, "not those of this version");
    make_object(&object, "gfx1100");
    change("dq_q4_k_bf16.kd", 16);
    check_refused(object.bytes, object.len, "it has no kernel dq_q4_k_bf16");
}

static Elf64_Shdr *section_of_object(int i)
{
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)(void *)object.bytes;
    return (Elf64_Shdr *)(void *)(object.bytes + h->e_shoff) + i;
}

static void names_and_notes_end_in_their_sections(void **state)
{
    (void)state;
    make_object(&object, "gfx1100");
    const Elf64_Shdr *strings = section_of_object(DYNSTR);
    object.bytes[strings->sh_offset + strings->sh_size - 1] = 'x';
    check_refused(object.bytes, object.len, "the name of a symbol");
    make_object(&object, "gfx1100");
    Elf64_Nhdr *note = (Elf64_Nhdr *)(void *)(object.bytes + section_of_object(NOTE)->sh_offset);
    note->n_descsz = 0x7ffffff0;
    check_refused(object.bytes, object.len, "a note is not all there");
    make_object(&object, "gfx1100");
    section_of_object(DYNSYM)->sh_link = TEXT;
    check_refused(object.bytes, object.len, "the name of a symbol");
}

/* Reads bytes that end where memory ends. Refused or not, nothing outside of them is read; what is found lies in
 * them, or in what was decompressed. */
static bool is_read(struct guard *g, const uint8_t *bytes, size_t len)
{
    struct dq_code_objects c;
    struct dq_error e = {""};
    uint8_t *file = guard_last(g, len);
    memcpy(file, bytes, len);
    const int rc = dq_code_objects_read(file, len, &c, &e);
    if (rc != 0) {
        assert_true(rc == DQ_ERR_GPU || rc == DQ_ERR_MEMORY);
        assert_true(strlen(e.text) > 20);
        return false;
    }
    for (size_t i = 0; i < c.n && !c.decompressed; i++)
        assert_true(c.list[i].elf >= file && c.list[i].elf + c.list[i].len <= file + len);
    dq_code_objects_free(&c);
    return true;
}

/* Flips bits of all bytes from first to end. Returns how many were noticed. */
static size_t flip(struct guard *g, uint8_t *bytes, size_t len, size_t first, size_t end)
{
    static const uint8_t flips[] = {0xff, 0x01, 0x80};
    size_t n_noticed = 0;
    for (size_t i = first; i < end; i++) {
        for (size_t j = 0; j < sizeof flips; j++) {
            bytes[i] ^= flips[j];
            n_noticed += !is_read(g, bytes, len);
            bytes[i] ^= flips[j];
        }
    }
    return n_noticed;
}

static void cut(struct guard *g, const uint8_t *bytes, size_t len, size_t step)
{
    for (size_t i = 0; i < len; i += step)
        assert_false(is_read(g, bytes, i));
    assert_true(is_read(g, bytes, len));
}

static void damaged_objects_are_no_danger(void **state)
{
    (void)state;
    make_object(&object, "gfx1100");
    struct guard g = guard_new(object.len);
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)(const void *)object.bytes;
    const size_t descriptors = (size_t)h->e_phoff + 3 * sizeof(Elf64_Phdr);
    cut(&g, object.bytes, object.len, 100);
    /* Most bytes matter: not the entry point, physical addresses, flags and unused parts of fields. */
    assert_true(flip(&g, object.bytes, object.len, 0, descriptors + 200) > 400);
    assert_true(flip(&g, object.bytes, object.len, (size_t)h->e_shoff, object.len) > 400);
    guard_free(&g);
}

static void damaged_bundles_are_no_danger(void **state)
{
    (void)state;
    const size_t len = make_bundle(bundle, targets, 1);
    struct guard g = guard_new(len);
    cut(&g, bundle, len, 100);
    assert_true(flip(&g, bundle, len, 0, 160) > 200);
    for (int version = 1; version <= 3; version++) {
        const size_t n = compress_bundle(version, ZLIB, bundle, len, packed, sizeof packed);
        cut(&g, packed, n, 100);
        assert_true(flip(&g, packed, n, 0, 200) > 400);
#ifdef DQ_HAVE_ZSTD
        const size_t m = compress_bundle(version, ZSTD, bundle, len, packed, sizeof packed);
        cut(&g, packed, m, 100);
        assert_true(flip(&g, packed, m, 0, 64) > 60);
#endif
    }
    guard_free(&g);
}

/* A code object or bundle that was built. */
static void check_built(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const size_t len = (size_t)ftell(file);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    rewind(file);
    assert_int_equal(fread(bytes, 1, len, file), len);
    fclose(file);
    struct guard g = guard_new(len);
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)(const void *)bytes;
    cut(&g, bytes, len, 1000);
    flip(&g, bytes, len, 0, 1024);
    if (memcmp(bytes, ELFMAG, SELFMAG) == 0)
        flip(&g, bytes, len, (size_t)h->e_shoff, len);
    guard_free(&g);
    free(bytes);
}

static char **built;

static void code_that_was_built_is_read(void **state)
{
    (void)state;
    for (char **path = built; *path; path++)
        check_built(*path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_each_kind_are_read),
        cmocka_unit_test(what_is_no_code_is_named),
        cmocka_unit_test(kernels_of_another_version_are_refused),
        cmocka_unit_test(names_and_notes_end_in_their_sections),
        cmocka_unit_test(damaged_objects_are_no_danger),
        cmocka_unit_test(damaged_bundles_are_no_danger),
        cmocka_unit_test(code_that_was_built_is_read),
    };
    built = argv + 1;
    (void)argc;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
