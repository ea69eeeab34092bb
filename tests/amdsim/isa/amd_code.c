/* Loading a code object: ELF sections, kernel descriptors, metadata, and the disassembly. */
#include "amd_code.h"

#include "amd_insn.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIPTOR_LEN = 64 };

static uint32_t word(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* What is being loaded. */
struct loading {
    struct amd_memory *m;
    const uint8_t *elf;
    size_t len;
    struct amd_code *code;
    struct dq_error *e;
    struct amd_kernel now; /* of the metadata, where the name comes after the arguments */
    size_t n_allocated;    /* instructions that there is room for */
};

static int fail(const struct loading *l, const char *what)
{
    return dq_fail(l->e, DQ_ERR_MALFORMED, "code object: %s", what);
}

/* Elements of a table of the file; NULL if they do not lie inside. */
static const void *table(const struct loading *l, uint64_t offset, uint64_t len)
{
    return offset <= l->len && len <= l->len - offset && offset % 4 == 0 ? l->elf + offset : NULL;
}

/* Copies the segments to where they belong. */
static int load_segments(struct loading *l)
{
    const Elf64_Ehdr *header = table(l, 0, sizeof *header);
    const Elf64_Phdr *segments = NULL;
    uint64_t end = 0;
    uint64_t code = 0;
    if (header && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
        header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == EM_AMDGPU)
        segments = table(l, header->e_phoff, (uint64_t)header->e_phnum * sizeof *segments);
    if (!segments)
        return fail(l, "not an ELF file for AMD GPUs");
    for (int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr + segments[i].p_memsz > end)
            end = segments[i].p_vaddr + segments[i].p_memsz;
        if (segments[i].p_type == PT_LOAD && segments[i].p_flags & PF_X)
            code = segments[i].p_vaddr & ~(uint64_t)4095;
    }
    /* The way from the code to its tables leads over a multiple of 2^32. */
    int rc = amd_memory_add_across(l->m, end, code, "the code object", &l->code->base, l->e);
    if (rc != 0)
        return rc;
    struct amd_region *r = amd_memory_find(l->m, l->code->base);
    for (int i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type != PT_LOAD)
            continue;
        if (!table(l, s->p_offset, s->p_filesz) || s->p_filesz > s->p_memsz)
            return fail(l, "a segment is not in the file");
        memcpy(r->bytes + s->p_vaddr, l->elf + s->p_offset, s->p_filesz);
        memset(r->state + s->p_vaddr, AMD_WRITTEN, s->p_memsz);
    }
    r->is_constant = true;
    return 0;
}

/* Reads the kernel descriptor at p, which lies at an address of the image. */
static void read_descriptor(const uint8_t *p, uint64_t address, struct amd_kernel *k)
{
    k->lds_len = word(p);
    k->scratch_len = word(p + 4);
    k->kernarg_len = word(p + 8);
    k->entry = address + (word(p + 16) | (uint64_t)word(p + 20) << 32);
    k->rsrc3 = word(p + 44);
    k->rsrc1 = word(p + 48);
    k->rsrc2 = word(p + 52);
    k->properties = (uint16_t)word(p + 56);
}

/* A symbol NAME.kd is the descriptor of kernel NAME. */
static int add_kernel(struct loading *l, const char *symbol, uint64_t value)
{
    const size_t len = strlen(symbol);
    struct amd_code *c = l->code;
    const struct amd_region *r = amd_memory_find(l->m, c->base);
    if (len < 3 || strcmp(symbol + len - 3, ".kd") != 0)
        return 0;
    if (len - 3 >= sizeof c->kernels->name || value > r->len || r->len - value < DESCRIPTOR_LEN)
        return fail(l, "bad descriptor of a kernel");
    struct amd_kernel *more = realloc(c->kernels, (c->n_kernels + 1) * sizeof *more);
    if (!more)
        return dq_fail_nomem(l->e);
    c->kernels = more;
    struct amd_kernel *k = &more[c->n_kernels++];
    memset(k, 0, sizeof *k);
    snprintf(k->name, sizeof k->name, "%.*s", (int)(len - 3), symbol);
    read_descriptor(r->bytes + value, c->base + value, k);
    return 0;
}

static int find_kernels(struct loading *l)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)l->elf;
    const Elf64_Shdr *sections =
        table(l, header->e_shoff, (uint64_t)header->e_shnum * sizeof *sections);
    if (!sections)
        return fail(l, "no table of sections");
    for (int i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *s = &sections[i];
        if (s->sh_type != SHT_DYNSYM || s->sh_link >= header->e_shnum)
            continue;
        const Elf64_Shdr *strings = &sections[s->sh_link];
        const Elf64_Sym *symbols = table(l, s->sh_offset, s->sh_size);
        const char *names = table(l, strings->sh_offset, strings->sh_size);
        if (!symbols || !names || strings->sh_size == 0 || names[strings->sh_size - 1] != '\0')
            return fail(l, "bad table of symbols");
        for (uint64_t j = 0; j < s->sh_size / sizeof *symbols; j++) {
            if (symbols[j].st_name >= strings->sh_size)
                return fail(l, "bad name of a symbol");
            const int rc = add_kernel(l, names + symbols[j].st_name, symbols[j].st_value);
            if (rc != 0)
                return rc;
        }
    }
    return l->code->n_kernels > 0 ? 0 : fail(l, "no kernels");
}

/* Appends a space and a word in quotes for the shell, or nothing if there is no room for it. */
static void add_word(char *command, size_t size, const char *word)
{
    char *at = command + strlen(command);
    if (strlen(command) + 4 * strlen(word) + sizeof " ''" > size)
        return;
    *at++ = ' ';
    *at++ = '\'';
    for (; *word; word++)
        at += sprintf(at, *word == '\'' ? "'\\%c'" : "%c", *word);
    sprintf(at, "'");
}

/* Runs a tool of LLVM on the file and hands its output over, line by line. The environment may name
 * another tool than that of the build. */
static int read_tool(struct loading *l, const char *tool, const char *variable, const char *options,
    const char *path, int (*take)(struct loading *l, char *line))
{
    char command[4 * 4096] = "";
    char *line = NULL;
    size_t size = 0;
    int rc = 0;
    if (getenv(variable))
        tool = getenv(variable);
    add_word(command, sizeof command, tool);
    snprintf(command + strlen(command), sizeof command - strlen(command), " %s", options);
    add_word(command, sizeof command, path);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return dq_fail_errno(l->e, "%s", tool);
    while (rc == 0 && getline(&line, &size, pipe) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        rc = take(l, line);
    }
    free(line);
    if (pclose(pipe) != 0 && rc == 0)
        rc = dq_fail(l->e, DQ_ERR_MALFORMED, "%s failed", command);
    return rc;
}

static int take_metadata(struct loading *l, char *line)
{
    struct amd_kernel *now = &l->now;
    const size_t indent = strspn(line, " -");
    const char *key = line + indent;
    const char *value = strchr(key, ':');
    char text[64] = "";
    if (!value || sscanf(value + 1, " %63s", text) != 1)
        text[0] = '\0';
    const unsigned number = (unsigned)strtoul(text, NULL, 10);
#define KEY(name) (strncmp(key, name ":", sizeof name) == 0)
    if (strncmp(line, "  - ", 4) == 0)
        memset(now, 0, sizeof *now);
    if (indent == 8) { /* of an argument */
        if (strncmp(line, "      - ", 8) == 0 && now->n_args < AMD_MAX_ARGS)
            now->n_args++;
        if (now->n_args == 0)
            return 0;
        struct amd_arg *a = &now->args[now->n_args - 1];
        if (KEY(".offset"))
            a->offset = number;
        else if (KEY(".size"))
            a->size = number;
        else if (KEY(".value_kind"))
            snprintf(a->kind, sizeof a->kind, "%.31s", text);
        return 0;
    }
    if (KEY("amdhsa.target")) {
        const char *target = strstr(text, "--");
        snprintf(l->code->target, sizeof l->code->target, "%.*s",
            target ? (int)strcspn(target + 2, "':") : 0, target ? target + 2 : "");
    } else if (KEY(".max_flat_workgroup_size")) {
        now->max_group_size = number;
    } else if (KEY(".vgpr_count")) {
        now->n_vgprs = number;
    } else if (KEY(".sgpr_count")) {
        now->n_sgprs = number;
    } else if (KEY(".name")) {
        snprintf(now->name, sizeof now->name, "%.63s", text);
    } else if (KEY(".wavefront_size")) { /* the last of a kernel */
        for (size_t i = 0; i < l->code->n_kernels; i++) {
            struct amd_kernel *k = &l->code->kernels[i];
            if (strcmp(k->name, now->name) == 0) {
                k->max_group_size = now->max_group_size;
                k->n_vgprs = now->n_vgprs;
                k->n_sgprs = now->n_sgprs;
                k->n_args = now->n_args;
                memcpy(k->args, now->args, sizeof k->args);
            }
        }
    }
#undef KEY
    return 0;
}

static int add_insn(struct loading *l, uint64_t address, const char *text, size_t len)
{
    struct amd_code *c = l->code;
    if (c->n_insns == l->n_allocated) {
        l->n_allocated = l->n_allocated ? 2 * l->n_allocated : 1024;
        struct amd_insn *more = realloc(c->insns, l->n_allocated * sizeof *more);
        if (!more)
            return dq_fail_nomem(l->e);
        c->insns = more;
    }
    if (c->n_insns > 0 && c->insns[c->n_insns - 1].address >= address)
        return fail(l, "the listing is not in order");
    struct amd_insn *i = &c->insns[c->n_insns];
    memset(i, 0, sizeof *i);
    i->address = address;
    i->text = strndup(text, len);
    if (!i->text)
        return dq_fail_nomem(l->e);
    c->n_insns++;
    return 0;
}

/* TAB v_mov_b32_e32 v1, 0      // 00000001BB08: 7E020280 */
static int take_insn(struct loading *l, char *line)
{
    const char *comment = strstr(line, "//");
    uint64_t address;
    if (line[0] != '\t' || !comment || sscanf(comment + 2, "%" SCNx64 ":", &address) != 1)
        return 0;
    while (comment > line + 1 && comment[-1] == ' ')
        comment--;
    return add_insn(l, l->code->base + address, line + 1, (size_t)(comment - line - 1));
}

/* The tools of LLVM want a file. */
static int read_listings(struct loading *l)
{
    char path[] = "/tmp/gguf-dq-amd-XXXXXX";
    const int fd = mkstemp(path);
    if (fd < 0)
        return dq_fail_errno(l->e, "%s", path);
    int rc = write(fd, l->elf, l->len) == (ssize_t)l->len ? 0 : dq_fail_errno(l->e, "%s", path);
    close(fd);
    if (rc == 0)
        rc = read_tool(l, AMD_READELF, "DQ_AMD_READELF", "--notes", path, take_metadata);
    if (rc == 0)
        rc = read_tool(l, AMD_OBJDUMP, "DQ_AMD_OBJDUMP", "-d", path, take_insn);
    unlink(path);
    if (rc == 0)
        rc = add_insn(l, ~(uint64_t)0, "the end of the code", 19);
    return rc;
}

/* gfx90a is of generation 9, gfx1100 of 11: all but the last two signs are its number; in gfx10-1-generic it ends
 * with a hyphen. */
static unsigned generation_of(const char *target)
{
    const bool is_generic = strchr(target, '-') != NULL;
    const size_t len = is_generic ? strcspn(target, "-") + 2 : strlen(target);
    char digits[8];
    if (strncmp(target, "gfx", 3) != 0 || len < 6 || len > 7)
        return 0;
    snprintf(digits, sizeof digits, "%.*s", (int)(len - 5), target + 3);
    return (unsigned)strtoul(digits, NULL, 10);
}

int amd_code_load(
    struct amd_memory *m, const void *elf, size_t len, struct amd_code **out, struct dq_error *e)
{
    struct amd_code *c = calloc(1, sizeof *c);
    struct loading l = {.m = m, .elf = elf, .len = len, .code = c, .e = e};
    if (!c)
        return dq_fail_nomem(e);
    int rc = load_segments(&l);
    if (rc == 0)
        rc = find_kernels(&l);
    if (rc == 0)
        rc = read_listings(&l);
    c->generation = generation_of(c->target);
    if (rc == 0 && c->generation < 9)
        rc = dq_fail(e, DQ_ERR_MALFORMED, "code object: unknown target '%s'", c->target);
    if (rc != 0) {
        amd_code_free(m, c);
        return rc;
    }
    *out = c;
    return 0;
}

void amd_code_free(struct amd_memory *m, struct amd_code *c)
{
    if (!c)
        return;
    if (c->base)
        amd_memory_remove(m, c->base, NULL);
    for (size_t i = 0; i < c->n_insns; i++)
        free((char *)(uintptr_t)c->insns[i].text);
    free(c->insns);
    free(c->kernels);
    free(c);
}

const struct amd_kernel *amd_code_kernel(const struct amd_code *c, const char *name)
{
    for (size_t i = 0; i < c->n_kernels; i++)
        if (strcmp(c->kernels[i].name, name) == 0)
            return &c->kernels[i];
    return NULL;
}
