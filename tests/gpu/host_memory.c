#include "host_memory.h"

#include "host_faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POISON = 0xa5, POISONED_LEN = 64 << 10, ALIGN = 256 };

/* Added to a host address, this gives the device address, at which the host can have nothing. */
static const uintptr_t device_base = (uintptr_t)1 << 60;

struct host_piece {
    struct host_piece *next;
    uint8_t *bytes; /* host address */
    size_t len;
    bool on_device;
};

void host_misuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("host GPU: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

void host_memory_init(struct host_memory *m)
{
    *m = (struct host_memory){.used = 0};
    pthread_mutex_init(&m->lock, NULL);
}

void host_memory_finish(struct host_memory *m)
{
    if (m->pieces || m->used)
        host_misuse("closed while there is memory");
    pthread_mutex_destroy(&m->lock);
}

static struct host_piece *piece_new(size_t len, bool on_device)
{
    void *bytes = NULL;
    struct host_piece *piece = malloc(sizeof *piece);
    if (!piece || posix_memalign(&bytes, ALIGN, len) != 0) {
        free(piece);
        return NULL;
    }
    memset(bytes, POISON, len < POISONED_LEN ? len : POISONED_LEN);
    *piece = (struct host_piece){NULL, bytes, len, on_device};
    return piece;
}

void *host_memory_take(struct host_memory *m, size_t len, bool on_device)
{
    const uint64_t capacity = host_setting("DQ_HOST_MEMORY", (uint64_t)1 << 30);
    struct host_piece *piece = NULL;
    pthread_mutex_lock(&m->lock);
    if (!on_device || len <= capacity - m->used)
        piece = piece_new(len, on_device);
    if (piece) {
        piece->next = m->pieces;
        m->pieces = piece;
        m->used += on_device ? len : 0;
    }
    pthread_mutex_unlock(&m->lock);
    return piece ? (void *)((uintptr_t)piece->bytes + (on_device ? device_base : 0)) : NULL;
}

void host_memory_give(struct host_memory *m, void *ptr, bool on_device)
{
    const uintptr_t at = (uintptr_t)ptr - (on_device ? device_base : 0);
    if (!ptr)
        return;
    pthread_mutex_lock(&m->lock);
    struct host_piece **place = &m->pieces;
    while (*place && ((uintptr_t)(*place)->bytes != at || (*place)->on_device != on_device))
        place = &(*place)->next;
    struct host_piece *piece = *place;
    if (!piece)
        host_misuse("%p is freed but is not memory of the %s", ptr, on_device ? "device" : "host");
    *place = piece->next;
    m->used -= on_device ? piece->len : 0;
    pthread_mutex_unlock(&m->lock);
    free(piece->bytes);
    free(piece);
}

void *host_memory_find(struct host_memory *m, const void *ptr, size_t len, bool on_device)
{
    const uintptr_t at = (uintptr_t)ptr - (on_device ? device_base : 0);
    void *found = NULL;
    pthread_mutex_lock(&m->lock);
    for (const struct host_piece *p = m->pieces; p; p = p->next) {
        const uintptr_t begin = (uintptr_t)p->bytes;
        if (p->on_device == on_device && at >= begin && at - begin <= p->len &&
            len <= p->len - (at - begin))
            found = p->bytes + (at - begin);
    }
    pthread_mutex_unlock(&m->lock);
    if (!found)
        host_misuse(
            "%zu bytes at %p are not in memory of the %s", len, ptr, on_device ? "device" : "host");
    return found;
}
