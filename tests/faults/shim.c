/* Makes the n-th call of one kind fail, in any program that it is preloaded into.
 *
 * DQ_FAULT is KIND:N:ACTION:LASTING. KIND is a row of the table below. N is the call of that kind
 * that fails, from 1 on. ACTION is an errno, or "short" (half of the bytes), "one" (one
 * byte), "eof" (none), "garble" (all bytes are changed), "hang" (it never returns, not even when a
 * signal arrives), "term" (SIGTERM arrives, then the call works), "twice" (SIGHUP and SIGTERM), or an
 * errno with @ before it: writes succeed up to byte N of the output and fail afterwards. LASTING is
 * "once", or "on" for this call and all later ones.
 *
 * DQ_FAULT_ALSO, KIND=ERRNO,..., names kinds of system calls that always fail. DQ_FAULT_LOG is a
 * file of 16 bytes that receives the number of calls of the kind, and of those that failed.
 *
 * System calls are intercepted with seccomp's trap, so that those of stdio count, too. Writes to
 * standard error never fail, because the messages are what is tested.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

enum { MOST_CALLS = 20, MOST_KINDS = 4, MOST_PARTS = 16 };

static const struct kind {
    const char *name;
    int calls[MOST_CALLS];
    int n_calls;
} kinds[] = {
    {"alloc", {0}, 0},
    {"thread", {0}, 0},
    {"read", {SYS_read, SYS_pread64, SYS_readv, SYS_preadv}, 4},
    {"write", {SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev}, 4},
    {"open", {SYS_open, SYS_openat}, 2},
    {"close", {SYS_close}, 1},
    {"stat", {SYS_stat, SYS_lstat, SYS_fstat, SYS_newfstatat, SYS_statx}, 5},
    {"link", {SYS_link, SYS_linkat}, 2},
    {"rename", {SYS_rename, SYS_renameat, SYS_renameat2}, 3},
    {"rename2", {SYS_renameat2}, 1},
    {"unlink", {SYS_unlink, SYS_unlinkat}, 2},
    {"mkdir", {SYS_mkdir, SYS_mkdirat}, 2},
    {"fsync", {SYS_fsync, SYS_fdatasync}, 2},
    {"length", {SYS_ftruncate, SYS_fallocate}, 2},
    {"map", {SYS_mmap, SYS_mremap}, 2},
    {"folder", {SYS_getdents64}, 1},
    {"lock", {SYS_flock}, 1},
    {"seek", {SYS_lseek}, 1},
    {"control", {SYS_fcntl, SYS_ioctl}, 2},
    {"each",
        {SYS_read, SYS_pread64, SYS_write, SYS_pwrite64, SYS_pwritev, SYS_openat, SYS_close,
            SYS_fstat, SYS_newfstatat, SYS_lseek, SYS_fcntl, SYS_flock, SYS_getdents64, SYS_mkdir,
            SYS_fallocate, SYS_fsync, SYS_renameat, SYS_renameat2, SYS_linkat, SYS_unlinkat},
        20},
    {"limit", {SYS_prlimit64, SYS_getrlimit, SYS_setrlimit}, 3},
};

static struct {
    const struct kind *kind;
    uint64_t n;
    int error; /* 0: see action */
    char action;
    bool lasting;
    bool twice;
} fault;

/* Kinds that always fail. */
static struct {
    const struct kind *kind;
    int error;
} also[MOST_KINDS];
static int n_also;

static struct {
    _Atomic uint64_t calls;
    _Atomic uint64_t failed;
} unlogged, *logged = &unlogged;

static _Atomic bool armed;
static _Atomic uint64_t bytes_written;

/* A system call that the filter allows, because it comes from here. */
long fault_call(long number, long a, long b, long c, long d, long e, long f);
extern const char fault_call_end[];
__asm__(".text\n"
        ".globl fault_call\n"
        ".hidden fault_call\n"
        ".type fault_call, @function\n"
        "fault_call:\n"
        "mov %rdi, %rax\n"
        "mov %rsi, %rdi\n"
        "mov %rdx, %rsi\n"
        "mov %rcx, %rdx\n"
        "mov %r8, %r10\n"
        "mov %r9, %r8\n"
        "mov 8(%rsp), %r9\n"
        "syscall\n"
        ".globl fault_call_end\n"
        ".hidden fault_call_end\n"
        "fault_call_end:\n"
        "ret\n");

/* Returns whether the current call has to fail. */
static bool is_due(void)
{
    if (!armed || !fault.kind)
        return false;
    const uint64_t n = ++logged->calls;
    if (fault.n == 0 || (fault.lasting ? n < fault.n : n != fault.n))
        return false;
    logged->failed++;
    return true;
}

static bool counts(const char *kind)
{
    return fault.kind && strcmp(fault.kind->name, kind) == 0;
}

/* Calls with several buffers. At most `most` bytes are transferred, as the kernel may do. */
static long move(long number, const long *a, uint64_t most)
{
    struct iovec parts[MOST_PARTS];
    const bool vector = number == SYS_readv || number == SYS_preadv || number == SYS_writev ||
                        number == SYS_pwritev;
    if (!vector)
        return fault_call(
            number, a[0], a[1], (uint64_t)a[2] < most ? a[2] : (long)most, a[3], 0, 0);
    if (a[2] > MOST_PARTS)
        abort();
    memcpy(parts, (const void *)a[1], (size_t)a[2] * sizeof parts[0]);
    for (long i = 0; i < a[2]; i++) {
        parts[i].iov_len = parts[i].iov_len < most ? parts[i].iov_len : most;
        most -= parts[i].iov_len;
    }
    return fault_call(number, a[0], (long)parts, a[2], a[3], a[4], 0);
}

/* Returns the number of bytes that a call has to transfer. */
static uint64_t asked_for(long number, const long *a)
{
    uint64_t sum = 0;
    if (number == SYS_read || number == SYS_pread64 || number == SYS_write ||
        number == SYS_pwrite64)
        return (uint64_t)a[2];
    for (long i = 0; i < a[2]; i++)
        sum += ((const struct iovec *)a[1])[i].iov_len;
    return sum;
}

/* Writes up to byte n of the whole output, and then no more. Each call takes its bytes first, since
 * several threads may write. */
static long write_up_to(long number, const long *a)
{
    const uint64_t asked = asked_for(number, a);
    const uint64_t before = atomic_fetch_add(&bytes_written, asked);
    if (before >= fault.n) {
        logged->failed++;
        return -fault.error;
    }
    return move(number, a, asked < fault.n - before ? asked : fault.n - before);
}

/* Transfers fewer bytes than requested, none, or changed ones. */
static long move_wrongly(long number, const long *a)
{
    const uint64_t all = asked_for(number, a);
    if (fault.action == 'e')
        return 0;
    if (fault.action == 's')
        return move(number, a, all > 1 ? all / 2 : all);
    if (fault.action == 'o')
        return move(number, a, 1);
    const long done = move(number, a, all);
    for (long i = 0; i < done; i++) /* the program reads into single buffers */
        ((unsigned char *)a[1])[i] ^= 0xff;
    return done;
}

static long call_with_fault(long number, const long *a)
{
    for (int k = 0; k < n_also; k++)
        for (int i = 0; i < also[k].kind->n_calls; i++)
            if (also[k].kind->calls[i] == number)
                return -also[k].error;
    if (counts("write") && a[0] == STDERR_FILENO)
        return fault_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (fault.action == '@')
        return write_up_to(number, a);
    if (!is_due())
        return fault_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    while (fault.action == 'h')
        pause();
    if (fault.action ==
        't') { /* to the main thread; the sandbox forbids signals to other processes */
        if (fault.twice)
            fault_call(SYS_tgkill, getpid(), getpid(), SIGHUP, 0, 0, 0);
        fault_call(SYS_tgkill, getpid(), getpid(), SIGTERM, 0, 0, 0);
        return fault_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    return fault.action == '\0' ? -fault.error : move_wrongly(number, a);
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    long a[6] = {r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]};
    (void)number;
    r[REG_RAX] = call_with_fault(info->si_syscall, a);
}

static void install_filter(void)
{
    struct sock_filter code[8 + (MOST_KINDS + 1) * MOST_CALLS];
    int calls[(MOST_KINDS + 1) * MOST_CALLS];
    const uint64_t end = (uint64_t)(uintptr_t)fault_call_end;
    const struct sigaction trap = {
        .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER};
    unsigned short n = 0;
    unsigned char n_calls = 0;
    for (int i = 0; fault.kind && i < fault.kind->n_calls; i++)
        calls[n_calls++] = fault.kind->calls[i];
    for (int k = 0; k < n_also; k++)
        for (int i = 0; i < also[k].kind->n_calls; i++)
            calls[n_calls++] = also[k].kind->calls[i];
    code[n++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)end, 0, 2);
    code[n++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4);
    code[n++] = (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(end >> 32), (unsigned char)(1 + n_calls), 0);
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned char i = 0; i < n_calls; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], (unsigned char)(n_calls - i), 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    const struct sock_fprog program = {n, code};
    if (sigaction(SIGSYS, &trap, NULL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        abort();
}

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; name && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    return NULL;
}

static void read_also(char *text)
{
    char *rest;
    for (char *one = strtok_r(text, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        char *error = strchr(one, '=');
        if (!error || n_also == MOST_KINDS)
            abort();
        *error = '\0';
        also[n_also].kind = kind_of(one);
        also[n_also].error = atoi(error + 1);
        if (!also[n_also++].kind)
            abort();
    }
}

static void read_fault(char *text)
{
    char *rest;
    fault.kind = kind_of(strtok_r(text, ":", &rest));
    const char *n = strtok_r(NULL, ":", &rest);
    const char *action = strtok_r(NULL, ":", &rest);
    const char *lasting = strtok_r(NULL, ":", &rest);
    if (!fault.kind || !n || !action || !lasting)
        abort();
    fault.n = strtoull(n, NULL, 10);
    fault.action = *action >= '0' && *action <= '9' ? '\0' : *action;
    fault.error = atoi(action + (*action == '@'));
    fault.twice = strcmp(action, "twice") == 0;
    fault.lasting = strcmp(lasting, "on") == 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("DQ_FAULT_LOG");
    char *text = getenv("DQ_FAULT_ALSO");
    if (text)
        read_also(text);
    text = getenv("DQ_FAULT");
    if (text)
        read_fault(text);
    if (log) {
        const int fd = open(log, O_RDWR | O_CLOEXEC);
        logged = mmap(NULL, sizeof *logged, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (logged == MAP_FAILED)
            abort();
        close(fd);
    }
    armed = true;
    if ((fault.kind && fault.kind->n_calls > 0) || n_also > 0)
        install_filter();
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool fails(void)
{
    if (!counts("alloc") || !is_due())
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return fails() ? NULL : __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *p = fails() ? NULL : __libc_memalign(alignment, size);
    if (p)
        *out = p;
    return p ? 0 : ENOMEM;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (counts("thread") && is_due())
        return EAGAIN;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attr, start, arg);
}
