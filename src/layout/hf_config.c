#include "layout/hf_config.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

#include <sys/stat.h>

enum { MAX_CONFIG = 16 << 20 /* bytes */ };

int dq_hf_config_read(const char *folder, struct dq_hf_config *out, struct dq_error *e)
{
    struct dq_hf_config c = {.path = dq_file_join(folder, "config.json")};
    if (!c.path)
        return dq_fail_nomem(e);
    struct stat st;
    const bool is_file = stat(folder, &st) == 0 && !S_ISDIR(st.st_mode);
    const int rc = is_file
                       ? dq_fail(e, DQ_ERR_USAGE,
                             "%s: is not a directory; give the one that holds config.json", folder)
                       : dq_json_read(c.path, MAX_CONFIG, &c.root, e);
    c.class_name = json_string_value(json_array_get(json_object_get(c.root, "architectures"), 0));
    if (rc != 0)
        dq_hf_config_finish(&c);
    else
        *out = c;
    return rc;
}

void dq_hf_config_finish(struct dq_hf_config *c)
{
    json_decref(c->root);
    dq_mem_free(c->path);
    *c = (struct dq_hf_config){0};
}

bool dq_hf_config_number(const struct dq_hf_config *c, const char *key, uint64_t *out)
{
    const json_t *value = json_object_get(c->root, key);
    if (!json_is_integer(value))
        value = json_object_get(json_object_get(c->root, "text_config"), key);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}
