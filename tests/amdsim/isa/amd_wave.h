/* The state of one wave, and how instructions read and write it.
 *
 * Each register knows whether a load to it is still outstanding; to use it before the code waited
 * for that load is a fault.
 *
 * A compiler may read registers that were never written if the result does not depend on them. To
 * see whether it does, each wave has a twin that executes the same instructions, starting with
 * other poison in its registers. Where the two would branch, load or store differently is a
 * fault. */
#ifndef AMD_WAVE_H
#define AMD_WAVE_H

#include "amd_insn.h"
#include "amd_isa.h"
#include "amd_launch.h"

enum { AMD_MAX_LANES = 64, AMD_N_VGPRS = 256 };

/* What a lane did in the last memory instruction. */
struct amd_access {
    uint64_t address;
    uint8_t data[16]; /* stored */
};

struct amd_wave {
    const struct amd_wave
        *twin; /* has executed this instruction already; NULL: this is the first twin */
    struct amd_memory *memory;
    const struct amd_code *code;
    struct amd_counts *counts;
    struct dq_error *e; /* receives a fault, without its place in the code */
    unsigned n_lanes;   /* 32 or 64 */
    unsigned n_vgprs;   /* allocated to the wave */
    bool flush_32;      /* float mode: f32 subnormals count as 0 */
    bool flush_rest;    /* so do those of f16 and f64 */
    uint64_t pc;        /* of the next instruction */
    bool has_ended;
    bool scc;

    uint32_t s[AMD_N_SGPRS];
    bool s_awaited[AMD_N_SGPRS]; /* a load is outstanding */

    uint32_t v[AMD_N_VGPRS][AMD_MAX_LANES];
    /* Vector memory instructions are numbered and complete in order: the number of the one that a
     * register waits for, of the last one issued, and of the last one completed. */
    uint64_t v_awaited[AMD_N_VGPRS];
    uint64_t n_issued;
    uint64_t n_done;
    struct amd_access accesses[AMD_MAX_LANES];
};

uint64_t amd_wave_lanes(const struct amd_wave *w); /* one bit per lane of the wave */
uint64_t amd_wave_exec(const struct amd_wave *w);
void amd_wave_set_exec(struct amd_wave *w, uint64_t exec);

/* Checks that n registers from reg on exist and have no load outstanding. */
int amd_wave_need_v(struct amd_wave *w, unsigned reg, unsigned n);
int amd_wave_need_s(struct amd_wave *w, unsigned reg, unsigned n);

/* One or two scalar registers as bits; AMD_NULL reads as 0. The caller has checked them. */
uint64_t amd_wave_s(const struct amd_wave *w, unsigned reg, unsigned bits);
void amd_wave_set_s(struct amd_wave *w, unsigned reg, unsigned bits, uint64_t value);

/* The bits of an operand in a lane, for a type. The caller has checked it. */
uint64_t amd_wave_read(
    const struct amd_wave *w, const struct amd_operand *o, enum amd_type type, unsigned lane);

/* Checks an operand before it is read. */
int amd_wave_need(struct amd_wave *w, const struct amd_operand *o, enum amd_type type);

/* Execute an instruction: 0, or DQ_ERR_MALFORMED. */
int amd_run_vector(struct amd_wave *w, const struct amd_op *ops, unsigned n_ops);
int amd_run_scalar(struct amd_wave *w, const struct amd_op *op);
int amd_run_memory(struct amd_wave *w, const struct amd_op *op);
int amd_run_control(struct amd_wave *w, const struct amd_insn *i);

#endif
