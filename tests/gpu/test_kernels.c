/* The kernels of hip/, run on the host: every type to every type of output, against golden vectors
 * and between guard pages. Under AddressSanitizer the tails are exact to the byte. */
#include "dq_test.h"
#include "golden_file.h"
#include "guard.h"
#include "host_kernels.h"
#include "type/type.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_BLOCKS = 17,
    MAX_TAIL = 40,
    UNTOUCHED = 0xa5,
};

static const uint32_t no_overflow = 0xdeadbeef;

/* One kernel, and what it is to give. */
struct expected {
    const struct dq_type_info *info;
    enum dq_dtype dtype;
    char kernel[32];
    size_t dtype_len;
    uint8_t *blocks;
    uint32_t *f32;
    uint16_t *narrow; /* NULL if the output is f32 */
    size_t nblocks;
    size_t n;
};

static double magnitude(uint32_t bits)
{
    float f;

    bits &= 0x7fffffff;
    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

/* The nearer of the two bf16 numbers around a number, the even one if both are as near. After the
 * largest comes 2^128, where infinity begins. */
static uint16_t bf16_of(uint32_t bits)
{
    const uint32_t below = bits >> 16;
    const uint32_t above = below + 1;
    const double x = magnitude(bits);
    double gap_below, gap_above;

    if (f32_is_nan(bits))
        return 0x7fff;
    if ((bits & 0x7fffffff) == 0x7f800000)
        return (uint16_t)below;
    gap_below = x - magnitude(below << 16);
    gap_above = (above & 0x7fff) == 0x7f80 ? 0x1p128 - x : magnitude(above << 16) - x;
    if (gap_below == gap_above)
        return (uint16_t)(below & 1 ? above : below);
    return (uint16_t)(gap_below < gap_above ? below : above);
}

static struct expected expected_new(const struct dq_type_info *info, enum dq_dtype dtype)
{
    struct expected e = {.info = info, .dtype = dtype, .dtype_len = dq_dtype_len(dtype)};
    size_t blocks_len, f32_len, f16_len;

    snprintf(e.kernel, sizeof e.kernel, "dq_%s_%s", info->token, dq_dtype_name(dtype));
    e.blocks = golden_load(info->token, "blocks", &blocks_len);
    e.f32 = (uint32_t *)(void *)golden_load(info->token, "f32", &f32_len);
    e.nblocks = blocks_len / info->bytes;
    e.n = e.nblocks * info->weights;
    assert_int_equal(blocks_len, e.nblocks * info->bytes);
    assert_int_equal(f32_len, e.n * sizeof *e.f32);
    if (dtype == DQ_DTYPE_f16) {
        e.narrow = (uint16_t *)(void *)golden_load(info->token, "f16", &f16_len);
        assert_int_equal(f16_len, e.n * sizeof *e.narrow);
    } else if (dtype == DQ_DTYPE_bf16) {
        e.narrow = malloc(e.n * sizeof *e.narrow);
        assert_non_null(e.narrow);
        for (size_t i = 0; i < e.n; i++)
            e.narrow[i] = bf16_of(e.f32[i]);
    }
    return e;
}

static void expected_free(struct expected *e)
{
    free(e->blocks);
    free(e->f32);
    free(e->narrow);
}

static uint32_t narrow_infinity(const struct expected *e)
{
    return e->dtype == DQ_DTYPE_f16 ? 0x7c00 : 0x7f80;
}

/* Output weight i as it is to be, and whether got is that. */
static uint32_t want_bits(const struct expected *e, size_t i)
{
    return e->narrow ? e->narrow[i] : e->f32[i];
}

static bool is_right(const struct expected *e, uint32_t got, size_t i)
{
    const uint32_t want = want_bits(e, i);

    if (!e->narrow)
        return got == want || (f32_is_nan(got) && f32_is_nan(want));
    const uint32_t inf = narrow_infinity(e);
    return got == want || ((got & 0x7fff) > inf && (want & 0x7fff) > inf);
}

/* first is the number of the first weight in the golden file. */
static void check(const struct expected *e, const uint8_t *got, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = 0;
        uint16_t half;

        if (e->dtype_len == 4) {
            memcpy(&bits, got + 4 * i, 4);
        } else {
            memcpy(&half, got + 2 * i, 2);
            bits = half;
        }
        if (!is_right(e, bits, first + i))
            fail_msg("%s: block %zu, weight %zu (of %zu from %zu): 0x%0*" PRIx32
                     ", expected 0x%0*" PRIx32 ", from 0x%08" PRIx32,
                e->kernel, (first + i) / e->info->weights, (first + i) % e->info->weights, n, first,
                (int)e->dtype_len * 2, bits, (int)e->dtype_len * 2, want_bits(e, first + i),
                e->f32[first + i]);
    }
}

/* The overflow word after weights first to first + n. */
static uint32_t want_overflow(const struct expected *e, size_t first, size_t n)
{
    if (!e->narrow)
        return no_overflow;
    for (size_t i = first; i < first + n; i++)
        if ((e->narrow[i] & 0x7fff) == narrow_infinity(e) && (e->f32[i] & 0x7fffffff) != 0x7f800000)
            return 1;
    return no_overflow;
}

static size_t weights_a_thread(const struct expected *e)
{
    return 16 / e->dtype_len * e->info->gpu_stores_per_thread;
}

/* Launches as many blocks as n weights need, and some; checks all that the launch wrote. */
static void launch(const struct expected *e, const uint8_t *src, uint8_t *dst, size_t first,
    size_t n, uint32_t block, uint64_t more)
{
    const uint64_t a_block = block * weights_a_thread(e);
    const uint64_t grid = (n + a_block - 1) / a_block + more;
    uint32_t overflow = no_overflow;

    assert_int_equal(dq_host_launch(e->kernel, grid, block, src, dst, n, &overflow), 0);
    check(e, dst, first, n);
    if (overflow != want_overflow(e, first, n))
        fail_msg("%s: %zu weights from %zu: overflow is %" PRIx32, e->kernel, n, first, overflow);
}

/* Room for len bytes at a multiple of 256, and no byte more if AddressSanitizer looks. */
static uint8_t *exact_new(size_t len)
{
    void *p = NULL;

    assert_int_equal(posix_memalign(&p, 256, len ? len : 1), 0);
    return p;
}

static void golden(const struct dq_type_info *info, enum dq_dtype dtype)
{
    struct expected e = expected_new(info, dtype);
    uint8_t *src = exact_new(e.nblocks * info->bytes);
    uint8_t *dst = exact_new(e.n * e.dtype_len);

    memcpy(src, e.blocks, e.nblocks * info->bytes);
    memset(dst, UNTOUCHED, e.n * e.dtype_len);
    launch(&e, src, dst, 0, e.n, 256, 0);
    free(src);
    free(dst);
    expected_free(&e);
}

/* Runs nblocks golden blocks from first on, with the buffers at the given places. */
static void between_guards(const struct expected *e, size_t first, size_t nblocks, uint32_t block,
    uint64_t more, struct guard *in, uint8_t *src, struct guard *out, uint8_t *dst)
{
    const size_t bytes = e->info->bytes;
    const size_t n = nblocks * e->info->weights;

    guard_paint(out, UNTOUCHED);
    memcpy(src, e->blocks + first * bytes, nblocks * bytes);
    assert_int_equal(mprotect(guard_first(in), in->len, PROT_READ), 0);
    launch(e, src, dst, first * e->info->weights, n, block, more);
    assert_int_equal(mprotect(guard_first(in), in->len, PROT_READ | PROT_WRITE), 0);
    guard_check(out, UNTOUCHED, dst, n * e->dtype_len);
}

/* The last place for len bytes that end at a multiple of a quad; whole blocks, and whole quads of
 * plain types, end at the guard page. */
static uint8_t *last_place(const struct guard *g, size_t len, size_t align)
{
    return guard_last(g, (len + align - 1) / align * align);
}

static void guarded(const struct dq_type_info *info, enum dq_dtype dtype)
{
    static const uint32_t sizes[] = {64, 96, 256};
    struct expected e = expected_new(info, dtype);
    const size_t max = info->weights == 1 ? MAX_TAIL : MAX_BLOCKS;
    const size_t src_align = info->weights == 1 ? 16 : 1;
    struct guard in = guard_new(max * info->bytes);
    struct guard out = guard_new(max * info->weights * e.dtype_len);

    for (size_t nblocks = 0; nblocks <= max && nblocks <= e.nblocks; nblocks++) {
        uint8_t *src_last = last_place(&in, nblocks * info->bytes, src_align);
        uint8_t *dst_last = last_place(&out, nblocks * info->weights * e.dtype_len, 16);
        const size_t last = e.nblocks - nblocks;

        for (size_t i = 0; i < 3; i++) {
            between_guards(&e, 0, nblocks, sizes[i], i, &in, src_last, &out, dst_last);
            between_guards(&e, last / 2, nblocks, sizes[i], 3 * i + 1, &in, guard_first(&in), &out,
                guard_first(&out));
            between_guards(&e, last, nblocks, sizes[i], 2, &in, src_last, &out, guard_first(&out));
        }
    }
    guard_free(&in);
    guard_free(&out);
    expected_free(&e);
}

/* Runs small pieces in buffers that hold them exactly: a block, or 0 to 40 plain weights. The
 * overflow word is checked for each. */
static void pieces(const struct dq_type_info *info, enum dq_dtype dtype)
{
    struct expected e = expected_new(info, dtype);
    const bool plain = info->weights == 1;
    size_t piece = 1;

    for (size_t first = 0; first < e.nblocks; first += piece) {
        piece = plain ? (first * 7 + 3) % (MAX_TAIL + 1) : 1;
        if (piece > e.nblocks - first)
            piece = e.nblocks - first;
        uint8_t *src = exact_new(piece * info->bytes);
        uint8_t *dst = exact_new(piece * info->weights * e.dtype_len);

        memcpy(src, e.blocks + first * info->bytes, piece * info->bytes);
        launch(&e, src, dst, first * info->weights, piece * info->weights, 64, 0);
        free(src);
        free(dst);
        if (plain && piece == 0)
            piece = 1;
    }
    for (size_t n = 0; plain && n <= MAX_TAIL; n++) {
        uint8_t *src = exact_new(n * info->bytes);
        uint8_t *dst = exact_new(n * e.dtype_len);

        memcpy(src, e.blocks, n * info->bytes);
        launch(&e, src, dst, 0, n, 96, 1);
        free(src);
        free(dst);
    }
    expected_free(&e);
}

/* Address space of len bytes of which the window of window bytes at off can be used. */
struct desert {
    uint8_t *map;
    size_t len;
};

static struct desert desert_new(size_t off, size_t window)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t begin = off / page * page;
    const size_t end = (off + window + page - 1) / page * page;
    const int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
    struct desert d = {.len = end + page};

    assert_int_not_equal(fd, -1);
    d.map = mmap(NULL, d.len, PROT_NONE, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(d.map, MAP_FAILED);
    close(fd);
    assert_int_equal(mprotect(d.map + begin, end - begin, PROT_READ | PROT_WRITE), 0);
    return d;
}

/* The weights after the first 2^35, whose numbers, threads and bytes all need more than 32 bits. */
static void far(const struct dq_type_info *info, enum dq_dtype dtype)
{
    struct expected e = expected_new(info, dtype);
    const uint32_t block = 256;
    const uint64_t a_block = block * weights_a_thread(&e);
    const uint64_t first = (uint64_t)1 << 35;
    if (first > SIZE_MAX) { /* no address space for them */
        expected_free(&e);
        return;
    }
    const size_t nblocks =
        a_block / info->weights < e.nblocks ? a_block / info->weights : e.nblocks;
    const size_t n = nblocks * info->weights;
    const size_t src_off = first / info->weights * info->bytes;
    const size_t dst_off = first * e.dtype_len;
    struct desert in = desert_new(src_off, nblocks * info->bytes);
    struct desert out = desert_new(dst_off, n * e.dtype_len);
    uint32_t overflow = no_overflow;

    memcpy(in.map + src_off, e.blocks, nblocks * info->bytes);
    assert_int_equal(dq_host_launch_block(
                         e.kernel, first / a_block, block, in.map, out.map, first + n, &overflow),
        0);
    check(&e, out.map + dst_off, 0, n);
    assert_int_equal(overflow, want_overflow(&e, 0, n));
    munmap(in.map, in.len);
    munmap(out.map, out.len);
    expected_free(&e);
}

/* Each of the above as a test of one type, for the three types of output. */
#define FOR_EACH_DTYPE(test, function)                                                             \
    static void test(void **state)                                                                 \
    {                                                                                              \
        for (int dtype = DQ_DTYPE_f32; dtype <= DQ_DTYPE_bf16; dtype++)                            \
            function(*state, (enum dq_dtype)dtype);                                                \
    }
FOR_EACH_DTYPE(is_golden, golden)
FOR_EACH_DTYPE(nothing_outside_is_touched, guarded)
FOR_EACH_DTYPE(pieces_are_exact, pieces)
FOR_EACH_DTYPE(indices_have_64_bits, far)

static void every_kernel_exists(void **state)
{
    char name[32];
    uint32_t overflow = no_overflow;

    (void)state;
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        for (int dtype = DQ_DTYPE_f32; dtype <= DQ_DTYPE_bf16; dtype++) {
            snprintf(name, sizeof name, "dq_%s_%s", dq_types[i].token,
                dq_dtype_name((enum dq_dtype)dtype));
            assert_true(dq_host_kernel_exists(name));
        }
    }
    assert_false(dq_host_kernel_exists("dq_q4_k"));
    assert_int_equal(dq_host_launch("dq_q4_k_f64", 1, 64, NULL, NULL, 0, &overflow), -1);
    assert_int_equal(dq_host_launch_block("", 0, 64, NULL, NULL, 0, &overflow), -1);
}

/* One weight of n is special, at each place in turn. */
static void only_finite_weights_overflow(void **state)
{
    static const struct {
        const char *kernel;
        uint32_t bits;
        bool overflows;
    } cases[] = {
        {"dq_f32_f16", 0x477fefff, false}, /* below 65520, rounds down */
        {"dq_f32_f16", 0x477ff000, true},
        {"dq_f32_f16", 0xff7fffff, true},
        {"dq_f32_f16", 0x7f800000, false}, /* infinity */
        {"dq_f32_f16", 0xffc00000, false}, /* a NaN */
        {"dq_f32_bf16", 0x7f7f7fff, false},
        {"dq_f32_bf16", 0x7f7f8000, true},
        {"dq_f32_bf16", 0xff7fffff, true},
        {"dq_f32_bf16", 0xff800000, false},
        {"dq_f32_bf16", 0x7f800001, false},
    };
    const uint32_t one = 0x3f800000;
    const uint32_t infinity = 0x7f800000;
    const size_t max = 17;

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (size_t i = 0; i < max * max; i++) {
            const size_t n = i / max + 1;
            const size_t place = i % max % n;
            uint8_t *src = exact_new(n * 4);
            uint8_t *dst = exact_new(n * 2);
            uint32_t overflow = no_overflow;

            for (size_t j = 0; j < n; j++)
                memcpy(src + 4 * j, j == place ? &cases[c].bits : &one, 4);
            /* An infinity beside it does not hide it. */
            if (place > 0)
                memcpy(src, &infinity, 4);
            dq_host_launch(cases[c].kernel, 1, 64, src, dst, n, &overflow);
            if (overflow != (cases[c].overflows ? 1 : no_overflow))
                fail_msg("%s: 0x%08" PRIx32 " at %zu of %zu: overflow is %" PRIx32, cases[c].kernel,
                    cases[c].bits, place, n, overflow);
            free(src);
            free(dst);
        }
    }
}

#define ROW(token, function)                                                                       \
    {                                                                                              \
#token "_" #function, function, NULL, NULL, (void *)(uintptr_t)&dq_types[DQ_TYPE_##token]  \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
#define DQ_TYPE(token, columns)                                                                    \
    ROW(token, is_golden), ROW(token, nothing_outside_is_touched), ROW(token, pieces_are_exact),   \
        ROW(token, indices_have_64_bits),
#include "type/types.def"
        cmocka_unit_test(every_kernel_exists),
        cmocka_unit_test(only_finite_weights_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
