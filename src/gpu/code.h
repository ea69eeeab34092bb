/* The kernels as machine code, built from hip/ and embedded in the program. */
#ifndef DQ_GPU_CODE_H
#define DQ_GPU_CODE_H

#include "base/err.h"

/* A bundle of AMD code objects, and the targets in it. */
extern const unsigned char dq_hip_code[];
extern const char dq_hip_targets[];

/* A fatbin of NVIDIA machine code, and the targets in it. */
extern const unsigned char dq_cuda_code[];
extern const char dq_cuda_targets[];

/* Reads the file that $GGUF_DQ_HSACO names, which replaces the code that is built in; *out is NULL
 * if the variable is not set. The caller frees it. */
int dq_gpu_code_file(void **out, struct dq_error *e);

#endif
