#include "bench/bench_model.h"

#include "base/mem.h"
#include "bench/bench.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TENSOR_LEN = 64 << 20 }; /* bytes of blocks at most */

void dq_bench_model_finish(struct dq_bench_model *m)
{
    dq_source_close(m->shard.source);
    dq_mem_free(m->tensors);
    dq_mem_free(m->names);
    dq_mem_free(m->blocks);
}

void dq_bench_model_name(unsigned i, char name[DQ_BENCH_NAME_MAX])
{
    snprintf(name, DQ_BENCH_NAME_MAX - 5, "gguf-dq-bench-%ld-%u", (long)getpid(), i + 1);
}

static void init_tensor(
    struct dq_bench_model *m, unsigned i, const struct dq_type_info *info, size_t nblocks)
{
    const size_t len = nblocks * info->bytes;
    dq_bench_model_name(i, m->names[i]);
    m->tensors[i] = (struct dq_tensor){.name = m->names[i],
        .name_len = strlen(m->names[i]),
        .display_name = m->names[i],
        .type_id = info->id,
        .type = info,
        .n_dims = 1,
        .dims = {nblocks * info->weights, 1, 1, 1, 1, 1, 1, 1},
        .n_weights = nblocks * info->weights,
        .n_bytes = len,
        .n_there = len};
}

int dq_bench_model_init(
    struct dq_bench_model *m, enum dq_type type, uint64_t n_weights, unsigned n, struct dq_error *e)
{
    static char path[] = "bench";
    const struct dq_type_info *info = &dq_types[type];
    const uint64_t wanted = n_weights / info->weights;
    const size_t most = TENSOR_LEN / info->bytes;
    const size_t nblocks = wanted == 0 ? 1 : (wanted < most ? (size_t)wanted : most);
    *m = (struct dq_bench_model){.blocks = dq_mem_alloc(nblocks * info->bytes),
        .names = dq_mem_calloc(n, sizeof *m->names),
        .tensors = dq_mem_calloc(n, sizeof *m->tensors)};
    int rc = m->blocks && m->names && m->tensors ? 0 : dq_fail_nomem(e);
    if (rc == 0) {
        const struct dq_memory_file file = {path, m->blocks, nblocks * info->bytes};
        const struct dq_memory_store store = DQ_MEMORY_STORE(&file, 1);
        rc = dq_memory_open(&store.store, path, &m->shard.source, e);
    }
    if (rc != 0) {
        dq_bench_model_finish(m);
        return rc;
    }
    dq_bench_fill(type, m->blocks, nblocks, DQ_BENCH_DISTINCT);
    for (unsigned i = 0; i < n; i++)
        init_tensor(m, i, info, nblocks);
    m->shard.path = path;
    m->model = (struct dq_model){
        .path = path, .shards = &m->shard, .n_shards = 1, .tensors = m->tensors, .n_tensors = n};
    return 0;
}
