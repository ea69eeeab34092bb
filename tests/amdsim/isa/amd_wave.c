/* Reading, writing and checking the registers of a wave. */
#include "amd_wave.h"

#include <string.h>

uint64_t amd_wave_lanes(const struct amd_wave *w)
{
    return w->n_lanes == 64 ? ~(uint64_t)0 : ((uint64_t)1 << w->n_lanes) - 1;
}

uint64_t amd_wave_exec(const struct amd_wave *w)
{
    return amd_wave_s(w, AMD_EXEC, 64) & amd_wave_lanes(w);
}

void amd_wave_set_exec(struct amd_wave *w, uint64_t exec)
{
    amd_wave_set_s(w, AMD_EXEC, w->n_lanes, exec);
}

int amd_wave_need_v(struct amd_wave *w, unsigned reg, unsigned n)
{
    for (unsigned r = reg; r < reg + n; r++) {
        if (r >= w->n_vgprs)
            return dq_fail(w->e, DQ_ERR_MALFORMED, "v%u of only %u registers", r, w->n_vgprs);
        if (w->v_awaited[r] > w->n_done)
            return dq_fail(w->e, DQ_ERR_MALFORMED, "v%u is used before its load was waited for", r);
    }
    return 0;
}

int amd_wave_need_s(struct amd_wave *w, unsigned reg, unsigned n)
{
    if (reg == AMD_NULL)
        return 0;
    for (unsigned r = reg; r < reg + n; r++) {
        if (r >= AMD_N_SGPRS)
            return dq_fail(w->e, DQ_ERR_MALFORMED, "there is no scalar register %u", r);
        if (w->s_awaited[r])
            return dq_fail(w->e, DQ_ERR_MALFORMED,
                "scalar register %u is used before its load was waited for", r);
    }
    return 0;
}

uint64_t amd_wave_s(const struct amd_wave *w, unsigned reg, unsigned bits)
{
    if (reg == AMD_NULL)
        return 0;
    return bits == 64 ? w->s[reg] | (uint64_t)w->s[reg + 1] << 32 : w->s[reg];
}

void amd_wave_set_s(struct amd_wave *w, unsigned reg, unsigned bits, uint64_t value)
{
    if (reg == AMD_NULL)
        return;
    w->s[reg] = (uint32_t)value;
    if (bits == 64)
        w->s[reg + 1] = (uint32_t)(value >> 32);
}

/* Registers that hold a value of this type. A lane mask has a bit for each lane. */
static unsigned registers_of(const struct amd_wave *w, enum amd_type type)
{
    if (type == AMD_bit)
        return w->n_lanes / 32;
    return amd_type_bits(type) == 64 ? 2 : 1;
}

int amd_wave_need(struct amd_wave *w, const struct amd_operand *o, enum amd_type type)
{
    const unsigned n = registers_of(w, type);
    const bool is_number = type == AMD_f16 || type == AMD_f32 || type == AMD_f64;
    if (o->kind == AMD_OFF ||
        ((o->kind == AMD_VGPR || o->kind == AMD_SGPR) && o->count < n && o->reg != AMD_NULL))
        return dq_fail(w->e, DQ_ERR_MALFORMED, "an operand does not suit the instruction");
    if (o->kind == AMD_CONSTANT && amd_type_bits(type) == 64 && o->is_float && !is_number)
        return dq_fail(w->e, DQ_ERR_MALFORMED, "what bits has a number of 64 bits here?");
    if (o->kind == AMD_VGPR)
        return amd_wave_need_v(w, o->reg, n);
    return o->kind == AMD_SGPR ? amd_wave_need_s(w, o->reg, n) : 0;
}

/* A constant with a point, as an instruction that takes this type sees it. */
static uint64_t bits_of_number(double number, enum amd_type type)
{
    const float f = (float)number;
    uint64_t bits = 0;
    if (amd_type_bits(type) == 64)
        memcpy(&bits, &number, sizeof number);
    else if (amd_type_bits(type) == 16)
        bits = amd_f16_of(number);
    else
        memcpy(&bits, &f, sizeof f);
    return bits;
}

uint64_t amd_wave_read(
    const struct amd_wave *w, const struct amd_operand *o, enum amd_type type, unsigned lane)
{
    const unsigned bits = amd_type_bits(type);
    uint64_t x;
    if (type == AMD_bit)
        return amd_wave_s(w, o->reg, w->n_lanes) >> lane & 1;
    if (o->kind == AMD_CONSTANT) {
        /* Of an f64 a written constant is the upper half. */
        const uint64_t whole = type == AMD_f64 && o->value >> 32 == 0 ? o->value << 32 : o->value;
        x = o->is_float ? bits_of_number(o->number, type) : whole;
    } else if (o->kind == AMD_SGPR) {
        x = amd_wave_s(w, o->reg, bits);
    } else {
        x = w->v[o->reg][lane];
        if (bits == 64)
            x |= (uint64_t)w->v[o->reg + 1][lane] << 32;
    }
    return bits == 64 ? x : x & (((uint64_t)1 << bits) - 1);
}
