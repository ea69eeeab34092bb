#include "extract/filename.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "gguf/set_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static char *append_percent(char *to, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    *to++ = '%';
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
    return to;
}

static char *append_encoded(char *to, const char *text, size_t len, bool first)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (dq_text_is_portable(byte, first && i == 0))
            *to++ = (char)byte;
        else
            to = append_percent(to, byte);
    }
    return to;
}

/* Whether a name is reserved for a device on Windows, on local and shared disks. Case and everything
 * after the first dot do not matter. */
static bool is_device(const char *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul"};
    const size_t len = strcspn(name, ".");
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (len == 3 && strncasecmp(name, devices[i], len) == 0)
            return true;
    }
    return len == 4 && (strncasecmp(name, "com", 3) == 0 || strncasecmp(name, "lpt", 3) == 0) &&
           name[3] >= '0' && name[3] <= '9';
}

char *dq_filename(const char *array, size_t len, const char *slice, const char *extension)
{
    const size_t slice_len = slice ? strlen(slice) : 0;
    char *name = dq_mem_alloc(3 * (len + slice_len) + strlen(extension) + 2);
    if (!name)
        return NULL;
    char *to = append_encoded(name, array, len, true);
    if (len == 0)
        *to++ = '%';
    if (slice_len > 0)
        to = append_encoded(to, slice, slice_len, false);
    memcpy(to, extension, strlen(extension) + 1);
    if (is_device(name)) { /* encodes the first letter; 3 bytes are allocated for it */
        const unsigned char first = (unsigned char)name[0];
        memmove(name + 3, name + 1, strlen(name));
        append_percent(name, first);
    }
    return name;
}

char *dq_filename_stem(const char *model_path)
{
    const char *base = dq_file_base(model_path);
    const size_t len = strlen(base);
    const int stem_len = (int)dq_set_name_stem(base);
    const bool is_dots =
        (stem_len == 1 && base[0] == '.') || (stem_len == 2 && strncmp(base, "..", 2) == 0);
    return dq_mem_strndup(base, stem_len > 0 && !is_dots ? (size_t)stem_len : len);
}

char *dq_filename_folder(const char *model_path)
{
    static const char extension[] = ".tensors"; /* if it would have the name of the file */
    char *stem = dq_filename_stem(model_path);
    if (!stem || strcmp(stem, dq_file_base(model_path)) != 0)
        return stem;
    const size_t size = strlen(stem) + sizeof extension;
    char *name = dq_mem_alloc(size);
    if (name)
        snprintf(name, size, "%s%s", stem, extension);
    dq_mem_free(stem);
    return name;
}
