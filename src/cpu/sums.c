/* The loops of statistics. Compilers make vectors of all but the first of count_octaves. */
#include "cpu/decode_bits.h"
#include "cpu/decode_impl.h"

enum { MANTISSA_BITS = 23, N_OCTAVES = 256 };

#define SIGN_BIT UINT32_C(0x80000000)
#define INFINITY_BITS UINT32_C(0x7f800000)

DQ_INLINE uint32_t bits_at(const uint8_t *weights, size_t i)
{
    uint32_t bits;
    memcpy(&bits, weights + i * sizeof bits, sizeof bits);
    return bits;
}

static void find_extremes(const void *weights, size_t n, struct dq_extremes *out)
{
    int32_t min_key = INT32_MAX;
    int32_t max_key = INT32_MIN;
    uint32_t n_pzero = 0;
    uint32_t n_nzero = 0;
    uint32_t min_bits = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_at(weights, i);
        const int32_t key = dq_f32_key(bits);
        const uint32_t below = (bits & ~SIGN_BIT) - 1; /* of 0, the largest */
        min_key = key < min_key ? key : min_key;
        max_key = key > max_key ? key : max_key;
        n_pzero += bits == 0;
        n_nzero += bits == SIGN_BIT;
        min_bits = below < min_bits ? below : min_bits;
    }
    *out = (struct dq_extremes){
        min_key, max_key, n_pzero, n_nzero, min_bits == UINT32_MAX ? min_bits : min_bits + 1};
}

static void find_finite_extremes(const void *weights, size_t n, struct dq_finite_extremes *out)
{
    struct dq_finite_extremes x = {.min_key = INT32_MAX, .max_key = INT32_MIN};
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_at(weights, i);
        const bool is_finite = (bits & ~SIGN_BIT) < INFINITY_BITS;
        const int32_t low = is_finite ? dq_f32_key(bits) : INT32_MAX;
        const int32_t high = is_finite ? dq_f32_key(bits) : INT32_MIN;
        x.min_key = low < x.min_key ? low : x.min_key;
        x.max_key = high > x.max_key ? high : x.max_key;
        x.n_pinf += bits == INFINITY_BITS;
        x.n_ninf += bits == (INFINITY_BITS | SIGN_BIT);
    }
    *out = x;
}

static uint64_t bits_of_double(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static void add_window(const void *weights, size_t n, const double units[3], uint64_t sums[3])
{
    const uint8_t *bytes = weights;
    const double unit = units[0];
    const double high_unit = units[1];
    const double low_unit = units[2];
    uint64_t sum = 0;
    uint64_t high = 0;
    uint64_t low = 0;
    for (size_t i = 0; i < n; i++) {
        float f;
        memcpy(&f, bytes + i * sizeof f, sizeof f);
        const double x = (double)f;
        const double square = x * x; /* exact: 48 bits */
        const double rounded = square + high_unit;
        sum += bits_of_double(x + unit);
        high += bits_of_double(rounded);
        low += bits_of_double(square - (rounded - high_unit) + low_unit);
    }
    sums[0] = sum;
    sums[1] = high;
    sums[2] = low;
}

static void find_magnitudes(const void *weights, size_t n, struct dq_magnitudes *out)
{
    uint32_t max = 0;
    uint32_t min = UINT32_MAX;
    uint64_t sum = 0;
    uint64_t squares = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_at(weights, i);
        const uint32_t magnitude = bits & ~SIGN_BIT;
        const uint32_t below = magnitude - 1; /* of 0, the largest */
        max = magnitude > max ? magnitude : max;
        min = below < min ? below : min;
        sum += bits;
        squares += (uint64_t)bits * bits;
    }
    *out = (struct dq_magnitudes){max, min == UINT32_MAX ? min : min + 1, {sum, squares}};
}

static void add_products(
    const void *a, const void *b, size_t n, const double units[2], uint64_t sums[2])
{
    const uint8_t *bytes_a = a;
    const uint8_t *bytes_b = b;
    const double high_unit = units[0];
    const double low_unit = units[1];
    uint64_t high = 0;
    uint64_t low = 0;
    for (size_t i = 0; i < n; i++) {
        float x;
        float y;
        memcpy(&x, bytes_a + i * sizeof x, sizeof x);
        memcpy(&y, bytes_b + i * sizeof y, sizeof y);
        const double product = (double)x * (double)y; /* exact: 48 bits */
        const double rounded = product + high_unit;
        high += bits_of_double(rounded);
        low += bits_of_double(product - (rounded - high_unit) + low_unit);
    }
    sums[0] = high;
    sums[1] = low;
}

static void compare(const void *a, const void *b, size_t n, struct dq_pair_counts *out)
{
    struct dq_pair_counts c = {.min_step_key = INT32_MAX, .max_step_key = INT32_MIN};
    for (size_t i = 0; i < n; i++) {
        const uint32_t x = bits_at(a, i);
        const uint32_t y = bits_at(b, i);
        const uint32_t x_is_zero = (x & ~SIGN_BIT) == 0;
        const uint32_t y_is_zero = (y & ~SIGN_BIT) == 0;
        const int32_t key = dq_f32_key(dq_bits_of_f32(dq_f32_of_bits(y) - dq_f32_of_bits(x)));
        c.n_equal_bits += x == y;
        c.n_equal_values += (uint32_t)(x == y) | (x_is_zero & y_is_zero);
        c.n_sign_flips += (x ^ y) >> 31 & (x_is_zero ^ 1) & (y_is_zero ^ 1);
        c.n_to_zero += (x_is_zero ^ 1) & y_is_zero;
        c.n_from_zero += x_is_zero & (y_is_zero ^ 1);
        c.min_step_key = key < c.min_step_key ? key : c.min_step_key;
        c.max_step_key = key > c.max_step_key ? key : c.max_step_key;
    }
    *out = c;
}

#if defined(__AVX512BW__)
enum { LANES = 64 };
#elif defined(__AVX2__)
enum { LANES = 32 };
#else
enum { LANES = 16 };
#endif

typedef uint8_t lanes __attribute__((vector_size(LANES)));
typedef uint64_t words __attribute__((vector_size(LANES)));

/* Returns how many of the exponents are e. */
DQ_INLINE uint32_t count_equal(const uint8_t *exponents, size_t n, unsigned e)
{
    const lanes wanted = (lanes){0} + (uint8_t)e;
    uint64_t sums = 0;  /* four of 16 bits */
    lanes counts = {0}; /* of each lane: at most DQ_SUMS_MOST / LANES, which fit */
    _Static_assert(DQ_SUMS_MOST / LANES < 256, "counts are bytes");
    DQ_UNROLL_8
    for (size_t i = 0; i < n; i += LANES) {
        lanes some;
        memcpy(&some, exponents + i, sizeof some);
        counts -= (lanes)(some == wanted);
    }
    const words pairs =
        ((words)counts & 0x00ff00ff00ff00ff) + ((words)counts >> 8 & 0x00ff00ff00ff00ff);
    for (size_t i = 0; i < LANES / sizeof(uint64_t); i++)
        sums += pairs[i];
    return (uint32_t)(sums * 0x0001000100010001 >> 48);
}

/* Usual weights have few exponents, and each of those is counted in vectors, which is faster than one table of all:
 * an addition to it has to wait for the last one. Where there are many, some tables are used in turn. */
static void count_octaves(
    const void *weights, size_t n, unsigned lowest, unsigned highest, uint64_t *counts)
{
    enum { FEW = LANES > 16 ? 32 : 8, N_TABLES = 4 };
    if (highest - lowest >= FEW) {
        uint32_t tables[N_TABLES][N_OCTAVES] = {{0}};
        for (size_t i = 0; i < n; i++)
            tables[i % N_TABLES][bits_at(weights, i) >> MANTISSA_BITS & (N_OCTAVES - 1)]++;
        for (size_t e = 0; e < N_OCTAVES; e++) {
            for (size_t k = 0; k < N_TABLES; k++)
                counts[e] += tables[k][e];
        }
        return;
    }
    uint8_t exponents[DQ_SUMS_MOST];
    size_t left = n / LANES * LANES;
    const size_t n_whole = left;
    for (size_t i = 0; i < n_whole; i++)
        exponents[i] = (uint8_t)(bits_at(weights, i) >> MANTISSA_BITS);
    for (size_t i = n_whole; i < n; i++)
        counts[bits_at(weights, i) >> MANTISSA_BITS & (N_OCTAVES - 1)]++;
    for (unsigned e = highest + 1; left > 0 && e-- > lowest;) {
        const uint32_t found = count_equal(exponents, n_whole, e);
        counts[e] += found;
        left -= found;
    }
    counts[0] += left;
}

/* Whether a magnitude below 2^-14, as bits, is a multiple of 2^-24, the last bit of what is from 0.5 to 1. */
DQ_INLINE uint32_t is_f16_subnormal(uint32_t magnitude)
{
    const float f = dq_f32_of_bits(magnitude);
    return f + 0.5f - 0.5f == f;
}

static void add_fit(const void *weights, size_t n, struct dq_fit *fit)
{
    uint32_t f16_exact = 0;
    uint32_t f16_overflow = 0;
    uint32_t f16_zero = 0;
    uint32_t f16_subnormal = 0;
    uint32_t bf16_exact = 0;
    uint32_t bf16_overflow = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t magnitude = bits_at(weights, i) & ~SIGN_BIT;
        const uint32_t is_finite = magnitude < INFINITY_BITS;
        const uint32_t is_small = magnitude < 0x38800000; /* than 2^-14 */
        f16_exact += (is_small & is_f16_subnormal(magnitude)) |
                     ((is_small ^ 1) & (magnitude < 0x477ff000) & ((magnitude & 0x1fff) == 0));
        f16_overflow += (magnitude >= 0x477ff000) & is_finite;
        f16_zero += magnitude - 1 < 0x33000000;
        f16_subnormal += is_small & (magnitude > 0x33000000);
        bf16_exact += ((magnitude & 0xffff) == 0) & is_finite;
        bf16_overflow += (magnitude >= 0x7f7f8000) & is_finite;
    }
    fit->f16_exact += f16_exact;
    fit->f16_overflow += f16_overflow;
    fit->f16_zero += f16_zero;
    fit->f16_subnormal += f16_subnormal;
    fit->bf16_exact += bf16_exact;
    fit->bf16_overflow += bf16_overflow;
}

const struct dq_sums_fns DQ_AT_LEVEL(dq_sums) = {find_extremes, find_finite_extremes, add_window,
    count_octaves, add_fit, find_magnitudes, add_products, compare};
