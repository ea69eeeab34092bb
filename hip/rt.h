/* The differences between compilers. Only this file knows which one compiles it: clang for AMD (-x
 * hip), nvcc for NVIDIA (-x cu), or any C++17 compiler for the host, where kernels are tested.
 *
 * It includes no header of HIP, so that a build needs only a clang with the AMDGPU target, and
 * neither a HIP release nor its device libraries. The rest of hip/ may use
 *
 *   __global__ __device__       as in HIP
 *   DQ_DEVICE                   begins the definition of a device function
 *   DQ_TABLE                    begins that of a constant table in device memory
 *   dq_thread()                 number of this thread in the grid
 *   dq_f16_widen(bits)          f16 to f32
 *   dq_f16_pair(low, high)      two f32 rounded to nearest even, as the f16 halves of a word; a NaN
 *                               becomes some NaN
 *   dq_bf16_pair(low, high)     the same to bf16
 *   dq_pick16(book, at)         looks up four bytes: byte j of the result is book[byte j of at];
 *                               the bytes of at are 0 to 15
 *   dq_load_inside<N>(p)        N words at a multiple of 2; if it is not one of 4, the blocks have at
 *                               least 2 more bytes before and after the words
 *   dq_load16(p)                16 bytes at a multiple of 16
 *   dq_store16(p, x)            stores them; for results that are not read again
 *   dq_add32(p, x)              adds to a number of 32 bits in memory, as other threads may do at the same time
 *   dq_add64(p, x)              the same with 64 bits
 *   dq_max64(p, x)              makes it at least x
 *
 * and half.h. A word holds its first byte in its low bits. */
#ifndef DQ_RT_H
#define DQ_RT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__HIP__)

#ifndef __global__
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#endif

/* half.h copies bytes to reinterpret them. */
static inline __device__ void *memcpy(void *to, const void *from, size_t len)
{
    return __builtin_memcpy(to, from, len);
}

#elif defined(__CUDACC__)

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#else

static_assert(
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "kernels read words as on a device, little-endian");

#define __global__
#define __device__

/* The launcher of the test sets these before each call of a kernel. */
inline thread_local uint64_t dq_host_block;
inline thread_local uint32_t dq_host_block_size;
inline thread_local uint32_t dq_host_thread;

#endif

#define DQ_DEVICE static inline __device__
#define DQ_TABLE static constexpr __device__

#define DQ_FN DQ_DEVICE
#include "type/half.h"

/* 16 bytes, and the types through which bytes are read and written. */
struct __attribute__((may_alias, aligned(16))) dq_words {
    uint32_t w[4];
};
typedef uint16_t __attribute__((may_alias)) dq_word16;
typedef uint32_t __attribute__((may_alias)) dq_word32;
typedef uint64_t __attribute__((may_alias)) dq_word64;

/* A few words in registers. */
template <int N> struct dq_some {
    uint32_t w[N];
};

DQ_DEVICE struct dq_words dq_load16(const uint8_t *p)
{
    return *(const struct dq_words *)(const void *)p;
}

#if defined(__HIP__)

DQ_DEVICE uint64_t dq_thread()
{
    return (uint64_t)__builtin_amdgcn_workgroup_id_x() * __builtin_amdgcn_workgroup_size_x() +
           __builtin_amdgcn_workitem_id_x();
}

DQ_DEVICE float dq_f16_widen(uint16_t bits)
{
    _Float16 h;

    memcpy(&h, &bits, sizeof h);
    return (float)h;
}

/* Compilers fuse a product and its conversion into v_fma_mixlo_f16, which adds +0 (so that -0 becomes +0) and
 * rounds once where f32 and f16 round one after the other. No flag forbids it; this asm of no instruction
 * does, because compilers do not know what it makes of f. */
DQ_DEVICE uint32_t dq_f16_of(float f)
{
    uint16_t bits;

    asm("" : "+v"(f));

    const _Float16 h = (_Float16)f;

    memcpy(&bits, &h, sizeof bits);
    return bits;
}

DQ_DEVICE uint32_t dq_pick16(struct dq_words book, uint32_t at)
{
    const uint32_t places = at & 0x07070707;
    const uint32_t low = __builtin_amdgcn_perm(book.w[1], book.w[0], places);
    const uint32_t high = __builtin_amdgcn_perm(book.w[3], book.w[2], places);

    return __builtin_amdgcn_perm(high, low, 0x03020100 | (at & 0x08080808) >> 1);
}

DQ_DEVICE void dq_store16(void *p, struct dq_words x)
{
    *(struct dq_words *)p = x;
}

DQ_DEVICE void dq_add32(uint32_t *p, uint32_t x)
{
    __hip_atomic_fetch_add(p, x, __ATOMIC_RELAXED, __HIP_MEMORY_SCOPE_AGENT);
}

DQ_DEVICE void dq_add64(uint64_t *p, uint64_t x)
{
    __hip_atomic_fetch_add(p, x, __ATOMIC_RELAXED, __HIP_MEMORY_SCOPE_AGENT);
}

DQ_DEVICE void dq_max64(uint64_t *p, uint64_t x)
{
    __hip_atomic_fetch_max(p, x, __ATOMIC_RELAXED, __HIP_MEMORY_SCOPE_AGENT);
}

#elif defined(__CUDACC__)

DQ_DEVICE uint64_t dq_thread()
{
    return (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
}

DQ_DEVICE float dq_f16_widen(uint16_t bits)
{
    return __half2float(__ushort_as_half(bits));
}

DQ_DEVICE uint32_t dq_f16_pair(float low, float high)
{
    const __half2 pair = __floats2half2_rn(low, high);
    uint32_t word;

    memcpy(&word, &pair, sizeof word);
    return word;
}

DQ_DEVICE uint32_t dq_bf16_pair(float low, float high)
{
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    uint32_t word;

    memcpy(&word, &pair, sizeof word);
    return word;
}

/* The instruction takes its four indices as nibbles. */
DQ_DEVICE uint32_t dq_pick16(struct dq_words book, uint32_t at)
{
    const uint32_t nibbles = __byte_perm(at | at >> 4, 0, 0x4420);
    const uint32_t places = nibbles & 0x7777;
    const uint32_t low = __byte_perm(book.w[0], book.w[1], places);
    const uint32_t high = __byte_perm(book.w[2], book.w[3], places);

    return __byte_perm(low, high, 0x3210 | (nibbles & 0x8888) >> 1);
}

/* Loads the aligned words that contain the bytes, N or N + 1 of them: the machine has no misaligned
 * loads, and a load of 16 bits costs as much as one of 32. */
template <int N> DQ_DEVICE dq_some<N> dq_load_inside(const uint8_t *p)
{
    const uint32_t before = (uint32_t)(uintptr_t)p & 3;
    const dq_word32 *words = (const dq_word32 *)(const void *)(p - before);
    struct dq_some<N> some;
    uint32_t low = words[0];

    for (int i = 0; i < N; i++) {
        const uint32_t high = words[i < N - 1 ? i + 1 : i + before / 2];

        some.w[i] = __funnelshift_r(low, high, 8 * before);
        low = high;
    }
    return some;
}

/* A streaming store: with it, such kernels ran at nearly the speed of a copy. */
DQ_DEVICE void dq_store16(void *p, struct dq_words x)
{
    __stcs((uint4 *)p, make_uint4(x.w[0], x.w[1], x.w[2], x.w[3]));
}

DQ_DEVICE void dq_add32(uint32_t *p, uint32_t x)
{
    atomicAdd(p, x);
}

DQ_DEVICE void dq_add64(uint64_t *p, uint64_t x)
{
    atomicAdd((unsigned long long *)p, (unsigned long long)x);
}

DQ_DEVICE void dq_max64(uint64_t *p, uint64_t x)
{
    atomicMax((unsigned long long *)p, (unsigned long long)x);
}

#else

DQ_DEVICE uint64_t dq_thread()
{
    return dq_host_block * dq_host_block_size + dq_host_thread;
}

DQ_DEVICE float dq_f16_widen(uint16_t bits)
{
    return dq_f16_to_f32(bits);
}

/* If the result is subnormal, its unit is 2^-24, and the sum with 2^-1 rounds to that unit.
 * Otherwise a carry of the rounding goes into the exponent, as it should, up to infinity. */
DQ_DEVICE uint32_t dq_f16_of(float f)
{
    const uint32_t bits = dq_bits_of_f32(f);
    const uint32_t sign = bits >> 31 << 15;
    const uint32_t mag = bits & 0x7fffffff;

    if (mag > 0x7f800000)
        return sign | 0x7e00;
    if (mag >= 0x47800000) /* 2^16 */
        return sign | 0x7c00;
    if (mag < 0x38800000) /* 2^-14 */
        return sign | (dq_bits_of_f32(dq_f32_of_bits(mag) + 0.5f) - 0x3f000000);
    return sign | (mag - (112u << 23) + 0x0fff + (mag >> 13 & 1)) >> 13;
}

DQ_DEVICE uint32_t dq_pick16(struct dq_words book, uint32_t at)
{
    uint32_t picked = 0;

    for (int j = 0; j < 4; j++) {
        const uint32_t place = at >> 8 * j & 15;

        picked |= (book.w[place / 4] >> 8 * (place % 4) & 255) << 8 * j;
    }
    return picked;
}

DQ_DEVICE void dq_store16(void *p, struct dq_words x)
{
    *(struct dq_words *)p = x;
}

/* The launcher runs one thread after the other. */
DQ_DEVICE void dq_add32(uint32_t *p, uint32_t x)
{
    *p += x;
}

DQ_DEVICE void dq_add64(uint64_t *p, uint64_t x)
{
    *p += x;
}

DQ_DEVICE void dq_max64(uint64_t *p, uint64_t x)
{
    *p = x > *p ? x : *p;
}

#endif

#if !defined(__CUDACC__)

/* Where the machine does not require alignment, this becomes at most one load per word. */
template <int N> DQ_DEVICE dq_some<N> dq_load_inside(const uint8_t *p)
{
    const dq_word16 *halves = (const dq_word16 *)(const void *)p;
    struct dq_some<N> some;

    for (int i = 0; i < N; i++)
        some.w[i] = halves[2 * i] | (uint32_t)halves[2 * i + 1] << 16;
    return some;
}

DQ_DEVICE uint32_t dq_bf16_of(float f)
{
    const uint32_t bits = dq_bits_of_f32(f);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;

    return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded;
}

DQ_DEVICE uint32_t dq_bf16_pair(float low, float high)
{
    return dq_bf16_of(low) | dq_bf16_of(high) << 16;
}

DQ_DEVICE uint32_t dq_f16_pair(float low, float high)
{
    return dq_f16_of(low) | dq_f16_of(high) << 16;
}

#endif

#endif
