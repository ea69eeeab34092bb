#include "type/block_fields.h"

#include "type/blocks.h"
#include "type/half.h"

const struct dq_field_kind_info dq_field_kinds[DQ_KIND_COUNT] = {
#define KIND(name, bytes, exponent, fraction) {#name, bytes, exponent, fraction},
#include "type/blocks.def"
};

#define ROW(token, name, kind, n, ignored)                                                         \
    {#name, DQ_KIND_##kind, offsetof(struct dq_block_##token, name), n, ignored},
#define DQ_BLOCK(token) static const struct dq_block_field fields_##token[] = {
#define FIELD(token, name, kind, n) ROW(token, name, kind, n, false)
#define IGNORED(token, name, kind, n) ROW(token, name, kind, n, true)
/* clang-format off */
#define DQ_BLOCK_END(token) {0}};
/* clang-format on */
#include "type/blocks.def"

const struct dq_block_field *const dq_block_fields[DQ_TYPE_COUNT] = {
#define DQ_TYPE(token, columns) fields_##token,
#include "type/types.def"
};

/* A number in a block that can be NaN or infinite. */
struct number {
    const struct dq_field_kind_info *kind;
    uint32_t off;
    bool is_joined; /* of four nibbles */
};

/* The four nibbles of an f16, the lowest first, at the tops of four u16. */
static uint64_t join_nibbles(const uint8_t *p)
{
    return (uint64_t)(p[1] >> 4 | (p[3] & 0xf0) | (p[5] & 0xf0) << 4 | (p[7] & 0xf0) << 8);
}

static uint64_t read_number(const struct number *x, const uint8_t *block)
{
    const uint8_t *p = block + x->off;
    if (x->is_joined)
        return join_nibbles(p);
    switch (x->kind->bytes) {
    case 2:
        return dq_u16(p);
    case 4:
        return dq_u32(p);
    case 8:
        return dq_u64(p);
    default:
        return *p;
    }
}

/* Sets *out to the number that begins at element i of a field; returns the element after it. */
static size_t number_at(const struct dq_block_field *f, size_t i, struct number *out)
{
    out->kind = &dq_field_kinds[f->kind];
    out->off = (uint32_t)(f->offset + i * out->kind->bytes);
    out->is_joined = f->kind == DQ_KIND_nibble_f16;
    return i + (out->is_joined ? 4 : 1);
}

static bool is_nonfinite(const struct number *x, uint64_t bits)
{
    return (bits & x->kind->exponent) == x->kind->exponent;
}

static bool is_checked(const struct dq_block_field *f)
{
    return !f->ignored && dq_field_kinds[f->kind].exponent != 0;
}

/* Whether a number of a block before offset end is NaN or infinite. */
static bool has_nonfinite_before(enum dq_type type, const uint8_t *block, uint32_t end)
{
    for (const struct dq_block_field *f = dq_block_fields[type]; f->name; f++) {
        for (size_t i = 0; is_checked(f) && i < f->n;) {
            struct number x;
            i = number_at(f, i, &x);
            if (x.off < end && is_nonfinite(&x, read_number(&x, block)))
                return true;
        }
    }
    return false;
}

/* Counts the blocks in which a number is NaN or infinite and none before it is. */
static size_t count_nonfinite(enum dq_type type, const struct number *x, const uint8_t *blocks,
    size_t nblocks, struct dq_nonfinite *first)
{
    const size_t block_len = dq_types[type].bytes;
    size_t n = 0;
    for (size_t i = 0; i < nblocks; i++) {
        const uint64_t bits = read_number(x, blocks + i * block_len);
        if (!is_nonfinite(x, bits) || has_nonfinite_before(type, blocks + i * block_len, x->off))
            continue;
        n++;
        if (i < first->block)
            *first = (struct dq_nonfinite){
                i, x->off, bits, x->kind->bytes, (bits & x->kind->fraction) != 0};
    }
    return n;
}

size_t dq_find_nonfinite(
    enum dq_type type, const uint8_t *blocks, size_t nblocks, struct dq_nonfinite *first)
{
    size_t n = 0;
    first->block = nblocks;
    for (const struct dq_block_field *f = dq_block_fields[type]; f->name; f++) {
        for (size_t i = 0; is_checked(f) && i < f->n;) {
            struct number x;
            i = number_at(f, i, &x);
            n += count_nonfinite(type, &x, blocks, nblocks, first);
        }
    }
    return n;
}
