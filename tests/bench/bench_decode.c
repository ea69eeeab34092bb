/* Prints how fast the CPU decodes each type, at each level of instructions, to each dtype, while
 * the data stays in the level-2 cache of one core: GB/s of output, the median of many short runs,
 * and how far the quarter points of the runs are from it at most.
 *
 *   bench_decode [part of a type's name [level]] */
#include "backend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CACHE_LEN = 512 * 1024, /* blocks and weights together */
    REPETITIONS = 31,
    REPETITION_NS = 500000,
    MAX_TRIES = 1000
};

static const enum dq_dtype dtypes[] = {DQ_DTYPE_f32, DQ_DTYPE_f16, DQ_DTYPE_bf16};
enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void fill(uint8_t *p, size_t len)
{
    static uint64_t x = 88172645463325252;

    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        p[i] = (uint8_t)(x >> 32);
    }
}

/* Whether weights are like those of a model: none overflows, and they are not next to nothing. */
static int are_usual(const float *weights, size_t n)
{
    float largest = 0;

    for (size_t i = 0; i < n; i++) {
        if (!(fabsf(weights[i]) < 100.0f))
            return 0;
        if (fabsf(weights[i]) > largest)
            largest = fabsf(weights[i]);
    }
    return largest > 0.001f;
}

/* Random blocks with usual weights, where the type has such. */
static void fill_blocks(uint8_t *p, const struct dq_format_info *info, size_t nblocks)
{
    float weights[256];

    for (size_t k = 0; k < nblocks; k++, p += info->bytes) {
        for (int i = 0; i < MAX_TRIES; i++) {
            fill(p, info->bytes);
            dq_cpu_levels[0]->decode[info->format](p, weights, 1, DQ_DTYPE_f32);
            if (are_usual(weights, info->weights))
                break;
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct speed {
    double gbs;
    double spread; /* a share of gbs */
};

static void decode(struct dq_lane *lane, enum dq_format format, enum dq_dtype dtype, size_t nblocks,
    uint64_t times)
{
    uint64_t n_overflow = 0;
    struct dq_error e;

    for (uint64_t i = 0; i < times; i++)
        lane->ops->decode(lane, format, dtype, nblocks, &n_overflow, &e);
}

static struct speed measure(
    struct dq_lane *lane, enum dq_format format, enum dq_dtype dtype, size_t nblocks)
{
    const size_t len = nblocks * dq_formats[format].weights * dq_dtype_len(dtype);
    double gbs[REPETITIONS];
    uint64_t times = 1, ns = 0;

    for (; ns < REPETITION_NS; times *= 2) {
        const uint64_t start = now_ns();
        decode(lane, format, dtype, nblocks, times);
        ns = now_ns() - start;
    }
    for (int r = 0; r < REPETITIONS; r++) {
        const uint64_t start = now_ns();
        decode(lane, format, dtype, nblocks, times / 2);
        gbs[r] = (double)(times / 2 * len) / (double)(now_ns() - start);
    }
    qsort(gbs, REPETITIONS, sizeof *gbs, by_value);
    const double low = gbs[REPETITIONS / 4], median = gbs[REPETITIONS / 2];
    const double high = gbs[REPETITIONS * 3 / 4];
    const double far = high - median > median - low ? high - median : median - low;
    return (struct speed){median, far / median};
}

static int bench_level(const struct dq_cpu *cpu, const char *filter)
{
    struct dq_lane *lane;
    struct dq_error e;

    if (dq_lane_new_cpu(cpu, CACHE_LEN, CACHE_LEN, &lane, &e) != 0)
        return 1;
    printf("%-10s", cpu->name);
    for (size_t d = 0; d < N_DTYPES; d++)
        printf(" %7s GB/s   ", dq_dtype_name(dtypes[d]));
    putchar('\n');
    for (size_t f = 0; f < DQ_FMT_COUNT; f++) {
        const struct dq_format_info *info = &dq_formats[f];
        const size_t nblocks = CACHE_LEN / (info->bytes + sizeof(float) * info->weights);

        if (!strstr(info->name, filter))
            continue;
        fill_blocks(lane->in, info, nblocks);
        printf("%-10s", info->name);
        for (size_t d = 0; d < N_DTYPES; d++) {
            const struct speed s = measure(lane, info->format, dtypes[d], nblocks);

            printf(" %7.2f +-%4.1f%%", s.gbs, 100 * s.spread);
        }
        putchar('\n');
        fflush(stdout);
    }
    dq_lane_free(lane);
    return 0;
}

int main(int argc, char **argv)
{
    const char *filter = argc > 1 ? argv[1] : "";
    int found = 0;

    for (size_t i = 0; dq_cpu_levels[i]; i++) {
        const struct dq_cpu *cpu = dq_cpu_levels[i];

        if ((argc > 2 && strcmp(argv[2], cpu->name) != 0) || !dq_cpu_usable(cpu))
            continue;
        found = 1;
        if (bench_level(cpu, filter) != 0) {
            fprintf(stderr, "bench_decode: out of memory\n");
            return 1;
        }
    }
    if (!found) {
        fprintf(stderr, "bench_decode: no level '%s' here\n", argv[2]);
        return 2;
    }
    return 0;
}
