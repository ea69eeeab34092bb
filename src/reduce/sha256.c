#include "base/mem.h"
#include "reduce/hash.h"

#ifdef DQ_HAVE_NETTLE
#include <nettle/sha2.h>

static void *start(uint64_t len)
{
    (void)len;
    struct sha256_ctx *ctx = dq_mem_alloc(sizeof *ctx);
    if (ctx)
        sha256_init(ctx);
    return ctx;
}

static int add(void *hash, const struct dq_cpu *cpu, const uint8_t *bytes, size_t len, uint64_t off,
    struct dq_error *e)
{
    (void)cpu;
    (void)off;
    (void)e;
    sha256_update(hash, len, bytes);
    return 0;
}

static void finish(void *hash, const struct dq_cpu *cpu, uint8_t digest[DQ_HASH_LEN])
{
    (void)cpu;
    sha256_digest(hash, DQ_HASH_LEN, digest);
}

const struct dq_hash_algorithm dq_sha256 = {.name = "sha256",
    .in_order = true,
    .start = start,
    .add = add,
    .finish = finish,
    .free = dq_mem_free};
#else
const struct dq_hash_algorithm dq_sha256 = {
    .name = "sha256", .missing = "this program is built without nettle"};
#endif
