/* Embeds the golden vectors: the blocks of each type, followed by their f32 weights, from the files in
 * the folder DQ_GOLDEN (data/golden/). */
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define VECTORS(folder, token)                                                                     \
    .balign 16;                                                                                    \
    .globl dq_golden_##token##_blocks, dq_golden_##token##_weights, dq_golden_##token##_end;       \
    dq_golden_##token##_blocks:                                                                    \
    .incbin TEXT(folder/token.blocks);                                                             \
    dq_golden_##token##_weights:                                                                   \
    .incbin TEXT(folder/token.f32);                                                                \
    dq_golden_##token##_end:

#define DQ_TYPE(token, columns) VECTORS(DQ_GOLDEN, token)

    .section .rodata
#include "type/types.def"
    .section .note.GNU-stack, "", %progbits
