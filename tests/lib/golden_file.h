/* Reads the golden vectors. */
#ifndef GOLDEN_FILE_H
#define GOLDEN_FILE_H

#include "dq_test.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a file of data/golden/; the caller frees it. Weights, which the file has in little-endian order, are
 * numbers of this machine. */
static inline uint8_t *golden_load(const char *token, const char *suffix, size_t *len)
{
    const char *data = getenv("DQ_DATA_DIR");
    char path[4096];
    uint8_t *bytes;
    FILE *f;
    long end;

    assert_non_null(data);
    snprintf(path, sizeof path, "%s/golden/%s.%s", data, token, suffix);
    f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    fseek(f, 0, SEEK_END);
    end = ftell(f);
    assert_true(end > 0);
    rewind(f);
    bytes = malloc((size_t)end);
    assert_non_null(bytes);
    *len = fread(bytes, 1, (size_t)end, f);
    assert_int_equal(*len, end);
    fclose(f);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    const size_t size = strcmp(suffix, "f32") == 0 ? 4 : strcmp(suffix, "f16") == 0 ? 2 : 1;
    for (size_t i = 0; i < *len; i += size) {
        for (size_t k = 0; k < size / 2; k++) {
            const uint8_t byte = bytes[i + k];
            bytes[i + k] = bytes[i + size - 1 - k];
            bytes[i + size - 1 - k] = byte;
        }
    }
#endif
    return bytes;
}

static inline bool f32_is_nan(uint32_t bits)
{
    return (bits & 0x7fffffff) > 0x7f800000;
}

#endif
