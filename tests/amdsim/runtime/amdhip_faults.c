/* Parsing $DQ_AMD_FAIL, and counting calls. */
#include "amdhip_faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    hipError_t error;
    enum hip_need need;
} calls[HIP_N_CALLS] = {
#define CALL(name, error, need) [HIP_##name] = {"hip" #name, hipError##error, HIP_##need},
    HIP_CALLS(CALL)
#undef CALL
};

/* An entry of DQ_AMD_FAIL. */
struct entry {
    uint64_t first;
    bool and_on;
    bool later;
    hipError_t error; /* hipSuccess: the usual one */
};

const char *hip_call_name(enum hip_call call)
{
    return calls[call].name;
}

enum hip_need hip_call_need(enum hip_call call)
{
    return calls[call].need;
}

void hip_bad_setting(const char *name, const char *value)
{
    fprintf(stderr, "%s=%s: not understood\n", name, value);
    abort();
}

uint64_t hip_setting(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);
    char *end;
    if (!value)
        return otherwise;
    const uint64_t n = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0')
        hip_bad_setting(name, value);
    return n;
}

static bool is_asynchronous(enum hip_call call)
{
    return call == HIP_MemcpyHtoDAsync || call == HIP_MemcpyDtoHAsync ||
           call == HIP_MemsetD8Async || call == HIP_ModuleLaunchKernel;
}

static enum hip_call parse_name(const char *entry)
{
    const size_t len = strcspn(entry, ":");
    for (int i = 0; i < HIP_N_CALLS; i++) {
        if (strlen(calls[i].name) == len && strncmp(calls[i].name, entry, len) == 0 && entry[len])
            return (enum hip_call)i;
    }
    hip_bad_setting("DQ_AMD_FAIL", entry);
}

/* Reads FUNCTION:N[+][~][=NUMBER]. */
static enum hip_call parse(const char *text, struct entry *out)
{
    const enum hip_call call = parse_name(text);
    struct entry e = {.error = hipSuccess};
    char *at;
    e.first = strtoull(text + strcspn(text, ":") + 1, &at, 10);
    e.and_on = *at == '+';
    at += e.and_on;
    e.later = *at == '~';
    at += e.later;
    if (*at == '=')
        e.error = (hipError_t)strtoul(at + 1, &at, 10);
    if (e.first == 0 || (*at != '\0' && *at != ',') || (e.later && !is_asynchronous(call)))
        hip_bad_setting("DQ_AMD_FAIL", text);
    *out = e;
    return call;
}

void hip_call_counted(enum hip_call call, hipError_t *out_now, hipError_t *out_later)
{
    static uint64_t counts[HIP_N_CALLS];
    const uint64_t n = ++counts[call];
    const char *text = getenv("DQ_AMD_FAIL");
    struct entry e;
    *out_now = hipSuccess;
    *out_later = hipSuccess;
    for (; text && *text; text += strcspn(text, ","), text += *text == ',') {
        if (parse(text, &e) != call || (e.and_on ? n < e.first : n != e.first))
            continue;
        if (e.later)
            *out_later = e.error != hipSuccess ? e.error : hipErrorLaunchFailure;
        else
            *out_now = e.error != hipSuccess ? e.error : calls[call].error;
    }
}
