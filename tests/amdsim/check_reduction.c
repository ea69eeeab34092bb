#include "check_reduction.h"

#include "reduced.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 + 65 };

struct checking {
    struct amd_memory *m;
    const struct amd_code *code;
    const struct amd_kernel *kernel;
    struct amd_counts *counts;
    struct dq_error *e;
    enum dq_reduction_kind kind;
    uint32_t weights[MOST];
};

/* n weights, which begin `shift` bytes after a multiple of 16. */
struct some {
    size_t n;
    uint64_t more_threads;
    uint32_t group_size;
    uint64_t parameter;
    uint64_t shift;
};

int reduction_of_name(const char *name, enum dq_reduction_kind *kind)
{
    for (unsigned i = 0; i < DQ_REDUCE_KINDS; i++) {
        if (strcmp(dq_reductions[i].kernel, name) == 0) {
            *kind = (enum dq_reduction_kind)i;
            return 0;
        }
    }
    return DQ_ERR_USAGE;
}

static int launch(struct checking *c, const struct some *s, uint64_t d_weights, uint64_t d_out)
{
    const uint64_t n = s->n;
    const uint64_t n_threads = dq_reduction_threads(c->kind, n) + s->more_threads;
    const void *args[] = {&d_weights, &n, &n_threads, &s->parameter, &d_out};
    const struct amd_launch l = {
        .kernel = c->kernel,
        .n_groups = (uint32_t)((n_threads + s->group_size - 1) / s->group_size),
        .group_size = s->group_size,
        .args = args,
    };
    return amd_launch(c->m, c->code, &l, c->counts, c->e);
}

static int run(struct checking *c, const struct some *s)
{
    const size_t n_before = c->m->n_regions;
    const size_t len = dq_reduction_len(c->kind, s->n);
    const size_t weights_len = s->n * sizeof *c->weights;
    uint8_t *written = calloc(1, len);
    uint64_t d_weights = 0;
    uint64_t d_out = 0;
    int rc = written ? 0 : dq_fail_nomem(c->e);
    if (rc == 0)
        rc = amd_memory_add(c->m, s->shift + weights_len, "the weights", &d_weights, c->e);
    if (rc == 0)
        rc = amd_memory_add(c->m, len, "the results", &d_out, c->e);
    if (rc == 0) {
        amd_memory_find(c->m, d_weights)->is_constant = true;
        d_weights += s->shift;
        rc = amd_memory_copy_in(c->m, d_weights, c->weights, weights_len, c->e);
    }
    if (rc == 0)
        rc = amd_memory_copy_in(c->m, d_out, written, len, c->e);
    if (rc == 0)
        rc = launch(c, s, d_weights, d_out);
    if (rc == 0)
        rc = amd_memory_load(c->m, d_out, written, len, c->e);
    if (rc == 0 && !reduced_is_right(c->kind, written, c->weights, s->n, s->parameter))
        rc = dq_fail(c->e, DQ_ERR_MISMATCH,
            "%s: of %zu weights, with %" PRIu64 " threads more and parameter %" PRIu64
            ", it wrote something else than the CPU",
            c->kernel->name, s->n, s->more_threads, s->parameter);
    while (c->m->n_regions > n_before)
        amd_memory_remove(c->m, c->m->regions[c->m->n_regions - 1].base, NULL);
    free(written);
    return rc;
}

/* Numbers of weights, of which leaves take whole KiB. */
static size_t number_of(const struct checking *c, size_t i)
{
    static const size_t numbers[] = {1, 63, 65, 257, 1000, MOST};
    const size_t n = numbers[i % (sizeof numbers / sizeof numbers[0])];
    const size_t leaves = (n + DQ_LEAF_WEIGHTS - 1) / DQ_LEAF_WEIGHTS * DQ_LEAF_WEIGHTS;
    return c->kind != DQ_REDUCE_leaves ? n : leaves < MOST ? leaves : leaves - DQ_LEAF_WEIGHTS;
}

int check_reduction(struct amd_memory *m, const struct amd_code *c, const struct amd_kernel *k,
    struct amd_counts *counts, uint64_t *n_weights, struct dq_error *e)
{
    static const uint32_t group_sizes[] = {256, 64, 96, 171};
    struct checking checking = {m, c, k, counts, e, .kind = DQ_REDUCE_KINDS};
    struct dq_error why;
    int rc = reduction_of_name(k->name, &checking.kind);
    if (rc != 0)
        return dq_fail(e, rc, "%s: not a kernel that reduces", k->name);
    for (size_t i = 0; rc == 0 && i < (size_t)2 * WEIGHTS_KINDS; i++) {
        const bool is_leaves = checking.kind == DQ_REDUCE_leaves;
        const struct some s = {.n = number_of(&checking, i),
            .more_threads = i % 3 * 50,
            .group_size = group_sizes[i / 3 % 4],
            .parameter = is_leaves ? (uint64_t)i << i % 40 : 1 + i * 53 % DQ_WINDOW_LAST,
            .shift = is_leaves ? 0 : i % 4 * sizeof(float)};
        weights_make((enum weights_kind)(i / 2), checking.weights, s.n);
        rc = run(&checking, &s);
        *n_weights += s.n;
    }
    if (rc != 0 && strncmp(e->text, k->name, strlen(k->name)) != 0) {
        why = *e;
        dq_fail(e, rc, "%s: %.900s", k->name, why.text);
    }
    return rc;
}
