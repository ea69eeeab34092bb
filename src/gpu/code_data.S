/* A file as data of the program: SYMBOL is its name, FILE where it is. */
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

    .section .rodata
    .balign 4096
    .globl SYMBOL
SYMBOL:
    .incbin TEXT(FILE)
    .byte 0
    .section .note.GNU-stack, "", %progbits
