/* The kernels that reduce decoded weights where they are: to counts, extremes and exact sums.
 *
 *   dq_reduce_NAME (d_weights, n, n_threads, parameter, d_out)
 *
 * d_weights are n f32, fewer than 2^32, at any multiple of 4. Thread t of n_threads takes weights t, t + n_threads, ...,
 * at most DQ_THREAD_WEIGHTS of them; the grid has at least so many threads. d_out is what type/reduction.h says, all
 * zero at first.
 *
 * Everything is an integer, and only added up or compared: the order of the threads does not matter, nor does how
 * floating-point numbers are rounded. */
#ifndef DQ_REDUCE_H
#define DQ_REDUCE_H

#include "rt.h"
#include "type/reduction.h"

/* The slot of this thread in a field. */
DQ_DEVICE uint64_t *slot(uint64_t *fields, uint32_t field)
{
    return fields + field * DQ_SLOTS + (uint32_t)dq_thread() % DQ_SLOTS;
}

DQ_DEVICE void add(uint64_t *fields, uint32_t field, uint64_t x)
{
    if (x != 0)
        dq_add64(slot(fields, field), x);
}

/* ---- statistics ---- */

/* Weights of the highest exponents, which most of them have, are counted in the bytes of some words. */
enum { COUNT_WORDS = 4, COUNTED = 4 * COUNT_WORDS };

static_assert(DQ_THREAD_WEIGHTS < 256, "counts of a thread are bytes");
static_assert(24 + DQ_WINDOW + 8 <= 63, "its sum fits 64 bits");
static_assert(2 * DQ_WINDOW <= 62, "a square is shifted by less than 64 bits");

/* What a thread knows of its weights. */
struct stats_part {
    uint64_t sum;
    uint64_t squares[2];
    uint32_t min, min_at; /* in the order of unsigned integers, and its number */
    uint32_t max, max_at;
    uint32_t least;
    uint32_t zeros[2]; /* +0, -0 */
    uint32_t counts[COUNT_WORDS];
};

/* The order of finite f32 as unsigned integers: -0 is just below +0. */
DQ_DEVICE uint32_t order_of(uint32_t bits)
{
    return bits ^ ((0u - (bits >> 31)) | 0x80000000);
}

DQ_DEVICE void count_nonfinite(uint64_t *fields, uint32_t bits)
{
    add(fields,
        bits << 1 != 0xff000000 ? DQ_FIELD_n_nan
        : bits >> 31            ? DQ_FIELD_n_ninf
                                : DQ_FIELD_n_pinf,
        1);
}

/* row is that of the exponent among the fields of octaves. */
DQ_DEVICE void count_octave(struct stats_part *p, uint64_t *fields, uint32_t row)
{
    const uint32_t below = DQ_WINDOW + 1 - row; /* the highest */

    for (uint32_t i = 0; i < COUNT_WORDS; i++)
        p->counts[i] += below / 4 == i ? 1u << below % 4 * 8 : 0;
    if (below >= COUNTED)
        add(fields, DQ_FIELD_octaves + row, 1);
}

/* A weight of m units, times 2^shift, and its square. */
DQ_DEVICE void add_exactly(struct stats_part *p, uint32_t m, uint32_t shift, bool is_negative)
{
    const uint64_t x = (uint64_t)m << shift;
    const uint64_t square = (uint64_t)m * m; /* 48 bits */
    const uint64_t low = square << 2 * shift;

    p->sum += is_negative ? 0 - x : x;
    p->squares[0] += low;
    p->squares[1] += (square >> 1 >> (63 - 2 * shift)) + (p->squares[0] < low ? 1 : 0);
}

DQ_DEVICE void take(
    struct stats_part *p, uint64_t *fields, uint32_t bits, uint32_t at, uint32_t lowest)
{
    const uint32_t magnitude = bits & 0x7fffffff;
    const uint32_t exponent = magnitude >> 23;
    const uint32_t order = order_of(bits);
    const uint32_t shift = (exponent > 0 ? exponent : 1) - lowest;

    if (exponent == 255) {
        count_nonfinite(fields, bits);
        return;
    }
    if (order < p->min) {
        p->min = order;
        p->min_at = at;
    }
    if (order > p->max) {
        p->max = order;
        p->max_at = at;
    }
    if (magnitude == 0) {
        p->zeros[0] += bits == 0 ? 1 : 0;
        p->zeros[1] += bits != 0 ? 1 : 0;
        return;
    }
    p->least = magnitude < p->least ? magnitude : p->least;
    if (shift > DQ_WINDOW) {
        add(fields, DQ_FIELD_n_outside, 1);
        return;
    }
    add_exactly(p, (bits & 0x7fffff) | (exponent > 0 ? 0x800000 : 0), shift, bits >> 31);
    count_octave(p, fields, exponent + 1 - lowest);
}

/* The parts of sums have 32 bits each, so that no slot overflows. */
DQ_DEVICE void put_stats(const struct stats_part *p, uint64_t *fields)
{
    add(fields, DQ_FIELD_sum, (uint32_t)p->sum);
    add(fields, DQ_FIELD_sum + 1, (uint64_t)((int64_t)p->sum >> 32));
    for (uint32_t i = 0; i < 2; i++) {
        add(fields, DQ_FIELD_squares + 2 * i, (uint32_t)p->squares[i]);
        add(fields, DQ_FIELD_squares + 2 * i + 1, p->squares[i] >> 32);
        add(fields, DQ_FIELD_n_pzero + i, p->zeros[i]);
    }
    for (uint32_t i = 0; i < COUNTED; i++)
        add(fields, DQ_FIELD_octaves + DQ_WINDOW + 1 - i, p->counts[i / 4] >> i % 4 * 8 & 255);
    dq_max64(slot(fields, DQ_FIELD_min), (uint64_t)~p->min << 32 | (uint32_t)~p->min_at);
    dq_max64(slot(fields, DQ_FIELD_max), (uint64_t)p->max << 32 | (uint32_t)~p->max_at);
    dq_max64(slot(fields, DQ_FIELD_least), 0x80000000 - p->least);
}

#define REDUCTION(name)                                                                            \
    extern "C" __global__ void dq_reduce_##name(const uint32_t *__restrict__ d_weights,            \
        uint64_t n, uint64_t n_threads, uint64_t parameter, void *__restrict__ d_out)

/* Calls f with the bits of each weight of this thread, and its number. Some loads are under way at a time. */
template <class F>
DQ_DEVICE void for_each(const uint32_t *d_weights, uint64_t n, uint64_t n_threads, F f)
{
    constexpr uint32_t at_once = 4;

    for (uint64_t i = dq_thread(); i < n; i += at_once * n_threads) {
        uint32_t bits[at_once];

        for (uint32_t j = 0; j < at_once; j++)
            bits[j] = i + j * n_threads < n ? d_weights[i + j * n_threads] : 0;
        for (uint32_t j = 0; j < at_once; j++)
            if (i + j * n_threads < n)
                f(bits[j], (uint32_t)(i + j * n_threads));
    }
}

/* The parameter is the lowest exponent of the window. */
REDUCTION(stats)
{
    uint64_t *fields = (uint64_t *)d_out;
    const uint32_t lowest = (uint32_t)parameter;
    struct stats_part p = {};

    if (dq_thread() >= n_threads)
        return;
    p.min = ~0u;
    p.min_at = ~0u;
    p.max_at = ~0u;
    p.least = 0x80000000;
    for_each(d_weights, n, n_threads,
        [&](uint32_t bits, uint32_t at) { take(&p, fields, bits, at, lowest); });
    put_stats(&p, fields);
}

/* ---- what 16 bits can hold ---- */

/* Whether a magnitude below 2^-14 is a multiple of 2^-24. */
DQ_DEVICE bool is_f16_subnormal(uint32_t magnitude)
{
    const uint32_t m = (magnitude & 0x7fffff) | 0x800000;
    const uint32_t too_many = 126 - (magnitude >> 23); /* bits */

    return magnitude == 0 || (too_many < 24 && (m & ((1u << too_many) - 1)) == 0);
}

REDUCTION(fit)
{
    uint32_t counts[DQ_FIT_FIELDS] = {};

    (void)parameter;
    if (dq_thread() >= n_threads)
        return;
    for_each(d_weights, n, n_threads, [&](uint32_t bits, uint32_t) {
        const uint32_t magnitude = bits & 0x7fffffff;
        const bool is_finite = magnitude < 0x7f800000;
        const bool is_small = magnitude < 0x38800000; /* than 2^-14 */
        const bool is_exact = is_small ? is_f16_subnormal(magnitude)
                                       : magnitude < 0x477ff000 && (magnitude & 0x1fff) == 0;

        counts[DQ_FIELD_f16_exact] += is_exact ? 1 : 0;
        counts[DQ_FIELD_f16_overflow] += magnitude >= 0x477ff000 && is_finite ? 1 : 0;
        counts[DQ_FIELD_f16_zero] += magnitude - 1 < 0x33000000 ? 1 : 0;
        counts[DQ_FIELD_f16_subnormal] += is_small && magnitude > 0x33000000 ? 1 : 0;
        counts[DQ_FIELD_bf16_exact] += is_finite && (magnitude & 0xffff) == 0 ? 1 : 0;
        counts[DQ_FIELD_bf16_overflow] += magnitude >= 0x7f7f8000 && is_finite ? 1 : 0;
    });
    for (uint32_t i = 0; i < DQ_FIT_FIELDS; i++)
        add((uint64_t *)d_out, i, counts[i]);
}

/* ---- counts by the upper half ---- */

REDUCTION(bins)
{
    uint32_t *bins = (uint32_t *)d_out;

    (void)parameter;
    if (dq_thread() >= n_threads)
        return;
    for_each(d_weights, n, n_threads,
        [&](uint32_t bits, uint32_t) { dq_add32(bins + (bits >> 16), 1); });
}

/* ---- BLAKE3 ---- */

DQ_DEVICE uint32_t rotate(uint32_t x, uint32_t n)
{
    return x >> n | x << (32 - n);
}

DQ_DEVICE void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d, uint32_t x, uint32_t y)
{
    *a += *b + x;
    *d = rotate(*d ^ *a, 16);
    *c += *d;
    *b = rotate(*b ^ *c, 12);
    *a += *b + y;
    *d = rotate(*d ^ *a, 8);
    *c += *d;
    *b = rotate(*b ^ *c, 7);
}

DQ_DEVICE void mix(uint32_t (&v)[16], const uint32_t (&m)[16])
{
    for (int i = 0; i < 4; i++)
        quarter(&v[i], &v[4 + i], &v[8 + i], &v[12 + i], m[2 * i], m[2 * i + 1]);
    for (int i = 0; i < 4; i++)
        quarter(&v[i], &v[4 + (i + 1) % 4], &v[8 + (i + 2) % 4], &v[12 + (i + 3) % 4], m[8 + 2 * i],
            m[9 + 2 * i]);
}

/* The words of a block in the order in which the next round uses them. */
DQ_DEVICE void permute(uint32_t (&m)[16])
{
    const uint32_t next[16] = {m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12],
        m[5], m[9], m[14], m[15], m[8]};

    for (int i = 0; i < 16; i++)
        m[i] = next[i];
}

/* Compresses a block of 64 bytes into h. */
DQ_DEVICE void compress(uint32_t (&h)[8], uint32_t (&m)[16], uint64_t counter, uint32_t flags)
{
    uint32_t v[16] = {h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 0x6a09e667, 0xbb67ae85,
        0x3c6ef372, 0xa54ff53a, (uint32_t)counter, (uint32_t)(counter >> 32), 64, flags};

    for (int i = 0; i < 6; i++) {
        mix(v, m);
        permute(m);
    }
    mix(v, m);
    for (int i = 0; i < 8; i++)
        h[i] = v[i] ^ v[i + 8];
}

/* A thread hashes a leaf, a KiB, to its chaining value: d_weights is a multiple of 16, and n, which need not be that
 * of n_threads, whole leaves. The parameter is the number of the first leaf. */
REDUCTION(leaves)
{
    constexpr uint32_t blocks = DQ_LEAF_WEIGHTS / 16, start = 1, end = 2;
    const uint64_t leaf = dq_thread();
    const uint8_t *bytes = (const uint8_t *)(d_weights + leaf * DQ_LEAF_WEIGHTS);
    uint32_t *out = (uint32_t *)d_out + leaf * DQ_LEAF_WORDS;
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
        0x1f83d9ab, 0x5be0cd19};

    if (leaf >= n_threads || leaf >= n / DQ_LEAF_WEIGHTS)
        return;
    for (uint32_t i = 0; i < blocks; i++) {
        uint32_t m[16];

        for (int k = 0; k < 4; k++) {
            const struct dq_words four = dq_load16(bytes + 64 * i + 16 * k);

            for (int j = 0; j < 4; j++)
                m[4 * k + j] = four.w[j];
        }
        compress(h, m, parameter + leaf, (i == 0 ? start : 0) | (i + 1 == blocks ? end : 0));
    }
    dq_store16(out, {h[0], h[1], h[2], h[3]});
    dq_store16(out + 4, {h[4], h[5], h[6], h[7]});
}

#endif
