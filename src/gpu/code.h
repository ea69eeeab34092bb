/* The kernels as machine code, compiled from hip/ and embedded in the program. */
#ifndef DQ_GPU_CODE_H
#define DQ_GPU_CODE_H

#include <stddef.h>

#include "base/err.h"

/* Code objects for AMD cards, compressed with zstd one by one; a table comes first: offset and length of each, in 32
 * bits. The targets, "gfx900 gfx902 ...". */
extern const unsigned char dq_hip_code[];
extern const char dq_hip_targets[];

/* What is built in for a target; the list ends with a NULL. */
struct dq_hip_part {
    const char *target;
    unsigned flags;  /* its e_flags, if the code object is that of a sibling, else 0 */
    unsigned object; /* its number in dq_hip_code */
};
extern const struct dq_hip_part dq_hip_parts[];

/* A fatbin of NVIDIA machine code, and its targets. */
extern const unsigned char dq_cuda_code[];
extern const char dq_cuda_targets[];

/* A file that is used in place of the embedded code. */
struct dq_gpu_code_file {
    const char *path; /* NULL: there is none */
    void *bytes;      /* dq_mem; a 0 byte follows them */
    size_t len;
};

/* Reads the file that $GGUF_DQ_HSACO names, if that is set. The caller frees its bytes with dq_mem_free.
 * DQ_ERR_IO, DQ_ERR_MEMORY. */
int dq_gpu_code_file(struct dq_gpu_code_file *out, struct dq_error *e);

#endif
