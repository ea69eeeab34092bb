/* What is not a GGUF is identified, and a GGUF inside of it is found. */
#include "build_gguf.h"
#include "dq_test.h"
#include "gguf/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct dq_foreign identify(const char *path, const void *bytes, size_t len, uint64_t begin)
{
    struct dq_foreign f;
    struct dq_error e;
    struct dq_source *source;
    const struct dq_memory_file file = {path, bytes, len};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(&file, 1);
    check_ok(memory.store.open(&memory.store, path, &source, &e), &e);
    check_ok(dq_foreign_identify(source, begin, &f, &e), &e);
    dq_source_close(source);
    return f;
}

#define SAMPLE(bytes) bytes, sizeof(bytes) - 1

/* As real files begin. */
static void real_files_are_identified(void **state)
{
    static const struct {
        const char *found;
        const char *hint;
        const char *bytes;
        size_t len;
    } rows[] = {
        {"nothing: the file is empty", "download it again", SAMPLE("")},
        {"zeros", "download it again", SAMPLE("\0\0\0\0\0\0\0\0")},
        {"zeros", "download it again", SAMPLE("\0\0")},
        {"a Git LFS pointer", "git lfs pull",
            SAMPLE(
                "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n")},
        {"an HTML page", "/resolve/", SAMPLE("<!DOCTYPE html>\n<html class=\"\">\n<head>")},
        {"an HTML page", "/resolve/", SAMPLE("\xef\xbb\xbf\r\n  <HTML><body>Forbidden</body>")},
        {"an XML error message: <?xml version=\"1.0\"?> <Error><Code>AccessDenied</Code></Error>",
            "download failed",
            SAMPLE("<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>")},
        {"an XML text", "", SAMPLE("<?xml version=\"1.0\"?><plist/>")},
        {"a JSON error message: {\"error\":\"Repository not found\"}", "download failed",
            SAMPLE("{\"error\":\"Repository not found\"}")},
        {"a manifest of ollama", "blobs/sha256-",
            SAMPLE("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker\"}")},
        {"an index of safetensors", "convert_hf_to_gguf",
            SAMPLE("{\n  \"metadata\": {},\n  \"weight_map\": {}}")},
        {"a JSON text: {\"architectures\": [\"LlamaForCausalLM\"]}", "",
            SAMPLE("{\"architectures\": [\"LlamaForCausalLM\"]}")},
        {"a plain text: Entry not found", "download failed", SAMPLE("Entry not found")},
        {"a plain text: No", "download failed", SAMPLE("No")},
        {"a plain text: \xc3\xbc\\\\ x", "download failed", SAMPLE("\xc3\xbc\\\\\nx\n")},
        {"a UTF-16 text", "", SAMPLE("\xff\xfe<\0h\0t\0")},
        {"a model of whisper.cpp", "whisper.cpp reads it", SAMPLE("lmgg\x99\xca\0\0\xdc\5\0\0")},
        {"an old ggml model", "convert_llama_ggml", SAMPLE("lmgg\x00\x7d\0\0\0\x10\0\0")},
        {"an old ggml model (ggmf)", "convert_llama_ggml", SAMPLE("fmgg\1\0\0\0\0\x7d\0\0")},
        {"an old ggml model (ggjt)", "convert_llama_ggml", SAMPLE("tjgg\3\0\0\0\0\x7d\0\0")},
        {"an old ggml LoRA", "convert_lora", SAMPLE("algg\1\0\0\0")},
        {"a session of llama.cpp", "", SAMPLE("nsgg\x09\0\0\0")},
        {"an old ggml model, big-endian", "", SAMPLE("ggml\0\0\x7d\0")},
        {"a safetensors file", "convert_hf_to_gguf",
            SAMPLE("\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}")},
        {"a torch file (zip)", "convert_hf_to_gguf",
            SAMPLE("PK\3\4\0\0\x08\x08\0\0\0\0\0\0archive/data.pkl")},
        {"numpy arrays (.npz)", "", SAMPLE("PK\3\4\x14\0\0\0\0\0\0\0!\0weight.npy")},
        {"an old torch file (pickle)", "", SAMPLE("\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.")},
        {"a pickle of Python", "", SAMPLE("\x80\4\x95\xff\0\0\0\0\0\0\0}\x94")},
        {"a numpy array", "", SAMPLE("\x93NUMPY\1\0v\0{'descr'")},
        {"an HDF5 file", "", SAMPLE("\x89HDF\r\n\x1a\n\0\0")},
        {"a gzip file", "gunzip", SAMPLE("\x1f\x8b\x08\x08")},
        {"a zstd file", "unzstd", SAMPLE("\x28\xb5\x2f\xfd\x04")},
        {"a zstd or lz4 file", "unzstd", SAMPLE("\x5a\x2a\x4d\x18\4\0\0\0")},
        {"an xz file", "unxz", SAMPLE("\xfd\x37zXZ\0\0\4")},
        {"a bzip2 file", "bunzip2", SAMPLE("BZh91AY&SY\xff")},
        {"a zip archive", "unpack", SAMPLE("PK\3\4\x14\0\0\0\0\0\0\0!\0model.bin")},
        {"a llamafile", "--offset", SAMPLE("MZqFpD='\n\n\0\x10\0\xf8\0\0")},
        {"an ELF program", "--offset", SAMPLE("\x7f\x45LF\2\1\1\0\0")},
        {"an AppleDouble file", "._", SAMPLE("\0\5\x16\7\0\2\0\0Mac OS X")},
        {"12 34 56 78", "", SAMPLE("\x12\x34\x56\x78\x9a")},
        {"80", "", SAMPLE("\x80")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct dq_foreign f = identify("m.gguf", rows[i].bytes, rows[i].len, 0);
        if (!strstr(f.found, rows[i].found) || !strstr(f.hint, rows[i].hint))
            fail_msg("%s: found %s; %s", rows[i].found, f.found, f.hint);
    }
}

/* No row is shadowed by one above it. */
static void every_row_can_be_found(void **state)
{
    enum { AT_TEXT = -1, AT_NONE = -2 };
    static const struct {
        int at;
        const char *bytes;
        size_t len;
        const char *arg;
        const char *what;
    } rows[] = {
#define NONE AT_NONE
#define TEXT AT_TEXT
#define BYTES(at) at
#define ALWAYS ""
#define HAS(bytes) bytes
#define IS(function) NULL /* these are above */
#define DQ_FOREIGN(how, bytes, test, look, what, hint) {how, bytes, sizeof(bytes) - 1, test, what},
#include "gguf/foreign.def"
#undef DQ_FOREIGN
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[512];
        if (rows[i].at == AT_NONE || !rows[i].arg || rows[i].len == 0)
            continue;
        size_t len = rows[i].at > 0 ? (size_t)rows[i].at : 0;
        memset(bytes, 1, len);
        memcpy(bytes + len, rows[i].bytes, rows[i].len);
        len += rows[i].len;
        if (rows[i].at != AT_TEXT)
            bytes[len++] = '\1'; /* so that it is no text */
        memcpy(bytes + len, rows[i].arg, strlen(rows[i].arg));
        len += strlen(rows[i].arg);
        const struct dq_foreign f = identify("m.gguf", bytes, len, 0);
        if (strncmp(f.found, rows[i].what, strlen(rows[i].what)) != 0)
            fail_msg("a sample of '%s' is taken for '%s'", rows[i].what, f.found);
    }
}

static void texts_are_recognised_to_their_end(void **state)
{
    char bytes[6000];
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes + 4094, "\xc3\xbc", 2); /* cut by the part that is looked at */
    assert_non_null(strstr(identify("m", bytes, sizeof bytes, 0).found, "a plain text: xxx"));
    assert_non_null(strstr(identify("m", bytes, 4095, 0).found, "78 78 78 78"));
    bytes[100] = '\1';
    assert_non_null(strstr(identify("m", bytes, sizeof bytes, 0).found, "78 78 78 78"));
}

static void a_gguf_inside_is_found(void **state)
{
    enum { PIECE = 4 << 20, SIZE = 2 * PIECE + 4096 };
    static const size_t places[] = {1, 7, 4095, 65536, PIECE - 40, PIECE - 33, PIECE - 32,
        PIECE - 31, PIECE - 1, PIECE, PIECE + 1, SIZE - 100};
    uint8_t *bytes = malloc(SIZE);
    struct build b;
    assert_non_null(bytes);
    (void)state;
    build_begin(&b, 3, false, 0, 1);
    build_kv_string(&b, "general.architecture", "x");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char wanted[64];
        memset(bytes, 'G', SIZE);
        memcpy(bytes, "PK\3\4GGUF\0\0\0\0\3\0\0\0GGUF is a format", 32);
        memcpy(bytes + places[i], b.bytes, b.len);
        snprintf(wanted, sizeof wanted, "begins at byte %zu: --offset %zu", places[i], places[i]);
        const struct dq_foreign f = identify("m.zip", bytes, SIZE, 0);
        if (!strstr(f.hint, wanted))
            fail_msg("%s: %s; %s", wanted, f.found, f.hint);
    }
    memset(bytes, 'G', SIZE);
    memcpy(bytes, "PK\3\4", 4);
    assert_string_equal(identify("m.zip", bytes, SIZE, 0).hint, "unpack it");
    memcpy(bytes + 500, b.bytes, b.len); /* one byte too far */
    assert_non_null(strstr(identify("m.zip", bytes, SIZE, 501).hint, "begins at byte 500"));
    build_free(&b);
    free(bytes);
}

static void pieces_are_known_by_their_names(void **state)
{
    (void)state;
    const struct dq_foreign f = identify("m.gguf.part2of2", "\xff\1\2\3", 4, 0);
    assert_string_equal(f.found, "a later part of a cut file, by its name");
    assert_true(f.is_piece);
    assert_false(identify("m.gguf", "\xff\1\2\3", 4, 0).is_piece);
    assert_false(identify("m.gguf.part2of2", "\x1f\x8b\x08\x08", 4, 0).is_piece);
}

static void versions_have_advice(void **state)
{
    static const struct {
        uint32_t version;
        bool big_endian;
        const char *words;
    } rows[] = {{0, false, "damaged"}, {4, false, "newer version"}, {0x20202020, false, "damaged"},
        {2, true, "gguf_convert_endian"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct build b;
        build_begin(&b, rows[i].version, rows[i].big_endian, 0, 0);
        build_refused(&b, *state, rows[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_files_are_identified),
        cmocka_unit_test(every_row_can_be_found),
        cmocka_unit_test(texts_are_recognised_to_their_end),
        cmocka_unit_test(a_gguf_inside_is_found),
        cmocka_unit_test(pieces_are_known_by_their_names),
        scratch_test(versions_have_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
