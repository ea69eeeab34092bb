#include "gpu/code_object.h"

#include "base/mem.h"
#include "type/abi.h"
#include "type/half.h"
#include "type/type.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#ifdef DQ_HAVE_ZSTD
#include <zstd.h>
#endif

/* What <elf.h> may lack. */
enum { MACHINE_AMDGPU = 224, OSABI_AMDGPU_HSA = 64, NOTE_METADATA = 32 };

/* Far more than the kernels are. */
enum { IMAGE_MAX = 1 << 30 };

/* Bytes that are all there. */
struct bytes {
    const uint8_t *p;
    uint64_t len;
};

/* A little-endian number of 1, 2, 4 or 8 bytes. */
static uint64_t number(const uint8_t *p, size_t len)
{
    return len == 1 ? *p : len == 2 ? dq_u16(p) : len == 4 ? dq_u32(p) : dq_u64(p);
}

/* A member of a struct of the file, at any address. */
#define FIELD(p, type, member) number((p) + offsetof(type, member), sizeof(((type *)0)->member))

static bool has(struct bytes b, uint64_t off, uint64_t len)
{
    return off <= b.len && len <= b.len - off;
}

/* The metadata, MessagePack. */
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

enum { NESTED_MAX = 16 };

static bool take(struct cursor *c, uint64_t len, const uint8_t **out)
{
    if (len > (uint64_t)(c->end - c->at))
        return false;
    *out = c->at;
    c->at += len;
    return true;
}

/* A number of big-endian bytes. */
static bool take_number(struct cursor *c, unsigned len, uint64_t *out)
{
    const uint8_t *p;
    if (!take(c, len, &p))
        return false;
    *out = 0;
    for (unsigned i = 0; i < len; i++)
        *out = *out << 8 | p[i];
    return true;
}

/* Values whose first byte is from 0xc0 to 0xdf: what follows it. */
enum { NONE, SCALAR, LENGTH, ARRAY, MAP };
static const struct {
    uint8_t kind;
    uint8_t bytes; /* of the value, of its length or of its count */
    uint8_t more;  /* bytes that the length does not count */
} values[32] = {
    [0x00] = {SCALAR, 0, 0}, /* nil */
    [0x02] = {SCALAR, 0, 0}, /* false, true */
    [0x03] = {SCALAR, 0, 0},
    [0x04] = {LENGTH, 1, 0}, /* bytes */
    [0x05] = {LENGTH, 2, 0},
    [0x06] = {LENGTH, 4, 0},
    [0x07] = {LENGTH, 1, 1}, /* extensions, with their type */
    [0x08] = {LENGTH, 2, 1},
    [0x09] = {LENGTH, 4, 1},
    [0x0a] = {SCALAR, 4, 0}, /* floats */
    [0x0b] = {SCALAR, 8, 0},
    [0x0c] = {SCALAR, 1, 0}, /* integers */
    [0x0d] = {SCALAR, 2, 0},
    [0x0e] = {SCALAR, 4, 0},
    [0x0f] = {SCALAR, 8, 0},
    [0x10] = {SCALAR, 1, 0},
    [0x11] = {SCALAR, 2, 0},
    [0x12] = {SCALAR, 4, 0},
    [0x13] = {SCALAR, 8, 0},
    [0x14] = {SCALAR, 2, 0}, /* extensions of 1, 2, 4, 8 and 16 bytes */
    [0x15] = {SCALAR, 3, 0},
    [0x16] = {SCALAR, 5, 0},
    [0x17] = {SCALAR, 9, 0},
    [0x18] = {SCALAR, 17, 0},
    [0x19] = {LENGTH, 1, 0}, /* strings */
    [0x1a] = {LENGTH, 2, 0},
    [0x1b] = {LENGTH, 4, 0},
    [0x1c] = {ARRAY, 2, 0},
    [0x1d] = {ARRAY, 4, 0},
    [0x1e] = {MAP, 2, 0},
    [0x1f] = {MAP, 4, 0},
};

/* Takes the beginning of a value: its own bytes, and how many values it holds. */
static bool take_head(struct cursor *c, struct bytes *own, uint64_t *n_inner, bool *is_map)
{
    uint64_t first;
    uint64_t n = 0;
    *own = (struct bytes){c->at, 0};
    *n_inner = 0;
    *is_map = false;
    if (!take_number(c, 1, &first))
        return false;
    if (first < 0x80 || first >= 0xe0)
        return true;
    if (first < 0xa0) {
        *is_map = first < 0x90;
        *n_inner = (first & 15) << *is_map;
        return true;
    }
    if (first < 0xc0) {
        own->len = first & 31;
        return take(c, own->len, &own->p);
    }
    const unsigned kind = values[first & 31].kind;
    if (kind == NONE || (kind != SCALAR && !take_number(c, values[first & 31].bytes, &n)))
        return false;
    *is_map = kind == MAP;
    if (kind == ARRAY || kind == MAP) {
        *n_inner = n << *is_map;
        return true;
    }
    own->len = kind == SCALAR ? values[first & 31].bytes : n + values[first & 31].more;
    return take(c, own->len, &own->p);
}

/* Takes a value with all that it holds. Finds the string that follows `key` in the outermost map. */
static bool take_value(struct cursor *c, const char *key, struct bytes *found)
{
    uint64_t left[NESTED_MAX]; /* values of each level that are still to come */
    size_t depth = 0;
    bool is_wanted = false;
    bool is_map;
    left[0] = 1;
    for (;;) {
        struct bytes own;
        uint64_t n_inner;
        const bool is_key = depth == 1 && left[1] % 2 == 0;
        if (!take_head(c, &own, &n_inner, &is_map) || (depth == 0 && !is_map))
            return false;
        if (is_wanted)
            *found = own;
        is_wanted = is_key && own.len == strlen(key) && memcmp(own.p, key, own.len) == 0;
        left[depth]--;
        if (n_inner > 0) {
            if (++depth == NESTED_MAX)
                return false;
            left[depth] = n_inner;
        }
        while (left[depth] == 0) {
            if (depth == 0)
                return true;
            depth--;
        }
    }
}

/* A code object while it is checked. */
struct elf {
    struct bytes all;
    const uint8_t *segments;
    unsigned n_segments;
    const uint8_t *sections;
    unsigned n_sections;
    struct dq_error *e;
};

static int bad(const struct elf *f, const char *what)
{
    return dq_fail(f->e, DQ_ERR_GPU, "the code object is cut short or damaged: %s", what);
}

static const uint8_t *segment(const struct elf *f, unsigned i)
{
    return f->segments + i * sizeof(Elf64_Phdr);
}

static const uint8_t *section(const struct elf *f, unsigned i)
{
    return f->sections + i * sizeof(Elf64_Shdr);
}

/* The bytes of a section; none if it is one without bytes in the file. They are known to be there. */
static struct bytes contents(const struct elf *f, unsigned i)
{
    const uint8_t *s = section(f, i);
    const bool is_empty = FIELD(s, Elf64_Shdr, sh_type) == SHT_NOBITS;
    return (struct bytes){f->all.p + (is_empty ? 0 : FIELD(s, Elf64_Shdr, sh_offset)),
        is_empty ? 0 : FIELD(s, Elf64_Shdr, sh_size)};
}

/* Returns the bytes of the file that are loaded to an address, or NULL if not all are. */
static const uint8_t *loaded(const struct elf *f, uint64_t address, uint64_t len, bool is_code)
{
    for (unsigned i = 0; i < f->n_segments; i++) {
        const uint8_t *s = segment(f, i);
        const uint64_t begin = FIELD(s, Elf64_Phdr, p_vaddr);
        const struct bytes b = {
            f->all.p + FIELD(s, Elf64_Phdr, p_offset), FIELD(s, Elf64_Phdr, p_filesz)};
        if (FIELD(s, Elf64_Phdr, p_type) == PT_LOAD && address >= begin &&
            has(b, address - begin, len) && (!is_code || FIELD(s, Elf64_Phdr, p_flags) & PF_X))
            return b.p + (address - begin);
    }
    return NULL;
}

static int check_header(struct elf *f)
{
    const uint8_t *h = f->all.p;
    if (f->all.len < sizeof(Elf64_Ehdr))
        return bad(f, "it ends in its header");
    if (memcmp(h, ELFMAG, SELFMAG) != 0 || h[EI_CLASS] != ELFCLASS64 || h[EI_DATA] != ELFDATA2LSB ||
        h[EI_OSABI] != OSABI_AMDGPU_HSA || FIELD(h, Elf64_Ehdr, e_machine) != MACHINE_AMDGPU ||
        FIELD(h, Elf64_Ehdr, e_type) != ET_DYN)
        return dq_fail(f->e, DQ_ERR_GPU, "an ELF file, but not a linked one for AMD GPUs");
    if (h[EI_VERSION] != EV_CURRENT || FIELD(h, Elf64_Ehdr, e_version) != EV_CURRENT ||
        FIELD(h, Elf64_Ehdr, e_ehsize) != sizeof(Elf64_Ehdr) ||
        FIELD(h, Elf64_Ehdr, e_phentsize) != sizeof(Elf64_Phdr) ||
        FIELD(h, Elf64_Ehdr, e_shentsize) != sizeof(Elf64_Shdr))
        return bad(f, "the sizes in its header");
    f->n_segments = (unsigned)FIELD(h, Elf64_Ehdr, e_phnum);
    f->n_sections = (unsigned)FIELD(h, Elf64_Ehdr, e_shnum);
    if (f->n_segments == 0 || f->n_sections == 0 ||
        !has(f->all, FIELD(h, Elf64_Ehdr, e_phoff), f->n_segments * sizeof(Elf64_Phdr)) ||
        !has(f->all, FIELD(h, Elf64_Ehdr, e_shoff), f->n_sections * sizeof(Elf64_Shdr)))
        return bad(f, "the tables of segments and sections are not all there");
    f->segments = h + FIELD(h, Elf64_Ehdr, e_phoff);
    f->sections = h + FIELD(h, Elf64_Ehdr, e_shoff);
    return 0;
}

static int check_segments(struct elf *f)
{
    uint64_t end = 0; /* of the image so far: segments to load come in order */
    for (unsigned i = 0; i < f->n_segments; i++) {
        const uint8_t *s = segment(f, i);
        const uint64_t address = FIELD(s, Elf64_Phdr, p_vaddr);
        const uint64_t align = FIELD(s, Elf64_Phdr, p_align);
        const uint64_t len = FIELD(s, Elf64_Phdr, p_memsz);
        const uint64_t file_len = FIELD(s, Elf64_Phdr, p_filesz);
        if (FIELD(s, Elf64_Phdr, p_type) == PT_GNU_STACK)
            continue;
        if (!has(f->all, FIELD(s, Elf64_Phdr, p_offset), file_len))
            return bad(f, "a segment is not all there");
        if (address > IMAGE_MAX || len > IMAGE_MAX || file_len > len ||
            (align & (align - 1)) != 0 || align > IMAGE_MAX)
            return bad(f, "the place of a segment in memory");
        if (FIELD(s, Elf64_Phdr, p_type) != PT_LOAD)
            continue;
        if (address < end)
            return bad(f, "segments overlap");
        end = address + len;
    }
    return end > 0 ? 0 : bad(f, "it has no segment to load");
}

/* Returns the text at an offset of a table of strings, or NULL. */
static const char *text_at(const struct elf *f, unsigned table, uint64_t off)
{
    const struct bytes b = contents(f, table);
    return FIELD(section(f, table), Elf64_Shdr, sh_type) == SHT_STRTAB && off < b.len &&
                   b.p[b.len - 1] == '\0'
               ? (const char *)b.p + off
               : NULL;
}

static int check_sections(struct elf *f)
{
    const unsigned names = (unsigned)FIELD(f->all.p, Elf64_Ehdr, e_shstrndx);
    if (names >= f->n_sections)
        return bad(f, "the names of its sections");
    for (unsigned i = 0; i < f->n_sections; i++) {
        const uint8_t *s = section(f, i);
        const uint64_t type = FIELD(s, Elf64_Shdr, sh_type);
        const uint64_t align = FIELD(s, Elf64_Shdr, sh_addralign);
        if (FIELD(s, Elf64_Shdr, sh_addr) > IMAGE_MAX ||
            FIELD(s, Elf64_Shdr, sh_size) > IMAGE_MAX || (align & (align - 1)) != 0 ||
            align > IMAGE_MAX || FIELD(s, Elf64_Shdr, sh_link) >= f->n_sections ||
            (type != SHT_NOBITS &&
                !has(f->all, FIELD(s, Elf64_Shdr, sh_offset), FIELD(s, Elf64_Shdr, sh_size))))
            return bad(f, "a section is not all there");
        if (type == SHT_RELA || type == SHT_REL)
            return bad(f, "relocations, which kernels do not need");
        if ((type == SHT_DYNSYM || type == SHT_SYMTAB) &&
            FIELD(s, Elf64_Shdr, sh_entsize) != sizeof(Elf64_Sym))
            return bad(f, "the size of its symbols");
    }
    for (unsigned i = 0; i < f->n_sections; i++)
        if (!text_at(f, names, FIELD(section(f, i), Elf64_Shdr, sh_name)))
            return bad(f, "the name of a section");
    return 0;
}

/* Reads the target of the metadata: amdgcn-amd-amdhsa--gfx90a:xnack+. */
static int take_target(struct elf *f, struct bytes metadata, char *target, size_t size)
{
    struct cursor c = {metadata.p, metadata.p + metadata.len};
    struct bytes name = {NULL, 0};
    char text[128];
    if (!take_value(&c, "amdhsa.target", &name) || !name.p)
        return bad(f, "its metadata cannot be read");
    snprintf(text, sizeof text, "%.*s", name.len < sizeof text ? (int)name.len : 0,
        (const char *)name.p);
    const char *at = strstr(text, "--gfx");
    if (!at || strlen(at + 2) >= size)
        return bad(f, "its metadata has no target");
    snprintf(target, size, "%s", at + 2);
    return 0;
}

static int check_notes(struct elf *f, char *target, size_t size)
{
    target[0] = '\0';
    for (unsigned i = 0; i < f->n_segments; i++) {
        const uint8_t *s = segment(f, i);
        const struct bytes b = {
            f->all.p + FIELD(s, Elf64_Phdr, p_offset), FIELD(s, Elf64_Phdr, p_filesz)};
        uint64_t at = 0;
        while (FIELD(s, Elf64_Phdr, p_type) == PT_NOTE && at < b.len) {
            if (!has(b, at, sizeof(Elf64_Nhdr)))
                return bad(f, "a note is not all there");
            const uint8_t *n = b.p + at;
            const uint64_t name_len = (FIELD(n, Elf64_Nhdr, n_namesz) + 3) & ~(uint64_t)3;
            const uint64_t len = FIELD(n, Elf64_Nhdr, n_descsz);
            at += sizeof(Elf64_Nhdr);
            if (!has(b, at, name_len) || !has(b, at + name_len, len))
                return bad(f, "a note is not all there");
            if (FIELD(n, Elf64_Nhdr, n_type) == NOTE_METADATA && name_len == 8 &&
                memcmp(b.p + at, "AMDGPU", 7) == 0) {
                const int rc =
                    take_target(f, (struct bytes){b.p + at + name_len, len}, target, size);
                if (rc != 0)
                    return rc;
            }
            at += name_len + ((len + 3) & ~(uint64_t)3);
        }
    }
    return target[0] ? 0 : bad(f, "it has no metadata");
}

/* Finds a symbol that others may use; NULL if there is none. All tables are known to be sound. */
static const uint8_t *symbol(const struct elf *f, const char *name)
{
    for (unsigned i = 0; i < f->n_sections; i++) {
        const struct bytes b = contents(f, i);
        const unsigned strings = (unsigned)FIELD(section(f, i), Elf64_Shdr, sh_link);
        if (FIELD(section(f, i), Elf64_Shdr, sh_type) != SHT_DYNSYM)
            continue;
        for (uint64_t at = 0; at < b.len; at += sizeof(Elf64_Sym))
            if (strcmp(text_at(f, strings, FIELD(b.p + at, Elf64_Sym, st_name)), name) == 0)
                return b.p + at;
    }
    return NULL;
}

static int check_symbols(struct elf *f)
{
    for (unsigned i = 0; i < f->n_sections; i++) {
        const struct bytes b = contents(f, i);
        const uint64_t type = FIELD(section(f, i), Elf64_Shdr, sh_type);
        const unsigned strings = (unsigned)FIELD(section(f, i), Elf64_Shdr, sh_link);
        if (type != SHT_DYNSYM && type != SHT_SYMTAB)
            continue;
        if (b.len % sizeof(Elf64_Sym) != 0)
            return bad(f, "its table of symbols");
        for (uint64_t at = 0; at < b.len; at += sizeof(Elf64_Sym)) {
            const uint64_t where = FIELD(b.p + at, Elf64_Sym, st_shndx);
            const uint64_t value = FIELD(b.p + at, Elf64_Sym, st_value);
            if (!text_at(f, strings, FIELD(b.p + at, Elf64_Sym, st_name)))
                return bad(f, "the name of a symbol");
            if ((where >= f->n_sections && where < SHN_LORESERVE) || value > IMAGE_MAX ||
                FIELD(b.p + at, Elf64_Sym, st_size) > IMAGE_MAX)
                return bad(f, "the place of a symbol");
        }
    }
    return 0;
}

/* The kernel of a name: its descriptor, and code where that says. */
static int check_kernel(struct elf *f, const char *name)
{
    enum { DESCRIPTOR_LEN = 64, ENTRY_AT = 16 };
    char descriptor_name[64];
    snprintf(descriptor_name, sizeof descriptor_name, "%s.kd", name);
    const uint8_t *s = symbol(f, descriptor_name);
    if (!s)
        return dq_fail(f->e, DQ_ERR_GPU, "it has no kernel %s", name);
    const uint64_t address = FIELD(s, Elf64_Sym, st_value);
    const uint8_t *descriptor = loaded(f, address, DESCRIPTOR_LEN, false);
    if (FIELD(s, Elf64_Sym, st_size) != DESCRIPTOR_LEN || !descriptor ||
        !loaded(f, address + dq_u64(descriptor + ENTRY_AT), 4, true))
        return dq_fail(f->e, DQ_ERR_GPU,
            "the code object is cut short or damaged: the descriptor of kernel %s", name);
    return 0;
}

static int check_kernels(struct elf *f)
{
    char name[48];
    int rc = 0;
    for (int type = 0; rc == 0 && type < DQ_TYPE_COUNT; type++) {
        for (int dtype = 0; rc == 0 && dtype < DQ_DTYPE_native; dtype++) {
            snprintf(name, sizeof name, "dq_%s_%s", dq_types[type].token,
                dq_dtype_name((enum dq_dtype)dtype));
            rc = check_kernel(f, name);
        }
    }
    return rc;
}

static int check_abi(struct elf *f)
{
    const uint8_t *s = symbol(f, "dq_abi");
    const uint8_t *value = s ? loaded(f, FIELD(s, Elf64_Sym, st_value), 8, false) : NULL;
    if (!value || dq_u64(value) != dq_code_object_abi())
        return dq_fail(f->e, DQ_ERR_GPU,
            "its kernels are not those of this version of gguf-dq; build hip/kernels.hip of this "
            "version");
    return 0;
}

static int check_object(struct bytes b, struct dq_code_object *out, struct dq_error *e)
{
    struct elf f = {.all = b, .e = e};
    int rc = check_header(&f);
    if (rc == 0)
        rc = check_segments(&f);
    if (rc == 0)
        rc = check_sections(&f);
    if (rc == 0)
        rc = check_notes(&f, out->target, sizeof out->target);
    if (rc == 0)
        rc = check_symbols(&f);
    if (rc == 0)
        rc = check_abi(&f);
    if (rc == 0)
        rc = check_kernels(&f);
    out->elf = b.p;
    out->len = (size_t)b.len;
    return rc;
}

static int add_object(struct dq_code_objects *c, struct bytes b, struct dq_error *e)
{
    struct dq_code_object found = {0};
    const int rc = check_object(b, &found, e);
    if (rc != 0)
        return rc;
    struct dq_code_object *more = dq_mem_realloc(c->list, (c->n + 1) * sizeof *more);
    if (!more)
        return dq_fail_nomem(e);
    c->list = more;
    c->list[c->n++] = found;
    return 0;
}

static const char bundle_magic[] = "__CLANG_OFFLOAD_BUNDLE__";
static const char compressed_magic[] = "CCOB";

static bool begins(struct bytes b, const char *magic)
{
    return b.len >= strlen(magic) && memcmp(b.p, magic, strlen(magic)) == 0;
}

static int read_bundle(struct dq_code_objects *c, struct bytes b, struct dq_error *e)
{
    static const char damaged[] = "the offload bundle is cut short or damaged: %s";
    uint64_t at = sizeof bundle_magic - 1;
    if (!has(b, at, 8))
        return dq_fail(e, DQ_ERR_GPU, damaged, "it ends in its header");
    const uint64_t n = dq_u64(b.p + at);
    at += 8;
    if (n > DQ_CODE_OBJECTS_MAX)
        return dq_fail(e, DQ_ERR_GPU, damaged, "the number of its entries");
    for (uint64_t i = 0; i < n; i++) {
        if (!has(b, at, 24) || !has(b, at + 24, dq_u64(b.p + at + 16)))
            return dq_fail(e, DQ_ERR_GPU, damaged, "it ends in its table");
        const uint64_t off = dq_u64(b.p + at);
        const uint64_t len = dq_u64(b.p + at + 8);
        const struct bytes id = {b.p + at + 24, dq_u64(b.p + at + 16)};
        at += 24 + id.len;
        if (!has(b, off, len))
            return dq_fail(e, DQ_ERR_GPU, damaged, "an entry is not all there");
        if (!begins(id, "hip")) /* of the host */
            continue;
        const int rc = add_object(c, (struct bytes){b.p + off, len}, e);
        if (rc != 0)
            return rc;
    }
    return c->n > 0 ? 0
                    : dq_fail(e, DQ_ERR_GPU, "the offload bundle has no code objects for AMD GPUs");
}

/* Decompresses all of b to len bytes at out. */
static bool decompress(unsigned method, struct bytes b, uint8_t *out, size_t len)
{
    enum { ZLIB, ZSTD };
#ifdef DQ_HAVE_ZSTD
    if (method == ZSTD)
        return ZSTD_decompress(out, len, b.p, b.len) == len;
#endif
    uLongf written = len;
    return method == ZLIB && uncompress(out, &written, b.p, b.len) == Z_OK && written == len;
}

/* "CCOB", version, method, size of the file (from version 2 on), size of the bundle, a hash, the data. */
static int read_compressed(struct dq_code_objects *c, struct bytes b, struct dq_error *e)
{
    static const struct {
        uint8_t header; /* bytes */
        uint8_t at;     /* of the size of the bundle */
        uint8_t bytes;  /* of sizes */
    } versions[] = {{0, 0, 0}, {20, 8, 4}, {24, 12, 4}, {32, 16, 8}};
    const unsigned version = has(b, 0, 8) ? dq_u16(b.p + 4) : 0;
    if (version == 0 || version >= sizeof versions / sizeof versions[0] ||
        !has(b, 0, versions[version].header))
        return dq_fail(e, DQ_ERR_GPU, "the compressed bundle is cut short, damaged or too new");
    const unsigned header = versions[version].header;
    const uint64_t len = number(b.p + versions[version].at, versions[version].bytes);
    const uint64_t file_len = version == 1 ? b.len : number(b.p + 8, versions[version].bytes);
    if (len > IMAGE_MAX || file_len > b.len || file_len < header)
        return dq_fail(e, DQ_ERR_GPU, "the compressed bundle is cut short or damaged: its sizes");
    c->decompressed = dq_mem_alloc(len ? (size_t)len : 1);
    if (!c->decompressed)
        return dq_fail_nomem(e);
    if (!decompress(dq_u16(b.p + 6), (struct bytes){b.p + header, file_len - header},
            c->decompressed, (size_t)len))
        return dq_fail(e, DQ_ERR_GPU,
            "the compressed bundle is cut short, damaged, or compressed in a way that this build "
            "does not know");
    const struct bytes bundle = {c->decompressed, len};
    return begins(bundle, bundle_magic)
               ? read_bundle(c, bundle, e)
               : dq_fail(e, DQ_ERR_GPU, "the compressed bundle holds none");
}

int dq_code_objects_read(
    const void *file, size_t len, struct dq_code_objects *out, struct dq_error *e)
{
    const struct bytes b = {file, len};
    struct dq_code_objects c = {NULL, 0, NULL};
    int rc;
    if (begins(b, bundle_magic))
        rc = read_bundle(&c, b, e);
    else if (begins(b, compressed_magic))
        rc = read_compressed(&c, b, e);
    else if (begins(b, ELFMAG))
        rc = add_object(&c, b, e);
    else
        rc = dq_fail(e, DQ_ERR_GPU, "neither a code object (ELF) nor an offload bundle");
    if (rc != 0) {
        dq_code_objects_free(&c);
        return rc;
    }
    *out = c;
    return 0;
}

void dq_code_objects_free(struct dq_code_objects *c)
{
    dq_mem_free(c->list);
    dq_mem_free(c->decompressed);
    *c = (struct dq_code_objects){NULL, 0, NULL};
}

void dq_code_objects_targets(const struct dq_code_objects *c, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < c->n && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? " " : "", c->list[i].target);
}

uint64_t dq_code_object_abi(void)
{
    uint64_t hash = dq_abi_begin();
    for (int i = 0; i < DQ_TYPE_COUNT; i++)
        hash = dq_abi_add_row(hash, dq_types[i].token, dq_types[i].weights, dq_types[i].bytes,
            dq_types[i].gpu_stores_per_thread);
    return hash;
}
