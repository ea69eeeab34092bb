#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/model_arg.h"
#include "cli/progress.h"
#include "cli/reducing.h"
#include "cli/report.h"
#include "cli/unusable.h"
#include "reduce/hash_tensors.h"

#include <string.h>

/* What stands in place of a name for the digest of the model. */
static const char model_name[] = "(model)";

/* Returns the name of a tensor in a line: its own, or, if that is what stands for the model, another that no
 * tensor has, since a backslash in a name is shown as two. */
static const char *line_name(const struct dq_tensor *t)
{
    return strcmp(t->display_name, model_name) == 0 ? "\\x28model)" : t->display_name;
}

/* A digest that a tensor, or the model, has to have. */
struct expected {
    char hex[DQ_HASH_HEX + 1];
    bool is_found; /* the tensor is in the model */
};

/* The lines of the file of --check. */
struct expectations {
    struct dq_names lines;
    struct expected *items; /* one for each name, in the order of the lines */
    struct dq_strmap names; /* -> index; they are the ends of the lines */
};

struct hash_command {
    const struct dq_args *args;
    const struct dq_hash_algorithm *algorithm;
    enum dq_dtype dtype;
    struct expectations expected;
    struct dq_model *model;
    struct dq_picks picks;
    struct dq_engine engine;
    struct dq_progress progress;
    struct dq_report report;
    struct dq_hashed *hashed; /* the tensors so far */
    size_t n_hashed;
    size_t n_checked; /* digests */
    size_t n_wrong;
    struct dq_unusable unusable; /* or first_failure: the model is not complete */
};

/* ---- the report ---- */

static const struct dq_column columns[] = {
    {.key = "name"},
    {.key = "type"},
    {.key = "shape"},
    {.key = "digest"},
    {.key = "expected"},
    {.key = "verdict"},
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

/* A digest that is reported. */
struct row {
    const char *name;          /* of its line, escaped */
    const struct dq_tensor *t; /* NULL: the model, or a tensor that is not in it */
    const char *hex;           /* NULL: there is none; */
    const char *why;           /* the reason */
    const struct expected *expected;
};

/* "HEX  NAME", or, with --check, "NAME: OK". */
static void print_row(struct hash_command *h, const struct row *r, bool is_equal)
{
    if (!h->args->check_from && r->hex)
        dq_report_print(&h->report, "%s  %s\n", r->hex, r->name);
    else if (!r->hex)
        dq_report_print(&h->report, "%s: FAILED: %s\n", r->name, r->why);
    else if (!is_equal || dq_msg_verbosity() != DQ_QUIET)
        dq_report_print(&h->report, "%s: %s\n", r->name, is_equal ? "OK" : "FAILED");
}

static int put_row(struct hash_command *h, const struct row *r, struct dq_error *e)
{
    const char *expected = r->expected ? r->expected->hex : NULL;
    const bool is_equal = r->hex && expected && strcmp(r->hex, expected) == 0;
    const char *verdict = is_equal ? "equal" : r->hex ? "wrong" : "missing";
    uint64_t shape[DQ_DIMS_MAX];
    h->n_checked += expected != NULL;
    h->n_wrong += expected && !is_equal;
    for (uint32_t d = 0; r->t && d < r->t->n_dims; d++)
        shape[d] = r->t->dims[r->t->n_dims - 1 - d];
    if (dq_report_is_table(&h->report))
        print_row(h, r, is_equal);
    else
        dq_report_row(&h->report,
            (const struct dq_cell[N_COLUMNS]){
                r->name == model_name ? dq_cell_null()
                                      : dq_cell_name(r->t ? r->t->display_name : r->name),
                dq_cell_text(r->t && r->t->type ? r->t->type->name : NULL),
                r->t ? dq_cell_u64s(shape, r->t->n_dims) : dq_cell_null(),
                dq_cell_text(r->hex),
                dq_cell_text(expected),
                dq_cell_text(expected ? verdict : NULL),
            });
    return dq_report_flush(&h->report, e);
}

/* ---- what is expected ---- */

static void finish_expectations(struct expectations *x)
{
    dq_strmap_finish(&x->names);
    dq_names_finish(&x->lines);
    dq_mem_free(x->items);
}

/* Reads a line "HEX  NAME", or "HEX *NAME" as sha256sum writes it for files in binary mode. */
static int add_expected(struct expectations *x, const char *line, struct dq_error *e)
{
    enum { NAME = DQ_HASH_HEX + 2 };
    uint8_t digest[DQ_HASH_LEN];
    struct expected *expected = &x->items[x->names.n_used];
    if (!dq_hash_of_hex(line, digest) || line[DQ_HASH_HEX] != ' ' ||
        (line[DQ_HASH_HEX + 1] != ' ' && line[DQ_HASH_HEX + 1] != '*') || !line[NAME])
        return dq_fail(e, DQ_ERR_MALFORMED, "not a line of 'gguf-dq hash': '%.80s'", line);
    *expected = (struct expected){.is_found = false};
    dq_hash_to_hex(digest, expected->hex);
    const int rc = dq_strmap_add(&x->names, line + NAME, strlen(line + NAME), x->names.n_used);
    if (rc < 0)
        return dq_fail_nomem(e);
    return rc == 0 ? 0 : dq_fail(e, DQ_ERR_MALFORMED, "duplicate name %.200s", line + NAME);
}

static int read_expectations(struct hash_command *h, struct dq_error *e)
{
    struct expectations *x = &h->expected;
    struct dq_error why;
    if (!h->args->check_from)
        return 0;
    int rc = dq_names_read_file(h->args->check_from, h->args->nul_separated, &x->lines, e);
    if (rc != 0)
        return rc;
    x->items = dq_mem_calloc(x->lines.list.n + 1, sizeof *x->items);
    if (!x->items)
        return dq_fail_nomem(e);
    if (x->lines.list.n == 0)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: contains no digests", h->args->check_from);
    for (size_t i = 0; rc == 0 && i < x->lines.list.n; i++)
        rc = add_expected(x, x->lines.list.items[i], &why);
    return rc == 0 ? 0 : dq_fail(e, rc, "%s: %s", h->args->check_from, why.text);
}

/* NULL: none, or nothing is checked. */
static struct expected *find_expected(const struct hash_command *h, const char *name)
{
    size_t i;
    return dq_strmap_find(&h->expected.names, name, strlen(name), &i) ? &h->expected.items[i]
                                                                      : NULL;
}

/* Reports the names that no tensor has. */
static int put_missing(struct hash_command *h, struct dq_error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < h->expected.names.n_used; i++) {
        const struct expected *x = &h->expected.items[i];
        const char *name = h->expected.names.names[i].name;
        char shown[1024];
        if (!x->is_found && strcmp(name, model_name) != 0)
            rc = put_row(h,
                &(struct row){.name = dq_text_cut(name, shown, sizeof shown),
                    .why = "there is no such tensor",
                    .expected = x},
                e);
    }
    return rc;
}

/* ---- hashing ---- */

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct hash_command *h = arg;
    dq_progress_add(&h->progress, n_bytes);
}

/* Whether a tensor is to be hashed and can be: the digest of the model takes all of them. */
static bool is_hashed(const struct hash_command *h, const struct dq_tensor *t)
{
    const bool is_wanted =
        !h->args->check_from || find_expected(h, line_name(t)) || find_expected(h, model_name);
    return is_wanted && dq_tensor_usable(h->model, t, h->dtype != DQ_DTYPE_native, NULL) == 0;
}

static const struct dq_tensor *tensor_at(void *arg, size_t i)
{
    const struct hash_command *h = arg;
    const struct dq_tensor *t = h->picks.items[i].tensor;
    return is_hashed(h, t) ? t : NULL;
}

static int end_tensor(void *arg, size_t i, const uint8_t digest[DQ_HASH_LEN], struct dq_error *e)
{
    struct hash_command *h = arg;
    const struct dq_tensor *t = h->picks.items[i].tensor;
    struct dq_hashed *hashed = &h->hashed[h->n_hashed++];
    struct expected *expected = find_expected(h, line_name(t));
    hashed->tensor = t;
    dq_hash_to_hex(digest, hashed->hex);
    if (expected)
        expected->is_found = true;
    if (h->args->check_from && !expected)
        return 0; /* it counts for the model only */
    return put_row(h,
        &(struct row){.name = line_name(t), .t = t, .hex = hashed->hex, .expected = expected}, e);
}

/* Reports the tensors that cannot be hashed. Returns the bytes to be hashed in *total. */
static int put_unusable(struct hash_command *h, uint64_t *total, struct dq_error *e)
{
    const size_t len = dq_dtype_len(h->dtype);
    int rc = 0;
    *total = 0;
    for (size_t i = 0; rc == 0 && i < h->picks.n; i++) {
        const struct dq_tensor *t = h->picks.items[i].tensor;
        struct expected *expected = find_expected(h, line_name(t));
        struct dq_error why;
        if (is_hashed(h, t)) {
            *total += len > 0 ? t->n_weights * len : t->n_bytes;
            continue;
        }
        if (h->args->check_from && !expected)
            continue;
        const int rc_tensor = dq_tensor_usable(h->model, t, h->dtype != DQ_DTYPE_native, &why);
        dq_unusable_add(&h->unusable, h->model, t, h->picks.n, rc_tensor, why.text);
        if (expected)
            expected->is_found = true;
        else if (dq_report_is_table(&h->report))
            continue;
        rc = put_row(h,
            &(struct row){
                .name = line_name(t), .t = t, .why = "it cannot be used", .expected = expected},
            e);
    }
    dq_unusable_end(&h->unusable);
    return rc;
}

/* Reports the digest of the model, if all of it was hashed. */
static int put_model(struct hash_command *h, struct dq_error *e)
{
    struct row r = {.name = model_name,
        .why = "not all of its tensors can be used",
        .expected = find_expected(h, model_name)};
    uint8_t digest[DQ_HASH_LEN];
    char hex[DQ_HASH_HEX + 1];
    if (h->n_hashed == h->model->n_tensors && !h->model->lacks) {
        const int rc =
            dq_hash_model(h->algorithm, h->hashed, h->n_hashed, !h->args->no_names, digest, e);
        if (rc != 0)
            return rc;
        r.hex = dq_hash_to_hex(digest, hex);
    }
    const bool is_wanted = h->args->check_from ? r.expected != NULL : r.hex != NULL;
    return is_wanted ? put_row(h, &r, e) : 0;
}

static int hash_picks(struct hash_command *h, struct dq_error *e)
{
    const struct dq_hash_job job = {
        .algorithm = h->algorithm,
        .model = h->model,
        .dtype = h->dtype,
        .n_tensors = h->picks.n,
        .tensor = tensor_at,
        .progress = add_progress,
        .end = end_tensor,
        .arg = h,
    };
    uint64_t total;
    int rc = put_unusable(h, &total, e);
    if (rc != 0)
        return rc;
    dq_progress_init(&h->progress, total);
    rc = dq_hash_tensors(h->engine.lanes, h->engine.n_lanes, &job, e);
    dq_progress_finish(&h->progress);
    if (rc == 0)
        rc = put_missing(h, e);
    return rc == 0 ? put_model(h, e) : rc;
}

/* ---- the command ---- */

static int open_all(struct hash_command *h, struct dq_error *e)
{
    const char *from;
    char *path = NULL;
    struct dq_engine_options options;
    dq_reducing_init(h->args, NULL, &options);
    int rc = dq_model_arg_path(h->args, &path, &from, e);
    if (rc == 0)
        rc = read_expectations(h, e);
    if (rc == 0)
        rc = dq_model_arg_open_path(h->args, path, from, &h->model, e);
    dq_mem_free(path);
    if (rc == 0)
        rc = dq_model_arg_whole_tensors(h->args, h->model, &h->picks, e);
    if (rc == 0)
        rc = dq_reducing_open(h->args, NULL, &options, &h->engine, e);
    if (rc != 0)
        return rc;
    dq_model_arg_say_device(h->model, h->picks.n, &h->engine,
        h->args->device.kind == DQ_DEVICE_AUTO ? NULL : h->engine.why);
    h->hashed = dq_mem_calloc(h->picks.n + 1, sizeof *h->hashed);
    return h->hashed ? 0 : dq_fail_nomem(e);
}

static int hash(struct hash_command *h, struct dq_error *e)
{
    int rc = open_all(h, e);
    if (rc != 0)
        return rc;
    if (h->model->lacks && h->picks.is_open) {
        dq_msg_error("%s: only what is there is hashed: %s", h->model->path, h->model->lacks);
        h->unusable.first_failure = DQ_ERR_MALFORMED;
    }
    dq_report_field(&h->report, "model", dq_cell_text(h->model->path));
    dq_report_field(&h->report, "algorithm", dq_cell_text(h->algorithm->name));
    dq_report_field(&h->report, "dtype", dq_cell_text(dq_dtype_name(h->dtype)));
    dq_report_begin_rows(&h->report, "tensors", columns, N_COLUMNS);
    rc = hash_picks(h, e);
    dq_report_end_rows(&h->report);
    if (rc != 0 || h->n_wrong > 0) /* wrong digests say enough */
        return rc;
    if (h->unusable.n > 0)
        rc = dq_fail(e, h->unusable.first_failure, "%zu of %zu %s cannot be hashed", h->unusable.n,
            h->picks.n, h->picks.n == 1 ? "tensor" : "tensors");
    else if (h->unusable.first_failure != 0)
        rc = dq_fail(e, h->unusable.first_failure, "the model is not complete");
    return rc;
}

int dq_cmd_hash_check(const struct dq_args *a, struct dq_error *e)
{
    const struct dq_hash_algorithm *algorithm = a->algorithm ? a->algorithm : &dq_blake3;
    if (algorithm->missing)
        return dq_fail(e, DQ_ERR_USAGE, "--algorithm %s: %s; blake3 is always there",
            algorithm->name, algorithm->missing);
    if (a->cpu && a->device.kind == DQ_DEVICE_GPU)
        return dq_fail(e, DQ_ERR_USAGE, "--cpu goes with --device cpu");
    if (a->check_from && a->share.count > 0)
        return dq_fail(
            e, DQ_ERR_USAGE, "--check compares all digests of its file; leave out --share");
    if (a->check_from && (a->tensors.n || a->tensors_from || a->excluded.n))
        return dq_fail(e, DQ_ERR_USAGE, "--check takes the tensors from its file; name no others");
    return 0;
}

int dq_cmd_hash(const struct dq_args *args)
{
    struct dq_error e;
    struct hash_command h = {.args = args,
        .algorithm = args->algorithm ? args->algorithm : &dq_blake3,
        .dtype = args->dtype == DQ_DTYPE_COUNT ? DQ_DTYPE_f32 : args->dtype};
    dq_report_open(&h.report, args);
    int rc = hash(&h, &e);
    rc = dq_msg_failure(dq_report_end(&h.report, rc, &e), &e);
    if (h.n_wrong > 0)
        dq_msg_warning("%zu of %zu digests are not as expected%s", h.n_wrong, h.n_checked,
            h.n_wrong == h.n_checked
                ? "; with other --algorithm, --dtype or --no-names, digests differ"
                : "");
    dq_engine_close(&h.engine);
    dq_mem_free(h.hashed);
    dq_picks_finish(&h.picks);
    dq_model_free(h.model);
    finish_expectations(&h.expected);
    if (rc == 0 && h.n_wrong > 0)
        rc = DQ_ERR_MISMATCH;
    return rc;
}
