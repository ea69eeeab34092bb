/* The command line. */
#include "cli/args.h"
#include "dq_test.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_of_extract(const struct dq_args *args, struct dq_error *e)
{
    return args->force && args->skip_existing ? dq_fail(e, DQ_ERR_USAGE, "the check says no") : 0;
}

/* The program's commands without what they do. */
const struct dq_command dq_commands[] = {
    {"list", DQ_OPERANDS_MODEL_TENSORS, DQ_CMD_list, "lists", NULL, NULL},
    {"extract", DQ_OPERANDS_MODEL_TENSORS, DQ_CMD_extract, "extracts", check_of_extract, NULL},
    {"types", DQ_OPERANDS_NONE, DQ_CMD_types, "shows types", NULL, NULL},
    {0},
};

enum { MOST_WORDS = 24 };

/* The words of a line, kept for as long as the arguments that point to them. */
struct line {
    char text[256];
    char *words[MOST_WORDS];
    int n;
};

/* Parses a line that begins with a command; words are separated by single blanks. */
static int parse(struct line *l, const char *text, struct dq_args *out, struct dq_error *e)
{
    const struct dq_command *command = NULL;
    *l = (struct line){.n = 0};
    snprintf(l->text, sizeof l->text, "%s", text);
    for (char *word = l->text; word; l->n++) {
        assert_true(l->n < MOST_WORDS - 1);
        l->words[l->n] = word;
        word = strchr(word, ' ');
        if (word)
            *word++ = '\0';
    }
    check_ok(dq_args_command(l->words[0], &command, e), e);
    return dq_args_parse(command, l->n, l->words, out, e);
}

static struct dq_args parsed(struct line *l, const char *text)
{
    struct dq_args args;
    struct dq_error e;
    check_ok(parse(l, text, &args, &e), &e);
    return args;
}

static void check_refused(const char *text, const char *words)
{
    struct line l;
    struct dq_args args = {.model = "before"};
    struct dq_error e;
    check_error(parse(&l, text, &args, &e), &e, DQ_ERR_USAGE, words);
    assert_string_equal(args.model, "before");
}

static void no_words_leave_the_defaults(void **state)
{
    struct line l;
    (void)state;
    struct dq_args a = parsed(&l, "extract");
    assert_null(a.model);
    assert_null(a.output);
    assert_null(a.container);
    assert_null(a.manifest);
    assert_null(a.tensors_from);
    assert_int_equal(a.tensors.n + a.excluded.n, 0);
    assert_int_equal(a.dtype, DQ_DTYPE_COUNT);
    assert_int_equal(a.verbosity, DQ_NORMAL);
    assert_false(a.force || a.skip_existing || a.keep_going || a.strict || a.dry_run || a.meta ||
                 a.names || a.json || a.jsonl || a.help || a.nul_separated);
    dq_args_finish(&a);
}

static void long_options_are_parsed(void **state)
{
    struct line l;
    (void)state;
    struct dq_args a = parsed(&l, "extract --tensor a --tensor=b --exclude c --tensors-from f "
                                  "--null --output o --format raw --dtype f16 --force "
                                  "--keep-going --strict --dry-run --manifest m --json --quiet");
    assert_int_equal(a.tensors.n, 2);
    assert_string_equal(a.tensors.items[0], "a");
    assert_string_equal(a.tensors.items[1], "b");
    assert_int_equal(a.excluded.n, 1);
    assert_string_equal(a.excluded.items[0], "c");
    assert_string_equal(a.tensors_from, "f");
    assert_string_equal(a.output, "o");
    assert_string_equal(a.container->name, "raw");
    assert_int_equal(a.dtype, DQ_DTYPE_f16);
    assert_string_equal(a.manifest, "m");
    assert_true(a.nul_separated && a.force && a.keep_going && a.strict && a.dry_run && a.json);
    assert_int_equal(a.verbosity, DQ_QUIET);
    dq_args_finish(&a);
}

static void letters_are_parsed(void **state)
{
    struct line l;
    (void)state;
    struct dq_args a = parsed(&l, "extract -ta -t b -x c -T - -0 -o o -f npy -d native -kn -v -h");
    assert_int_equal(a.tensors.n, 2);
    assert_string_equal(a.tensors.items[0], "a");
    assert_string_equal(a.tensors_from, "-");
    assert_string_equal(a.container->name, "npy");
    assert_int_equal(a.dtype, DQ_DTYPE_native);
    assert_true(a.nul_separated && a.keep_going && a.dry_run && a.help);
    assert_int_equal(a.verbosity, DQ_VERBOSE);
    dq_args_finish(&a);
}

static void list_has_its_own_options(void **state)
{
    struct line l;
    (void)state;
    struct dq_args a = parsed(&l, "list -m --names --jsonl");
    assert_true(a.meta && a.names && a.jsonl);
    dq_args_finish(&a);
    check_refused("list --dtype f16", "list: unknown option '--dtype'");
    check_refused("extract --meta", "extract: unknown option '--meta'");
    check_refused("extract -m", "extract: unknown option '-m'");
    check_refused("types --tensor x", "types: unknown option '--tensor'");
}

static void operands_are_the_model_and_tensors(void **state)
{
    static const struct {
        const char *line;
        const char *model;
        size_t n_tensors;
    } rows[] = {
        {"list m.gguf", "m.gguf", 0},
        {"list m.gguf a b", "m.gguf", 2},
        {"list dir/m a b", "dir/m", 2},
        {"list - a", "-", 1},
        {"list /", "/", 0},
        {"list a b", NULL, 2},
        {"list blk.0.attn_q", NULL, 1},
        {"list a -q m.gguf", "m.gguf", 1},
        {"list -q m.gguf -t x a", "m.gguf", 2},
        {"list -- m.gguf -t", "m.gguf", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct line l;
        struct dq_args a = parsed(&l, rows[i].line);
        if (!a.model != !rows[i].model || (a.model && strcmp(a.model, rows[i].model) != 0) ||
            a.tensors.n != rows[i].n_tensors)
            fail_msg("'%s': model %s, %zu tensors", rows[i].line, a.model ? a.model : "(none)",
                a.tensors.n);
        dq_args_finish(&a);
    }
}

static void a_file_that_exists_is_the_model(void **state)
{
    const struct scratch *scratch = *state;
    char before[1024];
    struct line l;
    scratch_write(*state, "model", "", 0);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch->dir), 0);
    struct dq_args a = parsed(&l, "list model tensor");
    assert_int_equal(chdir(before), 0);
    assert_string_equal(a.model, "model");
    assert_int_equal(a.tensors.n, 1);
    assert_string_equal(a.tensors.items[0], "tensor");
    dq_args_finish(&a);
}

static void operands_are_refused_where_none_are_taken(void **state)
{
    (void)state;
    check_refused("types m.gguf", "types: takes no operands, but was given 'm.gguf'");
}

static void unknown_options_are_refused_with_the_nearest(void **state)
{
    (void)state;
    check_refused("extract --tensro x", "unknown option '--tensro'; did you mean '--tensor'?");
    check_refused("extract --dtyp3=f16", "unknown option '--dtyp3=f16'; did you mean '--dtype'?");
    check_refused("extract a b --zzzzzzzz", "unknown option '--zzzzzzzz'");
    check_refused("extract -z", "extract: unknown option '-z'");
    check_refused("extract -kz", "extract: unknown option '-z'");
}

static void a_failed_parse_leaves_nothing_behind(void **state)
{
    struct line l;
    (void)state;
    check_refused("extract -zkn a", "unknown option '-z'"); /* stops in the middle of a word */
    struct dq_args a = parsed(&l, "extract a");
    assert_false(a.keep_going || a.dry_run);
    assert_int_equal(a.tensors.n, 1);
    dq_args_finish(&a);
}

static void arguments_that_are_missing_or_too_many_are_refused(void **state)
{
    struct line l;
    struct dq_args a;
    struct dq_error e;
    (void)state;
    assert_int_equal(parse(&l, "extract --tensor", &a, &e), DQ_ERR_USAGE);
    assert_string_equal(e.text, "extract: '--tensor' needs an argument");
    assert_int_equal(parse(&l, "extract -t a -x", &a, &e), DQ_ERR_USAGE);
    assert_string_equal(e.text, "extract: '-x' needs an argument");
    assert_int_equal(parse(&l, "extract --force=yes", &a, &e), DQ_ERR_USAGE);
    assert_string_equal(e.text, "extract: '--force' takes no argument");
}

static void values_are_checked(void **state)
{
    (void)state;
    check_refused("extract --format pt", "--format pt: must be npy, raw, npz, safetensors or gguf");
    check_refused("extract --dtype f64", "--dtype f64: must be f32, f16, bf16 or native");
    check_refused("extract -t a --dtype f23", "--dtype f23");
    check_refused("extract --output=", "--output: the name is empty");
    check_refused("extract --manifest=", "--manifest: the name is empty");
}

static void options_that_exclude_each_other_are_refused(void **state)
{
    (void)state;
    check_refused("list --json --jsonl", "list: --json and --jsonl exclude each other");
    check_refused("extract -0 -t x", "extract: --null requires --tensors-from");
    check_refused("extract -t x --force --skip-existing", "extract: the check says no");
}

static void commands_are_found_by_name(void **state)
{
    const struct dq_command *c = NULL;
    struct dq_error e;
    (void)state;
    check_ok(dq_args_command("extract", &c, &e), &e);
    assert_ptr_equal(c, &dq_commands[1]);
    check_error(dq_args_command("extrcat", &c, &e), &e, DQ_ERR_USAGE,
        "unknown command 'extrcat'; did you mean 'extract'?");
    check_error(dq_args_command("", &c, &e), &e, DQ_ERR_USAGE, "unknown command ''");
    check_error(
        dq_args_command("--verison", &c, &e), &e, DQ_ERR_USAGE, "unknown option '--verison'");
    assert_ptr_equal(c, &dq_commands[1]);
}

/* What a function that prints has printed, as text. The caller frees it. */
static char *printed(struct scratch *s, const struct dq_command *command, bool usage)
{
    size_t len;
    const char *path = scratch_path(s, "printed");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    if (usage)
        dq_args_usage(f);
    else
        dq_args_help(command, f);
    fclose(f);
    return scratch_read(path, &len);
}

static void help_names_the_options_of_the_command(void **state)
{
    char *text = printed(*state, &dq_commands[1], false);
    assert_memory_equal(text, "usage: gguf-dq extract [option...] [MODEL] [TENSOR...]\n\n", 55);
    assert_non_null(strstr(text, "\n  -t, --tensor NAME "));
    assert_non_null(strstr(text, "\n      --strict "));
    assert_non_null(strstr(text, "\n  -h, --help "));
    assert_null(strstr(text, "--meta"));
    free(text);
    text = printed(*state, &dq_commands[2], false);
    assert_memory_equal(text, "usage: gguf-dq types [option...]\n", 33);
    assert_null(strstr(text, "MODEL"));
    free(text);
}

static void help_fits_a_terminal(void **state)
{
    for (size_t i = 0; i <= 3; i++) {
        char *text = printed(*state, i < 3 ? &dq_commands[i] : NULL, false);
        size_t n_lines = 0;
        for (const char *line = text; *line; n_lines++) {
            const size_t len = strcspn(line, "\n");
            assert_true(len <= 100);
            assert_int_equal(line[len], '\n');
            line += len + 1;
        }
        assert_true(n_lines <= 40);
        free(text);
    }
}

static void usage_has_a_line_for_each_command(void **state)
{
    char *text = printed(*state, NULL, true);
    assert_string_equal(text, "usage: gguf-dq list [option...] [MODEL] [TENSOR...]\n"
                              "       gguf-dq extract [option...] [MODEL] [TENSOR...]\n"
                              "       gguf-dq types [option...]\n");
    free(text);
    text = printed(*state, NULL, false);
    for (const struct dq_command *c = dq_commands; c->name; c++)
        assert_non_null(strstr(text, c->summary));
    free(text);
}

static void memory_is_bounded_in_bytes_or_as_a_share(void **state)
{
    const size_t all = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    struct line l;
    (void)state;
    assert_int_equal(parsed(&l, "list").max_memory, 0);
    assert_int_equal(parsed(&l, "list --max-memory 0").max_memory, 0);
    assert_int_equal(parsed(&l, "list --max-memory 1000").max_memory, 1000);
    assert_int_equal(parsed(&l, "extract --max-memory=64MiB").max_memory, 64 << 20);
    assert_in_range(parsed(&l, "list --max-memory 100%").max_memory, all / 100 * 99, all);
    assert_in_range(parsed(&l, "list --max-memory 1%").max_memory, all / 102, all / 100);
    check_refused("list --max-memory 1Q", "--max-memory 1Q: not a size");
    check_refused("list --max-memory 0%", "--max-memory 0%: not a size");
    check_refused("list --max-memory 101%", "--max-memory 101%: not a size");
    check_refused("types --max-memory 1M", "unknown option '--max-memory'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_words_leave_the_defaults),
        cmocka_unit_test(long_options_are_parsed),
        cmocka_unit_test(letters_are_parsed),
        cmocka_unit_test(list_has_its_own_options),
        cmocka_unit_test(operands_are_the_model_and_tensors),
        scratch_test(a_file_that_exists_is_the_model),
        cmocka_unit_test(operands_are_refused_where_none_are_taken),
        cmocka_unit_test(unknown_options_are_refused_with_the_nearest),
        cmocka_unit_test(a_failed_parse_leaves_nothing_behind),
        cmocka_unit_test(arguments_that_are_missing_or_too_many_are_refused),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(options_that_exclude_each_other_are_refused),
        cmocka_unit_test(commands_are_found_by_name),
        scratch_test(help_names_the_options_of_the_command),
        scratch_test(help_fits_a_terminal),
        scratch_test(usage_has_a_line_for_each_command),
        cmocka_unit_test(memory_is_bounded_in_bytes_or_as_a_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
