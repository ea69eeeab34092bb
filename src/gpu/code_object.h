/* AMD code objects in a file: alone, or one for each target in an offload bundle, which may be compressed.
 *
 * AMD's runtime gets an address without a length and believes all that is written there, so everything that it follows is
 * checked here first.
 *
 * Sources: LLVM, "User Guide for AMDGPU Backend" (ELF Code Object) and "Clang Offload Bundler". */
#ifndef DQ_CODE_OBJECT_H
#define DQ_CODE_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dq_code_object {
    const uint8_t *elf; /* lies in the file, or in what was decompressed */
    size_t len;
    char target[32]; /* "gfx1100", "gfx90a:xnack+" or "gfx11-generic" */
};

enum { DQ_CODE_OBJECTS_MAX = 256 };

struct dq_code_objects {
    struct dq_code_object *list; /* dq_mem */
    size_t n;
    uint8_t *decompressed; /* dq_mem; NULL if the file was not compressed */
};

/* Reads a file, which must live as long as *out, and checks it. The caller frees *out with dq_code_objects_free.
 * DQ_ERR_GPU: it is not sound, has no code object, or its kernels are those of another version of this program;
 * DQ_ERR_MEMORY. */
int dq_code_objects_read(
    const void *file, size_t len, struct dq_code_objects *out, struct dq_error *e);
void dq_code_objects_free(struct dq_code_objects *c);

/* Writes the targets, separated by blanks, cut to the size. */
void dq_code_objects_targets(const struct dq_code_objects *c, char *out, size_t size);

/* What a code object for the kernels of this version has in its symbol dq_abi: it differs where kernels get other
 * arguments, read other blocks, or are launched in another way. */
uint64_t dq_code_object_abi(void);

#endif
