#ifdef __linux__
#define _GNU_SOURCE /* syscall, O_PATH */
#endif
#include "cli/sandbox.h"

#include <errno.h>
#ifdef DQ_HAVE_LANDLOCK
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#ifdef DQ_HAVE_SECCOMP
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
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
    "chmod", "fchmod", "fchmodat", "chown", "chown32", "fchown", "fchown32", "fchownat", "lchown",
    "lchown32", "futimesat", "utime", "utimensat", "utimensat_time64", "utimes", "setxattr",
    "fsetxattr", "lsetxattr", "removexattr", "fremovexattr", "lremovexattr", "truncate",
    "truncate64",
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
        /* They put characters into the terminal, for a shell to read. The kernel looks at 32 bits. */
        {SCMP_SYS(ioctl), {1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSTI}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCLINUX}},
        /* raise() and abort() send a signal to their own process. */
        {SCMP_SYS(tgkill), {0, SCMP_CMP_NE, self, 0}},
        {SCMP_SYS(rt_sigqueueinfo), {0, SCMP_CMP_NE, self, 0}},
        {SCMP_SYS(rt_tgsigqueueinfo), {0, SCMP_CMP_NE, self, 0}},
#ifdef __GLIBC__ /* other libcs raise signals with it, in any thread */
        {SCMP_SYS(tkill), {0, SCMP_CMP_NE, self, 0}},
#endif
        {SCMP_SYS(prlimit64), {0, SCMP_CMP_NE, 0, 0}},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof rules / sizeof *rules; i++)
        rc = seccomp_rule_add_array(
            filter, SCMP_ACT_ERRNO(EPERM), rules[i].number, 1, &rules[i].when);
    for (scmp_datum_t flag = 1; rc == 0 && flag <= namespaces; flag <<= 1)
        if (flag & namespaces)
            rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, flag, flag));
    /* Its flags are in memory, which a filter cannot read. Without it, libc starts threads by clone. */
    const int clone3 = seccomp_syscall_resolve_name("clone3");
    if (rc == 0 && clone3 != __NR_SCMP_ERROR)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0);
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
        return dq_fail(e, DQ_ERR_MEMORY, "no seccomp under a limit of memory (ulimit -v or -d)");
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
    return rc == 0 ? 0 : dq_fail_errno(e, "seccomp");
}
#else
static int forbid_calls(struct dq_error *e)
{
    (void)e;
    return 0;
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
    TRUNCATE = 1 << 14, /* rights that older headers lack */
    IOCTL_DEV = 1 << 15,
    READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_REG,
    WRITE_ANYWHERE =
        WRITE | TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | IOCTL_DEV,
};

/* What each version (ABI) can restrict; the kernel refuses bits that it does not know. */
static struct ruleset all_of(long version)
{
    struct ruleset all = {BITS(13), 0, 0};
    if (version >= 2)
        all.files |= LANDLOCK_ACCESS_FS_REFER;
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

static int fill(int ruleset, const struct dq_sandbox *s, uint64_t known)
{
    int rc = 0;
    if (s->may_read || s->may_write)
        rc = permit_anywhere(ruleset, known & (s->may_write ? READ | WRITE_ANYWHERE : READ));
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

static int limit_files(const struct dq_sandbox *s, struct dq_error *e)
{
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0)
        return dq_fail_errno(e, "Landlock");
    const struct ruleset all = all_of(version);
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (ruleset < 0)
        return dq_fail_errno(e, "Landlock");
    int rc = 0;
    if (fill(ruleset, s, all.files) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        rc = dq_fail_errno(e, "Landlock");
    close(ruleset);
    return rc;
}
#else
static int limit_files(const struct dq_sandbox *s, struct dq_error *e)
{
    (void)s;
    return dq_fail(e, DQ_ERR_MISMATCH, "this program is built without it");
}
#endif

int dq_sandbox_enter(const struct dq_sandbox *s, struct dq_error *e)
{
    const int rc = forbid_calls(e);
    const int rc_files = limit_files(s, rc == 0 ? e : NULL);
    return rc != 0 ? rc : rc_files;
}
