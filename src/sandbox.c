#ifdef __linux__
#define _GNU_SOURCE /* syscall, O_PATH */
#endif
#include "sandbox.h"

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
#include <seccomp.h>
#endif

#ifdef DQ_HAVE_SECCOMP
/* What no command does once it runs: start programs, open sockets, reach into other processes, and
 * what else has given away kernels. A list of what is allowed would be shorter-lived: each libc has
 * its own ways, and finds new ones. Calls fail as if there were no right to them, which libc and
 * this program cope with. */
static const char *const forbidden[] = {
    "accept",
    "accept4",
    "acct",
    "add_key",
    "bind",
    "bpf",
    "chroot",
    "connect",
    "delete_module",
    "execve",
    "execveat",
    "finit_module",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_setup",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "kill",
    "listen",
    "memfd_create",
    "memfd_secret",
    "mount",
    "mount_setattr",
    "move_mount",
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
    "request_key",
    "setns",
    "settimeofday",
    "clock_settime",
    "shmat",
    "shmget",
    "socket",
    "socketpair",
    "swapoff",
    "swapon",
    "umount2",
    "unshare",
    "userfaultfd",
};

static int forbid_calls(struct dq_error *e)
{
    static bool done; /* commands enter in one thread, if twice */
    if (done)
        return 0;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return dq_fail_nomem(e);
    /* Old kernels would slow down all loads of filtered programs, against a fault that needs code
     * that is compiled at run time. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof forbidden / sizeof *forbidden; i++) {
        const int number = seccomp_syscall_resolve_name(forbidden[i]);
        if (number != __NR_SCMP_ERROR) /* or this libseccomp does not know it yet */
            rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
    }
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
            LANDLOCK_ACCESS_FS_MAKE_REG | TRUNCATE,
    WRITE_ANYWHERE = WRITE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | IOCTL_DEV,
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
    for (size_t i = 0; rc == 0 && i < s->n_folders; i++)
        rc = permit(ruleset, s->folders[i], known & (READ | WRITE));
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
    return dq_fail(e, DQ_ERR_NO, "this program is built without");
}
#endif

int dq_sandbox_enter(const struct dq_sandbox *s, struct dq_error *e)
{
    const int rc = forbid_calls(e);
    const int rc_files = limit_files(s, rc == 0 ? e : NULL);
    return rc != 0 ? rc : rc_files;
}
