/* What the kernels that reduce weights (hip/reduce.h) write, for them and for the program that reads it.
 *
 * Most write fields, each of DQ_SLOTS numbers of 64 bits, all zero at first. A thread adds to the slot that its number,
 * modulo DQ_SLOTS, says, so that threads seldom wait for one another. A field means the sum of its slots, or the
 * largest of them. */
#ifndef DQ_REDUCTION_H
#define DQ_REDUCTION_H

enum { DQ_SLOTS = 64 };

/* Weights of a thread: at most so many that its sums fit. */
enum { DQ_THREAD_WEIGHTS = 64 };

/* The exact sums of dq_reduce_stats take weights of a window of biased exponents, where that of subnormals is 1: the
 * lowest one, which the kernel is told, and DQ_WINDOW above it. A weight is an integer of at most 24 + DQ_WINDOW bits
 * then, in units of its last bit. */
enum { DQ_WINDOW = 31, DQ_WINDOW_LAST = 254 - DQ_WINDOW /* the last window begins here */ };

enum dq_stats_field {
    DQ_FIELD_sum, /* of weights in the window, by halves, of which the upper one has a sign; */
    DQ_FIELD_squares = DQ_FIELD_sum + 2, /* of their squares, by 32 bits, the lowest first */
    DQ_FIELD_n_pzero = DQ_FIELD_squares + 4,
    DQ_FIELD_n_nzero,
    DQ_FIELD_n_pinf,
    DQ_FIELD_n_ninf,
    DQ_FIELD_n_nan,
    DQ_FIELD_n_outside, /* finite, not zero, and not in the window */
    /* Weights in the window that are not zero, by exponent: first subnormals, which only the lowest window has. */
    DQ_FIELD_octaves,
    DQ_FIELDS_SUMMED = DQ_FIELD_octaves + DQ_WINDOW + 2,
    /* Of these, the largest slot counts, which is 0 if there is no such weight. */
    DQ_FIELD_min = DQ_FIELDS_SUMMED, /* ~order, and ~number, of the first smallest finite weight */
    DQ_FIELD_max,   /* order, and ~number, of the first largest one: 32 bits each */
    DQ_FIELD_least, /* 2^31 - the smallest magnitude that is not 0 */
    DQ_STATS_FIELDS
};

/* What becomes of weights in 16 bits, by dq_reduce_fit: struct dq_fit (cpu/cpu.h) says what they mean. */
enum dq_fit_field {
    DQ_FIELD_f16_exact,
    DQ_FIELD_f16_overflow,
    DQ_FIELD_f16_zero,
    DQ_FIELD_f16_subnormal,
    DQ_FIELD_bf16_exact,
    DQ_FIELD_bf16_overflow,
    DQ_FIT_FIELDS
};

/* dq_reduce_bins writes no fields, but how many weights have each value of the upper half of their bits: numbers of 32
 * bits. dq_reduce_leaves writes a chaining value of BLAKE3 for each KiB of weights: 8 words. */
enum { DQ_REDUCE_BINS = 1 << 16, DQ_LEAF_WEIGHTS = 256, DQ_LEAF_WORDS = 8 };

#endif
