/* Kernels whose multiply-adds compilers must fuse, for the test of hip/compile_exact.py: it has to refuse
 * those of floating-point numbers, and to let those of integers pass. */
#include "../../hip/rt.h"

#ifdef FUSED_F32
extern "C" __global__ void fused_f32(float *d_x)
{
    d_x[dq_thread()] = __builtin_fmaf(d_x[0], d_x[1], d_x[2]);
}
#endif

#ifdef FUSED_F16
extern "C" __global__ void fused_f16(_Float16 *d_x)
{
    d_x[dq_thread()] = __builtin_fmaf16(d_x[0], d_x[1], d_x[2]);
}
#endif

extern "C" __global__ void fused_integers(uint64_t *d_x, const uint32_t *d_y)
{
    const uint64_t at = dq_thread();

    d_x[2 * at] += (uint64_t)d_y[at] * d_y[at + 1];
    d_x[2 * at + 1] = (d_y[at] & 0xffffff) * (d_y[at + 1] & 0xffffff) + d_y[at + 2];
}
