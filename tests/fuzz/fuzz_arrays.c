/* Headers of .safetensors and .npy files: what is accepted lies in the file, and can be read.
 *
 * | kind u8 | bytes |: s, n: the bytes are the text of a header, before which its length is written, as it should be,
 * and after which 64 bytes of data; S, N: the whole file. */
#include "arrays/arrays.h"
#include "base/text.h"
#include "fuzz.h"
#include "fuzz_files.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 1 << 16, DATA = 64, BEFORE = 10, SOME = 4096 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_folder_make();
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    (void)seed;
    return LLVMFuzzerMutate(data, size, max);
}

/* Returns the length of the file that is made of a text. */
static size_t make_file(char kind, const uint8_t *text, size_t len, uint8_t *file)
{
    const uint8_t npy[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    const size_t before = kind == 'n' ? sizeof npy + 2 : 8;
    memset(file, 0, BEFORE);
    if (kind == 'n')
        memcpy(file, npy, sizeof npy);
    for (size_t i = 0; i < 2; i++)
        file[(kind == 'n' ? sizeof npy : 0) + i] = (uint8_t)(len >> 8 * i);
    memcpy(file + before, text, len);
    memset(file + before + len, 1, DATA);
    return before + len + DATA;
}

static void check_tensor(const struct dq_model *m, const struct dq_tensor *t, size_t size)
{
    uint8_t bytes[SOME];
    struct dq_error e;
    FUZZ_CHECK(dq_utf8_valid(t->display_name, strlen(t->display_name)));
    FUZZ_CHECK(t->n_dims <= DQ_DIMS_MAX);
    if (dq_tensor_usable(m, t, false, &e) != 0)
        return;
    FUZZ_CHECK(t->offset <= size && t->n_bytes <= size - t->offset);
    FUZZ_CHECK(t->n_weights / t->type->weights * t->type->bytes == t->n_bytes);
    const size_t n = t->n_bytes < SOME ? (size_t)t->n_bytes : SOME;
    FUZZ_CHECK(dq_tensor_read(m, t, 0, bytes, n - n % t->type->bytes, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[BEFORE + MAX_TEXT + DATA];
    struct dq_model *m = NULL;
    struct dq_error e;
    if (size == 0 || size > MAX_TEXT || !strchr("snSN", data[0]) || data[0] == '\0')
        return -1;
    const char kind = (char)data[0];
    const bool is_npy = kind == 'n' || kind == 'N';
    const char *name = is_npy ? "a.npy" : "a.safetensors";
    const bool is_text = kind == 's' || kind == 'n';
    const size_t len = is_text ? make_file(kind, data + 1, size - 1, file) : size - 1;
    const int fd = fuzz_next_fd();
    char path[512];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    fuzz_file_write(name, is_text ? file : data + 1, len);
    if (dq_arrays_open(path, is_npy ? DQ_ARRAYS_NPY : DQ_ARRAYS_SAFETENSORS, &m, &e) == 0) {
        for (size_t i = 0; i < m->n_tensors; i++)
            check_tensor(m, &m->tensors[i], len);
    } else {
        FUZZ_CHECK(e.text[0] != '\0');
    }
    dq_model_free(m);
    fuzz_folder_empty("");
    FUZZ_CHECK(fuzz_next_fd() == fd);
    return 0;
}
