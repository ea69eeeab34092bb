/* run_code FILE TARGET [KERNEL...]: runs the kernels of a code object, or of the one for a target
 * in a bundle, against the built-in vectors, and those that reduce weights against the CPU. Prints a line per fault and a summary; exits with 1 if
 * there are faults.
 *
 * run_code FILE TARGET --variants: runs variants of the kernels (run_variants.h). */
#include "amdhip_bundle.h"
#include "check_kernel.h"
#include "check_reduction.h"
#include "run_variants.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *bytes = NULL;
    if (f && fseek(f, 0, SEEK_END) == 0) {
        const long len = ftell(f);
        rewind(f);
        bytes = malloc((size_t)len + 1);
        if (bytes && fread(bytes, 1, (size_t)len, f) != (size_t)len) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (f)
        fclose(f);
    if (!bytes)
        fprintf(stderr, "%s: cannot be read\n", path);
    return bytes;
}

static bool is_wanted(const struct amd_kernel *k, char **names, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], k->name) == 0)
            return true;
    return n == 0;
}

static int run(const struct amd_code *c, struct amd_memory *m, char **names, int n)
{
    struct amd_counts counts = {0};
    uint64_t n_weights = 0;
    unsigned n_kernels = 0;
    unsigned n_faults = 0;
    enum dq_reduction_kind unused;
    struct dq_error e;
    for (size_t i = 0; i < c->n_kernels; i++) {
        if (!is_wanted(&c->kernels[i], names, n))
            continue;
        const bool reduces = reduction_of_name(c->kernels[i].name, &unused) == 0;
        n_kernels++;
        if ((reduces ? check_reduction : check_kernel)(
                m, c, &c->kernels[i], &counts, &n_weights, &e) != 0) {
            printf("%s\n", e.text);
            n_faults++;
        }
    }
    printf("%s: %u kernels, %" PRIu64 " weights, %" PRIu64 " waves, %" PRIu64
           " instructions (%" PRIu64 " of a lane), %u faults\n",
        c->target, n_kernels, n_weights, counts.waves, counts.insns, counts.lane_insns, n_faults);
    const bool all_there =
        n > 0 ? n_kernels == (unsigned)n : n_kernels == 3 * DQ_TYPE_COUNT + DQ_REDUCE_KINDS;
    if (!all_there)
        printf("%s: these are not the kernels that were expected\n", c->target);
    return n_faults == 0 && all_there ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct amd_memory m = {0};
    struct amd_code *c;
    struct dq_error e;
    struct hip_target target;
    const void *code;
    size_t len;
    if (argc < 3 || !hip_target_parse(argv[2], strlen(argv[2]), &target)) {
        fprintf(stderr, "usage: run_code FILE TARGET [KERNEL...|--variants]\n");
        return 2;
    }
    void *image = read_file(argv[1]);
    if (!image)
        return 2;
    int status = 2;
    if (hip_pick_code(image, &target, true, &code, &len) != hipSuccess) {
        fprintf(stderr, "%s: no code object for %s\n", argv[1], argv[2]);
    } else if (amd_code_load(&m, code, len, &c, &e) != 0) {
        fprintf(stderr, "%s: %s\n", argv[1], e.text);
    } else {
        status = argc == 4 && strcmp(argv[3], "--variants") == 0 ? run_variants(c, &m)
                                                                 : run(c, &m, argv + 3, argc - 3);
        amd_code_free(&m, c);
    }
    amd_memory_finish(&m);
    free(image);
    return status;
}
