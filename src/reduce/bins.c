#include "reduce/bins.h"

#include "reduce/entropy.h"

#include <math.h>
#include <string.h>

/* The upper halves of magnitudes: those of finite weights are below that of infinity. */
enum { SIGN = DQ_BINS / 2, INFINITY_BIN = 0x7f80, OCTAVE_BINS = 128, INFINITE = DQ_OCTAVES - 1 };

void dq_bins_add(uint64_t *bins, const void *weights, size_t n)
{
    const uint8_t *bytes = weights;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
        bins[bits >> 16]++;
    }
}

void dq_bins_add_reduced(uint64_t *bins, const uint32_t *counts)
{
    for (size_t i = 0; i < DQ_BINS; i++)
        bins[i] += counts[i];
}

void dq_bins_merge(uint64_t *bins, const uint64_t *other, const uint64_t octaves[DQ_OCTAVES])
{
    for (size_t e = 0; e < DQ_OCTAVES; e++) {
        const size_t first = e * OCTAVE_BINS;
        for (size_t i = first; octaves[e] > 0 && i < first + OCTAVE_BINS; i++) {
            bins[i] += other[i];
            bins[SIGN + i] += other[SIGN + i];
        }
    }
}

static float lower_edge(uint32_t bin)
{
    const uint32_t bits = bin << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

float dq_bins_rank(const struct dq_bins *b, uint64_t rank)
{
    uint32_t bin = 0;
    for (size_t e = 0; e < INFINITE && b->octaves[e] < rank; e++) {
        rank -= b->octaves[e];
        bin += OCTAVE_BINS;
    }
    while (bin < INFINITY_BIN && b->counts[bin] + b->counts[SIGN + bin] < rank) {
        rank -= b->counts[bin] + b->counts[SIGN + bin];
        bin++;
    }
    return bin < INFINITY_BIN ? lower_edge(bin) : NAN;
}

uint64_t dq_bins_beyond(const struct dq_bins *b, double magnitude)
{
    uint64_t n = 0;
    uint32_t e = INFINITE;
    while (e > 0 && (double)lower_edge((e - 1) * OCTAVE_BINS) >= magnitude)
        n += b->octaves[--e];
    for (uint32_t bin = e * OCTAVE_BINS; bin > 0 && (double)lower_edge(bin - 1) >= magnitude;) {
        bin--;
        n += b->counts[bin] + b->counts[SIGN + bin];
    }
    return n;
}

double dq_bins_entropy(const struct dq_bins *b)
{
    return dq_entropy(b->counts, DQ_BINS);
}

uint64_t dq_percentile_rank(uint32_t percentile, uint64_t n)
{
    const uint64_t all = (uint64_t)100 * DQ_PERCENT;
    /* n = all * quotient + rest, so that nothing overflows. */
    const uint64_t rank = n / all * percentile + (n % all * percentile + all - 1) / all;
    return rank > 0 ? rank : 1;
}
