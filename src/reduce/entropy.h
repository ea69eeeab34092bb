/* The entropy of counts. */
#ifndef DQ_ENTROPY_H
#define DQ_ENTROPY_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* Returns -sum p log2 p in bits, rounded to 2 decimals, which do not depend on the last bits of a machine's logarithm;
 * NaN if all counts are 0. */
static inline double dq_entropy(const uint64_t *counts, size_t n)
{
    uint64_t total = 0;
    double bits = 0;
    for (size_t i = 0; i < n; i++)
        total += counts[i];
    for (size_t i = 0; i < n; i++) {
        if (counts[i] == 0 || counts[i] == total)
            continue;
        const double p = (double)counts[i] / (double)total;
        bits -= p * log2(p);
    }
    return total > 0 ? round(100 * bits) / 100 : (double)NAN;
}

#endif
