/* Whether names make the round trip: what any report prints for a tensor selects that very tensor. */
#ifndef DQ_NAMES_BACK_H
#define DQ_NAMES_BACK_H

#include "build_gguf.h"

/* Appends tensors of one weight, named by the pieces of text between bytes that equal separator, to a
 * new file; a name that came before is left out. */
void build_named_tensors(struct build *b, const uint8_t *text, size_t len, uint8_t separator);

/* Gives the name of each tensor back, escaped, read from JSON, and as bytes, to select and to exclude
 * it. Returns NULL, or what went wrong, in static memory. */
const char *names_back(const struct dq_model *m);

#endif
