/* For the decoder sources: types whose weights are w[i] = d * q[i], or d * q[i] + m, with small
 * integers q and with d and m constant in groups of weights.
 *
 * Such an expression has the bits of the type's own formula also where that writes a - b (which is
 * a + -b) or a sign as a factor.
 *
 * A decoder says how to unpack one block into codes and factors. That is done for a run of blocks
 * before the codes of the run become floats: loops that each vectorise, far enough apart that no
 * load waits for a store of another width. */
#ifndef DQ_DECODE_CODES_H
#define DQ_DECODE_CODES_H

#include "decode_bits.h"
#include "decode_impl.h"

#if defined(__GNUC__)
#define DQ_INLINE static inline __attribute__((always_inline))
#define DQ_DO_NOT_UNROLL _Pragma("GCC unroll 1")
#else
#define DQ_INLINE static inline
#define DQ_DO_NOT_UNROLL
#endif

enum { DQ_RUN_WEIGHTS = 1024, DQ_MIN_GROUP = 16 };

/* What is unpacked from one block: a code for each weight, factors for each group. */
struct dq_codes {
    int8_t *restrict q;
    float *restrict d;
    float *restrict m;
};

typedef void (*dq_unpack_fn)(const void *restrict block, struct dq_codes c);

/* The facts about a type, constants in its decoder. */
struct dq_shape {
    size_t bytes;         /* of a block */
    size_t weights;       /* in a block */
    size_t group;         /* weights that share d and m, 16 or more */
    int has_m;            /* or m is not set */
    const int8_t *values; /* sixteen values that the codes stand for, or NULL: themselves */
};

DQ_INLINE void dq_codes_to_f32(
    const struct dq_codes *c, float *restrict dst, size_t ngroups, struct dq_shape shape)
{
    for (size_t g = 0; g < ngroups; g++, dst += shape.group) {
        const int8_t *q = c->q + g * shape.group;

        /* gcc would unroll a loop of 16, and make worse vectors of the loop around it. */
        DQ_DO_NOT_UNROLL
        for (size_t i = 0; i < shape.group; i++)
            dst[i] =
                dq_one_nan(shape.has_m ? c->d[g] * (float)q[i] + c->m[g] : c->d[g] * (float)q[i]);
    }
}

DQ_INLINE void dq_decode_runs(const uint8_t *restrict src, float *restrict dst, size_t nblocks,
    struct dq_shape shape, dq_unpack_fn unpack)
{
    const size_t run = DQ_RUN_WEIGHTS / shape.weights;
    const size_t groups = shape.weights / shape.group;
    int8_t q[DQ_RUN_WEIGHTS];
    float d[DQ_RUN_WEIGHTS / DQ_MIN_GROUP];
    float m[DQ_RUN_WEIGHTS / DQ_MIN_GROUP];

    for (size_t first = 0; first < nblocks; first += run) {
        const size_t n = nblocks - first < run ? nblocks - first : run;

        for (size_t k = 0; k < n; k++, src += shape.bytes)
            unpack(src, (struct dq_codes){q + k * shape.weights, d + k * groups, m + k * groups});
        if (shape.values) {
            for (size_t i = 0; i < n * shape.weights; i += 8)
                dq_put8(q + i, dq_one_of_16(dq_get8(q + i), shape.values));
        }
        dq_codes_to_f32(&(struct dq_codes){q, d, m}, dst, n * groups, shape);
        dst += n * shape.weights;
    }
}

/* The body of a decoder. The facts are those of struct dq_shape after bytes. */
#define DQ_DECODE_RUNS(token, unpack, ...)                                                         \
    dq_decode_runs(src, dst, nblocks,                                                              \
        (struct dq_shape){sizeof(struct dq_block_##token), __VA_ARGS__}, unpack)

#endif
