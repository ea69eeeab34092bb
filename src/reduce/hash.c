#include "reduce/hash.h"

#include <string.h>

const struct dq_hash_algorithm *dq_hash_by_name(const char *name)
{
    static const struct dq_hash_algorithm *const all[] = {&dq_blake3, &dq_sha256};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    return NULL;
}

const char *dq_hash_to_hex(const uint8_t digest[DQ_HASH_LEN], char out[DQ_HASH_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DQ_HASH_LEN; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[DQ_HASH_HEX] = '\0';
    return out;
}

bool dq_hash_of_hex(const char *text, uint8_t digest[DQ_HASH_LEN])
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (size_t i = 0; i < DQ_HASH_HEX; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return false;
        const unsigned at = (unsigned)(digit - digits);
        const unsigned value = at < 16 ? at : at - 6;
        digest[i / 2] = (uint8_t)(i % 2 ? digest[i / 2] * 16u + value : value);
    }
    return true;
}
