/* Pseudo-random numbers; a failing test prints the seed. */
#ifndef DQ_RNG_H
#define DQ_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

/* splitmix64 */
static inline uint64_t rng_u64(struct rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Returns a number from low to high, inclusive. */
static inline int64_t rng_between(struct rng *r, int64_t low, int64_t high)
{
    return low + (int64_t)(rng_u64(r) % (uint64_t)(high - low + 1));
}

static inline void rng_fill(struct rng *r, void *bytes, size_t len)
{
    uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++)
        b[i] = (uint8_t)rng_u64(r);
}

#endif
