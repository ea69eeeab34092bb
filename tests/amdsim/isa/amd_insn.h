/* Instructions, decoded from the text that llvm-objdump prints. */
#ifndef AMD_INSN_H
#define AMD_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct amd_row; /* amd_isa.h */

/* Numbers of the named scalar registers, which follow s0 to s105. */
enum {
    AMD_VCC = 106,
    AMD_TTMP0 = 108,
    AMD_M0 = 124,
    AMD_NULL = 125, /* reads as 0; writes are dropped */
    AMD_EXEC = 126,
    AMD_N_SGPRS = 128
};

enum amd_kind { AMD_VGPR, AMD_SGPR, AMD_CONSTANT, AMD_OFF };

struct amd_operand {
    enum amd_kind kind;
    uint16_t reg;   /* its first register */
    uint16_t count; /* how many: v[2:3] has 2 */
    bool is_float;  /* a constant with a decimal point: a value, not a bit pattern */
    bool is_negated;
    bool is_absolute;
    bool is_extended; /* sext(): SDWA sign-extends what it selects */
    uint64_t value;   /* of a constant, sign-extended to 64 bits */
    double number;    /* of a constant with a decimal point */
};

/* The part of a register that SDWA selects. */
enum amd_select {
    AMD_DWORD,
    AMD_BYTE_0,
    AMD_BYTE_1,
    AMD_BYTE_2,
    AMD_BYTE_3,
    AMD_WORD_0,
    AMD_WORD_1
};

/* What SDWA does to the rest of the register that it writes. */
enum amd_unused { AMD_UNUSED_PAD, AMD_UNUSED_SEXT, AMD_UNUSED_PRESERVE };

enum { AMD_MAX_OPERANDS = 6 };

struct amd_op {
    const struct amd_row *row;
    struct amd_operand operands[AMD_MAX_OPERANDS]; /* in the order of the text: results first */
    unsigned n_operands;
    int64_t offset; /* offset:N of memory instructions */
    bool is_sdwa;   /* if set, the following apply */
    enum amd_select dst_sel;
    enum amd_unused dst_unused;
    enum amd_select src_sel[2];
    uint8_t op_sel; /* packed instructions: bit i is for source i */
    uint8_t op_sel_hi;
    uint8_t neg_lo;
    uint8_t neg_hi;
};

struct amd_insn {
    uint64_t address;
    const char *text; /* "v_add_f32_e32 v1, 0.5, v2" */
    unsigned n_ops;   /* 0: not decoded yet; 2: the two halves of a v_dual_ */
    struct amd_op op[2];
};

/* Decodes i->text. DQ_ERR_MALFORMED: the interpreter does not know the instruction, or one of its
 * operands or modifiers. */
int amd_insn_decode(struct amd_insn *i, struct dq_error *e);

#endif
