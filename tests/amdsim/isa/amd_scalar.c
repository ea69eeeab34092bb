/* Executing scalar instructions, and those that control a wave. */
#include "amd_wave.h"

#include <stdio.h>
#include <string.h>

/* A branch counts in words from the next instruction on, in 16 bits. */
enum { INSN_LEN = 4 };

int amd_run_scalar(struct amd_wave *w, const struct amd_op *op)
{
    const struct amd_row *row = op->row;
    const unsigned first = row->form == AMD_SCALAR_TEST ? 0 : 1;
    const unsigned bits = amd_type_bits(row->result);
    struct amd_lane l = {
        .exec = amd_wave_exec(w),
        .scc = w->scc,
        .lanes = amd_wave_lanes(w),
    };
    const uint64_t exec = l.exec;
    unsigned n = first;
    int rc = 0;
    for (; rc == 0 && n < first + 3 && row->sources[n - first] != AMD_none; n++) {
        const struct amd_operand *o = &op->operands[n];
        if (n >= op->n_operands || o->kind == AMD_VGPR)
            return dq_fail(w->e, DQ_ERR_MALFORMED, "its operands do not suit it");
        rc = amd_wave_need(w, o, row->sources[n - first]);
        if (rc == 0)
            l.s[n - first] = amd_wave_read(w, o, row->sources[n - first], 0);
    }
    if (rc != 0)
        return rc;
    if (n != op->n_operands || op->operands[0].kind == AMD_VGPR)
        return dq_fail(w->e, DQ_ERR_MALFORMED, "its operands do not suit it");
    row->lane(&l);
    if (l.exec != exec)
        amd_wave_set_exec(w, l.exec);
    w->scc = row->form == AMD_SCALAR_TEST ? l.d & 1 : l.scc;
    if (row->form == AMD_SCALAR_TEST)
        return 0;
    const struct amd_operand *d = &op->operands[0];
    if (d->kind != AMD_SGPR || (d->count != bits / 32 && d->reg != AMD_NULL))
        return dq_fail(w->e, DQ_ERR_MALFORMED, "its result does not suit it");
    rc = amd_wave_need_s(w, d->reg, bits / 32);
    if (rc == 0)
        amd_wave_set_s(w, d->reg, bits, l.d);
    return rc;
}

/* All vector loads but the last n are done. */
static void wait_vector(struct amd_wave *w, unsigned n)
{
    if (w->n_issued > n && w->n_issued - n > w->n_done)
        w->n_done = w->n_issued - n;
}

/* Scalar loads end in any order, so only a wait for all of them tells something. */
static void wait_scalar(struct amd_wave *w, unsigned n)
{
    if (n == 0)
        memset(w->s_awaited, 0, sizeof w->s_awaited);
}

static int run_wait(struct amd_wave *w, const char *text)
{
    const char *vector = strstr(text, "vmcnt(");
    const char *scalar = strstr(text, "lgkmcnt(");
    unsigned n;
    if (sscanf(text, "s_wait_loadcnt %x", &n) == 1) {
        wait_vector(w, n);
    } else if (sscanf(text, "s_wait_kmcnt %x", &n) == 1) {
        wait_scalar(w, n);
    } else if (strncmp(text, "s_waitcnt ", 10) == 0) {
        if (!strchr(text, '('))
            return dq_fail(w->e, DQ_ERR_MALFORMED, "waits for what is not named");
        if (vector && sscanf(vector, "vmcnt(%u)", &n) == 1)
            wait_vector(w, n);
        if (scalar && sscanf(scalar, "lgkmcnt(%u)", &n) == 1)
            wait_scalar(w, n);
    }
    return 0; /* stores: nothing in the interpreter depends on them */
}

static bool is_taken(const struct amd_wave *w, const struct amd_row *row)
{
    struct amd_lane l = {
        .exec = amd_wave_exec(w),
        .vcc = amd_wave_s(w, AMD_VCC, 64),
        .scc = w->scc,
        .lanes = amd_wave_lanes(w),
    };
    row->lane(&l);
    return l.d & 1;
}

int amd_run_control(struct amd_wave *w, const struct amd_insn *i)
{
    const struct amd_op *op = &i->op[0];
    const enum amd_form form = op->row->form;
    if (form == AMD_WAIT)
        return run_wait(w, i->text);
    if (form == AMD_END)
        w->has_ended = true;
    if (form == AMD_BRANCH || form == AMD_BRANCH_IF) {
        if (op->n_operands != 1 || op->operands[0].kind != AMD_CONSTANT)
            return dq_fail(w->e, DQ_ERR_MALFORMED, "branches to nowhere");
        if (is_taken(w, op->row))
            w->pc = i->address + INSN_LEN +
                    (uint64_t)(int64_t)INSN_LEN * (uint64_t)(int16_t)op->operands[0].value;
    }
    if (form == AMD_GET_PC) {
        if (op->n_operands != 1 || op->operands[0].kind != AMD_SGPR || op->operands[0].count != 2)
            return dq_fail(w->e, DQ_ERR_MALFORMED, "its result does not suit it");
        amd_wave_set_s(w, op->operands[0].reg, 64, i->address + INSN_LEN);
    }
    return 0;
}
