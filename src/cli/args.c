#include "cli/args.h"

#include "base/text.h"
#include "cli/model_arg.h"
#include "select/suggest.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct option_row {
    const char *name;
    char letter;     /* 0: none */
    const char *arg; /* what --help calls the argument; NULL: it takes none */
    unsigned commands;
    const char *help;
    int (*set)(struct dq_args *a, const char *value, struct dq_error *e);
};

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
FLAG(dry_run, dry_run)
FLAG(meta, meta)
FLAG(names, names)
FLAG(self_test, self_test)
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

SETTER(output)
{
    a->output = v;
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--output needs a name");
}

SETTER(format)
{
    a->container = dq_container_by_name(v);
    return a->container ? 0 : dq_fail(e, DQ_ERR_USAGE, "--format %s: npy and raw are known", v);
}

SETTER(dtype)
{
    if (dq_dtype_by_name(v, &a->dtype) != 0)
        return dq_fail(e, DQ_ERR_USAGE, "--dtype %s: f32, f16, bf16 and native are known", v);
    return 0;
}

SETTER(device)
{
    return dq_device_parse(v, &a->device, e);
}

SETTER(cpu)
{
    a->cpu = dq_cpu_by_name(v);
    if (!a->cpu)
        return dq_fail(e, DQ_ERR_USAGE, "--cpu %s: baseline, v3 and v4 are known", v);
    if (!dq_cpu_usable(a->cpu))
        return dq_fail(e, DQ_ERR_USAGE, "--cpu %s: this processor lacks its instructions", v);
    return 0;
}

/* Reads a whole number up to most. */
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

/* A size, or a share of what the machine has. */
SETTER(max_memory)
{
    char *end;
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_len = sysconf(_SC_PAGESIZE);
    if (dq_parse_bytes(v, &a->max_memory))
        return 0;
    const unsigned long percent = strtoul(v, &end, 10);
    if (*v < '0' || *v > '9' || strcmp(end, "%") != 0 || percent < 1 || percent > 100 ||
        pages <= 0 || page_len <= 0)
        return dq_fail(e, DQ_ERR_USAGE,
            "--max-memory %s: not a size such as 64MiB or 512K, or a share such as 50%%", v);
    a->max_memory = (size_t)pages / 100 * (size_t)percent * (size_t)page_len;
    return 0;
}

SETTER(ulp)
{
    return read_count("ulp", v, UINT32_MAX, &a->ulp, e);
}

SETTER(size)
{
    return read_count("size", v, 1 << 20, &a->bench_size, e);
}

SETTER(time)
{
    return read_count("time", v, 600000, &a->milliseconds, e);
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
        "--type %s: no type in 'gguf-dq types' has that name (commas go between several)%s", name,
        words);
}

/* Types with commas between them, in letters of any size. */
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
    return *v ? 0 : dq_fail(e, DQ_ERR_USAGE, "--manifest needs a name");
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
    DECODING = DQ_CMD_EXTRACT | DQ_CMD_VERIFY | DQ_CMD_BENCH,
    SLICING = DQ_CMD_EXTRACT | DQ_CMD_VERIFY,
    SELECTING = SLICING | DQ_CMD_LIST | DQ_CMD_CHECK,
    READING = SELECTING | DQ_CMD_BENCH,
    REPORTING = DQ_CMD_LIST | DQ_CMD_EXTRACT | DQ_CMD_TYPES | DQ_CMD_VERIFY | DQ_CMD_DEVICES |
                DQ_CMD_BENCH | DQ_CMD_CHECK,
};

static const struct option_row options[] = {
    {"tensor", 't', "NAME", SLICING, "take a tensor: name, pattern, NAME[slice]; repeatable",
        set_tensor},
    {"tensor", 't', "NAME", DQ_CMD_LIST, "take a tensor: name or pattern; repeatable", set_tensor},
    {"tensor", 't', "NAME", DQ_CMD_CHECK, "with --values: a tensor (name or pattern); repeatable",
        set_tensor},
    {"exclude", 'x', "PATTERN", SLICING | DQ_CMD_LIST, "leave tensors out; repeatable",
        set_exclude},
    {"exclude", 'x', "PATTERN", DQ_CMD_CHECK, "with --values: leave tensors out; repeatable",
        set_exclude},
    {"tensors-from", 'T', "FILE", SLICING | DQ_CMD_LIST,
        "read names from FILE, one a line (-: stdin)", set_tensors_from},
    {"tensors-from", 'T', "FILE", DQ_CMD_CHECK,
        "with --values: names from FILE, one a line (-: stdin)", set_tensors_from},
    {"null", '0', NULL, SELECTING, "names in that file end in NUL, not newline", set_null},
    {"meta", 'm', NULL, DQ_CMD_LIST, "show the metadata too", set_meta},
    {"names", 0, NULL, DQ_CMD_LIST, "show nothing but the names, one a line", set_names},
    {"output", 'o', "PATH", DQ_CMD_EXTRACT, "folder, file, or - for a pipe", set_output},
    {"format", 'f', "FORMAT", DQ_CMD_EXTRACT, "npy or raw", set_format},
    {"dtype", 'd', "DTYPE", DQ_CMD_EXTRACT, "f32, f16, bf16, or native: as stored", set_dtype},
    {"dtype", 'd', "DTYPE", DQ_CMD_VERIFY | DQ_CMD_BENCH, "f32, f16 or bf16", set_dtype},
    {"device", 0, "DEVICE", DECODING, "auto, cpu, gpu, gpu:1, gpu:all, cuda:0, ...", set_device},
    {"cpu", 0, "LEVEL", DECODING, "use baseline, v3 or v4 instructions", set_cpu},
    {"threads", 'j', "N", DECODING, "use N processors (0: all)", set_threads},
    {"max-memory", 0, "SIZE", SELECTING, "take no more memory: 64MiB, 512K, 5%", set_max_memory},
    {"self-test", 0, NULL, DQ_CMD_VERIFY, "check the built-in vectors; needs no model",
        set_self_test},
    {"ulp", 0, "N", DQ_CMD_VERIFY, "let differences of N units in the last place pass", set_ulp},
    {"values", 0, NULL, DQ_CMD_CHECK, "look for weights that cannot be right too", set_values},
    {"type", 0, "TYPES", DQ_CMD_BENCH, "measure only these types: q4_k,q6_k", set_type},
    {"size", 0, "N", DQ_CMD_BENCH, "weights for a GPU's kernels, in 2^20 (256)", set_size},
    {"time", 0, "MS", DQ_CMD_BENCH, "milliseconds for each number (100)", set_time},
    {"force", 0, NULL, DQ_CMD_EXTRACT, "replace files that exist", set_force},
    {"skip-existing", 0, NULL, DQ_CMD_EXTRACT, "leave files that exist as they are",
        set_skip_existing},
    {"fsync", 0, NULL, DQ_CMD_EXTRACT, "files last through a loss of power once they have names",
        set_fsync},
    {"keep-going", 'k', NULL, DQ_CMD_EXTRACT, "write what is sound although some is not",
        set_keep_going},
    {"strict", 0, NULL, DQ_CMD_EXTRACT, "overflow to infinity is an error", set_strict},
    {"manifest", 0, "FILE", DQ_CMD_EXTRACT, "write a list of the outputs as JSON", set_manifest},
    {"dry-run", 'n', NULL, DQ_CMD_EXTRACT, "say what would be written", set_dry_run},
    {"json", 0, NULL, REPORTING, "report as one JSON object", set_json},
    {"jsonl", 0, NULL, REPORTING, "report as one JSON object a line", set_jsonl},
    {"no-sandbox", 0, NULL, READING, "keep rights that are not needed once the model is open",
        set_no_sandbox},
    {"quiet", 'q', NULL, REPORTING, "no warnings, no progress", set_quiet},
    {"verbose", 'v', NULL, REPORTING, "say more", set_verbose},
    {"help", 'h', NULL, REPORTING, "show this help", set_help},
};

enum { N_OPTIONS = sizeof options / sizeof options[0] };

int dq_args_command(const char *name, const struct dq_command **out, struct dq_error *e)
{
    struct dq_suggestions near = {0};
    char words[256];
    for (const struct dq_command *c = dq_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            *out = c;
            return 0;
        }
        dq_suggest(&near, name, c->name);
    }
    /* A model without a command. */
    if (dq_model_arg_is_gguf(name))
        return dq_fail(e, DQ_ERR_USAGE, "a command is missing: gguf-dq list %.200s?", name);
    dq_suggest(&near, name, "--help");
    dq_suggest(&near, name, "--version");
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(
        e, DQ_ERR_USAGE, "unknown %s '%s'%s", *name == '-' ? "option" : "command", name, words);
}

/* The options of a command in the two forms that getopt_long takes. */
static void make_getopt_tables(unsigned bit, char *letters, struct option *longs)
{
    size_t n_letters = 0;
    size_t n_longs = 0;
    letters[n_letters++] = ':'; /* tell a missing argument from an unknown option */
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option_row *o = &options[i];
        if (!(o->commands & bit))
            continue;
        longs[n_longs++] = (struct option){
            o->name, o->arg ? required_argument : no_argument, NULL, (int)(256 + i)};
        if (o->letter) {
            letters[n_letters++] = o->letter;
            if (o->arg)
                letters[n_letters++] = ':';
        }
    }
    letters[n_letters] = '\0';
    longs[n_longs] = (struct option){0};
}

static int fail_unknown(const struct dq_command *command, const char *word, struct dq_error *e)
{
    struct dq_suggestions near = {0};
    char words[256];
    char known[64];
    char names[N_OPTIONS][64];
    snprintf(known, sizeof known, "%.*s", (int)strcspn(word, "="), word);
    for (size_t i = 0; i < N_OPTIONS; i++) {
        snprintf(names[i], sizeof names[i], "--%s", options[i].name);
        if ((options[i].commands & command->bit) && strncmp(word, "--", 2) == 0)
            dq_suggest(&near, known, names[i]);
    }
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(e, DQ_ERR_USAGE, "unknown option '%s'%s", word, words);
}

/* Whether the option that getopt_long took last was spelled in full. It would take "--tensors" for
 * "--tensors-from", where a person may have meant "--tensor". */
static const char *abbreviated(int code, char **argv)
{
    const char *word = argv[optind - 1];
    if (code < 256)
        return NULL;
    if (options[code - 256].arg && word == optarg) /* the argument is a word of its own */
        word = argv[optind - 2];
    return strcspn(word + 2, "=") == strlen(options[code - 256].name) ? NULL : word;
}

static const struct option_row *row_of(int code, unsigned bit)
{
    if (code >= 256)
        return &options[code - 256];
    size_t i = 0; /* getopt_long takes no other letters than those that are here */
    while (i < N_OPTIONS - 1 && (options[i].letter != code || !(options[i].commands & bit)))
        i++;
    return &options[i];
}

static int parse_options(
    const struct dq_command *command, int argc, char **argv, struct dq_args *a, struct dq_error *e)
{
    char letters[2 * N_OPTIONS + 2];
    struct option longs[N_OPTIONS + 1];
    int rc = 0;
    make_getopt_tables(command->bit, letters, longs);
    unsetenv("POSIXLY_CORRECT"); /* options may stand behind operands */
    opterr = 0;
    optind = 0; /* start anew, even within a word */
    while (rc == 0) {
        const int word = optind;
        const int code = getopt_long(argc, argv, letters, longs, NULL);
        if (code == -1)
            break;
        if (code == ':')
            return dq_fail(e, DQ_ERR_USAGE, "'%s' needs an argument", argv[optind - 1]);
        if (code == '?' && optopt >= 256)
            return dq_fail(e, DQ_ERR_USAGE, "'--%s' takes no argument", options[optopt - 256].name);
        if (code == '?') {
            const char letter[3] = {'-', (char)optopt, '\0'};
            return fail_unknown(
                command, optopt ? letter : argv[word < optind ? optind - 1 : word], e);
        }
        const char *word_taken = abbreviated(code, argv);
        rc = word_taken ? fail_unknown(command, word_taken, e)
                        : row_of(code, command->bit)->set(a, optarg, e);
    }
    return rc;
}

/* Whether the first operand is the model rather than a tensor: it looks like a path or is one. */
static bool is_model(const char *word)
{
    struct stat st;
    if (strcmp(word, "-") == 0 || strchr(word, '/') || dq_model_arg_is_gguf(word))
        return true;
    if (stat(word, &st) != 0)
        return false;
    return !S_ISDIR(st.st_mode) ||
           dq_model_arg_has_model(word); /* a folder of arrays is no model */
}

static int parse_operands(
    const struct dq_command *command, int argc, char **argv, struct dq_args *a, struct dq_error *e)
{
    int rc = 0;
    if (optind < argc && command->operands == DQ_OPERANDS_NONE)
        return dq_fail(e, DQ_ERR_USAGE, "takes no operands, but '%s' is there", argv[optind]);
    if (optind < argc && is_model(argv[optind]))
        a->model = argv[optind++];
    else if (optind < argc && dq_model_arg_is_gguf(argv[argc - 1])) /* the other way round */
        a->model = argv[--argc];
    for (; rc == 0 && optind < argc; optind++) {
        if (a->model && dq_model_arg_is_gguf(argv[optind]))
            return dq_fail(e, DQ_ERR_USAGE, "takes one model at a time, and '%.200s' is a second",
                argv[optind]);
        rc = dq_strvec_add(&a->tensors, argv[optind], strlen(argv[optind]), e);
    }
    return rc;
}

/* Options that do not go together. */
static int check(const struct dq_command *command, const struct dq_args *a, struct dq_error *e)
{
    if (a->json && a->jsonl)
        return dq_fail(e, DQ_ERR_USAGE, "--json and --jsonl exclude each other");
    if (a->nul_separated && !a->tensors_from)
        return dq_fail(e, DQ_ERR_USAGE, "--null goes with --tensors-from");
    return command->check ? command->check(a, e) : 0;
}

int dq_args_parse(const struct dq_command *command, int argc, char **argv, struct dq_args *out,
    struct dq_error *e)
{
    struct dq_args a = {
        .dtype = DQ_DTYPE_COUNT, .verbosity = DQ_NORMAL, .bench_size = 256, .milliseconds = 100};
    struct dq_error why;
    int rc = parse_options(command, argc, argv, &a, &why);
    if (rc == 0)
        rc = parse_operands(command, argc, argv, &a, &why);
    if (rc == 0)
        rc = check(command, &a, &why);
    if (rc == 0) {
        *out = a;
    } else {
        dq_fail(e, rc, "%s: %s", command->name, why.text);
        dq_args_finish(&a);
    }
    return rc;
}

void dq_args_finish(struct dq_args *args)
{
    dq_strvec_finish(&args->tensors);
    dq_strvec_finish(&args->excluded);
}

static const char *operand_words(enum dq_operands operands)
{
    return operands == DQ_OPERANDS_NONE ? "" : " [MODEL] [TENSOR...]";
}

/* What --help says about them. */
static const char *const operand_help[] = {
    [DQ_OPERANDS_NONE] = "",
    [DQ_OPERANDS_MODEL_TENSORS] =
        "\nMODEL: a GGUF file, any file of a split set, or a folder with one model; if it is\n"
        "absent, $GGUF_DQ_MODEL or the only model in the current folder.\n"
        "TENSOR: the same as --tensor TENSOR.\n",
    [DQ_OPERANDS_TO_MEASURE] =
        "\nMODEL: a GGUF file, any file of a split set, or a folder with one model, whose types\n"
        "are measured; if it is absent, $GGUF_DQ_MODEL or the only model in the current folder\n"
        "if a TENSOR is given, and else all types are measured.\n"
        "TENSOR: measure the types of these tensors only: name or pattern.\n",
};

void dq_args_usage(FILE *to)
{
    const char *lead = "usage:";
    for (const struct dq_command *c = dq_commands; c->name; c++, lead = "      ")
        fprintf(to, "%s gguf-dq %s [option...]%s\n", lead, c->name, operand_words(c->operands));
}

static void print_options(unsigned bit, FILE *to)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option_row *o = &options[i];
        char left[64];
        if (!(o->commands & bit))
            continue;
        snprintf(left, sizeof left, "%c%c%c --%s%s%s", o->letter ? '-' : ' ',
            o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name, o->arg ? " " : "",
            o->arg ? o->arg : "");
        fprintf(to, "  %-27s %s\n", left, o->help);
    }
}

void dq_args_help(const struct dq_command *command, FILE *to)
{
    if (command) {
        fprintf(to, "usage: gguf-dq %s [option...]%s\n\n%s\n\n", command->name,
            operand_words(command->operands), command->summary);
        print_options(command->bit, to);
        fputs(operand_help[command->operands], to);
        return;
    }
    fputs("usage: gguf-dq COMMAND [option...] [MODEL] [TENSOR...]\n\n"
          "Takes tensors out of GGUF models as plain arrays.\n\n",
        to);
    for (const struct dq_command *c = dq_commands; c->name; c++)
        fprintf(to, "  %-10s %s\n", c->name, c->summary);
    fputs(
        "\n  --help     of the program, or of a command: gguf-dq COMMAND --help\n"
        "  --version  version, and the types that are built in\n\n"
        "Example: gguf-dq extract -t 'blk.*.attn_q.weight' -o - model.gguf | python3 analyse.py\n",
        to);
}
