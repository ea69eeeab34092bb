/* Parsing the text of an instruction. */
#include "amd_insn.h"

#include "amd_isa.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORD = 64 };

/* Registers with a name: the number of the first, and how many they are on the wave sizes that use
 * the name. */
static const struct {
    const char *name;
    uint16_t reg;
    uint16_t count;
} named[] = {
    {"vcc", AMD_VCC, 2},
    {"vcc_lo", AMD_VCC, 1},
    {"vcc_hi", AMD_VCC + 1, 1},
    {"exec", AMD_EXEC, 2},
    {"exec_lo", AMD_EXEC, 1},
    {"exec_hi", AMD_EXEC + 1, 1},
    {"m0", AMD_M0, 1},
    {"null", AMD_NULL, 1},
};

/* v7, s[2:3], ttmp9: what follows the letters. */
static bool parse_registers(const char *text, unsigned n_all, struct amd_operand *out)
{
    unsigned first;
    unsigned last;
    int end = 0;
    if (sscanf(text, "[%u:%u]%n", &first, &last, &end) != 2) {
        if (!isdigit((unsigned char)text[0]) || sscanf(text, "%u%n", &first, &end) != 1)
            return false;
        last = first;
    }
    if (text[end] != '\0' || last < first || last >= n_all)
        return false;
    out->reg = (uint16_t)first;
    out->count = (uint16_t)(last - first + 1);
    return true;
}

static bool parse_constant(const char *text, struct amd_operand *out)
{
    char *end;
    out->kind = AMD_CONSTANT;
    out->is_float = strchr(text, '.') != NULL;
    if (out->is_float)
        out->number = strtod(text, &end);
    else
        out->value = (uint64_t)strtoll(text, &end, 0);
    return end != text && *end == '\0';
}

/* Takes away what stands around an operand: -|v1|, sext(v1). */
static void strip_modifiers(char *text, struct amd_operand *out)
{
    size_t len = strlen(text);
    if (text[0] == '-' && (isalpha((unsigned char)text[1]) || text[1] == '|')) {
        out->is_negated = true;
        memmove(text, text + 1, len--);
    }
    if (len > 2 && text[0] == '|' && text[len - 1] == '|') {
        out->is_absolute = true;
        text[len - 1] = '\0';
        memmove(text, text + 1, len - 1);
    } else if (strncmp(text, "sext(", 5) == 0 && text[len - 1] == ')') {
        out->is_extended = true;
        text[len - 1] = '\0';
        memmove(text, text + 5, len - 5);
    }
}

static bool parse_operand(char *text, struct amd_operand *out)
{
    *out = (struct amd_operand){0};
    strip_modifiers(text, out);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strcmp(text, named[i].name) == 0) {
            out->kind = AMD_SGPR;
            out->reg = named[i].reg;
            out->count = named[i].count;
            return true;
        }
    }
    if (strcmp(text, "off") == 0) {
        out->kind = AMD_OFF;
        return true;
    }
    if (text[0] == 'v') {
        out->kind = AMD_VGPR;
        return parse_registers(text + 1, 256, out);
    }
    out->kind = AMD_SGPR;
    if (text[0] == 's')
        return parse_registers(text + 1, AMD_VCC, out);
    if (strncmp(text, "ttmp", 4) == 0) {
        if (!parse_registers(text + 4, 16, out))
            return false;
        out->reg = (uint16_t)(out->reg + AMD_TTMP0);
        return true;
    }
    return parse_constant(text, out);
}

static bool parse_select(const char *word, enum amd_select *out)
{
    static const char *const names[] = {
        [AMD_DWORD] = "DWORD",
        [AMD_BYTE_0] = "BYTE_0",
        [AMD_BYTE_1] = "BYTE_1",
        [AMD_BYTE_2] = "BYTE_2",
        [AMD_BYTE_3] = "BYTE_3",
        [AMD_WORD_0] = "WORD_0",
        [AMD_WORD_1] = "WORD_1",
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(word, names[i]) == 0) {
            *out = (enum amd_select)i;
            return true;
        }
    }
    return false;
}

static bool parse_unused(const char *word, enum amd_unused *out)
{
    static const char *const names[] = {"UNUSED_PAD", "UNUSED_SEXT", "UNUSED_PRESERVE"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(word, names[i]) == 0) {
            *out = (enum amd_unused)i;
            return true;
        }
    }
    return false;
}

/* [1,0] as bits, the first the lowest. */
static bool parse_bits(const char *word, uint8_t *out)
{
    unsigned bits = 0;
    unsigned n = 0;
    if (*word++ != '[')
        return false;
    for (;; word++, n++) {
        if (*word != '0' && *word != '1')
            return false;
        bits |= (unsigned)(*word++ - '0') << n;
        if (*word != ',')
            break;
    }
    *out = (uint8_t)bits;
    return strcmp(word, "]") == 0;
}

/* Words that change nothing but how caches are used. */
static bool is_cache_hint(const char *word)
{
    return strcmp(word, "glc") == 0 || strcmp(word, "slc") == 0 || strcmp(word, "dlc") == 0 ||
           strcmp(word, "nt") == 0 || strcmp(word, "sc0") == 0 || strcmp(word, "sc1") == 0 ||
           strncmp(word, "th:TH_", 6) == 0 || strncmp(word, "scope:SCOPE_", 12) == 0;
}

static bool parse_modifier(const char *word, struct amd_op *op)
{
    const char *colon = strchr(word, ':');
    const char *value = colon ? colon + 1 : "";
    const size_t len = colon ? (size_t)(colon - word) : strlen(word);
    char *end;
#define NAMED(name) (len == sizeof name - 1 && strncmp(word, name, len) == 0)
    if (is_cache_hint(word))
        return true;
    if (NAMED("offset")) {
        op->offset = strtoll(value, &end, 0);
        return end != value && *end == '\0';
    }
    if (NAMED("dst_sel"))
        return parse_select(value, &op->dst_sel);
    if (NAMED("src0_sel"))
        return parse_select(value, &op->src_sel[0]);
    if (NAMED("src1_sel"))
        return parse_select(value, &op->src_sel[1]);
    if (NAMED("dst_unused"))
        return parse_unused(value, &op->dst_unused);
    if (op->row->form != AMD_PACKED && op->row->form != AMD_PACKED_MOVE)
        return false;
    if (NAMED("op_sel"))
        return parse_bits(value, &op->op_sel);
    if (NAMED("op_sel_hi"))
        return parse_bits(value, &op->op_sel_hi);
    if (NAMED("neg_lo"))
        return parse_bits(value, &op->neg_lo);
    if (NAMED("neg_hi"))
        return parse_bits(value, &op->neg_hi);
#undef NAMED
    return false;
}

/* Copies the next word: up to a comma, which is taken too, or a blank. */
static bool next_word(const char **at, char word[MAX_WORD], bool *has_comma)
{
    *at += strspn(*at, " ");
    size_t len = strcspn(*at, " ");
    *has_comma = len > 0 && (*at)[len - 1] == ',';
    len -= *has_comma;
    if (len == 0 || len >= MAX_WORD)
        return false;
    memcpy(word, *at, len);
    word[len] = '\0';
    *at += len + *has_comma;
    return true;
}

static size_t without_encoding(const char *name, size_t len, bool *is_sdwa)
{
    static const char *const endings[] = {"_e32", "_e64", "_sdwa"};
    *is_sdwa = false;
    for (unsigned i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t ending = strlen(endings[i]);
        if (len > ending && strncmp(name + len - ending, endings[i], ending) == 0) {
            *is_sdwa = i == 2;
            return len - ending;
        }
    }
    return len;
}

/* Decodes one operation: mnemonic, operands with commas between them, modifiers. */
static int decode_op(const char *text, struct amd_op *op, struct dq_error *e)
{
    static const char dual[] = "v_dual_";
    char name[MAX_WORD];
    char word[MAX_WORD];
    const char *at = text + strcspn(text, " ");
    bool has_comma = true;
    memset(op, 0, sizeof *op);
    if (strncmp(text, dual, sizeof dual - 1) == 0)
        snprintf(name, sizeof name, "v_%.*s", (int)(at - text - (long)sizeof dual + 1),
            text + sizeof dual - 1);
    else
        snprintf(name, sizeof name, "%.*s", (int)(at - text), text);
    op->row = amd_isa_find(name, without_encoding(name, strlen(name), &op->is_sdwa));
    if (!op->row)
        return dq_fail(e, DQ_ERR_MALFORMED, "unknown instruction");
    op->op_sel_hi = 7;
    if (op->row->form == AMD_NOTHING || op->row->form == AMD_WAIT || op->row->form == AMD_END)
        return 0; /* what they wait for is not in the form of operands */
    while (at[strspn(at, " ")] != '\0') {
        const bool is_operand = has_comma;
        if (!next_word(&at, word, &has_comma))
            return dq_fail(e, DQ_ERR_MALFORMED, "cannot be taken apart");
        if (is_operand ? op->n_operands == AMD_MAX_OPERANDS ||
                             !parse_operand(word, &op->operands[op->n_operands++])
                       : !parse_modifier(word, op))
            return dq_fail(
                e, DQ_ERR_MALFORMED, "unknown %s %s", is_operand ? "operand" : "modifier", word);
    }
    return 0;
}

int amd_insn_decode(struct amd_insn *i, struct dq_error *e)
{
    char first[256];
    const char *both = strstr(i->text, " :: ");
    const size_t len = both ? (size_t)(both - i->text) : strlen(i->text);
    if (len >= sizeof first)
        return dq_fail(e, DQ_ERR_MALFORMED, "is too long");
    memcpy(first, i->text, len);
    first[len] = '\0';
    int rc = decode_op(first, &i->op[0], e);
    if (rc == 0 && both)
        rc = decode_op(both + 4, &i->op[1], e);
    if (rc == 0)
        i->n_ops = both ? 2 : 1;
    return rc;
}
