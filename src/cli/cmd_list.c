#include "cli/cmd.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/confine.h"
#include "cli/metadata.h"
#include "cli/model_arg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CELL = 40, WIDEST_NAME = 64, NUMBER_WIDTH = 12, GAP = 2 };

static const char *type_words(const struct dq_tensor *t, char out[CELL])
{
    if (t->type)
        return t->type->name;
    snprintf(out, CELL, "type %" PRIu32 " (unknown)", t->type_id);
    return out;
}

/* Letters, not bytes, make a column's width. */
static size_t name_letters(const struct dq_tensor *t)
{
    size_t n = 0;
    if (t->display_name == t->name) /* of letters of one byte */
        return t->name_len;
    for (const char *at = t->display_name; *at; at++)
        n += ((unsigned char)*at & 0xc0) != 0x80;
    return n;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static int print_head(const struct dq_model *m, const struct dq_picks *picks, struct dq_error *e)
{
    char arch[128];
    char path[1024];
    char of_all[32] = "";
    char size[32];
    size_t n_unusable = 0;
    uint64_t n_bytes = 0;
    uint64_t n_weights = 0;
    for (size_t i = 0; i < picks->n; i++) {
        const struct dq_tensor *t = picks->items[i].tensor;
        n_unusable += t->problem != NULL;
        if (!t->problem) {
            n_weights =
                dq_add_sat_u64(n_weights, t->n_weights); /* of unknown types it is any number */
            n_bytes = dq_add_sat_u64(n_bytes, t->n_bytes);
        }
    }
    const int rc = dq_metadata_text(m, "general.architecture", arch, sizeof arch, e);
    if (rc != 0)
        return rc;
    dq_escape(m->path, strlen(m->path), DQ_ESCAPE_LINE, path, sizeof path);
    printf("%s: GGUF version %" PRIu32 "%s", path, m->shards[0].version,
        m->shards[0].big_endian ? ", big-endian" : "");
    if (m->n_shards > 1)
        printf(", %zu files", m->n_shards);
    if (picks->n != m->n_tensors)
        snprintf(of_all, sizeof of_all, " of %zu", m->n_tensors);
    printf("%s%s, %zu%s %s, %" PRIu64 " %s, %s of tensors\n", arch[0] ? ", " : "", arch, picks->n,
        of_all, picks->n == 1 && !of_all[0] ? "tensor" : "tensors", n_weights,
        n_weights == 1 ? "weight" : "weights", dq_format_bytes(n_bytes, size));
    if (n_unusable > 0)
        printf("%zu of these %s not usable and not counted\n", n_unusable,
            n_unusable == 1 ? "is" : "are");
    putchar('\n');
    return 0;
}

struct widths {
    size_t name;
    size_t type;
    size_t shape;
};

static void find_widths(const struct dq_picks *picks, struct widths *w)
{
    char type[CELL];
    char shape[DQ_SHAPE_WORDS];
    *w = (struct widths){4, 4, 5};
    for (size_t i = 0; i < picks->n; i++) {
        const struct dq_tensor *t = picks->items[i].tensor;
        w->name = larger(w->name, name_letters(t));
        w->type = larger(w->type, strlen(type_words(t, type)));
        w->shape = larger(w->shape, strlen(dq_tensor_shape(t, shape)));
    }
    if (w->name > WIDEST_NAME) /* a few long names do not push the columns away for all */
        w->name = WIDEST_NAME;
}

/* What a cell is not long enough for is blank already. */
static char *put_left(char *to, const char *text, size_t width)
{
    memcpy(to, text, strlen(text));
    return to + width;
}

static char *put_right(char *to, const char *text, size_t len, size_t width)
{
    to += len < width ? width - len : 0;
    memcpy(to, text, len);
    return to + len;
}

static char *put_number(char *to, uint64_t n)
{
    char digits[DQ_DIGITS_MAX];
    return put_right(to, digits, (size_t)(dq_put_number(digits, n) - digits), NUMBER_WIDTH);
}

/* What stands behind the name is put together without printf, which took half of the time. */
static void print_row(const struct dq_tensor *t, const struct widths *w)
{
    char type[CELL];
    char shape[DQ_SHAPE_WORDS];
    char row[WIDEST_NAME + CELL + DQ_SHAPE_WORDS + 2 * DQ_DIGITS_MAX + 5 * GAP];
    const size_t letters = name_letters(t);
    memset(row, ' ', sizeof row);
    char *end = row + GAP + (letters < w->name ? w->name - letters : 0);
    end = put_left(end, type_words(t, type), w->type) + GAP;
    dq_tensor_shape(t, shape);
    end = put_right(end, shape, strlen(shape), w->shape) + GAP;
    end = put_number(end, t->n_bytes) + GAP;
    end = put_number(end, t->offset);
    *end++ = t->problem ? ' ' : '\n';
    fwrite(t->display_name, 1, strlen(t->display_name), stdout);
    fwrite(row, 1, (size_t)(end - row), stdout);
    if (t->problem)
        printf(" unusable: %s\n", t->problem);
}

static void print_table(const struct dq_picks *picks)
{
    struct widths w;
    find_widths(picks, &w);
    printf("%-*s  %-*s  %*s  %*s  %*s\n", (int)w.name, "NAME", (int)w.type, "TYPE", (int)w.shape,
        "SHAPE", NUMBER_WIDTH, "BYTES", NUMBER_WIDTH, "OFFSET");
    for (size_t i = 0; i < picks->n; i++)
        print_row(picks->items[i].tensor, &w);
}

static json_t *tensor_json(const struct dq_model *m, const struct dq_tensor *t)
{
    uint64_t shape[DQ_DIMS_MAX];
    const struct dq_shard *s = &m->shards[t->shard];
    for (uint32_t i = 0; i < t->n_dims; i++)
        shape[i] = t->dims[t->n_dims - 1 - i];
    json_t *type = t->type ? json_string(t->type->name) : json_null();
    json_t *problem = t->problem ? dq_json_text(t->problem, strlen(t->problem)) : json_null();
    return json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
        dq_json_text(t->name, t->name_len), "type", type, "type_id", (json_int_t)t->type_id,
        "shape", dq_json_u64s(shape, t->n_dims), "weights", dq_json_u64(t->n_weights), "bytes",
        dq_json_u64(t->n_bytes), "offset", dq_json_u64(t->offset), "file",
        dq_json_text(s->path, strlen(s->path)), "problem", problem);
}

static int print_json(const struct dq_args *args, const struct dq_model *m,
    const struct dq_picks *picks, struct dq_error *e)
{
    struct dq_json j = {.file = stdout};
    int rc = 0;
    if (args->json) {
        dq_json_begin_object(&j, NULL);
        dq_json_put(&j, "model", dq_json_text(m->path, strlen(m->path)));
        dq_json_put(&j, "version", json_integer(m->shards[0].version));
        dq_json_put(&j, "endian", json_string(m->shards[0].big_endian ? "big" : "little"));
        dq_json_put(&j, "alignment", dq_json_u64(m->shards[0].alignment));
        dq_json_begin_list(&j, "files");
        for (size_t i = 0; i < m->n_shards; i++)
            dq_json_put(&j, NULL, dq_json_text(m->shards[i].path, strlen(m->shards[i].path)));
        dq_json_end(&j);
        if (args->meta) {
            dq_json_begin_object(&j, "metadata");
            rc = dq_metadata_json(m, &j, e);
            dq_json_end(&j);
        }
        dq_json_begin_list(&j, "tensors");
    }
    for (size_t i = 0; i < picks->n; i++)
        dq_json_put(&j, NULL, tensor_json(m, picks->items[i].tensor));
    if (args->json) {
        dq_json_end(&j);
        dq_json_end(&j);
    }
    return rc != 0 ? rc : dq_json_finish(&j, e);
}

static int print_text(const struct dq_args *args, const struct dq_model *m,
    const struct dq_picks *picks, struct dq_error *e)
{
    int rc = print_head(m, picks, e);
    if (rc == 0 && args->meta) {
        rc = dq_metadata_print(m, stdout, e);
        putchar('\n');
    }
    if (rc != 0)
        return rc;
    print_table(picks);
    return dq_file_flush(stdout, NULL, e);
}

static int print_names(const struct dq_picks *picks, struct dq_error *e)
{
    for (size_t i = 0; i < picks->n; i++)
        puts(picks->items[i].tensor->display_name);
    return dq_file_flush(stdout, NULL, e);
}

static int print(const struct dq_args *args, const struct dq_model *m, const struct dq_picks *picks,
    struct dq_error *e)
{
    if (args->names)
        return print_names(picks, e);
    return args->json || args->jsonl ? print_json(args, m, picks, e)
                                     : print_text(args, m, picks, e);
}

int dq_cmd_list_check(const struct dq_args *args, struct dq_error *e)
{
    if (args->jsonl && args->meta)
        return dq_fail(e, DQ_ERR_USAGE, "--meta goes with --json, not with --jsonl");
    if (args->names && (args->json || args->jsonl || args->meta))
        return dq_fail(e, DQ_ERR_USAGE, "--names goes without --json, --jsonl and --meta");
    return 0;
}

int dq_cmd_list(const struct dq_args *args)
{
    struct dq_error e;
    struct dq_model *m = NULL;
    struct dq_picks picks = {0};
    dq_confine(args, &(struct dq_sandbox){.may_read = true});
    int rc = dq_model_arg_open(args, &m, &e);
    if (rc == 0)
        rc = dq_model_arg_whole_tensors(args, m, &picks, &e);
    dq_confine(args, &(struct dq_sandbox){0});
    if (rc == 0)
        rc = print(args, m, &picks, &e);
    dq_picks_finish(&picks);
    dq_model_free(m);
    return dq_cmd_report(rc, &e);
}
