#include "cli/verify_report.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static const struct dq_column columns[] = {
    {.key = "tensor", .heading = "TENSOR", .width = -35},
    {.key = "type", .heading = "TYPE", .width = -7},
    {.key = "dtype", .heading = "DTYPE", .width = -5},
    {.key = "device"},
    {.key = "against"},
    {.key = "weights", .heading = "WEIGHTS", .width = 11},
    {.key = "mismatches", .heading = "MISMATCHES", .width = 11},
    {.key = "max_ulp", .heading = "MAX ULP", .width = 7},
    {.key = "max_abs", .heading = "MAX ABS", .width = 9, .digits = 4},
    {.key = "verdict", .heading = "VERDICT"},
    {.key = "pattern"},
    {.key = "first"},
};

_Static_assert(sizeof columns / sizeof columns[0] == DQ_VERIFY_COLUMNS, "as the header says");

static void hex_bytes(const struct dq_comparison *c, char *out)
{
    for (uint32_t i = 0; i < dq_types[c->type].bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", c->first.bytes[i]);
}

/* The offset of the block with the first mismatch, in the file or in the built-in blocks. */
static uint64_t block_offset(const struct dq_verify_subject *s)
{
    return (s->tensor ? s->tensor->offset : 0) + s->c->first.block * dq_types[s->c->type].bytes;
}

/* Which one of several devices decoded the first mismatch. The reference has no device name; where it
 * is what was checked, that is `who`. */
static const char *who_was_first(const struct dq_verify_subject *s)
{
    return s->c->first.device ? s->c->first.device : s->who;
}

static int hex_digits(enum dq_dtype dtype)
{
    return dtype == DQ_DTYPE_f32 ? 8 : 4;
}

static void print_place(struct dq_report *r, const struct dq_verify_subject *s)
{
    char file[1024];
    if (!s->tensor) {
        dq_report_print(r, ", offset %" PRIu64 " in the vectors\n", block_offset(s));
        return;
    }
    dq_escape(s->shard->path, strlen(s->shard->path), DQ_ESCAPE_LINE, file, sizeof file);
    dq_report_print(r, ", file offset %" PRIu64 " of %s\n", block_offset(s), file);
}

/* The lines below the row of a subject with mismatches: everything that helps to find the cause. */
static void explain(struct dq_report *r, const struct dq_verify_subject *s)
{
    const struct dq_comparison *c = s->c;
    const struct dq_mismatch *first = &c->first;
    const int digits = hex_digits(c->dtype);
    char bytes[2 * DQ_BLOCK_BYTES_MAX + 1] = "";
    char ulp[32] = "NaN";
    hex_bytes(c, bytes);
    if (c->max_ulp != UINT64_MAX)
        snprintf(ulp, sizeof ulp, "%" PRIu64, c->max_ulp);
    dq_report_print(r,
        "  %s against %s: %" PRIu64 " of %" PRIu64
        " weights differ, by up to %s units in the last place, %.9g absolutely\n",
        s->who, s->against, c->n_mismatches, c->n_weights, ulp, c->max_abs);
    dq_report_print(r, "  first: weight %" PRIu64 ", element %" PRIu64 " of block %" PRIu64,
        first->weight, first->weight % dq_types[c->type].weights, first->block);
    print_place(r, s);
    dq_report_print(r, "  block%s: %s\n",
        s->shard && s->shard->big_endian ? " (its fields turned to little-endian)" : "", bytes);
    dq_report_print(r, "  %s: %.9g (0x%0*" PRIx32 "), %s: %.9g (0x%0*" PRIx32 ")\n",
        who_was_first(s), dq_value_of_bits(first->got, c->dtype), digits, first->got, s->against,
        dq_value_of_bits(first->want, c->dtype), digits, first->want);
    dq_report_print(r, "  looks like: %s\n", dq_pattern_description(dq_compare_pattern(c)));
}

static json_t *side_json(uint32_t bits, enum dq_dtype dtype)
{
    char text[16];
    snprintf(text, sizeof text, "0x%0*" PRIx32, hex_digits(dtype), bits);
    return json_pack(
        "{s:s, s:o}", "bits", text, "value", dq_json_real(dq_value_of_bits(bits, dtype)));
}

static json_t *first_json(const struct dq_verify_subject *s)
{
    const struct dq_mismatch *first = &s->c->first;
    char bytes[2 * DQ_BLOCK_BYTES_MAX + 1] = "";
    hex_bytes(s->c, bytes);
    return json_pack("{s:o, s:o, s:I, s:o, s:o, s:s, s:s, s:o, s:o}", "weight",
        dq_json_u64(first->weight), "block", dq_json_u64(first->block), "element",
        (json_int_t)(first->weight % dq_types[s->c->type].weights), "file",
        s->shard ? dq_json_text(s->shard->path, strlen(s->shard->path)) : json_null(), "offset",
        dq_json_u64(block_offset(s)), "bytes", bytes, "on", who_was_first(s), "device",
        side_json(first->got, s->c->dtype), "reference", side_json(first->want, s->c->dtype));
}

static struct dq_cell name_cell(const struct dq_tensor *t)
{
    return t ? dq_cell_name(t->display_name) : dq_cell_shown(dq_cell_null(), "built-in");
}

static struct dq_cell ulp_cell(uint64_t ulp)
{
    return ulp == UINT64_MAX ? dq_cell_shown(dq_cell_null(), "NaN") : dq_cell_u64(ulp);
}

int dq_verify_report_add(
    struct dq_verify_report *v, const struct dq_verify_subject *s, struct dq_error *e)
{
    struct dq_report *r = &v->out;
    const struct dq_comparison *c = s->c;
    const bool wrong = c->n_mismatches > 0;
    const bool has_first = wrong && !dq_report_is_table(r);
    v->n_weights += c->n_weights;
    v->n_mismatches += c->n_mismatches;
    const struct dq_cell cells[DQ_VERIFY_COLUMNS] = {
        name_cell(s->tensor),
        dq_cell_text(dq_types[c->type].name),
        dq_cell_text(dq_dtype_name(c->dtype)),
        dq_cell_text(s->who),
        dq_cell_text(s->against),
        dq_cell_u64(c->n_weights),
        dq_cell_u64(c->n_mismatches),
        ulp_cell(c->max_ulp),
        dq_cell_real(c->max_abs),
        wrong ? dq_cell_shown(dq_cell_text("wrong"), "WRONG") : dq_cell_text("equal"),
        dq_cell_text(wrong ? dq_pattern_description(dq_compare_pattern(c)) : NULL),
        has_first ? dq_cell_json(first_json(s)) : dq_cell_null(),
    };
    dq_report_row(r, cells);
    if (wrong)
        explain(r, s);
    return dq_report_flush(r, e);
}

void dq_verify_report_begin(struct dq_verify_report *v, const char *device)
{
    struct dq_report *r = &v->out;
    dq_report_field(r, "device", dq_cell_text(device));
    dq_report_field(r, "reference", dq_cell_text("cpu baseline"));
    dq_report_print(r, "device: %s; reference: cpu baseline\n\n", device);
    memcpy(v->columns, columns, sizeof columns);
    if (v->self_test)
        v->columns[0].heading = "CHECK";
    dq_report_begin_rows(r, v->self_test ? "checks" : "tensors", v->columns, DQ_VERIFY_COLUMNS);
}

/* The bytes of the weights that were compared. */
static uint64_t n_bytes(const struct dq_verify_report *v, enum dq_dtype dtype)
{
    return v->n_weights * dq_dtype_len(dtype);
}

static json_t *speed_json(
    const struct dq_verify_report *v, const struct dq_verifier *speed, enum dq_dtype dtype)
{
    const struct dq_verify_times *t = &speed->times;
    return json_pack("{s:s, s:f, s:o, s:I, s:I, s:f, s:f, s:f}", "bound", dq_verify_bound(speed),
        "seconds", t->wall, "bytes", dq_json_u64(n_bytes(v, dtype)), "threads",
        (json_int_t)speed->n_references, "lanes", (json_int_t)speed->engine->n_lanes, "reading",
        t->reading, "decoding", t->device, "comparing", t->comparing);
}

static void print_speed(
    struct dq_verify_report *v, const struct dq_verifier *speed, enum dq_dtype dtype)
{
    const struct dq_verify_times *t = &speed->times;
    const size_t n_lanes = speed->engine->n_lanes;
    const double lanes = (double)n_lanes * t->wall;
    dq_report_print(&v->out,
        "bound by the %s: %.3g GB/s of weights; %u thread%s compared %.0f %% of the time, %zu "
        "lane%s read %.0f %% and decoded %.0f %%\n",
        dq_verify_bound(speed), 1e-9 * (double)n_bytes(v, dtype) / t->wall, speed->n_references,
        speed->n_references == 1 ? "" : "s", 100 * t->comparing / (t->wall * speed->n_references),
        n_lanes, n_lanes == 1 ? "" : "s", 100 * t->reading / lanes, 100 * t->device / lanes);
}

static void print_counts(struct dq_verify_report *v)
{
    const char *what = v->self_test ? "check" : "tensor";
    dq_report_print(&v->out, "%zu %s%s, %" PRIu64 " weights, %" PRIu64 " mismatches: %s\n",
        v->n_checked, what, v->n_checked == 1 ? "" : "s", v->n_weights, v->n_mismatches,
        v->n_wrong ? "WRONG" : (v->n_checked ? "all equal" : "nothing was compared"));
    if (v->n_unusable > 0)
        dq_report_print(&v->out, "%zu %s%s could not be checked\n", v->n_unusable, what,
            v->n_unusable == 1 ? "" : "s");
}

void dq_verify_report_totals(
    struct dq_verify_report *v, const struct dq_verifier *speed, enum dq_dtype dtype, int rc)
{
    struct dq_report *r = &v->out;
    const bool has_speed = speed->times.wall > 0 && v->n_weights > 0;
    dq_report_end_rows(r);
    dq_report_field(r, "weights", dq_cell_u64(v->n_weights));
    dq_report_field(r, "mismatches", dq_cell_u64(v->n_mismatches));
    dq_report_field(r, "unchecked", dq_cell_u64(v->n_unusable));
    dq_report_field(
        r, "verdict", dq_cell_text(v->n_wrong ? "wrong" : (rc == 0 ? "equal" : "unknown")));
    if (dq_report_json(r))
        dq_report_field(
            r, "speed", has_speed ? dq_cell_json(speed_json(v, speed, dtype)) : dq_cell_null());
    if (rc != 0)
        return;
    dq_report_print(r, "\n");
    if (has_speed)
        print_speed(v, speed, dtype);
    print_counts(v);
}
