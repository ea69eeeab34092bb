/* cmocka with the headers that must come before it, in an order that clang-format would spoil.
 * Tests include this and never cmocka.h. */
#ifndef DQ_TEST_H
#define DQ_TEST_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif
