/* The file that an array is written to before it has its name.
 *
 * It lies in the folder of that name, is called .gguf-dq-PID-N-BOOT.tmp, and its writer holds a
 * lock on it (flock) as long as it lives. So a later run can tell what a killed one left behind
 * from what another is at: a process number says nothing in a container, or of another host. */
#ifndef DQ_SINK_TEMPORARY_H
#define DQ_SINK_TEMPORARY_H

enum { DQ_TEMPORARY_MAX = 64 };

struct dq_temporary {
    int fd;
    char name[DQ_TEMPORARY_MAX]; /* in its folder; "" once there is none of that name */
};

/* Makes a new one in an open folder. Returns 0, or -1 with errno. The caller closes and removes it.
 */
int dq_temporary_make(int folder, struct dq_temporary *t);

/* Removes those that nobody is at any more. What cannot be removed stays. */
void dq_temporary_sweep(int folder);

#endif
