/* The instructions that the interpreter knows: the rows of amd_isa.def. */
#ifndef AMD_ISA_H
#define AMD_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types of sources and results: b is bits, u and i are unsigned and signed integers, f is IEEE 754;
 * bit is the lane's own bit of a lane mask. */
enum amd_type {
    AMD_none,
    AMD_b16,
    AMD_u16,
    AMD_i16,
    AMD_f16,
    AMD_b32,
    AMD_u32,
    AMD_i32,
    AMD_f32,
    AMD_b64,
    AMD_u64,
    AMD_i64,
    AMD_f64,
    AMD_bit
};

/* The operands of a row, and how often it is executed. */
enum amd_form {
    /* vector: once per active lane */
    AMD_VECTOR,       /* result, sources */
    AMD_VECTOR_CARRY, /* result, lane mask of carries, sources */
    AMD_COMPARE,      /* lane mask, sources */
    AMD_COMPARE_EXEC, /* the mask becomes EXEC; from gfx10 on the first operand is missing */
    AMD_PACKED,       /* result, sources; twice: for the low and for the high half */
    AMD_PACKED_MOVE,  /* the same, but the high half comes from the second source */
    /* scalar */
    AMD_SCALAR,      /* result, sources */
    AMD_SCALAR_TEST, /* sources; the result is SCC */
    /* memory; bytes is the size per lane, or of the whole scalar load */
    AMD_LOAD,
    AMD_LOAD_SIGNED, /* 1 or 2 bytes, sign-extended */
    AMD_LOAD_LOW,    /* 1 or 2 bytes, into the low half; the high half is kept */
    AMD_LOAD_HIGH,   /* into the high half; the low half is kept */
    AMD_STORE,
    AMD_STORE_HIGH, /* 1 or 2 bytes, from the high half */
    AMD_ATOMIC,     /* changes a number and does not return the old one */
    AMD_LOAD_SCALAR,
    /* control */
    AMD_NOTHING, /* has no effect on results */
    AMD_GET_PC,
    AMD_BRANCH,
    AMD_BRANCH_IF, /* taken if the lane function says so */
    AMD_WAIT,
    AMD_END
};

/* The inputs and outputs of one lane of a vector instruction, or of a scalar instruction. */
struct amd_lane {
    uint64_t s[3];   /* bits of the sources */
    uint64_t d;      /* bits of the result */
    uint64_t exec;   /* scalar: may be changed */
    uint64_t vcc;    /* scalar */
    bool carry;      /* out */
    bool scc;        /* scalar: may be changed */
    bool flush_32;   /* f32 subnormals count as 0 */
    bool flush_rest; /* so do those of f16 and f64 */
    uint64_t lanes;  /* scalar: a bit for each lane of the wave */
};

struct amd_row {
    const char *name; /* without the encoding suffix, such as _e32 */
    enum amd_form form;
    enum amd_type result;
    enum amd_type sources[3];
    unsigned bytes; /* of memory instructions */
    void (*lane)(struct amd_lane *l);
};

/* Finds a row by a name of len characters; NULL: unknown instruction. */
const struct amd_row *amd_isa_find(const char *name, size_t len);

/* The size of a value in bits; 1 for AMD_bit. */
unsigned amd_type_bits(enum amd_type type);

/* IEEE 754 binary16, straight from its definition and independent of the program's code. */
double amd_f16_value(uint16_t bits);
uint16_t amd_f16_of(double value);

#endif
