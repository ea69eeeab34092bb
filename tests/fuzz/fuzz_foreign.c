/* A file's name, a newline and its bytes, which are no GGUF: they are identified, in words fit for a
 * terminal, and where a GGUF is said to begin inside, there is the head of one. */
#include "base/text.h"
#include "fuzz.h"
#include "gguf/foreign.h"
#include "gguf/set_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 64 };

static void check_printable(const char *text)
{
    FUZZ_CHECK(dq_utf8_valid(text, strlen(text)));
    for (; *text; text++)
        FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[NAME_MAX_LEN + 1] = "";
    struct dq_foreign f;
    struct dq_error e;
    struct dq_source *source;
    uint64_t inside;
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    const size_t len = end ? (size_t)(end - data) : 0;
    if (!end || len > NAME_MAX_LEN)
        return -1;
    memcpy(name, data, len);
    /* A copy of the exact length, so that a sanitizer sees a read past its end. */
    const size_t n = size - len - 1;
    uint8_t *bytes = malloc(n + !n);
    FUZZ_CHECK(bytes);
    memcpy(bytes, end + 1, n);
    const struct dq_memory_file file = {name, bytes, n};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(&file, 1);
    FUZZ_CHECK(memory.store.open(&memory.store, name, &source, &e) == 0);
    for (uint64_t begin = 0; begin <= n; begin += 1 + n / 2) {
        FUZZ_CHECK(dq_foreign_identify(source, begin, &f, &e) == 0);
        FUZZ_CHECK(*f.found);
        check_printable(f.found);
        check_printable(f.hint);
        if (sscanf(f.hint, "a GGUF begins at byte %" SCNu64, &inside) == 1)
            FUZZ_CHECK(inside + 32 <= n && memcmp(bytes + inside, "GGUF", 4) == 0);
    }
    size_t whole_len = 0;
    FUZZ_CHECK(!f.is_piece || dq_piece_name(name, &whole_len));
    FUZZ_CHECK(whole_len <= len);
    dq_source_close(source);
    free(bytes);
    return 0;
}
