/* Vector instructions: each active lane on its own. */
#include "amd_wave.h"

/* What an instruction did, written when all of its lanes, and both halves of a dual one, were read:
 * the second half reads what was there before the first. */
struct results {
    uint64_t d[AMD_MAX_LANES];
    uint64_t mask; /* of carries, or of a comparison */
};

static bool has_mask(enum amd_form form)
{
    return form == AMD_VECTOR_CARRY || form == AMD_COMPARE || form == AMD_COMPARE_EXEC;
}

/* The index of the first source, which follows the results. */
static unsigned first_source(const struct amd_wave *w, const struct amd_op *op)
{
    switch (op->row->form) {
    case AMD_VECTOR_CARRY:
        return 2;
    case AMD_COMPARE_EXEC:
        return w->code->generation >= 10 ? 0 : 1;
    default:
        return 1;
    }
}

static unsigned count_sources(const struct amd_row *row)
{
    unsigned n = 0;
    while (n < 3 && row->sources[n] != AMD_none)
        n++;
    return n;
}

/* The dual form of a choice takes its lane mask from VCC without saying so. */
static const struct amd_operand *source(
    const struct amd_wave *w, const struct amd_op *op, unsigned i)
{
    static const struct amd_operand vcc = {.kind = AMD_SGPR, .reg = AMD_VCC, .count = 2};
    const unsigned at = first_source(w, op) + i;
    return at < op->n_operands ? &op->operands[at] : &vcc;
}

static uint64_t select(uint64_t x, enum amd_select sel, bool is_extended, enum amd_type type)
{
    unsigned shift = 0;
    unsigned bits = 32;
    if (sel == AMD_WORD_0 || sel == AMD_WORD_1) {
        bits = 16;
        shift = sel == AMD_WORD_1 ? 16 : 0;
    } else if (sel != AMD_DWORD) {
        bits = 8;
        shift = 8 * (unsigned)(sel - AMD_BYTE_0);
    }
    x = x >> shift & (((uint64_t)1 << bits) - 1);
    if (is_extended && x >> (bits - 1))
        x |= ~(uint64_t)0 << bits;
    return amd_type_bits(type) == 16 ? x & 0xffff : x & 0xffffffff;
}

static uint64_t with_sign(const struct amd_operand *o, uint64_t x, enum amd_type type)
{
    const uint64_t sign = (uint64_t)1 << (amd_type_bits(type) - 1);
    if (o->is_absolute)
        x &= ~sign;
    return o->is_negated ? x ^ sign : x;
}

/* One half of a source of a packed instruction: of 16 bits, or of 32. */
static uint64_t packed_half(const struct amd_wave *w, const struct amd_operand *o,
    enum amd_type type, unsigned lane, bool is_high, bool is_negated)
{
    const unsigned bits = amd_type_bits(type);
    uint64_t x;
    if (bits == 16) {
        x = amd_wave_read(w, o, AMD_b32, lane) >> (is_high ? 16 : 0) & 0xffff;
    } else if (o->kind == AMD_CONSTANT) {
        x = amd_wave_read(w, o, type, lane); /* both halves are the same */
    } else {
        struct amd_operand half = *o;
        half.reg = (uint16_t)(half.reg + is_high);
        x = amd_wave_read(w, &half, type, lane);
    }
    return is_negated ? x ^ (uint64_t)1 << (bits - 1) : x;
}

static uint64_t run_packed(
    const struct amd_wave *w, const struct amd_op *op, struct amd_lane *l, unsigned lane)
{
    const struct amd_row *row = op->row;
    const unsigned bits = amd_type_bits(row->result);
    uint64_t d = 0;
    for (unsigned half = 0; half < 2; half++) {
        const unsigned sel = half ? op->op_sel_hi : op->op_sel;
        const unsigned neg = half ? op->neg_hi : op->neg_lo;
        for (unsigned i = 0; i < count_sources(row); i++)
            l->s[i] =
                packed_half(w, source(w, op, i), row->sources[i], lane, sel >> i & 1, neg >> i & 1);
        if (row->form == AMD_PACKED_MOVE && half) /* its halves are chosen by op_sel alone */
            l->s[0] =
                packed_half(w, source(w, op, 1), row->sources[1], lane, op->op_sel >> 1 & 1, false);
        row->lane(l);
        d |= (bits == 16 ? l->d & 0xffff : l->d & 0xffffffff) << half * bits;
    }
    return d;
}

static void run_lane(
    const struct amd_wave *w, const struct amd_op *op, struct amd_lane *l, unsigned lane)
{
    const struct amd_row *row = op->row;
    for (unsigned i = 0; i < count_sources(row); i++) {
        const struct amd_operand *o = source(w, op, i);
        const enum amd_type type = row->sources[i];
        if (op->is_sdwa && i < 2)
            l->s[i] =
                select(amd_wave_read(w, o, AMD_b32, lane), op->src_sel[i], o->is_extended, type);
        else
            l->s[i] = amd_wave_read(w, o, type, lane);
        if (type != AMD_bit)
            l->s[i] = with_sign(o, l->s[i], type);
    }
    row->lane(l);
}

static int check_packed(struct amd_wave *w, const struct amd_op *op, unsigned i)
{
    const struct amd_operand *o = source(w, op, i);
    const bool is_wide = amd_type_bits(op->row->sources[i]) == 32;
    return amd_wave_need(w, o, is_wide && o->kind != AMD_CONSTANT ? AMD_b64 : AMD_b32);
}

static int check(struct amd_wave *w, const struct amd_op *op)
{
    const struct amd_row *row = op->row;
    const unsigned n_operands = first_source(w, op) + count_sources(row);
    const bool may_miss_one = row->sources[2] == AMD_bit && op->n_operands == n_operands - 1;
    const bool is_packed = row->form == AMD_PACKED || row->form == AMD_PACKED_MOVE;
    int rc = 0;
    if (op->n_operands != n_operands && !may_miss_one)
        return dq_fail(
            w->e, DQ_ERR_MALFORMED, "%u operands instead of %u", op->n_operands, n_operands);
    for (unsigned i = 0; rc == 0 && i < count_sources(row); i++) {
        const struct amd_operand *o = source(w, op, i);
        if (row->sources[i] == AMD_bit && o->kind != AMD_SGPR)
            return dq_fail(w->e, DQ_ERR_MALFORMED, "a lane mask is no scalar register");
        rc = is_packed ? check_packed(w, op, i) : amd_wave_need(w, o, row->sources[i]);
    }
    return rc;
}

static int run_lanes(struct amd_wave *w, const struct amd_op *op, uint64_t exec, struct results *r)
{
    const bool is_packed = op->row->form == AMD_PACKED || op->row->form == AMD_PACKED_MOVE;
    struct amd_lane l = {.flush_32 = w->flush_32, .flush_rest = w->flush_rest};
    const int rc = check(w, op);
    if (rc != 0)
        return rc;
    r->mask = 0;
    for (unsigned lane = 0; lane < w->n_lanes; lane++) {
        if (!(exec >> lane & 1))
            continue;
        if (is_packed) {
            r->d[lane] = run_packed(w, op, &l, lane);
            continue;
        }
        run_lane(w, op, &l, lane);
        r->d[lane] = l.d;
        const bool bit = op->row->form == AMD_VECTOR_CARRY ? l.carry : l.d & 1;
        r->mask |= (uint64_t)bit << lane;
    }
    return 0;
}

/* Places a result of SDWA in the register. */
static uint32_t place(const struct amd_op *op, uint32_t old, uint32_t x)
{
    unsigned shift = 0;
    unsigned bits = 32;
    if (op->dst_sel == AMD_DWORD)
        return x;
    if (op->dst_sel == AMD_WORD_0 || op->dst_sel == AMD_WORD_1) {
        bits = 16;
        shift = op->dst_sel == AMD_WORD_1 ? 16 : 0;
    } else {
        bits = 8;
        shift = 8 * (unsigned)(op->dst_sel - AMD_BYTE_0);
    }
    const uint32_t mask = ((1u << bits) - 1) << shift;
    const bool is_negative = x >> (bits - 1) & 1;
    if (op->dst_unused == AMD_UNUSED_PRESERVE)
        return (old & ~mask) | (x << shift & mask);
    /* The bits above repeat the sign, those below are 0. */
    if (op->dst_unused == AMD_UNUSED_SEXT && is_negative)
        return (x << shift & mask) | (shift + bits < 32 ? ~0u << (shift + bits) : 0);
    return x << shift & mask;
}

/* Results of 16 bits leave the upper half as it is from gfx10 on; before it becomes 0. */
static uint32_t combine(const struct amd_wave *w, const struct amd_op *op, uint32_t old, uint64_t d)
{
    uint32_t x = (uint32_t)d;
    if (amd_type_bits(op->row->result) == 16 && op->row->form != AMD_PACKED) {
        x &= 0xffff;
        if (!op->is_sdwa && w->code->generation >= 10)
            x |= old & 0xffff0000;
    }
    return op->is_sdwa ? place(op, old, x) : x;
}

static int write_mask(struct amd_wave *w, const struct amd_op *op, const struct results *r)
{
    const bool is_implied = op->row->form == AMD_COMPARE_EXEC && first_source(w, op) == 0;
    if (!is_implied) {
        const struct amd_operand *o = &op->operands[op->row->form == AMD_VECTOR_CARRY ? 1 : 0];
        if (o->kind != AMD_SGPR || (o->count < w->n_lanes / 32 && o->reg != AMD_NULL))
            return dq_fail(w->e, DQ_ERR_MALFORMED, "a lane mask is no scalar register");
        const int rc = amd_wave_need_s(w, o->reg, w->n_lanes / 32);
        if (rc != 0)
            return rc;
        amd_wave_set_s(w, o->reg, w->n_lanes, r->mask);
    }
    if (op->row->form == AMD_COMPARE_EXEC)
        amd_wave_set_exec(w, r->mask);
    return 0;
}

static int write_registers(
    struct amd_wave *w, const struct amd_op *op, uint64_t exec, const struct results *r)
{
    const struct amd_operand *o = &op->operands[0];
    const bool is_wide = amd_type_bits(op->row->result) == 64 ||
                         ((op->row->form == AMD_PACKED || op->row->form == AMD_PACKED_MOVE) &&
                             amd_type_bits(op->row->result) == 32);
    if (o->kind != AMD_VGPR || o->count != 1u + is_wide)
        return dq_fail(w->e, DQ_ERR_MALFORMED, "the result does not suit the instruction");
    const int rc = amd_wave_need_v(w, o->reg, o->count);
    if (rc != 0)
        return rc;
    for (unsigned lane = 0; lane < w->n_lanes; lane++) {
        if (!(exec >> lane & 1))
            continue;
        if (is_wide) {
            w->v[o->reg][lane] = (uint32_t)r->d[lane];
            w->v[o->reg + 1][lane] = (uint32_t)(r->d[lane] >> 32);
        } else {
            w->v[o->reg][lane] = combine(w, op, w->v[o->reg][lane], r->d[lane]);
        }
    }
    return 0;
}

int amd_run_vector(struct amd_wave *w, const struct amd_op *ops, unsigned n_ops)
{
    struct results r[2];
    const uint64_t exec = amd_wave_exec(w);
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < n_ops; i++)
        rc = run_lanes(w, &ops[i], exec, &r[i]);
    for (unsigned i = 0; rc == 0 && i < n_ops; i++) {
        const enum amd_form form = ops[i].row->form;
        if (form != AMD_COMPARE && form != AMD_COMPARE_EXEC)
            rc = write_registers(w, &ops[i], exec, &r[i]);
        if (rc == 0 && has_mask(form))
            rc = write_mask(w, &ops[i], &r[i]);
    }
    w->counts->lane_insns += (uint64_t)__builtin_popcountll(exec) * n_ops;
    return rc;
}
