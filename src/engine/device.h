/* What a person may ask to decode with, and which GPUs that means. */
#ifndef DQ_DEVICE_H
#define DQ_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "gpu/driver.h"

enum { DQ_GPUS_MAX = 16 }; /* that work side by side */

/* "auto", "cpu", "gpu", "gpu:1", "cuda:0", "hip:all". */
struct dq_device_choice {
    enum { DQ_DEVICE_AUTO, DQ_DEVICE_CPU, DQ_DEVICE_GPU } kind;
    const struct dq_gpu_driver *driver; /* DQ_DEVICE_GPU: NULL is any, counted through */
    int number;
    bool all;           /* all that the driver has, in the place of one with this number */
    const char *absent; /* a driver that is known but not built in, or NULL */
};

/* A GPU as its driver counts it. */
struct dq_gpu_id {
    const struct dq_gpu_driver *driver;
    int number;
};

/* Reads a choice; fails with DQ_ERR_USAGE. */
int dq_device_parse(const char *text, struct dq_device_choice *out, struct dq_error *e);

/* Whether no GPU is ever opened for a choice. */
bool dq_device_is_cpu(const struct dq_device_choice *c);

/* Whether the runtime library of a GPU is loaded, be it of use or not. */
bool dq_device_any_runtime(void);

/* Finds the GPUs that are meant, at least one, or fails with DQ_ERR_GPU. */
int dq_device_find(const struct dq_device_choice *c, struct dq_gpu_id out[DQ_GPUS_MAX], size_t *n,
    struct dq_error *e);

/* Names GPUs, in their order: "cuda:0", "hip:0,cuda:0-3". What does not fit is cut. */
void dq_device_label(const struct dq_gpu_id *devices, size_t n, char *out, size_t size);

#endif
