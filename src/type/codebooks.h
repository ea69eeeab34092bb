/* The codebooks of the IQ and FP4 types, expanded from codebooks.def, which describes the rows.
 * They are ggml's (ggml-common.h at the commit that types.def names), and constant. */
#ifndef DQ_CODEBOOKS_H
#define DQ_CODEBOOKS_H

#include <stdint.h>

/* The values of 4-bit codes. */
extern const int8_t dq_kvalues_iq4nl[16];
extern const int8_t dq_kvalues_fp4[16]; /* twice the E2M1 numbers */

/* Rows of four weights. */
extern const uint32_t dq_iq3xxs_grid[256];
extern const uint32_t dq_iq3s_grid[512];

/* Rows of eight weights. */
extern const uint64_t dq_iq2xxs_grid[256];
extern const uint64_t dq_iq2xs_grid[512];
extern const uint64_t dq_iq2s_grid[1024];
extern const uint64_t dq_iq1s_grid[2048];

#endif
