#include "gguf/embedded.h"

#include "base/mem.h"

#include <string.h>

/* magic | version u32 | n_tensors | n_kv | length of the first key; from version 2 on 64 bits each */
enum { PROBE_LEN = 32, PIECE_LEN = 4 << 20, SCANNED_MAX = 64 << 20 };

static uint64_t read_number(const uint8_t *p, size_t len, bool big_endian)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++)
        n = n << 8 | p[big_endian ? i : len - 1 - i];
    return n;
}

/* Whether a header is at p that could be one of a file with `left` bytes. */
static bool is_header(const uint8_t p[PROBE_LEN], uint64_t left)
{
    if (memcmp(p, "GGUF", 4) != 0)
        return false;
    const bool big = p[4] == 0;
    const uint64_t version = read_number(p + 4, 4, big);
    const size_t len = version == 1 ? 4 : 8;
    if (version < 1 || version > 3 || (big && version != 3))
        return false;
    const uint64_t n_tensors = read_number(p + 8, len, big);
    const uint64_t n_kv = read_number(p + 8 + len, len, big);
    const uint64_t key_len = read_number(p + 8 + 2 * len, len, big);
    return n_tensors <= left / 20 && n_kv <= left / 10 && n_tensors + n_kv > 0 && key_len > 0 &&
           key_len <= UINT16_MAX;
}

/* ---- zip ----
 *
 * A zip file ends with | entries of its directory | 64-bit end and its locator | end |; numbers are
 * little-endian. Nothing in them is trusted: what does not fit is no archive. */
enum {
    TAIL_MAX = 65536,
    DIRECTORY_MAX = 1 << 20, /* bytes of the directory that are read */
    END_LEN = 22,
    LOCATOR_LEN = 20,
    END64_LEN = 56,
    ENTRY_LEN = 46,
    LOCAL_LEN = 30,
};

struct directory {
    uint64_t off;
    uint64_t len;
    uint64_t shift; /* to add to the offsets in it: what was put in front of the archive later */
};

static uint64_t little(const uint8_t *p, size_t len)
{
    return read_number(p, len, false);
}

/* Finds the directory by the end of the file; len is 0 if there is none. */
static int find_directory(
    const struct dq_source *source, uint8_t *tail, struct directory *out, struct dq_error *e)
{
    const size_t len = source->size < TAIL_MAX ? (size_t)source->size : TAIL_MAX;
    const uint64_t tail_off = source->size - len;
    uint8_t end64[END64_LEN];
    *out = (struct directory){0};
    int rc = dq_source_pread(source, tail, len, tail_off, e);
    size_t at = len;
    while (rc == 0 && at >= END_LEN && memcmp(tail + at - END_LEN, "PK\5\6", 4) != 0)
        at--;
    if (rc != 0 || at < END_LEN)
        return rc;
    at -= END_LEN;
    out->len = little(tail + at + 12, 4);
    out->off = little(tail + at + 16, 4);
    if (at >= LOCATOR_LEN && memcmp(tail + at - LOCATOR_LEN, "PK\6\7", 4) == 0) {
        const uint64_t end64_off = little(tail + at - LOCATOR_LEN + 8, 8);
        if (source->size < END64_LEN || end64_off > source->size - END64_LEN)
            return 0;
        rc = dq_source_pread(source, end64, sizeof end64, end64_off, e);
        if (rc == 0 && memcmp(end64, "PK\6\6", 4) == 0) {
            out->len = little(end64 + 40, 8);
            out->off = little(end64 + 48, 8);
        }
    } else if (out->len <= tail_off + at && out->off <= tail_off + at - out->len) {
        out->shift = tail_off + at - out->len - out->off;
        out->off += out->shift;
    }
    return rc;
}

/* The offset of an entry's local header. The 64-bit numbers of an entry are those that do not fit 32. */
static uint64_t local_offset(const uint8_t *entry, const uint8_t *extra, size_t extra_len)
{
    const uint64_t off = little(entry + 42, 4);
    if (off != UINT32_MAX)
        return off;
    while (extra_len >= 4) {
        const size_t len = (size_t)little(extra + 2, 2);
        const size_t at = (little(entry + 24, 4) == UINT32_MAX ? 8u : 0u) +
                          (little(entry + 20, 4) == UINT32_MAX ? 8u : 0u);
        if (len > extra_len - 4)
            break;
        if (little(extra, 2) == 1 && len >= at + 8)
            return little(extra + 4 + at, 8);
        extra += 4 + len;
        extra_len -= 4 + len;
    }
    return UINT64_MAX;
}

/* Sets *out if a header lies behind the local header at off. */
static int probe_local(
    const struct dq_source *source, uint64_t off, uint64_t *out, struct dq_error *e)
{
    uint8_t local[LOCAL_LEN];
    uint8_t probe[PROBE_LEN];
    const uint64_t size = source->size;
    if (size < LOCAL_LEN + PROBE_LEN || off > size - LOCAL_LEN - PROBE_LEN)
        return 0;
    int rc = dq_source_pread(source, local, sizeof local, off, e);
    if (rc != 0 || memcmp(local, "PK\3\4", 4) != 0)
        return rc;
    const uint64_t data = off + LOCAL_LEN + little(local + 26, 2) + little(local + 28, 2);
    if (data > size - PROBE_LEN)
        return 0;
    rc = dq_source_pread(source, probe, sizeof probe, data, e);
    if (rc == 0 && is_header(probe, size - data))
        *out = data;
    return rc;
}

static int search_directory(const struct dq_source *source, const struct directory *d,
    uint8_t *bytes, uint64_t *out, struct dq_error *e)
{
    if (d->off > source->size || d->len > source->size - d->off)
        return 0;
    const size_t len = d->len < DIRECTORY_MAX ? (size_t)d->len : DIRECTORY_MAX;
    int rc = dq_source_pread(source, bytes, len, d->off, e);
    size_t at = 0;
    while (rc == 0 && *out == UINT64_MAX && len - at >= ENTRY_LEN &&
           memcmp(bytes + at, "PK\1\2", 4) == 0) {
        const uint8_t *entry = bytes + at;
        const size_t name_len = (size_t)little(entry + 28, 2);
        const size_t extra_len = (size_t)little(entry + 30, 2);
        const size_t entry_len = ENTRY_LEN + name_len + extra_len + (size_t)little(entry + 32, 2);
        if (entry_len > len - at)
            break;
        const uint64_t off = local_offset(entry, entry + ENTRY_LEN + name_len, extra_len);
        const uint64_t stored_len = little(entry + 24, 4);
        if (little(entry + 10, 2) == 0 && stored_len >= PROBE_LEN && off <= source->size)
            rc = probe_local(source, off + d->shift, out, e);
        at += entry_len;
    }
    return rc;
}

static int search_zip(
    const struct dq_source *source, uint8_t *bytes, uint64_t *out, struct dq_error *e)
{
    struct directory d;
    const int rc = find_directory(source, bytes, &d, e);
    return rc == 0 && d.len > 0 ? search_directory(source, &d, bytes, out, e) : rc;
}

/* ---- the beginning of the file ---- */

static int scan(const struct dq_source *source, uint8_t *piece, uint64_t *out, struct dq_error *e)
{
    uint64_t off = 0;
    int rc = 0;
    while (rc == 0 && *out == UINT64_MAX && off < SCANNED_MAX && source->size - off >= PROBE_LEN) {
        const uint64_t left = source->size - off;
        const size_t len = left < PIECE_LEN ? (size_t)left : PIECE_LEN;
        rc = dq_source_pread(source, piece, len, off, e);
        const size_t end = rc == 0 ? len - PROBE_LEN + 1 : 0; /* of the places to try */
        for (size_t i = 0; i < end; i++) {
            const uint8_t *g = memchr(piece + i, 'G', end - i);
            if (!g)
                break;
            i = (size_t)(g - piece);
            if (is_header(g, left - i)) {
                *out = off + i;
                break;
            }
        }
        off += len - PROBE_LEN + 1;
    }
    return rc;
}

int dq_embedded_find(const struct dq_source *source, uint64_t *out, struct dq_error *e)
{
    _Static_assert((int)PIECE_LEN >= (int)TAIL_MAX && (int)PIECE_LEN >= (int)DIRECTORY_MAX,
        "one buffer for all");
    uint8_t *bytes = dq_mem_alloc(source->size < PIECE_LEN ? (size_t)source->size + 1 : PIECE_LEN);
    *out = UINT64_MAX;
    if (!bytes) /* only the advice gets worse */
        return 0;
    int rc = search_zip(source, bytes, out, e);
    if (rc == 0 && *out == UINT64_MAX)
        rc = scan(source, bytes, out, e);
    dq_mem_free(bytes);
    return rc;
}
