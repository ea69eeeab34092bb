/* The small files of a Hugging Face model that are copied along: configuration and tokenizer. */
#ifndef DQ_COPY_H
#define DQ_COPY_H

#include "extract/output.h"

enum { DQ_COPIES_MAX = 32 };

struct dq_copies {
    struct {
        char *from; /* path of the original; owned */
        int fd;     /* of the original; -1 if the copy is skipped; owned */
        uint64_t len;
        char *path; /* of the copy; owned */
        enum dq_status status;
    } items[DQ_COPIES_MAX];
    size_t n;
};

/* Opens those files of a folder that exist, and checks where the copies go: to the folder of the
 * outputs; nowhere if they do not go to a folder. Copies that exist are skipped with skip_existing or if
 * they are the originals, and replaced with force. dq_copies_finish closes them. DQ_ERR_IO, DQ_ERR_USAGE
 * or DQ_ERR_MEMORY. */
int dq_copies_init(
    struct dq_copies *c, const struct dq_outputs *o, const char *folder, struct dq_error *e);
void dq_copies_finish(struct dq_copies *c);

/* Returns the total size in bytes of the copies of a status. */
uint64_t dq_copies_bytes(const struct dq_copies *c, enum dq_status status);

/* Writes the planned copies. The folder of the outputs is open. */
int dq_copies_write(struct dq_copies *c, const struct dq_outputs *o, struct dq_error *e);

#endif
