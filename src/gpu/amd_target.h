/* What is known of AMD's cards without their runtime. */
#ifndef DQ_AMD_TARGET_H
#define DQ_AMD_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the target ("gfx90a") of the card with a PCI address as HIP reports it ("0000:0b:00.0"), or "" if it
 * is not known. HIP reports targets only in a structure whose layout differs between versions, so
 * this asks the kernel driver. nodes is the folder in which that lists what it found:
 * "/sys/class/kfd/kfd/topology/nodes". */
void dq_amd_target(const char *nodes, const char *pci, char *out, size_t size);

/* Whether code for a target, which may have features ("gfx90a:xnack+"), names the target of a card. */
bool dq_amd_is_for(const char *code, const char *target);

/* Writes what lets a card run the code of another target of its family, as the rest of a sentence about
 * the missing code, or "" if none of the targets ("gfx900 gfx906 ...") is of its family. */
void dq_amd_advise(const char *target, const char *targets, char *out, size_t size);

#endif
