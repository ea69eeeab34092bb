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
/* What no command does once it runs: start programs, open sockets, reach into other processes,
 * change whose files are and who may use them, and what else has given away kernels. A list of what
 * is allowed would be shorter-lived: each libc has its own ways, and finds new ones. Calls fail as
 * if there were no right to them, which libc and this program cope with. */
static const char *const forbidden[] = {
    "accept",
    "accept4",
    "acct",
    "add_key",
    "bind",
    "bpf",
    "chmod",
    "chown",
    "chown32",
    "chroot",
    "clock_settime",
    "connect",
    "delete_module",
    "execve",
    "execveat",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchown32",
    "fchownat",
    "finit_module",
    "fremovexattr",
    "fsetxattr",
    "fsmount",
    "fsopen",
    "fspick",
    "futimesat",
    "init_module",
    "io_uring_setup",
    "ioprio_set",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "kill",
    "lchown",
    "lchown32",
    "listen",
    "lremovexattr",
    "lsetxattr",
    "memfd_create",
    "memfd_secret",
    "mount",
    "mount_setattr",
    "move_mount",
    "mq_open",
    "mq_unlink",
    "msgctl",
    "msgget",
    "msgrcv",
    "msgsnd",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pidfd_open",
    "pidfd_send_signal",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "reboot",
    "removexattr",
    "request_key",
    "sched_setaffinity",
    "sched_setattr",
    "sched_setparam",
    "sched_setscheduler",
    "semctl",
    "semget",
    "semop",
    "semtimedop",
    "setns",
    "setpriority",
    "settimeofday",
    "setxattr",
    "shmat",
    "shmctl",
    "shmget",
    "socket",
    "socketpair",
    "swapoff",
    "swapon",
    "truncate",
    "truncate64",
    "umount2",
    "unshare",
    "userfaultfd",
    "utime",
    "utimensat",
    "utimensat_time64",
    "utimes",
};

/* More of that kind, which libseccomp may be too old to know by name. Calls as new as these have
 * one number on all systems, but for two. */
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
    CLONE_FLAGS = 1, /* which argument they are */
#else
    CLONE_FLAGS = 0,
#endif
};

static int forbid(scmp_filter_ctx filter, int number)
{
    if (number == __NR_SCMP_ERROR) /* this libseccomp does not know it */
        return 0;
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
}

/* Calls that are needed, but not with each argument. */
static int forbid_arguments(scmp_filter_ctx filter)
{
    const scmp_datum_t self = (scmp_datum_t)getpid();
    const struct {
        int number;
        struct scmp_arg_cmp when;
    } rules[] = {
        /* They type into the terminal, for a shell to read. The kernel looks at 32 bits. */
        {SCMP_SYS(ioctl), {1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSTI}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCLINUX}},
        /* raise() and abort() send a signal to their own process. */
        {SCMP_SYS(tgkill), {0, SCMP_CMP_NE, self, 0}},
        {SCMP_SYS(rt_sigqueueinfo), {0, SCMP_CMP_NE, self, 0}},
        {SCMP_SYS(rt_tgsigqueueinfo), {0, SCMP_CMP_NE, self, 0}},
#ifdef __GLIBC__ /* others raise signals with it, in any thread */
        {SCMP_SYS(tkill), {0, SCMP_CMP_NE, self, 0}},
#endif
        {SCMP_SYS(prlimit64), {0, SCMP_CMP_NE, 0, 0}},
        {SCMP_SYS(clone), {CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_NEWCGROUP, CLONE_NEWCGROUP}},
        {SCMP_SYS(clone), {CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_NEWIPC, CLONE_NEWIPC}},
        {SCMP_SYS(clone), {CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_NEWNET, CLONE_NEWNET}},
        {SCMP_SYS(clone), {CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_NEWNS, CLONE_NEWNS}},
        {SCMP_SYS(clone), {CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_NEWPID, CLONE_NEWPID}},
        {SCMP_SYS(clone), {CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER}},
        {SCMP_SYS(clone), {CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_NEWUTS, CLONE_NEWUTS}},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof rules / sizeof *rules; i++)
        rc = seccomp_rule_add_array(
            filter, SCMP_ACT_ERRNO(EPERM), rules[i].number, 1, &rules[i].when);
    /* Its flags are in memory, out of a filter's sight. Without it, libc makes threads by clone. */
    const int clone3 = seccomp_syscall_resolve_name("clone3");
    if (rc == 0 && clone3 != __NR_SCMP_ERROR)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0);
    return rc;
}

/* libseccomp does not live through a failed allocation: it crashes, or never comes back. Where none
 * but a small one is asked for, one fails only under a limit. */
static bool is_memory_limited(void)
{
    struct rlimit space;
    struct rlimit data;
    return getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur != RLIM_INFINITY ||
           getrlimit(RLIMIT_DATA, &data) != 0 || data.rlim_cur != RLIM_INFINITY;
}

static int forbid_calls(struct dq_error *e)
{
    static bool done; /* commands enter in one thread, if twice */
    if (done)
        return 0;
    if (is_memory_limited())
        return dq_fail(e, DQ_ERR_MEMORY, "no seccomp under a limit of memory (ulimit -v or -d)");
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return dq_fail_nomem(e);
    /* Old kernels would slow down all loads of filtered programs, against a fault that needs code
     * that is compiled at run time. */
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
/* As the newest Landlock that this knows has it; the system's header may be older. */
struct ruleset {
    uint64_t files;
    uint64_t sockets;
    uint64_t scopes;
};

#define BITS(n) (((uint64_t)1 << (n)) - 1)

enum {
    TRUNCATE = 1 << 14, /* rights that are newer than the oldest header */
    IOCTL_DEV = 1 << 15,
    READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_REG,
    WRITE_ANYWHERE =
        WRITE | TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | IOCTL_DEV,
};

/* What each version (ABI) lets a program give up; the kernel refuses what it does not know. */
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
        all.scopes = BITS(2); /* abstract sockets and processes outside */
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
#ifdef DQ_COUNTERS_FOLDER /* of a build that counts which lines are executed, and writes that down \
                           */
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
    return dq_fail(e, DQ_ERR_MISMATCH, "this program is built without");
}
#endif

int dq_sandbox_enter(const struct dq_sandbox *s, struct dq_error *e)
{
    const int rc = forbid_calls(e);
    const int rc_files = limit_files(s, rc == 0 ? e : NULL);
    return rc != 0 ? rc : rc_files;
}
