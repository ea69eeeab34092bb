/* Decodes the same blocks of a type some times, and does nothing else, for instructions.py, which counts
 * what that takes.
 *
 * Usage: decode_often LEVEL TYPE DTYPE TIMES */
#include "bench/bench.h"
#include "cpu/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_WEIGHTS = 8192 }; /* divisible by the weights of any block */

int main(int argc, char **argv)
{
    static uint8_t blocks[N_WEIGHTS * sizeof(double)];
    static float weights[N_WEIGHTS];
    const struct dq_cpu *cpu = argc == 5 ? dq_cpu_by_name(argv[1]) : NULL;
    enum dq_dtype dtype = DQ_DTYPE_native;
    size_t type = 0;

    while (cpu && type < DQ_TYPE_COUNT && strcmp(dq_types[type].token, argv[2]) != 0)
        type++;
    if (!cpu || !dq_cpu_usable(cpu) || type == DQ_TYPE_COUNT ||
        dq_dtype_by_name(argv[3], &dtype) != 0 || dtype == DQ_DTYPE_native) {
        fprintf(stderr, "usage: decode_often LEVEL TYPE DTYPE TIMES\n");
        return EXIT_FAILURE;
    }
    const size_t nblocks = N_WEIGHTS / dq_types[type].weights;
    dq_bench_fill((enum dq_type)type, blocks, nblocks, nblocks);
    for (long n = strtol(argv[4], NULL, 10); n > 0; n--)
        cpu->decode[type](blocks, weights, nblocks, dtype);
    printf("%d\n", N_WEIGHTS);
    return EXIT_SUCCESS;
}
