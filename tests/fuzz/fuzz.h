/* The interface of a fuzz target: functions that libFuzzer calls, or fuzz_main.c instead of it. A target
 * has all of them, or only LLVMFuzzerTestOneInput; then fuzz_plain.c has the others.
 *
 * * A target accepts any bytes and returns; a fault ends the process by abort(), with a message on
 * stderr. It leaks nothing: no memory, no descriptors, no files. */
#ifndef DQ_FUZZ_H
#define DQ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Called once, before the inputs; the command line may be changed. Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Processes one input. Returns 0, or -1 for one not worth keeping. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Changes an input in place, to at most max bytes; returns its new length. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

/* The engine's own mutator: changes bytes without regard to their meaning. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* Like assert(), but in every build. */
#define FUZZ_CHECK(ok) ((ok) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #ok))

_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Where its message goes: standard error, or a copy if the target uses that itself. */
extern int fuzz_message_fd;

#endif
