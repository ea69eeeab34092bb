#include "cli/caveats.h"

#include "base/text.h"
#include "cli/metadata.h"
#include "cli/msg.h"
#include "select/glob.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PATTERNS = 5, NAME_SIZE = 256 };

enum change {
#define DQ_CHANGE(token, text, ...) CHANGE_##token,
#include "cli/caveats.def"
    N_CHANGES
};

static const struct {
    const char *text;
    const char *patterns[MAX_PATTERNS]; /* the last one is NULL */
} changes[N_CHANGES] = {
#define DQ_CHANGE(token, text, ...) {text, {__VA_ARGS__}},
#include "cli/caveats.def"
};

static const struct {
    const char *name; /* architecture, or prefix of a key */
    enum change change;
} changed[] =
    {
#define DQ_CHANGED(architecture, token) {architecture, CHANGE_##token},
#include "cli/caveats.def"
},
  changed_by_key[] = {
#define DQ_CHANGED_BY_KEY(prefix, token) {prefix, CHANGE_##token},
#include "cli/caveats.def"
};

enum { N_CHANGED = sizeof changed / sizeof changed[0] };
enum { N_CHANGED_BY_KEY = sizeof changed_by_key / sizeof changed_by_key[0] };

static bool has_key(const struct dq_model *m, const char *prefix)
{
    for (size_t i = 0; i < m->shards[0].n_kvs; i++) {
        if (strncmp(m->shards[0].kvs[i].key, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

static bool is_written_here(const struct dq_output *out)
{
    return out->status != DQ_FAILED && out->status != DQ_ELSEWHERE;
}

/* Whether one of the outputs is a tensor that is changed in this way. */
static bool concerns(const struct dq_outputs *o, enum change change)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct dq_pick *pick = o->items[i].pick;
        const char *name = pick ? pick->tensor->name : "";
        for (const char *const *p = changes[change].patterns; *p; p++) {
            if (is_written_here(&o->items[i]) && dq_glob_match(*p, name))
                return true;
        }
    }
    return false;
}

void dq_caveats_find(const struct dq_outputs *o, char text[DQ_CAVEATS_SIZE])
{
    struct dq_error unused;
    char arch[NAME_SIZE];
    bool is_made[N_CHANGES] = {false};
    size_t len = 0;
    text[0] = '\0';
    if (o->container->is_model)
        return; /* programs that load GGUF expect it */
    if (dq_metadata_text(o->model, "general.architecture", arch, sizeof arch, &unused) != 0)
        return; /* it was read before; extracting will meet what is wrong now */
    for (size_t i = 0; !o->options->layout && i < N_CHANGED; i++) { /* the layout undoes these */
        if (strcmp(changed[i].name, arch) == 0)
            is_made[changed[i].change] = true;
    }
    for (size_t i = 0; i < N_CHANGED_BY_KEY; i++) {
        if (has_key(o->model, changed_by_key[i].name))
            is_made[changed_by_key[i].change] = true;
    }
    for (size_t i = 0; i < N_CHANGES && len < DQ_CAVEATS_SIZE; i++) {
        if (is_made[i] && concerns(o, (enum change)i))
            len += (size_t)snprintf(
                text + len, DQ_CAVEATS_SIZE - len, "%s%s", len > 0 ? ", " : "", changes[i].text);
    }
}

void dq_caveats_note(const char *text)
{
    if (*text)
        dq_msg_note("the values are those of the file: %s; see CAVEATS in gguf-dq(1)", text);
}

static const char *cut(const struct dq_tensor *t, char room[NAME_SIZE])
{
    return dq_text_cut(t->display_name, room, NAME_SIZE);
}

/* " and N more", or nothing. */
static const char *more(size_t n, char room[40])
{
    room[0] = '\0';
    if (n > 1)
        snprintf(room, 40, " and %zu more", n - 1);
    return room;
}

void dq_caveats_warn(const struct dq_outputs *o)
{
    const struct dq_output *scaled = NULL;
    const struct dq_tensor *unfit = NULL;
    size_t n_scaled = 0;
    size_t n_unfit = 0;
    char name[NAME_SIZE];
    char other[NAME_SIZE];
    char room[40];
    for (size_t i = 0; i < o->n; i++) {
        const struct dq_output *out = &o->items[i];
        if (!is_written_here(out))
            continue;
        if (out->pick && out->scale && !out->scaling.factors && n_scaled++ == 0)
            scaled = out;
        if (out->pick && out->pick->tensor->has_bad_shape && n_unfit++ == 0)
            unfit = out->pick->tensor;
    }
    if (scaled)
        dq_msg_warning(
            "tensor '%s'%s: not multiplied by its scale, tensor '%s'; --apply-scales does "
            "that",
            cut(scaled->pick->tensor, name), more(n_scaled, room), cut(scaled->scale, other));
    if (unfit)
        dq_msg_warning("tensor '%s'%s: the shape in the metadata does not fit; the stored one is "
                       "written",
            cut(unfit, name), more(n_unfit, room));
}
