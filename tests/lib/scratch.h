/* A folder for the files of one test, removed with its contents at the end; and checks that many
 * tests share. */
#ifndef DQ_SCRATCH_H
#define DQ_SCRATCH_H

#include "base/err.h"
#include "dq_test.h"

enum { SCRATCH_PATHS = 8 };

struct scratch {
    char dir[512];
    char *paths[SCRATCH_PATHS];
    unsigned next;
};

/* A cmocka fixture: *state is a struct scratch. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* Returns the path of a name in the folder, valid until the seventh next call. */
const char *scratch_path(struct scratch *s, const char *name);

/* Writes a file in the folder and returns its path. */
const char *scratch_write(struct scratch *s, const char *name, const void *bytes, size_t len);

/* Returns the contents of a file, with a NUL appended. The caller frees them. */
char *scratch_read(const char *path, size_t *len);

/* Returns the number of entries of the folder. */
size_t scratch_count(const struct scratch *s);

/* Fails unless rc is the expected code and the error's text contains the words. */
void check_error(int rc, const struct dq_error *e, int wanted, const char *words);

/* Fails with the error's text unless rc is 0. */
void check_ok(int rc, const struct dq_error *e);

/* Returns the descriptor that the next opened file gets: if it is the same before and after, nothing
 * was left open. */
int next_fd(void);

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

#endif
