/* The stand-in for the HIP runtime, as the program meets it. What ends a card or the program
 * happens in a process of its own: this program, called with the name of a part.
 *
 * DQ_TEST_BUNDLE: the kernels. DQ_TEST_TARGET: one of the targets that they are built for. */
#ifndef __HIP_PLATFORM_AMD__
#define __HIP_PLATFORM_AMD__
#endif
#include "scratch.h"
#include "type/half.h"

#include <fcntl.h>
#include <hip/hip_runtime_api.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WITHOUT_CODE = 2, /* the devices: two with the kernels, one without */
    ROOM = 4096,
    BLOCK_LEN = 34, /* of Q8_0 */
    BLOCK_WEIGHTS = 32,
};

static void *bundle;
static const char *self;

/* A card with all that a decode needs. */
struct card {
    hipStream_t stream;
    hipModule_t module;
    hipFunction_t kernel; /* Q8_0 to f32 */
    void *d_in;
    void *d_out;
    uint8_t *in;
    float *out;
};

#define OK(call) assert_int_equal(call, hipSuccess)

static void *pin(size_t len)
{
    void *p = NULL;
    OK(hipHostMalloc(&p, len, hipHostMallocDefault));
    return p;
}

static void *allocate(size_t len)
{
    void *p = NULL;
    OK(hipMalloc(&p, len));
    return p;
}

static hipStream_t new_stream(void)
{
    hipStream_t s = NULL;
    OK(hipStreamCreateWithFlags(&s, hipStreamNonBlocking));
    return s;
}

static void open_card(struct card *c, int device)
{
    OK(hipSetDevice(device));
    c->stream = new_stream();
    OK(hipModuleLoadData(&c->module, bundle));
    OK(hipModuleGetFunction(&c->kernel, c->module, "dq_q8_0_f32"));
    c->d_in = allocate(ROOM);
    c->d_out = allocate(ROOM);
    c->in = pin(ROOM);
    c->out = pin(ROOM);
}

/* Frees all, whatever the card says. */
static void close_card(struct card *c)
{
    const hipError_t rc[] = {hipFree(c->d_in), hipFree(c->d_out), hipHostFree(c->in),
        hipHostFree(c->out), hipModuleUnload(c->module), hipStreamDestroy(c->stream)};
    (void)rc;
}

/* Blocks in which the weights are scale * 0 to 31. */
static void fill_blocks(struct card *c, size_t nblocks)
{
    static const uint16_t scales[] = {0x3c00, 0x4000, 0x4200, 0x4400}; /* 1 to 4 */
    for (size_t i = 0; i < nblocks; i++) {
        uint8_t *block = c->in + i * BLOCK_LEN;
        block[0] = (uint8_t)scales[i];
        block[1] = (uint8_t)(scales[i] >> 8);
        for (int k = 0; k < BLOCK_WEIGHTS; k++)
            block[2 + k] = (uint8_t)k;
    }
}

static hipError_t put_copy_in(struct card *c, size_t nblocks)
{
    fill_blocks(c, nblocks);
    return hipMemcpyHtoDAsync(c->d_in, c->in, nblocks * BLOCK_LEN, c->stream);
}

static hipError_t put_launch(struct card *c, size_t nblocks)
{
    void *in = c->d_in;
    void *out = c->d_out;
    void *overflow = NULL;
    uint64_t n = nblocks * BLOCK_WEIGHTS;
    void *args[] = {&in, &out, &n, &overflow};
    return hipModuleLaunchKernel(c->kernel, 1, 1, 1, 256, 1, 1, 0, c->stream, args, NULL);
    /* args and what it points to are gone when the kernel runs */
}

static hipError_t put_copy_out(struct card *c, size_t nblocks)
{
    return hipMemcpyDtoHAsync(c->out, c->d_out, nblocks * BLOCK_WEIGHTS * sizeof(float), c->stream);
}

static void decode(struct card *c, size_t nblocks)
{
    OK(put_copy_in(c, nblocks));
    OK(put_launch(c, nblocks));
    OK(put_copy_out(c, nblocks));
    OK(hipStreamSynchronize(c->stream));
}

static void check_weights(const struct card *c, size_t nblocks)
{
    for (size_t i = 0; i < nblocks * BLOCK_WEIGHTS; i++) {
        const float wanted = (float)((i / BLOCK_WEIGHTS + 1) * (i % BLOCK_WEIGHTS));
        if (c->out[i] != wanted)
            fail_msg("weight %zu is %g, not %g", i, (double)c->out[i], (double)wanted);
    }
}

/* --- in this process --- */

static void devices_are_described(void **state)
{
    char text[64];
    char wanted[64];
    size_t memory = 0;
    int n = 0;
    (void)state;
    OK(hipGetDeviceCount(&n));
    assert_int_equal(n, 3);
    OK(hipDeviceGetName(text, sizeof text, 1));
    snprintf(wanted, sizeof wanted, "interpreted %s", getenv("DQ_TEST_TARGET"));
    assert_string_equal(text, wanted);
    OK(hipDeviceGetName(text, 4, 0));
    assert_string_equal(text, "int");
    OK(hipDeviceGetPCIBusId(text, sizeof text, 1));
    assert_string_equal(text, "fffe:01:00.0");
    OK(hipDeviceTotalMem(&memory, 2));
    assert_int_equal(memory, 1 << 30);
    OK(hipRuntimeGetVersion(&n));
    assert_int_equal(n / 10000000, 7);
    OK(hipDriverGetVersion(&n));
    assert_int_equal(hipGetDeviceCount(NULL), hipErrorInvalidValue);
    assert_int_equal(hipDeviceGetName(text, sizeof text, 3), hipErrorInvalidDevice);
    assert_int_equal(hipDeviceGetName(text, sizeof text, -1), hipErrorInvalidDevice);
    assert_int_equal(hipDeviceGetName(NULL, 5, 0), hipErrorInvalidValue);
    assert_int_equal(hipDeviceGetName(text, 0, 0), hipErrorInvalidValue);
    assert_int_equal(hipDeviceGetPCIBusId(text, 12, 0), hipErrorInvalidValue);
    assert_int_equal(hipDeviceGetPCIBusId(text, 13, 3), hipErrorInvalidDevice);
    assert_int_equal(hipDeviceTotalMem(&memory, 3), hipErrorInvalidDevice);
    assert_int_equal(hipDeviceTotalMem(NULL, 0), hipErrorInvalidValue);
    assert_int_equal(hipRuntimeGetVersion(NULL), hipErrorInvalidValue);
    assert_int_equal(hipSetDevice(3), hipErrorInvalidDevice);
}

static void errors_have_names(void **state)
{
    (void)state;
    assert_string_equal(hipGetErrorName(hipErrorOutOfMemory), "hipErrorOutOfMemory");
    assert_string_equal(hipGetErrorString(hipErrorOutOfMemory), "out of memory");
    assert_string_equal(hipGetErrorName(hipSuccess), "hipSuccess");
    assert_string_equal(hipGetErrorString((hipError_t)12345), "unrecognized error code");
}

static void device_memory_is_limited(void **state)
{
    void *p = NULL;
    void *q = &p;
    (void)state;
    OK(hipSetDevice(0));
    OK(hipMalloc(&p, (size_t)1 << 30));
    assert_int_equal(hipMalloc(&q, 1), hipErrorOutOfMemory);
    assert_null(q);
    OK(hipSetDevice(1)); /* which has its own */
    OK(hipMalloc(&q, 1));
    assert_int_not_equal((uintptr_t)p >> 56, (uintptr_t)q >> 56);
    OK(hipFree(p)); /* of another device than is set */
    OK(hipFree(q));
    OK(hipSetDevice(0));
    OK(hipMalloc(&p, 4096));
    assert_int_equal(hipFree((uint8_t *)p + 1), hipErrorInvalidValue);
    assert_int_equal(hipFree(&p), hipErrorInvalidValue);
    OK(hipFree(p));
    assert_int_equal(hipFree(p), hipErrorInvalidValue);
    OK(hipFree(NULL));
    OK(hipMalloc(&q, 0));
    assert_null(q);
    assert_int_equal(hipMalloc(NULL, 5), hipErrorInvalidValue);
}

static void host_memory_is_freed_once(void **state)
{
    void *p = NULL;
    (void)state;
    OK(hipSetDevice(0));
    OK(hipHostMalloc(&p, 100, hipHostMallocDefault));
    memset(p, 1, 100);
    assert_int_equal(hipHostFree((uint8_t *)p + 1), hipErrorInvalidValue);
    assert_int_equal(hipFree(p), hipErrorInvalidValue);
    OK(hipHostFree(p));
    assert_int_equal(hipHostFree(p), hipErrorInvalidValue);
    OK(hipHostFree(NULL));
    assert_int_equal(hipHostMalloc(NULL, 1, hipHostMallocDefault), hipErrorInvalidValue);
    assert_int_equal(hipHostMalloc(&p, 1, 0x1000), hipErrorInvalidValue);
}

static void streams_are_checked(void **state)
{
    hipStream_t s = NULL;
    (void)state;
    OK(hipSetDevice(0));
    assert_int_equal(hipStreamCreateWithFlags(NULL, hipStreamNonBlocking), hipErrorInvalidValue);
    assert_int_equal(hipStreamCreateWithFlags(&s, 2), hipErrorInvalidValue);
    s = new_stream();
    OK(hipStreamSynchronize(s));
    OK(hipSetDevice(1));
    assert_int_equal(hipStreamSynchronize(s), hipErrorInvalidResourceHandle);
    OK(hipSetDevice(0));
    OK(hipStreamDestroy(s));
    assert_int_equal(hipStreamDestroy(s), hipErrorContextIsDestroyed);
    assert_int_equal(hipStreamSynchronize(s), hipErrorContextIsDestroyed);
    assert_int_equal(hipStreamSynchronize((hipStream_t)(void *)&s), hipErrorContextIsDestroyed);
    assert_int_equal(hipStreamDestroy(NULL), hipErrorInvalidResourceHandle);
}

static void modules_are_checked(void **state)
{
    static const char no_code[256] = "no code";
    hipModule_t m = NULL;
    hipFunction_t f = NULL;
    hipFunction_t g = NULL;
    (void)state;
    OK(hipSetDevice(WITHOUT_CODE));
    assert_int_equal(hipModuleLoadData(&m, bundle), hipErrorInvalidImage);
    assert_int_equal(setenv("DQ_AMD_ROCM", "6", 1), 0);
    assert_int_equal(hipModuleLoadData(&m, bundle), hipErrorNoBinaryForGpu);
    assert_int_equal(unsetenv("DQ_AMD_ROCM"), 0);
    OK(hipSetDevice(0));
    assert_int_equal(hipModuleLoadData(&m, no_code), hipErrorInvalidImage);
    assert_int_equal(hipModuleLoadData(&m, NULL), hipErrorInvalidValue);
    assert_int_equal(hipModuleLoadData(NULL, bundle), hipErrorInvalidValue);
    OK(hipModuleLoadData(&m, bundle));
    assert_int_equal(hipModuleGetFunction(&f, m, "dq_q9_9_f32"), hipErrorNotFound);
    assert_int_equal(hipModuleGetFunction(&f, m, ""), hipErrorInvalidValue);
    assert_int_equal(hipModuleGetFunction(&f, m, NULL), hipErrorInvalidValue);
    assert_int_equal(hipModuleGetFunction(NULL, m, "dq_q8_0_f32"), hipErrorInvalidValue);
    assert_int_equal(hipModuleGetFunction(&f, NULL, "dq_q8_0_f32"), hipErrorInvalidResourceHandle);
    OK(hipModuleGetFunction(&f, m, "dq_q8_0_f32"));
    OK(hipModuleGetFunction(&g, m, "dq_q8_0_f32"));
    assert_ptr_equal(f, g);
    OK(hipModuleGetFunction(&g, m, "dq_q8_0_f16"));
    assert_ptr_not_equal(f, g);
    OK(hipSetDevice(1));
    assert_int_equal(hipModuleGetFunction(&f, m, "dq_q8_0_f32"), hipErrorNotFound);
    OK(hipModuleUnload(m));
    assert_int_equal(hipModuleUnload(m), hipErrorNotFound);
    assert_int_equal(hipModuleUnload(NULL), hipErrorInvalidResourceHandle);
    assert_int_equal(hipModuleGetFunction(&f, m, "dq_q8_0_f32"), hipErrorNotFound);
}

/* The code object of the target in the bundle, cut out. */
static void *copy_code(const char *name)
{
    const uint8_t *at = (const uint8_t *)bundle + 32;
    for (uint64_t left = dq_u64((const uint8_t *)bundle + 24); left > 0; left--) {
        const size_t offset = (size_t)dq_u64(at);
        const size_t len = (size_t)dq_u64(at + 8);
        const size_t id_len = (size_t)dq_u64(at + 16);
        const char *id = (const char *)at + 24;
        at += 24 + id_len;
        if (id_len < strlen(name) || memcmp(id + id_len - strlen(name), name, strlen(name)) != 0)
            continue;
        void *copy = malloc(len);
        assert_non_null(copy);
        return memcpy(copy, (const uint8_t *)bundle + offset, len);
    }
    fail_msg("no %s in the bundle", name);
    return NULL;
}

static void a_code_object_alone_will_do(void **state)
{
    void *code = copy_code(getenv("DQ_TEST_TARGET"));
    hipModule_t m = NULL;
    (void)state;
    OK(hipSetDevice(WITHOUT_CODE));
    assert_int_equal(hipModuleLoadData(&m, code), hipErrorInvalidImage);
    OK(hipSetDevice(0));
    OK(hipModuleLoadData(&m, code));
    OK(hipModuleUnload(m));
    free(code);
}

static void copies_are_checked(void **state)
{
    struct card c;
    uint8_t unpinned[16] = {0};
    (void)state;
    open_card(&c, 0);
    uint8_t *d = c.d_in;
    const hipError_t bad = hipErrorInvalidValue;
    OK(hipMemcpyHtoDAsync(d, c.in, ROOM, c.stream));
    OK(hipMemcpyHtoDAsync(d + 1, c.in + 1, ROOM - 1, c.stream));
    OK(hipMemcpyHtoDAsync(NULL, NULL, 0, c.stream));
    assert_int_equal(hipMemcpyHtoDAsync(d, c.in + 1, ROOM, c.stream), bad);
    assert_int_equal(hipMemcpyHtoDAsync(d + 1, c.in, ROOM, c.stream), bad);
    assert_int_equal(hipMemcpyDtoHAsync(c.out, d + ROOM - 3, 4, c.stream), bad);
    assert_int_equal(hipMemcpyHtoDAsync(d, unpinned, 16, c.stream), bad);
    assert_int_equal(hipMemcpyDtoHAsync(unpinned, d, 16, c.stream), bad);
    assert_int_equal(hipMemcpyHtoDAsync(c.in, d, 4, c.stream), bad);
    assert_int_equal(hipMemcpyHtoDAsync(NULL, c.in, 4, c.stream), bad);
    assert_int_equal(hipMemcpyHtoDAsync(d, NULL, 4, c.stream), bad);
    assert_int_equal(hipMemcpyHtoDAsync(d, c.in, 4, NULL), hipErrorInvalidResourceHandle);
    OK(hipSetDevice(1));
    hipStream_t other = new_stream();
    assert_int_equal(hipMemcpyHtoDAsync(d, c.in, 4, other), bad);
    assert_int_equal(hipMemcpyHtoDAsync(d, c.in, 4, c.stream), hipErrorInvalidResourceHandle);
    OK(hipStreamDestroy(other));
    OK(hipSetDevice(0));
    OK(hipStreamSynchronize(c.stream));
    OK(hipFree(c.d_in));
    assert_int_equal(hipMemcpyHtoDAsync(d, c.in, 4, c.stream), bad);
    c.d_in = NULL;
    close_card(&c);
}

static hipError_t launch_sized(struct card *c, unsigned n_groups, unsigned group_size)
{
    uint64_t n = 0;
    void *args[] = {&c->d_in, &c->d_out, &n, &n};
    return hipModuleLaunchKernel(
        c->kernel, n_groups, 1, 1, group_size, 1, 1, 0, c->stream, args, NULL);
}

static void launches_are_checked(void **state)
{
    struct card c;
    uint64_t n = 0;
    (void)state;
    open_card(&c, 0);
    void *args[] = {&c.d_in, &c.d_out, &n, &n};
    const hipError_t bad = hipErrorInvalidConfiguration;
    OK(launch_sized(&c, 1, 1024));
    OK(hipStreamSynchronize(c.stream));
    assert_int_equal(launch_sized(&c, 0, 256), bad);
    assert_int_equal(launch_sized(&c, 1, 0), bad);
    assert_int_equal(launch_sized(&c, 1, 1025), bad);
    assert_int_equal(launch_sized(&c, 1u << 24, 256), bad); /* 2^32 threads */
    hipFunction_t f = c.kernel;
    hipStream_t s = c.stream;
    assert_int_equal(hipModuleLaunchKernel(f, 1, 0, 1, 1, 1, 1, 0, s, args, NULL), bad);
    assert_int_equal(hipModuleLaunchKernel(f, 1, 1, 1, 512, 3, 1, 0, s, args, NULL), bad);
    assert_int_equal(
        hipModuleLaunchKernel(f, 1, 1, 1, 1, 1, 1, 70000, s, args, NULL), hipErrorInvalidValue);
    assert_int_equal(
        hipModuleLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, s, NULL, NULL), hipErrorInvalidValue);
    assert_int_equal(
        hipModuleLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, s, args, args), hipErrorInvalidValue);
    assert_int_equal(hipModuleLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, NULL, args, NULL),
        hipErrorInvalidResourceHandle);
    assert_int_equal(
        hipModuleLaunchKernel(NULL, 1, 1, 1, 1, 1, 1, 0, s, args, NULL), hipErrorInvalidImage);
    OK(hipSetDevice(1));
    hipStream_t other = new_stream();
    assert_int_equal(
        hipModuleLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, other, args, NULL), hipErrorInvalidDevice);
    OK(hipStreamDestroy(other));
    OK(hipSetDevice(0));
    close_card(&c);
}

static void kernels_run(void **state)
{
    struct card c;
    (void)state;
    open_card(&c, 1);
    decode(&c, 4);
    check_weights(&c, 4);
    decode(&c, 2);
    check_weights(&c, 2);
    close_card(&c);
}

/* Queues a kernel that reads the weights of nblocks blocks and writes them to where the blocks were, and copies them from
 * there. */
static void put_second(struct card *c, size_t nblocks)
{
    hipFunction_t kernel;
    void *from = c->d_out;
    void *to = c->d_in;
    void *overflow = NULL;
    uint64_t n = nblocks * BLOCK_WEIGHTS;
    void *args[] = {&from, &to, &n, &overflow};
    OK(hipModuleGetFunction(&kernel, c->module, "dq_f32_f32"));
    OK(hipModuleLaunchKernel(kernel, 1, 1, 1, 256, 1, 1, 0, c->stream, args, NULL));
    OK(hipMemcpyDtoHAsync(c->out, c->d_in, n * sizeof(float), c->stream));
}

static void what_the_next_kernel_loads_need_not_be_copied_out(void **state)
{
    struct card c;
    (void)state;
    open_card(&c, 0);
    for (size_t nblocks = 3; nblocks > 0; nblocks--) {
        OK(put_copy_in(&c, nblocks));
        OK(put_launch(&c, nblocks));
        put_second(&c, nblocks);
        OK(hipStreamSynchronize(c.stream));
        check_weights(&c, nblocks);
        put_second(&c, nblocks); /* once more */
        OK(hipStreamSynchronize(c.stream));
        check_weights(&c, nblocks);
    }
    OK(put_copy_in(&c, 1));
    OK(put_launch(&c, 1));
    put_second(&c, 1);
    OK(put_copy_out(&c, 1)); /* may be, though */
    OK(hipStreamSynchronize(c.stream));
    close_card(&c);
}

static void work_is_done_when_it_is_waited_for(void **state)
{
    struct card c;
    (void)state;
    open_card(&c, 0);
    memset(c.out, 0, ROOM);
    OK(put_copy_in(&c, 2));
    OK(put_launch(&c, 2));
    OK(put_copy_out(&c, 2));
    for (int i = 0; i < 2 * BLOCK_WEIGHTS; i++)
        assert_int_equal(((uint32_t *)(void *)c.out)[i], 0xa5a5a5a5);
    memset(c.in, 0, ROOM); /* the copy reads it later: scales of 0 */
    OK(hipStreamSynchronize(c.stream));
    for (int i = 0; i < 2 * BLOCK_WEIGHTS; i++)
        assert_true(c.out[i] == 0);
    /* Freeing something waits as well, for all streams; and so does the end of a stream. */
    OK(put_copy_in(&c, 2));
    OK(put_launch(&c, 2));
    OK(put_copy_out(&c, 2));
    OK(hipFree(allocate(1)));
    check_weights(&c, 2);
    OK(put_copy_in(&c, 3));
    OK(put_launch(&c, 3));
    OK(put_copy_out(&c, 3));
    OK(hipHostFree(pin(1)));
    check_weights(&c, 3);
    OK(put_copy_in(&c, 2));
    OK(put_launch(&c, 2));
    OK(put_copy_out(&c, 2));
    OK(hipStreamDestroy(c.stream));
    check_weights(&c, 2);
    c.stream = new_stream();
    OK(put_copy_in(&c, 1));
    OK(put_launch(&c, 1));
    OK(put_copy_out(&c, 1));
    OK(hipModuleUnload(c.module));
    check_weights(&c, 1);
    close_card(&c);
}

static void work_may_be_done_before_its_stream_is_waited_for(void **state)
{
    struct card c;
    (void)state;
    open_card(&c, 0);
    OK(put_copy_in(&c, 2));
    OK(put_launch(&c, 2));
    /* What other threads may do now waits for this stream. That nothing was copied out yet is no
     * fault, neither of it nor of another. */
    hipStream_t other = new_stream();
    OK(hipFree(allocate(1)));
    OK(hipStreamSynchronize(other));
    OK(hipStreamDestroy(other));
    OK(put_copy_out(&c, 2));
    OK(hipStreamSynchronize(c.stream));
    check_weights(&c, 2);
    close_card(&c);
}

static void *without_device(void *arg)
{
    void *p = NULL;
    (void)arg;
    if (hipMalloc(&p, 1) != hipErrorNotInitialized || hipSetDevice(1) != hipSuccess ||
        hipMalloc(&p, 1) != hipSuccess || hipFree(p) != hipSuccess)
        return NULL;
    return &bundle;
}

static void each_thread_sets_its_device(void **state)
{
    pthread_t thread;
    void *result = NULL;
    (void)state;
    OK(hipSetDevice(0));
    assert_int_equal(pthread_create(&thread, NULL, without_device, NULL), 0);
    pthread_join(thread, &result);
    assert_non_null(result);
}

/* Decodes repeatedly. */
static void *decode_often(void *arg)
{
    struct card c;
    int *device = arg;
    open_card(&c, *device % 2);
    for (size_t i = 0; i < 20; i++) {
        decode(&c, 1 + i % 4);
        check_weights(&c, 1 + i % 4);
    }
    close_card(&c);
    *device = -1;
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[4];
    int devices[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        devices[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, decode_often, &devices[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(devices[i], -1);
    }
}

/* --- in processes of their own --- */

/* A fault is reported by the next synchronisation and by every later call. */
static void check_fault(struct card *c, hipError_t code)
{
    void *p = NULL;
    assert_int_equal(hipStreamSynchronize(c->stream), code);
    assert_int_equal(hipStreamSynchronize(c->stream), code);
    assert_int_equal(hipMalloc(&p, 1), code);
    assert_int_equal(put_copy_in(c, 1), code);
    OK(hipSetDevice(1)); /* the other card is sound */
    OK(hipMalloc(&p, 1));
    OK(hipFree(p));
    OK(hipSetDevice(0));
    assert_int_equal(hipFree(c->d_in), code);
    c->d_in = NULL;
    close_card(c);
}

static void part_read_too_far(void)
{
    struct card c;
    open_card(&c, 0);
    OK(put_copy_in(&c, 1));
    OK(put_launch(&c, 2));
    OK(put_copy_out(&c, 2));
    check_fault(&c, hipErrorLaunchFailure);
}

static void part_read_what_was_there_before(void)
{
    struct card c;
    open_card(&c, 0);
    decode(&c, 3);
    OK(put_copy_in(&c, 1));
    OK(put_launch(&c, 2));
    OK(put_copy_out(&c, 2));
    check_fault(&c, hipErrorLaunchFailure);
}

static void part_load_what_was_there_before(void)
{
    struct card c;
    open_card(&c, 0);
    OK(put_copy_in(&c, 3));
    OK(put_launch(&c, 3));
    put_second(&c, 3);
    OK(hipStreamSynchronize(c.stream));
    OK(put_copy_in(&c, 2));
    OK(put_launch(&c, 2)); /* the third is there from before */
    put_second(&c, 3);
    check_fault(&c, hipErrorLaunchFailure);
}

static void part_write_too_far_for_the_next(void)
{
    struct card c;
    open_card(&c, 0);
    OK(put_copy_in(&c, 3));
    OK(put_launch(&c, 3));
    put_second(&c, 2);
    check_fault(&c, hipErrorLaunchFailure);
}

static void part_write_too_far(void)
{
    struct card c;
    open_card(&c, 0);
    OK(put_copy_in(&c, 3));
    OK(put_launch(&c, 3));
    OK(put_copy_out(&c, 2));
    check_fault(&c, hipErrorLaunchFailure);
}

/* A refused call excuses what is left out until somebody waits, not longer. */
static void part_write_too_far_after_a_failure(void)
{
    struct card c;
    open_card(&c, 0);
    OK(put_copy_in(&c, 3));
    OK(put_launch(&c, 3));
    assert_int_equal(put_copy_out(&c, 3), hipErrorInvalidValue);
    OK(hipStreamSynchronize(c.stream));
    OK(put_copy_in(&c, 3));
    OK(put_launch(&c, 3));
    OK(put_copy_out(&c, 2));
    check_fault(&c, hipErrorLaunchFailure);
}

static void part_write_behind_the_end(void)
{
    struct card c;
    open_card(&c, 0);
    c.d_out = (uint8_t *)c.d_out + ROOM - 64;
    OK(put_copy_in(&c, 1));
    OK(put_launch(&c, 1));
    check_fault(&c, hipErrorLaunchFailure);
}

static void part_leave_weights_out(void)
{
    struct card c;
    open_card(&c, 0);
    decode(&c, 3);
    OK(put_copy_in(&c, 2));
    OK(put_launch(&c, 2)); /* the third is there from before, but not new */
    OK(put_copy_out(&c, 3));
    check_fault(&c, hipErrorIllegalAddress);
}

static void part_free_what_was_written(void)
{
    struct card c;
    open_card(&c, 0);
    OK(put_copy_in(&c, 1));
    OK(put_launch(&c, 1));
    assert_int_equal(hipFree(c.d_out), hipErrorLaunchFailure);
    c.d_out = NULL;
    check_fault(&c, hipErrorLaunchFailure);
}

static void part_fail_later(void)
{
    struct card c;
    open_card(&c, 0);
    decode(&c, 2);
    OK(put_copy_in(&c, 2));
    OK(put_launch(&c, 2));
    OK(put_copy_out(&c, 2));
    check_fault(&c, hipErrorLaunchFailure);
}

static void part_fail_now(void)
{
    struct card c;
    void *p;
    open_card(&c, 0);
    assert_int_equal(hipMalloc(&p, 1), hipErrorOutOfMemory);
    OK(hipMalloc(&p, 1));
    OK(hipFree(p));
    OK(put_copy_in(&c, 2));
    assert_int_equal(put_launch(&c, 2), hipErrorLaunchOutOfResources);
    OK(put_launch(&c, 2));
    assert_int_equal(put_copy_out(&c, 1), hipErrorUnknown);
    assert_int_equal(put_copy_out(&c, 1), hipErrorUnknown);
    OK(hipStreamSynchronize(c.stream)); /* that nothing was copied is no other fault */
    close_card(&c);
}

static void part_no_device(void)
{
    int n = 5;
    void *p;
    assert_int_equal(hipGetDeviceCount(&n), hipErrorNoDevice);
    assert_int_equal(n, 0);
    assert_int_equal(hipSetDevice(0), hipErrorNoDevice);
    assert_int_equal(hipMalloc(&p, 1), hipErrorNoDevice);
}

static void part_function_of_no_module(void)
{
    struct card c;
    open_card(&c, 0);
    OK(hipModuleUnload(c.module));
    put_launch(&c, 1) == hipSuccess ? abort() : exit(0);
}

static void part_argument_is_null(void)
{
    struct card c;
    void *args[4] = {NULL};
    open_card(&c, 0);
    exit(hipModuleLaunchKernel(c.kernel, 1, 1, 1, 1, 1, 1, 0, c.stream, args, NULL) == hipSuccess);
}

static void part_decode(void)
{
    struct card c;
    open_card(&c, 1);
    decode(&c, 2);
    decode(&c, 2);
    close_card(&c);
}

static void part_leak(void)
{
    struct card c;
    open_card(&c, 0);
    OK(put_copy_in(&c, 1));
}

static const struct part {
    const char *name;
    void (*run)(void);
    const char *setting; /* a variable and its value, NULL: none */
    const char *value;
    int signal;        /* that ends it; 0: it ends well */
    const char *words; /* on stderr; NULL: nothing is there */
} parts[] = {
#define PART(name, ...)                                                                            \
    {                                                                                              \
#name, part_##name, __VA_ARGS__                                                            \
    }
    PART(read_too_far, NULL, NULL, 0, "never written"),
    PART(read_what_was_there_before, NULL, NULL, 0, "never written"),
    PART(load_what_was_there_before, NULL, NULL, 0, "never written"),
    PART(write_too_far_for_the_next, NULL, NULL, 0,
        "a kernel wrote 128 bytes that are not copied out"),
    PART(write_too_far, NULL, NULL, 0, "a kernel wrote 128 bytes that are not copied out"),
    PART(write_too_far_after_a_failure, "DQ_AMD_FAIL", "hipMemcpyDtoHAsync:1", 0,
        "a kernel wrote 128 bytes that are not copied out"),
    PART(write_behind_the_end, NULL, NULL, 0, "store"),
    PART(leave_weights_out, NULL, NULL, 0, "128 of them, the first is byte 256"),
    PART(free_what_was_written, NULL, NULL, 0, "a kernel wrote 128 bytes that are not copied out"),
    PART(fail_later, "DQ_AMD_FAIL", "hipModuleLaunchKernel:2~", 0, NULL),
    PART(fail_now, "DQ_AMD_FAIL", "hipMalloc:3,hipModuleLaunchKernel:1,hipMemcpyDtoHAsync:1+=999",
        0, NULL),
    PART(no_device, "DQ_AMD_TARGET", NULL, 0, NULL),
    PART(no_device, "DQ_AMD_TARGET", "sm_90", SIGABRT, "DQ_AMD_TARGET=sm_90: not understood"),
    PART(no_device, "DQ_AMD_FAIL", "hipMallox:1", SIGABRT, "not understood"),
    PART(no_device, "DQ_AMD_FAIL", "hipMalloc:1~", SIGABRT, "not understood"),
    PART(function_of_no_module, NULL, NULL, SIGABRT, "is no function"),
    PART(argument_is_null, NULL, NULL, SIGABRT, "argument 0 is NULL"),
    PART(decode, "DQ_AMD_LEAKS", "1", 0, NULL),
    PART(leak, NULL, NULL, 0, NULL),
    PART(leak, "DQ_AMD_LEAKS", "1", 0, "a stream with work that nobody waited for is left"),
    PART(leak, "DQ_AMD_LEAKS", "1", 0, "a module is left"),
    PART(leak, "DQ_AMD_LEAKS", "1", 0, "4096 bytes of memory are left"),
    PART(leak, "DQ_AMD_LEAKS", "1", 0, "2 pieces of pinned memory are left"),
#undef PART
};

/* Runs a part in a new process with its stderr in a file. Returns its status as of waitpid(). */
static int run_part(const struct part *p, const char *words_path)
{
    int status = 0;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int fd = open(words_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 2);
        if (p->setting && p->value)
            setenv(p->setting, p->value, 1);
        else if (p->setting)
            unsetenv(p->setting);
        execl(self, self, p->name, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void faults_are_told(void **state)
{
    const char *path = scratch_path(*state, "words");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct part *p = &parts[i];
        const int status = run_part(p, path);
        size_t len;
        char *words = scratch_read(path, &len);
        const bool ended = p->signal ? WIFSIGNALED(status) && WTERMSIG(status) == p->signal
                                     : WIFEXITED(status) && WEXITSTATUS(status) == 0;
        const char *found = p->words ? strstr(words, p->words) : words;
        if (!ended || !found || (!p->words && len > 0))
            fail_msg("%s: status %#x, '%s' wanted, stderr:\n%s", p->name, (unsigned)status,
                p->words ? p->words : "", words);
        /* A fault of a kernel is reported once. */
        if (strstr(words, "wrote") && strstr(strstr(words, "wrote") + 1, "wrote"))
            fail_msg("%s: reported twice:\n%s", p->name, words);
        free(words);
    }
}

static void what_was_run_is_reported(void **state)
{
    const char *path = scratch_path(*state, "report");
    const struct part p = {"decode", NULL, "DQ_AMD_REPORT", path, 0, NULL};
    char target[16];
    unsigned long long n[7];
    assert_int_equal(run_part(&p, scratch_path(*state, "words")), 0);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file,
                         "%15[^:]: kernels=%llu launches=%llu waves=%llu insns=%llu "
                         "lane_insns=%llu loaded=%llu stored=%llu\n",
                         target, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6]),
        8);
    assert_int_equal(fgetc(file), EOF); /* nothing of the card that was not used */
    fclose(file);
    assert_string_equal(target, getenv("DQ_TEST_TARGET"));
    assert_int_equal(n[0], 1);
    assert_int_equal(n[1], 2);
    assert_true(n[2] >= 8 && n[3] > n[2] && n[4] > n[3]);
    assert_int_equal(n[6], 2 * 2 * BLOCK_WEIGHTS * sizeof(float));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_described),
        cmocka_unit_test(errors_have_names),
        cmocka_unit_test(device_memory_is_limited),
        cmocka_unit_test(host_memory_is_freed_once),
        cmocka_unit_test(streams_are_checked),
        cmocka_unit_test(modules_are_checked),
        cmocka_unit_test(a_code_object_alone_will_do),
        cmocka_unit_test(copies_are_checked),
        cmocka_unit_test(launches_are_checked),
        cmocka_unit_test(kernels_run),
        cmocka_unit_test(what_the_next_kernel_loads_need_not_be_copied_out),
        cmocka_unit_test(work_is_done_when_it_is_waited_for),
        cmocka_unit_test(work_may_be_done_before_its_stream_is_waited_for),
        cmocka_unit_test(each_thread_sets_its_device),
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test_setup_teardown(faults_are_told, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(what_was_run_is_reported, scratch_setup, scratch_teardown),
    };
    char targets[64];
    size_t len;
    self = argv[0];
    bundle = scratch_read(getenv("DQ_TEST_BUNDLE"), &len);
    for (size_t i = 0; argc == 2 && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].name, argv[1]) == 0) {
            parts[i].run();
            free(bundle);
            return 0;
        }
    }
    snprintf(targets, sizeof targets, "%s,%s,gfx705", getenv("DQ_TEST_TARGET"),
        getenv("DQ_TEST_TARGET"));
    setenv("DQ_AMD_TARGET", targets, 1);
    setenv("DQ_AMD_MEMORY", "1073741824", 1);
    const int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(bundle);
    return n_failed;
}
