#include "cli/show_blocks.h"

#include "base/decimal.h"
#include "base/stdout.h"
#include "run/run.h"
#include "type/block_fields.h"
#include "type/half.h"
#include "type/parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINE_WIDTH = 80, TEXT_SIZE = DQ_DECIMAL_SIZE };

struct blocks_run {
    const struct dq_blocks_job *job;
    struct dq_plan plan;
    uint64_t n_shown;
};

/* A block and the weights that the decoder makes of it, f32. */
struct block {
    const struct dq_tensor *tensor;
    uint64_t number;
    const uint8_t *bytes;
    const uint8_t *weights;
};

/* A row of elements: of a field, of a part, or the weights. */
struct row {
    const char *name;
    unsigned n;
    unsigned n_weights; /* that share an element of several; 0: does not matter */
    /* Writes element i. Returns whether it is a number that JSON can spell. */
    bool (*text)(const void *of, const struct block *b, unsigned i, char out[TEXT_SIZE]);
    const void *of;
};

/* ---- elements ---- */

static bool real_text(double x, bool is_f32, char out[TEXT_SIZE])
{
    dq_decimal_text(x, is_f32, out);
    return isfinite(x);
}

static bool weight_text(const void *of, const struct block *b, unsigned i, char out[TEXT_SIZE])
{
    (void)of;
    return real_text((double)dq_f32_of_bits(dq_u32(b->weights + 4 * (size_t)i)), true, out);
}

static bool part_text(const void *of, const struct block *b, unsigned i, char out[TEXT_SIZE])
{
    const struct dq_block_part *part = of;
    if (part->number)
        return real_text(part->number(b->bytes, i), b->tensor->type->type != DQ_TYPE_f64, out);
    snprintf(out, TEXT_SIZE, "%" PRId64, part->integer(b->bytes, i));
    return true;
}

/* The bits of an element of a field as one hexadecimal number. */
static bool field_text(const void *of, const struct block *b, unsigned i, char out[TEXT_SIZE])
{
    const struct dq_block_field *field = of;
    const unsigned len = dq_field_kinds[field->kind].bytes;
    const uint8_t *p = b->bytes + field->offset + (size_t)i * len;
    size_t at = 0;
    for (unsigned k = len; k > 0; k--)
        at += (size_t)snprintf(out + at, TEXT_SIZE - at, "%02x", p[k - 1]);
    return false;
}

static struct row field_row(const struct dq_block_field *field)
{
    return (struct row){.name = field->name, .n = field->n, .text = field_text, .of = field};
}

static struct row part_row(const struct dq_block_part *part, const struct dq_type_info *type)
{
    return (struct row){
        part->name, type->weights / part->n_weights, part->n_weights, part_text, part};
}

static struct row weight_row(const struct dq_type_info *type)
{
    return (struct row){"weight", type->weights, 0, weight_text, NULL};
}

/* ---- text ---- */

/* "  scale, of 32 weights   12   7 ...", the elements in columns. */
static void print_row(const struct row *row, const struct block *b)
{
    enum { NAME_WIDTH = 10 };
    char text[TEXT_SIZE];
    int width = 1;
    int column = LINE_WIDTH;
    for (unsigned i = 0; i < row->n; i++) {
        row->text(row->of, b, i, text);
        width = (int)strlen(text) > width ? (int)strlen(text) : width;
    }
    fprintf(dq_stdout(), "  %-*s", NAME_WIDTH, row->name);
    column = NAME_WIDTH + 2;
    if (row->n > 1 && row->n_weights > 1) {
        fprintf(dq_stdout(), "of %u weights each", row->n_weights);
        column = LINE_WIDTH;
    }
    for (unsigned i = 0; i < row->n; i++) {
        if (column + 1 + width > LINE_WIDTH)
            column = fprintf(dq_stdout(), "\n%*s", NAME_WIDTH + 2, "") - 1;
        row->text(row->of, b, i, text);
        column += fprintf(dq_stdout(), " %*s", width, text);
    }
    fputc('\n', dq_stdout());
}

/* " [3, 0:256]": the weights of a block as a slice; nothing for a tensor whose rows are not blocks. */
static void print_slice(const struct dq_tensor *t, uint64_t number)
{
    const uint32_t n_weights = t->type->weights;
    uint64_t rest = number * n_weights;
    uint64_t index[DQ_DIMS_MAX];
    if (t->n_dims == 0 || t->dims[0] % n_weights != 0)
        return;
    for (size_t d = 0; d < DQ_DIMS_MAX; d++) {
        index[d] = rest % t->dims[d];
        rest /= t->dims[d];
    }
    fprintf(dq_stdout(), ", weights [");
    for (size_t d = t->n_dims - 1; d > 0; d--)
        fprintf(dq_stdout(), "%" PRIu64 ", ", index[d]);
    fprintf(dq_stdout(), "%" PRIu64 ":%" PRIu64 "]", index[0], index[0] + n_weights);
}

static void print_block(const struct block *b)
{
    const struct dq_type_info *type = b->tensor->type;
    const struct dq_block_formula *formula = &dq_block_formulas[type->type];
    const struct row weights = weight_row(type);
    fprintf(dq_stdout(), "\nblock %" PRIu64 ", %u bytes at %" PRIu64, b->number, type->bytes,
        b->tensor->offset + b->number * type->bytes);
    print_slice(b->tensor, b->number);
    fprintf(dq_stdout(), "\n fields, hexadecimal\n");
    for (const struct dq_block_field *f = dq_block_fields[type->type]; f->name; f++) {
        const struct row row = field_row(f);
        print_row(&row, b);
    }
    fprintf(dq_stdout(), " weight = %s\n", formula->text);
    for (const struct dq_block_part *p = formula->parts; p->name; p++) {
        const struct row row = part_row(p, type);
        if (p->formula)
            fprintf(dq_stdout(), " %s = %s\n", p->name, p->formula);
        print_row(&row, b);
    }
    print_row(&weights, b);
}

/* ---- JSON ---- */

/* A list, or its only element. */
static void put_row(struct dq_json *j, const struct row *row, const struct block *b)
{
    char text[TEXT_SIZE];
    const bool is_list = row->n > 1;
    if (is_list)
        dq_json_begin_row(j, row->name);
    for (unsigned i = 0; i < row->n; i++) {
        const char *key = is_list ? NULL : row->name;
        if (row->text(row->of, b, i, text))
            dq_json_put_number(j, key, text);
        else
            dq_json_put_text(j, key, text, strlen(text));
    }
    if (is_list)
        dq_json_end(j);
}

static void put_block(struct dq_json *j, const struct block *b)
{
    const struct dq_type_info *type = b->tensor->type;
    const struct row weights = weight_row(type);
    dq_json_begin_row_object(j, NULL);
    dq_json_put_u64(j, "block", b->number);
    dq_json_put_u64(j, "offset", b->tensor->offset + b->number * type->bytes);
    dq_json_begin_row_object(j, "fields");
    for (const struct dq_block_field *f = dq_block_fields[type->type]; f->name; f++) {
        const struct row row = field_row(f);
        put_row(j, &row, b);
    }
    dq_json_end(j);
    dq_json_begin_row_object(j, "parts");
    for (const struct dq_block_part *p = dq_block_formulas[type->type].parts; p->name; p++) {
        const struct row row = part_row(p, type);
        put_row(j, &row, b);
    }
    dq_json_end(j);
    put_row(j, &weights, b);
    dq_json_end(j);
}

/* How the parts and the weights are made, and of how many weights each part is. */
static void put_formulas(struct dq_json *j, enum dq_type type)
{
    const struct dq_block_formula *formula = &dq_block_formulas[type];
    dq_json_begin_row_object(j, "formulas");
    for (const struct dq_block_part *p = formula->parts; p->name; p++) {
        if (p->formula)
            dq_json_put_text(j, p->name, p->formula, strlen(p->formula));
    }
    dq_json_put_text(j, "weight", formula->text, strlen(formula->text));
    dq_json_end(j);
    dq_json_begin_row_object(j, "weights_per_element");
    for (const struct dq_block_part *p = formula->parts; p->name; p++)
        dq_json_put_u64(j, p->name, p->n_weights);
    dq_json_end(j);
}

/* ---- the run ---- */

static const struct dq_plan *plan(void *arg, size_t item)
{
    const struct blocks_run *r = arg;
    (void)item;
    return &r->plan;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct blocks_run *r = arg;
    const struct dq_blocks_job *job = r->job;
    const struct dq_tensor *t = v->plan->tensor;
    const size_t len = v->plan->block_len;
    size_t n = 0; /* blocks of the chunk before this one */
    (void)state;
    for (size_t i = 0; i < v->chunk->n_segments; i++) {
        const uint64_t first = dq_plan_offset(v->plan, v->chunk, i) / len;
        for (size_t k = 0; k < v->chunk->seg_blocks && !dq_stdout_failed(); k++, n++) {
            const struct block b = {t, first + k, v->lane->in + n * len,
                v->lane->out + n * t->type->weights * sizeof(float)};
            if (!job->json && r->n_shown == job->most)
                return dq_fail(e, DQ_ERR_CLOSED, "enough blocks");
            if (job->json)
                put_block(job->json, &b);
            else
                print_block(&b);
            r->n_shown++;
        }
    }
    return dq_stdout_failed() ? dq_stdout_flush(e) : 0;
}

int dq_show_blocks(const struct dq_blocks_job *job, struct dq_error *e)
{
    struct blocks_run r = {.job = job};
    struct dq_slice slice;
    const struct dq_consumer consumer = {
        .in_order = true, .checks_decoder = true, .plan = plan, .consume = consume, .arg = &r};
    dq_pick_slice(job->pick, &slice);
    dq_plan_init(&r.plan, job->model, job->pick->tensor, DQ_DTYPE_f32, slice.ranges);
    if (job->json) {
        put_formulas(job->json, job->pick->tensor->type->type);
        dq_json_begin_list(job->json, "blocks");
    }
    const int rc = r.plan.n_items == 0 ? 0
                                       : dq_run_chunks(job->engine->lanes, job->engine->n_lanes, 0,
                                             1, &consumer, e);
    if (job->json)
        dq_json_end(job->json);
    if (rc != DQ_ERR_CLOSED || dq_stdout_failed())
        return rc;
    fprintf(dq_stdout(), "\n...; --full shows all blocks\n");
    return 0;
}
