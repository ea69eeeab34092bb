#include "cli/args.h"

#include "cli/cache.h"
#include "cli/model_path.h"
#include "cli/options.h"
#include "gguf/set_name.h"
#include "select/suggest.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether a word is certainly not a tensor. */
static bool is_model_name(const char *word)
{
    return dq_is_gguf_name(word) || dq_cache_of(word);
}

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
    /* The command was left out. */
    if (is_model_name(name))
        return dq_fail(e, DQ_ERR_USAGE, "a command is missing: gguf-dq list %.200s?", name);
    dq_suggest(&near, name, "--help");
    dq_suggest(&near, name, "--version");
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(
        e, DQ_ERR_USAGE, "unknown %s '%s'%s", *name == '-' ? "option" : "command", name, words);
}

/* Makes the two forms of a command's options that getopt_long takes. */
static void make_getopt_tables(unsigned bit, char *letters, struct option *longs)
{
    size_t n_letters = 0;
    size_t n_longs = 0;
    letters[n_letters++] = ':'; /* report a missing argument as ':' rather than '?' */
    for (size_t i = 0; i < dq_n_options; i++) {
        const struct dq_option *o = &dq_options[i];
        if (!(o->commands & bit))
            continue;
        const bool optional = o->arg && *o->arg == '['; /* only of the long form */
        longs[n_longs++] = (struct option){o->name,
            optional ? optional_argument : (o->arg ? required_argument : no_argument), NULL,
            (int)(256 + i)};
        if (o->letter) {
            letters[n_letters++] = o->letter;
            if (o->arg && !optional)
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
    char names[DQ_OPTIONS_MAX][64];
    snprintf(known, sizeof known, "%.*s", (int)strcspn(word, "="), word);
    for (size_t i = 0; i < dq_n_options; i++) {
        snprintf(names[i], sizeof names[i], "--%s", dq_options[i].name);
        if ((dq_options[i].commands & command->bit) && strncmp(word, "--", 2) == 0)
            dq_suggest(&near, known, names[i]);
    }
    dq_suggest_words(&near, words, sizeof words);
    return dq_fail(e, DQ_ERR_USAGE, "unknown option '%s'%s", word, words);
}

/* Returns the word of the option that getopt_long took last if it is abbreviated, else NULL.
 * Abbreviations are refused: getopt_long takes "--tensors" for "--tensors-from", where "--tensor" may
 * be meant. */
static const char *abbreviated(int code, char **argv)
{
    const char *word = argv[optind - 1];
    if (code < 256)
        return NULL;
    if (dq_options[code - 256].arg && word == optarg) /* the argument is a separate word */
        word = argv[optind - 2];
    return strcspn(word + 2, "=") == strlen(dq_options[code - 256].name) ? NULL : word;
}

static const struct dq_option *row_of(int code, unsigned bit)
{
    if (code >= 256)
        return &dq_options[code - 256];
    size_t i = 0; /* getopt_long returns only letters of this table */
    while (
        i < dq_n_options - 1 && (dq_options[i].letter != code || !(dq_options[i].commands & bit)))
        i++;
    return &dq_options[i];
}

static int parse_options(
    const struct dq_command *command, int argc, char **argv, struct dq_args *a, struct dq_error *e)
{
    char letters[2 * DQ_OPTIONS_MAX + 2];
    struct option longs[DQ_OPTIONS_MAX + 1];
    int rc = 0;
    make_getopt_tables(command->bit, letters, longs);
    unsetenv("POSIXLY_CORRECT"); /* options may follow operands */
    opterr = 0;
    optind = 0; /* restart, even within a word */
    while (rc == 0) {
        const int word = optind;
        optarg = NULL; /* some getopts keep the last one */
        const int code = getopt_long(argc, argv, letters, longs, NULL);
        if (code == -1)
            break;
        if (code == ':')
            return dq_fail(e, DQ_ERR_USAGE, "'%s' needs an argument", argv[optind - 1]);
        if (code == '?' && optopt >= 256)
            return dq_fail(
                e, DQ_ERR_USAGE, "'--%s' takes no argument", dq_options[optopt - 256].name);
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
    if (strcmp(word, "-") == 0 || strchr(word, '/') || is_model_name(word))
        return true;
    if (stat(word, &st) != 0)
        return false;
    return !S_ISDIR(st.st_mode) || dq_has_models(word); /* not a folder of arrays */
}

static int parse_operands(
    const struct dq_command *command, int argc, char **argv, struct dq_args *a, struct dq_error *e)
{
    int rc = 0;
    if (optind < argc && command->operands == DQ_OPERANDS_NONE)
        return dq_fail(e, DQ_ERR_USAGE, "takes no operands, but was given '%s'", argv[optind]);
    if (command->operands == DQ_OPERANDS_REFERENCE_MODEL_TENSORS) {
        a->reference = optind < argc ? argv[optind++] : NULL;
        a->model = optind < argc ? argv[optind++] : NULL;
    } else if (optind < argc && is_model(argv[optind])) {
        a->model = argv[optind++];
    } else if (optind < argc && is_model_name(argv[argc - 1])) { /* the tensors come first */
        a->model = argv[--argc];
    }
    for (; rc == 0 && optind < argc; optind++) {
        if (a->model && is_model_name(argv[optind]))
            return dq_fail(e, DQ_ERR_USAGE, "takes %s, but was given '%.200s' too",
                a->reference ? "two models" : "one model", argv[optind]);
        rc = dq_strvec_add(&a->tensors, argv[optind], strlen(argv[optind]), e);
    }
    return rc;
}

/* Refuses options that do not go together. */
static int check(const struct dq_command *command, const struct dq_args *a, struct dq_error *e)
{
    if (a->json && a->jsonl)
        return dq_fail(e, DQ_ERR_USAGE, "--json and --jsonl exclude each other");
    if (a->nul_separated && !a->tensors_from && !a->names && !a->check_from)
        return dq_fail(e, DQ_ERR_USAGE, "--null requires --tensors-from%s",
            command->bit == DQ_CMD_list   ? " or --names"
            : command->bit == DQ_CMD_hash ? " or --check"
                                          : "");
    return command->check ? command->check(a, e) : 0;
}

int dq_args_parse(const struct dq_command *command, int argc, char **argv, struct dq_args *out,
    struct dq_error *e)
{
    struct dq_args a = {.dtype = DQ_DTYPE_COUNT,
        .verbosity = DQ_NORMAL,
        .bench_size = 256,
        .milliseconds = 100,
        .max_nmse = -1,
        .min_snr = (double)NAN,
        .max_abs = -1};
    struct dq_error why;
    int rc = parse_options(command, argc, argv, &a, &why);
    if (rc == 0)
        rc = parse_operands(command, argc, argv, &a, &why);
    if (rc == 0 && !a.help)
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
