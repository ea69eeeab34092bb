/* Many items in one run: each is begun, consumed completely and ended once, in order or not. After a
 * failure anywhere, every item that was begun is ended. */
#include "dq_test.h"
#include "run_plan.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_ITEMS = 40, LEFT_OUT = 7, EMPTY = 11, N_LANES = 4 };

struct item_state {
    size_t item;
    atomic_ullong n_bytes;
    bool is_complete;
    uint64_t next; /* in order: the next offset */
};

struct record {
    struct dq_plan plans[N_ITEMS];
    bool in_order;
    atomic_size_t n_begun; /* and not ended */
    size_t n_ended;
    size_t last_ended;
    size_t n_ended_early;
    size_t first_ended_early;
    size_t fail_begin; /* the item whose begin fails; SIZE_MAX: none */
    size_t fail_consume;
    size_t fail_complete;
    size_t fail_end;
};

static const struct dq_plan *plan(void *arg, size_t item)
{
    struct record *r = arg;
    return item == LEFT_OUT ? NULL : &r->plans[item];
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    struct record *r = arg;
    assert_int_not_equal(item, LEFT_OUT);
    const size_t n = atomic_fetch_add(&r->n_begun, 1);
    if (r->in_order)
        assert_int_equal(n, 0);
    if (item == r->fail_begin)
        return dq_fail(e, DQ_ERR_IO, "begin of %zu", item);
    struct item_state *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->item = item;
    *state = s;
    return 0;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct record *r = arg;
    struct item_state *s = state;
    assert_int_equal(s->item, v->item);
    if (r->in_order) {
        assert_int_equal(v->offset, s->next);
        s->next += v->len;
    }
    atomic_fetch_add(&s->n_bytes, v->len);
    return v->item == r->fail_consume && v->offset > 0
               ? dq_fail(e, DQ_ERR_CLOSED, "consume of %zu", v->item)
               : 0;
}

static int complete(void *arg, size_t item, void *state, struct dq_error *e)
{
    struct record *r = arg;
    struct item_state *s = state;
    assert_int_equal(s->item, item);
    assert_int_equal(s->n_bytes, r->plans[item].n_items * r->plans[item].item_len);
    assert_false(s->is_complete);
    s->is_complete = true;
    return item == r->fail_complete ? dq_fail(e, DQ_ERR_IO, "complete of %zu", item) : 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    struct record *r = arg;
    struct item_state *s = state;
    atomic_fetch_sub(&r->n_begun, 1);
    if (r->n_ended > 0)
        assert_true(item > r->last_ended);
    r->last_ended = item;
    r->n_ended++;
    if (rc == 0)
        assert_true(s->is_complete);
    else if (r->n_ended_early++ == 0)
        r->first_ended_early = item;
    free(s);
    return rc == 0 && item == r->fail_end ? dq_fail(e, DQ_ERR_GPU, "end of %zu", item) : rc;
}

/* Opens a model whose tensors have some hundred to some thousand weights; one is empty. */
static struct dq_model *open_many(struct scratch *s)
{
    struct build b;
    char name[16];
    uint64_t off = 0;
    build_begin(&b, 3, false, N_ITEMS, 0);
    for (size_t i = 0; i < N_ITEMS; i++) {
        const uint64_t n = i == EMPTY ? 0 : 256 + 1024 * (i % 5);
        snprintf(name, sizeof name, "t%zu", i);
        build_tensor1(&b, name, dq_types[DQ_TYPE_f16].id, off, n);
        off += 2 * n;
    }
    build_data(&b, 32, (size_t)off);
    return build_open(&b, s);
}

static void record_init(struct record *r, const struct dq_model *m, bool in_order)
{
    *r = (struct record){.in_order = in_order,
        .fail_begin = SIZE_MAX,
        .fail_consume = SIZE_MAX,
        .fail_complete = SIZE_MAX,
        .fail_end = SIZE_MAX};
    for (size_t i = 0; i < N_ITEMS; i++)
        dq_plan_init(&r->plans[i], m, &m->tensors[i], DQ_DTYPE_f32, NULL);
}

static int run(struct record *r, size_t first, struct dq_error *e)
{
    struct lanes lanes = lanes_new(&dq_types[DQ_TYPE_f16], 512, N_LANES);
    const struct dq_consumer consumer = {.in_order = r->in_order,
        .plan = plan,
        .begin = begin,
        .consume = consume,
        .complete = complete,
        .end = end,
        .arg = r};
    const int rc = dq_run_chunks(lanes.items, lanes.n, first, N_ITEMS, &consumer, e);
    lanes_free(&lanes);
    assert_int_equal(r->n_begun, 0);
    return rc;
}

static void every_item_is_begun_and_ended(void **state)
{
    struct dq_model *m = open_many(*state);
    struct dq_error e;
    for (size_t k = 0; k < 2; k++) {
        struct record r;
        record_init(&r, m, k % 2);
        check_ok(run(&r, 0, &e), &e);
        assert_int_equal(r.n_ended, N_ITEMS - 1);
        assert_int_equal(r.n_ended_early, 0);
        record_init(&r, m, k % 2);
        check_ok(run(&r, 30, &e), &e);
        assert_int_equal(r.n_ended, N_ITEMS - 30);
        check_ok(run(&r, N_ITEMS, &e), &e);
    }
    dq_model_free(m);
}

/* The item that failed is the first that ends early, and those before it are complete. */
static void check_failure(struct record *r, int code, const char *words, size_t item)
{
    struct dq_error e;
    check_error(run(r, 0, &e), &e, code, words);
    assert_int_equal(r->n_ended - r->n_ended_early, item - (item > LEFT_OUT));
    assert_int_equal(r->first_ended_early, item);
    if (r->in_order)
        assert_int_equal(r->n_ended_early, 1);
}

static void a_failure_is_that_of_its_item(void **state)
{
    struct dq_model *m = open_many(*state);
    for (size_t k = 0; k < 2 * N_ITEMS; k++) {
        const size_t item = k / 2;
        struct record r;
        if (item == LEFT_OUT)
            continue;
        record_init(&r, m, k % 2);
        r.fail_begin = item;
        check_failure(&r, DQ_ERR_IO, "begin of", item);
        record_init(&r, m, k % 2);
        r.fail_complete = item;
        check_failure(&r, DQ_ERR_IO, "complete of", item);
        if (r.plans[item].n_items <= 512) /* one chunk */
            continue;
        record_init(&r, m, k % 2);
        r.fail_consume = item;
        check_failure(&r, DQ_ERR_CLOSED, "consume of", item);
    }
    dq_model_free(m);
}

static void an_end_that_fails_ends_the_run(void **state)
{
    struct dq_model *m = open_many(*state);
    for (size_t k = 0; k < 2 * N_ITEMS; k++) {
        const size_t item = k / 2;
        struct record r;
        struct dq_error e;
        if (item == LEFT_OUT)
            continue;
        record_init(&r, m, k % 2);
        r.fail_end = item;
        check_error(run(&r, 0, &e), &e, DQ_ERR_GPU, "end of");
        assert_int_equal(r.n_ended - r.n_ended_early, item + 1 - (item > LEFT_OUT));
        if (r.in_order)
            assert_int_equal(r.n_ended_early, 0);
    }
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_item_is_begun_and_ended),
        scratch_test(a_failure_is_that_of_its_item),
        scratch_test(an_end_that_fails_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
