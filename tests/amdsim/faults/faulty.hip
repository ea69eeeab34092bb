/* Kernels with a planted fault, to see that it is found: -DFAULT=NAME plants one, -DFAULT=none leaves
 * them correct. check_faults.py lists what must be reported for each.
 *
 * They do the same as hip/kernels.hip for a few types: one with a scale per block, one whose parts
 * have scales and minima, and two with subnormals. */
#include "../../../hip/dev_kquants.h"
#include "../../../hip/dev_legacy.h"
#include "../../../hip/dev_plain.h"

enum fault {
    none,
    /* found when the code runs */
    reads_next_block,
    writes_next_block,
    no_bounds_check,
    reads_unwritten_memory,
    writes_constant_memory,
    reads_unwritten_register,
    no_wait_for_vector,
    no_wait_for_scalar,
    index_of_32_bits,
    wave_of_32,
    wrong_shift,
    wrong_block,
    wrong_half,
    truncates_f16,
    keeps_payload,
    forgets_overflow,
    /* found in the code, too */
    uses_scratch,
    uses_many_registers,
    loads_bytes,
    stores_words
};

static constexpr enum fault planted = FAULT;

/* Memory whose reads and writes the compiler keeps as they are written. */
typedef volatile __attribute__((address_space(1))) uint8_t exact_byte;
typedef volatile __attribute__((address_space(1))) uint32_t exact_word;

/* Pretends to use a value: the compiler removes loads whose value is unused. */
__attribute__((unused)) DQ_DEVICE void need(uint32_t x)
{
    asm volatile("" ::"v"(x));
}

/* Whether this thread has weights to write: as kernels must, or not. */
DQ_DEVICE bool takes_part(uint64_t first, uint64_t n)
{
    if constexpr (planted == no_bounds_check)
        return true;
    /* All do if 32 lanes do: of a wave of 32. 36 is "less than", of numbers without sign. */
    if constexpr (planted == wave_of_32) {
        const uint64_t lanes = __builtin_amdgcn_uicmpl(first, n, 36);

        return (uint32_t)lanes == 0xffffffff || first < n;
    }
    return first < n;
}

DQ_DEVICE uint64_t first_weight(uint32_t n_of_thread)
{
    if constexpr (planted == index_of_32_bits)
        return (uint32_t)(n_of_thread * (uint32_t)dq_thread());
    return n_of_thread * dq_thread();
}

/* Does what is wrong with memory. len is that of a block. */
template <uint32_t WEIGHTS, uint32_t LEN>
DQ_DEVICE void misbehave(const uint8_t *d_src, uint8_t *d_dst, uint64_t first, uint64_t n,
    uint32_t n_of_thread, uint32_t n_bytes)
{
    if constexpr (planted == reads_next_block)
        need(d_src[(first / WEIGHTS + 1) * LEN]);
    if constexpr (planted == writes_next_block)
        if (n - first == n_of_thread)
            dq_store16(d_dst + n * n_bytes, {{0, 0, 0, 0}});
    if constexpr (planted == reads_unwritten_memory)
        need(d_dst[first * n_bytes]);
    if constexpr (planted == writes_constant_memory)
        *(exact_byte *)(uintptr_t)d_src = 0;
    if constexpr (planted == reads_unwritten_register) {
        uint32_t x;

        asm volatile("v_mov_b32 %0, v31" : "=v"(x)::"v31");
        *(exact_word *)(uintptr_t)(d_dst + first * n_bytes) = x;
    }
    if constexpr (planted == no_wait_for_vector) {
        uint32_t x;

        asm volatile("global_load_ubyte %0, %1, off\n\tv_mov_b32 %0, %0" : "=&v"(x) : "v"(d_src));
    }
    if constexpr (planted == no_wait_for_scalar) {
        uint32_t x;

        asm volatile("s_load_dword %0, %1, 0x0\n\ts_mov_b32 %0, %0" : "=&s"(x) : "s"(d_src));
    }
    if constexpr (planted == uses_many_registers)
        asm volatile("" ::: "v127");
    if constexpr (planted == uses_scratch) {
        volatile uint32_t words[4] = {1, 2, 3, 4};

        need(words[first & 3]);
    }
    if constexpr (planted == loads_bytes) {
        const exact_byte *p = (const exact_byte *)(uintptr_t)(d_src + first / WEIGHTS * LEN);

        need(p[0] | (uint32_t)p[1] << 8);
    }
}

/* Four weights. */
template <class F, class BLOCK, uint32_t WEIGHTS>
DQ_DEVICE struct dq_quad decode(const uint8_t *d_src, uint64_t first)
{
    const BLOCK *blocks = (const BLOCK *)d_src;

    if constexpr (WEIGHTS == 1) {
        return F::four(blocks + first);
    } else {
        const uint64_t at = planted == wrong_block && first ? first - WEIGHTS / 2 : first;
        const uint32_t quad = (uint32_t)(first % WEIGHTS) >> (planted == wrong_shift ? 3 : 2);

        return F::quad(blocks + at / WEIGHTS, planted == wrong_half ? quad ^ 4 : quad);
    }
}

DQ_DEVICE uint32_t bits_of(float f)
{
    return dq_bits_of_f32(planted == keeps_payload ? f : dq_one_nan(f));
}

template <class F, class BLOCK, uint32_t WEIGHTS>
DQ_DEVICE void run_f32(const uint8_t *d_src, uint32_t *d_dst, uint64_t n)
{
    const uint64_t first = first_weight(4);
    struct dq_words out;

    if (!takes_part(first, n))
        return;
    if constexpr (WEIGHTS == 1) {
        if (n - first < 4) {
            for (uint64_t i = first; i < n; i++)
                d_dst[i] = bits_of(F::one((const BLOCK *)d_src + i));
            return;
        }
    }
    misbehave<WEIGHTS, sizeof(BLOCK)>(d_src, (uint8_t *)d_dst, first, n, 4, 4);
    const struct dq_quad q = decode<F, BLOCK, WEIGHTS>(d_src, first);
    for (int j = 0; j < 4; j++)
        out.w[j] = bits_of(q.w[j]);
    if constexpr (planted == stores_words)
        for (int j = 0; j < 4; j++)
            ((exact_word *)(uintptr_t)(d_dst + first))[j] = out.w[j];
    else
        dq_store16(d_dst + first, out);
}

DQ_DEVICE uint32_t narrow(float f)
{
    if (f != f)
        return planted == keeps_payload ? 0x7e01 : 0x7e00;
    if constexpr (planted == truncates_f16)
        f = dq_f32_of_bits(dq_bits_of_f32(f) & 0xffffe000);
    return (uint16_t)dq_f16_of(f);
}

template <class F, class BLOCK, uint32_t WEIGHTS>
DQ_DEVICE void run_f16(const uint8_t *d_src, uint16_t *d_dst, uint64_t n, uint32_t *d_overflow)
{
    const uint64_t first = first_weight(8);
    struct dq_words out;
    bool any = false;

    if (!takes_part(first, n))
        return;
    misbehave<WEIGHTS, sizeof(BLOCK)>(d_src, (uint8_t *)d_dst, first, n, 8, 2);
    const struct dq_quad q[2] = {
        decode<F, BLOCK, WEIGHTS>(d_src, first), decode<F, BLOCK, WEIGHTS>(d_src, first + 4)};
    for (int i = 0; i < 4; i++) {
        const float *pair = &q[i / 2].w[i % 2 * 2];

        out.w[i] = narrow(pair[0]) | narrow(pair[1]) << 16;
        for (int j = 0; j < 2; j++)
            any |= (out.w[i] >> 16 * j & 0x7fff) == 0x7c00 &&
                   (dq_bits_of_f32(pair[j]) & 0x7fffffff) < 0x7f800000;
    }
    if constexpr (planted == stores_words)
        for (int j = 0; j < 4; j++)
            ((exact_word *)(uintptr_t)(d_dst + first))[j] = out.w[j];
    else
        dq_store16(d_dst + first, out);
    if (any && planted != forgets_overflow)
        *d_overflow = 1;
}

#define KERNEL_F32(token, weights)                                                                 \
    extern "C" __global__ void dq_##token##_f32(const uint8_t *__restrict__ d_src,                 \
        void *__restrict__ d_dst, uint64_t n_weights, uint32_t *__restrict__ d_overflow)           \
    {                                                                                              \
        (void)d_overflow;                                                                          \
        run_f32<dev_##token, dq_block_##token, weights>(d_src, (uint32_t *)d_dst, n_weights);      \
    }
#define KERNEL_F16(token, weights)                                                                 \
    extern "C" __global__ void dq_##token##_f16(const uint8_t *__restrict__ d_src,                 \
        void *__restrict__ d_dst, uint64_t n_weights, uint32_t *__restrict__ d_overflow)           \
    {                                                                                              \
        run_f16<dev_##token, dq_block_##token, weights>(                                           \
            d_src, (uint16_t *)d_dst, n_weights, d_overflow);                                      \
    }

KERNEL_F32(q8_0, 32)
KERNEL_F16(q8_0, 32)
KERNEL_F32(q4_k, 256)
KERNEL_F16(q4_k, 256)
KERNEL_F32(q8_k, 256)
KERNEL_F32(bf16, 1)
