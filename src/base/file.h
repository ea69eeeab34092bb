/* Reads and writes that finish what they start: short transfers and interrupted calls are
 * continued, and a signal that asks the program to end is an error. */
#ifndef DQ_FILE_H
#define DQ_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"

/* Opens a file for reading and tells its size. Anything that cannot be read at any offset (a pipe,
 * a terminal, a folder) is refused. path "-" is standard input. Returns 0 and the descriptor, which
 * the caller closes. */
int dq_file_open(const char *path, int *fd, uint64_t *size, struct dq_error *e);

/* Reads exactly len bytes at off. A file that ends early is DQ_ERR_IO: it was longer when opened.
 */
int dq_file_pread(
    int fd, const char *path, void *buf, size_t len, uint64_t off, struct dq_error *e);

/* Writes len bytes at off of a file. */
int dq_file_pwrite(
    int fd, const char *path, const void *buf, size_t len, uint64_t off, struct dq_error *e);

/* Writes head_len bytes and then len bytes behind them at off of a file, in one call. */
int dq_file_pwrite_two(int fd, const char *path, const void *head, size_t head_len, const void *buf,
    size_t len, uint64_t off, struct dq_error *e);

/* Writes len bytes to a pipe, terminal or file, at its own position. */
int dq_file_write(int fd, const char *path, const void *buf, size_t len, struct dq_error *e);

/* Says how long a new file will be, so that the system can lay it out at once: then writing it
 * takes a third less time. A wish only; what cannot be is told by the writes. */
void dq_file_reserve(int fd, uint64_t len);

/* Makes a pipe as wide as an ordinary user's may be, so that its two ends wait for one another less
 * often. A wish only; anything but a pipe stays as it is. */
void dq_file_widen_pipe(int fd);

/* Writes what is in the buffer of a stdio stream; fails if that or any write before failed. path is
 * for the message; NULL is standard output. */
int dq_file_flush(FILE *file, const char *path, struct dq_error *e);

/* Lets the program open as many files as the system permits it: a split set may have many. */
void dq_file_raise_limit(void);

/* Fills descriptors 0 to 2 if the program was started without them, so that no file gets one and
 * has messages written into it. What is put there fails when used. Returns 0 or -1. */
int dq_file_guard_standard(void);

/* Whether two descriptions are of one file. */
bool dq_file_is_same(const struct stat *a, const struct stat *b);

/* Returns the last component of a path. */
const char *dq_file_base(const char *path);

/* Returns the folder part of a path, "." if it has none. The caller frees it; NULL if memory is
 * short. */
char *dq_file_folder(const char *path);

#endif
