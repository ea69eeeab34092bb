/* What the name of a file says of a model in several files: a split set, whose files are models
 * of their own ("m-00002-of-00003.gguf"), or a file that was cut into pieces ("m.gguf.part2of3"). */
#ifndef DQ_SET_NAME_H
#define DQ_SET_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "N of M" in a name, whatever the separators and the number of digits. Lengths and offsets are in
 * bytes of the path. */
struct dq_set_name {
    uint32_t number; /* as written: from 1 or from 0 */
    uint32_t count;  /* at least 1, and not below number */
    size_t number_off;
    size_t number_len;
    size_t rest_off; /* of what follows the count */
};

/* Finds the numbering of a file; false if its name has none. */
bool dq_set_name_parse(const char *path, struct dq_set_name *out);

/* Whether two names in one folder are of one set: they differ only in the number, the number of its
 * digits, separators, case, and the marks of copies ("(1)", " - Copy", ".1"). */
bool dq_set_name_same(
    const char *a, const struct dq_set_name *x, const char *b, const struct dq_set_name *y);

/* Returns the length of the part of a base name that names the model: without numbering and .gguf. 0:
 * there is no such part. */
size_t dq_set_name_stem(const char *base);

/* Whether a path has the name of a model: it ends in .gguf, in capitals or not, or continues with a
 * numbering. */
bool dq_is_gguf_name(const char *path);

/* Whether a name is that of a piece of a model that was cut up to be joined by cat (".gguf.part1of2",
 * ".gguf-split-a", ".gguf.001", ".part1.gguf"). *whole_len is the length of the base name of the
 * model, up to and including .gguf; 0 if it is unclear. */
bool dq_piece_name(const char *path, size_t *whole_len);

#endif
