/* What becomes of the selected tensors of a model as Hugging Face arrays: names, shapes, and where the
 * values come from. */
#ifndef DQ_LAYOUT_H
#define DQ_LAYOUT_H

#include "base/strvec.h"
#include "layout/operations.h"
#include "layout/table.h"
#include "select/select.h"

/* What a rule makes of its tensors: one array or, if its name has {X}, one for each index of the first
 * axis. */
struct dq_layout_group {
    const struct dq_layout_rule *rule; /* NULL: none applies */
    char *pattern;                     /* the name, with {X} if there are several; owned */
    const char *operations;            /* of the rule, "" if there are none */
    const struct dq_pick *inputs[DQ_GATHER_SOURCES]; /* in the order of the rule */
    size_t n_inputs;                                 /* 0: from the metadata */
    uint64_t shape[DQ_LAYOUT_DIMS_MAX];              /* of each array, outermost dimension first */
    size_t n_shape;
    size_t n_arrays;         /* 0: the tensors are dropped */
    bool is_rounded;         /* the values do not come back exactly */
    struct dq_gather gather; /* of array 0 */
    uint64_t stride;         /* items of source 0 from one array to the next */
    int code;                /* 0, or an enum dq_err: why there is no array */
    char *reason;            /* owned */
};

struct dq_layout_array {
    char *name; /* owned */
    const struct dq_layout_group *group;
    size_t index; /* in the group */
};

/* What arrays are laid out for. */
struct dq_layout_use {
    const char *needs_config; /* how to give config.json, up to the name of a key in it */
    const char *otherwise;    /* what to do with tensors of which there are no arrays */
    bool is_written;          /* with a copy of config.json */
};

struct dq_layout {
    const struct dq_model *model;
    const struct dq_layout_use *use;
    const struct dq_picks *picks;
    const struct dq_hf_config *config;
    char *architecture; /* owned */
    struct dq_layout_table table;
    struct dq_layout_group **groups; /* in the order of their first tensors; owned */
    size_t n_groups;
    struct dq_layout_array
        *arrays; /* likewise; those of failed groups have the name of the tensor */
    size_t n_arrays;
    struct dq_strvec notes; /* what the user should know */
};

/* Lays out a selection. What is wrong with one tensor makes its group fail: DQ_ERR_TYPE if it has no
 * rule, or if its rule does not fit; DQ_ERR_USAGE if its rule needs another tensor that is not selected,
 * or moves values of a slice. config may be NULL. The arguments must outlive *out, which
 * dq_layout_free frees. DQ_ERR_TYPE if the architecture is not known. */
int dq_layout_new(const struct dq_model *m, const struct dq_picks *picks,
    const struct dq_hf_config *config, const struct dq_layout_use *use, struct dq_layout **out,
    struct dq_error *e);
void dq_layout_free(struct dq_layout *l);

/* Returns the names of a group's tensors as a list, which the caller owns; NULL if memory is short. */
json_t *dq_layout_input_names(const struct dq_layout_group *g);

/* Sets *out to the gather of an array whose group has not failed. */
void dq_layout_gather(const struct dq_layout_array *a, struct dq_gather *out);

#endif
