/* Instructions, decoded from the text that llvm-objdump prints of them. */
#ifndef AMD_INSN_H
#define AMD_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct amd_row; /* amd_isa.h */

/* Numbers of scalar registers with a name; s0 to s105 lie before them. */
enum {
    AMD_VCC = 106,
    AMD_TTMP0 = 108,
    AMD_M0 = 124,
    AMD_NULL = 125, /* reads as 0, and what is written to it is lost */
    AMD_EXEC = 126,
    AMD_N_SGPRS = 128
};

enum amd_kind { AMD_VGPR, AMD_SGPR, AMD_CONSTANT, AMD_OFF };

struct amd_operand {
    enum amd_kind kind;
    uint16_t reg;   /* the first of its registers */
    uint16_t count; /* how many: v[2:3] has 2 */
    bool is_float;  /* a constant with a point: it is a value, not a pattern of bits */
    bool is_negated;
    bool is_absolute;
    bool is_extended; /* sext(): SDWA extends what it selects by the sign */
    uint64_t value;   /* of a constant; negative ones have all 64 bits */
    double number;    /* of a constant with a point */
};

/* What of a register SDWA takes. */
enum amd_select {
    AMD_DWORD,
    AMD_BYTE_0,
    AMD_BYTE_1,
    AMD_BYTE_2,
    AMD_BYTE_3,
    AMD_WORD_0,
    AMD_WORD_1
};

/* What SDWA makes of the rest of the register that it writes. */
enum amd_unused { AMD_UNUSED_PAD, AMD_UNUSED_SEXT, AMD_UNUSED_PRESERVE };

enum { AMD_MAX_OPERANDS = 6 };

struct amd_op {
    const struct amd_row *row;
    struct amd_operand operands[AMD_MAX_OPERANDS]; /* as in the text: results first */
    unsigned n_operands;
    int64_t offset;          /* offset:N of memory instructions */
    bool is_sdwa;            /* then these count: */
    enum amd_select dst_sel; /* */
    enum amd_unused dst_unused;
    enum amd_select src_sel[2];
    uint8_t op_sel; /* of packed instructions, bit i for source i */
    uint8_t op_sel_hi;
    uint8_t neg_lo;
    uint8_t neg_hi;
};

struct amd_insn {
    uint64_t address;
    const char *text;    /* "v_add_f32_e32 v1, 0.5, v2" */
    unsigned n_ops;      /* 0: not decoded yet; 2: the two halves of a v_dual_ */
    struct amd_op op[2]; /* */
};

/* Decodes the text of an instruction. DQ_ERR_MALFORMED: it is not known to the interpreter, or one of
 * its operands or modifiers is not. */
int amd_insn_decode(struct amd_insn *i, struct dq_error *e);

#endif
