/* Global loads, stores and atomic operations, and scalar loads. */
#include "amd_wave.h"

#include <string.h>

enum { MAX_LEN = 64 };

static int unsuited(struct amd_wave *w)
{
    return dq_fail(w->e, DQ_ERR_MALFORMED, "its operands do not suit it");
}

/* The address is in two registers, or it is a scalar base and an offset of 32 bits. */
static int check_address(
    struct amd_wave *w, const struct amd_operand *address, const struct amd_operand *base)
{
    const bool has_base = base->kind == AMD_SGPR && base->reg != AMD_NULL;
    if (address->kind != AMD_VGPR || address->count != (has_base ? 1 : 2) ||
        (has_base ? base->count != 2 : base->kind != AMD_OFF))
        return unsuited(w);
    const int rc = amd_wave_need_v(w, address->reg, address->count);
    return rc != 0 || !has_base ? rc : amd_wave_need_s(w, base->reg, 2);
}

static uint64_t address_of(const struct amd_wave *w, const struct amd_op *op,
    const struct amd_operand *address, const struct amd_operand *base, unsigned lane)
{
    uint64_t at = amd_wave_read(w, address, address->count == 2 ? AMD_b64 : AMD_b32, lane);
    if (base->kind == AMD_SGPR)
        at += amd_wave_s(w, base->reg, 64);
    return at + (uint64_t)op->offset;
}

static uint32_t word(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Compares what a lane is about to do with what its twin did. */
static int compare(struct amd_wave *w, unsigned lane, size_t stored)
{
    const struct amd_access *a = &w->accesses[lane];
    const struct amd_access *other = w->twin ? &w->twin->accesses[lane] : a;
    if (a->address != other->address)
        return dq_fail(w->e, DQ_ERR_MALFORMED,
            "the address of lane %u depends on a register that was never written", lane);
    if (memcmp(a->data, other->data, stored) != 0)
        return dq_fail(w->e, DQ_ERR_MALFORMED,
            "what lane %u stores depends on a register that was never written", lane);
    return 0;
}

/* The bytes of a lane. */
static unsigned bytes_of(const struct amd_row *row)
{
    return row->form == AMD_ATOMIC ? amd_type_bits(row->result) / 8 : row->bytes;
}

/* Finds out what all lanes are about to do; data is NULL if they load. */
static int plan(struct amd_wave *w, const struct amd_op *op, const struct amd_operand *address,
    const struct amd_operand *base, const struct amd_operand *data, uint64_t exec)
{
    const unsigned shift = op->row->form == AMD_STORE_HIGH ? 16 : 0;
    const unsigned n_bytes = bytes_of(op->row);
    int rc = 0;
    for (unsigned lane = 0; rc == 0 && lane < w->n_lanes; lane++) {
        struct amd_access *a = &w->accesses[lane];
        if (!(exec >> lane & 1))
            continue;
        a->address = address_of(w, op, address, base, lane);
        for (unsigned i = 0; data && i < n_bytes; i++)
            a->data[i] = (uint8_t)(w->v[data->reg + i / 4][lane] >> (8 * (i % 4) + shift));
        rc = compare(w, lane, data ? n_bytes : 0);
    }
    return rc;
}

/* What one register gets of the bytes loaded. */
static uint32_t loaded(const struct amd_row *row, uint32_t old, uint32_t x)
{
    switch (row->form) {
    case AMD_LOAD_SIGNED:
        return row->bytes == 1 ? (uint32_t)(int8_t)x : (uint32_t)(int16_t)x;
    case AMD_LOAD_LOW:
        return (old & 0xffff0000) | x;
    case AMD_LOAD_HIGH:
        return (old & 0xffff) | x << 16;
    default:
        return x;
    }
}

static int run_load(struct amd_wave *w, const struct amd_op *op, uint64_t exec)
{
    const struct amd_row *row = op->row;
    const struct amd_operand *d = &op->operands[0];
    const unsigned n_registers = (row->bytes + 3) / 4;
    if (op->n_operands != 3 || d->kind != AMD_VGPR || d->count != n_registers)
        return unsuited(w);
    int rc = check_address(w, &op->operands[1], &op->operands[2]);
    if (rc == 0)
        rc = amd_wave_need_v(w, d->reg, n_registers);
    if (rc == 0)
        rc = plan(w, op, &op->operands[1], &op->operands[2], NULL, exec);
    if (rc != 0)
        return rc;
    w->n_issued++;
    for (unsigned lane = 0; lane < w->n_lanes; lane++) {
        uint8_t bytes[MAX_LEN] = {0};
        if (!(exec >> lane & 1))
            continue;
        rc = amd_memory_load(w->memory, w->accesses[lane].address, bytes, row->bytes, w->e);
        if (rc != 0)
            return rc;
        for (unsigned i = 0; i < n_registers; i++)
            w->v[d->reg + i][lane] = loaded(row, w->v[d->reg + i][lane], word(bytes + 4 * i));
        w->counts->loaded += row->bytes;
    }
    for (unsigned i = 0; i < n_registers; i++)
        w->v_awaited[d->reg + i] = w->n_issued;
    return 0;
}

/* Changes what an access finds in memory. The hardware does so for one lane after the other, in any order. */
static int change(struct amd_wave *w, const struct amd_row *row, const struct amd_access *a)
{
    const unsigned n_bytes = bytes_of(row);
    struct amd_lane l = {.d = 0};
    uint8_t bytes[8] = {0};
    if (a->address % n_bytes != 0)
        return dq_fail(w->e, DQ_ERR_MALFORMED, "its address is no multiple of %u", n_bytes);
    const int rc = amd_memory_load(w->memory, a->address, bytes, n_bytes, w->e);
    if (rc != 0)
        return rc;
    l.s[0] = word(bytes) | (uint64_t)word(bytes + 4) << 32;
    l.s[1] = word(a->data) | (n_bytes == 8 ? (uint64_t)word(a->data + 4) << 32 : 0);
    row->lane(&l);
    for (unsigned i = 0; i < n_bytes; i++)
        bytes[i] = (uint8_t)(l.d >> 8 * i);
    w->counts->loaded += n_bytes;
    return amd_memory_store(w->memory, a->address, bytes, n_bytes, w->e);
}

/* Stores, and atomic operations that return nothing. */
static int run_store(struct amd_wave *w, const struct amd_op *op, uint64_t exec)
{
    const struct amd_row *row = op->row;
    const struct amd_operand *data = &op->operands[1];
    const unsigned n_bytes = bytes_of(row);
    const unsigned n_registers = (n_bytes + 3) / 4;
    if (op->n_operands != 3 || data->kind != AMD_VGPR || data->count != n_registers)
        return unsuited(w);
    int rc = check_address(w, &op->operands[0], &op->operands[2]);
    if (rc == 0)
        rc = amd_wave_need_v(w, data->reg, n_registers);
    if (rc == 0)
        rc = plan(w, op, &op->operands[0], &op->operands[2], data, exec);
    if (rc != 0)
        return rc;
    if (w->code->generation < 10) /* later ones have a counter for stores */
        w->n_issued++;
    for (unsigned lane = 0; !w->twin && lane < w->n_lanes; lane++) {
        if (!(exec >> lane & 1))
            continue;
        const struct amd_access *a = &w->accesses[lane];
        rc = row->form == AMD_ATOMIC
                 ? change(w, row, a)
                 : amd_memory_store(w->memory, a->address, a->data, n_bytes, w->e);
        if (rc != 0)
            return rc;
        w->counts->stored += n_bytes;
    }
    return 0;
}

static int run_load_scalar(struct amd_wave *w, const struct amd_op *op)
{
    const struct amd_operand *d = &op->operands[0];
    const struct amd_operand *base = &op->operands[1];
    const struct amd_operand *offset = &op->operands[2];
    const unsigned n_registers = op->row->bytes / 4;
    uint8_t bytes[MAX_LEN];
    if (op->n_operands != 3 || d->kind != AMD_SGPR || d->count != n_registers ||
        base->kind != AMD_SGPR || base->count != 2 || offset->kind == AMD_VGPR)
        return unsuited(w);
    int rc = amd_wave_need_s(w, base->reg, 2);
    if (rc == 0)
        rc = amd_wave_need(w, offset, AMD_b32);
    if (rc == 0)
        rc = amd_wave_need_s(w, d->reg, n_registers);
    if (rc != 0)
        return rc;
    /* An offset in a register has no sign, a written one may have. */
    const uint64_t more =
        offset->kind == AMD_CONSTANT ? offset->value : amd_wave_s(w, offset->reg, 32);
    const uint64_t address = amd_wave_s(w, base->reg, 64) + more + (uint64_t)op->offset;
    if (address % 4 != 0)
        return dq_fail(w->e, DQ_ERR_MALFORMED, "the address of a scalar is no multiple of 4");
    w->accesses[0].address = address;
    rc = compare(w, 0, 0);
    if (rc == 0)
        rc = amd_memory_load(w->memory, address, bytes, op->row->bytes, w->e);
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < n_registers; i++) {
        amd_wave_set_s(w, d->reg + i, 32, word(bytes + 4 * (size_t)i));
        w->s_awaited[d->reg + i] = true;
    }
    return 0;
}

int amd_run_memory(struct amd_wave *w, const struct amd_op *op)
{
    const uint64_t exec = amd_wave_exec(w);
    if (op->row->form == AMD_LOAD_SCALAR)
        return run_load_scalar(w, op);
    w->counts->lane_insns += (uint64_t)__builtin_popcountll(exec);
    if (op->row->form == AMD_STORE || op->row->form == AMD_STORE_HIGH ||
        op->row->form == AMD_ATOMIC)
        return run_store(w, op, exec);
    return run_load(w, op, exec);
}
