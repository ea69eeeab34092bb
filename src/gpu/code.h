/* The kernels as machine code, compiled from hip/ and embedded in the program. */
#ifndef DQ_GPU_CODE_H
#define DQ_GPU_CODE_H

#include "base/err.h"

/* A bundle of AMD code objects, and its targets: "gfx900 gfx906 ...". */
extern const unsigned char dq_hip_code[];
extern const char dq_hip_targets[];

/* A fatbin of NVIDIA machine code, and its targets. */
extern const unsigned char dq_cuda_code[];
extern const char dq_cuda_targets[];

/* Reads the file that $GGUF_DQ_HSACO names, to be used in place of the embedded code, and adds a 0
 * byte; *out is NULL if the variable is not set. The caller frees it with dq_mem_free. DQ_ERR_IO,
 * DQ_ERR_MEMORY. */
int dq_gpu_code_file(void **out, struct dq_error *e);

#endif
