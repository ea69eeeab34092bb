/* A type, an output type, and blocks: every CPU level gives the same bits, however many blocks it
 * decodes at once and wherever they lie, and touches no byte outside. */
#include "cpu/cpu.h"
#include "cpu/decode_round.h"
#include "fuzz.h"
#include "guard.h"
#include "levels.h"

#include <string.h>

enum { HEAD = 2, MOST_IN = 1 << 14, MOST_OUT = 1 << 19 };

/* A decoder's input and outputs, each between guard pages. */
static struct guard in;
static struct guard first;
static struct guard out;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    in = guard_new(MOST_IN);
    first = guard_new(MOST_OUT);
    out = guard_new(MOST_OUT);
    return 0;
}

/* Keeps the head in its range, so that an input that is interesting for one type stays with it. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    if (size <= HEAD || max <= HEAD || seed % 16 == 0) {
        size = LLVMFuzzerMutate(data, size, max);
        if (size > 0)
            data[0] %= DQ_TYPE_COUNT;
        return size;
    }
    return HEAD + LLVMFuzzerMutate(data + HEAD, size - HEAD, max - HEAD);
}

struct input {
    const struct dq_type_info *type;
    enum dq_dtype dtype;
    size_t n_blocks;
    size_t item_len; /* bytes of output for a block */
};

/* Checks that f16 and bf16 output is the f32 output, rounded. */
static void check_rounding(const struct input *i, const uint8_t *narrow, const float *wide)
{
    for (size_t w = 0; w < i->n_blocks * i->type->weights; w++) {
        const uint16_t due =
            i->dtype == DQ_DTYPE_f16 ? dq_f32_to_f16(wide[w]) : dq_f32_to_bf16(wide[w]);
        FUZZ_CHECK(dq_u16(narrow + 2 * w) == due);
    }
}

/* Decodes with one level in several ways. dst holds the expected output; if known is false, it is
 * set first. */
static void check_level(const struct dq_cpu *cpu, const struct input *i, const uint8_t *src,
    uint8_t *dst, size_t *n_overflow, bool due)
{
    const dq_decode_fn decode = cpu->decode[i->type->type];
    const size_t out_len = i->n_blocks * i->item_len;
    uint8_t *const places[] = {guard_first(&out), guard_last(&out, out_len)};
    for (size_t p = 0; p < 2; p++) {
        memset(places[p], 0xa5, out_len);
        const size_t n = decode(src, places[p], i->n_blocks, i->dtype);
        if (!due)
            memcpy(dst, places[p], out_len);
        *n_overflow = due ? *n_overflow : n;
        due = true;
        FUZZ_CHECK(n == *n_overflow);
        FUZZ_CHECK(memcmp(dst, places[p], out_len) == 0);
    }
    const size_t step = i->type->weights > 1 ? 1 : 13;
    size_t n = 0;
    for (size_t b = 0; b < i->n_blocks; b += step)
        n += decode(src + b * i->type->bytes, places[0] + b * i->item_len,
            step < i->n_blocks - b ? step : i->n_blocks - b, i->dtype);
    FUZZ_CHECK(n == *n_overflow);
    FUZZ_CHECK(memcmp(dst, places[0], out_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD || data[0] >= DQ_TYPE_COUNT)
        return -1;
    struct input i = {.type = &dq_types[data[0]], .dtype = data[1] % DQ_DTYPE_native};
    i.item_len = i.type->weights * dq_dtype_len(i.dtype);
    i.n_blocks = (size - HEAD) / i.type->bytes;
    const size_t most = MOST_OUT / (i.type->weights * sizeof(float));
    const size_t most_in = MOST_IN / i.type->bytes;
    i.n_blocks = i.n_blocks < most ? i.n_blocks : most;
    i.n_blocks = i.n_blocks < most_in ? i.n_blocks : most_in;
    const size_t in_len = i.n_blocks * i.type->bytes;
    uint8_t *const sources[] = {guard_first(&in), guard_last(&in, in_len)};
    bool due = false;
    size_t n_overflow = 0;
    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu)) {
        for (size_t s = 0; s < 2; s++) {
            memcpy(sources[s], data + HEAD, in_len);
            check_level(cpu, &i, sources[s], guard_first(&first), &n_overflow, due);
            due = true;
        }
    }
    if (i.dtype != DQ_DTYPE_f32) {
        const dq_decode_fn decode = dq_cpu_levels[0]->decode[i.type->type];
        float *wide = (float *)(void *)guard_first(&out);
        decode(sources[0], wide, i.n_blocks, DQ_DTYPE_f32);
        check_rounding(&i, guard_first(&first), wide);
    }
    return 0;
}
