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
static uint64_t hash(const uint64_t key[2], const char *name, size_t len)
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
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Returns the slot of a name with hash h, or the empty slot where it belongs. */
static struct dq_strmap_slot *slot_of(
    const struct dq_strmap *t, const char *name, size_t len, uint64_t h)
{
    size_t i = (size_t)h & (t->n_slots - 1);
    for (;; i = (i + 1) & (t->n_slots - 1)) {
        struct dq_strmap_slot *s = &t->slots[i];
        if (!s->name || (s->hash == h && s->len == len && memcmp(s->name, name, len) == 0))
            return s;
    }
}

static int grow(struct dq_strmap *t, size_t n_slots)
{
    struct dq_strmap bigger = *t;
    bigger.n_slots = n_slots;
#ifdef __linux__
    if (!t->slots)
        memcpy(bigger.key, (const void *)getauxval(AT_RANDOM), sizeof bigger.key);
#endif
    bigger.slots = dq_mem_calloc(bigger.n_slots, sizeof *bigger.slots);
    if (!bigger.slots)
        return -1;
    for (size_t i = 0; i < t->n_slots; i++) {
        const struct dq_strmap_slot *s = &t->slots[i];
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the slots are there */
        if (s->name)
            *slot_of(&bigger, s->name, s->len, s->hash) = *s;
    }
    dq_mem_free(t->slots);
    *t = bigger;
    return 0;
}

void dq_strmap_finish(struct dq_strmap *t)
{
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
    const uint64_t h = hash(t->key, name, len);
    struct dq_strmap_slot *s = slot_of(t, name, len, h);
    if (s->name)
        return 1;
    *s = (struct dq_strmap_slot){name, len, value, h};
    t->n_used++;
    return 0;
}

bool dq_strmap_find(const struct dq_strmap *t, const char *name, size_t len, size_t *value)
{
    if (t->n_slots == 0)
        return false;
    const struct dq_strmap_slot *s = slot_of(t, name, len, hash(t->key, name, len));
    if (!s->name)
        return false;
    *value = s->value;
    return true;
}
