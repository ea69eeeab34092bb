/* The decoders of every type and level against golden vectors, at every alignment and against guard
 * pages. */
#include "cpu/cpu.h"
#include "dq_test.h"
#include "golden_file.h"
#include "guard.h"
#include "levels.h"
#include "rng.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

/* Enough for the decoders that work on runs of blocks to begin a second run. */
enum { MAX_BLOCKS = 40 };

struct golden {
    uint8_t *blocks;
    uint32_t *f32;
    uint16_t *f16;
    size_t nblocks;
    size_t n;
};

static struct golden golden_new(const struct dq_type_info *info)
{
    struct golden g;
    size_t blocks_len, f32_len, f16_len;

    g.blocks = golden_load(info->token, "blocks", &blocks_len);
    g.f32 = (uint32_t *)(void *)golden_load(info->token, "f32", &f32_len);
    g.f16 = (uint16_t *)(void *)golden_load(info->token, "f16", &f16_len);
    g.nblocks = blocks_len / info->bytes;
    g.n = g.nblocks * info->weights;
    assert_int_equal(blocks_len, g.nblocks * info->bytes);
    assert_int_equal(f32_len, g.n * sizeof *g.f32);
    assert_int_equal(f16_len, g.n * sizeof *g.f16);
    return g;
}

static void golden_free(struct golden *g)
{
    free(g->blocks);
    free(g->f32);
    free(g->f16);
}

static bool f16_is_nan(uint16_t bits)
{
    return (bits & 0x7fff) > 0x7c00;
}

static bool bf16_is_nan(uint16_t bits)
{
    return (bits & 0x7fff) > 0x7f80;
}

static double f32_value(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

/* first is the number of the first block in the golden file. */
static void check_f32(const struct dq_cpu *cpu, const struct dq_type_info *info, const void *got,
    const uint32_t *want, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, (const uint8_t *)got + 4 * i, sizeof bits);
        if (bits != want[i] && !(f32_is_nan(bits) && f32_is_nan(want[i])))
            fail_msg("%s %s: block %zu, weight %zu: %.9g (0x%08" PRIx32
                     "), expected %.9g (0x%08" PRIx32 ")",
                cpu->name, info->name, first + i / info->weights, i % info->weights,
                f32_value(bits), bits, f32_value(want[i]), want[i]);
    }
}

static void fail_16(const struct dq_cpu *cpu, const struct dq_type_info *info, const char *to,
    size_t i, uint32_t f32, uint16_t got, uint16_t want)
{
    fail_msg("%s %s to %s: block %zu, weight %zu: %.9g (0x%08" PRIx32
             ") gives 0x%04x, expected 0x%04x",
        cpu->name, info->name, to, i / info->weights, i % info->weights, f32_value(f32), f32, got,
        want);
}

/* Rounds finite numbers and infinities to nearest even. */
static uint16_t bf16_of(uint32_t bits)
{
    const uint32_t rest = bits & 0xffff;
    uint32_t high = bits >> 16;

    if (rest > 0x8000 || (rest == 0x8000 && (high & 1)))
        high++;
    return (uint16_t)high;
}

/* Decodes all blocks, step at a time: together, every call has blocks with unusual scales; one by one,
 * most calls have none. */
static size_t decode_golden(const struct dq_cpu *cpu, const struct dq_type_info *info,
    const struct golden *g, size_t step, void *dst, enum dq_dtype dtype)
{
    const size_t len = info->weights * dq_dtype_len(dtype);
    size_t overflows = 0;

    memset(dst, 0xa5, g->nblocks * len);
    for (size_t k = 0; k < g->nblocks; k += step)
        overflows += cpu->decode[info->type](
            g->blocks + k * info->bytes, (uint8_t *)dst + k * len, step, dtype);
    return overflows;
}

static size_t steps(const struct golden *g, int i)
{
    return i == 0 ? g->nblocks : 1;
}

static void f32_is_golden(void **state)
{
    const struct dq_type_info *info = *state;
    struct golden g = golden_new(info);
    float *dst = malloc(g.n * sizeof *dst);

    assert_non_null(dst);
    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu)) {
        for (int i = 0; i < 2; i++) {
            assert_int_equal(decode_golden(cpu, info, &g, steps(&g, i), dst, DQ_DTYPE_f32), 0);
            check_f32(cpu, info, dst, g.f32, 0, g.n);
        }
    }
    free(dst);
    golden_free(&g);
}

static void decode_to_f16(
    const struct dq_cpu *cpu, const struct dq_type_info *info, const struct golden *g, size_t step)
{
    uint16_t *dst = malloc(g->n * sizeof *dst);
    size_t overflows = 0;

    assert_non_null(dst);
    const size_t counted = decode_golden(cpu, info, g, step, dst, DQ_DTYPE_f16);
    for (size_t i = 0; i < g->n; i++) {
        if (dst[i] != g->f16[i] && !(f16_is_nan(dst[i]) && f16_is_nan(g->f16[i])))
            fail_16(cpu, info, "f16", i, g->f32[i], dst[i], g->f16[i]);
        overflows += (g->f16[i] & 0x7fff) == 0x7c00 && (g->f32[i] & 0x7fffffff) != 0x7f800000;
    }
    assert_int_equal(counted, overflows);
    free(dst);
}

static void decode_to_bf16(
    const struct dq_cpu *cpu, const struct dq_type_info *info, const struct golden *g, size_t step)
{
    uint16_t *dst = malloc(g->n * sizeof *dst);
    size_t overflows = 0;

    assert_non_null(dst);
    const size_t counted = decode_golden(cpu, info, g, step, dst, DQ_DTYPE_bf16);
    for (size_t i = 0; i < g->n; i++) {
        const uint16_t want = bf16_of(g->f32[i]);

        if (f32_is_nan(g->f32[i]) ? !bf16_is_nan(dst[i]) : dst[i] != want)
            fail_16(cpu, info, "bf16", i, g->f32[i], dst[i], want);
        overflows += (dst[i] & 0x7fff) == 0x7f80 && (g->f32[i] & 0x7fffffff) != 0x7f800000;
    }
    assert_int_equal(counted, overflows);
    free(dst);
}

static void f16_is_golden(void **state)
{
    struct golden g = golden_new(*state);

    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu)) {
        decode_to_f16(cpu, *state, &g, steps(&g, 0));
        decode_to_f16(cpu, *state, &g, steps(&g, 1));
    }
    golden_free(&g);
}

static void bf16_is_rounded_golden(void **state)
{
    struct golden g = golden_new(*state);

    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu)) {
        decode_to_bf16(cpu, *state, &g, steps(&g, 0));
        decode_to_bf16(cpu, *state, &g, steps(&g, 1));
    }
    golden_free(&g);
}

/* A number for a scale: a small one, with which nothing overflows, or any, or one at an edge. */
static uint16_t some_half(struct rng *r, bool small)
{
    static const uint16_t edges[] = {0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x5000,
        0x5400, 0xd800, 0x5c00, 0x6000, 0x7000, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0x7e00};
    const uint64_t x = rng_u64(r);

    if (small)
        return (uint16_t)((x & 0x83ff) | (x >> 16) % 13 << 10);
    return x >> 16 & 1 ? (uint16_t)x : edges[(x >> 17) % (sizeof edges / sizeof *edges)];
}

/* Random blocks, with such numbers where most types have their scales: at the ends. */
static void random_blocks(
    struct rng *r, const struct dq_type_info *info, uint8_t *blocks, size_t nblocks, bool small)
{
    rng_fill(r, blocks, nblocks * info->bytes);
    for (size_t k = 0; info->bytes > 16 && k < nblocks; k++) {
        const size_t places[] = {0, 2, info->bytes - 4, info->bytes - 2};

        for (size_t i = 0; i < 4; i++) {
            const uint16_t h = some_half(r, small);

            memcpy(blocks + k * info->bytes + places[i], &h, sizeof h);
        }
    }
}

static void check_rounding(const struct dq_cpu *cpu, const struct dq_type_info *info,
    const uint8_t *blocks, size_t nblocks, const float *f32, enum dq_dtype dtype, uint64_t seed)
{
    const struct dq_cpu *plain = dq_cpu_levels[0];
    const dq_round_fn narrow = dtype == DQ_DTYPE_f16 ? plain->to_f16 : plain->to_bf16;
    const size_t n = nblocks * info->weights;
    uint16_t *want = malloc(n * sizeof *want);
    uint16_t *got = malloc(n * sizeof *got);

    assert_non_null(want);
    assert_non_null(got);
    const size_t overflows = narrow(f32, want, n);
    const size_t counted = cpu->decode[info->type](blocks, got, nblocks, dtype);
    for (size_t i = 0; i < n; i++)
        if (got[i] != want[i])
            fail_msg("seed %" PRIu64 ": %s %s to %s: weight %zu of %zu: %.9g gives 0x%04x, "
                     "expected 0x%04x",
                seed, cpu->name, info->name, dq_dtype_name(dtype), i, n, (double)f32[i], got[i],
                want[i]);
    if (counted != overflows)
        fail_msg("seed %" PRIu64 ": %s %s to %s: %zu overflows, expected %zu", seed, cpu->name,
            info->name, dq_dtype_name(dtype), counted, overflows);
    free(want);
    free(got);
}

/* However the 16-bit numbers are made, they are the f32 ones of the lowest level, rounded by it. */
static void random_blocks_are_rounded(void **state)
{
    const struct dq_type_info *info = *state;
    uint8_t *blocks = malloc(MAX_BLOCKS * info->bytes);
    float *f32 = malloc(MAX_BLOCKS * info->weights * sizeof *f32);

    assert_non_null(blocks);
    assert_non_null(f32);
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct rng r = {seed};
        const bool small = rng_between(&r, 0, 2) > 0;
        const size_t nblocks = (size_t)rng_between(&r, 1, seed % 4 == 0 ? 1 : MAX_BLOCKS);

        random_blocks(&r, info, blocks, nblocks, small);
        dq_cpu_levels[0]->decode[info->type](blocks, f32, nblocks, DQ_DTYPE_f32);
        for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu)) {
            check_rounding(cpu, info, blocks, nblocks, f32, DQ_DTYPE_f16, seed);
            check_rounding(cpu, info, blocks, nblocks, f32, DQ_DTYPE_bf16, seed);
        }
    }
    free(blocks);
    free(f32);
}

/* Decodes nblocks golden blocks from first on, with the buffers at the given places. */
static void decode_at(const struct dq_cpu *cpu, const struct dq_type_info *info,
    const struct golden *g, size_t first, size_t nblocks, struct guard *in, uint8_t *src,
    struct guard *out, uint8_t *dst)
{
    const size_t src_len = nblocks * info->bytes;
    const size_t n = nblocks * info->weights;

    guard_paint(out, 0xa5);
    memcpy(src, g->blocks + first * info->bytes, src_len);
    assert_int_equal(mprotect(guard_first(in), in->len, PROT_READ), 0);
    cpu->decode[info->type](src, dst, nblocks, DQ_DTYPE_f32);
    assert_int_equal(mprotect(guard_first(in), in->len, PROT_READ | PROT_WRITE), 0);
    check_f32(cpu, info, dst, g->f32 + first * info->weights, first, n);
    guard_check(out, 0xa5, dst, n * sizeof(float));
}

static void decode_between_guards(const struct dq_cpu *cpu, const struct dq_type_info *info)
{
    struct golden g = golden_new(info);
    struct guard in = guard_new(MAX_BLOCKS * info->bytes + 1);
    struct guard out = guard_new(MAX_BLOCKS * info->weights * sizeof(float));

    for (size_t nblocks = 0; nblocks <= MAX_BLOCKS && nblocks <= g.nblocks; nblocks++) {
        const size_t src_len = nblocks * info->bytes;
        const size_t dst_len = nblocks * info->weights * sizeof(float);
        const size_t last = g.nblocks - nblocks;
        uint8_t *src_first = guard_first(&in);
        uint8_t *dst_first = guard_first(&out);
        uint8_t *src_last = guard_last(&in, src_len);
        uint8_t *dst_last = guard_last(&out, dst_len);

        decode_at(cpu, info, &g, 0, nblocks, &in, src_last, &out, dst_last);
        decode_at(cpu, info, &g, last / 2, nblocks, &in, src_first, &out, dst_first);
        decode_at(cpu, info, &g, last, nblocks, &in, src_first + 1, &out, dst_last);
    }
    guard_free(&in);
    guard_free(&out);
    golden_free(&g);
}

static void nothing_outside_is_touched(void **state)
{
    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu))
        decode_between_guards(cpu, *state);
}

static void every_id_finds_its_row(void **state)
{
    static const uint32_t removed[] = {4, 5, 31, 32, 33, 36, 37, 38};
    size_t found = 0;

    (void)state;
    for (uint32_t id = 0; id < 1000; id++) {
        const struct dq_type_info *info = dq_type_by_id(id);

        if (!info)
            continue;
        found++;
        assert_int_equal(info->id, id);
        assert_ptr_equal(info, &dq_types[info->type]);
    }
    assert_int_equal(found, DQ_TYPE_COUNT);
    for (size_t i = 0; i < sizeof removed / sizeof *removed; i++)
        assert_null(dq_type_by_id(removed[i]));
    assert_null(dq_type_by_id(UINT32_MAX));
    assert_int_equal(dq_type_by_id(12)->type, DQ_TYPE_q4_k);
    assert_int_equal(dq_type_by_id(42)->type, DQ_TYPE_q2_0);
}

static void dtypes_have_names_and_lengths(void **state)
{
    static const size_t lens[DQ_DTYPE_COUNT] = {4, 2, 2, 0};

    (void)state;
    for (int i = 0; i < DQ_DTYPE_COUNT; i++) {
        enum dq_dtype found = DQ_DTYPE_COUNT;

        assert_int_equal(dq_dtype_by_name(dq_dtype_name((enum dq_dtype)i), &found), 0);
        assert_int_equal(found, i);
        assert_int_equal(dq_dtype_len((enum dq_dtype)i), lens[i]);
    }
    enum dq_dtype untouched = DQ_DTYPE_bf16;
    assert_int_equal(dq_dtype_by_name("f64", &untouched), -1);
    assert_int_equal(untouched, DQ_DTYPE_bf16);
}

#define ROW(token, function)                                                                       \
    {                                                                                              \
#token "_" #function, function, NULL, NULL, (void *)(uintptr_t)&dq_types[DQ_TYPE_##token]  \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
#define DQ_TYPE(token, columns)                                                                    \
    ROW(token, f32_is_golden), ROW(token, f16_is_golden), ROW(token, bf16_is_rounded_golden),      \
        ROW(token, random_blocks_are_rounded), ROW(token, nothing_outside_is_touched),
#include "type/types.def"
        cmocka_unit_test(every_id_finds_its_row),
        cmocka_unit_test(dtypes_have_names_and_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
