#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int scratch_setup(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);
    const char *tmp = getenv("TMPDIR");
    if (!s)
        return -1;
    snprintf(s->dir, sizeof s->dir, "%s/gguf-dq-unit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(s->dir)) {
        free(s);
        return -1;
    }
    *state = s;
    return 0;
}

static int remove_all(const char *path)
{
    struct stat st;
    int rc = 0;
    if (lstat(path, &st) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode))
        return unlink(path);
    chmod(path, 0700);
    DIR *dir = opendir(path);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)) != NULL) {
        char inside[2048];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        rc |= remove_all(inside);
    }
    if (dir)
        closedir(dir);
    return rc | rmdir(path);
}

int scratch_teardown(void **state)
{
    struct scratch *s = *state;
    const int rc = remove_all(s->dir);
    for (size_t i = 0; i < SCRATCH_PATHS; i++)
        free(s->paths[i]);
    free(s);
    return rc;
}

const char *scratch_path(struct scratch *s, const char *name)
{
    char **path = &s->paths[s->next++ % SCRATCH_PATHS];
    const size_t size = strlen(s->dir) + strlen(name) + 2;
    free(*path);
    *path = malloc(size);
    assert_non_null(*path);
    snprintf(*path, size, "%s/%s", s->dir, name);
    return *path;
}

const char *scratch_write(struct scratch *s, const char *name, const void *bytes, size_t len)
{
    const char *path = scratch_path(s, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    if (len > 0)
        assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    return path;
}

char *scratch_read(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    const long end = ftell(f);
    assert_true(end >= 0);
    rewind(f);
    char *bytes = malloc((size_t)end + 1);
    assert_non_null(bytes);
    *len = fread(bytes, 1, (size_t)end, f);
    assert_int_equal(*len, end);
    bytes[*len] = '\0';
    fclose(f);
    return bytes;
}

size_t scratch_count(const struct scratch *s)
{
    size_t n = 0;
    DIR *dir = opendir(s->dir);
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2; /* "." and ".." */
}

void check_error(int rc, const struct dq_error *e, int wanted, const char *words)
{
    if (rc == 0)
        fail_msg("success, but %d (%s) was expected", wanted, words);
    if (rc != wanted)
        fail_msg("code %d (%s), but %d (%s) was expected", rc, e->text, wanted, words);
    if (!strstr(e->text, words))
        fail_msg("the error says \"%s\", but \"%s\" was expected", e->text, words);
}

void check_ok(int rc, const struct dq_error *e)
{
    if (rc != 0)
        fail_msg("code %d: %s", rc, e->text);
}

int next_fd(void)
{
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    close(fd);
    return fd;
}
