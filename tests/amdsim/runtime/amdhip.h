/* A stand-in for AMD's libamdhip64.so: the functions of the HIP module API that the program uses,
 * on cards that the interpreter plays. The program runs on it unmodified if this library comes
 * first in LD_LIBRARY_PATH.
 *
 *   DQ_AMD_TARGET=LIST   the cards, separated by commas: gfx90a, or gfx90a:sramecc+:xnack- with the
 *                        features that it runs with; unset: none
 *   DQ_AMD_MEMORY=BYTES  memory of each card; 16 GiB if unset
 *   DQ_AMD_ROCM=VERSION  5, 6, or 7: what it says it is, which error says that there is no code for the card,
 *                        and whether generic code is taken (7); 7 if unset
 *   DQ_AMD_FAIL=LIST     what fails (amdhip_faults.h)
 *   DQ_AMD_REPORT=FILE   appends at exit, for each card that was used, a line that says what was
 *                        executed
 *   HSA_OVERRIDE_GFX_VERSION=10.3.0   what all cards are taken for, as in the real library
 *   DQ_AMD_SLOW=CARD     the number of a card that is slow: whoever waits for it goes on when the first card has run
 *                        four more kernels, or none for ten seconds
 *   DQ_AMD_CODE=FILE     writes the code object that was loaded
 *   DQ_AMD_LEAKS=1       reports on stderr at exit what was not freed
 *
 * Arguments are checked and refused as by the real library (ROCm 6). Where that would crash, this
 * one ends the program. Misuse is reported on stderr, after "amdhip: ".
 *
 * Copies and launches are executed when the program waits for them, not before. A fault of a kernel
 * becomes an error of the next synchronisation, and of all later calls for that card.
 *
 * To find what happens to work on the real library, this one is stricter:
 *   - a thread must set its device and use a stream (there is no default stream), both of the card
 *     to which module and memory belong;
 *   - host memory that is copied from or to must be from hipHostMalloc. From the request until its
 *     completion, the destination of a copy is poisoned;
 *   - after a copy in, what earlier copies in left after it in that buffer counts as never written:
 *     neither kernels nor copies out may read it. This finds a kernel that reads one block too far
 *     even where a larger tensor lay before;
 *   - what is copied out must have been written, and what a kernel wrote counts as never written
 *     once it was copied out, or once a kernel has loaded it and the stream copies in something else. This finds a kernel that does not write one of its weights;
 *   - when the program has waited for a stream, everything that its kernels wrote to their buffers
 *     must be copied out, or loaded by a kernel, unless a call for the stream was refused. This finds a kernel that writes
 *     one block too many.
 *
 * One lock protects all of the library. */
#ifndef AMDHIP_H
#define AMDHIP_H

#ifndef __HIP_PLATFORM_AMD__
#define __HIP_PLATFORM_AMD__
#endif

#include "amd_launch.h"
#include "amdhip_bundle.h"

#include <hip/hip_runtime_api.h>

#if HIP_VERSION_MAJOR >= 7
typedef const void *hip_copy_source;
#else
typedef void *hip_copy_source;
#endif

enum { HIP_MAX_DEVICES = 8 };

/* Device memory from hipMalloc: a region, and what the checks need to know about it. */
struct hip_buffer {
    struct hip_buffer *next;
    uint64_t base;
    size_t len;
    size_t filled;                   /* nothing was copied in from this offset on */
    const struct hip_stream *writer; /* its kernel got this buffer; NULL once that is checked */
    const struct hip_stream *user;   /* its kernel got it last */
};

struct hip_function {
    struct hip_function *next;
    uintptr_t handle;
    struct hip_module *module;
    const struct amd_kernel *kernel;
};

struct hip_module {
    struct hip_module *next;
    uintptr_t handle;
    struct hip_device *device;
    struct amd_code *code;
    struct hip_function *functions;
};

struct hip_task;

struct hip_stream {
    struct hip_stream *next;
    uintptr_t handle;
    struct hip_device *device;
    struct hip_task *first;
    struct hip_task *last;
    bool is_given_up; /* a call was refused, so missing copies are no fault until the next wait */
};

/* The name of a kernel that was run. */
struct hip_name {
    struct hip_name *next;
    char text[64];
};

struct hip_device {
    int number;
    struct hip_target target;
    struct amd_memory memory;
    size_t total; /* bytes of memory */
    size_t room;  /* bytes that are not allocated */
    struct hip_buffer *buffers;
    struct hip_module *modules;
    struct hip_stream *streams;
    hipError_t fault; /* of a kernel; later calls for the card fail with it too */
    struct hip_name *kernels;
    uint64_t n_launches;
    struct amd_counts counts;
};

/* The cards, created on the first call. */
struct hip_device *hip_devices(int *out_n);

/* A unique number that looks like a pointer but points to nothing. */
uintptr_t hip_new_handle(void);

/* NULL: there is no such object, or not any more. */
struct hip_buffer *hip_find_buffer(struct hip_device *d, uint64_t address);
struct hip_module *hip_find_module(hipModule_t handle);
struct hip_function *hip_find_function(hipFunction_t handle);
struct hip_stream *hip_find_stream(hipStream_t handle);

/* Whether all of the bytes lie in one allocation of hipHostMalloc. */
bool hip_is_pinned(const void *ptr, size_t len);

/* The number of those allocations. */
size_t hip_count_pinned(void);

/* Reports a misuse on stderr; returns code. */
hipError_t hip_refuse(hipError_t code, const char *format, ...) DQ_PRINTF(2, 3);

/* The same where the real library would crash. */
_Noreturn void hip_crash(const char *format, ...) DQ_PRINTF(1, 2);

#endif
