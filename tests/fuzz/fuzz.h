/* What a fuzz target is: four functions that libFuzzer calls, or fuzz_main.c in its place.
 *
 * A target takes any bytes, and returns; whatever is wrong ends the process by abort(), with words
 * on stderr. It leaves nothing behind: no memory, no descriptors, no files. */
#ifndef DQ_FUZZ_H
#define DQ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Called once, before the inputs; the command line may be changed. Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* One input. Returns 0, or -1 for one that is not worth keeping. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Changes an input in place, to at most max bytes; returns its new length. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

/* The engine's own: changes bytes here and there, and knows nothing of what they mean. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* Unlike assert(), it is there in every build. */
#define FUZZ_CHECK(ok) ((ok) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #ok))

_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Where its words go: standard error, or a copy where a target has use for that one. */
extern int fuzz_words_fd;

#endif
