/* What can be done in the sandbox and what not: each test tries it in a process of its own, and
 * once without, so that nothing counts as forbidden that never worked. */
#define _GNU_SOURCE /* syscall */
#include "cli/sandbox.h"
#include "dq_test.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder inside, one outside, each with a file; and a file that is open. */
struct place {
    char inside[600];
    char outside[600];
    char old_inside[700];
    char old_outside[700];
    int fd;
};

static bool opens(const char *path, int flags)
{
    const int fd = open(path, flags | O_CLOEXEC, 0666);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool read_outside(const struct place *p)
{
    return opens(p->old_outside, O_RDONLY);
}

static bool list_outside(const struct place *p)
{
    return opens(p->outside, O_RDONLY | O_DIRECTORY);
}

static bool write_outside(const struct place *p)
{
    return opens(p->old_outside, O_WRONLY);
}

static bool make_in(const char *folder)
{
    char path[800];
    snprintf(path, sizeof path, "%s/new", folder);
    return opens(path, O_WRONLY | O_CREAT | O_EXCL) && unlink(path) == 0;
}

static bool make_outside(const struct place *p)
{
    return make_in(p->outside);
}

static bool make_inside(const struct place *p)
{
    return make_in(p->inside);
}

static bool read_inside(const struct place *p)
{
    return opens(p->old_inside, O_RDONLY);
}

static bool list_inside(const struct place *p)
{
    return opens(p->inside, O_RDONLY | O_DIRECTORY);
}

static bool cut_inside(const struct place *p)
{
    return opens(p->old_inside, O_WRONLY | O_TRUNC);
}

static bool make_folder_inside(const struct place *p)
{
    char path[800];
    snprintf(path, sizeof path, "%s/folder", p->inside);
    return mkdir(path, 0777) == 0 || errno == EEXIST; /* it stays */
}

static bool rename_inside(const struct place *p)
{
    char path[800];
    snprintf(path, sizeof path, "%s/renamed", p->inside);
    return rename(p->old_inside, path) == 0 && link(path, p->old_inside) == 0 && unlink(path) == 0;
}

static bool rename_out(const struct place *p)
{
    char path[800];
    snprintf(path, sizeof path, "%s/moved", p->outside);
    return rename(p->old_inside, path) == 0 && rename(path, p->old_inside) == 0;
}

static bool remove_outside(const struct place *p)
{
    const int fd = open(p->old_outside, O_RDONLY);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (unlink(p->old_outside) != 0)
        return false;
    return fd < 0 || link(path, p->old_outside) != 0; /* it is gone, and that is what was tried */
}

static bool make_link_inside(const struct place *p)
{
    char path[800];
    snprintf(path, sizeof path, "%s/link", p->inside);
    return symlink("/", path) == 0 && unlink(path) == 0;
}

static bool use_open_file(const struct place *p)
{
    char byte;
    return pread(p->fd, &byte, 1, 0) == 1 && pwrite(p->fd, "x", 1, 0) == 1;
}

static bool start_program(const struct place *p)
{
    (void)p;
    const pid_t child = fork();
    int status = 1;
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

static bool bind_tcp(const struct place *p)
{
    (void)p;
    const struct sockaddr_in any = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    return bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 && close(fd) == 0;
}

static bool signal_parent(const struct place *p)
{
    (void)p;
    return kill(getppid(), 0) == 0;
}

static void *read_in_thread(void *arg)
{
    return read_outside(arg) ? arg : NULL;
}

static bool read_outside_in_thread(const struct place *p)
{
    pthread_t thread;
    void *did = NULL;
    if (pthread_create(&thread, NULL, read_in_thread, (void *)(uintptr_t)p) != 0)
        abort();
    pthread_join(thread, &did);
    return did != NULL;
}

static void take_signal(int number)
{
    (void)number;
}

static bool signal_itself(const struct place *p)
{
    (void)p;
    signal(SIGUSR1, take_signal);
    return raise(SIGUSR1) == 0;
}

#ifdef DQ_HAVE_SECCOMP
static bool open_socket(const struct place *p)
{
    (void)p;
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd >= 0 && close(fd) == 0;
}

static bool look_at_parent(const struct place *p)
{
    (void)p;
    /* The last one is passed on the stack, where an int is only half of it. */
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0L, NULL, 0L, 0L) == 0;
}
#endif

/* One thing to try, in which of the sandboxes below it works, and from which version of Landlock on. */
enum { NOTHING = 1, READING = 2, ANYWHERE = 4, FOLDER = 8, ALL = 15 };
#ifdef DQ_HAVE_SECCOMP
enum { SECCOMP_OR_4 = 1, SECCOMP_OR_6 = 1 };
#else
enum { SECCOMP_OR_4 = 4, SECCOMP_OR_6 = 6 };
#endif

static const struct attempt {
    const char *name;
    bool (*run)(const struct place *p);
    int allowed;
    long since;
} attempts[] = {
    {"read outside", read_outside, READING | ANYWHERE, 1},
    {"read outside in a thread", read_outside_in_thread, READING | ANYWHERE, 1},
    {"list outside", list_outside, READING | ANYWHERE, 1},
    {"write outside", write_outside, ANYWHERE, 1},
    {"make outside", make_outside, ANYWHERE, 1},
    {"remove outside", remove_outside, ANYWHERE, 1},
    {"read inside", read_inside, READING | ANYWHERE, 1},
    {"list inside", list_inside, READING | ANYWHERE, 1},
    {"make a folder inside", make_folder_inside, ANYWHERE, 1},
    {"cut a file inside", cut_inside, ANYWHERE, 3},
    {"make inside", make_inside, ANYWHERE | FOLDER, 1},
    {"rename inside", rename_inside, ANYWHERE | FOLDER, 1},
    {"rename out of it", rename_out, ANYWHERE, 2},
    {"make a link inside", make_link_inside, 0, 1},
    {"use an open file", use_open_file, ALL, 1},
    {"start a program", start_program, 0, 1},
    {"bind a TCP port", bind_tcp, 0, SECCOMP_OR_4},
    {"signal its parent", signal_parent, 0, SECCOMP_OR_6},
    {"signal itself", signal_itself, ALL, 1},
#ifdef DQ_HAVE_SECCOMP
    {"open a socket", open_socket, 0, 1},
    {"look into its parent", look_at_parent, 0, 1},
#endif
};

enum { N_ATTEMPTS = sizeof attempts / sizeof *attempts };

static long landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

static int write_file(const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "file", 4), 4);
    return fd;
}

static void make_place(struct scratch *s, struct place *p)
{
    snprintf(p->inside, sizeof p->inside, "%s/inside", s->dir);
    snprintf(p->outside, sizeof p->outside, "%s/outside", s->dir);
    snprintf(p->old_inside, sizeof p->old_inside, "%s/old", p->inside);
    snprintf(p->old_outside, sizeof p->old_outside, "%s/old", p->outside);
    assert_true(mkdir(p->inside, 0777) == 0 || errno == EEXIST);
    assert_true(mkdir(p->outside, 0777) == 0 || errno == EEXIST);
    close(write_file(p->old_inside));
    p->fd = write_file(p->old_outside);
}

/* Enters a sandbox. Returns whether it has what the kernel and the build have, and says so. */
static bool is_entered(const struct dq_sandbox *s)
{
    char words[DQ_SANDBOX_WORDS];
    char files[40] = "no Landlock (";
    bool fully = dq_sandbox_enter(s, words);
    const bool has_files = landlock() > 0;
    if (has_files)
        snprintf(files, sizeof files, " in a sandbox: Landlock %ld, ", landlock());
#ifdef DQ_HAVE_SECCOMP
    const char *calls = ", seccomp";
    const char *how = has_files ? "fully" : "partly";
#else
    const char *calls = "no seccomp (this program is built without libseccomp)";
    const char *how = has_files ? "partly" : "not";
#endif
    const bool ok = strstr(words, files) && strstr(words, calls) &&
                    strncmp(words, how, strlen(how)) == 0 && fully == (*how == 'f');
    if (!ok)
        fprintf(stderr, "%s\n", words);
    return ok;
}

/* Runs one attempt in a new process, in the sandboxes if there are any. */
static bool works(
    const struct place *p, const struct attempt *a, const struct dq_sandbox *s, size_t n)
{
    int status;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < n; i++) {
            if (!is_entered(&s[i]))
                exit(2);
        }
        exit(a->run(p) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return status == 0;
}

static void check_all(struct scratch *scratch, const struct dq_sandbox *s, size_t n, int which)
{
    struct place p;
    for (size_t i = 0; i < N_ATTEMPTS; i++) {
        if (landlock() < attempts[i].since)
            continue;
        make_place(scratch, &p);
        const bool done = works(&p, &attempts[i], s, n);
        close(p.fd);
        if (done != ((attempts[i].allowed & which) != 0))
            fail_msg("'%s' %s", attempts[i].name, done ? "works" : "is refused");
    }
}

static void everything_works_without_it(void **state)
{
    struct place p;
    for (size_t i = 0; i < N_ATTEMPTS; i++) {
        make_place(*state, &p);
        if (!works(&p, &attempts[i], NULL, 0))
            fail_msg("'%s' does not work here at all", attempts[i].name);
        close(p.fd);
    }
}

#ifdef DQ_HAVE_SECCOMP
enum { PARENT = -77 }; /* in the place of its number, where Landlock would not refuse it too */

/* Calls that fail for their arguments, or do nothing, so that it shows whether they are looked at.
 */
static const struct call {
    const char *name;
    long number;
    long args[4];
} calls[] = {
#ifdef SYS_chmod
    {"chmod", SYS_chmod, {0}},
    {"chown", SYS_chown, {0}},
    {"lchown", SYS_lchown, {0}},
#ifdef SYS_utime /* 32-bit ARM has no such call */
    {"utime", SYS_utime, {0}},
#endif
    {"utimes", SYS_utimes, {0}},
    {"futimesat", SYS_futimesat, {-1}},
#endif
    {"fchmod", SYS_fchmod, {-1}},
    {"fchmodat", SYS_fchmodat, {-1}},
    {"fchown", SYS_fchown, {-1}},
    {"fchownat", SYS_fchownat, {-1}},
    {"utimensat", SYS_utimensat, {-1}},
    {"setxattr", SYS_setxattr, {0}},
    {"lsetxattr", SYS_lsetxattr, {0}},
    {"fsetxattr", SYS_fsetxattr, {-1}},
    {"removexattr", SYS_removexattr, {0}},
    {"lremovexattr", SYS_lremovexattr, {0}},
    {"fremovexattr", SYS_fremovexattr, {-1}},
    {"truncate", SYS_truncate, {0}},
    {"setpriority", SYS_setpriority, {99}},
    {"sched_setscheduler", SYS_sched_setscheduler, {-1}},
    {"sched_setparam", SYS_sched_setparam, {-1}},
    {"sched_setattr", SYS_sched_setattr, {-1}},
    {"sched_setaffinity", SYS_sched_setaffinity, {0}},
    {"ioprio_set", SYS_ioprio_set, {99}},
    {"msgget", SYS_msgget, {1}},
    {"msgctl", SYS_msgctl, {-1}},
    {"semget", SYS_semget, {1}},
    {"semctl", SYS_semctl, {-1}},
    {"shmget", SYS_shmget, {1}},
    {"shmctl", SYS_shmctl, {-1}},
    {"mq_open", SYS_mq_open, {0}},
    {"mq_unlink", SYS_mq_unlink, {0}},
    {"typing into a terminal", SYS_ioctl, {-1, TIOCSTI}},
#if __SIZEOF_LONG__ == 8
    {"typing into a terminal, in 64 bits", SYS_ioctl, {-1, TIOCSTI | (1L << 32)}},
#endif
    {"pasting into a terminal", SYS_ioctl, {-1, TIOCLINUX}},
    {"signals by ioctl", SYS_ioctl, {-1, FIOSETOWN}},
    {"signals by ioctl of sockets", SYS_ioctl, {-1, SIOCSPGRP}},
    {"signals at input, by ioctl", SYS_ioctl, {-1, FIOASYNC}},
    {"signals of a terminal", SYS_ioctl, {-1, TIOCSIG}},
    {"the processes of a terminal", SYS_ioctl, {-1, TIOCSPGRP}},
    {"the size of a terminal", SYS_ioctl, {-1, TIOCSWINSZ}},
    {"taking a terminal", SYS_ioctl, {-1, TIOCSCTTY}},
    {"leaving a terminal", SYS_ioctl, {-1, TIOCNOTTY}},
    {"signals by fcntl", SYS_fcntl, {-1, F_SETOWN}},
    {"signals by fcntl, to a thread", SYS_fcntl, {-1, F_SETOWN_EX}},
    {"another signal", SYS_fcntl, {-1, F_SETSIG}},
    {"signals at input", SYS_fcntl, {-1, F_SETFL, O_ASYNC}},
    {"signals at input, and more", SYS_fcntl, {-1, F_SETFL, O_ASYNC | O_NONBLOCK | O_APPEND}},
    {"signals of a folder", SYS_fcntl, {-1, F_NOTIFY}},
    {"a lease", SYS_fcntl, {-1, F_SETLEASE}},
#if __SIZEOF_LONG__ == 8
    {"signals by fcntl, in 64 bits", SYS_fcntl, {-1, F_SETOWN | (1L << 32)}},
#endif
    {"umask", SYS_umask, {022}},
#ifdef SYS_open
    {"open, setuid", SYS_open, {0, O_CREAT | O_EXCL, S_ISUID | 0755}},
    {"open, setgid", SYS_open, {0, O_CREAT, S_ISGID}},
    {"open, sticky", SYS_open, {0, O_CREAT, S_ISVTX}},
    {"open without a name, setuid", SYS_open, {0, O_TMPFILE | O_RDWR, S_ISUID}},
    {"creat, setuid", SYS_creat, {0, S_ISUID | 0700}},
    {"mkdir, setgid", SYS_mkdir, {0, S_ISGID | 0777}},
    {"mkdir, sticky", SYS_mkdir, {0, S_ISVTX | 0777}},
    {"mknod", SYS_mknod, {0, S_IFREG | S_ISUID}},
#endif
    {"openat, setuid", SYS_openat, {-1, 0, O_CREAT | O_WRONLY, S_ISUID | 0755}},
    {"openat, setgid", SYS_openat, {-1, 0, O_CREAT | O_RDWR, S_ISGID | 0755}},
    {"openat, sticky", SYS_openat, {-1, 0, O_CREAT, S_ISVTX}},
    {"openat without a name, setgid", SYS_openat, {-1, 0, O_TMPFILE | O_RDWR, S_ISGID}},
    {"mkdirat, setuid", SYS_mkdirat, {-1, 0, S_ISUID}},
    {"mkdirat, setgid", SYS_mkdirat, {-1, 0, S_ISGID | 0777}},
    {"mknodat", SYS_mknodat, {-1, 0, S_IFREG}},
    {"clone into a space of its own", SYS_clone, {CLONE_NEWUSER | CLONE_FS}},
    {"clone with mounts of its own", SYS_clone, {CLONE_NEWNS | CLONE_FS}},
#ifdef __GLIBC__
    {"tkill", SYS_tkill, {INT32_MAX}},
#endif
    {"tgkill", SYS_tgkill, {INT32_MAX, INT32_MAX}},
    {"rt_sigqueueinfo", SYS_rt_sigqueueinfo, {PARENT}},
    {"rt_tgsigqueueinfo", SYS_rt_tgsigqueueinfo, {PARENT, PARENT}},
    {"prlimit64", SYS_prlimit64, {PARENT, RLIMIT_NOFILE}},
};

/* The error of each call, in a process of its own. */
static int error_of(const struct call *c, bool confined)
{
    int status;
    const long first = c->args[0] == PARENT ? (long)getpid() : c->args[0];
    const long second = c->args[1] == PARENT ? (long)getpid() : c->args[1];
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        const struct dq_sandbox all = {.may_read = true, .may_write = true};
        if (confined && !is_entered(&all))
            _exit(255);
        errno = 0;
        (void)syscall(c->number, first, second, c->args[2], c->args[3]);
        _exit(errno);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void calls_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (error_of(&calls[i], false) == EPERM)
            fail_msg("%s: is refused without a sandbox", calls[i].name);
        if (error_of(&calls[i], true) != EPERM)
            fail_msg("%s: is looked at", calls[i].name);
    }
}

static void a_process_may_ask_itself(void **state)
{
    (void)state;
    const struct call fine[] = {
        {"prlimit64", SYS_prlimit64, {0, RLIMIT_NOFILE}},
        {"sched_getaffinity", SYS_sched_getaffinity, {0}},
        {"ioctl", SYS_ioctl, {-1, TIOCGWINSZ}},
        {"clone", SYS_clone, {CLONE_SIGHAND}},
        {"fcntl", SYS_fcntl, {-1, F_SETFL, O_NONBLOCK}},
        {"fcntl", SYS_fcntl, {-1, F_DUPFD_CLOEXEC}},
        {"openat", SYS_openat, {-1, 0, O_CREAT | O_EXCL, 0777}},
        {"openat without a mode", SYS_openat, {-1, 0, O_RDONLY | O_DIRECTORY, S_ISUID}},
        {"mkdirat", SYS_mkdirat, {-1, 0, 0777}},
        /* as if the kernel did not have them: libc uses others then */
        {"clone3", SYS_clone3, {0}},
#ifdef SYS_openat2
        {"openat2", SYS_openat2, {-1}},
#endif
    };
    const int errors[] = {
        0, EINVAL, EBADF, EINVAL, EBADF, EBADF, EFAULT, EFAULT, EFAULT, ENOSYS, ENOSYS};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_int_equal(error_of(&fine[i], true), errors[i]);
}
#endif

static void nothing_is_opened_any_more(void **state)
{
    const struct dq_sandbox nothing = {.n_folders = 0};
    check_all(*state, &nothing, 1, NOTHING);
}

static void readers_only_read(void **state)
{
    const struct dq_sandbox s = {.may_read = true};
    check_all(*state, &s, 1, READING);
}

static void writers_write_anywhere(void **state)
{
    const struct dq_sandbox s = {.may_read = true, .may_write = true};
    check_all(*state, &s, 1, ANYWHERE);
}

static void a_folder_is_where_files_come_and_go(void **state)
{
    struct place p;
    make_place(*state, &p);
    close(p.fd);
    const struct dq_sandbox s = {
        .folders = {open(p.inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, .n_folders = 1};
    check_all(*state, &s, 1, FOLDER);
    close(s.folders[0]);
}

static void more_is_given_up_later(void **state)
{
    const struct dq_sandbox s[] = {
        {.may_read = true, .may_write = true}, {.may_read = true}, {.n_folders = 0}};
    check_all(*state, s, 2, READING);
    check_all(*state, s, 3, NOTHING);
}

static void nothing_comes_back(void **state)
{
    const struct dq_sandbox s[] = {{.n_folders = 0}, {.may_read = true, .may_write = true}};
    check_all(*state, s, 2, NOTHING);
}

static void the_kernel_says_so(void **state)
{
    (void)state;
    int status;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        const struct dq_sandbox nothing = {.n_folders = 0};
        int wanted = 0;
#ifdef DQ_HAVE_SECCOMP
        wanted = 2;
#endif
        const bool entered = is_entered(&nothing);
        exit(entered &&
                     (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) ==
                         (wanted == 2 || landlock() > 0) &&
                     prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == wanted
                 ? 0
                 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(everything_works_without_it),
        scratch_test(nothing_is_opened_any_more),
        scratch_test(readers_only_read),
        scratch_test(writers_write_anywhere),
        scratch_test(a_folder_is_where_files_come_and_go),
        scratch_test(more_is_given_up_later),
        scratch_test(nothing_comes_back),
        cmocka_unit_test(the_kernel_says_so),
#ifdef DQ_HAVE_SECCOMP
        cmocka_unit_test(calls_are_refused),
        cmocka_unit_test(a_process_may_ask_itself),
#endif
    };
    const struct CMUnitTest tests_without_landlock[] = {
        cmocka_unit_test(the_kernel_says_so),
#ifdef DQ_HAVE_SECCOMP
        cmocka_unit_test(calls_are_refused),
        cmocka_unit_test(a_process_may_ask_itself),
#endif
    };
#ifdef DQ_HAVE_SECCOMP
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL) {
        puts("the kernel, or what emulates it, has no seccomp");
        return 77;
    }
#endif
    if (landlock() < 1 && errno != EPERM)
        return cmocka_run_group_tests(tests_without_landlock, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
