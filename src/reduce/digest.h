/* Files that are named after their content: caches of models name a file by its SHA-256. */
#ifndef DQ_DIGEST_H
#define DQ_DIGEST_H

#include <stdbool.h>

#include "reduce/hash.h"
#include "source/source.h"

/* Whether the file at path, or the one that it links to, is named by a SHA-256: 64 hexadecimal digits
 * (the cache of Hugging Face), or "sha256-" and those (ollama; once with ':'). If so, *hex gets the
 * digits in lower case. */
bool dq_digest_of_name(const char *path, char hex[DQ_HASH_HEX + 1]);

/* Whether dq_digest_of_source can compute one; it takes a library that the build may lack. */
bool dq_digest_available(void);

/* Reads a whole source and writes its SHA-256 as 64 digits in lower case. progress, which may be NULL,
 * is called with the number of bytes read since the last call. The errors of dq_source_pread;
 * DQ_ERR_MEMORY. */
int dq_digest_of_source(const struct dq_source *s, void (*progress)(void *arg, uint64_t n_bytes),
    void *arg, char hex[DQ_HASH_HEX + 1], struct dq_error *e);

#endif
