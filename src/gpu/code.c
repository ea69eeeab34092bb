#include "gpu/code.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#ifdef DQ_HAVE_HIP
const char dq_hip_targets[] = DQ_HIP_TARGETS;
const struct dq_hip_part dq_hip_parts[] = {DQ_HIP_PARTS{NULL, 0, 0}};
#endif
#ifdef DQ_HAVE_CUDA
const char dq_cuda_targets[] = "sm_80 sm_90 PTX";
#endif

int dq_gpu_code_file(struct dq_gpu_code_file *out, struct dq_error *e)
{
    const char *path = getenv("GGUF_DQ_HSACO");
    struct stat st;
    *out = (struct dq_gpu_code_file){NULL, NULL, 0};
    if (!path || !*path)
        return 0;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &st) != 0) {
        const int rc = dq_fail_errno(e, "GGUF_DQ_HSACO=%s", path);
        if (file)
            fclose(file);
        return rc;
    }
    const size_t len = (size_t)st.st_size;
    char *code = dq_mem_alloc(len + 1);
    int rc = code ? 0 : dq_fail_nomem(e);
    if (rc == 0 && fread(code, 1, len, file) != len)
        rc = dq_fail(e, DQ_ERR_IO, "GGUF_DQ_HSACO=%s: cannot be read", path);
    fclose(file);
    if (rc != 0) {
        dq_mem_free(code);
        return rc;
    }
    code[len] = '\0'; /* a fatbin may be text */
    *out = (struct dq_gpu_code_file){path, code, len};
    return 0;
}
