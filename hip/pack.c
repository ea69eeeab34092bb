/* Compresses files one by one with zstd, and writes them behind a table: the offset and length of each, in 32 bits.
 *
 * Usage: pack OUTPUT FILE... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

enum { LEVEL = 19, ROW = 8 };

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void put(unsigned char *at, uint64_t x)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(x >> 8 * i);
}

static void *allocate(size_t len)
{
    void *p = calloc(len, 1);
    if (!p)
        fail("pack");
    return p;
}

static unsigned char *read_file(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail(path);
    const size_t len = (size_t)ftell(file);
    unsigned char *bytes = allocate(len + 1);
    rewind(file);
    if (fread(bytes, 1, len, file) != len)
        fail(path);
    fclose(file);
    *out_len = len;
    return bytes;
}

/* The caller frees what it returns. */
static unsigned char *compress(const char *path, size_t *out_len)
{
    size_t len;
    unsigned char *in = read_file(path, &len);
    const size_t most = ZSTD_compressBound(len);
    unsigned char *out = allocate(most);
    *out_len = ZSTD_compress(out, most, in, len, LEVEL);
    if (ZSTD_isError(*out_len))
        fail(path);
    free(in);
    return out;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: pack OUTPUT FILE...\n");
        return 2;
    }
    const size_t n = (size_t)argc - 2;
    size_t at = n * ROW;
    unsigned char *table = allocate(at);
    FILE *out = fopen(argv[1], "wb");
    if (!out || fseek(out, (long)at, SEEK_SET) != 0)
        fail(argv[1]);
    for (size_t i = 0; i < n; i++) {
        size_t len;
        unsigned char *packed = compress(argv[2 + i], &len);
        put(table + i * ROW, at);
        put(table + i * ROW + 4, len);
        at += len;
        if (fwrite(packed, 1, len, out) != len)
            fail(argv[1]);
        free(packed);
    }
    rewind(out);
    if (fwrite(table, ROW, n, out) != n || fclose(out) != 0)
        fail(argv[1]);
    free(table);
    return 0;
}
