#include "base/strmap.h"

#include "base/mem.h"

#include <string.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

static uint64_t rotl64(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotl64(v[1], 13) ^ v[0];
    v[3] = rotl64(v[3], 16) ^ v[2];
    v[0] = rotl64(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = rotl64(v[3], 21) ^ v[0];
    v[1] = rotl64(v[1], 17) ^ v[2];
    v[2] = rotl64(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/* SipHash-1-3 (Aumasson and Bernstein) with a random key. Without one, the author of a file could
 * choose names that all collide, and n of them would take n^2 steps. */
static uint32_t hash(const uint64_t key[2], const char *name, size_t len)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
        key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    const char *end = name + len;
    for (; (size_t)(end - name) >= sizeof(uint64_t); name += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, name, sizeof word);
        sip_word(v, word);
    }
    uint64_t rest = (uint64_t)len << 56;
    for (unsigned i = 0; name + i < end; i++)
        rest |= (uint64_t)(unsigned char)name[i] << 8 * i;
    sip_word(v, rest);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

/* What is in the slot of the name with that index. */
static uint32_t slot_for(const struct dq_strmap *t, size_t index, uint32_t h)
{
    return (h & ~(uint32_t)(t->n_slots - 1)) | (uint32_t)(index + 1);
}

/* The name in a slot that is not empty. */
static struct dq_strmap_name *name_in(const struct dq_strmap *t, uint32_t slot)
{
    return &t->names[(slot & (t->n_slots - 1)) - 1];
}

/* Returns the slot of a name with hash h, or the empty slot where it belongs. */
static uint32_t *slot_of(const struct dq_strmap *t, const char *name, size_t len, uint32_t h)
{
    const uint32_t mask = (uint32_t)(t->n_slots - 1);
    for (uint32_t i = h & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &t->slots[i];
        if (*slot == 0)
            return slot;
        if (((*slot ^ h) & ~mask) != 0)
            continue;
        const struct dq_strmap_name *n = name_in(t, *slot);
        if (n->hash == h && n->len == len && memcmp(n->name, name, len) == 0)
            return slot;
    }
}

static int grow(struct dq_strmap *t, size_t n_slots)
{
    const size_t n_names = n_slots / 2;
    if (n_slots - 1 > UINT32_MAX || n_names > SIZE_MAX / sizeof *t->names)
        return -1;
    struct dq_strmap_name *names = dq_mem_realloc(t->names, n_names * sizeof *names);
    if (!names)
        return -1;
    t->names = names;
    uint32_t *slots = dq_mem_alloc(n_slots * sizeof *slots);
    if (!slots)
        return -1;
    memset(slots, 0, n_slots * sizeof *slots); /* pages of calloc fault twice if read first */
#ifdef __linux__
    if (!t->slots)
        memcpy(t->key, (const void *)getauxval(AT_RANDOM), sizeof t->key);
#endif
    dq_mem_free(t->slots);
    t->slots = slots;
    t->n_slots = n_slots;
    for (size_t i = 0; i < t->n_used; i++) {
        size_t at = names[i].hash & (n_slots - 1);
        while (slots[at])
            at = (at + 1) & (n_slots - 1);
        slots[at] = slot_for(t, i, names[i].hash);
    }
    return 0;
}

void dq_strmap_finish(struct dq_strmap *t)
{
    dq_mem_free(t->names);
    dq_mem_free(t->slots);
    *t = (struct dq_strmap){0};
}

int dq_strmap_reserve(struct dq_strmap *t, size_t n)
{
    size_t n_slots = t->n_slots ? t->n_slots : 64;
    while (n_slots / 2 < n)
        n_slots *= 2;
    return n_slots > t->n_slots ? grow(t, n_slots) : 0;
}

int dq_strmap_add(struct dq_strmap *t, const char *name, size_t len, size_t value)
{
    /* At most half full, so that probing soon meets an empty slot. */
    if (2 * (t->n_used + 1) > t->n_slots && grow(t, t->n_slots ? 2 * t->n_slots : 64) != 0)
        return -1;
    const uint32_t h = hash(t->key, name, len);
    uint32_t *slot = slot_of(t, name, len, h);
    if (*slot)
        return 1;
    *slot = slot_for(t, t->n_used, h);
    t->names[t->n_used++] = (struct dq_strmap_name){name, value, (uint32_t)len, h};
    return 0;
}

bool dq_strmap_find(const struct dq_strmap *t, const char *name, size_t len, size_t *value)
{
    if (t->n_slots == 0)
        return false;
    const uint32_t slot = *slot_of(t, name, len, hash(t->key, name, len));
    if (slot)
        *value = name_in(t, slot)->value;
    return slot != 0;
}
