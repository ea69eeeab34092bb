/* Reads the golden vectors. */
#ifndef GOLDEN_FILE_H
#define GOLDEN_FILE_H

#include "dq_test.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads a file of data/golden/; the caller frees it. */
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
    return bytes;
}

static inline bool f32_is_nan(uint32_t bits)
{
    return (bits & 0x7fffffff) > 0x7f800000;
}

#endif
