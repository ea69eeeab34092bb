/* Embeds the style and the script of pages, each followed by a NUL. The assembler looks for them where the compiler looks
 * for headers. */
    .section .rodata
    .globl dq_page_style, dq_page_script
dq_page_style:
    .incbin "page.css"
    .byte 0
dq_page_script:
    .incbin "page.js"
    .byte 0
    .section .note.GNU-stack, "", %progbits
