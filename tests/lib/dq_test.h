/* Includes cmocka after the headers that it needs, in an order that clang-format would change. Tests
 * include this instead of cmocka.h. */
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
