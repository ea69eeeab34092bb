/* Prints how fast each decoder writes f32 while its data stays in the level-2 cache of one core.
 *
 *   bench_decode [part of a type's name [level]]      (the best level if none is named) */
#include "decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CACHE_LEN = 512 * 1024, /* in and out together */
    REPETITIONS = 21,
    REPETITION_NS = 2000000
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void fill(uint8_t *p, size_t len)
{
    uint64_t x = 88172645463325252;

    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        p[i] = (uint8_t)(x >> 32);
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* One of the functions that are timed, with what it works on. */
struct job {
    dq_decode_fn decode; /* or NULL */
    dq_narrow_fn narrow;
    const uint8_t *src;
    const float *narrow_src;
    float *dst;
    uint16_t *narrow_dst;
    size_t count;   /* blocks, or weights to narrow */
    size_t f32_len; /* bytes of f32 in one call */
};

static void run(const struct job *j, uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++) {
        if (j->decode)
            j->decode(j->src, j->dst, j->count);
        else
            j->narrow(j->narrow_src, j->narrow_dst, j->count);
    }
}

/* Median GB/s of f32. */
static double measure(const struct job *j)
{
    double speed[REPETITIONS];
    uint64_t calls = 1, ns = 0;

    for (; ns < REPETITION_NS; calls *= 2) {
        const uint64_t start = now_ns();
        run(j, calls);
        ns = now_ns() - start;
    }
    for (int r = 0; r < REPETITIONS; r++) {
        const uint64_t start = now_ns();
        run(j, calls / 2);
        speed[r] = (double)(calls / 2 * j->f32_len) / (double)(now_ns() - start);
    }
    qsort(speed, REPETITIONS, sizeof *speed, by_value);
    return speed[REPETITIONS / 2];
}

static void bench_formats(const struct dq_cpu *cpu, const char *filter, uint8_t *src, float *dst)
{
    for (size_t f = 0; f < DQ_FMT_COUNT; f++) {
        const struct dq_format_info *info = &dq_formats[f];
        const size_t out_len = sizeof *dst * info->weights;
        const size_t nblocks = CACHE_LEN / (info->bytes + out_len);
        const struct job j = {.decode = cpu->decode[f],
            .src = src,
            .dst = dst,
            .count = nblocks,
            .f32_len = nblocks * out_len};

        if (strstr(info->name, filter))
            printf("%-10s %8.2f\n", info->name, measure(&j));
    }
}

static void bench_narrow(const char *name, dq_narrow_fn narrow, uint8_t *src, float *dst)
{
    const size_t n = CACHE_LEN / (sizeof(float) + sizeof(uint16_t));
    const struct job j = {.narrow = narrow,
        .narrow_src = dst,
        .narrow_dst = (uint16_t *)(void *)src,
        .count = n,
        .f32_len = n * sizeof(float)};

    for (size_t i = 0; i < n; i++)
        dst[i] = (float)((int)(i * 2654435761u % 20001) - 10000) / 65536.0f;
    printf("%-10s %8.2f\n", name, measure(&j));
}

int main(int argc, char **argv)
{
    const char *filter = argc > 1 ? argv[1] : "";
    const struct dq_cpu *cpu = argc > 2 ? dq_cpu_by_name(argv[2]) : dq_cpu_best();
    uint8_t *src = malloc(CACHE_LEN);
    float *dst = malloc(CACHE_LEN);

    if (!cpu || !dq_cpu_usable(cpu)) {
        fprintf(stderr, "bench_decode: no level '%s' here\n", argv[2]);
        return 2;
    }
    if (!src || !dst) {
        fprintf(stderr, "bench_decode: out of memory\n");
        return 1;
    }
    fill(src, CACHE_LEN);
    memset(dst, 0, CACHE_LEN);
    printf("%-10s %8s\n", cpu->name, "GB/s f32");
    bench_formats(cpu, filter, src, dst);
    if (strstr("to_f16", filter))
        bench_narrow("to_f16", cpu->to_f16, src, dst);
    if (strstr("to_bf16", filter))
        bench_narrow("to_bf16", cpu->to_bf16, src, dst);
    free(src);
    free(dst);
    return 0;
}
