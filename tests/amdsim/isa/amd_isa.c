/* The table of instructions: one function per row of amd_isa.def. */
#include "amd_isa.h"

#include <math.h>
#include <string.h>

/* The C types of the operand types in the table, and their layout in 64 bits. */
typedef uint32_t type_none;
typedef uint16_t type_b16, type_u16, type_f16;
typedef int16_t type_i16;
typedef uint32_t type_b32, type_u32;
typedef int32_t type_i32;
typedef float type_f32;
typedef uint64_t type_b64, type_u64;
typedef int64_t type_i64;
typedef double type_f64;
typedef bool type_bit;

#define WHOLE_NUMBER(type)                                                                         \
    static inline type_##type get_##type(const struct amd_lane *l, int i)                          \
    {                                                                                              \
        return (type_##type)l->s[i];                                                               \
    }                                                                                              \
    static inline void put_##type(struct amd_lane *l, type_##type x)                               \
    {                                                                                              \
        l->d = (uint64_t)x;                                                                        \
    }
WHOLE_NUMBER(none)
WHOLE_NUMBER(b16)
WHOLE_NUMBER(u16)
WHOLE_NUMBER(i16)
WHOLE_NUMBER(b32)
WHOLE_NUMBER(u32)
WHOLE_NUMBER(i32)
WHOLE_NUMBER(b64)
WHOLE_NUMBER(u64)
WHOLE_NUMBER(i64)
WHOLE_NUMBER(bit)
#undef WHOLE_NUMBER

/* Subnormals become zeros of their sign, if the mode says so, on the way in and out. */
static inline float get_f32(const struct amd_lane *l, int i)
{
    const uint32_t bits = (uint32_t)l->s[i];
    float f;
    memcpy(&f, &bits, sizeof f);
    return l->flush_32 && fpclassify(f) == FP_SUBNORMAL ? copysignf(0, f) : f;
}

static inline void put_f32(struct amd_lane *l, float f)
{
    uint32_t bits;
    if (l->flush_32 && fpclassify(f) == FP_SUBNORMAL)
        f = copysignf(0, f);
    memcpy(&bits, &f, sizeof bits);
    l->d = bits;
}

static inline double get_f64(const struct amd_lane *l, int i)
{
    double f;
    memcpy(&f, &l->s[i], sizeof f);
    return l->flush_rest && fpclassify(f) == FP_SUBNORMAL ? copysign(0, f) : f;
}

static inline uint16_t flushed_f16(const struct amd_lane *l, uint16_t bits)
{
    return l->flush_rest && (bits & 0x7c00) == 0 ? bits & 0x8000 : bits;
}

static inline uint16_t get_f16(const struct amd_lane *l, int i)
{
    return flushed_f16(l, (uint16_t)l->s[i]);
}

static inline void put_f16(struct amd_lane *l, uint16_t bits)
{
    l->d = flushed_f16(l, bits);
}

double amd_f16_value(uint16_t bits)
{
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 0x3ff;
    double magnitude;
    if (exponent == 31)
        magnitude = fraction ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        magnitude = ldexp(fraction, -24);
    else
        magnitude = ldexp(1024 + fraction, exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
}

uint16_t amd_f16_of(double value)
{
    const unsigned sign = signbit(value) ? 0x8000 : 0;
    const double magnitude = fabs(value);
    if (value != value)
        return (uint16_t)(sign | 0x7e00);
    if (magnitude >= 65520) /* half-way from the greatest number to 2^16 */
        return (uint16_t)(sign | 0x7c00);
    /* In units of the last place, of which a normal number has 1024 to 2047. The carry into the
     * next power of two comes out right, because it is the next pattern of bits. */
    const int exponent = magnitude < 0x1p-14 ? -14 : ilogb(magnitude);
    const unsigned units = (unsigned)nearbyint(ldexp(magnitude, 10 - exponent));
    return (uint16_t)(sign | (((unsigned)(exponent + 14) << 10) + units));
}

static inline uint32_t mask_of(unsigned n_bits)
{
    return n_bits >= 32 ? ~0u : (1u << n_bits) - 1;
}

/* The low bits as a signed number. */
static inline int32_t extend(uint32_t x, unsigned n_bits)
{
    if (n_bits == 0)
        return 0;
    return (int32_t)(x << (32 - n_bits)) >> (32 - n_bits);
}

static inline uint64_t pair(uint32_t high, uint32_t low_half)
{
    return (uint64_t)high << 32 | low_half;
}

static inline uint32_t reverse(uint32_t x)
{
    uint32_t r = 0;
    for (int i = 0; i < 32; i++)
        r |= (x >> i & 1) << (31 - i);
    return r;
}

/* How many leading bits are equal; -1 if all are. */
static inline int32_t leading_signs(int32_t x)
{
    const uint32_t differ = (uint32_t)(x ^ x >> 31);
    return differ ? __builtin_clz(differ) : -1;
}

/* v_perm_b32: bytes 0 to 3 are those of low, 4 to 7 those of high. */
static inline uint32_t permute(uint32_t high, uint32_t low_half, uint32_t selectors)
{
    const uint64_t from = pair(high, low_half);
    uint32_t r = 0;
    for (int i = 0; i < 4; i++) {
        const unsigned at = selectors >> 8 * i & 255;
        unsigned byte;
        if (at < 8)
            byte = from >> 8 * at & 255;
        else if (at < 12) /* the sign of byte 1, 3, 5 or 7 */
            byte = from >> (16 * (at - 8) + 15) & 1 ? 255 : 0;
        else
            byte = at == 12 ? 0 : 255;
        r |= byte << 8 * i;
    }
    return r;
}

/* Of two numbers; +0 is greater than -0, and any number than a NaN. */
static inline float greater(float a, float b)
{
    if (a != a || b != b)
        return a != a ? b : a;
    if (a == b)
        return signbit(a) ? b : a;
    return a > b ? a : b;
}

/* The class of a number, as v_cmp_class counts them: signalling and quiet NaN, then from -infinity
 * over normal, subnormal and 0 to +infinity. */
static unsigned class_of(
    bool is_negative, bool all_ones, bool all_zeros, uint64_t fraction, bool is_quiet)
{
    if (all_ones && fraction)
        return is_quiet ? 1 : 0;
    const unsigned from_zero = all_ones ? 3 : !all_zeros ? 2 : fraction ? 1 : 0;
    return is_negative ? 5 - from_zero : 6 + from_zero;
}

static inline unsigned class_of_f32(uint32_t x)
{
    const unsigned exponent = x >> 23 & 255;
    return class_of(x >> 31, exponent == 255, exponent == 0, x & 0x7fffff, x >> 22 & 1);
}

static inline unsigned class_of_f16(uint32_t x)
{
    const unsigned exponent = x >> 10 & 31;
    return class_of(x >> 15 & 1, exponent == 31, exponent == 0, x & 0x3ff, x >> 9 & 1);
}

/* The low 32 bits of a sum or difference; the carry or borrow is the bit above. */
static inline uint32_t low(struct amd_lane *l, uint64_t x)
{
    l->carry = x >> 32 & 1;
    return (uint32_t)x;
}

static inline uint32_t scc_low(struct amd_lane *l, uint64_t x)
{
    l->scc = x >> 32 & 1;
    return (uint32_t)x;
}

static inline int32_t scc_overflow(struct amd_lane *l, int64_t x)
{
    l->scc = x != (int32_t)x;
    return (int32_t)x;
}

static inline uint64_t carried_sum(struct amd_lane *l, uint64_t a, uint64_t b)
{
    l->carry = a + b < a;
    return a + b;
}

static inline uint64_t test(struct amd_lane *l, uint64_t x)
{
    l->scc = x != 0;
    return x;
}

/* Returns the old one. */
static inline uint64_t new_exec(struct amd_lane *l, uint64_t exec)
{
    const uint64_t old = l->exec;
    l->exec = exec & l->lanes;
    l->scc = l->exec != 0;
    return old;
}

#define COMPARE(name, first, second, computed)                                                     \
    ROW(v_cmp_##name, COMPARE, bit, first, second, none, computed)                                 \
    ROW(v_cmpx_##name, COMPARE_EXEC, bit, first, second, none, computed)
#define ATOMIC(name, type, computed) ROW(name, ATOMIC, type, type, type, none, computed)
#define SAME(name, row)

/* First the functions, then the table. */
#define ROW(name, form, result, first, second, third, computed)                                    \
    static void name(struct amd_lane *l)                                                           \
    {                                                                                              \
        const type_##first a = get_##first(l, 0);                                                  \
        const type_##second b = get_##second(l, 1);                                                \
        const type_##third c = get_##third(l, 2);                                                  \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        (void)c;                                                                                   \
        put_##result(l, computed);                                                                 \
    }
#define MEMORY(name, form, bytes)
#define CONTROL(name, form, condition)                                                             \
    static void name(struct amd_lane *l)                                                           \
    {                                                                                              \
        l->d = (condition);                                                                        \
    }
#include "amd_isa.def"
#undef ROW
#undef MEMORY
#undef CONTROL

static const struct amd_row rows[] = {
#define ROW(name, form, result, first, second, third, computed)                                    \
    {#name, AMD_##form, AMD_##result, {AMD_##first, AMD_##second, AMD_##third}, 0, name},
#define MEMORY(name, form, bytes) {#name, AMD_##form, AMD_none, {AMD_none}, bytes, NULL},
#define CONTROL(name, form, condition) {#name, AMD_##form, AMD_none, {AMD_none}, 0, name},
#include "amd_isa.def"
#undef ROW
#undef MEMORY
#undef CONTROL
};

#undef COMPARE
#undef ATOMIC
#undef SAME

static const struct {
    const char *name;
    const char *row;
} others[] = {
#define ROW(name, form, result, first, second, third, computed)
#define COMPARE(name, first, second, computed)
#define ATOMIC(name, type, computed)
#define MEMORY(name, form, bytes)
#define CONTROL(name, form, condition)
#define SAME(name, row) {#name, #row},
#include "amd_isa.def"
};

static bool is(const char *name, const char *text, size_t len)
{
    return strncmp(name, text, len) == 0 && name[len] == '\0';
}

const struct amd_row *amd_isa_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (is(others[i].name, name, len)) {
            name = others[i].row;
            len = strlen(name);
            break;
        }
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (is(rows[i].name, name, len))
            return &rows[i];
    return NULL;
}

unsigned amd_type_bits(enum amd_type type)
{
    static const unsigned char bits[] = {
        [AMD_none] = 0,
        [AMD_b16] = 16,
        [AMD_u16] = 16,
        [AMD_i16] = 16,
        [AMD_f16] = 16,
        [AMD_b32] = 32,
        [AMD_u32] = 32,
        [AMD_i32] = 32,
        [AMD_f32] = 32,
        [AMD_b64] = 64,
        [AMD_u64] = 64,
        [AMD_i64] = 64,
        [AMD_f64] = 64,
        [AMD_bit] = 1,
    };
    return bits[type];
}
