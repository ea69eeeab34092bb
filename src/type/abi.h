/* What kernels and the program that launches them must agree on, as a number: for C, where the program compares
 * it, and for C++, where it is compiled into the kernels. */
#ifndef DQ_ABI_H
#define DQ_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define DQ_ABI_CONSTANT static constexpr
#else
#define DQ_ABI_CONSTANT static inline
#endif

/* Raised when kernels get other arguments, divide their work otherwise, or blocks change that keep their size. */
enum { DQ_ABI_VERSION = 2 };

/* FNV-1a. */
DQ_ABI_CONSTANT uint64_t dq_abi_add(uint64_t hash, uint64_t x)
{
    for (int i = 0; i < 8; i++)
        hash = (hash ^ (x >> 8 * i & 255)) * 0x100000001b3;
    return hash;
}

DQ_ABI_CONSTANT uint64_t dq_abi_add_row(
    uint64_t hash, const char *token, uint64_t weights, uint64_t bytes, uint64_t stores)
{
    for (size_t i = 0; token[i] != '\0'; i++)
        hash = dq_abi_add(hash, (uint64_t)(uint8_t)token[i]);
    return dq_abi_add(dq_abi_add(dq_abi_add(hash, weights), bytes), stores);
}

/* To begin with; a row for each type of types.def is added, in its order. */
DQ_ABI_CONSTANT uint64_t dq_abi_begin(void)
{
    return dq_abi_add(0xcbf29ce484222325, DQ_ABI_VERSION);
}

#endif
