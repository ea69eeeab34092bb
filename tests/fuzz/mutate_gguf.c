#include "mutate_gguf.h"

#include "fuzz.h"
#include "rng.h"
#include "type/type.h"

#include <stdbool.h>
#include <string.h>

enum {
    MOST = 64,
    MOST_DIMS = 10,
    MOST_DEPTH = 20,
    SPARE = 4096,
    STRING = 8,
    ARRAY = 9,
    N_TYPES = 13
};

/* Bytes of the original file, or of `spare`. */
struct piece {
    const uint8_t *at;
    size_t len;
};

struct pair {
    struct piece key;
    uint64_t key_len; /* as claimed */
    uint32_t type;
    struct piece value; /* as in the file */
};

struct tensor {
    struct piece name;
    uint64_t name_len;
    uint32_t n_dims;
    uint64_t dims[MOST_DIMS];
    uint32_t type;
    uint64_t offset;
};

struct gguf_parts {
    uint32_t version;
    bool big;
    uint64_t n_tensors; /* as claimed, and so n_pairs */
    uint64_t n_pairs;
    struct pair pairs[MOST];
    size_t pairs_len;
    struct tensor tensors[MOST];
    size_t tensors_len;
    uint64_t alignment;
    struct piece data;
    uint64_t data_end;    /* zeros follow the data up to here */
    uint8_t spare[SPARE]; /* for bytes that the file did not have */
    size_t spare_len;
    struct rng rng;
};

static uint64_t below(struct gguf_parts *f, uint64_t n)
{
    return rng_u64(&f->rng) % n;
}

/* A position in the file that never passes its end. */
struct place {
    const uint8_t *at;
    const uint8_t *end;
    bool big;
    bool narrow;
    bool failed;
};

static struct piece take(struct place *p, uint64_t len)
{
    struct piece piece = {p->at, (size_t)len};
    if (p->failed || len > (size_t)(p->end - p->at)) {
        p->failed = true;
        return (struct piece){p->at, 0};
    }
    p->at += len;
    return piece;
}

static uint64_t take_number(struct place *p, size_t len)
{
    const struct piece piece = take(p, len);
    uint64_t n = 0;
    for (size_t i = 0; i < piece.len; i++)
        n |= (uint64_t)piece.at[i] << 8 * (p->big ? len - 1 - i : i);
    return n;
}

static uint64_t take_count(struct place *p)
{
    return take_number(p, p->narrow ? 4 : 8);
}

static void skip_value(struct place *p, uint32_t type, int depth)
{
    static const uint8_t lengths[N_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    if (p->failed || type >= N_TYPES || depth > MOST_DEPTH) {
        p->failed = true;
    } else if (type == STRING) {
        take(p, take_count(p));
    } else if (type == ARRAY) {
        const uint32_t element = (uint32_t)take_number(p, 4);
        const uint64_t n = take_count(p);
        for (uint64_t i = 0; !p->failed && i < n; i++)
            skip_value(p, element, depth + 1);
    } else {
        take(p, lengths[type]);
    }
}

static void take_pair(struct place *p, struct gguf_parts *f)
{
    struct pair *pair = &f->pairs[f->pairs_len++];
    pair->key_len = take_count(p);
    pair->key = take(p, pair->key_len);
    pair->type = (uint32_t)take_number(p, 4);
    pair->value.at = p->at;
    skip_value(p, pair->type, 0);
    pair->value.len = (size_t)(p->at - pair->value.at);
    if (pair->type == 4 && pair->key.len == 17 &&
        memcmp(pair->key.at, "general.alignment", 17) == 0)
        f->alignment = pair->value.len == 4 ? pair->value.at[0] + 256u * pair->value.at[1] : 0;
}

static void take_tensor(struct place *p, struct gguf_parts *f)
{
    struct tensor *t = &f->tensors[f->tensors_len++];
    t->name_len = take_count(p);
    t->name = take(p, t->name_len);
    t->n_dims = (uint32_t)take_number(p, 4);
    if (t->n_dims > MOST_DIMS)
        p->failed = true;
    for (uint32_t i = 0; !p->failed && i < t->n_dims; i++)
        t->dims[i] = take_count(p);
    t->type = (uint32_t)take_number(p, 4);
    t->offset = take_number(p, 8);
}

/* Returns false for anything but a complete GGUF file that fits struct gguf_parts. */
static bool parse_file(const uint8_t *data, size_t size, struct gguf_parts *f)
{
    struct place p = {.at = data, .end = data + size};
    f->alignment = 32;
    if (size < 24 || memcmp(data, "GGUF", 4) != 0)
        return false;
    take(&p, 4);
    f->big = p.big = data[4] == 0 && data[7] != 0;
    f->version = (uint32_t)take_number(&p, 4);
    p.narrow = f->version == 1;
    f->n_tensors = take_count(&p);
    f->n_pairs = take_count(&p);
    if (f->n_tensors > MOST || f->n_pairs > MOST)
        return false;
    for (uint64_t i = 0; !p.failed && i < f->n_pairs; i++)
        take_pair(&p, f);
    for (uint64_t i = 0; !p.failed && i < f->n_tensors; i++)
        take_tensor(&p, f);
    if (p.failed)
        return false;
    const size_t head = (size_t)(p.at - data);
    const size_t padding = f->alignment > 0 ? (size_t)(0 - head) % (size_t)f->alignment : 0;
    take(&p, padding < (size_t)(p.end - p.at) ? padding : (uint64_t)(p.end - p.at));
    f->data = (struct piece){p.at, (size_t)(p.end - p.at)};
    return true;
}

/* The file being written; what does not fit is cut off, as in an incomplete download. */
struct gguf_output {
    uint8_t *at;
    size_t len;
    size_t max;
    bool big;
    bool narrow;
};

static void put(struct gguf_output *o, const void *bytes, size_t len)
{
    const size_t n = len < o->max - o->len ? len : o->max - o->len;
    if (n > 0)
        memcpy(o->at + o->len, bytes, n);
    o->len += n;
}

static void put_number(struct gguf_output *o, uint64_t n, size_t len)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(n >> 8 * (o->big ? len - 1 - i : i));
    put(o, bytes, len);
}

static void put_count(struct gguf_output *o, uint64_t n)
{
    put_number(o, n, o->narrow ? 4 : 8);
}

static size_t write_file(const struct gguf_parts *f, uint8_t *data, size_t max)
{
    struct gguf_output o = {.at = data, .max = max, .big = f->big, .narrow = f->version == 1};
    put(&o, "GGUF", 4);
    put_number(&o, f->version, 4);
    put_count(&o, f->n_tensors);
    put_count(&o, f->n_pairs);
    for (size_t i = 0; i < f->pairs_len; i++) {
        put_count(&o, f->pairs[i].key_len);
        put(&o, f->pairs[i].key.at, f->pairs[i].key.len);
        put_number(&o, f->pairs[i].type, 4);
        put(&o, f->pairs[i].value.at, f->pairs[i].value.len);
    }
    for (size_t i = 0; i < f->tensors_len; i++) {
        const struct tensor *t = &f->tensors[i];
        put_count(&o, t->name_len);
        put(&o, t->name.at, t->name.len);
        put_number(&o, t->n_dims, 4);
        for (uint32_t d = 0; d < t->n_dims && d < MOST_DIMS; d++)
            put_count(&o, t->dims[d]);
        put_number(&o, t->type, 4);
        put_number(&o, t->offset, 8);
    }
    while (f->alignment > 0 && o.len % f->alignment != 0 && o.len < o.max)
        put(&o, "", 1);
    const size_t data_off = o.len;
    put(&o, f->data.at, f->data.len);
    while (o.len < o.max && o.len - data_off < f->data_end)
        put(&o, "", 1);
    return o.len;
}

/* Returns a number that is likely to cause trouble. */
static uint64_t nasty_number(struct gguf_parts *f, uint64_t now)
{
    static const uint64_t nasty[] = {0, 1, 2, 3, 31, 32, 33, 255, 256, 257, 1024, 1025, 65535,
        65536, 1 << 20, INT32_MAX, UINT32_MAX, (uint64_t)1 << 32, (uint64_t)1 << 40,
        (uint64_t)1 << 61, (uint64_t)1 << 62, INT64_MAX, (uint64_t)1 << 63, UINT64_MAX - 31,
        UINT64_MAX - 7, UINT64_MAX - 1, UINT64_MAX};
    switch (below(f, 4)) {
    case 0:
        return now + below(f, 65) - 32;
    case 1:
        return now ^ (uint64_t)1 << below(f, 64);
    case 2:
        return below(f, 2) ? now * 2 : now / 2;
    default:
        return nasty[below(f, sizeof nasty / sizeof nasty[0])];
    }
}

static uint32_t some_type(struct gguf_parts *f)
{
    const uint64_t n = below(f, DQ_TYPE_COUNT + 4);
    return n < DQ_TYPE_COUNT ? dq_types[n].id : (uint32_t)nasty_number(f, 40);
}

static struct piece spare(struct gguf_parts *f, const void *bytes, size_t len)
{
    uint8_t *at = f->spare + f->spare_len;
    if (len > SPARE - f->spare_len)
        len = SPARE - f->spare_len;
    memcpy(at, bytes, len);
    f->spare_len += len;
    return (struct piece){at, len};
}

/* Returns a copy of some bytes, changed by the engine. */
static struct piece changed(struct gguf_parts *f, struct piece old)
{
    uint8_t bytes[256];
    const size_t len = old.len < sizeof bytes / 2 ? old.len : sizeof bytes / 2;
    if (len > 0)
        memcpy(bytes, old.at, len);
    return spare(f, bytes, LLVMFuzzerMutate(bytes, len, sizeof bytes));
}

/* Sets a value of the pair's type with something wrong in it. */
static void change_value(struct gguf_parts *f, struct pair *pair)
{
    uint8_t bytes[512];
    struct gguf_output o = {
        .at = bytes, .max = sizeof bytes, .big = f->big, .narrow = f->version == 1};
    if (pair->type == STRING && below(f, 2)) {
        put_count(&o, nasty_number(f, pair->value.len - 8));
        put(&o, pair->value.at, pair->value.len);
    } else if (pair->type == ARRAY && below(f, 4)) {
        const size_t head = o.narrow ? 8 : 12;
        put_number(&o, below(f, N_TYPES + 1), 4);
        put_count(&o, nasty_number(f, below(f, 8)));
        if (pair->value.len > head)
            put(&o, pair->value.at + head, pair->value.len - head);
    } else if (pair->type != STRING && pair->type != ARRAY) {
        put_number(&o, nasty_number(f, 32), 8);
        o.len = pair->value.len < 8 ? pair->value.len : 8;
    } else {
        pair->value = changed(f, pair->value);
        return;
    }
    pair->value = spare(f, bytes, o.len);
}

/* Sets a key with a meaning, and a right or wrong type. */
static void name_pair(struct gguf_parts *f, struct pair *pair)
{
    static const char *const keys[] = {"general.alignment", "general.architecture", "general.name",
        "split.no", "split.count", "split.tensors.count", "tokenizer.ggml.tokens", "", "a"};
    const char *key = keys[below(f, sizeof keys / sizeof keys[0])];
    pair->key = spare(f, key, strlen(key));
    pair->key_len = pair->key.len;
    if (below(f, 2)) {
        uint8_t bytes[24] = {(uint8_t)(1u << below(f, 8))};
        struct piece old = {bytes, below(f, 8) ? 4 : 24};
        pair->type = below(f, 4) ? 4 : (uint32_t)below(f, N_TYPES);
        pair->value = spare(f, old.at, old.len);
    }
}

static void change_pair(struct gguf_parts *f)
{
    struct pair *pair = &f->pairs[below(f, f->pairs_len)];
    switch (below(f, 6)) {
    case 0:
        pair->key_len = nasty_number(f, pair->key_len);
        break;
    case 1:
        pair->key = changed(f, pair->key);
        pair->key_len = pair->key.len;
        break;
    case 2:
        pair->type = (uint32_t)below(f, N_TYPES + 1);
        break;
    case 3:
        name_pair(f, pair);
        break;
    default:
        change_value(f, pair);
    }
}

static void change_tensor(struct gguf_parts *f)
{
    struct tensor *t = &f->tensors[below(f, f->tensors_len)];
    const struct tensor *other = &f->tensors[below(f, f->tensors_len)];
    switch (below(f, 9)) {
    case 0:
        t->name_len = nasty_number(f, t->name_len);
        break;
    case 1:
        t->name = changed(f, t->name);
        t->name_len = t->name.len;
        break;
    case 2:
        t->name = other->name;
        t->name_len = other->name_len;
        break;
    case 3:
        t->n_dims = (uint32_t)below(f, MOST_DIMS + 1);
        break;
    case 4:
        t->dims[below(f, MOST_DIMS)] = nasty_number(f, t->dims[below(f, MOST_DIMS)]);
        break;
    case 5:
        t->type = some_type(f);
        break;
    case 6:
        t->offset = other->offset;
        break;
    case 7:
        t->offset = nasty_number(f, t->offset);
        break;
    default:
        t->offset += f->alignment * (below(f, 9) - 4);
    }
}

/* Inserts or removes an item, or swaps two; adjusts the counts. */
static void change_lists(struct gguf_parts *f)
{
    const bool pairs = below(f, 2);
    const size_t n = pairs ? f->pairs_len : f->tensors_len;
    const size_t len = pairs ? sizeof f->pairs[0] : sizeof f->tensors[0];
    uint8_t *items = pairs ? (uint8_t *)f->pairs : (uint8_t *)f->tensors;
    uint8_t kept[sizeof(struct tensor) + sizeof(struct pair)];
    if (n == 0)
        return;
    uint8_t *a = items + len * below(f, n);
    uint8_t *b = items + len * below(f, n);
    int more = 0;
    switch (below(f, 3)) {
    case 0:
        if (n < MOST) {
            memcpy(items + len * n, a, len);
            more = 1;
        }
        break;
    case 1:
        memmove(a, a + len, (size_t)(items + len * n - (a + len)));
        more = -1;
        break;
    default:
        memcpy(kept, a, len);
        memmove(a, b, len);
        memcpy(b, kept, len);
    }
    *(pairs ? &f->pairs_len : &f->tensors_len) += (size_t)more;
    *(pairs ? &f->n_pairs : &f->n_tensors) += (uint64_t)more;
}

static void change_head(struct gguf_parts *f)
{
    switch (below(f, 5)) {
    case 0:
        f->version = (uint32_t)(below(f, 2) ? below(f, 5) : nasty_number(f, f->version));
        break;
    case 1:
        f->big = !f->big;
        break;
    case 2:
        f->n_tensors = nasty_number(f, f->n_tensors);
        break;
    case 3:
        f->n_pairs = nasty_number(f, f->n_pairs);
        break;
    default:
        f->alignment = (uint64_t)1
                       << below(f, 10); /* not the one of the metadata, if that has one */
    }
}

/* Lays out all tensors one after the other, with data for each, as writers do. */
static void lay_out(struct gguf_parts *f)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < f->tensors_len; i++) {
        struct tensor *t = &f->tensors[i];
        const struct dq_type_info *type = dq_type_by_id(t->type);
        uint64_t n = 1;
        for (uint32_t d = 0; d < t->n_dims && d < MOST_DIMS; d++)
            n *= t->dims[d];
        t->offset = offset;
        offset += type ? n / type->weights * type->bytes : 32;
        while (f->alignment > 0 && offset % f->alignment != 0)
            offset++;
    }
    f->data_end = offset;
}

static void change(struct gguf_parts *f)
{
    switch (below(f, 8)) {
    case 0:
        change_head(f);
        break;
    case 1:
        change_lists(f);
        break;
    case 2:
    case 3:
    case 4:
        if (f->pairs_len > 0)
            change_pair(f);
        break;
    case 5:
        if (f->data.len > 0)
            f->data.len -= below(f, f->data.len);
        break;
    default:
        if (f->tensors_len > 0)
            change_tensor(f);
    }
}

size_t mutate_gguf(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    struct gguf_parts *f = calloc(1, sizeof *f);
    uint8_t *before = malloc(size + 1);
    FUZZ_CHECK(f && before);
    f->rng.state = seed;
    if (size > 0)
        memcpy(before, data, size);
    if (below(f, 8) == 0 || !parse_file(before, size, f)) {
        size = LLVMFuzzerMutate(data, size, max);
    } else {
        for (uint64_t n = 1 + below(f, 3); n > 0; n--)
            change(f);
        if (below(f, 3) == 0)
            lay_out(f);
        size = write_file(f, data, max);
    }
    free(before);
    free(f);
    return size;
}
