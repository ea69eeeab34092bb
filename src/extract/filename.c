#include "extract/filename.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static char *append_byte(char *to, unsigned char byte)
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
            to = append_byte(to, byte);
    }
    return to;
}

/* Whether Windows takes a name for that of a device, on a disk of its own or one that it shares:
 * whatever stands behind the first dot, and in letters of any size. */
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

char *dq_filename(const struct dq_pick *pick, const char *ending)
{
    const struct dq_tensor *t = pick->tensor;
    const size_t slice_len = pick->slice_text ? strlen(pick->slice_text) : 0;
    char *name = dq_mem_alloc(3 * (t->name_len + slice_len) + strlen(ending) + 2);
    if (!name)
        return NULL;
    char *to = append_encoded(name, t->name, t->name_len, true);
    if (t->name_len == 0)
        *to++ = '%';
    if (slice_len > 0)
        to = append_encoded(to, pick->slice_text, slice_len, false);
    memcpy(to, ending, strlen(ending) + 1);
    if (is_device(name)) {
        const unsigned char first = (unsigned char)name[0];
        memmove(
            name + 3, name + 1, strlen(name)); /* there is room for that: it was a plain letter */
        append_byte(name, first);
    }
    return name;
}

char *dq_filename_folder(const char *model_path)
{
    static const char plain_ending[] = ".gguf";
    static const char other_ending[] = ".tensors"; /* the folder must not be named like the file */
    const char *base = dq_file_base(model_path);
    const size_t len = strlen(base);
    unsigned number;
    unsigned count;
    int kept = dq_split_name(base, &number, &count);
    char *name = dq_mem_alloc(len + sizeof other_ending);
    if (!name)
        return NULL;
    if (kept < 0 && len > strlen(plain_ending) &&
        strcmp(base + len - strlen(plain_ending), plain_ending) == 0)
        kept = (int)(len - strlen(plain_ending));
    const bool is_place =
        (kept == 1 && base[0] == '.') || (kept == 2 && strncmp(base, "..", 2) == 0);
    if (kept > 0 && !is_place)
        snprintf(name, len + sizeof other_ending, "%.*s", kept, base);
    else
        snprintf(name, len + sizeof other_ending, "%s%s", base, other_ending);
    return name;
}
