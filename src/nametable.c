#include "nametable.h"

#include "mem.h"

#include <string.h>

/* FNV-1a with a last mix, so that the low bits depend on all. */
static uint64_t hash(const char *name, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)name[i]) * 0x100000001b3u;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

/* The slot of a name with hash h, or the empty one where it belongs. */
static struct dq_name_slot *slot_of(
    const struct dq_nametable *t, const char *name, size_t len, uint64_t h)
{
    size_t i = (size_t)h & (t->n_slots - 1);
    for (;; i = (i + 1) & (t->n_slots - 1)) {
        struct dq_name_slot *s = &t->slots[i];
        if (!s->name || (s->hash == h && s->len == len && memcmp(s->name, name, len) == 0))
            return s;
    }
}

static int grow(struct dq_nametable *t, size_t n_slots)
{
    struct dq_nametable bigger = {.n_slots = n_slots, .n_used = t->n_used};
    bigger.slots = dq_mem_zeroed(bigger.n_slots, sizeof *bigger.slots);
    if (!bigger.slots)
        return -1;
    for (size_t i = 0; i < t->n_slots; i++) {
        const struct dq_name_slot *s = &t->slots[i];
        if (s->name)
            *slot_of(&bigger, s->name, s->len, s->hash) = *s;
    }
    dq_mem_free(t->slots);
    *t = bigger;
    return 0;
}

void dq_nametable_finish(struct dq_nametable *t)
{
    dq_mem_free(t->slots);
    *t = (struct dq_nametable){0};
}

int dq_nametable_reserve(struct dq_nametable *t, size_t n)
{
    size_t n_slots = t->n_slots ? t->n_slots : 64;
    while (n_slots / 2 < n)
        n_slots *= 2;
    return n_slots > t->n_slots ? grow(t, n_slots) : 0;
}

int dq_nametable_add(struct dq_nametable *t, const char *name, size_t len, size_t value)
{
    /* At most half full, so that a search always meets an empty slot soon. */
    if (2 * (t->n_used + 1) > t->n_slots && grow(t, t->n_slots ? 2 * t->n_slots : 64) != 0)
        return -1;
    const uint64_t h = hash(name, len);
    struct dq_name_slot *s = slot_of(t, name, len, h);
    if (s->name)
        return 1;
    *s = (struct dq_name_slot){name, len, value, h};
    t->n_used++;
    return 0;
}

bool dq_nametable_find(const struct dq_nametable *t, const char *name, size_t len, size_t *value)
{
    if (t->n_slots == 0)
        return false;
    const struct dq_name_slot *s = slot_of(t, name, len, hash(name, len));
    if (!s->name)
        return false;
    *value = s->value;
    return true;
}
