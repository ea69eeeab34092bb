/* Running a grid: the initial state of a wave, and executing it together with its twin. */
#include "amd_launch.h"

#include "amd_insn.h"
#include "amd_wave.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* KERNEL_CODE_PROPERTIES: which scalar registers a wave begins with, and its size. */
enum {
    PRIVATE_SEGMENT_BUFFER = 1 << 0,
    DISPATCH_PACKET = 1 << 1,
    QUEUE = 1 << 2,
    KERNEL_ARGUMENTS = 1 << 3,
    DISPATCH_ID = 1 << 4,
    FLAT_SCRATCH = 1 << 5,
    PRIVATE_SEGMENT_SIZE = 1 << 6,
    WAVE32 = 1 << 10
};

enum { PACKET_LEN = 64 };

/* No kernel of ours is that long; one that is has no end. */
enum { MAX_STEPS = 1000000 };

/* What is being run, and where it finds what it was launched with. */
struct grid {
    struct amd_memory *memory;
    const struct amd_code *code;
    struct amd_counts *counts;
    const struct amd_launch *launch;
    uint64_t packet;
    uint64_t args;
    unsigned n_lanes;
    unsigned n_vgprs;
    bool flush_32;
    bool flush_rest;
    struct amd_counts not_counted; /* what twins do */
    struct dq_error fault;
};

static int put(
    struct amd_memory *m, uint64_t address, uint64_t value, size_t len, struct dq_error *e)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    return amd_memory_copy_in(m, address, bytes, len, e);
}

/* The packet that the command processor would have read (hsa_kernel_dispatch_packet_t). */
static int make_packet(struct amd_memory *m, struct grid *g, struct dq_error *e)
{
    const struct amd_launch *l = g->launch;
    const struct {
        unsigned offset;
        unsigned len;
        uint64_t value;
    } fields[] = {
        {2, 2, 1}, /* dimensions */
        {4, 2, l->group_size},
        {6, 2, 1},
        {8, 2, 1},
        {12, 4, (uint64_t)l->n_groups * l->group_size},
        {16, 4, 1},
        {20, 4, 1},
        {40, 8, g->args},
    };
    int rc = amd_memory_add(m, PACKET_LEN, "the dispatch packet", &g->packet, e);
    for (size_t i = 0; rc == 0 && i < sizeof fields / sizeof fields[0]; i++)
        rc = put(m, g->packet + fields[i].offset, fields[i].value, fields[i].len, e);
    return rc;
}

/* The hidden arguments, which the runtime fills in from code object version 5 on. */
static int put_hidden(
    struct amd_memory *m, const struct grid *g, const struct amd_arg *a, struct dq_error *e)
{
    const struct {
        const char *kind;
        uint64_t value;
    } known[] = {
        {"hidden_block_count_x", g->launch->n_groups},
        {"hidden_block_count_y", 1},
        {"hidden_block_count_z", 1},
        {"hidden_group_size_x", g->launch->group_size},
        {"hidden_group_size_y", 1},
        {"hidden_group_size_z", 1},
        {"hidden_remainder_x", 0},
        {"hidden_remainder_y", 0},
        {"hidden_remainder_z", 0},
        {"hidden_global_offset_x", 0},
        {"hidden_global_offset_y", 0},
        {"hidden_global_offset_z", 0},
        {"hidden_grid_dims", 1},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(a->kind, known[i].kind) == 0 && a->size <= 8)
            return put(m, g->args + a->offset, known[i].value, a->size, e);
    return 0; /* left unwritten: to read it is a fault */
}

static int make_args(struct amd_memory *m, struct grid *g, struct dq_error *e)
{
    const struct amd_kernel *k = g->launch->kernel;
    const void *const *next = g->launch->args;
    int rc =
        amd_memory_add(m, k->kernarg_len ? k->kernarg_len : 1, "the kernel arguments", &g->args, e);
    for (unsigned i = 0; rc == 0 && i < k->n_args; i++) {
        const struct amd_arg *a = &k->args[i];
        if (strncmp(a->kind, "hidden_", 7) == 0)
            rc = put_hidden(m, g, a, e);
        else
            rc = amd_memory_copy_in(m, g->args + a->offset, *next++, a->size, e);
    }
    amd_memory_find(m, g->args)->is_constant = true;
    return rc;
}

static void set_pair(struct amd_wave *w, unsigned *reg, bool is_wanted, uint64_t value)
{
    if (is_wanted) {
        amd_wave_set_s(w, *reg, 64, value);
        *reg += 2;
    }
}

/* The registers that a wave begins with; the others keep their poison. */
static void set_registers(struct amd_wave *w, const struct grid *g, uint32_t group, unsigned first)
{
    const struct amd_kernel *k = g->launch->kernel;
    const unsigned n_user = k->rsrc2 >> 1 & 31;
    const unsigned n_ids = 1 + (k->rsrc2 >> 11 & 3);
    unsigned reg = k->properties & PRIVATE_SEGMENT_BUFFER ? 4 : 0;
    const unsigned n_here =
        g->launch->group_size - first < w->n_lanes ? g->launch->group_size - first : w->n_lanes;
    set_pair(w, &reg, k->properties & DISPATCH_PACKET, g->packet);
    reg += k->properties & QUEUE ? 2 : 0;
    set_pair(w, &reg, k->properties & KERNEL_ARGUMENTS, g->args);
    reg = n_user;
    const uint32_t ids[3] = {group, 0, 0};
    for (unsigned i = 0; i < 3 && w->code->generation < 12; i++)
        if (k->rsrc2 >> (7 + i) & 1)
            amd_wave_set_s(w, reg++, 32, ids[i]);
    if (w->code->generation >= 12)
        amd_wave_set_s(w, AMD_TTMP0 + 9, 32, group);
    amd_wave_set_s(w, AMD_EXEC, 64, 0);
    amd_wave_set_exec(w, n_here == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n_here) - 1);
    /* Numbers of threads: packed into one register or not, those of y and z are 0. */
    for (unsigned i = 0; i < n_ids; i++)
        for (unsigned lane = 0; lane < n_here; lane++)
            w->v[i][lane] = i == 0 ? first + lane : 0;
}

/* The size of a wave, float mode and number of registers that the descriptor asks for. */
static int read_mode(struct grid *g, struct dq_error *e)
{
    const struct amd_kernel *k = g->launch->kernel;
    const char *target = g->code->target;
    const unsigned mode = k->rsrc1 >> 12 & 255;
    const unsigned flush_32 = mode >> 4 & 3;
    const unsigned flush_rest = mode >> 6 & 3;
    const bool has_many = strcmp(target, "gfx90a") == 0 || strncmp(target, "gfx94", 5) == 0;
    g->n_lanes = k->properties & WAVE32 ? 32 : 64;
    g->n_vgprs = ((k->rsrc1 & 63) + 1) * (g->n_lanes == 32 || has_many ? 8 : 4);
    g->flush_32 = flush_32 == 0;
    g->flush_rest = flush_rest == 0;
    if ((mode & 15) != 0)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: does not round to nearest even", k->name);
    if ((flush_32 != 0 && flush_32 != 3) || (flush_rest != 0 && flush_rest != 3))
        return dq_fail(
            e, DQ_ERR_MALFORMED, "%s: float mode 0x%02x is not known here", k->name, mode);
    if (g->n_vgprs > AMD_N_VGPRS)
        return dq_fail(
            e, DQ_ERR_MALFORMED, "%s: asks for %u vector registers", k->name, g->n_vgprs);
    return 0;
}

/* A wave before its first instruction, with poison in its registers. */
static void begin(struct amd_wave *w, struct grid *g, uint32_t group, unsigned first, int poison)
{
    memset(w, 0, sizeof *w);
    memset(w->s, poison, sizeof w->s);
    memset(w->v, poison, sizeof w->v);
    w->scc = poison & 1;
    w->memory = g->memory;
    w->code = g->code;
    w->counts = g->counts;
    w->e = &g->fault;
    w->n_lanes = g->n_lanes;
    w->n_vgprs = g->n_vgprs;
    w->flush_32 = g->flush_32;
    w->flush_rest = g->flush_rest;
    w->pc = g->launch->kernel->entry;
    set_registers(w, g, group, first);
}

static int step(struct amd_wave *w, struct amd_insn *i)
{
    int rc = i->n_ops ? 0 : amd_insn_decode(i, w->e);
    if (rc != 0)
        return rc;
    w->counts->insns++;
    w->pc = i[1].address;
    if (i->op[0].row->form <= AMD_PACKED_MOVE)
        return amd_run_vector(w, i->op, i->n_ops);
    if (i->n_ops == 2)
        return dq_fail(w->e, DQ_ERR_MALFORMED, "its halves are not both vector instructions");
    if (i->op[0].row->form <= AMD_SCALAR_TEST)
        return amd_run_scalar(w, i->op);
    if (i->op[0].row->form <= AMD_LOAD_SCALAR)
        return amd_run_memory(w, i->op);
    return amd_run_control(w, i);
}

static int compare(const void *key, const void *element)
{
    const uint64_t address = *(const uint64_t *)key;
    const struct amd_insn *i = element;
    return address < i->address ? -1 : address > i->address;
}

static uint64_t mix(uint64_t digest, uint64_t x)
{
    return (digest ^ x) * 0x100000001b3;
}

static void watch(const struct amd_wave *w)
{
    uint64_t d = mix(w->counts->digest, w->scc);
    for (unsigned i = 0; i < AMD_N_SGPRS; i++)
        d = mix(d, w->s[i]);
    for (unsigned i = 0; i < w->n_vgprs; i++)
        for (unsigned lane = 0; lane < w->n_lanes; lane++)
            d = mix(d, w->v[i][lane]);
    w->counts->digest = d;
}

/* A wave and its twin, instruction by instruction. */
static int run_wave(struct amd_wave pair[2], const struct amd_kernel *k, struct dq_error *e)
{
    struct amd_wave *w = &pair[0];
    const struct amd_code *c = w->code;
    struct amd_insn *i = NULL;
    int rc = 0;
    w->counts->waves++;
    for (int n = 0; rc == 0 && !w->has_ended; n++) {
        if (!i || (++i)->address != w->pc)
            i = bsearch(&w->pc, c->insns, c->n_insns - 1, sizeof *i, compare);
        if (!i)
            return dq_fail(e, DQ_ERR_MALFORMED,
                "%s: goes to +0x%" PRIx64 ", where no instruction begins", k->name,
                w->pc - k->entry);
        if (w->pc == w->counts->watched)
            watch(w);
        rc =
            n < MAX_STEPS ? step(w, i) : dq_fail(w->e, DQ_ERR_MALFORMED, "does not come to an end");
        /* Also after a fault, because the twin may find its cause. */
        const int twin_rc = step(&pair[1], i);
        rc = rc != 0 ? rc : twin_rc;
        if (rc == 0 && (w->pc != pair[1].pc || amd_wave_exec(w) != amd_wave_exec(&pair[1])))
            rc = dq_fail(w->e, DQ_ERR_MALFORMED,
                "what is run next depends on a register that was never written");
    }
    if (rc != 0)
        return dq_fail(
            e, rc, "%s+0x%" PRIx64 ": %s: %s", k->name, i->address - k->entry, i->text, w->e->text);
    return 0;
}

static int check(const struct amd_launch *l, struct dq_error *e)
{
    const struct amd_kernel *k = l->kernel;
    if (l->n_groups == 0 || l->group_size == 0)
        return dq_fail(e, DQ_ERR_USAGE, "%s: a grid of nothing", k->name);
    if (k->max_group_size && l->group_size > k->max_group_size)
        return dq_fail(e, DQ_ERR_USAGE, "%s: %u threads in a group of at most %u", k->name,
            l->group_size, k->max_group_size);
    if ((uint64_t)l->n_groups * l->group_size > UINT32_MAX)
        return dq_fail(e, DQ_ERR_USAGE, "%s: more threads than 32 bits can count", k->name);
    if (k->lds_len || k->scratch_len)
        return dq_fail(e, DQ_ERR_MALFORMED,
            "%s: uses LDS or scratch memory, which is not played here", k->name);
    return 0;
}

/* Waves of a group, from that of thread first on. They begin with bytes that differ in all bits; 0
 * and NaN, which much code asks for, are among them. */
static int run_group(struct amd_wave pair[2], struct grid *g, uint32_t group, struct dq_error *e)
{
    static const int poison[2][2] = {{0xa5, 0x5a}, {0x00, 0xff}};
    int rc = 0;
    for (unsigned first = 0; rc == 0 && first < g->launch->group_size; first += g->n_lanes) {
        const int *two = poison[(group + first / g->n_lanes) % 2];
        begin(&pair[0], g, group, first, two[0]);
        begin(&pair[1], g, group, first, two[1]);
        pair[1].twin = &pair[0];
        pair[1].counts = &g->not_counted;
        rc = run_wave(pair, g->launch->kernel, e);
    }
    return rc;
}

int amd_launch(struct amd_memory *m, const struct amd_code *c, const struct amd_launch *launch,
    struct amd_counts *counts, struct dq_error *e)
{
    struct grid g = {.memory = m, .code = c, .counts = counts, .launch = launch};
    const uint32_t n_run = launch->n_run ? launch->n_run : launch->n_groups - launch->first_group;
    struct amd_wave *pair = calloc(2, sizeof *pair);
    int rc = pair ? check(launch, e) : dq_fail_nomem(e);
    if (rc == 0)
        rc = read_mode(&g, e);
    if (rc == 0)
        rc = make_args(m, &g, e);
    if (rc == 0)
        rc = make_packet(m, &g, e);
    for (uint32_t i = 0; rc == 0 && i < n_run; i++)
        rc = run_group(pair, &g, launch->first_group + i, e);
    if (g.packet)
        amd_memory_remove(m, g.packet, NULL);
    if (g.args)
        amd_memory_remove(m, g.args, NULL);
    free(pair);
    return rc;
}
