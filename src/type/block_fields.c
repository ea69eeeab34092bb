#include "type/block_fields.h"

#include "type/blocks.h"
#include "type/half.h"

/* The kinds of float. One is not finite if all bits of its exponent are set, and NaN if any of its
 * fraction is. */
struct kind {
    unsigned len; /* bytes; 0: there is none */
    uint64_t exponent;
    uint64_t fraction;
    bool is_spread; /* over the high nibbles of four u16 */
};

static const struct kind f16 = {2, 0x7c00, 0x03ff, false};
static const struct kind bf16 = {2, 0x7f80, 0x007f, false};
static const struct kind f32 = {4, 0x7f800000, 0x007fffff, false};
static const struct kind f64 = {8, 0x7ff0000000000000, 0x000fffffffffffff, false};
static const struct kind e8m0 = {1, 0xff, 0xff, false};
static const struct kind f16_spread = {8, 0x7c00, 0x03ff, true};

struct layout {
    const struct kind *kind; /* NULL: the type has no such numbers */
    uint8_t n;               /* how many a block has */
    uint16_t off[2];
};

#define AT(token, field) (uint16_t) offsetof(struct dq_block_##token, field)

static const struct layout layouts[DQ_TYPE_COUNT] = {
    [DQ_TYPE_f32] = {&f32, 1, {0}},
    [DQ_TYPE_f16] = {&f16, 1, {0}},
    [DQ_TYPE_bf16] = {&bf16, 1, {0}},
    [DQ_TYPE_f64] = {&f64, 1, {0}},
    [DQ_TYPE_q4_0] = {&f16, 1, {AT(q4_0, d)}},
    [DQ_TYPE_q4_1] = {&f16, 2, {AT(q4_1, d), AT(q4_1, m)}},
    [DQ_TYPE_q5_0] = {&f16, 1, {AT(q5_0, d)}},
    [DQ_TYPE_q5_1] = {&f16, 2, {AT(q5_1, d), AT(q5_1, m)}},
    [DQ_TYPE_q8_0] = {&f16, 1, {AT(q8_0, d)}},
    [DQ_TYPE_q8_1] = {&f16, 1, {AT(q8_1, d)}},
    [DQ_TYPE_q2_k] = {&f16, 2, {AT(q2_k, d), AT(q2_k, dmin)}},
    [DQ_TYPE_q3_k] = {&f16, 1, {AT(q3_k, d)}},
    [DQ_TYPE_q4_k] = {&f16, 2, {AT(q4_k, d), AT(q4_k, dmin)}},
    [DQ_TYPE_q5_k] = {&f16, 2, {AT(q5_k, d), AT(q5_k, dmin)}},
    [DQ_TYPE_q6_k] = {&f16, 1, {AT(q6_k, d)}},
    [DQ_TYPE_q8_k] = {&f32, 1, {AT(q8_k, d)}},
    [DQ_TYPE_iq1_s] = {&f16, 1, {AT(iq1_s, d)}},
    [DQ_TYPE_iq1_m] = {&f16_spread, 1, {AT(iq1_m, scales)}},
    [DQ_TYPE_iq2_xxs] = {&f16, 1, {AT(iq2_xxs, d)}},
    [DQ_TYPE_iq2_xs] = {&f16, 1, {AT(iq2_xs, d)}},
    [DQ_TYPE_iq2_s] = {&f16, 1, {AT(iq2_s, d)}},
    [DQ_TYPE_iq3_xxs] = {&f16, 1, {AT(iq3_xxs, d)}},
    [DQ_TYPE_iq3_s] = {&f16, 1, {AT(iq3_s, d)}},
    [DQ_TYPE_iq4_nl] = {&f16, 1, {AT(iq4_nl, d)}},
    [DQ_TYPE_iq4_xs] = {&f16, 1, {AT(iq4_xs, d)}},
    [DQ_TYPE_tq1_0] = {&f16, 1, {AT(tq1_0, d)}},
    [DQ_TYPE_tq2_0] = {&f16, 1, {AT(tq2_0, d)}},
    [DQ_TYPE_mxfp4] = {&e8m0, 1, {AT(mxfp4, e)}},
    [DQ_TYPE_q1_0] = {&f16, 1, {AT(q1_0, d)}},
    [DQ_TYPE_q2_0] = {&f16, 1, {AT(q2_0, d)}},
};

static uint64_t read_number(const struct kind *kind, const uint8_t *p)
{
    if (kind->is_spread)
        return (uint64_t)(p[1] >> 4 | (p[3] & 0xf0) | (p[5] & 0xf0) << 4 | (p[7] & 0xf0) << 8);
    if (kind->len == 2)
        return dq_u16(p);
    if (kind->len == 4)
        return dq_u32(p);
    return kind->len == 8 ? dq_u64(p) : *p;
}

size_t dq_find_nonfinite(
    enum dq_type type, const uint8_t *blocks, size_t nblocks, struct dq_nonfinite *first)
{
    const struct layout *layout = &layouts[type];
    const struct kind *kind = layout->kind;
    const size_t block_len = dq_types[type].bytes;
    size_t n_bad = 0;
    if (!kind)
        return 0;
    for (size_t i = 0; i < nblocks; i++) {
        const uint8_t *block = blocks + i * block_len;
        uint64_t bits = 0;
        size_t k = 0;
        while (k < layout->n) {
            bits = read_number(kind, block + layout->off[k]);
            if ((bits & kind->exponent) == kind->exponent)
                break;
            k++;
        }
        if (k == layout->n)
            continue;
        if (n_bad == 0)
            *first = (struct dq_nonfinite){
                i, layout->off[k], bits, kind->is_spread ? 2 : kind->len, bits & kind->fraction};
        n_bad++;
    }
    return n_bad;
}
