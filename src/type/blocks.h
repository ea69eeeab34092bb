/* The blocks of each format as bytes in the file, in order. They consist of bytes alone, so that
 * they have no padding and no alignment, and the same definitions serve C, C++ and device code.
 * Numbers of more than one byte are little-endian; half.h reads them. */
#ifndef DQ_BLOCKS_H
#define DQ_BLOCKS_H

#include <assert.h>
#include <stdint.h>

/* One number a block. */
struct dq_block_f32 {
    uint8_t x[4];
};
struct dq_block_f16 {
    uint8_t x[2];
};
struct dq_block_bf16 {
    uint8_t x[2];
};
struct dq_block_f64 {
    uint8_t x[8];
};
struct dq_block_i8 {
    uint8_t x[1];
};
struct dq_block_i16 {
    uint8_t x[2];
};
struct dq_block_i32 {
    uint8_t x[4];
};
struct dq_block_i64 {
    uint8_t x[8];
};

/* Small blocks with one scale. */
struct dq_block_q1_0 {
    uint8_t d[2];   /* f16 */
    uint8_t qs[16]; /* a bit a weight */
};
struct dq_block_q2_0 {
    uint8_t d[2];   /* f16 */
    uint8_t qs[16]; /* two bits a weight, in order */
};
struct dq_block_q4_0 {
    uint8_t d[2];   /* f16 */
    uint8_t qs[16]; /* nibbles: the low ones are weights 0 to 15, the high ones 16 to 31 */
};
struct dq_block_q4_1 {
    uint8_t d[2]; /* f16 */
    uint8_t m[2]; /* f16 */
    uint8_t qs[16];
};
struct dq_block_q5_0 {
    uint8_t d[2];  /* f16 */
    uint8_t qh[4]; /* u32, the fifth bit of each weight */
    uint8_t qs[16];
};
struct dq_block_q5_1 {
    uint8_t d[2];  /* f16 */
    uint8_t m[2];  /* f16 */
    uint8_t qh[4]; /* u32 */
    uint8_t qs[16];
};
struct dq_block_q8_0 {
    uint8_t d[2];   /* f16 */
    uint8_t qs[32]; /* i8 */
};
struct dq_block_q8_1 {
    uint8_t d[2];   /* f16 */
    uint8_t s[2];   /* f16, d times the sum of the codes; not needed to decode */
    uint8_t qs[32]; /* i8 */
};
struct dq_block_mxfp4 {
    uint8_t e; /* E8M0 */
    uint8_t qs[16];
};
struct dq_block_nvfp4 {
    uint8_t scales[4]; /* UE4M3, one for 16 weights */
    uint8_t qs[32];    /* 8 bytes for 16 weights, the low nibbles first */
};
struct dq_block_iq4_nl {
    uint8_t d[2]; /* f16 */
    uint8_t qs[16];
};

/* Blocks of 256 weights with scales of parts. */
struct dq_block_q2_k {
    uint8_t scales[16]; /* low nibble the scale, high nibble the minimum of 16 weights */
    uint8_t qs[64];
    uint8_t d[2];    /* f16 */
    uint8_t dmin[2]; /* f16 */
};
struct dq_block_q3_k {
    uint8_t hmask[32]; /* third bits */
    uint8_t qs[64];    /* low two bits */
    uint8_t scales[12];
    uint8_t d[2]; /* f16 */
};
struct dq_block_q4_k {
    uint8_t d[2];       /* f16 */
    uint8_t dmin[2];    /* f16 */
    uint8_t scales[12]; /* eight pairs of six bits */
    uint8_t qs[128];
};
struct dq_block_q5_k {
    uint8_t d[2];       /* f16 */
    uint8_t dmin[2];    /* f16 */
    uint8_t scales[12]; /* eight pairs of six bits */
    uint8_t qh[32];     /* fifth bits */
    uint8_t qs[128];
};
struct dq_block_q6_k {
    uint8_t ql[128];    /* low four bits */
    uint8_t qh[64];     /* high two bits */
    uint8_t scales[16]; /* i8 */
    uint8_t d[2];       /* f16 */
};
struct dq_block_q8_k {
    uint8_t d[4];      /* f32 */
    uint8_t qs[256];   /* i8 */
    uint8_t bsums[32]; /* i16 sums of 16 codes; not needed to decode */
};
struct dq_block_tq1_0 {
    uint8_t qs[48]; /* five ternary digits a byte */
    uint8_t qh[4];  /* four digits a byte */
    uint8_t d[2];   /* f16 */
};
struct dq_block_tq2_0 {
    uint8_t qs[64];
    uint8_t d[2]; /* f16 */
};

/* Blocks of 256 weights with codebooks. */
struct dq_block_iq1_s {
    uint8_t d[2];   /* f16 */
    uint8_t qs[32]; /* low bytes of the indices */
    uint8_t
        qh[16]; /* u16 for 32 weights: four times three bits of index, scale, sign of the shift */
};
struct dq_block_iq1_m {
    uint8_t qs[32];    /* low bytes of the indices */
    uint8_t qh[16];    /* a nibble for 8 weights: three bits of index, sign of the shift */
    uint8_t scales[8]; /* u16: four times three bits of scale, and a nibble of the f16 d */
};
struct dq_block_iq2_xxs {
    uint8_t d[2];   /* f16 */
    uint8_t qs[64]; /* 8 bytes for 32 weights: four indices, u32 of four sign indices and a scale */
};
struct dq_block_iq2_xs {
    uint8_t d[2];      /* f16 */
    uint8_t qs[64];    /* u16 for 8 weights: 9 bits of index, 7 of sign index */
    uint8_t scales[8]; /* a nibble for 16 weights */
};
struct dq_block_iq2_s {
    uint8_t d[2];      /* f16 */
    uint8_t qs[32];    /* low bytes of the indices */
    uint8_t signs[32]; /* a bit a weight */
    uint8_t qh[8];     /* high two bits of the indices */
    uint8_t scales[8]; /* a nibble for 16 weights */
};
struct dq_block_iq3_xxs {
    uint8_t d[2];   /* f16 */
    uint8_t qs[64]; /* an index for 4 weights */
    uint8_t ss[32]; /* u32 for 32 weights: four sign indices and a scale */
};
struct dq_block_iq3_s {
    uint8_t d[2];      /* f16 */
    uint8_t qs[64];    /* low bytes of the indices */
    uint8_t qh[8];     /* ninth bits */
    uint8_t signs[32]; /* a bit a weight */
    uint8_t scales[4]; /* a nibble for 32 weights */
};
struct dq_block_iq4_xs {
    uint8_t d[2];        /* f16 */
    uint8_t scales_h[2]; /* u16, the high two bits of each scale */
    uint8_t scales_l[4]; /* the low four */
    uint8_t qs[128];     /* 16 bytes for 32 weights, the low nibbles first */
};

#define BYTES(n) n
#define DQ_TYPE(token, columns) static_assert(sizeof(struct dq_block_##token) == (columns), #token);
#include "type/types.def"

#endif
