/* Which code object of an image is for a card. */
#ifndef AMDHIP_BUNDLE_H
#define AMDHIP_BUNDLE_H

#ifndef __HIP_PLATFORM_AMD__
#define __HIP_PLATFORM_AMD__
#endif

#include <hip/hip_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>

/* A processor and its features, each '+', '-', or ' ' where there is none, or it does not matter.
 */
struct hip_target {
    char processor[16];
    char sramecc;
    char xnack;
};

/* Reads the first len letters of "gfx90a:sramecc+:xnack-"; false: it is not of this form. */
bool hip_target_parse(const char *text, size_t len, struct hip_target *out);

/* Whether code for one runs on the other. */
bool hip_target_runs(const struct hip_target *card, const struct hip_target *code);

/* Finds the code object for a card in a clang offload bundle or in an image that is one.
 * hipErrorInvalidImage: it is neither. hipErrorNoBinaryForGpu: the bundle has none for the card. */
hipError_t hip_pick_code(
    const void *image, const struct hip_target *card, const void **out, size_t *out_len);

#endif
