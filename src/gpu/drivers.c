#include "gpu/driver.h"

#include <stddef.h>

const struct dq_gpu_driver *const dq_gpu_drivers[] = {
#ifdef DQ_HAVE_HIP
    &dq_gpu_hip,
#endif
#ifdef DQ_HAVE_CUDA
    &dq_gpu_cuda,
#endif
    NULL,
};
