/* Embeds FILE in the program as SYMBOL, followed by a 0 byte. */
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

    .section .rodata
    .balign 4096
    .globl SYMBOL
SYMBOL:
    .incbin TEXT(FILE)
    .byte 0
    .section .note.GNU-stack, "", %progbits
