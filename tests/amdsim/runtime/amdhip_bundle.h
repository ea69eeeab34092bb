/* Choosing the code object for a card. */
#ifndef AMDHIP_BUNDLE_H
#define AMDHIP_BUNDLE_H

#ifndef __HIP_PLATFORM_AMD__
#define __HIP_PLATFORM_AMD__
#endif

#include <hip/hip_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>

/* A processor and its features: each is '+', '-', or ' ' if the processor lacks it or either will
 * do. */
struct hip_target {
    char processor[16];
    char sramecc;
    char xnack;
};

/* Parses the first len characters of text, such as "gfx90a:sramecc+:xnack-"; false: malformed. */
bool hip_target_parse(const char *text, size_t len, struct hip_target *out);

/* Whether code for a target runs on a card. takes_generic: so does the code of its family ("gfx11-generic"), as
 * from ROCm 6.4 on. */
bool hip_target_runs(
    const struct hip_target *card, const struct hip_target *code, bool takes_generic);

/* Finds the code object for a card in an image, which is a clang offload bundle or a code object, which has its
 * target in e_flags. Generic code is taken where there is no other.
 * hipErrorInvalidImage: it is neither. hipErrorNoBinaryForGpu: it has no code for the card. */
hipError_t hip_pick_code(const void *image, const struct hip_target *card, bool takes_generic,
    const void **out, size_t *out_len);

#endif
