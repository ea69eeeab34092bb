/* What the measurements of bench move, and what they count. The rates themselves are not tested. */
#include "dq_test.h"

#include "bench/bench.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { N_LANES = 3, IN_LEN = 16 << 10, OUT_LEN = 64 << 10, N_WEIGHTS = 100000 };

static void fill_repeats(void **state)
{
    enum { N = 10, DISTINCT = 3 };
    const size_t len = dq_types[DQ_TYPE_q4_k].bytes;
    uint8_t blocks[N * DQ_BLOCK_BYTES_MAX];
    (void)state;
    dq_bench_fill(DQ_TYPE_q4_k, blocks, N, DISTINCT);
    assert_memory_not_equal(blocks, blocks + len, len);
    assert_memory_not_equal(blocks + len, blocks + 2 * len, len);
    assert_memory_equal(blocks, blocks + DISTINCT * len, (N - DISTINCT) * len);
}

/* Lanes that count what they are given. */
struct counting_lane {
    struct dq_lane lane;
    uint8_t in[IN_LEN];
    float out[OUT_LEN / sizeof(float)];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t n_decoded; /* blocks */
static uint64_t n_blank;   /* calls with zeros for blocks */
static int fails_at;       /* the call that fails; 0: none */

static int count_blocks(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype,
    size_t nblocks, uint64_t *n_overflow, struct dq_error *e)
{
    static const uint8_t zeros[IN_LEN];
    int rc = 0;
    (void)n_overflow;
    assert_int_equal(type, DQ_TYPE_q4_k);
    assert_int_equal(dtype, DQ_DTYPE_f16);
    pthread_mutex_lock(&lock);
    n_decoded += nblocks;
    n_blank += memcmp(lane->in, zeros, nblocks * dq_types[type].bytes) == 0;
    if (fails_at > 0 && --fails_at == 0)
        rc = dq_fail(e, DQ_ERR_GPU, "on purpose");
    pthread_mutex_unlock(&lock);
    memset(lane->in, 0, IN_LEN);
    return rc;
}

static int measure(struct dq_speed *speed, struct dq_error *e)
{
    static struct counting_lane lanes[N_LANES];
    static const struct dq_lane_ops ops = {"counting", count_blocks, NULL, NULL, NULL};
    struct dq_engine engine = {.n_lanes = N_LANES};
    for (size_t i = 0; i < N_LANES; i++) {
        lanes[i].lane = (struct dq_lane){.ops = &ops,
            .device = "counting",
            .cpu = dq_cpu_levels[0],
            .in = lanes[i].in,
            .in_len = sizeof lanes[i].in,
            .out = (uint8_t *)lanes[i].out,
            .out_len = sizeof lanes[i].out};
        engine.lanes[i] = &lanes[i].lane;
    }
    n_decoded = 0;
    n_blank = 0;
    return dq_bench_run(&engine, DQ_TYPE_q4_k, DQ_DTYPE_f16, N_WEIGHTS, 0.02, speed, e);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* All lanes read the whole tensor, from memory each time, as often as it is decoded. */
static void run_reads_and_decodes(void **state)
{
    struct dq_speed speed;
    struct dq_error e;
    (void)state;
    const double start = now();
    assert_int_equal(measure(&speed, &e), 0);
    const double seconds = now() - start;
    assert_true(speed.gbs > 0);
    /* The rate is of what was decoded, within what a busy machine can change. */
    const double n_bytes = (double)n_decoded * 256 * sizeof(uint16_t);
    assert_true(speed.gbs < 100 * n_bytes / seconds * 1e-9);
    assert_true(n_decoded >= (uint64_t)15 * (N_WEIGHTS / 256));
    assert_int_equal(n_decoded % (N_WEIGHTS / 256), 0);
    assert_int_equal(n_blank, 0);
}

static void run_fails_with_the_lane(void **state)
{
    struct dq_speed speed;
    struct dq_error e;
    (void)state;
    fails_at = 20;
    assert_int_equal(measure(&speed, &e), DQ_ERR_GPU);
    assert_string_equal(e.text, "on purpose");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_repeats),
        cmocka_unit_test(run_reads_and_decodes),
        cmocka_unit_test(run_fails_with_the_lane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
