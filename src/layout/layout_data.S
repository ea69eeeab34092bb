/* Embeds the table of rules, data/layout.json (DQ_LAYOUT). */
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

    .section .rodata
    .globl dq_layout_data, dq_layout_data_end
dq_layout_data:
    .incbin TEXT(DQ_LAYOUT)
dq_layout_data_end:
    .section .note.GNU-stack, "", %progbits
