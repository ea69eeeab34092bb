#include "reduce/codes.h"

#include "type/block_fields.h"

#include <math.h>
#include <string.h>

bool dq_code_stats_apply(enum dq_type type)
{
    return dq_code_ranges[type].most > dq_code_ranges[type].least;
}

size_t dq_code_stats_values(enum dq_type type)
{
    return (size_t)(dq_code_ranges[type].most - dq_code_ranges[type].least) + 1;
}

/* How the scales of a type are found. */
struct scales {
    const struct dq_block_part *part;
    unsigned n;
    float factor;       /* of what the part is */
    float least_normal; /* of the format; 0: all are normal */
};

static struct scales find_scales(enum dq_type type)
{
    /* The formats of scales. The first number that is made of an E8M0 is half of it. */
    static const struct {
        enum dq_field_kind kind;
        float factor;
        float least_normal;
    } formats[] = {
        {DQ_KIND_f16, 1, 0x1p-14f},
        {DQ_KIND_nibble_f16, 1, 0x1p-14f},
        {DQ_KIND_f32, 1, 0x1p-126f},
        {DQ_KIND_ue4m3, 1, 0x1p-6f},
        {DQ_KIND_e8m0, 2, 0},
    };
    struct scales s = {.part = dq_block_formulas[type].parts};
    while (!s.part->number)
        s.part++;
    s.n = dq_types[type].weights / s.part->n_weights;
    for (const struct dq_block_field *f = dq_block_fields[type]; f->name && s.factor == 0; f++) {
        for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
            if (formats[i].kind != f->kind)
                continue;
            s.factor = formats[i].factor;
            s.least_normal = formats[i].least_normal;
        }
    }
    return s;
}

static void add_scales(
    struct dq_code_stats *stats, const struct scales *scales, const uint8_t *block)
{
    for (unsigned i = 0; i < scales->n; i++) {
        const float x = (float)scales->part->number(block, i) * scales->factor;
        const enum dq_scale_kind kind = !isfinite(x)                      ? DQ_SCALE_NONFINITE
                                        : x == 0                          ? DQ_SCALE_ZERO
                                        : fabsf(x) < scales->least_normal ? DQ_SCALE_SUBNORMAL
                                                                          : DQ_SCALE_NORMAL;
        uint32_t bits;
        memcpy(&bits, &x, sizeof bits);
        stats->n_scales[kind]++;
        if (kind == DQ_SCALE_NONFINITE || kind == DQ_SCALE_ZERO)
            continue;
        stats->n_negative += bits >> 31;
        stats->scale_octaves[bits >> 23 & (DQ_SCALE_OCTAVES - 1)]++;
    }
}

static void add_codes(struct dq_code_stats *s, enum dq_type type, const struct dq_block_part *part,
    const uint8_t *block)
{
    const unsigned n = dq_types[type].weights / part->n_weights;
    const int64_t least = dq_code_ranges[type].least;
    int64_t codes[DQ_BLOCK_WEIGHTS_MAX];
    int64_t other = 0; /* bits in which any differs from the first */
    part->list(block, codes);
    for (unsigned i = 0; i < n; i++) {
        s->use[codes[i] - least]++;
        other |= codes[i] ^ codes[0];
    }
    s->n_constant += other == 0;
}

/* The scales of parts of blocks, which are integers. */
static void add_parts(struct dq_code_stats *s, enum dq_type type, const struct dq_block_part *part,
    const uint8_t *block)
{
    const struct dq_scale_range *range = &dq_scale_ranges[type];
    const unsigned n = dq_types[type].weights / part->n_weights;
    int64_t scales[DQ_BLOCK_WEIGHTS_MAX];
    part->list(block, scales);
    for (unsigned i = 0; i < n; i++) {
        s->n_parts_zero += scales[i] == range->zero;
        s->n_parts_full +=
            scales[i] == range->most || (range->zero > range->least && scales[i] == range->least);
    }
}

void dq_code_stats_add(struct dq_code_stats *s, enum dq_type type, const uint8_t *blocks, size_t n,
    const uint8_t *before)
{
    const size_t len = dq_types[type].bytes;
    const struct scales scales = find_scales(type);
    const struct dq_block_part *codes = dq_block_part_find(type, "code");
    const struct dq_block_part *parts =
        dq_scale_ranges[type].most > 0 ? dq_block_part_find(type, "scale") : NULL;
    s->n_blocks += n;
    for (size_t i = 0; i < n; i++, before = blocks, blocks += len) {
        s->n_repeated += before && memcmp(before, blocks, len) == 0;
        add_scales(s, &scales, blocks);
        add_codes(s, type, codes, blocks);
        if (parts)
            add_parts(s, type, parts, blocks);
    }
}

void dq_code_stats_merge(struct dq_code_stats *s, const struct dq_code_stats *other)
{
    s->n_blocks += other->n_blocks;
    s->n_repeated += other->n_repeated;
    s->n_constant += other->n_constant;
    for (size_t i = 0; i < DQ_CODE_VALUES_MAX; i++)
        s->use[i] += other->use[i];
    for (size_t i = 0; i < DQ_SCALE_KINDS; i++)
        s->n_scales[i] += other->n_scales[i];
    s->n_negative += other->n_negative;
    for (size_t i = 0; i < DQ_SCALE_OCTAVES; i++)
        s->scale_octaves[i] += other->scale_octaves[i];
    s->n_parts_zero += other->n_parts_zero;
    s->n_parts_full += other->n_parts_full;
}

uint64_t dq_code_stats_unused(const struct dq_code_stats *s, enum dq_type type)
{
    uint64_t n = 0;
    for (size_t i = 0; i < dq_code_stats_values(type); i++)
        n += s->use[i] == 0;
    return n;
}
