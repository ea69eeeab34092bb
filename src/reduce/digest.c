#define _XOPEN_SOURCE 700 /* realpath */
#include "reduce/digest.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/signals.h"

#include <stdlib.h>
#include <string.h>

static bool is_digest(const char *name, char hex[DQ_HASH_HEX + 1])
{
    uint8_t digest[DQ_HASH_LEN];
    static const char *const prefixes[] = {"sha256-", "sha256:"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            name += strlen(prefixes[i]);
            break;
        }
    }
    if (!dq_hash_of_hex(name, digest) || name[DQ_HASH_HEX] != '\0')
        return false;
    dq_hash_to_hex(digest, hex); /* in lower case */
    return true;
}

bool dq_digest_of_name(const char *path, char hex[DQ_HASH_HEX + 1])
{
    if (is_digest(dq_file_base(path), hex))
        return true;
    char *target = realpath(path, NULL); /* a snapshot of Hugging Face's cache links to the file */
    const bool found = target && is_digest(dq_file_base(target), hex);
    free(target);
    return found;
}

bool dq_digest_available(void)
{
    return !dq_sha256.missing;
}

int dq_digest_of_source(const struct dq_source *s, void (*progress)(void *arg, uint64_t n_bytes),
    void *arg, char hex[DQ_HASH_HEX + 1], struct dq_error *e)
{
    enum { CHUNK = 256 << 10 };
    if (!dq_digest_available())
        return dq_fail(e, DQ_ERR_MISMATCH, "%s: no SHA-256: %s", s->name, dq_sha256.missing);
    uint8_t digest[DQ_HASH_LEN];
    void *hash = dq_sha256.start(s->size);
    uint8_t *bytes = dq_mem_alloc(CHUNK);
    int rc = hash && bytes ? 0 : dq_fail_nomem(e);
    for (uint64_t off = 0; rc == 0 && off < s->size;) {
        const size_t len = s->size - off < CHUNK ? (size_t)(s->size - off) : CHUNK;
        rc = dq_source_pread(s, bytes, len, off, e);
        if (rc == 0)
            rc = dq_signals_check(e);
        if (rc == 0)
            rc = dq_sha256.add(hash, NULL, bytes, len, off, e);
        if (rc == 0 && progress)
            progress(arg, len);
        off += len;
    }
    if (rc == 0) {
        dq_sha256.finish(hash, NULL, digest);
        dq_hash_to_hex(digest, hex);
    }
    dq_sha256.free(hash);
    dq_mem_free(bytes);
    return rc;
}
