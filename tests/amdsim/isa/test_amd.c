/* The interpreter on programs of a few instructions, written as text: results as AMD's documents
 * define them, and everything that it must refuse. */
#include "amd_insn.h"
#include "amd_isa.h"
#include "amd_launch.h"
#include "dq_test.h"
#include "type/half.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_INSNS = 32,
    N_THREADS = 64,
    KEEP_ALL = 0xf0 << 12,  /* float mode in rsrc1: subnormals are kept */
    KEEP_NONE = 0,          /* they are flushed */
    KEEP_REST = 0xc0 << 12, /* only f32 is flushed */
    N_VGPRS_FIELD = 15,     /* 64 registers in waves of 64, 128 in waves of 32 */
    KERNEL_ARGUMENTS = 1 << 3,
    WAVE32 = 1 << 10,
};

/* Where every thread writes its v1: address in s[2:3], offset in v63. */
static const char before[] = "s_load_dwordx2 s[2:3], s[0:1], 0x0; s_waitcnt lgkmcnt(0); "
                             "v_lshlrev_b32_e32 v63, 2, v0; ";
static const char after[] = "; global_store_dword v63, v1, s[2:3]; s_endpgm";

struct program {
    struct amd_code code;
    struct amd_kernel kernel;
    struct amd_insn insns[MAX_INSNS + 1];
    char text[2048];
};

/* Instructions are separated by semicolons; all count as 4 bytes. */
static void assemble(struct program *p, const char *target, unsigned mode, const char *text)
{
    char *rest = p->text;
    memset(p, 0, sizeof *p);
    assert_true(strlen(text) < sizeof p->text);
    strcpy(p->text, text);
    snprintf(p->code.target, sizeof p->code.target, "%s", target);
    p->code.generation = (unsigned)strtoul(target + 3, NULL, 10) / 100;
    p->code.insns = p->insns;
    while (rest) {
        assert_true(p->code.n_insns < MAX_INSNS);
        char *end = strchr(rest, ';');
        p->insns[p->code.n_insns].address = 0x1000 + 4 * p->code.n_insns;
        p->insns[p->code.n_insns++].text = rest + strspn(rest, " ");
        if (end)
            *end++ = '\0';
        rest = end;
    }
    p->insns[p->code.n_insns].address = ~(uint64_t)0;
    p->insns[p->code.n_insns++].text = "the end";
    p->kernel = (struct amd_kernel){
        .name = "test",
        .entry = 0x1000,
        .kernarg_len = 8,
        .rsrc1 = mode | N_VGPRS_FIELD,
        .rsrc2 = 2 << 1 | 1 << 7, /* two user registers, then the number of the group */
        .properties = (uint16_t)(KERNEL_ARGUMENTS | (p->code.generation >= 10 ? WAVE32 : 0)),
        .n_args = 1,
        .args = {{.offset = 0, .size = 8, .kind = "global_buffer"}},
    };
}

/* Runs it on one group of 64 threads; out gets what they wrote. */
static int run(struct program *p, uint32_t out[N_THREADS], struct dq_error *e)
{
    struct amd_memory m = {0};
    struct amd_counts counts = {0};
    uint64_t d_out;
    assert_int_equal(amd_memory_add(&m, 4 * N_THREADS, "out", &d_out, e), 0);
    const void *args[] = {&d_out};
    const struct amd_launch l = {
        .kernel = &p->kernel,
        .n_groups = 1,
        .group_size = N_THREADS,
        .args = args,
    };
    int rc = amd_launch(&m, &p->code, &l, &counts, e);
    if (rc == 0)
        rc = amd_memory_load(&m, d_out, out, 4 * N_THREADS, e);
    amd_memory_finish(&m);
    return rc;
}

/* 64 bits at offset v62 are for half of the lanes; of the others v1 is 0. */
#define HALF_OF_LANES                                                                              \
    "v_mov_b32_e32 v1, 0; v_lshlrev_b32_e32 v62, 3, v0; v_cmp_gt_u32_e32 vcc, 32, v0; "            \
    "s_and_saveexec_b64 s[8:9], vcc; "
#define LOAD_HIGH_OF_TWO                                                                           \
    "global_load_dwordx2 v[6:7], v62, s[2:3]; s_waitcnt vmcnt(0); v_mov_b32_e32 v1, v7; "          \
    "s_mov_b64 exec, s[8:9]"

/* v1 of thread 5, whose v0 is 5. */
static const struct {
    const char *text;
    uint32_t want;
    unsigned mode;
    const char *target;
} results[] = {
#define F(text, want)                                                                              \
    {                                                                                              \
        text, want, KEEP_ALL, "gfx900"                                                             \
    }
    F("v_mov_b32_e32 v1, 0x12345678", 0x12345678),
    F("v_mov_b32_e32 v1, -16", 0xfffffff0),
    F("v_mov_b32_e32 v1, 0.5", 0x3f000000),
    F("v_mov_b32_e32 v1, v0", 5),
    F("s_mov_b32 s4, 0x01020304; s_mov_b32 s5, 0x05060708; v_mov_b32_e32 v2, 0x00040703; "
      "v_perm_b32 v1, s4, s5, v2",
        0x08040105),
    F("v_mov_b32_e32 v2, 0x00800000; v_mov_b32_e32 v3, 0x8000; v_mov_b32_e32 v4, 0x0d0c0a08; "
      "v_perm_b32 v1, v2, v3, v4",
        0xff0000ff),
    F("v_bfe_u32 v1, v0, 1, 2", 2),
    F("v_bfe_i32 v1, v0, 1, 2", 0xfffffffe),
    F("v_bfe_i32 v1, v0, 1, 0", 0),
    F("v_mov_b32_e32 v2, 12; v_bfi_b32 v1, v2, v0, -1", 0xfffffff7),
    F("v_alignbit_b32 v1, v0, -1, 31", 0xb),
    F("v_and_or_b32 v1, v0, 4, 2", 6),
    F("v_lshl_or_b32 v1, v0, 4, 2", 0x52),
    F("v_lshl_add_u32 v1, v0, 4, v0", 0x55),
    F("v_add3_u32 v1, v0, v0, -1", 9),
    F("v_min3_u32 v1, v0, 7, -1", 5),
    F("v_min3_u32 v1, v0, 3, -1", 3),
    F("v_min3_u32 v1, -1, 3, 2", 2),
    F("v_sub_u32_e32 v1, 3, v0", 0xfffffffe),
    F("v_subrev_u32_e32 v1, 3, v0", 2),
    F("v_mov_b32_e32 v2, 0x2000005; v_mul_u32_u24_e32 v1, v2, v2", 25),
    F("v_mov_b32_e32 v2, 0xff010000; v_mul_hi_u32_u24_e32 v1, v2, v2", 1),
    F("v_mov_b32_e32 v2, 0x10001; v_mul_lo_u32 v1, v2, v2", 0x20001),
    F("v_mov_b32_e32 v2, 0x10001; v_mul_hi_u32 v1, v2, v2", 1),
    F("v_lshlrev_b32_e32 v1, v0, v0", 0xa0),
    F("v_mov_b32_e32 v2, 33; v_lshlrev_b32_e32 v1, v2, v0", 10),
    F("v_mov_b32_e32 v2, 0x80000000; v_ashrrev_i32_e32 v1, 4, v2", 0xf8000000),
    F("v_mov_b32_e32 v2, 0x80000000; v_lshrrev_b32_e32 v1, 4, v2", 0x08000000),
    F("v_mov_b32_e32 v2, 0x8000; v_ashrrev_i16 v1, 4, v2", 0xf800),
    F("v_mov_b32_e32 v2, 0; v_mov_b32_e32 v3, v0; v_lshrrev_b64 v[4:5], 4, v[2:3]; "
      "v_mov_b32_e32 v1, v4",
        0x50000000),
    F("v_ffbh_i32_e32 v1, v0", 29),
    F("v_mov_b32_e32 v2, -5; v_ffbh_i32_e32 v1, v2", 29),
    F("v_mov_b32_e32 v2, -1; v_ffbh_i32_e32 v1, v2", 0xffffffff),
    F("v_cndmask_b32_e64 v1, 7, 9, s[8:9]; s_mov_b64 s[8:9], 32; v_cndmask_b32_e64 v1, 7, 9, "
      "s[8:9]",
        9),
    /* carries */
    F("v_mov_b32_e32 v2, -1; v_add_co_u32_e32 v3, vcc, v2, v0; v_mov_b32_e32 v4, 0; "
      "v_addc_co_u32_e32 v1, vcc, 0, v4, vcc",
        1),
    F("v_sub_co_u32_e32 v3, vcc, 4, v0; v_mov_b32_e32 v4, 9; v_subbrev_co_u32_e32 v1, vcc, 0, v4, "
      "vcc",
        8),
    F("v_mov_b32_e32 v2, -1; v_mov_b32_e32 v3, 0; v_mad_u64_u32 v[4:5], s[4:5], v2, v0, v[2:3]; "
      "v_mov_b32_e32 v1, v5",
        5),
    /* comparisons, choices and lanes that do not take part */
    F("v_cmp_gt_u32_e32 vcc, 6, v0; v_cndmask_b32_e32 v1, v63, v0, vcc", 5),
    F("v_cmp_gt_u32_e32 vcc, 5, v0; v_cndmask_b32_e32 v1, v63, v0, vcc", 20),
    F("v_mov_b32_e32 v2, -1; v_cmp_gt_i32_e64 s[4:5], 0, v2; v_cndmask_b32_e64 v1, 0, 1, s[4:5]",
        1),
    F("v_mov_b32_e32 v1, 1; v_cmp_eq_u32_e32 vcc, 5, v0; s_and_saveexec_b64 s[4:5], vcc; "
      "v_mov_b32_e32 v1, 2; s_mov_b64 exec, s[4:5]",
        2),
    F("v_mov_b32_e32 v1, 1; v_cmp_ne_u32_e32 vcc, 5, v0; s_and_saveexec_b64 s[4:5], vcc; "
      "v_mov_b32_e32 v1, 2; s_mov_b64 exec, s[4:5]",
        1),
    F("v_mov_b32_e32 v2, 0x7fc00000; v_cmp_o_f32_e32 vcc, v2, v2; v_cndmask_b32_e64 v1, 8, 9, vcc",
        8),
    F("v_mov_b32_e32 v2, 0x80000001; v_cmp_class_f32_e64 s[4:5], v2, 16; "
      "v_cndmask_b32_e64 v1, 8, 9, s[4:5]",
        9),
    F("v_mov_b32_e32 v2, 0x7f800001; v_cmp_class_f32_e64 s[4:5], v2, 1; "
      "v_cndmask_b32_e64 v1, 8, 9, s[4:5]",
        9),
    F("v_mov_b32_e32 v2, 0xfc00; v_cmp_class_f16_e64 s[4:5], v2, 4; v_cndmask_b32_e64 v1, 8, 9, "
      "s[4:5]",
        9),
    /* IEEE numbers */
    F("v_mov_b32_e32 v2, 1.0; v_add_f32_e32 v1, 0.5, v2", 0x3fc00000),
    F("v_mov_b32_e32 v2, 1.0; v_sub_f32_e32 v1, 0.5, v2", 0xbf000000),
    F("v_mov_b32_e32 v2, 1.0; v_mul_f32_e64 v1, -v2, |v2|", 0xbf800000),
    F("v_mov_b32_e32 v2, 0x3f800001; v_mul_f32_e32 v1, v2, v2", 0x3f800002),
    F("v_mov_b32_e32 v2, 0x80000000; v_max_f32_e32 v1, 0, v2", 0),
    F("v_mov_b32_e32 v2, 0x7fc00000; v_max_f32_e32 v1, 1.0, v2", 0x3f800000),
    F("v_cvt_f32_i32_e32 v1, v0", 0x40a00000),
    F("v_mov_b32_e32 v2, 0x1000001; v_cvt_f32_i32_e32 v1, v2", 0x4b800000),
    F("v_mov_b32_e32 v2, 0x04030201; v_cvt_f32_ubyte2_e32 v1, v2", 0x40400000),
    F("v_mov_b32_e32 v2, 1; v_cvt_f32_f16_e32 v1, v2", 0x33800000),
    F("v_mov_b32_e32 v2, 0x477fefff; v_cvt_f16_f32_e32 v1, v2", 0x7bff),
    F("v_mov_b32_e32 v2, 0x477ff000; v_cvt_f16_f32_e32 v1, v2", 0x7c00),
    F("v_mov_b32_e32 v2, 0; v_mov_b32_e32 v3, 0x3ff00000; v_cvt_f32_f64_e32 v1, v[2:3]",
        0x3f800000),
    F("v_mov_b32_e32 v2, 1.0; v_ldexp_f32 v1, v2, -3", 0x3e000000),
    /* subnormals, by the mode */
    F("v_mov_b32_e32 v2, 1; v_add_f32_e32 v1, v2, v2", 2),
    {"v_mov_b32_e32 v2, 1; v_add_f32_e32 v1, v2, v2", 0, KEEP_NONE, "gfx900"},
    {"v_mov_b32_e32 v2, 0x80800001; v_mul_f32_e32 v1, 0.5, v2", 0x80000000, KEEP_NONE, "gfx900"},
    {"v_mov_b32_e32 v2, 1; v_mov_b32_e32 v1, v2", 1, KEEP_NONE, "gfx900"},
    {"v_mov_b32_e32 v2, 1; v_cvt_f32_f16_e32 v1, v2", 0, KEEP_NONE, "gfx900"},
    {"v_mov_b32_e32 v2, 1; v_cvt_f32_f16_e32 v1, v2", 0x33800000, KEEP_REST, "gfx900"},
    /* parts of registers */
    F("v_mov_b32_e32 v2, 0x80ff1234; v_add_u32_sdwa v1, v2, v0 dst_sel:DWORD "
      "dst_unused:UNUSED_PAD src0_sel:BYTE_1 src1_sel:DWORD",
        0x17),
    F("v_mov_b32_e32 v2, 0x80ff1234; v_cvt_f32_i32_sdwa v1, sext(v2) dst_sel:DWORD "
      "dst_unused:UNUSED_PAD src0_sel:BYTE_2",
        0xbf800000),
    F("v_mov_b32_e32 v2, 1.0; v_cvt_f16_f32_sdwa v1, v2 dst_sel:WORD_1 dst_unused:UNUSED_PAD "
      "src0_sel:DWORD",
        0x3c000000),
    F("v_mov_b32_e32 v1, 0x11223344; v_mov_b32_sdwa v1, v0 dst_sel:BYTE_2 "
      "dst_unused:UNUSED_PRESERVE src0_sel:DWORD",
        0x11053344),
    F("v_mov_b32_e32 v2, 0xff; v_mov_b32_sdwa v1, v2 dst_sel:BYTE_1 dst_unused:UNUSED_SEXT "
      "src0_sel:DWORD",
        0xffffff00),
    F("v_mov_b32_e32 v2, 0x80404; v_pk_lshrrev_b16 v1, 2, v2 op_sel_hi:[0,1]", 0x20101),
    {"v_mov_b32_e32 v2, 1.0; v_mov_b32_e32 v3, 2.0; v_pk_mul_f32 v[4:5], v[2:3], v[2:3] "
     "op_sel:[0,1] op_sel_hi:[1,0] neg_hi:[1,0]; v_sub_f32_e32 v1, v4, v5",
        0x40800000, KEEP_ALL, "gfx90a"},
    {"v_mov_b32_e32 v2, 1.0; v_mov_b32_e32 v3, 2.0; v_pk_mov_b32 v[4:5], v[2:3], v[2:3] "
     "op_sel:[1,0]; v_sub_f32_e32 v1, v4, v5",
        0x3f800000, KEEP_ALL, "gfx90a"},
    /* what differs between generations */
    F("v_mov_b32_e32 v1, -1; v_lshlrev_b16_e32 v1, 1, v0", 10),
    {"v_mov_b32_e32 v1, -1; v_lshlrev_b16 v1, 1, v0", 0xffff000a, KEEP_ALL, "gfx1030"},
    {"v_mov_b32_e32 v1, 1; s_mov_b32 s5, exec_lo; v_cmpx_eq_u32_e32 5, v0; v_mov_b32_e32 v1, 2; "
     "s_mov_b32 exec_lo, s5",
        2, KEEP_ALL, "gfx1100"},
    {"v_dual_mov_b32 v2, 3 :: v_dual_mov_b32 v3, 4; "
     "v_dual_mov_b32 v2, v3 :: v_dual_mov_b32 v3, v2; v_lshl_add_u32 v1, v2, 4, v3",
        0x43, KEEP_ALL, "gfx1100"},
    {"v_cmp_eq_u32_e32 vcc_lo, 5, v0; v_dual_cndmask_b32 v1, v0, v63 :: v_dual_mov_b32 v2, 4", 20,
        KEEP_ALL, "gfx1100"},
    {"v_mov_b32_e32 v2, -1; v_add_co_u32 v3, s4, v2, 2; v_add_co_ci_u32_e64 v1, null, 7, v0, s4",
        13, KEEP_ALL, "gfx1100"},
    {"v_mov_b32_e32 v1, ttmp9", 0, KEEP_ALL, "gfx1201"},
    {"s_mov_b32 s4, -1; s_mov_b32 s5, 1; s_mul_u64 s[6:7], s[4:5], s[4:5]; v_mov_b32_e32 v1, s7",
        0xfffffffc, KEEP_ALL, "gfx1201"},
    /* atomic operations */
    F("v_mov_b32_e32 v2, -3; global_store_dword v63, v2, s[2:3]; global_atomic_add v63, v0, "
      "s[2:3]; "
      "global_load_dword v1, v63, s[2:3]; s_waitcnt vmcnt(0)",
        2),
    F(HALF_OF_LANES "v_mov_b32_e32 v2, -1; v_mov_b32_e32 v3, 1; "
                    "global_store_dwordx2 v62, v[2:3], s[2:3]; "
                    "global_atomic_add_x2 v62, v[2:3], s[2:3]; " LOAD_HIGH_OF_TWO,
        3),
    F(HALF_OF_LANES "v_mov_b32_e32 v2, 7; v_mov_b32_e32 v3, 1; v_mov_b32_e32 v4, 0; "
                    "v_bfrev_b32_e32 v5, 1; global_store_dwordx2 v62, v[2:3], s[2:3]; "
                    "global_atomic_umax_x2 v62, v[4:5], s[2:3]; " LOAD_HIGH_OF_TWO,
        0x80000000),
    F(HALF_OF_LANES "v_mov_b32_e32 v2, 7; v_mov_b32_e32 v3, 1; v_mov_b32_e32 v4, 8; "
                    "v_mov_b32_e32 v5, 0; global_store_dwordx2 v62, v[2:3], s[2:3]; "
                    "global_atomic_umax_x2 v62, v[4:5], s[2:3]; " LOAD_HIGH_OF_TWO,
        1),
    /* scalar ones, and branches */
    F("s_mov_b32 s4, 0x7fffffff; s_add_i32 s4, s4, 1; s_cselect_b32 s4, s4, 8; "
      "v_mov_b32_e32 v1, s4",
        0x80000000),
    F("s_mov_b32 s4, -1; s_add_i32 s4, s4, 2; s_cselect_b32 s4, 7, s4; v_mov_b32_e32 v1, s4", 1),
    F("s_mov_b32 s4, 3; s_sub_i32 s4, s4, 5; s_cselect_b32 s4, 7, s4; v_mov_b32_e32 v1, s4",
        0xfffffffe),
    F("s_brev_b32 s4, 1; s_sub_i32 s4, s4, 1; s_cselect_b32 s4, 7, s4; v_mov_b32_e32 v1, s4", 7),
    F("s_mov_b32 s4, -1; s_add_u32 s4, s4, 1; s_addc_u32 s5, 0, 0; v_mov_b32_e32 v1, s5", 1),
    F("s_movk_i32 s4, 0x8000; v_mov_b32_e32 v1, s4", 0xffff8000),
    F("s_brev_b32 s4, 1; v_mov_b32_e32 v1, s4", 0x80000000),
    F("s_cmp_lg_u64 s[2:3], 0; s_cselect_b32 s4, 3, 4; v_mov_b32_e32 v1, s4", 3),
    F("v_mov_b32_e32 v1, 1; s_branch 1; v_mov_b32_e32 v1, 2; s_nop 0", 1),
    F("s_mov_b32 s4, 3; v_mov_b32_e32 v1, 0; v_add_u32_e32 v1, 1, v1; s_sub_u32 s4, s4, 1; "
      "s_cmp_lg_u32 s4, 0; s_cbranch_scc1 65532",
        3),
    F("v_mov_b32_e32 v1, 1; s_mov_b64 vcc, 0; s_cbranch_vccz 1; v_mov_b32_e32 v1, 2; s_nop 0", 1),
#undef F
};

static void results_are_as_documented(void **state)
{
    static struct program p;
    (void)state;
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        char text[2048];
        struct dq_error e;
        uint32_t out[N_THREADS];
        snprintf(text, sizeof text, "%s%s%s", before, results[i].text, after);
        assemble(&p, results[i].target, results[i].mode, text);
        if (run(&p, out, &e) != 0)
            fail_msg("%s: %s", results[i].text, e.text);
        if (out[5] != results[i].want)
            fail_msg("%s: 0x%08" PRIx32 ", expected 0x%08" PRIx32, results[i].text, out[5],
                results[i].want);
    }
}

static const struct {
    const char *text;
    const char *want; /* in the text of the error */
} faults[] = {
    {"v_fma_f32 v1, v0, v0, v0", "test+0xc: v_fma_f32 v1, v0, v0, v0: unknown instruction"},
    {"v_mov_b32_e32 v1, v0 row_shr:1", "unknown modifier row_shr:1"},
    {"v_mov_b32_e32 v1, flat_scratch_lo", "unknown operand flat_scratch_lo"},
    {"v_mov_b32_e32 v1", "1 operands instead of 2"},
    {"v_lshlrev_b64 v1, 1, v[2:3]", "does not suit"},
    {"v_lshlrev_b64 v[2:3], 1, v1", "does not suit"},
    {"v_mov_b32_e32 v64, 1", "v64 of only 64 registers"},
    {"v_mov_b32_e32 v1, v7", "what lane 0 stores depends on a register that was never written"},
    {"v_mov_b32_e32 v1, s7", "what lane 0 stores depends on"},
    {"v_mov_b32_e32 v63, v7", "the address of lane 0 depends on"},
    {"v_mov_b32_e32 v1, 0; s_mov_b32 exec_lo, s7", "what is run next depends on"},
    {"v_mov_b32_e32 v1, 0; s_cmp_lg_u32 s7, 0x5a5a5a5a; s_cbranch_scc0 0xffff",
        "what is run next depends on"},
    {"global_load_dword v1, v63, s[2:3]", "which was never written"},
    {"global_store_dword v63, v0, s[2:3]; global_load_dword v1, v63, s[2:3]; s_nop 0",
        "v1 is used before its load was waited for"},
    {"global_store_dword v63, v0, s[2:3]; global_load_dword v1, v63, s[2:3]; "
     "global_load_dword v2, v63, s[2:3]; s_waitcnt vmcnt(2)",
        "v1 is used before its load was waited for"},
    {"s_load_dwordx2 s[4:5], s[0:1], 0x0; v_mov_b32_e32 v1, s5",
        "scalar register 5 is used before its load was waited for"},
    {"s_load_dwordx2 s[4:5], s[0:1], 0x0; s_load_dword s6, s[0:1], 0x0; s_waitcnt lgkmcnt(1); "
     "v_mov_b32_e32 v1, s4",
        "scalar register 4 is used before its load was waited for"},
    {"s_load_dwordx2 s[4:5], s[0:1], 0x2; s_nop 0", "no multiple of 4"},
    {"s_load_dwordx2 s[4:5], s[0:1], 0x4; s_nop 0",
        "of which 4 are behind the end of the kernel arguments"},
    {"global_store_dword v63, v0, s[0:1]; s_nop 0", "the kernel arguments, which is constant"},
    {"global_store_dword v63, v0, s[2:3] offset:4", "0 bytes behind the end of out"},
    {"global_store_dword v63, v0, s[2:3] offset:-4", "4 bytes before out"},
    {"global_store_dword v63, v0, off", "do not suit"},
    {"global_atomic_add v63, v0, s[2:3]", "which was never written"},
    {"global_store_dword v63, v0, s[2:3]; global_atomic_add v63, v7, s[2:3]",
        "what lane 0 stores depends on"},
    {"global_store_dword v63, v0, s[2:3]; v_add_u32_e32 v62, 2, v63; "
     "global_atomic_add v62, v0, s[2:3]",
        "its address is no multiple of 4"},
    {"global_store_dword v63, v0, s[2:3]; v_mov_b32_e32 v1, v0; "
     "global_atomic_add_x2 v63, v[0:1], s[2:3]",
        "its address is no multiple of 8"},
    {"global_atomic_add v1, v63, v0, s[2:3] glc", "do not suit"},
    {"s_branch 0xffff", "does not come to an end"},
    {"s_branch 0x7fff", "where no instruction begins"},
    {"s_waitcnt 0", "waits for what is not named"},
};

static void faults_are_named(void **state)
{
    static struct program p;
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char text[2048];
        struct dq_error e = {""};
        uint32_t out[N_THREADS];
        snprintf(text, sizeof text, "%s%s%s", before, faults[i].text, after);
        assemble(&p, "gfx900", KEEP_ALL, text);
        if (run(&p, out, &e) == 0)
            fail_msg("%s: is let pass", faults[i].text);
        if (!strstr(e.text, faults[i].want))
            fail_msg("%s: \"%s\", expected \"%s\"", faults[i].text, e.text, faults[i].want);
    }
}

/* Reading poison is allowed if the result does not depend on it, even where one half does. */
static void poison_may_be_read(void **state)
{
    static struct program p;
    uint32_t out[N_THREADS];
    char text[2048];
    struct dq_error e;
    (void)state;
    snprintf(text, sizeof text, "%s%s%s", before,
        "v_mad_u64_u32 v[6:7], s[4:5], v0, 3, v[6:7]; v_mov_b32_e32 v6, v0; "
        "v_mad_u64_u32 v[6:7], s[4:5], v0, 3, v[6:7]; v_mov_b32_e32 v1, v6",
        after);
    assemble(&p, "gfx90a", KEEP_ALL, text);
    if (run(&p, out, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(out[7], 28);
}

static void launches_are_checked(void **state)
{
    static struct program p;
    struct amd_memory m = {0};
    struct amd_counts counts = {0};
    struct dq_error e;
    uint64_t d_out;
    (void)state;
    assert_int_equal(amd_memory_add(&m, 4, "out", &d_out, &e), 0);
    const void *args[] = {&d_out};
    struct amd_launch l = {.kernel = &p.kernel, .n_groups = 1, .group_size = 1, .args = args};
    assemble(&p, "gfx900", KEEP_ALL, "s_endpgm");
    assert_int_equal(amd_launch(&m, &p.code, &l, &counts, &e), 0);
    assert_int_equal(counts.waves, 1);
    assert_int_equal(counts.insns, 1);
    l.n_groups = 0;
    assert_int_equal(amd_launch(&m, &p.code, &l, &counts, &e), DQ_ERR_USAGE);
    l.n_groups = 1u << 26;
    l.group_size = 64;
    assert_int_equal(amd_launch(&m, &p.code, &l, &counts, &e), DQ_ERR_USAGE);
    l.n_groups = 1;
    p.kernel.max_group_size = 32;
    assert_int_equal(amd_launch(&m, &p.code, &l, &counts, &e), DQ_ERR_USAGE);
    p.kernel.max_group_size = 0;
    p.kernel.scratch_len = 4;
    assert_int_equal(amd_launch(&m, &p.code, &l, &counts, &e), DQ_ERR_MALFORMED);
    p.kernel.scratch_len = 0;
    p.kernel.rsrc1 |= 1 << 12; /* rounds upwards */
    assert_int_equal(amd_launch(&m, &p.code, &l, &counts, &e), DQ_ERR_MALFORMED);
    assert_int_equal(m.n_regions, 1); /* nothing of a launch is left */
    amd_memory_finish(&m);
}

/* All patterns, and the numbers half-way between two. half.h is the program's own, done otherwise.
 */
static void halves_are_right(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        const float f = dq_f16_to_f32((uint16_t)bits);
        const double value = amd_f16_value((uint16_t)bits);
        if (f != f) {
            assert_true(value != value);
            continue;
        }
        assert_true((double)f == value && !signbit(f) == !signbit(value));
        assert_int_equal(amd_f16_of(value), bits);
        if ((bits & 0x7fff) >= 0x7c00)
            continue;
        const double next = (bits & 0x7fff) == 0x7bff ? copysign(65536, value)
                                                      : amd_f16_value((uint16_t)(bits + 1));
        const double middle = (value + next) / 2;
        assert_int_equal(amd_f16_of(middle), bits + (bits & 1));
        assert_int_equal(amd_f16_of(nextafter(middle, 0)), bits);
        assert_int_equal(amd_f16_of(nextafter(middle, next)), bits + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_as_documented),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(poison_may_be_read),
        cmocka_unit_test(launches_are_checked),
        cmocka_unit_test(halves_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
