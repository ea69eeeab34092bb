#include "cli/array_text.h"

#include "base/decimal.h"
#include "type/half.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_WIDTH = 75 };

union dq_number dq_number_load(const struct dq_number_kind *kind, const uint8_t *bytes)
{
    union dq_number x;
    uint64_t bits = bytes[kind->bytes - 1] & 0x80 ? UINT64_MAX : 0; /* extends the sign */
    for (unsigned i = kind->bytes; i > 0; i--)
        bits = bits << 8 | bytes[i - 1];
    if (kind->is_float && kind->bytes == 4)
        x.real = (double)dq_f32_of_bits((uint32_t)bits);
    else if (kind->is_float)
        memcpy(&x.real, &bits, sizeof bits);
    else
        x.integer = (int64_t)bits;
    return x;
}

static bool is_f32(const struct dq_number_kind *kind)
{
    return kind->bytes == 4;
}

const char *dq_number_text(const struct dq_number_kind *kind, union dq_number x, char *out)
{
    if (kind->is_float)
        return dq_decimal_text(x.real, is_f32(kind), out);
    snprintf(out, DQ_DECIMAL_SIZE, "%" PRId64, x.integer);
    return out;
}

/* How the numbers of an array are written, all with the same width. */
struct number_format {
    bool has_exponent; /* 1.25e-05 */
    int left;          /* letters before the decimal point, with the sign */
    int right;         /* after it: digits, */
    int n_exp_digits;  /* and e, a sign and these */
    int width;
};

/* The parts of a number without an exponent. */
static int int_len(const struct dq_decimal *d)
{
    return d->is_negative + (d->exponent > 0 ? d->exponent + 1 : 1);
}

static int frac_len(const struct dq_decimal *d)
{
    const int last = d->n_digits - 1 - d->exponent; /* the digit's place after the point */
    return last > 0 && d->digits[0] != '0' ? last : 0;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

/* Without dimensions a number is written as it is elsewhere: 2.0, where an array has 2. */
static void print_scalar(const struct dq_array_text *a, FILE *file)
{
    char text[DQ_DECIMAL_SIZE];
    const char *number = dq_number_text(&a->kind, a->items[0], text);
    const bool is_whole = a->kind.is_float && strspn(number, "-0123456789") == strlen(number);
    fprintf(file, "%s%s\n", number, is_whole ? ".0" : "");
}

/* numpy's rule: whether the numbers are too large, too small or too different to be written in full. */
static bool needs_exponent(const struct dq_array_text *a, size_t n)
{
    double largest = 0;
    double smallest = HUGE_VAL;
    for (size_t i = 0; i < n; i++) {
        const double x = fabs(a->items[i].real);
        if (isfinite(x) && x != 0) {
            largest = x > largest ? x : largest;
            smallest = x < smallest ? x : smallest;
        }
    }
    if (largest == 0)
        return false;
    const double ratio =
        is_f32(&a->kind) ? (double)((float)largest / (float)smallest) : largest / smallest;
    return largest >= 1e8 || smallest < 0.0001 || ratio > 1000;
}

static struct number_format layout_floats(const struct dq_array_text *a, size_t n)
{
    struct number_format l = {.has_exponent = needs_exponent(a, n)};
    bool has_nonfinite = false;
    bool has_minus_inf = false;
    for (size_t i = 0; i < n; i++) {
        const double x = a->items[i].real;
        if (!isfinite(x)) {
            has_nonfinite = true;
            has_minus_inf |= isinf(x) && x < 0;
            continue;
        }
        const struct dq_decimal d = dq_decimal_of(x, is_f32(&a->kind));
        const int exponent = d.exponent < 0 ? -d.exponent : d.exponent;
        l.left = max(l.left, l.has_exponent ? d.is_negative + 1 : int_len(&d));
        l.right = max(l.right, l.has_exponent ? d.n_digits - 1 : frac_len(&d));
        l.n_exp_digits = max(l.n_exp_digits, exponent >= 100 ? 3 : 2);
    }
    const int after = l.right + (l.has_exponent ? l.n_exp_digits + 2 : 0);
    if (has_nonfinite)
        l.left = max(l.left, (has_minus_inf ? 4 : 3) - after - 1);
    l.width = l.left + 1 + after;
    return l;
}

static struct number_format layout_integers(const struct dq_array_text *a, size_t n)
{
    struct number_format l = {.width = 0};
    char text[DQ_DECIMAL_SIZE];
    for (size_t i = 0; i < n; i++)
        l.width = max(l.width, (int)strlen(dq_number_text(&a->kind, a->items[i], text)));
    return l;
}

/* "  12.5": the point is where it is in all numbers. */
static void put_positional(const struct number_format *l, const struct dq_decimal *d, FILE *file)
{
    fprintf(file, "%*s%s", l->left - int_len(d), "", d->is_negative ? "-" : "");
    for (int i = 0; i <= (d->exponent > 0 ? d->exponent : 0); i++)
        fputc(d->exponent >= 0 && i < d->n_digits ? d->digits[i] : '0', file);
    fputc('.', file);
    for (int i = 1; i <= frac_len(d); i++)
        fputc(d->exponent + i >= 0 ? d->digits[d->exponent + i] : '0', file);
}

/* " 1.2500e-05": all have as many digits as the one that needs most. */
static void put_scientific(
    const struct number_format *l, const struct dq_decimal *d, double x, FILE *file)
{
    char text[DQ_DECIMAL_SIZE];
    if (d->n_digits > l->right) /* its own ones, which need not be the nearest */
        snprintf(text, sizeof text, "%s%c.%.*se%d", d->is_negative ? "-" : "", d->digits[0],
            d->n_digits - 1, d->digits + 1, d->exponent);
    else
        snprintf(text, sizeof text, "%#.*e", l->right, x);
    char *e = strchr(text, 'e');
    const int exponent = (int)strtol(e + 1, NULL, 10);
    *e = '\0';
    fprintf(file, "%*se%c%0*d", l->left + 1 + l->right, text, exponent < 0 ? '-' : '+',
        l->n_exp_digits, exponent < 0 ? -exponent : exponent);
}

/* An array that is being printed. */
struct printing {
    const struct dq_array_text *a;
    struct number_format layout;
    const union dq_number *next;
    int n_blanks; /* that are still to be printed, unless the line ends */
    FILE *file;
};

static void put_blanks(struct printing *p, int n)
{
    fprintf(p->file, "%*s", p->n_blanks + n, "");
    p->n_blanks = 0;
}

static void put_next(struct printing *p)
{
    const struct dq_number_kind *kind = &p->a->kind;
    const struct number_format *l = &p->layout;
    const union dq_number x = *p->next++;
    char text[DQ_DECIMAL_SIZE];
    if (!kind->is_float || !isfinite(x.real)) {
        fprintf(p->file, "%*s", l->width, dq_number_text(kind, x, text));
        return;
    }
    const struct dq_decimal d = dq_decimal_of(x.real, is_f32(kind));
    if (l->has_exponent) {
        put_scientific(l, &d, x.real, p->file);
        return;
    }
    put_positional(l, &d, p->file);
    p->n_blanks = l->right - frac_len(&d);
}

/* Ends a line and indents the next one, below the brackets that are open. */
static void break_line(struct printing *p, size_t axis, size_t n_lines)
{
    p->n_blanks = 0;
    for (size_t i = 0; i < n_lines; i++)
        fputc('\n', p->file);
    put_blanks(p, (int)axis + 1);
}

/* Numbers, or "...", separated by blanks, with as many on a line as fit. */
static void put_row(struct printing *p, size_t axis)
{
    const size_t n = (size_t)p->a->shape[axis];
    const size_t n_words = n + p->a->is_cut[axis];
    const size_t limit = LINE_WIDTH - axis - 1;
    size_t column = axis + 1;
    for (size_t i = 0; i < n_words; i++) {
        const bool is_gap = p->a->is_cut[axis] && i == n / 2;
        const size_t len = is_gap ? 3 : (size_t)p->layout.width;
        if (i > 0 && column + 1 + len > limit) {
            break_line(p, axis, 1);
            column = axis + 1;
        } else if (i > 0) {
            put_blanks(p, 1);
            column++;
        }
        if (is_gap)
            fputs("...", p->file);
        else
            put_next(p);
        column += len;
    }
}

static void put_axis(struct printing *p, size_t axis)
{
    const size_t n_left = p->a->n_shape - axis; /* dimensions */
    if (n_left == 0) {
        put_next(p);
        return;
    }
    fputc('[', p->file);
    if (n_left == 1) {
        put_row(p, axis);
        put_blanks(p, 0);
    }
    for (uint64_t i = 0; n_left > 1 && i < p->a->shape[axis]; i++) {
        if (i > 0)
            break_line(p, axis, n_left - 1);
        if (p->a->is_cut[axis] && i == p->a->shape[axis] / 2) {
            fputs("...", p->file);
            break_line(p, axis, n_left - 1);
        }
        put_axis(p, axis + 1);
    }
    fputc(']', p->file);
}

void dq_array_text_print(const struct dq_array_text *a, FILE *file)
{
    size_t n = 1;
    for (size_t i = 0; i < a->n_shape; i++)
        n *= (size_t)a->shape[i];
    if (n == 0) {
        fputs("[]\n", file);
        return;
    }
    if (a->n_shape == 0) {
        print_scalar(a, file);
        return;
    }
    struct printing p = {.a = a,
        .layout = a->kind.is_float ? layout_floats(a, n) : layout_integers(a, n),
        .next = a->items,
        .file = file};
    put_axis(&p, 0);
    put_blanks(&p, 0);
    fputc('\n', file);
}
