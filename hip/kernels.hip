/* The kernels that decode: one for each row of types.def and each type of output. Those that reduce what these
 * decoded are in reduce.h.
 *
 *   dq_TOKEN_f32, dq_TOKEN_f16, dq_TOKEN_bf16 (d_src, d_dst, n_weights, d_overflow)
 *
 * A thread of an f32 kernel writes four consecutive weights, a thread of a 16-bit kernel eight: 16
 * bytes either way. For types with GPU_STORES_PER_THREAD(2) it does so twice, the second time in
 * the next part of the block, whose codes are in the same bytes. The grid has at least as many
 * threads as that takes; its blocks may have any size. d_src is aligned to 256 bytes, d_dst to 16.
 * Nothing outside of the blocks is read, and nothing after n_weights is written. Types with more
 * than one weight per block take whole blocks.
 *
 * A 16-bit kernel stores 1 at d_overflow if a finite weight became infinite. All threads that do so
 * store the same, so that their order does not matter. */
#include "dev_fp4.h"
#include "dev_iq1.h"
#include "dev_iq2.h"
#include "dev_iq3.h"
#include "dev_iq4.h"
#include "dev_kquants.h"
#include "dev_legacy.h"
#include "dev_plain.h"
#include "dev_ternary.h"
#include "reduce.h"

#include "type/abi.h"

/* The number of the first weight of this thread, which stores AT_ONCE weights STORES times. */
template <class F, uint32_t AT_ONCE, uint32_t STORES> DQ_DEVICE uint64_t first_weight()
{
    const uint64_t thread = dq_thread();

    if constexpr (STORES == 1) {
        return AT_ONCE * thread;
    } else {
        constexpr uint32_t threads = F::part_weights / AT_ONCE; /* of a part */

        return thread / threads * STORES * F::part_weights + thread % threads * AT_ONCE;
    }
}

/* Decodes N quads, from weight number first on. */
template <class F, class BLOCK, uint32_t WEIGHTS, int N>
DQ_DEVICE void decode(const BLOCK *d_src, uint64_t first, struct dq_quad (&out)[N])
{
    /* | instead of + shows compilers that all quads are of the same block. */
    for (uint32_t i = 0; i < N; i++) {
        const uint64_t at = first | 4 * i;

        if constexpr (WEIGHTS == 1)
            out[i] = F::four(d_src + at);
        else
            out[i] = F::quad(d_src + at / WEIGHTS, (uint32_t)(at % WEIGHTS) / 4);
    }
}

DQ_DEVICE struct dq_words words_of(const struct dq_quad (&q)[1])
{
    struct dq_words out;

    for (int j = 0; j < 4; j++)
        out.w[j] = dq_bits_of_f32(dq_one_nan(q[0].w[j]));
    return out;
}

template <class F, class BLOCK, uint32_t WEIGHTS, uint32_t STORES>
DQ_DEVICE void run_f32(const BLOCK *__restrict__ d_src, uint32_t *__restrict__ d_dst, uint64_t n)
{
    const uint64_t first = first_weight<F, 4, STORES>();
    struct dq_quad q[1];

    if (first >= n)
        return;
    if constexpr (WEIGHTS == 1) {
        if (n - first < 4) {
            for (uint64_t i = first; i < n; i++)
                d_dst[i] = dq_bits_of_f32(dq_one_nan(F::one(d_src + i)));
            return;
        }
    }
    if constexpr (STORES == 1) {
        decode<F, BLOCK, WEIGHTS>(d_src, first, q);
        dq_store16(d_dst + first, words_of(q));
    } else {
        const auto parts =
            F::template load<1>(d_src + first / WEIGHTS, (uint32_t)(first % WEIGHTS) / 4);

        for (uint32_t i = 0; i < STORES; i++) {
            F::part(parts, i, q);
            dq_store16(d_dst + first + i * F::part_weights, words_of(q));
        }
    }
}

/* The 16-bit output types: how two numbers are rounded to a word, the bits of infinity and of the
 * NaN that is written, and the bits of the smallest f32 that rounds to infinity. */
struct to_f16 {
    static constexpr uint32_t infinity = 0x7c00;
    static constexpr uint32_t nan = 0x7e00;
    static constexpr uint32_t too_large = 0x477ff000;

    static __device__ uint32_t pair(float low, float high)
    {
        return dq_f16_pair(low, high);
    }
};

struct to_bf16 {
    static constexpr uint32_t infinity = 0x7f80;
    static constexpr uint32_t nan = 0x7fc0;
    static constexpr uint32_t too_large = 0x7f7f8000;

    static __device__ uint32_t pair(float low, float high)
    {
        return dq_bf16_pair(low, high);
    }
};

/* Returns 0 unless one of the halves is infinite or NaN: then its magnitude carries into the
 * sign. */
template <class T> DQ_DEVICE uint32_t special(uint32_t halves)
{
    const uint32_t carry = 0x8000 - T::infinity;

    return ((halves & 0x7fff7fff) + (carry | carry << 16)) & 0x80008000;
}

/* Returns the word that a pair was rounded to, with the one NaN in place of any NaN; sets *over if
 * a finite number became infinite. */
template <class T> DQ_DEVICE uint32_t checked(const float *pair, uint32_t word, bool *over)
{
    for (int i = 0; i < 2; i++) {
        const uint32_t magnitude = dq_bits_of_f32(pair[i]) & 0x7fffffff;

        if (magnitude > 0x7f800000)
            word = (word & 0xffff0000 >> 16 * i) | T::nan << 16 * i;
        *over |= magnitude >= T::too_large && magnitude < 0x7f800000;
    }
    return word;
}

/* Eight weights rounded to four words. */
template <class T>
DQ_DEVICE struct dq_words words_of(const struct dq_quad (&q)[2], uint32_t *__restrict__ d_overflow)
{
    struct dq_words out;
    uint32_t specials = 0;

    for (int i = 0; i < 4; i++) {
        const float *pair = &q[i / 2].w[i % 2 * 2];

        out.w[i] = T::pair(pair[0], pair[1]);
        specials |= special<T>(out.w[i]);
    }
    if (specials != 0) { /* rare */
        bool over = false;

        for (int i = 0; i < 4; i++)
            out.w[i] = checked<T>(&q[i / 2].w[i % 2 * 2], out.w[i], &over);
        if (over)
            *d_overflow = 1;
    }
    return out;
}

template <class F, class T, class BLOCK, uint32_t WEIGHTS, uint32_t STORES>
DQ_DEVICE void run_16(const BLOCK *__restrict__ d_src, uint16_t *__restrict__ d_dst, uint64_t n,
    uint32_t *__restrict__ d_overflow)
{
    const uint64_t first = first_weight<F, 8, STORES>();
    struct dq_quad q[2];

    if (first >= n)
        return;
    if constexpr (WEIGHTS == 1) {
        if (n - first < 8) {
            bool over = false;

            for (uint64_t i = first; i < n; i++) {
                const float pair[] = {F::one(d_src + i), 0.0f};

                d_dst[i] = (uint16_t)checked<T>(pair, T::pair(pair[0], pair[1]), &over);
            }
            if (over)
                *d_overflow = 1;
            return;
        }
    }
    if constexpr (STORES == 1) {
        decode<F, BLOCK, WEIGHTS>(d_src, first, q);
        dq_store16(d_dst + first, words_of<T>(q, d_overflow));
    } else {
        const auto parts =
            F::template load<2>(d_src + first / WEIGHTS, (uint32_t)(first % WEIGHTS) / 4);

        for (uint32_t i = 0; i < STORES; i++) {
            F::part(parts, i, q);
            dq_store16(d_dst + first + i * F::part_weights, words_of<T>(q, d_overflow));
        }
    }
}

#define KERNEL(token, dtype)                                                                       \
    extern "C" __global__ void dq_##token##_##dtype(const uint8_t *__restrict__ d_src,             \
        void *__restrict__ d_dst, uint64_t n_weights, uint32_t *__restrict__ d_overflow)

/* The columns of types.def that kernels depend on. */
struct row_defaults {
    static constexpr uint32_t stores = 1; /* per thread */
};
#define WEIGHTS(n) static constexpr uint32_t weights = n;
#define GPU_STORES_PER_THREAD(n) static constexpr uint32_t stores = n;

#define DQ_TYPE(token, columns)                                                                    \
    struct row_##token : row_defaults {                                                            \
        columns                                                                                    \
    };                                                                                             \
    KERNEL(token, f32)                                                                             \
    {                                                                                              \
        (void)d_overflow;                                                                          \
        run_f32<dev_##token, dq_block_##token, row_##token::weights, row_##token::stores>(         \
            (const struct dq_block_##token *)d_src, (uint32_t *)d_dst, n_weights);                 \
    }                                                                                              \
    KERNEL(token, f16)                                                                             \
    {                                                                                              \
        run_16<dev_##token, to_f16, dq_block_##token, row_##token::weights, row_##token::stores>(  \
            (const struct dq_block_##token *)d_src, (uint16_t *)d_dst, n_weights, d_overflow);     \
    }                                                                                              \
    KERNEL(token, bf16)                                                                            \
    {                                                                                              \
        run_16<dev_##token, to_bf16, dq_block_##token, row_##token::weights, row_##token::stores>( \
            (const struct dq_block_##token *)d_src, (uint16_t *)d_dst, n_weights, d_overflow);     \
    }
#include "type/types.def"

#if defined(__HIP__)

/* What the program compares before it loads these kernels. */
static constexpr uint64_t abi()
{
    uint64_t hash = dq_abi_begin();

#define BYTES(n) n
#define DQ_TYPE(token, columns)                                                                    \
    hash = dq_abi_add_row(hash, #token, row_##token::weights, columns, row_##token::stores);
#include "type/types.def"
    return hash;
}

extern "C" __device__ const uint64_t dq_abi __attribute__((used)) = abi();

#endif
