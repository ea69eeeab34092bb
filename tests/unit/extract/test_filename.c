/* Names of output files, and of the folder they go to. */
#include "dq_test.h"
#include "extract/filename.h"

#include <stdlib.h>
#include <string.h>

static void check_name(const char *name, size_t len, const char *slice, const char *wanted)
{
    char *out = dq_filename(name, len, slice, ".npy");
    assert_non_null(out);
    if (strcmp(out, wanted) != 0)
        fail_msg("'%s' gives '%s', not '%s'", name, out, wanted);
    free(out);
}

static void plain_names_stay(void **state)
{
    (void)state;
    check_name("blk.0.attn_q.weight", 19, NULL, "blk.0.attn_q.weight.npy");
    check_name("aZ09._-", 7, NULL, "aZ09._-.npy");
}

static void other_bytes_are_encoded(void **state)
{
    (void)state;
    check_name("../../etc/x", 11, NULL, "%2E.%2F..%2Fetc%2Fx.npy");
    check_name("a b%c\\", 6, NULL, "a%20b%25c%5C.npy");
    check_name("a\0b\n\xff", 5, NULL, "a%00b%0A%FF.npy");
    check_name("\xc3\xbc", 2, NULL, "%C3%BC.npy");
    check_name("~$*?|<>:\"", 9, NULL, "%7E%24%2A%3F%7C%3C%3E%3A%22.npy");
}

static void a_leading_dot_or_dash_is_encoded(void **state)
{
    (void)state;
    check_name(".hidden", 7, NULL, "%2Ehidden.npy");
    check_name("-rf", 3, NULL, "%2Drf.npy");
    check_name("..", 2, NULL, "%2E..npy");
    check_name(".", 1, NULL, "%2E.npy");
}

/* On every system, because files are copied to other disks. */
static void names_of_devices_are_encoded(void **state)
{
    static const struct {
        const char *name;
        const char *slice;
        const char *wanted;
    } table[] = {
        {"CON", NULL, "%43ON.npy"},
        {"con", NULL, "%63on.npy"},
        {"Prn.weight", NULL, "%50rn.weight.npy"},
        {"aux.c.h", NULL, "%61ux.c.h.npy"},
        {"NUL", NULL, "%4EUL.npy"},
        {"nul.", NULL, "%6Eul..npy"},
        {"COM0", NULL, "%43OM0.npy"},
        {"com9.x", "[1]", "%63om9.x%5B1%5D.npy"},
        {"LPT1", NULL, "%4CPT1.npy"},
        {"lpt9", NULL, "%6Cpt9.npy"},
        /* These are not devices. */
        {"COM", NULL, "COM.npy"},
        {"COM10", NULL, "COM10.npy"},
        {"COMA", NULL, "COMA.npy"},
        {"console", NULL, "console.npy"},
        {"x.con", NULL, "x.con.npy"},
        {"con_", NULL, "con_.npy"},
        {"auxiliary.weight", NULL, "auxiliary.weight.npy"},
        {"nul", "[0]", "nul%5B0%5D.npy"},
        {"con ", NULL, "con%20.npy"},
        {"COM\xc2\xb9", NULL, "COM%C2%B9.npy"},
        {"CONIN$", NULL, "CONIN%24.npy"},
        {"%43ON", NULL, "%2543ON.npy"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check_name(table[i].name, strlen(table[i].name), table[i].slice, table[i].wanted);
}

static void an_empty_name_has_a_name(void **state)
{
    (void)state;
    check_name("", 0, NULL, "%.npy");
    check_name("", 0, "[0]", "%%5B0%5D.npy");
}

static void a_slice_is_part_of_the_name(void **state)
{
    (void)state;
    check_name("x", 1, "[0:16,:]", "x%5B0%3A16%2C%3A%5D.npy");
    check_name("x", 1, "[...,-1]", "x%5B...%2C-1%5D.npy");
}

static void check_folder(const char *path, const char *wanted)
{
    char *out = dq_filename_folder(path);
    assert_non_null(out);
    if (strcmp(out, wanted) != 0)
        fail_msg("'%s' goes to '%s', not '%s'", path, out, wanted);
    free(out);
}

static void folders_are_named_after_the_model(void **state)
{
    (void)state;
    check_folder("model.gguf", "model");
    check_folder("/a/b.c/model-q4.k.gguf", "model-q4.k");
    check_folder("m-00001-of-00003.gguf", "m");
    check_folder("/a/m-00003-of-00003.gguf", "m");
    check_folder("m-00001.gguf", "m-00001");
    check_folder("MODEL.GGUF", "MODEL");
    check_folder("m.gguf-00001-of-00003.gguf", "m");
    check_folder("m.gguf-00001-of-00003", "m");
    check_folder("m.Q8_0.gguf.part1of2", "m.Q8_0");
    check_folder("m-00001-of-00003 (1).gguf", "m");
    check_folder("split-00001-of-00003.gguf", "split");
    check_folder("m-shard-1-of-3.gguf", "m");
    check_folder("m.gguf.gguf", "m");
    check_folder("00001-of-00003.gguf", "00001-of-00003.gguf.tensors");
}

/* Without an extension to remove, the folder would have the name of the file. */
static void a_folder_never_has_the_name_of_the_model(void **state)
{
    (void)state;
    check_folder("model", "model.tensors");
    check_folder("model.bin", "model.bin.tensors");
    check_folder(".gguf", ".gguf.tensors");
}

/* Nor is it the current folder or its parent. */
static void a_folder_is_never_a_parent(void **state)
{
    (void)state;
    check_folder("..gguf", "..gguf.tensors");
    check_folder("...gguf", "...gguf.tensors");
    check_folder("/a/...gguf", "...gguf.tensors");
    check_folder(".-00001-of-00002.gguf", ".-00001-of-00002.gguf.tensors");
    check_folder("..-00001-of-00002.gguf", "..-00001-of-00002.gguf.tensors");
    check_folder("....gguf", "...");
    check_folder("x.gguf", "x");
    check_folder("..x.gguf", "..x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names_stay),
        cmocka_unit_test(other_bytes_are_encoded),
        cmocka_unit_test(a_leading_dot_or_dash_is_encoded),
        cmocka_unit_test(names_of_devices_are_encoded),
        cmocka_unit_test(an_empty_name_has_a_name),
        cmocka_unit_test(a_slice_is_part_of_the_name),
        cmocka_unit_test(folders_are_named_after_the_model),
        cmocka_unit_test(a_folder_never_has_the_name_of_the_model),
        cmocka_unit_test(a_folder_is_never_a_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
