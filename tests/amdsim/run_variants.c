/* Runs kernels in which some instructions are replaced. */
#include "run_variants.h"

#include "amd_insn.h"
#include "check_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NEW = 32 };

/* A kernel of which the instructions between two addresses are replaced. */
struct variant {
    const struct amd_kernel *kernel;
    uint64_t first;
    uint64_t end;
    struct amd_insn *insns; /* all; NULL: nothing is replaced */
    size_t n_insns;
};

/* The next part of a line, or NULL. */
static char *next_part(char **at)
{
    char *part = *at;
    if (!part)
        return NULL;
    char *tab = strpbrk(part, "\t\n");
    *at = tab && *tab == '\t' ? tab + 1 : NULL;
    if (tab)
        *tab = '\0';
    return part;
}

static bool next_offset(char **at, uint64_t *out)
{
    const char *part = next_part(at);
    char *end;
    if (!part)
        return false;
    *out = strtoull(part, &end, 16);
    return end != part && *end == '\0';
}

/* Up to where the code of a kernel goes: the next one, or the end of all. */
static uint64_t end_of(const struct amd_code *c, const struct amd_kernel *k)
{
    uint64_t end = UINT64_MAX;
    for (size_t i = 0; i < c->n_kernels; i++)
        if (c->kernels[i].entry > k->entry && c->kernels[i].entry < end)
            end = c->kernels[i].entry;
    return end;
}

/* Takes the kernel's instructions, those from first to end replaced. */
static void replace(
    const struct amd_code *c, struct variant *v, const struct amd_insn *new, size_t n_new)
{
    const uint64_t kernel_end = end_of(c, v->kernel);
    v->n_insns = 0;
    for (size_t i = 0; i < c->n_insns; i++) {
        const uint64_t address = c->insns[i].address;
        if (address < v->kernel->entry || address >= kernel_end)
            continue;
        if (address == v->first) {
            memcpy(v->insns + v->n_insns, new, n_new * sizeof *new);
            v->n_insns += n_new;
        }
        if (address < v->first || address >= v->end)
            v->insns[v->n_insns++] = c->insns[i];
    }
    v->insns[v->n_insns++] = c->insns[c->n_insns - 1]; /* the end of the code */
}

/* Takes a line; the texts of the new instructions stay in it. */
static bool make_variant(const struct amd_code *c, char *line, struct variant *v)
{
    uint64_t offset;
    const char *name = next_part(&line);
    v->kernel = name ? amd_code_kernel(c, name) : NULL;
    if (!v->kernel || !next_offset(&line, &v->first) || !next_offset(&line, &v->end))
        return false;
    v->first += v->kernel->entry;
    v->end += v->kernel->entry;
    struct amd_insn new[MAX_NEW] = {{0}};
    size_t n_new = 0;
    for (; line && n_new < MAX_NEW; n_new++) {
        if (!next_offset(&line, &offset) || !line)
            return false;
        new[n_new].address = v->kernel->entry + offset;
        new[n_new].text = next_part(&line);
    }
    replace(c, v, new, n_new);
    return n_new > 0;
}

/* Runs a variant at the same addresses as the others. *out_digest is the digest of all registers after
 * the replaced instructions. */
static int run(const struct amd_code *c, struct amd_memory *m, const struct variant *v,
    uint64_t *out_digest, struct dq_error *e)
{
    const uint64_t next = m->next;
    struct amd_counts counts = {.watched = v->end};
    struct amd_code copy = *c;
    uint64_t n_weights = 0;
    if (v->insns) {
        copy.insns = v->insns;
        copy.n_insns = v->n_insns;
    }
    const int rc = check_kernel(m, &copy, v->kernel, &counts, &n_weights, e);
    m->next = next;
    *out_digest = counts.digest;
    return rc;
}

/* The digest of the kernel itself; each is made once. */
static int digest_of_kernel(const struct amd_code *c, struct amd_memory *m, const struct variant *v,
    uint64_t *digests, uint64_t *out)
{
    const struct variant kernel = {.kernel = v->kernel, .end = v->end};
    struct dq_error e;
    size_t at = 0;
    while (at + 1 < c->n_insns && c->insns[at].address < v->end)
        at++;
    const int rc = digests[at] ? 0 : run(c, m, &kernel, &digests[at], &e);
    *out = digests[at];
    return rc;
}

/* What a variant that survived has in common with the kernel. */
static const char *survivor(const struct amd_code *c, struct amd_memory *m, struct variant *v,
    uint64_t digest, uint64_t *digests)
{
    uint64_t of_kernel;
    struct dq_error e;
    if (digest_of_kernel(c, m, v, digests, &of_kernel) == 0 && digest == of_kernel)
        return "survived: the same registers";
    const struct amd_insn nothing = {.address = v->first, .text = "s_nop 0"};
    replace(c, v, &nothing, 1);
    return run(c, m, v, &digest, &e) == 0 ? "survived: not needed" : "survived";
}

int run_variants(const struct amd_code *c, struct amd_memory *m)
{
    struct variant v = {.insns = malloc((c->n_insns + MAX_NEW) * sizeof *v.insns)};
    uint64_t *digests = calloc(c->n_insns, sizeof *digests);
    char *line = NULL;
    size_t size = 0;
    int status = v.insns && digests ? 0 : 2;
    while (status == 0 && getline(&line, &size, stdin) > 0) {
        struct dq_error e;
        uint64_t digest;
        if (!make_variant(c, line, &v)) {
            fprintf(stderr, "a line that cannot be read\n");
            status = 2;
        } else {
            puts(run(c, m, &v, &digest, &e) == 0 ? survivor(c, m, &v, digest, digests) : e.text);
        }
    }
    free(line);
    free(digests);
    free(v.insns);
    return status;
}
