/* The kernels: one for each row of formats.def and each type of output.
 *
 *   dq_TOKEN_f32, dq_TOKEN_f16, dq_TOKEN_bf16 (d_src, d_dst, n_weights, d_overflow)
 *
 * A thread of an f32 kernel writes four consecutive weights, one of a 16-bit kernel eight; either
 * way that is 16 bytes. The grid holds at least as many threads as that takes and the size of a
 * block is free. d_src lies at a multiple of 256 and d_dst of 16; nothing outside of the blocks is
 * read and nothing after n_weights is written. Formats with blocks of more than one weight take
 * whole blocks.
 *
 * A 16-bit kernel stores 1 at d_overflow if a finite weight became infinite; all that do store the
 * same, so it does not matter which is last. */
#include "dev_fp4.h"
#include "dev_iq1.h"
#include "dev_iq2.h"
#include "dev_iq3.h"
#include "dev_iq4.h"
#include "dev_kquants.h"
#include "dev_legacy.h"
#include "dev_plain.h"
#include "dev_ternary.h"

/* Weights first to first + 3. */
template <class F, class BLOCK, uint32_t WEIGHTS>
DQ_DEVICE struct dq_quad decode(const BLOCK *d_src, uint64_t first)
{
    if constexpr (WEIGHTS == 1)
        return F::four(d_src + first);
    else
        return F::quad(d_src + first / WEIGHTS, (uint32_t)(first % WEIGHTS) / 4);
}

template <class F, class BLOCK, uint32_t WEIGHTS>
DQ_DEVICE void run_f32(const BLOCK *__restrict__ d_src, uint32_t *__restrict__ d_dst, uint64_t n)
{
    const uint64_t first = 4 * dq_thread();
    struct dq_words out;

    if (first >= n)
        return;
    if constexpr (WEIGHTS == 1) {
        if (n - first < 4) {
            for (uint64_t i = first; i < n; i++)
                d_dst[i] = dq_bits_of_f32(dq_one_nan(F::one(d_src + i)));
            return;
        }
    }
    const struct dq_quad q = decode<F, BLOCK, WEIGHTS>(d_src, first);
    for (int j = 0; j < 4; j++)
        out.w[j] = dq_bits_of_f32(dq_one_nan(q.w[j]));
    dq_store16(d_dst + first, out);
}

/* The 16-bit types of output: how to round to one, and its infinity. */
struct to_f16 {
    static constexpr uint32_t infinity = 0x7c00;

    static __device__ uint32_t narrow(float f)
    {
        return f == f ? dq_f16_narrow(f) : 0x7e00;
    }
};

struct to_bf16 {
    static constexpr uint32_t infinity = 0x7f80;

    static __device__ uint32_t narrow(float f)
    {
        const uint32_t bits = dq_bits_of_f32(f);
        const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;

        return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded;
    }
};

/* Whether f is finite and its 16 bits are infinite. */
template <class T> DQ_DEVICE bool overflows(float f, uint32_t bits)
{
    return (bits & 0x7fff) == T::infinity && (dq_bits_of_f32(f) & 0x7fffffff) < 0x7f800000;
}

/* Not 0 if one of the two halves is an infinity or a NaN: its magnitude carries into the sign. */
template <class T> DQ_DEVICE uint32_t special(uint32_t halves)
{
    const uint32_t carry = 0x8000 - T::infinity;

    return ((halves & 0x7fff7fff) + (carry | carry << 16)) & 0x80008000;
}

template <class F, class T, class BLOCK, uint32_t WEIGHTS>
DQ_DEVICE void run_16(const BLOCK *__restrict__ d_src, uint16_t *__restrict__ d_dst, uint64_t n,
    uint32_t *__restrict__ d_overflow)
{
    const uint64_t first = 8 * dq_thread();
    struct dq_words out;
    uint32_t specials = 0;
    bool any = false;

    if (first >= n)
        return;
    if constexpr (WEIGHTS == 1) {
        if (n - first < 8) {
            for (uint64_t i = first; i < n; i++) {
                const float f = F::one(d_src + i);
                const uint32_t bits = T::narrow(f);

                d_dst[i] = (uint16_t)bits;
                if (overflows<T>(f, bits))
                    *d_overflow = 1;
            }
            return;
        }
    }
    const struct dq_quad q[2] = {
        decode<F, BLOCK, WEIGHTS>(d_src, first), decode<F, BLOCK, WEIGHTS>(d_src, first + 4)};
    for (int i = 0; i < 4; i++) {
        const float *pair = &q[i / 2].w[i % 2 * 2];

        out.w[i] = T::narrow(pair[0]) | T::narrow(pair[1]) << 16;
        specials |= special<T>(out.w[i]);
    }
    dq_store16(d_dst + first, out);
    if (specials == 0)
        return;
    for (int i = 0; i < 8; i++)
        any |= overflows<T>(q[i / 4].w[i % 4], out.w[i / 2] >> 16 * (i % 2));
    if (any)
        *d_overflow = 1;
}

#define KERNEL(token, dtype)                                                                       \
    extern "C" __global__ void dq_##token##_##dtype(const uint8_t *__restrict__ d_src,             \
        void *__restrict__ d_dst, uint64_t n_weights, uint32_t *__restrict__ d_overflow)

#define DQ_FORMAT(token, name, id, weights, bytes, stored, dflt)                                   \
    KERNEL(token, f32)                                                                             \
    {                                                                                              \
        (void)d_overflow;                                                                          \
        run_f32<dev_##token, dq_block_##token, weights>(                                           \
            (const struct dq_block_##token *)d_src, (uint32_t *)d_dst, n_weights);                 \
    }                                                                                              \
    KERNEL(token, f16)                                                                             \
    {                                                                                              \
        run_16<dev_##token, to_f16, dq_block_##token, weights>(                                    \
            (const struct dq_block_##token *)d_src, (uint16_t *)d_dst, n_weights, d_overflow);     \
    }                                                                                              \
    KERNEL(token, bf16)                                                                            \
    {                                                                                              \
        run_16<dev_##token, to_bf16, dq_block_##token, weights>(                                   \
            (const struct dq_block_##token *)d_src, (uint16_t *)d_dst, n_weights, d_overflow);     \
    }
#include "../src/formats.def"
#undef DQ_FORMAT
