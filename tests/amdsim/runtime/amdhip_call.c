/* The lock, the current device of each thread, and reports of misuse. */
#include "amdhip_call.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the whole library */
static enum hip_call current_call;
static hipError_t fault_of_work;
static _Thread_local int current_device = -1;

static void say(const char *format, va_list args)
{
    fprintf(stderr, "amdhip: %s: ", hip_call_name(current_call));
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

hipError_t hip_refuse(hipError_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    return code;
}

void hip_crash(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    abort();
}

static uint64_t launches_of_first_card(void)
{
    int n;
    pthread_mutex_lock(&lock);
    const uint64_t launches = hip_devices(&n)->n_launches;
    pthread_mutex_unlock(&lock);
    return launches;
}

void hip_be_slow(void)
{
    enum { RATIO = 4, STEP_MS = 5, GIVE_UP_MS = 10000 };
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    if (current_device < 0 || hip_setting("DQ_AMD_SLOW", UINT64_MAX) != (uint64_t)current_device)
        return;
    uint64_t seen = launches_of_first_card();
    const uint64_t wanted = seen + RATIO;
    for (int ms = 0; ms < GIVE_UP_MS && seen < wanted; ms += STEP_MS) {
        nanosleep(&step, NULL);
        const uint64_t now = launches_of_first_card();
        if (now != seen)
            ms = 0;
        seen = now;
    }
}

hipError_t hip_enter(enum hip_call call, struct hip_device **out_device)
{
    const enum hip_need need = hip_call_need(call);
    hipError_t rc;
    int n;
    pthread_mutex_lock(&lock);
    current_call = call;
    *out_device = NULL;
    hip_call_counted(call, &rc, &fault_of_work);
    struct hip_device *d = hip_devices(&n);
    if (need == HIP_NOTHING)
        return rc;
    if (n == 0)
        return hipErrorNoDevice;
    if (current_device < 0)
        return hip_refuse(hipErrorNotInitialized, "no device was set in this thread");
    *out_device = d + current_device;
    return rc == hipSuccess && need == HIP_SOUND ? d[current_device].fault : rc;
}

hipError_t hip_fault_of_work(void)
{
    return fault_of_work;
}

hipError_t hip_leave(hipError_t rc)
{
    pthread_mutex_unlock(&lock);
    return rc;
}

hipError_t hip_need_device(int number, struct hip_device **out)
{
    int n;
    struct hip_device *d = hip_devices(&n);
    if (n == 0)
        return hipErrorNoDevice;
    if (number < 0 || number >= n)
        return hip_refuse(hipErrorInvalidDevice, "device %d of %d", number, n);
    *out = d + number;
    return hipSuccess;
}

void hip_set_current(int number)
{
    current_device = number;
}
