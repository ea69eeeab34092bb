#include "cli/progress.h"

#include "base/text.h"
#include "cli/msg.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static double seconds_since(const struct timespec *then, const struct timespec *now)
{
    return (double)(now->tv_sec - then->tv_sec) + 1e-9 * (double)(now->tv_nsec - then->tv_nsec);
}

void dq_progress_init(struct dq_progress *p, uint64_t total)
{
    *p = (struct dq_progress){.total = total, .what = ""};
    p->shown = isatty(STDERR_FILENO) && dq_msg_verbosity() != DQ_QUIET;
    clock_gettime(CLOCK_MONOTONIC, &p->start);
    p->last = p->start;
}

static void draw(const struct dq_progress *p, double elapsed)
{
    char line[320];
    char what[48];
    char done[32];
    char total[32];
    char rate[32];
    dq_escape(p->what, strlen(p->what), DQ_ESCAPE_LINE, what, sizeof what);
    const double speed = (double)p->done / elapsed;
    const double left = speed > 0 ? (double)(p->total - p->done) / speed : 0;
    snprintf(line, sizeof line, "%3.0f%%  %s of %s  %s/s  %.0f:%02.0f left  %s",
        100.0 * (double)p->done / (double)p->total, dq_format_bytes(p->done, done),
        dq_format_bytes(p->total, total), dq_format_bytes((unsigned long long)speed, rate),
        (double)((long)left / 60), (double)((long)left % 60), what);
    dq_msg_progress(line);
}

void dq_progress_add(void *arg, uint64_t n_bytes)
{
    struct dq_progress *p = arg;
    struct timespec now;
    p->done += n_bytes;
    if (!p->shown || p->done > p->total)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double elapsed = seconds_since(&p->start, &now);
    if (elapsed < 1.0 || seconds_since(&p->last, &now) < 0.1)
        return;
    p->last = now;
    draw(p, elapsed);
}

void dq_progress_finish(struct dq_progress *p)
{
    if (p->shown)
        dq_msg_progress(NULL);
}
