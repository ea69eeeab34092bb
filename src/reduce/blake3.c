/* BLAKE3 cuts a message into chunks of 1 KiB, the leaves of a binary tree, whose left subtrees are
 * complete and at least as large as the right ones. Where a subtree that is complete begins, and how many
 * leaves it has, does not depend on the rest: so parts are hashed to subtrees, whatever their order, and
 * siblings are joined when both are there. Source: the BLAKE3 paper (2020-01-09), sections 2.1 to 2.4. */
#include "base/array.h"
#include "reduce/hash.h"

#include <pthread.h>
#include <string.h>

/* A complete subtree: 2^level leaves from index * 2^level on. The last leaf may be shorter. */
struct node {
    unsigned level;
    uint64_t index;
    uint8_t cv[DQ_BLAKE3_CV];
};

/* A leaf of which a part ends the bytes that were added, or begins them. */
struct open_leaf {
    uint64_t index;
    size_t n_there; /* bytes */
    uint8_t bytes[DQ_BLAKE3_CHUNK];
};

struct tree {
    uint64_t len;
    uint64_t n_leaves;
    pthread_mutex_t lock; /* protects the lists */
    struct node *nodes;   /* whose siblings are not there; few, because parts are large */
    size_t n_nodes;
    struct open_leaf *open;
    size_t n_open;
};

static void *start(uint64_t len)
{
    struct tree *t = dq_mem_calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->len = len;
    t->n_leaves = len > 0 ? (len - 1) / DQ_BLAKE3_CHUNK + 1 : 1;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

static void free_tree(void *hash)
{
    struct tree *t = hash;
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    dq_mem_free(t->nodes);
    dq_mem_free(t->open);
    dq_mem_free(t);
}

/* ---- hashing ---- */

/* Hashes n pairs of chaining values. */
static void hash_parents(
    const struct dq_cpu *cpu, const uint8_t *pairs, size_t n, uint32_t flags, uint8_t *cvs)
{
    const struct dq_blake3_inputs in = {.bytes = pairs,
        .n = n,
        .n_blocks = 1,
        .last_len = DQ_BLAKE3_BLOCK,
        .flags = DQ_BLAKE3_PARENT | flags};
    cpu->blake3(&in, cvs);
}

static void join(const struct dq_cpu *cpu, const uint8_t *left, const uint8_t *right,
    uint32_t flags, uint8_t cv[DQ_BLAKE3_CV])
{
    uint8_t pair[2 * DQ_BLAKE3_CV];
    memcpy(pair, left, DQ_BLAKE3_CV);
    memcpy(pair + DQ_BLAKE3_CV, right, DQ_BLAKE3_CV);
    hash_parents(cpu, pair, 1, flags, cv);
}

/* Joins chaining values, a power of two, to that of their subtree, at the beginning of cvs. */
static void join_all(const struct dq_cpu *cpu, uint8_t *cvs, size_t n_leaves)
{
    for (size_t n = n_leaves / 2; n > 0; n /= 2)
        hash_parents(cpu, cvs, n, 0, cvs);
}

/* Hashes a complete subtree of whole leaves. */
static void hash_subtree(const struct dq_cpu *cpu, const uint8_t *bytes, uint64_t first_leaf,
    uint64_t n_leaves, uint8_t cv[DQ_BLAKE3_CV])
{
    enum { AT_ONCE = 64 };
    uint8_t cvs[AT_ONCE * DQ_BLAKE3_CV];
    const uint64_t half = n_leaves / 2;
    if (n_leaves > AT_ONCE) {
        hash_subtree(cpu, bytes, first_leaf, half, cvs);
        hash_subtree(
            cpu, bytes + half * DQ_BLAKE3_CHUNK, first_leaf + half, half, cvs + DQ_BLAKE3_CV);
        hash_parents(cpu, cvs, 1, 0, cv);
        return;
    }
    const struct dq_blake3_inputs in = {.bytes = bytes,
        .n = (size_t)n_leaves,
        .n_blocks = DQ_BLAKE3_CHUNK / DQ_BLAKE3_BLOCK,
        .last_len = DQ_BLAKE3_BLOCK,
        .counter = first_leaf};
    cpu->blake3(&in, cvs);
    join_all(cpu, cvs, (size_t)n_leaves);
    memcpy(cv, cvs, DQ_BLAKE3_CV);
}

/* Hashes a leaf of any length; what follows it in bytes is zero. */
static void hash_leaf(const struct dq_cpu *cpu, const struct open_leaf *leaf, uint32_t flags,
    uint8_t cv[DQ_BLAKE3_CV])
{
    const size_t before_last = leaf->n_there > 0 ? (leaf->n_there - 1) / DQ_BLAKE3_BLOCK : 0;
    const struct dq_blake3_inputs in = {.bytes = leaf->bytes,
        .n = 1,
        .n_blocks = before_last + 1,
        .last_len = (uint32_t)(leaf->n_there - before_last * DQ_BLAKE3_BLOCK),
        .flags = flags,
        .counter = leaf->index};
    cpu->blake3(&in, cv);
}

/* ---- the tree ---- */

/* Returns the index of a node in the list, or n_nodes. */
static size_t find_node(const struct tree *t, unsigned level, uint64_t index)
{
    size_t i = 0;
    while (i < t->n_nodes && (t->nodes[i].level != level || t->nodes[i].index != index))
        i++;
    return i;
}

/* Adds a node and joins it with its sibling, that parent with its own one, and so on; but the last two are
 * left to `finish`, because the root is hashed in another way. The lock is held. */
static int add_node(struct tree *t, const struct dq_cpu *cpu, struct node n, struct dq_error *e)
{
    while ((uint64_t)2 << n.level < t->n_leaves) {
        const size_t i = find_node(t, n.level, n.index ^ 1);
        if (i == t->n_nodes)
            break;
        const uint8_t *sibling = t->nodes[i].cv;
        join(cpu, n.index % 2 ? sibling : n.cv, n.index % 2 ? n.cv : sibling, 0, n.cv);
        t->nodes[i] = t->nodes[--t->n_nodes];
        n.level++;
        n.index /= 2;
    }
    struct node *nodes = dq_array_grow(t->nodes, t->n_nodes, sizeof *nodes);
    if (!nodes)
        return dq_fail_nomem(e);
    t->nodes = nodes;
    t->nodes[t->n_nodes++] = n;
    return 0;
}

/* Returns the largest complete subtree that begins with a leaf and has no more than max_leaves, all of
 * them whole, without its chaining value. *n_leaves gets how many it has. */
static struct node subtree_at(
    const struct tree *t, uint64_t leaf, uint64_t max_leaves, uint64_t *n_leaves)
{
    struct node n = {.level = 0};
    while ((uint64_t)2 << n.level <= max_leaves && (uint64_t)2 << n.level < t->n_leaves &&
           (leaf >> n.level) % 2 == 0)
        n.level++;
    n.index = leaf >> n.level;
    *n_leaves = (uint64_t)1 << n.level;
    return n;
}

static int add_subtree(
    struct tree *t, const struct dq_cpu *cpu, const struct node *n, struct dq_error *e)
{
    pthread_mutex_lock(&t->lock);
    const int rc = add_node(t, cpu, *n, e);
    pthread_mutex_unlock(&t->lock);
    return rc;
}

static int add_leaves(void *hash, const struct dq_cpu *cpu, uint8_t *cvs, size_t n, uint64_t first,
    struct dq_error *e)
{
    struct tree *t = hash;
    int rc = 0;
    while (rc == 0 && n > 0) {
        uint64_t n_leaves;
        struct node subtree = subtree_at(t, first, n, &n_leaves);
        join_all(cpu, cvs, (size_t)n_leaves);
        memcpy(subtree.cv, cvs, DQ_BLAKE3_CV);
        rc = add_subtree(t, cpu, &subtree, e);
        cvs += n_leaves * DQ_BLAKE3_CV;
        first += n_leaves;
        n -= (size_t)n_leaves;
    }
    return rc;
}

/* Returns the leaf of which a part is there already, or a new one; NULL if memory is short. */
static struct open_leaf *open_leaf(struct tree *t, uint64_t index)
{
    for (size_t i = 0; i < t->n_open; i++) {
        if (t->open[i].index == index)
            return &t->open[i];
    }
    struct open_leaf *open = dq_array_grow(t->open, t->n_open, sizeof *open);
    if (!open)
        return NULL;
    t->open = open;
    open[t->n_open] = (struct open_leaf){.index = index};
    return &open[t->n_open++];
}

/* Adds a part of a leaf, and hashes it when it is whole. The lock is held. A message of one leaf is left to
 * `finish`: it is the root. */
static int add_to_leaf(struct tree *t, const struct dq_cpu *cpu, uint64_t index, size_t from,
    const uint8_t *bytes, size_t len, struct dq_error *e)
{
    struct open_leaf *leaf = open_leaf(t, index);
    struct node n = {.index = index};
    const uint64_t begin = index * DQ_BLAKE3_CHUNK;
    if (!leaf)
        return dq_fail_nomem(e);
    memcpy(leaf->bytes + from, bytes, len);
    leaf->n_there += len;
    if (t->n_leaves == 1 || (leaf->n_there < DQ_BLAKE3_CHUNK && begin + leaf->n_there < t->len))
        return 0;
    hash_leaf(cpu, leaf, 0, n.cv);
    *leaf = t->open[--t->n_open];
    return add_node(t, cpu, n, e);
}

static int add(void *hash, const struct dq_cpu *cpu, const uint8_t *bytes, size_t len, uint64_t off,
    struct dq_error *e)
{
    struct tree *t = hash;
    int rc = 0;
    while (rc == 0 && len > 0) {
        const uint64_t leaf = off / DQ_BLAKE3_CHUNK;
        const size_t from = off % DQ_BLAKE3_CHUNK;
        size_t n = DQ_BLAKE3_CHUNK - from < len ? DQ_BLAKE3_CHUNK - from : len;
        if (n < DQ_BLAKE3_CHUNK || t->n_leaves == 1) {
            pthread_mutex_lock(&t->lock);
            rc = add_to_leaf(t, cpu, leaf, from, bytes, n, e);
            pthread_mutex_unlock(&t->lock);
        } else {
            uint64_t n_leaves;
            struct node subtree = subtree_at(t, leaf, len / DQ_BLAKE3_CHUNK, &n_leaves);
            hash_subtree(cpu, bytes, leaf, n_leaves, subtree.cv);
            rc = add_subtree(t, cpu, &subtree, e);
            n = (size_t)n_leaves * DQ_BLAKE3_CHUNK;
        }
        bytes += n;
        off += n;
        len -= n;
    }
    return rc;
}

/* Returns the first leaf of a node. */
static uint64_t first_leaf(const struct node *n)
{
    return n->index << n->level;
}

/* What is left are the left subtrees on the way from the root to the last one: they are joined from the
 * right. */
static void finish(void *hash, const struct dq_cpu *cpu, uint8_t digest[DQ_HASH_LEN])
{
    static const struct open_leaf empty;
    struct tree *t = hash;
    if (t->n_leaves == 1) {
        hash_leaf(cpu, t->len > 0 ? t->open : &empty, DQ_BLAKE3_ROOT, digest);
        return;
    }
    for (size_t n = t->n_nodes; n > 0; n--) {
        size_t last = 0;
        for (size_t i = 1; i < n; i++)
            last = first_leaf(&t->nodes[i]) > first_leaf(&t->nodes[last]) ? i : last;
        if (n == t->n_nodes)
            memcpy(digest, t->nodes[last].cv, DQ_HASH_LEN);
        else
            join(cpu, t->nodes[last].cv, digest, n == 1 ? DQ_BLAKE3_ROOT : 0, digest);
        t->nodes[last] = t->nodes[n - 1];
    }
}

const struct dq_hash_algorithm dq_blake3 = {.name = "blake3",
    .start = start,
    .add = add,
    .add_leaves = add_leaves,
    .finish = finish,
    .free = free_tree};
