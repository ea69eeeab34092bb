/* A folder for the files of one test, removed with all that is in it when the test is over; and
 * checks that many tests share. */
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

/* The path of a name in the folder. It stays good for the next seven calls. */
const char *scratch_path(struct scratch *s, const char *name);

/* Writes a file in the folder and returns its path. */
const char *scratch_write(struct scratch *s, const char *name, const void *bytes, size_t len);

/* Reads a whole file, with a NUL behind it. The caller frees it. */
char *scratch_read(const char *path, size_t *len);

/* How many entries the folder has. */
size_t scratch_count(const struct scratch *s);

/* Fails unless rc is the code that is wanted and the error holds the words. */
void check_error(int rc, const struct dq_error *e, int wanted, const char *words);

/* Fails with the error's text unless rc is 0. */
void check_ok(int rc, const struct dq_error *e);

/* The number that the next file to be opened gets: the same before and after shows that nothing was
 * left open. */
int next_fd(void);

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

#endif
