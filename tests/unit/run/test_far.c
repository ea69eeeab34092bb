/* What is read of a file that is far away, and how often it is waited for. */
#include "build_gguf.h"
#include "counting_store.h"
#include "dq_test.h"
#include "run/plan.h"
#include "run/slice.h"

#include <stdlib.h>
#include <string.h>

/* 16 MiB in 8 matrices of 512 rows of 4 KiB, read in chunks of 256 KiB. */
enum { I8 = 24, ROW = 4096, N_ROWS = 512, N_MATRICES = 8, LEN = ROW * N_ROWS * N_MATRICES };
enum { CHUNK = 256 << 10, FUSE_REQUESTS = 9 };

static const struct row {
    const char *slice;
    size_t most; /* round trips; the first is for the header */
} rows[] = {
    {"[:]", 65},                 /* chunk after chunk */
    {"[5, 77]", 2},              /* a row */
    {"[::-1]", 65},              /* chunk after chunk */
    {"[:, ::-1]", 129},          /* the same in 4096 rows: requests of 128 KiB */
    {"[:, ::-2, 9:41]", 129},    /* every other one, columns */
    {"[::-1, ::-64, 64:96]", 65} /* 64 rows that lie far apart */
};

/* Opens a model of one tensor of the bytes in b. */
static struct dq_model *open_far(const struct dq_memory_store *memory)
{
    struct dq_model *m;
    struct dq_error e;
    check_ok(
        dq_model_examine(counting_store(&memory->store, FUSE_REQUESTS), "m.gguf", NULL, &m, &e),
        &e);
    assert_int_equal(counting_store_round_trips(), 1);
    return m;
}

static void check_slice(const struct build *b, const struct dq_model *m, const struct row *row)
{
    const struct dq_tensor *t = &m->tensors[0];
    const uint8_t *data = b->bytes + t->offset;
    uint8_t *in = malloc(CHUNK);
    struct dq_slice slice;
    struct dq_plan p;
    struct dq_plan_pos pos = {0};
    struct dq_chunk c;
    struct dq_error e;
    assert_non_null(in);
    check_ok(dq_slice_parse(row->slice, t, &slice, &e), &e);
    dq_plan_init(&p, m, t, DQ_DTYPE_native, slice.ranges);
    while (dq_plan_next(&p, &pos, CHUNK, &c)) {
        check_ok(dq_plan_read(&p, &c, in, &e), &e);
        for (size_t i = 0; i < c.n_segments; i++)
            assert_memory_equal(
                in + i * c.seg_blocks, data + dq_plan_offset(&p, &c, i), c.seg_blocks);
    }
    if (counting_store_round_trips() > row->most)
        fail_msg("%s: %zu round trips", row->slice, counting_store_round_trips());
    free(in);
}

static void slices_backwards_take_few_round_trips(void **state)
{
    const uint64_t dims[] = {ROW, N_ROWS, N_MATRICES};
    struct build b;
    (void)state;
    build_begin(&b, 3, false, 1, 0);
    build_tensor(&b, "t", I8, 0, 3, dims);
    build_data(&b, 32, LEN);
    for (size_t i = 0; i < LEN; i++)
        b.bytes[b.len - LEN + i] = (uint8_t)(i * 2654435761u >> 24);
    const struct dq_memory_file file = {"m.gguf", b.bytes, b.len};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(&file, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_model *m = open_far(&memory);
        check_slice(&b, m, &rows[i]);
        dq_model_free(m);
    }
    build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_backwards_take_few_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
