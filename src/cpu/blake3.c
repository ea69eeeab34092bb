/* BLAKE3's compression function for several inputs at once, one in each lane of a vector. Source: the
 * BLAKE3 paper (2020-01-09), sections 2.2 to 2.4. */
#include "cpu/decode_bits.h"
#include "cpu/decode_impl.h"

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

enum { ROUNDS = 7, BLOCK_WORDS = DQ_BLAKE3_BLOCK / 4, CV_WORDS = DQ_BLAKE3_CV / 4 };

typedef uint32_t words __attribute__((vector_size(4 * LANES))); /* one of each input */

/* Alternates the first, or the second, halves of two vectors word by word. */
#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (words){__VA_ARGS__})
#endif
#if defined(__AVX512F__)
#define ZIP_LOW(a, b) SHUFFLE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) SHUFFLE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif defined(__AVX2__)
#define ZIP_LOW(a, b) SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ZIP_HIGH(a, b) SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define ZIP_LOW(a, b) SHUFFLE(a, b, 0, 4, 1, 5)
#define ZIP_HIGH(a, b) SHUFFLE(a, b, 2, 6, 3, 7)
#endif

static const uint32_t iv[CV_WORDS] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* The words of the block that each round uses, in the order of use. */
static const uint8_t schedule[ROUNDS][BLOCK_WORDS] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
    {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
    {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

DQ_INLINE words all(uint32_t x)
{
    return (words){0} + x;
}

DQ_INLINE words rotr(words x, int n)
{
    return x >> n | x << (32 - n);
}

/* The same by whole bytes. AVX2 can move bytes, but not rotate, which only clang sees by itself. */
DQ_INLINE words rotr_bytes(words x, int n)
{
#if defined(__AVX2__) && !defined(__AVX512F__) && !defined(__clang__)
    typedef uint8_t bytes __attribute__((vector_size(sizeof x)));
    bytes from;
    for (size_t i = 0; i < sizeof x; i++)
        from[i] = (uint8_t)(i / 4 * 4 + (i + (size_t)n / 8) % 4);
    return (words)__builtin_shuffle((bytes)x, from);
#else
    return rotr(x, n);
#endif
}

DQ_INLINE void quarter(words *v, int a, int b, int c, int d, words x, words y)
{
    v[a] += v[b] + x;
    v[d] = rotr_bytes(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotr(v[b] ^ v[c], 12);
    v[a] += v[b] + y;
    v[d] = rotr_bytes(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = rotr(v[b] ^ v[c], 7);
}

DQ_INLINE void mix(words *v, const words *m, const uint8_t *s)
{
    quarter(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
    quarter(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
    quarter(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
    quarter(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
    quarter(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
    quarter(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
    quarter(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
    quarter(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
}

/* Words that were stored little-endian. */
DQ_INLINE words from_little_endian(words x)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8;
    x = x >> 16 | x << 16;
#endif
    return x;
}

/* Loads a block of each lane and transposes them: m[i] gets their i-th words. */
DQ_INLINE void load(words *m, const uint8_t *const *from)
{
    for (int part = 0; part < BLOCK_WORDS; part += LANES) {
        words rows[LANES];
        words zipped[LANES];
        for (int i = 0; i < LANES; i++)
            memcpy(&rows[i], from[i] + 4 * part, sizeof rows[i]);
        for (int width = 1; width < LANES; width *= 2) {
            for (int i = 0; i < LANES / 2; i++) {
                zipped[2 * i] = ZIP_LOW(rows[i], rows[i + LANES / 2]);
                zipped[2 * i + 1] = ZIP_HIGH(rows[i], rows[i + LANES / 2]);
            }
            memcpy(rows, zipped, sizeof rows);
        }
        for (int i = 0; i < LANES; i++)
            m[part + i] = from_little_endian(rows[i]);
    }
}

DQ_INLINE void compress(
    words *h, const words *m, words counter_low, words counter_high, uint32_t len, uint32_t flags)
{
    words v[16];
    for (int i = 0; i < CV_WORDS; i++)
        v[i] = h[i];
    for (int i = 0; i < 4; i++)
        v[8 + i] = all(iv[i]);
    v[12] = counter_low;
    v[13] = counter_high;
    v[14] = all(len);
    v[15] = all(flags);
#pragma GCC unroll 7
    for (int i = 0; i < ROUNDS; i++)
        mix(v, m, schedule[i]);
    for (int i = 0; i < CV_WORDS; i++)
        h[i] = v[i] ^ v[i + 8];
}

/* A parent is one block; a chunk's first and last ones are marked. */
DQ_INLINE uint32_t flags_of(const struct dq_blake3_inputs *in, bool is_first, bool is_last)
{
    enum { CHUNK_START = 1, CHUNK_END = 2 };
    const bool is_chunk = !(in->flags & DQ_BLAKE3_PARENT);
    return (in->flags & DQ_BLAKE3_PARENT) | (is_last ? in->flags & DQ_BLAKE3_ROOT : 0) |
           (is_chunk && is_first ? CHUNK_START : 0) | (is_chunk && is_last ? CHUNK_END : 0);
}

void DQ_AT_LEVEL(dq_blake3)(const struct dq_blake3_inputs *in, uint8_t *cvs)
{
    for (size_t first = 0; first < in->n; first += LANES) {
        const uint8_t *from[LANES]; /* beyond the last input, that one again */
        uint32_t low[LANES];
        uint32_t high[LANES];
        words counter_low;
        words counter_high;
        words h[CV_WORDS];
        uint32_t out[CV_WORDS][LANES];
        for (size_t i = 0; i < LANES; i++) {
            const size_t input = first + i < in->n ? first + i : in->n - 1;
            const uint64_t counter = in->counter + (in->flags & DQ_BLAKE3_PARENT ? 0 : input);
            from[i] = in->bytes + input * in->n_blocks * DQ_BLAKE3_BLOCK;
            low[i] = (uint32_t)counter;
            high[i] = (uint32_t)(counter >> 32);
        }
        memcpy(&counter_low, low, sizeof low);
        memcpy(&counter_high, high, sizeof high);
        for (int i = 0; i < CV_WORDS; i++)
            h[i] = all(iv[i]);
        for (size_t b = 0; b < in->n_blocks; b++) {
            const bool is_last = b + 1 == in->n_blocks;
            words m[BLOCK_WORDS];
            load(m, from);
            compress(h, m, counter_low, counter_high, is_last ? in->last_len : DQ_BLAKE3_BLOCK,
                flags_of(in, b == 0, is_last));
            for (int i = 0; i < LANES; i++)
                from[i] += DQ_BLAKE3_BLOCK;
        }
        memcpy(out, h, sizeof out);
        for (size_t i = 0; i < LANES && first + i < in->n; i++) {
            for (int k = 0; k < CV_WORDS; k++)
                dq_put4(cvs + (first + i) * DQ_BLAKE3_CV + 4 * k, out[k][i]);
        }
    }
}
