/* Changes GGUF files as somebody would who knows the format. */
#ifndef DQ_MUTATE_GGUF_H
#define DQ_MUTATE_GGUF_H

#include <stddef.h>
#include <stdint.h>

/* Takes a file apart, changes a few things in it (a count, a length, a type, dimensions, an offset,
 * the alignment; a pair or a tensor more, less, or elsewhere), and puts it together so that the
 * rest fits still. What is no GGUF file is left to the engine. Returns the new length. */
size_t mutate_gguf(uint8_t *data, size_t size, size_t max, unsigned seed);

#endif
