/* What the blocks of each type consist of, as data; expanded from blocks.def. All of this is
 * constant and may be used from any thread. */
#ifndef DQ_BLOCK_FIELDS_H
#define DQ_BLOCK_FIELDS_H

#include <stdbool.h>

#include "type/type.h"

/* What an element of a field is; blocks.def describes the kinds. */
enum dq_field_kind {
#define KIND(name, bytes, exponent, fraction) DQ_KIND_##name,
#include "type/blocks.def"
    DQ_KIND_COUNT
};

struct dq_field_kind_info {
    const char *name;  /* "f16" */
    unsigned bytes;    /* of one element; if several, little-endian */
    uint64_t exponent; /* mask of the bits that are all set in NaN and infinity; 0: never either */
    uint64_t fraction; /* mask of the bits of which any is set in NaN */
};

/* One field of a block. */
struct dq_block_field {
    const char
        *name; /* that of the member of struct dq_block_TOKEN; NULL ends an array of fields */
    enum dq_field_kind kind;
    uint16_t offset; /* bytes from the beginning of the block */
    uint16_t n;      /* elements */
    bool ignored;    /* decoders do not read it */
};

/* DQ_KIND_COUNT rows, indexed by enum dq_field_kind. */
extern const struct dq_field_kind_info dq_field_kinds[DQ_KIND_COUNT];

/* Indexed by enum dq_type: the fields of a block in the order of their bytes, without gaps. */
extern const struct dq_block_field *const dq_block_fields[DQ_TYPE_COUNT];

/* A number in a block that is NaN or infinite. */
struct dq_nonfinite {
    size_t block;
    uint32_t off;  /* bytes from the beginning of the block */
    uint64_t bits; /* as stored */
    unsigned len;  /* bytes of the number */
    bool is_nan;   /* or infinite */
};

/* Returns how many of nblocks (little-endian) blocks have a field that decoders read and that is
 * NaN or infinite. If there is one, *first is the first such number. Any value of a code is
 * good. */
size_t dq_find_nonfinite(
    enum dq_type type, const uint8_t *blocks, size_t nblocks, struct dq_nonfinite *first);

#endif
