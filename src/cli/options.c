#include "cli/options.h"

#include "base/text.h"
#include "select/suggest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SETTER(option) static int set_##option(struct dq_args *a, const char *v, struct dq_error *e)
#define FLAG(option, field)                                                                        \
    SETTER(option)                                                                                 \
    {                                                                                              \
        (void)v;                                                                                   \
        (void)e;                                                                                   \
        a->field = true;                                                                           \
        return 0;                                                                                  \
    }

FLAG(null, nul_separated)
FLAG(force, force)
FLAG(skip_existing, skip_existing)
FLAG(fsync, fsync)
FLAG(keep_going, keep_going)
FLAG(strict, strict)
FLAG(apply_scales, apply_scales)
FLAG(dry_run, dry_run)
FLAG(names, names)
FLAG(no_names, no_names)
FLAG(full, full)
FLAG(blocks, blocks)
FLAG(fit, fit)
FLAG(codes, codes)
FLAG(self_test, self_test)
FLAG(equal, equal)
FLAG(values, values)
FLAG(json, json)
FLAG(jsonl, jsonl)
FLAG(no_sandbox, no_sandbox)
FLAG(help, help)

SETTER(tensor)
{
    return dq_strvec_add(&a->tensors, v, strlen(v), e);
}

SETTER(exclude)
{
    return dq_strvec_add(&a->excluded, v, strlen(v), e);
}

SETTER(tensors_from)
{
    (void)e;
    a->tensors_from = v;
    return 0;
}

/* "I/N", digits only. */
SETTER(share)
{
    char *end;
    errno = 0;
    const unsigned long number = strtoul(v, &end, 10);
    const char *second = *end == '/' ? end + 1 : "";
    const unsigned long count = strtoul(second, &end, 10);
    if (*v < '0' || *v > '9' || *second < '0' || *second > '9' || *end != '\0' || errno != 0 ||
        number > UINT32_MAX || count > UINT32_MAX || count == 0)
        return dq_fail(e, DQ_ERR_USAGE, "--share %s: not a part such as 2/16, the second of 16", v);
    if (number == 0)
        return dq_fail(e, DQ_ERR_USAGE,
            "--share %s: shares count from 1; a rank that counts from 0 takes share RANK+1", v);
    if (number > count)
        return dq_fail(e, DQ_ERR_USAGE, "--share %s: there are only %lu shares", v, count);
    a->share = (struct dq_share){(uint32_t)number, (uint32_t)count};
    return 0;
}

SETTER(meta)
{
    a->meta = true;
    a->meta_short = v != NULL;
    return !v || strcmp(v, "short") == 0
               ? 0
               : dq_fail(e, DQ_ERR_USAGE, "--meta=%s: must be --meta or --meta=short", v);
}

SETTER(output)
{
    a->output = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--output: the name is empty");
}

SETTER(format)
{
    char names[DQ_CONTAINER_WORDS];
    a->container = dq_container_by_name(v);
    return a->container ? 0
                        : dq_fail(e, DQ_ERR_USAGE, "--format %s: must be %s", v,
                              dq_container_names(NULL, names));
}

/* The first n of table, csv, tsv and hex. */
static int read_text_format(struct dq_args *a, const char *v, size_t n, struct dq_error *e)
{
    static const char *const names[] = {[DQ_TEXT_TABLE] = "table",
        [DQ_TEXT_CSV] = "csv",
        [DQ_TEXT_TSV] = "tsv",
        [DQ_TEXT_HEX] = "hex"};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], v) == 0) {
            a->text_format = (enum dq_text_format)i;
            return 0;
        }
    }
    return dq_fail(e, DQ_ERR_USAGE, "--format %s: must be table, csv%s", v,
        n > DQ_TEXT_HEX ? ", tsv or hex" : " or tsv");
}

SETTER(number_format)
{
    return read_text_format(a, v, DQ_TEXT_HEX + 1, e);
}

SETTER(table_format)
{
    return read_text_format(a, v, DQ_TEXT_HEX, e);
}

SETTER(by)
{
    for (int i = 0; i < DQ_UNIT_COUNT; i++) {
        if (strcmp(dq_unit_name((enum dq_unit)i), v) == 0) {
            a->unit = (enum dq_unit)i;
            return 0;
        }
    }
    return dq_fail(e, DQ_ERR_USAGE, "--by %s: must be tensor, matrix, row or block", v);
}

/* Parses a percentage of at most six decimals, up to a comma or the end. Returns false if it is none. */
static bool read_percentage(const char **v, uint32_t *out)
{
    const char *c = *v;
    uint32_t value = 0;
    uint32_t unit = DQ_PERCENT;
    if (*c < '0' || *c > '9')
        return false;
    for (; *c >= '0' && *c <= '9' && value <= 100; c++)
        value = 10 * value + (uint32_t)(*c - '0');
    if (value > 100)
        return false;
    value *= DQ_PERCENT;
    if (*c == '.' && c[1] >= '0' && c[1] <= '9') {
        for (c++; *c >= '0' && *c <= '9' && unit > 1; c++) {
            unit /= 10;
            value += unit * (uint32_t)(*c - '0');
        }
    }
    if ((*c != '\0' && (*c != ',' || !c[1])) || value > (uint32_t)100 * DQ_PERCENT)
        return false;
    *v = *c ? c + 1 : c;
    *out = value;
    return true;
}

SETTER(percentiles)
{
    const char *rest = v ? v : "50,90,99,99.9,99.99";
    a->n_percentiles = 0;
    do {
        uint32_t *next = &a->percentiles[a->n_percentiles];
        if (a->n_percentiles == DQ_PERCENTILES_MAX)
            return dq_fail(e, DQ_ERR_USAGE, "--percentiles: more than %d", DQ_PERCENTILES_MAX);
        if (!read_percentage(&rest, next))
            return dq_fail(e, DQ_ERR_USAGE,
                "--percentiles=%s: not a list of percentages such as 50,99,99.9", v);
        for (size_t i = 0; i < a->n_percentiles; i++) {
            if (a->percentiles[i] == *next)
                return dq_fail(e, DQ_ERR_USAGE, "--percentiles=%s: one is there twice", v);
        }
        a->n_percentiles++;
    } while (*rest);
    return 0;
}

SETTER(columns)
{
    a->columns = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--columns: the list is empty");
}

SETTER(html)
{
    a->html = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--html: the name is empty");
}

SETTER(sort)
{
    a->sort = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--sort: the name is empty");
}

SETTER(max_shard)
{
    return dq_parse_file_bytes(v, &a->max_shard) && a->max_shard > 0
               ? 0
               : dq_fail(e, DQ_ERR_USAGE, "--max-shard %s: not a size such as 5GB or 500MB", v);
}

SETTER(dtype)
{
    if (dq_dtype_by_name(v, &a->dtype) != 0)
        return dq_fail(e, DQ_ERR_USAGE, "--dtype %s: must be f32, f16, bf16 or native", v);
    return 0;
}

SETTER(algorithm)
{
    a->algorithm = dq_hash_by_name(v);
    return a->algorithm ? 0
                        : dq_fail(e, DQ_ERR_USAGE, "--algorithm %s: must be blake3 or sha256", v);
}

SETTER(check)
{
    a->check_from = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--check: the name is empty");
}

SETTER(layout)
{
    a->layout_hf = strcasecmp(v, "hf") == 0;
    if (!a->layout_hf && strcasecmp(v, "gguf") != 0)
        return dq_fail(e, DQ_ERR_USAGE, "--layout %s: must be gguf or hf", v);
    return 0;
}

SETTER(compare_layout)
{
    a->layout_hf = strcasecmp(v, "hf") == 0;
    a->layout_gguf = strcasecmp(v, "gguf") == 0;
    return a->layout_hf || a->layout_gguf || strcasecmp(v, "auto") == 0
               ? 0
               : dq_fail(e, DQ_ERR_USAGE, "--layout %s: must be auto, gguf or hf", v);
}

SETTER(hf_config)
{
    a->hf_config = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--hf-config: the name is empty");
}

SETTER(map)
{
    a->map = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--map: the name is empty");
}

SETTER(device)
{
    return dq_device_parse(v, &a->device, e);
}

static int refuse_level(const char *name, struct dq_error *e)
{
    char names[64] = "";
    for (size_t i = 0; dq_cpu_levels[i]; i++) {
        const char *before = i == 0 ? "" : dq_cpu_levels[i + 1] ? ", " : " or ";
        const size_t len = strlen(names);
        snprintf(names + len, sizeof names - len, "%s%s", before, dq_cpu_levels[i]->name);
    }
    return dq_fail(e, DQ_ERR_USAGE, "--cpu %s: must be %s", name, names);
}

SETTER(cpu)
{
    a->cpu = dq_cpu_by_name(v);
    if (!a->cpu)
        return refuse_level(v, e);
    if (!dq_cpu_usable(a->cpu))
        return dq_fail(e, DQ_ERR_USAGE, "--cpu %s: this processor lacks its instructions", v);
    return 0;
}

/* Parses a whole number from 0 to most. */
static int read_count(
    const char *option, const char *v, unsigned long most, unsigned *out, struct dq_error *e)
{
    char *end;
    errno = 0;
    const unsigned long n = strtoul(v, &end, 10);
    if (*v < '0' || *v > '9' || *end != '\0' || errno != 0 || n > most)
        return dq_fail(e, DQ_ERR_USAGE, "--%s %s: not a number from 0 to %lu", option, v, most);
    *out = (unsigned)n;
    return 0;
}

SETTER(threads)
{
    return read_count("threads", v, 4096, &a->n_threads, e);
}

/* A size, or a percentage of the memory of the machine. */
SETTER(max_memory)
{
    char *end;
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_len = sysconf(_SC_PAGESIZE);
    uint64_t bytes;
    if (dq_parse_bytes(v, &bytes)) { /* a limit beyond what can be addressed is none */
        a->max_memory = bytes < SIZE_MAX ? (size_t)bytes : SIZE_MAX;
        return 0;
    }
    const unsigned long percent = strtoul(v, &end, 10);
    if (*v < '0' || *v > '9' || strcmp(end, "%") != 0 || percent < 1 || percent > 100 ||
        pages <= 0 || page_len <= 0)
        return dq_fail(e, DQ_ERR_USAGE,
            "--max-memory %s: not a size such as 64MiB or 512K, or a share such as 50%%", v);
    a->max_memory = (size_t)pages / 100 * (size_t)percent * (size_t)page_len;
    return 0;
}

SETTER(offset)
{
    if (dq_parse_bytes(v, &a->offset) && a->offset <= INT64_MAX)
        return 0;
    return dq_fail(
        e, DQ_ERR_USAGE, "--offset %s: not a number of bytes such as 4096, 0x1000 or 4K", v);
}

SETTER(edge)
{
    const int rc = read_count("edge", v, 1000000, &a->edge, e);
    return rc == 0 && a->edge == 0 ? dq_fail(e, DQ_ERR_USAGE, "--edge 0: must be at least 1") : rc;
}

SETTER(top)
{
    const int rc = read_count("top", v, 1000000, &a->top, e);
    return rc == 0 && a->top == 0 ? dq_fail(e, DQ_ERR_USAGE, "--top 0: must be at least 1") : rc;
}

SETTER(ulp)
{
    return read_count("ulp", v, UINT32_MAX, &a->ulp, e);
}

/* Parses a finite number. */
static int read_real(
    const char *option, const char *v, double least, double *out, struct dq_error *e)
{
    char *end;
    const double x = strtod(v, &end);
    if (end == v || *end != '\0' || !isfinite(x) || x < least)
        return dq_fail(e, DQ_ERR_USAGE, "--%s %s: not a number%s", option, v,
            least == 0 ? " from 0 on, such as 0.001 or 1e-3" : " such as 40 or 42.5");
    *out = x;
    return 0;
}

SETTER(max_nmse)
{
    return read_real("max-nmse", v, 0, &a->max_nmse, e);
}

SETTER(min_snr)
{
    return read_real("min-snr", v, (double)-HUGE_VALF, &a->min_snr, e);
}

SETTER(max_abs)
{
    return read_real("max-abs", v, 0, &a->max_abs, e);
}

SETTER(against)
{
    a->against = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--against: the name is empty");
}

SETTER(size)
{
    return read_count("size", v, 1 << 20, &a->bench_size, e);
}

SETTER(time)
{
    return read_count("time", v, 600000, &a->milliseconds, e);
}

SETTER(to)
{
    a->bench_to = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--to: the name is empty");
}

static int fail_type(const char *v, size_t len, struct dq_error *e)
{
    struct dq_suggestions near = {0};
    char words[256];
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)len, v);
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++)
        dq_suggest(&near, name, dq_types[i].name);
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(e, DQ_ERR_USAGE,
        "--type %s: not in the list of 'gguf-dq types' (separate several with commas)%s", name,
        words);
}

/* Type names, separated by commas, in upper or lower case. */
SETTER(type)
{
    _Static_assert(DQ_TYPE_COUNT <= 64, "a bit for each");
    while (*v) {
        const size_t len = strcspn(v, ",");
        int found = -1;
        for (int i = 0; i < DQ_TYPE_COUNT; i++)
            if (strlen(dq_types[i].name) == len && strncasecmp(dq_types[i].name, v, len) == 0)
                found = i;
        if (found < 0)
            return fail_type(v, len, e);
        a->types |= (uint64_t)1 << found;
        v += len + (v[len] == ',');
    }
    return 0;
}

SETTER(manifest)
{
    a->manifest = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--manifest: the name is empty");
}

SETTER(quiet)
{
    (void)v;
    (void)e;
    a->verbosity = DQ_QUIET;
    return 0;
}

SETTER(verbose)
{
    (void)v;
    (void)e;
    a->verbosity = DQ_VERBOSE;
    return 0;
}

enum {
    DECODING =
        DQ_CMD_extract | DQ_CMD_hash | DQ_CMD_stats | DQ_CMD_compare | DQ_CMD_verify | DQ_CMD_bench,
    SLICING = DQ_CMD_show | DQ_CMD_extract | DQ_CMD_stats | DQ_CMD_compare | DQ_CMD_verify,
    FIGURING = DQ_CMD_stats | DQ_CMD_compare,
    WHOLE = DQ_CMD_list | DQ_CMD_hash,
    SELECTING = SLICING | WHOLE | DQ_CMD_check,
    READING = SELECTING | DQ_CMD_bench,
    REPORTING = DQ_CMD_list | DQ_CMD_show | DQ_CMD_extract | DQ_CMD_hash | DQ_CMD_stats |
                DQ_CMD_compare | DQ_CMD_types | DQ_CMD_verify | DQ_CMD_devices | DQ_CMD_bench |
                DQ_CMD_check,
};

const struct dq_option dq_options[] = {
    {"tensor", 't', "NAME", SLICING, "select by name, pattern or NAME[slice]; repeatable",
        set_tensor},
    {"tensor", 't', "NAME", WHOLE, "select by name or pattern; repeatable", set_tensor},
    {"tensor", 't', "NAME", DQ_CMD_check, "with --values: select by name or pattern; repeatable",
        set_tensor},
    {"exclude", 'x', "PATTERN", SLICING | WHOLE, "leave out by name or pattern; repeatable",
        set_exclude},
    {"exclude", 'x', "PATTERN", DQ_CMD_check, "with --values: leave out by pattern; repeatable",
        set_exclude},
    {"tensors-from", 'T', "FILE", SLICING | WHOLE, "read names from FILE, one per line (-: stdin)",
        set_tensors_from},
    {"tensors-from", 'T', "FILE", DQ_CMD_check,
        "with --values: names from FILE, one a line (-: stdin)", set_tensors_from},
    {"null", '0', NULL, SELECTING & ~DQ_CMD_list, "names in that file end in NUL, not newline",
        set_null},
    {"null", '0', NULL, DQ_CMD_list, "names in that file, or of --names, end in NUL", set_null},
    {"share", 0, "I/N", SELECTING & ~(DQ_CMD_check | DQ_CMD_show),
        "only part I of N, counted from 1", set_share},
    {"share", 0, "I/N", DQ_CMD_check, "with --values: only part I of N, counted from 1", set_share},
    {"offset", 0, "N", READING, "the model begins at byte N of the file: 4096, 0x1000, 4K",
        set_offset},
    {"meta", 'm', "[=short]", DQ_CMD_list, "show the metadata too; short: without long arrays",
        set_meta},
    {"names", 0, NULL, DQ_CMD_list, "print only the names, one per line", set_names},
    {"output", 'o', "PATH", DQ_CMD_extract, "directory or file, or - for standard output",
        set_output},
    {"format", 'f', "FORMAT", DQ_CMD_extract, "npy, raw, npz, safetensors or gguf", set_format},
    {"format", 'f', "FORMAT", DQ_CMD_show, "table, csv, tsv or hex", set_number_format},
    {"format", 'f', "FORMAT", FIGURING, "table, csv or tsv", set_table_format},
    {"by", 0, "UNIT", FIGURING, "figures by tensor, matrix, row or block", set_by},
    {"percentiles", 0, "[=LIST]", DQ_CMD_stats,
        "percentiles of magnitudes (50,90,99,99.9,99.99), outliers", set_percentiles},
    {"percentiles", 0, "[=LIST]", DQ_CMD_compare, "percentiles of distances (50,90,99,99.9,99.99)",
        set_percentiles},
    {"fit", 0, NULL, DQ_CMD_stats, "count the weights that f16 and bf16 have exactly", set_fit},
    {"codes", 0, NULL, DQ_CMD_stats, "how the codes and scales of quantized blocks are used",
        set_codes},
    {"columns", 0, "LIST", FIGURING, "only these figures, separated by commas", set_columns},
    {"sort", 0, "FIGURE", FIGURING, "the greatest first; -FIGURE: the least first", set_sort},
    {"top", 0, "N", FIGURING, "with --sort: only the first N", set_top},
    {"html", 0, "FILE", FIGURING, "write a page for a browser to FILE too", set_html},
    {"edge", 0, "N", DQ_CMD_show, "show N numbers at each end of a large dimension (3)", set_edge},
    {"full", 0, NULL, DQ_CMD_show, "show all numbers, however many", set_full},
    {"blocks", 0, NULL, DQ_CMD_show, "show the stored blocks and how weights are made of them",
        set_blocks},
    {"max-shard", 0, "SIZE", DQ_CMD_extract, "split safetensors or gguf into files: 5GB, 500MB",
        set_max_shard},
    {"algorithm", 'a', "NAME", DQ_CMD_hash, "blake3 or sha256", set_algorithm},
    {"check", 'c', "FILE", DQ_CMD_hash, "compare with the digests in FILE (-: stdin)", set_check},
    {"no-names", 0, NULL, DQ_CMD_hash, "leave the names out of the model's digest", set_no_names},
    {"dtype", 'd', "DTYPE", DQ_CMD_extract | DQ_CMD_hash, "f32, f16, bf16, or native (as stored)",
        set_dtype},
    {"dtype", 'd', "DTYPE", DQ_CMD_verify | DQ_CMD_bench, "f32, f16 or bf16", set_dtype},
    {"layout", 0, "LAYOUT", DQ_CMD_extract, "gguf, or hf: names and layout of Hugging Face",
        set_layout},
    {"layout", 0, "LAYOUT", DQ_CMD_list, "hf: show what --layout hf of extract makes of tensors",
        set_layout},
    {"layout", 0, "LAYOUT", DQ_CMD_compare, "auto, gguf, hf: names and layout of the reference",
        set_compare_layout},
    {"hf-config", 0, "DIR", DQ_CMD_extract | DQ_CMD_list,
        "with --layout hf: the model's Hugging Face directory", set_hf_config},
    {"map", 0, "FILE", DQ_CMD_compare, "lines NAME, tab, NAME in the reference, where they differ",
        set_map},
    {"device", 0, "DEVICE", DECODING, "auto, cpu, gpu, gpu:1, gpu:all, cuda:0, ...", set_device},
    {"cpu", 0, "LEVEL", DECODING, "use instructions of baseline, v3, v4 or neon", set_cpu},
    {"threads", 'j', "N", DECODING, "use N threads (0: one per processor)", set_threads},
    {"threads", 'j', "N", DQ_CMD_check, "with --values: use N threads (0: one per processor)",
        set_threads},
    {"max-memory", 0, "SIZE", SELECTING, "use no more memory than this: 64MiB, 512K, 5%",
        set_max_memory},
    {"self-test", 0, NULL, DQ_CMD_verify, "check the built-in vectors; needs no model",
        set_self_test},
    {"ulp", 0, "N", DQ_CMD_verify, "accept differences of N units in the last place", set_ulp},
    {"equal", 0, NULL, DQ_CMD_compare, "exit 1 unless all weights have equal bits", set_equal},
    {"max-nmse", 0, "X", DQ_CMD_compare, "exit 1 if the nmse of a tensor is greater", set_max_nmse},
    {"min-snr", 0, "DB", DQ_CMD_compare, "exit 1 if the snr of a tensor is less", set_min_snr},
    {"max-abs", 0, "X", DQ_CMD_compare, "exit 1 if a weight is farther off", set_max_abs},
    {"against", 0, "FILE", DQ_CMD_compare,
        "exit 1 if a tensor is farther off than in this --json report", set_against},
    {"values", 0, NULL, DQ_CMD_check, "look for impossible weights too, such as NaN", set_values},
    {"type", 0, "TYPES", DQ_CMD_bench, "measure only these types: q4_k,q6_k", set_type},
    {"size", 0, "N", DQ_CMD_bench, "weights that a GPU decodes at once, in 2^20 (256)", set_size},
    {"time", 0, "MS", DQ_CMD_bench, "milliseconds per measurement (100)", set_time},
    {"to", 0, "DIR", DQ_CMD_bench, "measure writing files into DIR too", set_to},
    {"force", 0, NULL, DQ_CMD_extract, "replace existing files", set_force},
    {"skip-existing", 0, NULL, DQ_CMD_extract, "keep existing files", set_skip_existing},
    {"fsync", 0, NULL, DQ_CMD_extract, "flush files to disk before they get their names",
        set_fsync},
    {"keep-going", 'k', NULL, DQ_CMD_extract, "write the usable tensors even if some are not",
        set_keep_going},
    {"apply-scales", 0, NULL, DQ_CMD_extract, "multiply weights by their scale tensors",
        set_apply_scales},
    {"strict", 0, NULL, DQ_CMD_extract, "treat overflow to infinity as an error", set_strict},
    {"manifest", 0, "FILE", DQ_CMD_extract, "write a list of the outputs, as JSON, to FILE",
        set_manifest},
    {"dry-run", 'n', NULL, DQ_CMD_extract, "show what would be written", set_dry_run},
    {"json", 0, NULL, REPORTING, "report as one JSON object", set_json},
    {"jsonl", 0, NULL, REPORTING, "report as one JSON object per line", set_jsonl},
    {"no-sandbox", 0, NULL, READING, "do not give up rights once the model is open",
        set_no_sandbox},
    {"quiet", 'q', NULL, REPORTING, "no warnings, no progress", set_quiet},
    {"verbose", 'v', NULL, REPORTING, "print more messages", set_verbose},
    {"help", 'h', NULL, REPORTING, "show this help", set_help},
};

_Static_assert(sizeof dq_options / sizeof dq_options[0] <= DQ_OPTIONS_MAX, "as many as fit");

const size_t dq_n_options = sizeof dq_options / sizeof dq_options[0];
