/* A stand-in for AMD's libamdhip64.so: the functions of the HIP module API that the program takes,
 * on cards that the interpreter plays. The program runs on it as it is when this library lies first
 * in LD_LIBRARY_PATH.
 *
 *   DQ_AMD_TARGET=LIST   the cards, with commas between: gfx90a, or gfx90a:sramecc+:xnack- with the
 *                        features that it runs with. None if it is not set.
 *   DQ_AMD_MEMORY=BYTES  each has so much memory; 16 GiB if it is not set
 *   DQ_AMD_FAIL=LIST     what fails (amdhip_faults.h)
 *   DQ_AMD_REPORT=FILE   at the end a line for each card that was used is appended, which says what
 *                        was executed
 *   DQ_AMD_LEAKS=1       what was not given back is told at the end, on stderr
 *
 * Arguments are checked and refused as by the real library (ROCm 6); where that would crash, this
 * one ends the program. What the program did wrong is said on stderr, after "amdhip: ".
 *
 * Copies and launches are done when somebody waits for them, not before. What a kernel does wrong
 * becomes an error of the next synchronisation, and of all calls for that card after it.
 *
 * Stricter than the real one, to find what happens to work there:
 *   - a thread has to set its device, and a stream is wanted (there is no default one); both have
 *     to be of the card that module and memory are of;
 *   - host memory that is copied from or to has to be from hipHostMalloc, and holds junk from when
 *     a copy to it is asked for until that is done;
 *   - after a copy in, what earlier copies in had left behind it in that buffer counts as never
 *     written: kernels and copies out may not read it. So a kernel that reads one block too far is
 *     found although a larger tensor was there before;
 *   - what is copied out has to be written, and what a kernel wrote counts as never written once
 *     it was copied out. So a kernel that leaves a weight out is found;
 *   - when a stream was waited for, all that its kernels wrote in the buffers that they were given
 *     has to be copied out, unless a call for the stream was refused. So a kernel that writes one
 *     block too far is found. */
#ifndef AMDHIP_H
#define AMDHIP_H

#ifndef __HIP_PLATFORM_AMD__
#define __HIP_PLATFORM_AMD__
#endif

#include "amd_launch.h"
#include "amdhip_bundle.h"

#include <hip/hip_runtime_api.h>

enum { HIP_MAX_DEVICES = 8 };

/* Device memory from hipMalloc: a region with what the checks need to know. */
struct hip_buffer {
    struct hip_buffer *next;
    uint64_t base;
    size_t len;
    size_t filled;                   /* copies in wrote nothing from here on */
    const struct hip_stream *writer; /* a kernel in it got this buffer; NULL if that was checked */
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
    bool is_given_up; /* work was refused: that something is left out until the next wait is no
                         fault */
};

/* The names of kernels that were run. */
struct hip_name {
    struct hip_name *next;
    char text[64];
};

struct hip_device {
    int number;
    struct hip_target target;
    struct amd_memory memory;
    size_t total; /* bytes of memory, and those that are not allocated */
    size_t room;
    struct hip_buffer *buffers;
    struct hip_module *modules;
    struct hip_stream *streams;
    hipError_t fault; /* of a kernel; what is asked of the card later fails with it as well */
    struct hip_name *kernels;
    uint64_t n_launches;
    struct amd_counts counts;
};

/* The cards, made when first asked for. All of the library is under one lock. */
struct hip_device *hip_devices(int *out_n);

/* A number that no object had before, in the guise of a pointer to where nothing is. */
uintptr_t hip_new_handle(void);

/* NULL: it is none, or it was. */
struct hip_buffer *hip_find_buffer(struct hip_device *d, uint64_t address);
struct hip_module *hip_find_module(hipModule_t handle);
struct hip_function *hip_find_function(hipFunction_t handle);
struct hip_stream *hip_find_stream(hipStream_t handle);

/* Whether all of the bytes are in one piece of memory from hipHostMalloc. */
bool hip_is_pinned(const void *ptr, size_t len);

/* How many pieces of it there are. */
size_t hip_count_pinned(void);

/* Says on stderr what the program did wrong; returns code. */
hipError_t hip_refuse(hipError_t code, const char *format, ...) DQ_PRINTF(2, 3);

/* The same where the real library would crash. */
_Noreturn void hip_crash(const char *format, ...) DQ_PRINTF(1, 2);

#endif
