/* The file that an array is written to before it has its name.
 *
 * It lies in the folder of that name, is called .gguf-dq-PID-N-BOOT.tmp, and its writer holds a
 * lock on it (flock) as long as it lives. So a later run can tell what a killed one left behind
 * from what another is at: a process number says nothing in a container, or of another host. */
#ifndef DQ_TMPFILE_H
#define DQ_TMPFILE_H

enum { DQ_TMPFILE_NAME_MAX = 64 };

struct dq_tmpfile {
    int fd;
    char name[DQ_TMPFILE_NAME_MAX]; /* in its folder; "" once there is none of that name */
};

/* Makes a new one in an open folder. Returns 0, or -1 with errno. The caller closes and removes it.
 */
int dq_tmpfile_make(int folder, struct dq_tmpfile *t);

/* Removes those that nobody is at any more. What cannot be removed stays. */
void dq_tmpfile_sweep(int folder);

#endif
