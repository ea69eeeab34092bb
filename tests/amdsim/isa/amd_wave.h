/* The state of one wave, and how instructions read and write it.
 *
 * Registers remember whether a load is still on its way to them: to use one before that is a fault.
 *
 * A compiler may well read registers that were never written, if the result does not depend on
 * them. To tell, each wave has a twin that runs the same instructions and began with other junk in
 * its registers: where the two would branch, load or store differently, there is a fault. */
#ifndef AMD_WAVE_H
#define AMD_WAVE_H

#include "amd_insn.h"
#include "amd_isa.h"
#include "amd_launch.h"

enum { AMD_MAX_LANES = 64, AMD_N_VGPRS = 256 };

/* What a lane did to memory, in the last memory instruction. */
struct amd_access {
    uint64_t address;
    uint8_t data[16]; /* stored */
};

struct amd_wave {
    const struct amd_wave *twin; /* that ran this instruction before; NULL: it is the first */
    struct amd_memory *memory;
    const struct amd_code *code;
    struct amd_counts *counts;
    struct dq_error *e; /* what is wrong goes here, without the place */
    unsigned n_lanes;   /* 32 or 64 */
    unsigned n_vgprs;   /* that are allocated */
    bool flush_32;      /* float mode: subnormal f32, */
    bool flush_rest;    /* and f16 and f64, count as 0 */
    uint64_t pc;        /* of the next instruction */
    bool has_ended;
    bool scc;

    uint32_t s[AMD_N_SGPRS];
    bool s_awaited[AMD_N_SGPRS]; /* a load is on its way */

    uint32_t v[AMD_N_VGPRS][AMD_MAX_LANES];
    /* Vector memory instructions are numbered; they end in order. A register waits for this one. */
    uint64_t v_awaited[AMD_N_VGPRS];
    uint64_t n_issued;
    uint64_t n_done;
    struct amd_access accesses[AMD_MAX_LANES];
};

uint64_t amd_wave_lanes(const struct amd_wave *w); /* a bit for each lane there is */
uint64_t amd_wave_exec(const struct amd_wave *w);
void amd_wave_set_exec(struct amd_wave *w, uint64_t exec);

/* Checks that n registers from reg on can be used now: they are there, and no load is on its way.
 */
int amd_wave_need_v(struct amd_wave *w, unsigned reg, unsigned n);
int amd_wave_need_s(struct amd_wave *w, unsigned reg, unsigned n);

/* One or two scalar registers as bits; NULL reads as 0. Checked before. */
uint64_t amd_wave_s(const struct amd_wave *w, unsigned reg, unsigned bits);
void amd_wave_set_s(struct amd_wave *w, unsigned reg, unsigned bits, uint64_t value);

/* The bits of an operand, of a type, in a lane; checked before. */
uint64_t amd_wave_read(
    const struct amd_wave *w, const struct amd_operand *o, enum amd_type type, unsigned lane);

/* Checks an operand that is read. */
int amd_wave_need(struct amd_wave *w, const struct amd_operand *o, enum amd_type type);

/* Execute an instruction: 0, or DQ_ERR_MALFORMED. */
int amd_run_vector(struct amd_wave *w, const struct amd_op *ops, unsigned n_ops);
int amd_run_scalar(struct amd_wave *w, const struct amd_op *op);
int amd_run_memory(struct amd_wave *w, const struct amd_op *op);
int amd_run_control(struct amd_wave *w, const struct amd_insn *i);

#endif
