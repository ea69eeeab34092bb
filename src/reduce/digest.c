#define _XOPEN_SOURCE 700 /* realpath */
#include "reduce/digest.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/signals.h"

#include <stdlib.h>
#include <string.h>
#ifdef DQ_HAVE_NETTLE
#include <nettle/sha2.h>
#endif

static bool is_digest(const char *name, char hex[DQ_DIGEST_HEX + 1])
{
    static const char digits[] = "0123456789abcdefABCDEF";
    static const char *const prefixes[] = {"sha256-", "sha256:"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            name += strlen(prefixes[i]);
    }
    if (strlen(name) != DQ_DIGEST_HEX || strspn(name, digits) != DQ_DIGEST_HEX)
        return false;
    for (size_t i = 0; i <= DQ_DIGEST_HEX; i++)
        hex[i] = (char)(name[i] >= 'A' && name[i] <= 'F' ? name[i] - 'A' + 'a' : name[i]);
    return true;
}

bool dq_digest_of_name(const char *path, char hex[DQ_DIGEST_HEX + 1])
{
    if (is_digest(dq_file_base(path), hex))
        return true;
    char *target = realpath(path, NULL); /* a snapshot of Hugging Face's cache links to the file */
    const bool found = target && is_digest(dq_file_base(target), hex);
    free(target);
    return found;
}

#ifdef DQ_HAVE_NETTLE
bool dq_digest_available(void)
{
    return true;
}

static void put_hex(struct sha256_ctx *ctx, char hex[DQ_DIGEST_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(ctx, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[DQ_DIGEST_HEX] = '\0';
}

int dq_digest_of_source(const struct dq_source *s, void (*progress)(void *arg, uint64_t n_bytes),
    void *arg, char hex[DQ_DIGEST_HEX + 1], struct dq_error *e)
{
    enum { CHUNK = 256 << 10 };
    struct sha256_ctx ctx;
    uint8_t *bytes = dq_mem_alloc(CHUNK);
    int rc = bytes ? 0 : dq_fail_nomem(e);
    sha256_init(&ctx);
    for (uint64_t off = 0; rc == 0 && off < s->size;) {
        const size_t len = s->size - off < CHUNK ? (size_t)(s->size - off) : CHUNK;
        rc = dq_source_pread(s, bytes, len, off, e);
        if (rc == 0)
            rc = dq_signals_check(e);
        if (rc != 0)
            break;
        sha256_update(&ctx, len, bytes);
        if (progress)
            progress(arg, len);
        off += len;
    }
    put_hex(&ctx, hex);
    dq_mem_free(bytes);
    return rc;
}
#else
bool dq_digest_available(void)
{
    return false;
}

int dq_digest_of_source(const struct dq_source *s, void (*progress)(void *arg, uint64_t n_bytes),
    void *arg, char hex[DQ_DIGEST_HEX + 1], struct dq_error *e)
{
    (void)progress;
    (void)arg;
    (void)hex;
    return dq_fail(e, DQ_ERR_MISMATCH, "%s: this program is built without SHA-256", s->name);
}
#endif
