/* Types whose tensors have another size than the type says: which are taken for which layout, which
 * are refused, and that nothing else is. */
#include "build_gguf.h"
#include "dq_test.h"

#include <stdio.h>
#include <string.h>

enum {
    F32 = 0,
    Q4_0 = 2,
    Q4_K = 12,
    MXFP4 = 39,
    NVFP4 = 40,
    Q1_0 = 41,
    Q2_0 = 42,
    PQ2_0 = 142,
    UNKNOWN = 153
};

enum { MAX_TENSORS = 6 };

/* Tensors one after another; what becomes of them. */
struct row {
    const char *about;
    unsigned alignment; /* of the file; 0: 32 */
    struct {
        uint32_t type;
        uint64_t row_len;
        uint64_t n_rows;
        uint64_t span; /* from its start to that of the next one, or to the end of the file */
        int result;    /* a type (its row in the table), or one of the following */
    } tensors[MAX_TENSORS];
    const char *words; /* in the reason of those that are refused */
};

enum { OK = -1 /* usable, as the type that the file says */, REFUSED = -2 };

static const struct row rows[] = {
    /* ---- sound files ---- */
    {"sizes that are padded", 0,
        {{Q2_0, 64, 3, 64, OK}, {Q2_0, 256, 8, 576, OK}, {F32, 256, 1, 1024, OK}}, NULL},
    {"no padding at the end", 0, {{F32, 8, 1, 32, OK}, {Q2_0, 64, 3, 54, OK}}, NULL},
    {"one gap", 0, {{Q4_0, 32, 2, 128, OK}, {Q4_0, 32, 64, 1152, OK}, {F32, 8, 1, 32, OK}}, NULL},
    {"one gap, and a tensor whose padding would hide any size", 0,
        {{Q4_0, 32, 64, 1152 + 320, OK}, {Q4_0, 32, 1, 32, OK}, {F32, 8, 1, 32, OK}}, NULL},
    {"one gap after the only tensor of its type", 0, {{Q4_0, 32, 2, 128, OK}, {F32, 8, 1, 32, OK}},
        NULL},
    {"gaps that no size of a block explains", 0,
        {{Q4_0, 32, 64, 1152 + 320, OK}, {Q4_0, 32, 128, 2304 + 64, OK},
            {Q4_0, 32, 256, 4608 + 4096, OK}, {F32, 8, 1, 32, OK}},
        NULL},
    {"everything padded to 4096", 0,
        {{Q4_0, 32, 16, 4096, OK}, {Q4_0, 32, 16, 4096, OK}, {F32, 8, 1, 4096, OK},
            {F32, 8, 1, 4096, OK}},
        NULL},
    {"everything but an empty one padded to 4096", 0,
        {{Q1_0, 4096, 8, 4608 + 3584, OK}, {Q1_0, 4096, 8, 4608 + 3584, OK}, {F32, 8, 1, 4096, OK},
            {F32, 8, 1, 32, OK}, {F32, 8, 0, 0, OK}},
        NULL},
    {"an alignment of 4096", 4096,
        {{Q1_0, 256, 1, 4096, OK}, {Q1_0, 256, 1, 4096, OK}, {F32, 8, 1, 4096, OK}}, NULL},
    {"bytes after the last tensor", 0, {{F32, 8, 1, 32, OK}, {Q4_0, 32, 64, 1152 + 1000, OK}},
        NULL},
    {"numbers with gaps", 0, {{F32, 64, 8, 4096, OK}, {F32, 64, 8, 4096, OK}, {F32, 8, 1, 32, OK}},
        NULL},
    {"a type without a row", 0, {{UNKNOWN, 64, 8, 512, OK}, {F32, 8, 1, 32, OK}}, NULL},

    /* ---- PrismML's blocks under the id of Q2_0 ---- */
    {"two tensors", 0,
        {{Q2_0, 256, 8, 544, PQ2_0}, {Q2_0, 256, 8, 544, PQ2_0}, {F32, 256, 1, 1024, OK}}, NULL},
    {"one tensor", 0, {{Q2_0, 256, 8, 544, PQ2_0}, {F32, 256, 1, 1024, OK}}, NULL},
    {"only the last one", 0, {{F32, 8, 1, 32, OK}, {Q2_0, 256, 8, 544, PQ2_0}}, NULL},
    {"some whose padding hides it", 0,
        {{Q2_0, 128, 1, 64, PQ2_0}, {Q2_0, 256, 8, 544, PQ2_0}, {F32, 8, 1, 32, OK},
            {Q2_0, 128, 1, 64, PQ2_0}},
        NULL},
    {"all but the last one hide it", 0,
        {{Q2_0, 128, 1, 64, PQ2_0}, {F32, 8, 1, 32, OK}, {Q2_0, 256, 8, 544, PQ2_0}}, NULL},
    {"with a larger alignment", 64,
        {{Q2_0, 256, 32, 2176, PQ2_0}, {F32, 8, 1, 64, OK}, {F32, 8, 1, 64, OK}}, NULL},
    {"its own id", 0, {{PQ2_0, 256, 8, 544, OK}, {F32, 8, 1, 32, OK}}, NULL},

    /* ---- other blocks ---- */
    {"a longer block that is known", 0,
        {{Q1_0, 256, 64, 7168, REFUSED}, {Q1_0, 256, 64, 7168, REFUSED}, {F32, 256, 1, 1024, OK}},
        "as if 14 bytes held 32 weights (TurboQuant's TQ3_0?)"},
    {"a shorter block that is known", 0, {{NVFP4, 256, 8, 384, REFUSED}, {F32, 256, 1, 1024, OK}},
        "expected 1152 bytes (NVFP4: 36 bytes for 64 weights), found 384, as if 6 bytes held 32 "
        "weights (PrismML's early Q1_0?)"},
    {"a longer one that is not", 0,
        {{Q4_0, 256, 8, 1280, REFUSED}, {Q4_0, 512, 8, 2560, REFUSED}, {F32, 8, 1, 32, OK}},
        "as if 20 bytes held 32 weights; likewise in all 2 tensors"},
    {"a shorter one that is not", 0,
        {{Q4_0, 256, 8, 1024, REFUSED}, {Q4_0, 512, 8, 2048, REFUSED}, {F32, 8, 1, 32, OK}},
        "as if 16 bytes held 32 weights"},
    {"blocks of fewer weights", 0,
        {{Q4_K, 256, 8, 8 * 8 * 17, REFUSED}, {Q4_K, 256, 24, 24 * 8 * 17, REFUSED},
            {F32, 8, 1, 32, OK}},
        "as if 17 bytes held 32 weights"},
    {"one large tensor", 0, {{Q4_0, 1024, 64, 40960, REFUSED}, {F32, 8, 1, 32, OK}},
        "as if 20 bytes held 32 weights"},
    {"one large tensor at the end", 0, {{F32, 8, 1, 32, OK}, {Q4_0, 1024, 64, 40960, REFUSED}},
        "as if 20 bytes held 32 weights"},
    {"the last one follows the others", 0,
        {{Q4_0, 256, 8, 1280, REFUSED}, {Q4_0, 512, 8, 2560, REFUSED}, {F32, 8, 1, 32, OK},
            {Q4_0, 32, 1, 32, REFUSED}},
        "expected "},
    {"an id that forks use, once and shorter", 0,
        {{MXFP4, 256, 8, 512, REFUSED}, {F32, 8, 1, 32, OK}}, "as if 8 bytes held 32 weights"},
    {"an id that forks use, once", 0, {{Q1_0, 256, 8, 640, REFUSED}, {F32, 8, 1, 32, OK}},
        "as if 10 bytes held 32 weights"},

    /* ---- damage ---- */
    {"a tensor that overlaps the next one", 0,
        {{Q4_0, 32, 2, 32, REFUSED}, {F32, 8, 1, 32, REFUSED}}, "data overlaps"},
    {"a file cut short", 0, {{F32, 8, 1, 32, OK}, {Q4_0, 256, 64, 1000, REFUSED}},
        "the file ends before its data"},
};

static void build_row(struct build *b, const struct row *row)
{
    const uint64_t alignment = row->alignment ? row->alignment : 32;
    uint64_t offset = 0;
    size_t n = 0;
    while (n < MAX_TENSORS && row->tensors[n].row_len > 0)
        n++;
    build_begin(b, 3, false, n, 1);
    build_kv_u32(b, "general.alignment", (uint32_t)alignment);
    for (size_t i = 0; i < n; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%zu", i);
        build_tensor(b, name, row->tensors[i].type, offset, 2,
            (const uint64_t[]){row->tensors[i].row_len, row->tensors[i].n_rows});
        offset += row->tensors[i].span;
    }
    build_data(b, alignment, offset);
}

static void tensors_become_what_their_spans_say(void **state)
{
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const struct row *row = &rows[r];
        struct build b;
        build_row(&b, row);
        struct dq_model *m = build_open(&b, *state);
        print_message("%s\n", row->about);
        for (size_t i = 0; i < m->n_tensors; i++) {
            const struct dq_tensor *t = &m->tensors[i];
            const int result = row->tensors[i].result;
            assert_int_equal(t->type_id, row->tensors[i].type);
            if (result == REFUSED) {
                assert_non_null(t->problem);
                assert_non_null(strstr(t->problem, row->words));
                continue;
            }
            assert_null(t->problem);
            const uint32_t id = result == OK ? t->type_id : (uint32_t)result;
            assert_ptr_equal(t->type, dq_type_by_id(id));
            if (t->type)
                assert_int_equal(t->n_bytes, t->n_weights / t->type->weights * t->type->bytes);
        }
        dq_model_free(m);
    }
}

/* Offsets need not ascend, and a tensor without weights may be anywhere. */
static void order_and_empty_tensors_do_not_matter(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 4, 0);
    build_tensor(&b, "second", Q2_0, 544, 2, (const uint64_t[]){256, 8});
    build_tensor(&b, "empty", Q2_0, 32, 2, (const uint64_t[]){256, 0});
    build_tensor(&b, "last", F32, 1088, 1, (const uint64_t[]){8});
    build_tensor(&b, "first", Q2_0, 0, 2, (const uint64_t[]){256, 8});
    build_data(&b, 32, 1120);
    struct dq_model *m = build_open(&b, *state);
    for (size_t i = 0; i < m->n_tensors; i++)
        assert_null(m->tensors[i].problem);
    assert_ptr_equal(m->tensors[0].type, dq_type_by_id(PQ2_0));
    assert_ptr_equal(m->tensors[3].type, dq_type_by_id(PQ2_0));
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(tensors_become_what_their_spans_say),
        scratch_test(order_and_empty_tensors_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
