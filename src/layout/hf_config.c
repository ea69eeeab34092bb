#include "layout/hf_config.h"

#include "base/file.h"
#include "base/mem.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { MAX_CONFIG = 16 << 20 /* bytes */ };

static int read_all(const char *path, char **out, size_t *len, struct dq_error *e)
{
    int fd;
    uint64_t size;
    int rc = dq_file_open(path, &fd, &size, e);
    if (rc != 0)
        return rc;
    if (size > MAX_CONFIG)
        rc = dq_fail(
            e, DQ_ERR_MALFORMED, "%s: too large for a config.json (%" PRIu64 " bytes)", path, size);
    char *text = rc == 0 ? dq_mem_alloc((size_t)size + 1) : NULL;
    if (rc == 0 && !text)
        rc = dq_fail_nomem(e);
    if (rc == 0)
        rc = dq_file_pread(fd, path, text, (size_t)size, 0, e);
    close(fd);
    if (rc != 0) {
        dq_mem_free(text);
        return rc;
    }
    *out = text;
    *len = (size_t)size;
    return 0;
}

static int parse(struct dq_hf_config *c, struct dq_error *e)
{
    json_error_t why;
    char *text;
    size_t len;
    const int rc = read_all(c->path, &text, &len, e);
    if (rc != 0)
        return rc;
    c->root = json_loadb(text, len, 0, &why);
    dq_mem_free(text);
    if (!c->root)
        return json_error_code(&why) == json_error_out_of_memory
                   ? dq_fail_nomem(e)
                   : dq_fail(e, DQ_ERR_MALFORMED, "%s: line %d: %s", c->path, why.line, why.text);
    if (!json_is_object(c->root))
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: is not an object", c->path);
    c->class_name = json_string_value(json_array_get(json_object_get(c->root, "architectures"), 0));
    return 0;
}

int dq_hf_config_read(const char *folder, struct dq_hf_config *out, struct dq_error *e)
{
    struct dq_hf_config c = {.path = dq_file_join(folder, "config.json")};
    if (!c.path)
        return dq_fail_nomem(e);
    const int rc = parse(&c, e);
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
