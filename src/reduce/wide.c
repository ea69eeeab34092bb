#include "reduce/wide.h"

#include <math.h>

enum { LIMB_BITS = 32, DOUBLE_BITS = 53 };

static bool is_negative(const struct dq_wide *w)
{
    return w->limb[DQ_WIDE_LIMBS - 1] >> (LIMB_BITS - 1) != 0;
}

static void negate(struct dq_wide *w)
{
    uint64_t carry = 1;
    for (int i = 0; i < DQ_WIDE_LIMBS; i++) {
        carry += (uint32_t)~w->limb[i];
        w->limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
}

static struct dq_wide magnitude_of(const struct dq_wide *w)
{
    struct dq_wide m = *w;
    if (is_negative(w))
        negate(&m);
    return m;
}

void dq_wide_add(struct dq_wide *w, const struct dq_wide *other)
{
    uint64_t carry = 0;
    for (int i = 0; i < DQ_WIDE_LIMBS; i++) {
        carry += (uint64_t)w->limb[i] + other->limb[i];
        w->limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
}

void dq_wide_subtract(struct dq_wide *w, const struct dq_wide *other)
{
    struct dq_wide minus = *other;
    negate(&minus);
    dq_wide_add(w, &minus);
}

/* Adds parts to the limbs from the first on. Carries end soon, so that most limbs are not touched. */
static void add_limbs(struct dq_wide *w, const uint32_t parts[3], unsigned first)
{
    uint64_t carry = 0;
    for (unsigned i = 0; first + i < DQ_WIDE_LIMBS && (i < 3 || carry > 0); i++) {
        carry += (uint64_t)w->limb[first + i] + (i < 3 ? parts[i] : 0);
        w->limb[first + i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
}

static void subtract_limbs(struct dq_wide *w, const uint32_t parts[3], unsigned first)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; first + i < DQ_WIDE_LIMBS && (i < 3 || borrow > 0); i++) {
        const uint64_t difference = (uint64_t)w->limb[first + i] - (i < 3 ? parts[i] : 0) - borrow;
        w->limb[first + i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
}

void dq_wide_add_shifted(struct dq_wide *w, uint64_t value, bool is_negative_value, unsigned shift)
{
    const unsigned bits = shift % LIMB_BITS;
    const uint64_t low = (value & UINT32_MAX) << bits;
    const uint64_t high = (value >> LIMB_BITS << bits) + (low >> LIMB_BITS);
    const uint32_t parts[3] = {(uint32_t)low, (uint32_t)high, (uint32_t)(high >> LIMB_BITS)};
    (is_negative_value ? subtract_limbs : add_limbs)(w, parts, shift / LIMB_BITS);
}

void dq_wide_scale(struct dq_wide *w, uint64_t factor)
{
    struct dq_wide high = *w;
    const uint64_t parts[2] = {factor & UINT32_MAX, factor >> LIMB_BITS};
    struct dq_wide *const factors[2] = {w, &high};
    for (int part = 0; part < 2; part++) {
        uint64_t carry = 0;
        for (int i = 0; i < DQ_WIDE_LIMBS; i++) {
            carry += factors[part]->limb[i] * parts[part];
            factors[part]->limb[i] = (uint32_t)carry;
            carry >>= LIMB_BITS;
        }
    }
    uint64_t carry = 0;
    for (int i = 1; i < DQ_WIDE_LIMBS; i++) {
        carry += (uint64_t)w->limb[i] + high.limb[i - 1];
        w->limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
}

/* Also that of a negative number, modulo 2^704. */
struct dq_wide dq_wide_square(const struct dq_wide *w)
{
    struct dq_wide square = {{0}};
    for (int i = 0; i < DQ_WIDE_LIMBS; i++) {
        uint64_t carry = 0;
        for (int k = 0; i + k < DQ_WIDE_LIMBS; k++) {
            carry += square.limb[i + k] + (uint64_t)w->limb[i] * w->limb[k];
            square.limb[i + k] = (uint32_t)carry;
            carry >>= LIMB_BITS;
        }
    }
    return square;
}

/* Returns the number of bits of a number that is not negative. */
static int count_bits(const struct dq_wide *w)
{
    int i = DQ_WIDE_LIMBS;
    while (i > 0 && w->limb[i - 1] == 0)
        i--;
    return i > 0 ? i * LIMB_BITS - __builtin_clz(w->limb[i - 1]) : 0;
}

/* Returns the 64 bits from a bit on. */
static uint64_t bits_from(const struct dq_wide *w, int bit)
{
    const int first = bit / LIMB_BITS;
    const int shift = bit % LIMB_BITS;
    uint64_t limb[3];
    for (int i = 0; i < 3; i++)
        limb[i] = first + i < DQ_WIDE_LIMBS ? w->limb[first + i] : 0;
    const uint64_t low = limb[0] | limb[1] << LIMB_BITS;
    return shift > 0 ? low >> shift | limb[2] << (64 - shift) : low;
}

static bool has_bits_below(const struct dq_wide *w, int bit)
{
    int i = 0;
    while (i < bit / LIMB_BITS && w->limb[i] == 0)
        i++;
    return i < bit / LIMB_BITS || (w->limb[i] & ((UINT32_C(1) << bit % LIMB_BITS) - 1)) != 0;
}

double dq_wide_round(const struct dq_wide *w, int exponent)
{
    const struct dq_wide m = magnitude_of(w);
    const int n_bits = count_bits(&m);
    const int cut = n_bits > DOUBLE_BITS ? n_bits - DOUBLE_BITS : 0;
    uint64_t kept = bits_from(&m, cut) & (((uint64_t)1 << DOUBLE_BITS) - 1);
    if (cut > 0 && (bits_from(&m, cut - 1) & 1) && ((kept & 1) || has_bits_below(&m, cut - 1)))
        kept++; /* maybe to 2^53, which is exact */
    const double value = ldexp((double)kept, cut + exponent);
    return is_negative(w) ? -value : value;
}
