/* The names of a model's tensors, separated by the first byte: what reports print for each selects
 * that very tensor. */
#include "fuzz.h"
#include "names_back.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    struct build file;
    if (size == 0)
        return -1;
    build_named_tensors(&file, data + 1, size - 1, data[0]);
    const struct dq_memory_file in_memory = {"model.gguf", file.bytes, file.len};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(&in_memory, 1);
    FUZZ_CHECK(dq_model_examine(&memory.store, in_memory.name, NULL, &m, &e) == 0);
    const char *fault = names_back(m);
    if (fault)
        fprintf(stderr, "%s\n", fault);
    FUZZ_CHECK(!fault);
    dq_model_free(m);
    build_free(&file);
    return 0;
}
