/* Embeds the golden vectors: the blocks of each type, followed by their f32 weights, from the files in
 * data/golden/. The assembler looks for them where the compiler looks for headers. */
#define TEXT(x) #x
#define DQ_TYPE(token, columns)                                                                    \
    .balign 16;                                                                                    \
    .globl dq_golden_##token##_blocks, dq_golden_##token##_weights, dq_golden_##token##_end;       \
    dq_golden_##token##_blocks:                                                                    \
    .incbin TEXT(token.blocks);                                                                    \
    dq_golden_##token##_weights:                                                                   \
    .incbin TEXT(token.f32);                                                                       \
    dq_golden_##token##_end:

    .section .rodata
#include "type/types.def"
    .section .note.GNU-stack, "", %progbits
