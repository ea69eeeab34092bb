/* What is known of AMD's cards without their runtime. */
#ifndef DQ_AMD_TARGET_H
#define DQ_AMD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the target ("gfx90a") of the card with a PCI address as HIP reports it ("0000:0b:00.0"), or "" if it
 * is not known. HIP reports targets only in a structure whose layout differs between versions, so
 * this asks the kernel driver. nodes is the folder in which that lists what it found:
 * "/sys/class/kfd/kfd/topology/nodes". */
void dq_amd_target(const char *nodes, const char *pci, char *out, size_t size);

/* Whether the target of a card is among those of code, which may have features ("gfx900 gfx90a:xnack+"). */
bool dq_amd_is_among(const char *targets, const char *target);

/* Makes the code object of a target that of a sibling with the same machine code: its e_flags, and its name in the
 * metadata, which has the same length. The object is sound. */
void dq_amd_make_sibling(uint8_t *elf, size_t len, const char *target, uint32_t flags);

/* Writes what lets a card run code although its target is not among those built in ("gfx900 gfx906 ..."), as the
 * rest of a sentence about the missing code; "" if the target is not known. */
void dq_amd_advise(const char *target, const char *targets, char *out, size_t size);

#endif
