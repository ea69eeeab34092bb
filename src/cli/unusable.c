#include "cli/unusable.h"

#include "cli/msg.h"

enum { MAX_LINES = 10 };

void dq_unusable_add(struct dq_unusable *u, const struct dq_model *m, const struct dq_tensor *t,
    size_t n_selected, int code, const char *why)
{
    const char *file = t && n_selected > 1 ? dq_tensor_file_problem(m, t) : NULL;
    u->n++;
    if (u->first_failure == 0)
        u->first_failure = code;
    if (file && file == u->last_file) {
        u->n_told++;
    } else if (u->n_lines < MAX_LINES) {
        dq_msg_error("%s", file ? file : why);
        u->last_file = file;
        u->n_lines++;
        u->n_told++;
    }
}

void dq_unusable_end(const struct dq_unusable *u)
{
    if (u->n > u->n_told)
        dq_msg_error("... and %zu more", u->n - u->n_told);
}
