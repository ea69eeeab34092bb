/* What --device means, and which GPUs that is. */
#ifndef DQ_DEVICE_H
#define DQ_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "gpu/driver.h"

enum { DQ_GPUS_MAX = 64 }; /* that one run uses: eight cards of eight partitions */

/* A parsed "auto", "cpu", "gpu", "gpu:1", "cuda:0" or "hip:all". */
struct dq_device_choice {
    enum { DQ_DEVICE_AUTO, DQ_DEVICE_CPU, DQ_DEVICE_GPU } kind;
    const struct dq_gpu_driver *driver;                  /* NULL: any */
    enum { DQ_GPU_FIRST, DQ_GPU_ONE, DQ_GPU_ALL } which; /* FIRST: the first usable one */
    int ordinal;        /* DQ_GPU_ONE: of the driver's GPUs, or, with any driver, of all */
    const char *absent; /* the name of a driver that is not built in, or NULL */
};

/* Names a GPU. */
struct dq_gpu_id {
    const struct dq_gpu_driver *driver;
    int ordinal; /* among the driver's GPUs, from 0 */
};

/* Parses the argument of --device. Opens nothing. DQ_ERR_USAGE. */
int dq_device_parse(const char *text, struct dq_device_choice *out, struct dq_error *e);

/* Whether a choice never opens a GPU. */
bool dq_device_is_cpu(const struct dq_device_choice *c);

/* Whether the runtime library of a GPU is loaded, even if it turned out to be unusable. */
bool dq_device_any_runtime(void);

/* Finds the GPUs that a choice means, at least one; with DQ_GPU_FIRST, the candidates in order.
 * They need not be usable. DQ_ERR_GPU: there is none, or not the one with that ordinal. */
int dq_device_find(const struct dq_device_choice *c, struct dq_gpu_id out[DQ_GPUS_MAX], size_t *n,
    struct dq_error *e);

/* Writes the names of GPUs in order, as "cuda:0" or "hip:0,cuda:0-3", truncated to size - 1
 * bytes. */
void dq_device_label(const struct dq_gpu_id *gpus, size_t n, char *out, size_t size);

#endif
