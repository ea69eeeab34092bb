/* An AMD GPU code object (ELF64, code object versions 4 and 5), loaded into device memory and
 * decoded by llvm-objdump. Source: LLVM, "User Guide for AMDGPU Backend". */
#ifndef AMD_CODE_H
#define AMD_CODE_H

#include "amd_memory.h"

struct amd_insn; /* amd_insn.h */

/* One argument of a kernel, from the metadata. */
struct amd_arg {
    uint32_t offset; /* from the start of the kernel arguments */
    uint32_t size;
    char kind[32]; /* "global_buffer", "by_value", "hidden_block_count_x", ... */
};

enum { AMD_MAX_ARGS = 64 };

struct amd_kernel {
    char name[64];
    uint64_t entry; /* device address of its first instruction */
    /* From the kernel descriptor. */
    uint32_t lds_len;
    uint32_t scratch_len;
    uint32_t kernarg_len;
    uint32_t rsrc1; /* COMPUTE_PGM_RSRC1 to 3 */
    uint32_t rsrc2;
    uint32_t rsrc3;
    uint16_t properties; /* KERNEL_CODE_PROPERTIES */
    /* From the metadata. */
    uint32_t max_group_size;
    uint32_t n_vgprs;
    uint32_t n_sgprs;
    uint32_t n_args; /* including hidden ones */
    struct amd_arg args[AMD_MAX_ARGS];
};

struct amd_code {
    char target[16];     /* "gfx90a" */
    unsigned generation; /* 9 for gfx9xx, 10, 11, 12 */
    uint64_t base;       /* device address at which the image lies */
    struct amd_kernel *kernels;
    size_t n_kernels;
    struct amd_insn *insns; /* in order of address; the last one marks the end */
    size_t n_insns;
};

/* Loads a code object into m. The caller frees it. DQ_ERR_MALFORMED: it is not a code object, or
 * llvm-objdump cannot disassemble it. An instruction that the interpreter does not know becomes an
 * error only when it is executed. */
int amd_code_load(
    struct amd_memory *m, const void *elf, size_t len, struct amd_code **out, struct dq_error *e);

/* Frees a code object and its memory in m. */
void amd_code_free(struct amd_memory *m, struct amd_code *c);

/* Finds a kernel, which belongs to c; NULL: there is none with this name. */
const struct amd_kernel *amd_code_kernel(const struct amd_code *c, const char *name);

#endif
