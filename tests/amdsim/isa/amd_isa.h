/* The instructions that the interpreter knows: the rows of amd_isa.def. */
#ifndef AMD_ISA_H
#define AMD_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of sources and results: b is bits, u and i whole numbers, f IEEE numbers; bit is one bit of a
 * lane mask, of which every lane has its own. */
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

/* What is done with the operands of a row. */
enum amd_form {
    /* vector: once for each active lane */
    AMD_VECTOR,       /* result, sources */
    AMD_VECTOR_CARRY, /* result, lane mask of carries, sources */
    AMD_COMPARE,      /* lane mask, sources */
    AMD_COMPARE_EXEC, /* the same, which is the new EXEC; from gfx10 on without the first operand */
    AMD_PACKED,       /* result, sources; twice, for the low and the high half of each */
    AMD_PACKED_MOVE,  /* the same, but the high half is that of the second source */
    /* scalar */
    AMD_SCALAR,      /* result, sources */
    AMD_SCALAR_TEST, /* sources; the result is SCC */
    /* memory; bytes is the size for each lane, or of the whole load of scalars */
    AMD_LOAD,
    AMD_LOAD_SIGNED, /* of 1 or 2 bytes, extended by their sign */
    AMD_LOAD_LOW,    /* of 1 or 2 bytes, into the low half; the high one stays */
    AMD_LOAD_HIGH,   /* the other way round */
    AMD_STORE,
    AMD_STORE_HIGH, /* of 1 or 2 bytes, from the high half */
    AMD_LOAD_SCALAR,
    /* control; bytes is of no use */
    AMD_NOTHING, /* has no effect on results */
    AMD_GET_PC,
    AMD_BRANCH,
    AMD_BRANCH_IF, /* taken if the lane function says so */
    AMD_WAIT,
    AMD_END
};

/* One lane of a vector instruction, or a scalar one. */
struct amd_lane {
    uint64_t s[3];   /* the bits of its sources */
    uint64_t d;      /* those of its result */
    uint64_t exec;   /* scalar: may be changed */
    uint64_t vcc;    /* scalar */
    bool carry;      /* out */
    bool scc;        /* scalar: may be changed */
    bool flush_32;   /* subnormals count as 0: f32 */
    bool flush_rest; /* the same: f16 and f64 */
    uint64_t lanes;  /* scalar: a bit for each lane of the wave */
};

struct amd_row {
    const char *name; /* without the ending that tells the encoding, such as _e32 */
    enum amd_form form;
    enum amd_type result;
    enum amd_type sources[3];
    unsigned bytes; /* of memory instructions */
    void (*lane)(struct amd_lane *l);
};

/* NULL: not known. len is that of the name. */
const struct amd_row *amd_isa_find(const char *name, size_t len);

/* Bits of a value of the type; 1 for AMD_bit. */
unsigned amd_type_bits(enum amd_type type);

/* IEEE 754 binary16, apart from what the program does with it: by the definition. */
double amd_f16_value(uint16_t bits);
uint16_t amd_f16_of(double value);

#endif
