#include "host_kernels.h"

#include "../../hip/kernels.hip"

namespace
{

typedef void (*kernel_fn)(const uint8_t *, void *, uint64_t, uint32_t *);

const struct row {
    const char *name;
    kernel_fn run;
} rows[] = {
#define DQ_TYPE(token, columns)                                                                    \
    {"dq_" #token "_f32", dq_##token##_f32}, {"dq_" #token "_f16", dq_##token##_f16},              \
        {"dq_" #token "_bf16", dq_##token##_bf16},
#include "type/types.def"
};

typedef void (*reduction_fn)(const uint32_t *, uint64_t, uint64_t, uint64_t, void *);

const struct reduction_row {
    const char *name;
    reduction_fn run;
} reductions[] = {
    {"dq_reduce_stats", dq_reduce_stats},
    {"dq_reduce_fit", dq_reduce_fit},
    {"dq_reduce_bins", dq_reduce_bins},
    {"dq_reduce_leaves", dq_reduce_leaves},
};

template <class R, size_t N> auto find_in(const R (&all)[N], const char *name) -> decltype(all->run)
{
    for (const R &row : all)
        if (strcmp(row.name, name) == 0)
            return row.run;
    return nullptr;
}

kernel_fn find(const char *name)
{
    return find_in(rows, name);
}

/* A prime above any number of threads that a test has: its multiples, modulo that number, are all
 * the numbers below it. */
const uint64_t stride = 2654435761;

/* Calls run for each thread of a grid. */
template <class F> void for_each_thread(uint64_t grid, uint32_t block, F run)
{
    const uint64_t threads = grid * block;

    dq_host_block_size = block;
    for (uint64_t i = 0; i < threads; i++) {
        const uint64_t thread = (i + 1) * (stride % threads) % threads;

        dq_host_block = thread / block;
        dq_host_thread = (uint32_t)(thread % block);
        run();
    }
}

} // namespace

int dq_host_kernel_exists(const char *kernel)
{
    return find(kernel) != nullptr || find_in(reductions, kernel) != nullptr;
}

int dq_host_launch(const char *kernel, uint64_t grid, uint32_t block, const uint8_t *src, void *dst,
    uint64_t n_weights, uint32_t *overflow)
{
    const kernel_fn run = find(kernel);

    if (!run)
        return -1;
    for_each_thread(grid, block, [&] { run(src, dst, n_weights, overflow); });
    return 0;
}

int dq_host_reduce(const char *kernel, uint64_t grid, uint32_t block, const uint32_t *weights,
    uint64_t n, uint64_t n_threads, uint64_t parameter, void *out)
{
    const reduction_fn run = find_in(reductions, kernel);

    if (!run)
        return -1;
    for_each_thread(grid, block, [&] { run(weights, n, n_threads, parameter, out); });
    return 0;
}

int dq_host_launch_block(const char *kernel, uint64_t number, uint32_t block, const uint8_t *src,
    void *dst, uint64_t n_weights, uint32_t *overflow)
{
    const kernel_fn run = find(kernel);

    if (!run)
        return -1;
    dq_host_block = number;
    dq_host_block_size = block;
    for (uint32_t i = block; i-- > 0;) {
        dq_host_thread = i;
        run(src, dst, n_weights, overflow);
    }
    return 0;
}
