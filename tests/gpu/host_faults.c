#include "host_faults.h"

#include "type/half.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* KIND, the runtime's name for the call, and the code and description with which it fails. */
static const struct {
    const char *kind;
    const char *function;
    int rc;
    const char *description;
} calls[HOST_CALLS] = {
    [HOST_COUNT] = {"count", "GetDeviceCount", DQ_ERR_GPU, "no device (100, hostErrorNoDevice)"},
    [HOST_DESCRIBE] = {"describe", "DeviceGetName", DQ_ERR_GPU,
        "invalid device ordinal (101, hostErrorInvalidDevice)"},
    [HOST_OPEN] = {"open", "ModuleLoadData", DQ_ERR_GPU,
        "device kernel image is invalid (200, hostErrorInvalidImage)"},
    [HOST_MAKE_CURRENT] = {"make_current", "SetDevice", DQ_ERR_GPU,
        "invalid device ordinal (101, hostErrorInvalidDevice)"},
    [HOST_KERNEL] = {"kernel", "ModuleGetFunction", DQ_ERR_GPU,
        "named symbol not found (500, hostErrorNotFound)"},
    [HOST_ALLOC] = {"alloc", "Malloc", DQ_ERR_MEMORY, "out of memory (2, hostErrorOutOfMemory)"},
    [HOST_ALLOC_HOST] = {"alloc_host", "HostMalloc", DQ_ERR_MEMORY,
        "out of memory (2, hostErrorOutOfMemory)"},
    [HOST_STREAM_NEW] = {"stream_new", "StreamCreate", DQ_ERR_GPU,
        "driver shutting down (4, hostErrorDeinitialized)"},
    [HOST_COPY_IN] = {"copy_in", "MemcpyHtoD", DQ_ERR_GPU,
        "invalid argument (1, hostErrorInvalidValue)"},
    [HOST_COPY_OUT] = {"copy_out", "MemcpyDtoH", DQ_ERR_GPU,
        "invalid argument (1, hostErrorInvalidValue)"},
    [HOST_FILL] = {"fill", "MemsetD8", DQ_ERR_GPU, "invalid argument (1, hostErrorInvalidValue)"},
    [HOST_LAUNCH] = {"launch", "LaunchKernel", DQ_ERR_GPU,
        "too many resources requested for launch (701, hostErrorLaunchOutOfResources)"},
    [HOST_SYNC] = {"sync", "StreamSynchronize", DQ_ERR_GPU,
        "unspecified launch failure (719, hostErrorLaunchFailure)"},
};

static _Noreturn void bad_setting(const char *name, const char *value)
{
    fprintf(stderr, "%s=%s: not understood\n", name, value);
    abort();
}

uint64_t host_setting(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);
    char *end;
    if (!value)
        return otherwise;
    const uint64_t n = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0')
        bad_setting(name, value);
    return n;
}

/* Whether an entry of DQ_HOST_FAIL, KIND:N[+][!], applies to the n-th call of a kind. */
static bool entry_applies(const char *entry, enum host_call call, uint64_t n, bool *other)
{
    const size_t len = strcspn(entry, ":");
    char *end;
    if (strlen(calls[call].kind) != len || strncmp(entry, calls[call].kind, len) != 0)
        return false;
    const uint64_t number = strtoull(entry + len + 1, &end, 10);
    const bool on = *end == '+';
    end += on;
    *other = *end == '!';
    end += *end == '!';
    if (number == 0 || (*end != '\0' && *end != ','))
        bad_setting("DQ_HOST_FAIL", entry);
    return on ? n >= number : n == number;
}

static pthread_mutex_t counts_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t counts[HOST_CALLS];

void host_forget_calls(void)
{
    pthread_mutex_lock(&counts_lock);
    memset(counts, 0, sizeof counts);
    pthread_mutex_unlock(&counts_lock);
}

int host_call(enum host_call call, struct dq_error *e)
{
    const char *entry = getenv("DQ_HOST_FAIL");
    bool other;
    pthread_mutex_lock(&counts_lock);
    const uint64_t n = ++counts[call];
    pthread_mutex_unlock(&counts_lock);
    for (; entry && *entry; entry += strcspn(entry, ","), entry += *entry == ',') {
        if (!entry_applies(entry, call, n, &other))
            continue;
        if (!other)
            return dq_fail(
                e, calls[call].rc, "host%s: %s", calls[call].function, calls[call].description);
        if (calls[call].rc == DQ_ERR_MEMORY)
            return dq_fail(e, DQ_ERR_GPU, "host%s: unknown error (999, hostErrorUnknown)",
                calls[call].function);
        return dq_fail(e, DQ_ERR_MEMORY, "host%s: out of memory (2, hostErrorOutOfMemory)",
            calls[call].function);
    }
    return 0;
}

/* A weight, and what is needed to make it wrong. */
struct weight {
    uint32_t bits;
    uint32_t before; /* its bits before the launch */
    uint32_t sign;   /* of its dtype: the sign bit, and the smallest normal number */
    uint32_t least_normal;
    uint32_t nan;
    uint64_t element; /* in its block */
    uint64_t launch;  /* counted from 0 */
};

static uint32_t wrong_bits(const struct weight *w)
{
    return w->bits ^ 1;
}

static uint32_t wrong_kept(const struct weight *w)
{
    return w->before;
}

static uint32_t wrong_nan(const struct weight *w)
{
    return w->nan;
}

static uint32_t wrong_zero_sign(const struct weight *w)
{
    return (w->bits & ~w->sign) == 0 ? w->bits ^ w->sign : w->bits;
}

static uint32_t wrong_flushed(const struct weight *w)
{
    return (w->bits & ~w->sign) < w->least_normal ? w->bits & w->sign : w->bits;
}

static uint32_t wrong_from_32(const struct weight *w)
{
    return w->element >= 32 ? w->bits ^ 1 : w->bits;
}

static uint32_t wrong_unstable(const struct weight *w)
{
    return w->bits ^ 1u << w->launch % 4;
}

static const struct {
    const char *name;
    uint32_t (*of)(const struct weight *w);
} kinds[] = {
    {"bits", wrong_bits},
    {"kept", wrong_kept},
    {"nan", wrong_nan},
    {"zero-sign", wrong_zero_sign},
    {"flushed", wrong_flushed},
    {"from-32", wrong_from_32},
    {"unstable", wrong_unstable},
};

/* DQ_HOST_WRONG, parsed. */
struct wrong {
    uint32_t (*of)(const struct weight *w);
    uint64_t first;
    uint64_t last;
    char kernel[32]; /* "": all */
};

static bool read_wrong(struct wrong *out)
{
    const char *text = getenv("DQ_HOST_WRONG");
    char how[16];
    *out = (struct wrong){.of = NULL};
    if (!text)
        return false;
    if (sscanf(text, "%15[^:]:%" SCNu64 "-%" SCNu64 ":%31s", how, &out->first, &out->last,
            out->kernel) < 3)
        bad_setting("DQ_HOST_WRONG", text);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, how) == 0)
            out->of = kinds[i].of;
    }
    if (!out->of)
        bad_setting("DQ_HOST_WRONG", text);
    return true;
}

void host_corrupt(const char *kernel, const struct dq_type_info *type, enum dq_dtype dtype,
    const void *before, void *weights, uint64_t n)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t n_launches;
    struct weight w = {.sign = 0x80000000, .least_normal = 0x00800000, .nan = 0x7fc00000};
    struct wrong wrong;
    const size_t len = dq_dtype_len(dtype);
    if (!read_wrong(&wrong) || (wrong.kernel[0] && strcmp(wrong.kernel, kernel) != 0))
        return;
    if (dtype == DQ_DTYPE_f16)
        w = (struct weight){.sign = 0x8000, .least_normal = 0x0400, .nan = 0x7e00};
    else if (dtype == DQ_DTYPE_bf16)
        w = (struct weight){.sign = 0x8000, .least_normal = 0x0080, .nan = 0x7fc0};
    pthread_mutex_lock(&lock);
    w.launch = n_launches++;
    pthread_mutex_unlock(&lock);
    for (uint64_t i = wrong.first; i < n && i <= wrong.last; i++) {
        uint8_t *p = (uint8_t *)weights + i * len;
        const uint8_t *old = (const uint8_t *)before + i * len;
        w.bits = len == 2 ? dq_u16(p) : dq_u32(p);
        w.before = len == 2 ? dq_u16(old) : dq_u32(old);
        w.element = i % type->weights;
        const uint32_t bits = wrong.of(&w);
        const uint16_t half = (uint16_t)bits;
        memcpy(p, len == 2 ? (const void *)&half : &bits, len);
    }
}
