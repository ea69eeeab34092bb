#ifdef __linux__
#define _GNU_SOURCE /* syscall, O_PATH */
#endif
#include "cli/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef DQ_HAVE_LANDLOCK
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif
#ifdef DQ_HAVE_SECCOMP
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#endif

#ifdef DQ_HAVE_SECCOMP
/* Calls that no command needs once it runs. (A list of allowed calls would break with each new libc.)
 * Left out are calls that take capabilities, which a user's program lacks, and calls that take a
 * descriptor of a forbidden kind. They fail with EPERM, which libc and this program cope with. */
static const char *const forbidden[] = {
    /* programs */
    "execve", "execveat",
    /* sockets, which io_uring would open without the filter seeing it */
    "socket", "socketpair", "io_uring_setup",
    /* other processes: their memory, signals and priorities */
    "ptrace", "process_vm_readv", "process_vm_writev", "kill", "pidfd_open", "pidfd_send_signal",
    "setpriority", "ioprio_set", "sched_setaffinity", "sched_setattr", "sched_setparam",
    "sched_setscheduler",
    /* and what they share */
    "mq_open", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop",
    "semtimedop", "shmat", "shmctl", "shmget", "add_key", "keyctl", "request_key",
    /* modes, owners, times and attributes of files; truncate, which old Landlocks overlook */
    "umask", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "chown", "chown32", "fchown",
    "fchown32", "fchownat", "lchown", "lchown32", "futimesat", "utime", "utimensat",
    "utimensat_time64", "utimes", "setxattr", "fsetxattr", "lsetxattr", "removexattr",
    "fremovexattr", "lremovexattr", "truncate", "truncate64",
    /* large parts of the kernel that many attacks on it begin with */
    "bpf", "perf_event_open", "userfaultfd", "setns", "unshare"};

/* Attributes and modes again, by calls that libseccomp may be too old to know by name. Calls as new as
 * these have the same number on all architectures but two. */
static const int forbidden_numbers[] = {
#if !defined __alpha__ && !defined __mips__
    452, /* fchmodat2 */
    463, /* setxattrat */
    466, /* removexattrat */
    469, /* file_setattr */
#endif
    __NR_SCMP_ERROR,
};

enum {
#ifdef __s390__
    CLONE_FLAGS = 1, /* index of the argument with the flags */
#else
    CLONE_FLAGS = 0,
#endif
};

static int forbid(scmp_filter_ctx filter, int number)
{
    if (number == __NR_SCMP_ERROR) /* unknown to this libseccomp or architecture */
        return 0;
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
}

/* The second argument of ioctl and fcntl. The kernel looks at 32 bits of it. */
static int forbid_commands(scmp_filter_ctx filter)
{
    static const struct {
        bool is_ioctl;
        unsigned command;
    } commands[] = {
        /* They put characters into the terminal, for a shell to read. */
        {true, TIOCSTI},
        {true, TIOCLINUX},
        /* They have the kernel send signals to other processes: to the owner of a descriptor, at each
         * input and output, or to those of a terminal. */
        {true, FIOSETOWN},
        {true, SIOCSPGRP},
        {true, FIOASYNC},
        {true, TIOCSPGRP},
        {true, TIOCSIG},
        {true, TIOCSWINSZ},
        {true, TIOCSCTTY},
        {true, TIOCNOTTY},
        {false, F_SETOWN},
        {false, F_SETOWN_EX},
        {false, F_SETSIG},
        {false, F_NOTIFY},
        {false, F_SETLEASE},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof commands / sizeof *commands; i++) {
        const struct scmp_arg_cmp when = {1, SCMP_CMP_MASKED_EQ, UINT32_MAX, commands[i].command};
        const int number = commands[i].is_ioctl ? SCMP_SYS(ioctl) : SCMP_SYS(fcntl);
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), number, 1, &when);
        if (rc == 0 && !commands[i].is_ioctl)
            rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fcntl64), 1, &when);
    }
    const struct scmp_arg_cmp async[] = {
        {1, SCMP_CMP_MASKED_EQ, UINT32_MAX, F_SETFL}, {2, SCMP_CMP_MASKED_EQ, O_ASYNC, O_ASYNC}};
    if (rc == 0)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fcntl), 2, async);
    if (rc == 0)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fcntl64), 2, async);
    return rc;
}

/* New files and folders run with nobody else's rights: their modes have no bits for that. */
static int forbid_modes(scmp_filter_ctx filter)
{
    static const struct {
        int number;
        unsigned mode;  /* index of the argument */
        unsigned flags; /* of open's flags, which say whether there is a mode; 0: there always is */
    } calls[] = {
        {SCMP_SYS(open), 2, 1},
        {SCMP_SYS(openat), 3, 2},
        {SCMP_SYS(creat), 1, 0},
        {SCMP_SYS(mkdir), 1, 0},
        {SCMP_SYS(mkdirat), 2, 0},
    };
    static const scmp_datum_t making[] = {O_CREAT, O_TMPFILE & ~(scmp_datum_t)O_DIRECTORY};
    static const scmp_datum_t bits[] = {S_ISUID, S_ISGID, S_ISVTX};
    int rc = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const size_t n_making = calls[i].flags ? sizeof making / sizeof *making : 1;
        for (size_t k = 0; k < n_making * (sizeof bits / sizeof *bits) && rc == 0; k++) {
            const scmp_datum_t bit = bits[k / n_making];
            const scmp_datum_t flag = making[k % n_making];
            const struct scmp_arg_cmp when[] = {{calls[i].mode, SCMP_CMP_MASKED_EQ, bit, bit},
                {calls[i].flags, SCMP_CMP_MASKED_EQ, flag, flag}};
            rc = seccomp_rule_add_array(
                filter, SCMP_ACT_ERRNO(EPERM), calls[i].number, calls[i].flags ? 2 : 1, when);
        }
    }
    return rc;
}

/* Calls that are needed, but not with every argument. */
static int forbid_arguments(scmp_filter_ctx filter)
{
    const scmp_datum_t self = (scmp_datum_t)getpid();
    const scmp_datum_t namespaces = CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS |
                                    CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS;
    const struct {
        int number;
        struct scmp_arg_cmp when;
    } rules[] = {
        /* raise() and abort() send a signal to their own process. */
        {SCMP_SYS(tgkill), {0, SCMP_CMP_NE, self, 0}},
        {SCMP_SYS(rt_sigqueueinfo), {0, SCMP_CMP_NE, self, 0}},
        {SCMP_SYS(rt_tgsigqueueinfo), {0, SCMP_CMP_NE, self, 0}},
#ifdef __GLIBC__ /* other libcs raise signals with it, in any thread */
        {SCMP_SYS(tkill), {0, SCMP_CMP_NE, self, 0}},
#endif
        {SCMP_SYS(prlimit64), {0, SCMP_CMP_NE, 0, 0}},
    };
    int rc = forbid_commands(filter);
    if (rc == 0)
        rc = forbid_modes(filter);
    for (size_t i = 0; rc == 0 && i < sizeof rules / sizeof *rules; i++)
        rc = seccomp_rule_add_array(
            filter, SCMP_ACT_ERRNO(EPERM), rules[i].number, 1, &rules[i].when);
    for (scmp_datum_t flag = 1; rc == 0 && flag <= namespaces; flag <<= 1)
        if (flag & namespaces)
            rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, flag, flag));
    /* Their flags are in memory, which a filter cannot read. Without them, libc starts threads by clone
     * and opens files by openat. */
    static const char *const unreadable[] = {"clone3", "openat2"};
    for (size_t i = 0; rc == 0 && i < sizeof unreadable / sizeof *unreadable; i++) {
        const int number = seccomp_syscall_resolve_name(unreadable[i]);
        if (number != __NR_SCMP_ERROR)
            rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
    }
    return rc;
}

/* libseccomp crashes or hangs when an allocation fails. Its allocations are small: they fail only under
 * a limit. */
static bool is_memory_limited(void)
{
    struct rlimit space;
    struct rlimit data;
    return getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur != RLIM_INFINITY ||
           getrlimit(RLIMIT_DATA, &data) != 0 || data.rlim_cur != RLIM_INFINITY;
}

static int forbid_calls(struct dq_error *e)
{
    static bool done; /* commands enter twice, from one thread */
    if (done)
        return 0;
    if (is_memory_limited())
        return dq_fail(e, DQ_ERR_MEMORY, "libseccomp needs memory without limit: ulimit -v, -d");
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return dq_fail_nomem(e);
    /* Old kernels would slow down every load of a filtered program, to mitigate an attack (SSB) that
     * needs code compiled at run time. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    int rc = forbid_arguments(filter);
    for (size_t i = 0; rc == 0 && i < sizeof forbidden / sizeof *forbidden; i++)
        rc = forbid(filter, seccomp_syscall_resolve_name(forbidden[i]));
    for (size_t i = 0; rc == 0 && forbidden_numbers[i] != __NR_SCMP_ERROR; i++)
        rc = forbid(filter, forbidden_numbers[i]);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    done = rc == 0;
    errno = -rc;
    return rc == 0 ? 0 : dq_fail(e, DQ_ERR_MISMATCH, "%s", strerror(errno));
}
#else
static int forbid_calls(struct dq_error *e)
{
    return dq_fail(e, DQ_ERR_MISMATCH, "this program is built without libseccomp");
}
#endif

#ifdef DQ_HAVE_LANDLOCK
/* struct landlock_ruleset_attr of version 6; the system's header may be older. */
struct ruleset {
    uint64_t files;
    uint64_t sockets;
    uint64_t scopes;
};

#define BITS(n) (((uint64_t)1 << (n)) - 1)

enum {
    REFER = 1 << 13, /* rights that older headers lack */
    TRUNCATE = 1 << 14,
    IOCTL_DEV = 1 << 15,
    READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_REG,
    WRITE_ANYWHERE = WRITE | TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_DIR | REFER | IOCTL_DEV,
};

/* What each version (ABI) can restrict; the kernel refuses bits that it does not know. */
static struct ruleset all_of(long version)
{
    struct ruleset all = {BITS(13), 0, 0};
    if (version >= 2)
        all.files |= REFER;
    if (version >= 3)
        all.files |= TRUNCATE;
    if (version >= 4)
        all.sockets = BITS(2); /* TCP: bind, connect */
    if (version >= 5)
        all.files |= IOCTL_DEV;
    if (version >= 6)
        all.scopes = BITS(2); /* abstract sockets, signals to processes outside */
    return all;
}

static int permit(int ruleset, int folder, uint64_t rights)
{
    if (rights == 0) /* an older kernel restricts none of them; it refuses empty rules (ENOMSG) */
        return 0;
    const struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = folder};
    return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static int permit_anywhere(int ruleset, uint64_t rights)
{
    const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -1;
    const int rc = permit(ruleset, root, rights);
    close(root);
    return rc;
}

/* What is allowed everywhere. It is left out of what the rules restrict, except for REFER, which the rules
 * always restrict: otherwise each call would go through all parent folders up to the root's rule. */
static uint64_t allowed_anywhere(const struct dq_sandbox *s)
{
    if (s->may_write)
        return READ | WRITE_ANYWHERE;
    return s->may_read ? READ : 0;
}

static int fill(int ruleset, const struct dq_sandbox *s, uint64_t known)
{
    int rc = 0;
    if (known & allowed_anywhere(s) & REFER)
        rc = permit_anywhere(ruleset, REFER);
#ifdef DQ_COUNTERS_FOLDER /* where a coverage build writes its counters */
    const int counters = open(DQ_COUNTERS_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
    rc = rc == 0 ? permit(ruleset, counters, known & (READ | WRITE_ANYWHERE)) : rc;
    close(counters);
#endif
    const uint64_t there = s->may_read_there ? WRITE | LANDLOCK_ACCESS_FS_READ_FILE : WRITE;
    for (size_t i = 0; rc == 0 && i < s->n_folders; i++)
        rc = permit(ruleset, s->folders[i], known & there);
    return rc;
}

static int limit_files(const struct dq_sandbox *s, long *version, struct dq_error *e)
{
    *version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (*version < 0)
        return dq_fail(e, DQ_ERR_MISMATCH, "%s", strerror(errno));
    struct ruleset all = all_of(*version);
    all.files &= ~(allowed_anywhere(s) & ~(uint64_t)REFER);
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (ruleset < 0)
        return dq_fail(e, DQ_ERR_MISMATCH, "%s", strerror(errno));
    int rc = 0;
    if (fill(ruleset, s, all.files) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        rc = dq_fail(e, DQ_ERR_MISMATCH, "%s", strerror(errno));
    close(ruleset);
    return rc;
}
#else
static int limit_files(const struct dq_sandbox *s, long *version, struct dq_error *e)
{
    (void)s;
    *version = 0;
    return dq_fail(e, DQ_ERR_MISMATCH, "this program is built without it");
}
#endif

bool dq_sandbox_enter(const struct dq_sandbox *s, char out[DQ_SANDBOX_WORDS])
{
    struct dq_error calls;
    struct dq_error files;
    char landlock[128];
    char seccomp[128];
    long version;
    const bool has_calls = forbid_calls(&calls) == 0;
    const bool has_files = limit_files(s, &version, &files) == 0;
    if (has_files)
        snprintf(landlock, sizeof landlock, "Landlock %ld", version);
    else
        snprintf(landlock, sizeof landlock, "no Landlock (%.100s)", files.text);
    if (has_calls)
        snprintf(seccomp, sizeof seccomp, "seccomp");
    else
        snprintf(seccomp, sizeof seccomp, "no seccomp (%.100s)", calls.text);
    snprintf(out, DQ_SANDBOX_WORDS, "%s in a sandbox: %s, %s",
        has_calls && has_files ? "fully" : (has_calls || has_files ? "partly" : "not"), landlock,
        seccomp);
    return has_calls && has_files;
}
