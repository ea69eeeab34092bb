/* Reads and writes that finish what they start: short transfers, interrupted calls and those that would
 * block are continued, and a signal that asks the program to end is an error. */
#ifndef DQ_FILE_H
#define DQ_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"

/* Opens a file for reading and returns its size in bytes. Refuses anything that has no random access
 * (pipes, terminals, folders). path "-" is standard input. The caller closes *fd. */
int dq_file_open(const char *path, int *fd, uint64_t *size, struct dq_error *e);

/* Reads exactly len bytes at off. DQ_ERR_IO if the file ends before: it was longer when opened. */
int dq_file_pread(
    int fd, const char *path, void *buf, size_t len, uint64_t off, struct dq_error *e);

/* Has the system begin to read len bytes at off, which will be asked for soon. Best effort. */
void dq_file_expect(int fd, uint64_t off, uint64_t len);

/* Writes len bytes at off of a file. */
int dq_file_pwrite(
    int fd, const char *path, const void *buf, size_t len, uint64_t off, struct dq_error *e);

/* Writes len bytes to a pipe, a terminal or a file, at the position of the descriptor. */
int dq_file_write(int fd, const char *path, const void *buf, size_t len, struct dq_error *e);

/* Reserves space for a new file of len bytes, so that it is laid out at once: writing then takes a
 * third less time. Best effort; failures surface in the writes. */
void dq_file_reserve(int fd, uint64_t len);

/* Enlarges the buffer of a pipe to what an unprivileged user may have, so that its two ends wait for
 * each other less often. Best effort; does nothing to other files. */
void dq_file_widen_pipe(int fd);

/* Flushes a stdio stream. Fails if this or any earlier write to it failed. path is for the message;
 * NULL: standard output. */
int dq_file_flush(FILE *file, const char *path, struct dq_error *e);

/* Raises the limit of open files to the hard limit: a split set may have many. */
void dq_file_raise_limit(void);

/* Returns how many more files can be open at once; fd is an open one. */
size_t dq_file_descriptors_left(int fd);

/* Opens descriptors 0 to 2 if the program was started without them, so that no data file gets one of
 * them and has messages written into it. Using one of them then fails. Returns 0, or -1 and sets
 * errno. */
int dq_file_guard_standard(void);

/* Calls take for the name of every regular file, or link to one, in a folder, in any order; what it
 * returns ends the list unless it is 0. What nobody may examine could be one, and counts. */
typedef int (*dq_file_take_fn)(void *arg, const char *name, struct dq_error *e);
int dq_file_list(const char *folder, dq_file_take_fn take, void *arg, struct dq_error *e);

/* The same for the folders in it, with "." and "..", and for links to folders if with_links. */
int dq_file_list_folders(
    const char *folder, bool with_links, dq_file_take_fn take, void *arg, struct dq_error *e);

/* Says in *is_there whether path is that of a folder, or of a link to one. DQ_ERR_IO if it is that of
 * something else, or if that cannot be found out, as in a folder without permission. */
int dq_file_find_folder(const char *path, bool *is_there, struct dq_error *e);

/* Says, by errno, why the folder of a new file could not be opened. Returns the error. */
int dq_file_fail_folder(const char *path, const char *folder, struct dq_error *e);

/* Whether standard output or error may add to a file that has contents already, which could be a file
 * that is read. */
bool dq_file_output_is_at_risk(void);

/* To be called for each file that is only ever read, before anything is written: fails with
 * DQ_ERR_USAGE if standard output or error goes into the file open as fd. From then on nothing can be
 * written there, not even a message. */
int dq_file_protect(int fd, const char *path, struct dq_error *e);

/* Returns the number of the descriptor of this process that a path such as /dev/fd/3, /dev/stdout or a
 * link to them names, or -1. */
int dq_file_descriptor(const char *path);

/* Makes the entries of an open folder durable. *able tells whether its file system can do that, which
 * is no failure. Returns 0, or -1 and sets errno. */
int dq_file_sync_folder(int fd, bool *able);

/* Whether a and b describe the same file. */
bool dq_file_is_same(const struct stat *a, const struct stat *b);

/* Returns the path of a name in a folder; NULL if memory is short. The caller frees it with
 * dq_mem_free. */
char *dq_file_join(const char *folder, const char *name);

/* Returns the last component of a path: a pointer into it. */
const char *dq_file_base(const char *path);

/* Returns the folder part of a path, "." if it has none; NULL if memory is short. The caller frees it
 * with dq_mem_free. */
char *dq_file_folder(const char *path);

#endif
