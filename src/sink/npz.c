/* numpy's .npz files: a ZIP archive of uncompressed .npy files, byte for byte as numpy.savez writes it.
 * Sources: numpy 1.24 (numpy/lib/npyio.py), zipfile of CPython 3.11.4 (older ones write 32-bit sizes into
 * local headers), and PKWARE's APPNOTE.
 *
 *   local header, NAME.npy, ZIP64 sizes | .npy header | data     for each array
 *   central header, NAME.npy [, ZIP64 sizes and offset]          for each array
 *   [ZIP64 end record and its locator,] end record
 *
 * The CRC-32 of an array is in its local header, but known only at the end: in a file it is written
 * last; in a stream it follows the data, as zipfile does it. CRC-32 is linear, so that of an array is
 * the sum of what each of its pieces contributes, whatever the order of the pieces. */
#include "base/checked.h"
#include "base/mem.h"
#include "sink/bytes.h"
#include "sink/container.h"
#include "sink/npy.h"

#include <stdatomic.h>
#include <string.h>
#include <zlib.h>

enum {
    LOCAL_LEN = 30,
    CRC_AT = 14, /* in the local header */
    CRC_LEN = 4,
    LOCAL_EXTRA_LEN = 20,
    DESCRIPTOR_LEN = 24,
    CENTRAL_LEN = 46,
    END_LEN = 22,
    END64_LEN = 56,
    LOCATOR_LEN = 20,
    VERSION = 45,       /* of the format, for ZIP64 */
    UNIX = 3,           /* the system whose attributes the files have */
    DATE = 0x21,        /* 1980-01-01 */
    NO_SEEKING = 8,     /* flag: CRC and sizes follow the data */
    UTF_8 = 0x800,      /* flag: the name is UTF-8 */
    MODE = 0600,        /* of the files */
    FILES_MAX = 65535,  /* without ZIP64 */
    FLUSH_AT = 1 << 16, /* bytes of central headers that are written at once */
};

#define IN_ZIP64 UINT32_MAX

/* zipfile's limit: sizes and offsets beyond it are written as 64-bit ones. */
#define LIMIT (((uint64_t)1 << 31) - 1)

static const char extension[] = ".npy";

/* An array as a file in the archive. */
struct entry {
    struct dq_array array;
    uint8_t header[DQ_NPY_HEADER_MAX];
    size_t header_len;
    size_t name_len;
    uint64_t len;       /* of the .npy file */
    uint64_t local_off; /* of the local header */
};

static bool get_entry(const struct dq_set_request *r, size_t i, struct entry *n)
{
    if (!r->get(r->arg, i, &n->array))
        return false;
    n->header_len = dq_npy_header_of(&n->array, n->header);
    n->name_len = n->array.name_len + strlen(extension);
    n->len = dq_add_sat_u64(n->header_len, n->array.n_bytes);
    return true;
}

/* What is known of the CRC of each array. */
static _Atomic uint32_t *crcs_of(const struct dq_file_set *s)
{
    return s->state;
}

/* Bytes between the start of the local header and the data. */
static size_t lead_len(const struct entry *n)
{
    return LOCAL_LEN + n->name_len + LOCAL_EXTRA_LEN + n->header_len;
}

static void planned_entry(const struct dq_file_set *s, size_t i, struct entry *n)
{
    get_entry(&s->request, i, n);
    n->local_off = s->places[i].offset - lead_len(n);
}

static unsigned flags_of(const struct dq_file_set *s, const struct entry *n)
{
    unsigned flags = s->request.is_stream ? NO_SEEKING : 0;
    for (size_t i = 0; i < n->array.name_len; i++) {
        if ((unsigned char)n->array.name[i] >= 0x80)
            return flags | UTF_8;
    }
    return flags;
}

/* What local and central header have in common: from the version to the sizes. */
static void put_common(
    struct dq_bytes *b, unsigned flags, uint32_t crc, uint64_t packed, uint64_t size)
{
    dq_bytes_number(b, VERSION, 2);
    dq_bytes_number(b, flags, 2);
    dq_bytes_number(b, 0, 2); /* not compressed */
    dq_bytes_number(b, 0, 2); /* time */
    dq_bytes_number(b, DATE, 2);
    dq_bytes_number(b, crc, CRC_LEN);
    dq_bytes_number(b, packed, 4);
    dq_bytes_number(b, size, 4);
}

static void put_name(struct dq_bytes *b, const struct entry *n)
{
    dq_bytes_put(b, n->array.name, n->array.name_len);
    dq_bytes_text(b, extension);
}

/* Everything before the data. The CRC is 0. */
static void put_local(struct dq_bytes *b, const struct dq_file_set *s, const struct entry *n)
{
    const uint64_t len = s->request.is_stream ? 0 : n->len;
    dq_bytes_put(b, "PK\3\4", 4);
    put_common(b, flags_of(s, n), 0, IN_ZIP64, IN_ZIP64);
    dq_bytes_number(b, n->name_len, 2);
    dq_bytes_number(b, LOCAL_EXTRA_LEN, 2);
    put_name(b, n);
    dq_bytes_number(b, 1, 2); /* ZIP64 */
    dq_bytes_number(b, LOCAL_EXTRA_LEN - 4, 2);
    dq_bytes_number(b, len, 8);
    dq_bytes_number(b, len, 8);
    dq_bytes_put(b, n->header, n->header_len);
}

/* Bytes of the ZIP64 extra field of a central header; 0: it has none. */
static size_t central_extra_len(const struct entry *n)
{
    const size_t n_numbers = (n->len > LIMIT ? 2U : 0U) + (n->local_off > LIMIT ? 1U : 0U);
    return n_numbers ? 4 + 8 * n_numbers : 0;
}

static void put_central(
    struct dq_bytes *b, const struct dq_file_set *s, const struct entry *n, uint32_t crc)
{
    const size_t extra_len = central_extra_len(n);
    const bool is_long = n->len > LIMIT;
    const bool is_far = n->local_off > LIMIT;
    dq_bytes_put(b, "PK\1\2", 4);
    dq_bytes_number(b, VERSION, 1);
    dq_bytes_number(b, UNIX, 1);
    put_common(b, flags_of(s, n), crc, is_long ? IN_ZIP64 : n->len, is_long ? IN_ZIP64 : n->len);
    dq_bytes_number(b, n->name_len, 2);
    dq_bytes_number(b, extra_len, 2);
    dq_bytes_number(b, 0, 6); /* length of the comment, disk, internal attributes */
    dq_bytes_number(b, (uint64_t)MODE << 16, 4);
    dq_bytes_number(b, is_far ? IN_ZIP64 : n->local_off, 4);
    put_name(b, n);
    if (extra_len == 0)
        return;
    dq_bytes_number(b, 1, 2); /* ZIP64 */
    dq_bytes_number(b, extra_len - 4, 2);
    if (is_long) {
        dq_bytes_number(b, n->len, 8);
        dq_bytes_number(b, n->len, 8);
    }
    if (is_far)
        dq_bytes_number(b, n->local_off, 8);
}

static bool needs_end64(size_t n, uint64_t off, uint64_t len)
{
    return n > FILES_MAX || off > LIMIT || len > LIMIT;
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
    return value < most ? value : most;
}

/* The end of an archive of n files, whose central headers are at off and take len bytes. */
static void put_end(struct dq_bytes *b, size_t n, uint64_t off, uint64_t len)
{
    if (needs_end64(n, off, len)) {
        dq_bytes_put(b, "PK\6\6", 4);
        dq_bytes_number(b, END64_LEN - 12, 8);
        dq_bytes_number(b, VERSION, 2);
        dq_bytes_number(b, VERSION, 2);
        dq_bytes_number(b, 0, 8); /* disks */
        dq_bytes_number(b, n, 8);
        dq_bytes_number(b, n, 8);
        dq_bytes_number(b, len, 8);
        dq_bytes_number(b, off, 8);
        dq_bytes_put(b, "PK\6\7", 4);
        dq_bytes_number(b, 0, 4); /* disk */
        dq_bytes_number(b, off + len, 8);
        dq_bytes_number(b, 1, 4); /* disks */
    }
    dq_bytes_put(b, "PK\5\6", 4);
    dq_bytes_number(b, 0, 4); /* disks */
    dq_bytes_number(b, at_most(n, UINT16_MAX), 2);
    dq_bytes_number(b, at_most(n, UINT16_MAX), 2);
    dq_bytes_number(b, at_most(len, UINT32_MAX), 4);
    dq_bytes_number(b, at_most(off, UINT32_MAX), 4);
    dq_bytes_number(b, 0, 2); /* length of the comment */
}

static int plan(const struct dq_set_request *r, struct dq_file_set *out, struct dq_error *e)
{
    uint64_t off = 0;
    uint64_t central_len = 0;
    struct entry n;
    int rc = dq_file_set_init(out, r, e);
    if (rc == 0)
        rc = dq_file_set_add_file(out, e);
    if (rc != 0)
        return rc;
    out->state = dq_mem_calloc(r->n + 1, sizeof *crcs_of(out));
    if (!out->state)
        return dq_fail_nomem(e);
    for (size_t i = 0; i < r->n; i++) {
        if (!get_entry(r, i, &n))
            continue;
        n.local_off = off;
        off = dq_add_sat_u64(off, lead_len(&n));
        dq_file_set_add_array(out, i, off);
        off = dq_add_sat_u64(off, n.array.n_bytes);
        off = dq_add_sat_u64(off, r->is_stream ? DESCRIPTOR_LEN : 0);
        central_len += CENTRAL_LEN + n.name_len + central_extra_len(&n);
    }
    const size_t end_len =
        END_LEN + (needs_end64(out->n_order, off, central_len) ? END64_LEN + LOCATOR_LEN : 0);
    out->files[0].len = dq_add_sat_u64(off, central_len + end_len);
    return 0;
}

/* What a piece of an array contributes to its CRC, followed by tail_len other bytes. */
static uint32_t contribution(const uint8_t *bytes, size_t len, uint64_t tail_len)
{
    _Static_assert(sizeof(z_off_t) == sizeof(uint64_t), "lengths of large files");
    return (uint32_t)crc32_combine(crc32_z(0, bytes, len), 0, (z_off_t)tail_len);
}

static void data(
    const struct dq_file_set *s, size_t i, const uint8_t *bytes, size_t len, uint64_t off)
{
    struct dq_array a;
    s->request.get(s->request.arg, i, &a);
    atomic_fetch_xor(&crcs_of(s)[i], contribution(bytes, len, a.n_bytes - off - len));
}

/* Leaves out the CRC in a file. */
static int array(const struct dq_file_set *s, size_t i, struct dq_sink *sink, struct dq_error *e)
{
    struct dq_bytes b = {0};
    struct entry n;
    planned_entry(s, i, &n);
    crcs_of(s)[i] = contribution(n.header, n.header_len, n.array.n_bytes);
    put_local(&b, s, &n);
    int rc = dq_bytes_check(&b, e);
    if (rc == 0 && s->request.is_stream) {
        rc = sink->ops->put(sink, b.bytes, b.len, n.local_off, e);
    } else if (rc == 0) {
        const size_t resume = CRC_AT + CRC_LEN;
        rc = sink->ops->put(sink, b.bytes, CRC_AT, n.local_off, e);
        if (rc == 0)
            rc = sink->ops->put(sink, b.bytes + resume, b.len - resume, n.local_off + resume, e);
    }
    dq_bytes_finish(&b);
    return rc;
}

static int array_end(
    const struct dq_file_set *s, size_t i, struct dq_sink *sink, struct dq_error *e)
{
    struct dq_bytes b = {0};
    struct entry n;
    planned_entry(s, i, &n);
    uint64_t off = n.local_off + CRC_AT;
    if (s->request.is_stream) {
        dq_bytes_put(&b, "PK\7\10", 4);
        off = s->places[i].offset + n.array.n_bytes;
    }
    dq_bytes_number(&b, crcs_of(s)[i], CRC_LEN);
    if (s->request.is_stream) {
        dq_bytes_number(&b, n.len, 8);
        dq_bytes_number(&b, n.len, 8);
    }
    int rc = dq_bytes_check(&b, e);
    if (rc == 0)
        rc = sink->ops->put(sink, b.bytes, b.len, off, e);
    dq_bytes_finish(&b);
    return rc;
}

/* Writes what is in the buffer and empties it. */
static int flush(struct dq_bytes *b, uint64_t *off, struct dq_sink *sink, struct dq_error *e)
{
    int rc = dq_bytes_check(b, e);
    if (rc == 0)
        rc = sink->ops->put(sink, b->bytes, b->len, *off, e);
    *off += b->len;
    b->len = 0;
    return rc;
}

static int end(const struct dq_file_set *s, size_t file, struct dq_sink *sink, struct dq_error *e)
{
    const struct dq_file_plan *p = &s->files[file];
    const size_t last = s->order[p->first + p->n_arrays - 1];
    struct dq_bytes b = {0};
    struct entry n;
    planned_entry(s, last, &n);
    const uint64_t start =
        s->places[last].offset + n.array.n_bytes + (s->request.is_stream ? DESCRIPTOR_LEN : 0);
    uint64_t off = start;
    int rc = 0;
    for (size_t i = p->first; rc == 0 && i < p->first + p->n_arrays; i++) {
        planned_entry(s, s->order[i], &n);
        put_central(&b, s, &n, crcs_of(s)[s->order[i]]);
        if (b.len >= FLUSH_AT)
            rc = flush(&b, &off, sink, e);
    }
    put_end(&b, p->n_arrays, start, off + b.len - start);
    if (rc == 0)
        rc = flush(&b, &off, sink, e);
    dq_bytes_finish(&b);
    return rc;
}

/* Besides what ZIP cannot hold, names that some programs would unpack somewhere else. */
static const char *refuse(const struct dq_array *a)
{
    const char *end_of_name = a->name + a->name_len;
    if (a->name_len > UINT16_MAX - strlen(extension))
        return "its name is longer than ZIP archives allow (65531 bytes)";
    if (dq_array_refuse_name(a))
        return dq_array_refuse_name(a);
    for (const char *part = a->name; part < end_of_name;) {
        const char *slash = memchr(part, '/', (size_t)(end_of_name - part));
        const size_t len = (size_t)((slash ? slash : end_of_name) - part);
        if ((slash && len == 0 && part == a->name) ||
            (slash && len == 2 && memcmp(part, "..", 2) == 0))
            return "as a file in an archive, its name would lead out of the directory";
        part += len + 1;
    }
    return NULL;
}

const struct dq_container dq_container_npz = {.name = "npz",
    .extension = ".npz",
    .holds_many = true,
    .has_type = dq_npy_has_type,
    .refuse = refuse,
    .plan = plan,
    .array = array,
    .array_end = array_end,
    .end = end,
    .data = data};
