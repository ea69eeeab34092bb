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

/* The 16-bit types of output: how to round two numbers to a word, infinity, and the NaN that is
 * written. */
struct to_f16 {
    static constexpr uint32_t infinity = 0x7c00;
    static constexpr uint32_t nan = 0x7e00;

    static __device__ uint32_t pair(float low, float high)
    {
        return dq_f16_pair(low, high);
    }
};

struct to_bf16 {
    static constexpr uint32_t infinity = 0x7f80;
    static constexpr uint32_t nan = 0x7fc0;

    static __device__ uint32_t pair(float low, float high)
    {
        return dq_bf16_pair(low, high);
    }
};

/* Not 0 if one of the two halves is an infinity or a NaN: its magnitude carries into the sign. */
template <class T> DQ_DEVICE uint32_t special(uint32_t halves)
{
    const uint32_t carry = 0x8000 - T::infinity;

    return ((halves & 0x7fff7fff) + (carry | carry << 16)) & 0x80008000;
}

/* The bits of f, whose rounding is rounded: there is one NaN, and *over is set if a finite number
 * became infinite. */
template <class T> DQ_DEVICE uint32_t checked(float f, uint32_t rounded, bool *over)
{
    const uint32_t magnitude = dq_bits_of_f32(f) & 0x7fffffff;

    if (magnitude > 0x7f800000)
        return T::nan;
    *over |= (rounded & 0x7fff) == T::infinity && magnitude < 0x7f800000;
    return rounded;
}

template <class F, class T, class BLOCK, uint32_t WEIGHTS>
DQ_DEVICE void run_16(const BLOCK *__restrict__ d_src, uint16_t *__restrict__ d_dst, uint64_t n,
    uint32_t *__restrict__ d_overflow)
{
    const uint64_t first = 8 * dq_thread();
    struct dq_words out;
    uint32_t specials = 0;
    bool over = false;

    if (first >= n)
        return;
    if constexpr (WEIGHTS == 1) {
        if (n - first < 8) {
            for (uint64_t i = first; i < n; i++) {
                const float f = F::one(d_src + i);

                d_dst[i] = (uint16_t)checked<T>(f, T::pair(f, 0.0f) & 0xffff, &over);
            }
            if (over)
                *d_overflow = 1;
            return;
        }
    }
    /* first | 4 and not + 4, so that compilers see that both are of the same block. */
    const struct dq_quad q[2] = {
        decode<F, BLOCK, WEIGHTS>(d_src, first), decode<F, BLOCK, WEIGHTS>(d_src, first | 4)};
    for (int i = 0; i < 4; i++) {
        const float *pair = &q[i / 2].w[i % 2 * 2];

        out.w[i] = T::pair(pair[0], pair[1]);
        specials |= special<T>(out.w[i]);
    }
    if (specials != 0) { /* rare */
        for (int i = 0; i < 4; i++) {
            const float *pair = &q[i / 2].w[i % 2 * 2];

            out.w[i] = checked<T>(pair[0], out.w[i] & 0xffff, &over) |
                       checked<T>(pair[1], out.w[i] >> 16, &over) << 16;
        }
        if (over)
            *d_overflow = 1;
    }
    dq_store16(d_dst + first, out);
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
