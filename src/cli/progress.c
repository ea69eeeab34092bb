#include "cli/progress.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/msg.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_DRAW_MS = 1000, DRAW_MS = 100, LINE = 320 };

static int64_t now_ms(void)
{
    return (int64_t)(1000 * dq_clock_seconds());
}

void dq_progress_init(struct dq_progress *p, uint64_t total)
{
    *p = (struct dq_progress){.total = total, .start = now_ms(), .what = ""};
    p->shown = isatty(STDERR_FILENO) && dq_msg_verbosity() != DQ_QUIET;
    p->next_draw = p->start + FIRST_DRAW_MS;
}

static void draw(const struct dq_progress *p, int64_t elapsed_ms)
{
    char line[LINE];
    char what[128];
    char done[32];
    char total[32];
    char rate[32];
    const uint64_t n_done = p->done;
    const double speed = (double)n_done / (1e-3 * (double)elapsed_ms);
    if (n_done > p->total || n_done == 0)
        return;
    const uint64_t left = (uint64_t)((double)(p->total - n_done) / speed);
    const char *name = p->what;
    dq_escape(name, strlen(name), DQ_ESCAPE_LINE, what, sizeof what);
    snprintf(line, sizeof line, "%3.0f%%  %s of %s  %s/s  %llu:%02llu left  %s",
        100.0 * (double)n_done / (double)p->total, dq_format_bytes(n_done, done),
        dq_format_bytes(p->total, total), dq_format_bytes((unsigned long long)(speed + 0.5), rate),
        (unsigned long long)(left / 60), (unsigned long long)(left % 60), what);
    dq_msg_progress(line);
}

void dq_progress_add(void *arg, uint64_t n_bytes)
{
    struct dq_progress *p = arg;
    atomic_fetch_add_explicit(&p->done, n_bytes, memory_order_relaxed);
    if (!p->shown)
        return;
    const int64_t now = now_ms();
    int_least64_t due = p->next_draw;
    if (now >= due && atomic_compare_exchange_strong(&p->next_draw, &due, now + DRAW_MS))
        draw(p, now - p->start);
}

void dq_progress_finish(struct dq_progress *p)
{
    if (!p->shown)
        return;
    dq_msg_end_progress();
}
