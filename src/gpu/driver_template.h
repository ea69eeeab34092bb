/* What HIP's module API and CUDA's driver API have in common, which is nearly all but the names.
 * hip.c and cuda.c include this once, having defined:
 *
 *   FUNCTIONS(F)       the runtime's functions, as F(result, slot, name, parameters): `result` and
 *                      `parameters` as the vendor's header declares them, `slot` the name here
 *   api_stream, api_function, api_module, api_address (of the device), api_result   types
 *   API_SUCCESS, API_OUT_OF_MEMORY                                                  results
 *   API_HOST_FLAGS, API_STREAM_FLAGS   for page-locked memory and for new streams
 *
 * and define the functions declared below, the struct dq_gpu_runtime, and the driver itself, which
 * get their parts from here by RUNTIME_FUNCTIONS and DRIVER_OPERATIONS. */
#include "gpu/driver.h"
#include "gpu/runtime.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

/* All members are function pointers, and their names, in the same order. */
static struct {
#define SLOT(result, slot, name, parameters) result(*slot) parameters;
    FUNCTIONS(SLOT)
#undef SLOT
} api;

#define SAME_TYPE(result, slot, name, parameters)                                                  \
    _Static_assert(_Generic(&name, result(*) parameters : 1, default : 0), #name);
FUNCTIONS(SAME_TYPE)
#undef SAME_TYPE

static const struct {
#define NAME(result, slot, name, parameters) const char *slot;
    FUNCTIONS(NAME)
#undef NAME
} names = {
#define NAME(result, slot, name, parameters) #name,
    FUNCTIONS(NAME)
#undef NAME
};

static struct dq_gpu_runtime runtime;

static int describe(int ordinal, struct dq_gpu_info *out, struct dq_error *e);
static int make_current(struct dq_gpu_ctx *g, struct dq_error *e);

/* The runtime's name for a result, and its description. */
static void describe_result(api_result code, const char **name, const char **description);

/* Whether kernels could not be loaded because, or maybe because, they have no code for the device. */
static bool is_no_code(api_result result);

/* Writes what else helps a device of this target that has no code, as the rest of a sentence; "" if
 * nothing does. */
static void advise(const char *arch, char *out, size_t size);

static int check(api_result code, const char *call, struct dq_error *e)
{
    const char *name = "?";
    const char *description = "unknown error";
    if (code == API_SUCCESS)
        return 0;
    describe_result(code, &name, &description);
    const bool is_told_apart =
        strcmp(name, description) != 0; /* HIP describes some by their names */
    return dq_fail(e, code == API_OUT_OF_MEMORY ? DQ_ERR_MEMORY : DQ_ERR_GPU, "%s: %s (%d%s%s)",
        call, description, (int)code, is_told_apart ? ", " : "", is_told_apart ? name : "");
}

#define CHECK(slot, args, e) check(api.slot args, names.slot, e)

static bool is_loaded(void)
{
    return dq_gpu_runtime_is_loaded(&runtime);
}

static int count(int *out, struct dq_error *e)
{
    int rc = dq_gpu_runtime_need(&runtime, e);
    if (rc == 0)
        rc = CHECK(get_device_count, (out), e);
    if (rc == 0 && *out == 0)
        rc = dq_fail(e, DQ_ERR_GPU, "%s: no device", names.get_device_count);
    return rc;
}

/* Loads the kernels of an image into a context that is current. *is_missing: the image has no code for its
 * device, so that nothing was loaded. */
static int load_image(struct dq_gpu_ctx *g, const void *image, bool *is_missing, struct dq_error *e)
{
    api_module module;
    const api_result result = api.module_load_data(&module, image);
    *is_missing = is_no_code(result);
    if (result == API_SUCCESS)
        g->module = module;
    return *is_missing ? 0 : check(result, names.module_load_data, e);
}

/* Says that there is no code for the device of a context, and what there is code for; in_file are the targets of
 * the file, or "" if they are not known. */
static int fail_no_code(const struct dq_gpu_ctx *g, const struct dq_gpu_driver *driver,
    const char *in_file, struct dq_error *e)
{
    struct dq_gpu_info info = {.name = "unknown name"};
    struct dq_error unused;
    char advice[256];
    describe(g->ordinal, &info, &unused);
    advise(info.arch, advice, sizeof advice);
    const char *arch = info.arch[0] ? info.arch : "this device";
    if (g->file.path)
        return dq_fail(e, DQ_ERR_GPU, "%s: GGUF_DQ_HSACO=%s: no code for %s (%s)%s%s",
            names.module_load_data, g->file.path, arch, info.name,
            *in_file ? "; it is for " : ", or no code at all", in_file);
    return dq_fail(e, DQ_ERR_GPU,
        "%s: no code for %s (%s); built in: %s%s. Set GGUF_DQ_HSACO to a file with other code; "
        "gguf-dq(1) says how to make one",
        names.module_load_data, arch, info.name, driver->targets, advice);
}

static int open_ctx(int ordinal, struct dq_gpu_ctx **out, struct dq_error *e)
{
    return dq_gpu_ctx_open(&runtime, ordinal, out, e);
}

static void close_ctx(struct dq_gpu_ctx *g)
{
    dq_gpu_ctx_close(&runtime, g);
}

static int kernel(struct dq_gpu_ctx *g, const char *name, void **out, struct dq_error *e)
{
    api_function function;
    const int rc = CHECK(module_get_function, (&function, g->module, name), e);
    if (rc == 0)
        *out = function;
    return rc;
}

static api_address address_of(const void *d_ptr)
{
    return (api_address)(uintptr_t)d_ptr;
}

static int alloc(size_t len, void **out, struct dq_error *e)
{
    api_address address;
    const int rc = CHECK(mem_alloc, (&address, len), e);
    if (rc == 0)
        *out = (void *)(uintptr_t)address;
    return rc;
}

static void free_device(void *d_ptr)
{
    if (d_ptr)
        api.mem_free(address_of(d_ptr));
}

static int alloc_host(size_t len, void **out, struct dq_error *e)
{
    return CHECK(host_alloc, (out, len, API_HOST_FLAGS), e);
}

static void free_host(void *ptr)
{
    if (ptr)
        api.host_free(ptr);
}

static int stream_new(void **out, struct dq_error *e)
{
    api_stream stream;
    const int rc = CHECK(stream_create, (&stream, API_STREAM_FLAGS), e);
    if (rc == 0)
        *out = stream;
    return rc;
}

static void stream_free(void *stream)
{
    if (stream)
        api.stream_destroy(stream);
}

/* HIP's header lacked the const of src before version 7. */
static int copy_in(void *stream, void *d_dst, const void *src, size_t len, struct dq_error *e)
{
    return CHECK(memcpy_h_to_d, (address_of(d_dst), (void *)(uintptr_t)src, len, stream), e);
}

static int copy_out(void *stream, void *dst, const void *d_src, size_t len, struct dq_error *e)
{
    return CHECK(memcpy_d_to_h, (dst, address_of(d_src), len, stream), e);
}

static int fill(void *stream, void *d_dst, uint8_t value, size_t len, struct dq_error *e)
{
    return CHECK(memset_d8, (address_of(d_dst), value, len, stream), e);
}

static int launch(void *stream, void *function, uint64_t nblocks, unsigned block_size, void **args,
    struct dq_error *e)
{
    if (nblocks * block_size > UINT32_MAX) /* HIP counts the threads of a grid in 32 bits */
        return dq_fail(
            e, DQ_ERR_GPU, "%s: a grid of %" PRIu64 " blocks", names.launch_kernel, nblocks);
    return CHECK(launch_kernel,
        (function, (unsigned)nblocks, 1, 1, block_size, 1, 1, 0, stream, args, NULL), e);
}

static int sync(void *stream, struct dq_error *e)
{
    return CHECK(stream_synchronize, (stream), e);
}

/* Initialisers of the runtime and of the driver. */
/* clang-format off */
#define RUNTIME_FUNCTIONS                                                                          \
    .functions = (const char *const *)(const void *)&names, .slots = (void **)(void *)&api,        \
    .n_functions = sizeof api / sizeof(void *)
#define DRIVER_OPERATIONS                                                                          \
    .is_loaded = is_loaded, .count = count, .describe = describe, .open = open_ctx,                \
    .close = close_ctx, .make_current = make_current, .kernel = kernel, .alloc = alloc,            \
    .free = free_device, .alloc_host = alloc_host, .free_host = free_host,                         \
    .stream_new = stream_new, .stream_free = stream_free, .copy_in = copy_in,                      \
    .copy_out = copy_out, .fill = fill, .launch = launch, .sync = sync
/* clang-format on */
