/* Rounds f32 to f16 and bf16, to nearest even. */
#include "cpu/decode_impl.h"
#include "cpu/decode_round.h"
#include "cpu/decode_simd.h"

/* Weights that are examined together: if all are small enough, the fast path rounds them. */
enum { RUN = 1024 };

/* How the two types differ. The members are constants in their functions. */
struct rounding {
    uint32_t largest;  /* magnitude, as the bits of an f32, that cannot overflow */
    uint32_t infinity; /* bits of it in the 16-bit type */
    uint16_t (*any)(float);
    void (*finite)(uint16_t *, struct dq_x16, struct dq_x16);
};

static int all_small(const float *src, size_t n, uint32_t largest)
{
    uint32_t found = 0;

    for (size_t i = 0; i < n; i++) {
        const uint32_t mag = dq_bits_of_f32(src[i]) & 0x7fffffff;
        found = mag > found ? mag : found;
    }
    return found <= largest;
}

DQ_INLINE size_t narrow_any(
    const float *restrict src, uint16_t *restrict dst, size_t n, struct rounding r)
{
    uint32_t overflows = 0;

    for (size_t i = 0; i < n; i++) {
        const uint32_t mag = dq_bits_of_f32(src[i]) & 0x7fffffff;
        const uint32_t h = r.any(src[i]);

        dst[i] = (uint16_t)h;
        overflows += ((h & 0x7fff) == r.infinity) & (mag < 0x7f800000);
    }
    return overflows;
}

DQ_INLINE size_t narrow(
    const float *restrict src, uint16_t *restrict dst, size_t n, struct rounding r)
{
    size_t overflows = 0;

    for (size_t len; n >= 32; n -= len, src += len, dst += len) {
        len = n < RUN ? n / 32 * 32 : RUN;
        if (all_small(src, len, r.largest)) {
            for (size_t i = 0; i < len; i += 32)
                r.finite(dst + i, dq_x16_of_f32(src + i), dq_x16_of_f32(src + i + 16));
        } else {
            overflows += narrow_any(src, dst, len, r);
        }
    }
    return overflows + narrow_any(src, dst, n, r);
}

DQ_ROUND(f16)
{
    return narrow(
        src, dst, n, (struct rounding){0x477fe000, 0x7c00, dq_f32_to_f16, dq_x16_pair_to_f16});
}

DQ_ROUND(bf16)
{
    return narrow(
        src, dst, n, (struct rounding){0x7f7f0000, 0x7f80, dq_f32_to_bf16, dq_x16_pair_to_bf16});
}
