/* Executing queued work, and checking what it wrote. */
#include "amdhip_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POISON = 0xa5 };

/* Bytes are looked through in pieces of a size that the compiler makes one loop of vectors of. */
enum { PIECE = 4096 };

hipError_t hip_stream_put(struct hip_stream *s, const struct hip_task *task)
{
    struct hip_task *t = malloc(sizeof *t);
    if (!t)
        return hipErrorOutOfMemory;
    *t = *task;
    t->next = NULL;
    t->stream = s;
    if (t->work == HIP_COPY_OUT)
        memset(t->host, POISON, t->len);
    if (s->first)
        s->last->next = t;
    else
        s->first = t;
    s->last = t;
    return hipSuccess;
}

void hip_stream_drop(struct hip_stream *s)
{
    while (s->first) {
        struct hip_task *next = s->first->next;
        free(s->first->args);
        free(s->first);
        s->first = next;
    }
}

/* The first of the bytes that has not all of these bits, or len. */
static size_t find_without(const uint8_t *state, size_t len, uint8_t bits)
{
    size_t i = 0;
    for (; i < len; i += PIECE) {
        const size_t n = len - i < PIECE ? len - i : PIECE;
        uint8_t all = bits;
        for (size_t k = 0; k < n; k++)
            all &= state[i + k];
        if (all != bits)
            break;
    }
    while (i < len && (state[i] & bits) == bits)
        i++;
    return i < len ? i : len;
}

/* The first of the bytes that has one of these bits, or len. */
static size_t find_with(const uint8_t *state, size_t len, uint8_t bits)
{
    size_t i = 0;
    for (; i < len; i += PIECE) {
        const size_t n = len - i < PIECE ? len - i : PIECE;
        uint8_t any = 0;
        for (size_t k = 0; k < n; k++)
            any |= state[i + k];
        if (any & bits)
            break;
    }
    while (i < len && !(state[i] & bits))
        i++;
    return i < len ? i : len;
}

/* What kernels wrote, or that part of it, counts as never written from here on. */
static void forget_outputs(uint8_t *state, size_t len, uint8_t which)
{
    for (size_t i = 0; i < len; i++)
        state[i] = state[i] & which ? 0 : state[i];
}

/* The work that a stream has begun is of other weights than what it did before. */
static void forget_used(struct hip_device *d, const struct hip_stream *s)
{
    for (struct hip_buffer *b = d->buffers; b; b = b->next) {
        if (b->user == s)
            forget_outputs(amd_memory_find(&d->memory, b->base)->state, b->len, AMD_USED);
    }
}

/* The card is of no use from here on. */
static void set_fault(struct hip_device *d, hipError_t code, const char *text)
{
    if (d->fault != hipSuccess)
        return;
    d->fault = code;
    fprintf(stderr, "amdhip: %s: %s\n", d->target.processor, text);
}

static int copy_in(struct hip_device *d, const struct hip_task *t, struct dq_error *e)
{
    struct hip_buffer *b = hip_find_buffer(d, t->address);
    forget_used(d, t->stream);
    const int rc = amd_memory_copy_in(&d->memory, t->address, t->host, t->len, e);
    if (rc != 0)
        return rc;
    /* Bytes after it from an earlier copy are not part of the current contents. */
    uint8_t *state = amd_memory_find(&d->memory, t->address)->state;
    const size_t end = (size_t)(t->address - b->base) + t->len;
    for (size_t i = end; i < b->filled; i++)
        state[i] = state[i] & AMD_BY_KERNEL ? state[i] : 0;
    b->filled = end;
    return 0;
}

static int copy_out(struct hip_device *d, const struct hip_task *t, struct dq_error *e)
{
    const struct amd_region *r = amd_memory_find(&d->memory, t->address);
    uint8_t *state = r->state + (t->address - r->base);
    const size_t missing = find_without(state, t->len, AMD_WRITTEN);
    if (missing < t->len) {
        size_t n = 0;
        for (size_t i = missing; i < t->len; i++)
            n += !(state[i] & AMD_WRITTEN);
        return dq_fail(e, DQ_ERR_MALFORMED,
            "copy out of %zu bytes from 0x%" PRIx64 ": %zu of them, the first is byte %" PRIu64
            " of %s, were not written",
            t->len, t->address, n, t->address - r->base + missing, r->name);
    }
    forget_outputs(
        state, t->len, AMD_BY_KERNEL | AMD_USED); /* the next kernel has to write it again */
    return amd_memory_copy_out(&d->memory, t->address, t->host, t->len, e);
}

/* Counts as written by the host. */
static int fill(struct hip_device *d, const struct hip_task *t, struct dq_error *e)
{
    struct amd_region *r = amd_memory_find(&d->memory, t->address);
    (void)e;
    memset(r->bytes + (t->address - r->base), t->value, t->len);
    memset(r->state + (t->address - r->base), AMD_WRITTEN, t->len);
    return 0;
}

/* Notes that a kernel was run, and where it may write: in the buffers that it has pointers to. */
static void note_launch(struct hip_device *d, const struct hip_task *t)
{
    const struct amd_kernel *k = t->function->kernel;
    struct hip_name *name = d->kernels;
    d->n_launches++;
    while (name && strcmp(name->text, k->name) != 0)
        name = name->next;
    if (!name && (name = calloc(1, sizeof *name)) != NULL) {
        memcpy(name->text, k->name, sizeof name->text);
        name->next = d->kernels;
        d->kernels = name;
    }
    for (uint32_t i = 0; i < k->n_args && strncmp(k->args[i].kind, "hidden_", 7) != 0; i++) {
        uint64_t address = 0;
        if (k->args[i].size != sizeof address)
            continue;
        memcpy(&address, t->args + k->args[i].offset, sizeof address);
        struct hip_buffer *b = hip_find_buffer(d, address);
        if (b)
            b->writer = b->user = t->stream;
    }
}

static int launch(struct hip_device *d, const struct hip_task *t, struct dq_error *e)
{
    const struct amd_kernel *k = t->function->kernel;
    const void *args[AMD_MAX_ARGS] = {NULL};
    for (uint32_t i = 0; i < k->n_args; i++)
        args[i] = t->args + k->args[i].offset;
    const struct amd_launch l = {
        .kernel = k, .n_groups = t->n_groups, .group_size = t->group_size, .args = args};
    note_launch(d, t);
    return amd_launch(&d->memory, t->function->module->code, &l, &d->counts, e);
}

static void run_task(struct hip_device *d, const struct hip_task *t)
{
    static int (*const work[])(struct hip_device *, const struct hip_task *, struct dq_error *) = {
        [HIP_COPY_IN] = copy_in,
        [HIP_COPY_OUT] = copy_out,
        [HIP_FILL] = fill,
        [HIP_LAUNCH] = launch};
    struct dq_error e;
    if (t->fails_with != hipSuccess)
        d->fault = t->fails_with; /* as asked for, so there is nothing to say */
    else if (work[t->work](d, t, &e) != 0)
        set_fault(
            d, t->work == HIP_LAUNCH ? hipErrorLaunchFailure : hipErrorIllegalAddress, e.text);
}

hipError_t hip_stream_run(struct hip_stream *s)
{
    for (struct hip_task *t = s->first; t && s->device->fault == hipSuccess; t = t->next)
        run_task(s->device, t);
    hip_stream_drop(s);
    return s->device->fault;
}

void hip_run_all(void)
{
    int n;
    struct hip_device *d = hip_devices(&n);
    for (int i = 0; i < n; i++) {
        for (struct hip_stream *s = d[i].streams; s; s = s->next)
            hip_stream_run(s);
    }
}

hipError_t hip_check_output(struct hip_device *d, struct hip_buffer *b)
{
    char text[160];
    const struct amd_region *r = amd_memory_find(&d->memory, b->base);
    const size_t first = find_with(r->state, b->len, AMD_BY_KERNEL);
    const bool is_excused = b->writer && b->writer->is_given_up;
    b->writer = NULL;
    if (first == b->len || d->fault != hipSuccess)
        return d->fault;
    if (is_excused) {
        forget_outputs(r->state + first, b->len - first, AMD_BY_KERNEL);
        return hipSuccess;
    }
    size_t n = 0;
    for (size_t i = first; i < b->len; i++)
        n += (r->state[i] & AMD_BY_KERNEL) != 0;
    snprintf(text, sizeof text,
        "a kernel wrote %zu bytes that are not copied out; the first is byte %zu of %s, 0x%" PRIx64,
        n, first, r->name, b->base + first);
    set_fault(d, hipErrorLaunchFailure, text);
    return d->fault;
}

hipError_t hip_check_outputs(struct hip_stream *s)
{
    for (struct hip_buffer *b = s->device->buffers; b; b = b->next) {
        if (b->writer == s)
            hip_check_output(s->device, b);
    }
    s->is_given_up = false;
    return s->device->fault;
}
