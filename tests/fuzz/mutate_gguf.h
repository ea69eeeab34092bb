/* Mutates GGUF files with knowledge of the format. */
#ifndef DQ_MUTATE_GGUF_H
#define DQ_MUTATE_GGUF_H

#include <stddef.h>
#include <stdint.h>

/* Parses a file, changes a few things (a count, a length, a type, dimensions, an offset, the
 * alignment; adds, removes or moves a pair or a tensor), and writes it back so that the rest still
 * fits. Leaves anything but a GGUF file to the engine. Returns the new length. */
size_t mutate_gguf(uint8_t *data, size_t size, size_t max, unsigned seed);

#endif
