#include "base/pool.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

/* AddressSanitizer sees where a text ends only if it has a block of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define BLOCK 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK 0
#endif
#endif
#ifndef BLOCK
#define BLOCK 8192
#endif

struct block {
    struct block *before;
    char bytes[];
};

struct dq_pool {
    struct block *last;
    char *next; /* in the block that is filled */
    size_t left;
};

struct dq_pool *dq_pool_new(void)
{
    return dq_mem_calloc(1, sizeof(struct dq_pool));
}

void dq_pool_free(struct dq_pool *p)
{
    while (p && p->last) {
        struct block *b = p->last;
        p->last = b->before;
        dq_mem_free(b);
    }
    dq_mem_free(p);
}

static char *add_block(struct dq_pool *p, size_t len)
{
    struct block *b = len < SIZE_MAX - sizeof *b ? dq_mem_alloc(sizeof *b + len) : NULL;
    if (!b)
        return NULL;
    b->before = p->last;
    p->last = b;
    return b->bytes;
}

char *dq_pool_alloc(struct dq_pool *p, size_t len)
{
    if (len > p->left) {
        if (len > BLOCK / 4) /* what is left of the block that is filled stays in use */
            return add_block(p, len);
        char *bytes = add_block(p, BLOCK);
        if (!bytes)
            return NULL;
        p->next = bytes;
        p->left = BLOCK;
    }
    char *text = p->next;
    p->next += len;
    p->left -= len;
    return text;
}

char *dq_pool_strdup(struct dq_pool *p, const char *text)
{
    return dq_pool_strndup(p, text, strlen(text));
}

char *dq_pool_strndup(struct dq_pool *p, const char *text, size_t len)
{
    char *copy = dq_pool_alloc(p, len + 1);
    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}
