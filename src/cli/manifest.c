#include "cli/manifest.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const statuses[] = {
    [DQ_PLANNED] = "planned",
    [DQ_WRITTEN] = "written",
    [DQ_SKIPPED] = "skipped",
    [DQ_FAILED] = "failed",
};

static json_t *text_or_null(const char *text)
{
    return text ? dq_json_text(text, strlen(text)) : json_null();
}

const char *dq_manifest_dtype(const struct dq_output *out)
{
    const struct dq_type_info *f = out->pick->tensor->type;
    if (out->dtype != DQ_DTYPE_native)
        return dq_dtype_name(out->dtype);
    return f && f->stored[0] != '\0' ? f->token : "u8";
}

json_t *dq_manifest_entry(
    const struct dq_outputs *o, const struct dq_output *out, const char *device)
{
    const struct dq_tensor *t = out->pick->tensor;
    return json_pack(
        "{s:o, s:o, s:o, s:s, s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:o, s:s, s:s, s:o, s:o}", "tensor",
        dq_json_text(t->name, t->name_len), "slice", text_or_null(out->pick->slice_text), "type",
        text_or_null(t->type ? t->type->name : NULL), "dtype", dq_manifest_dtype(out), "shape",
        dq_json_u64s(out->shape, out->n_shape), "source", "file",
        text_or_null(o->model->shards[t->shard].path), "offset", dq_json_u64(t->offset), "bytes",
        dq_json_u64(t->n_bytes), "path", text_or_null(out->path), "offset",
        dq_json_u64(out->data_off), "bytes", dq_json_u64(out->n_bytes), "device",
        out->device ? out->device : device, "status", statuses[out->status], "reason",
        text_or_null(out->reason), "overflows", dq_json_u64(out->n_overflow));
}

void dq_manifest_put(
    struct dq_json *j, const struct dq_outputs *o, const char *device, const char *why)
{
    dq_json_begin_object(j, NULL);
    dq_json_put(j, "gguf-dq", json_string(DQ_VERSION));
    dq_json_put(j, "model", text_or_null(o->model->path));
    dq_json_put(j, "format", json_string(o->container->name));
    dq_json_put(j, "device", text_or_null(device));
    dq_json_put(j, "why", text_or_null(why));
    dq_json_begin_list(j, "outputs");
    for (size_t i = 0; i < o->n; i++)
        dq_json_put(j, NULL, dq_manifest_entry(o, &o->items[i], device));
    dq_json_end(j);
    dq_json_end(j);
}

static int write_report(struct dq_sink *sink, const char *path, const struct dq_outputs *o,
    const char *device, const char *why, struct dq_error *e)
{
    struct dq_json j = {.path = path};
    const int fd = fcntl(dq_sink_file_fd(sink), F_DUPFD_CLOEXEC, 0);
    j.file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!j.file) {
        const int rc = dq_fail_errno(e, "%s", path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    dq_manifest_put(&j, o, device, why);
    const int rc = dq_json_finish(&j, e);
    fclose(j.file);
    return rc;
}

int dq_manifest_open_folder(const char *path, bool durable, int *out, struct dq_error *e)
{
    char *folder = dq_file_folder(path);
    if (!folder)
        return dq_fail_nomem(e);
    const int rc = dq_sink_open_folder(folder, path, true, durable, out, e);
    dq_mem_free(folder);
    return rc;
}

int dq_manifest_write(int folder, const struct dq_sink_file *file, const struct dq_outputs *o,
    const char *device, const char *why, struct dq_error *e)
{
    struct dq_sink *sink = NULL;
    int rc = dq_sink_new_file(folder, file, &sink, e);
    if (rc == 0)
        rc = write_report(sink, file->path, o, device, why, e);
    if (rc == 0)
        rc = sink->ops->commit(sink, e);
    dq_sink_free(sink);
    return rc;
}
