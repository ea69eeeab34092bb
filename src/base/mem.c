#include "base/mem.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__APPLE__)
#include <malloc/malloc.h>
#define USABLE_SIZE malloc_size
#elif defined(__FreeBSD__)
#include <malloc_np.h>
#define USABLE_SIZE malloc_usable_size
#else
#include <malloc.h>
#define USABLE_SIZE malloc_usable_size
#endif

/* The allocator's own bytes for each block. */
enum { OVERHEAD = sizeof(size_t) };

static size_t limit = SIZE_MAX; /* set once, before there are threads */
static atomic_size_t in_use;
static atomic_size_t refused;

void dq_mem_limit(size_t most)
{
    limit = most;
}

size_t dq_mem_left(void)
{
    const size_t now = atomic_load(&in_use);
    return now < limit ? limit - now : 0;
}

size_t dq_mem_refused(void)
{
    return atomic_load(&refused);
}

bool dq_mem_charge(size_t len)
{
    size_t now = atomic_load(&in_use);
    do {
        if (now > limit || len > limit - now) {
            atomic_store(&refused, len > SIZE_MAX - now ? SIZE_MAX : now + len);
            errno = ENOMEM;
            return false;
        }
    } while (!atomic_compare_exchange_weak(&in_use, &now, now + len));
    return true;
}

void dq_mem_uncharge(size_t len)
{
    atomic_fetch_sub(&in_use, len);
}

static size_t size_of(void *p)
{
    return p ? USABLE_SIZE(p) + OVERHEAD : 0;
}

/* Replaces the len bytes that were charged for p by its real size; p may be NULL. */
static void *settle(void *p, size_t len)
{
    atomic_fetch_add(&in_use, size_of(p) - len); /* may be negative: unsigned arithmetic wraps */
    return p;
}

void *dq_mem_alloc(size_t len)
{
    return dq_mem_charge(len) ? settle(malloc(len), len) : NULL;
}

void *dq_mem_calloc(size_t n, size_t len)
{
    if (len > 0 && n > SIZE_MAX / len) {
        errno = ENOMEM;
        return NULL;
    }
    return dq_mem_charge(n * len) ? settle(calloc(n, len), n * len) : NULL;
}

/* While the contents of a block that grows move, both blocks take memory, but of the new one only what is
 * written: twice the old length in total, which is no more than the new one if that doubles. */
void *dq_mem_realloc(void *p, size_t len)
{
    const size_t before = size_of(p);
    size_t moving = 0;
    if (len > before)
        moving = len - before > before ? len - before : before;
    if (!dq_mem_charge(moving))
        return NULL;
    void *moved = realloc(p, len);
    if (moved)
        atomic_fetch_add(&in_use, size_of(moved) - before); /* may be negative, as in settle */
    dq_mem_uncharge(moving);
    return moved;
}

void dq_mem_free(void *p)
{
    if (!p)
        return;
    dq_mem_uncharge(size_of(p));
    free(p);
}

char *dq_mem_strndup(const char *text, size_t len)
{
    char *copy = dq_mem_alloc(len + 1);
    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

char *dq_mem_strdup(const char *text)
{
    return dq_mem_strndup(text, strlen(text));
}

char *dq_mem_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len >= 0 ? dq_mem_alloc((size_t)len + 1) : NULL;
    if (text) {
        va_start(args, format);
        (void)vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return text;
}
