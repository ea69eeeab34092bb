#include "type/codebooks.h"

#define DQ_TABLE_BEGIN(type, name, n) const type dq_##name[n] = {
/* clang-format off */
#define DQ_TABLE_END };
/* clang-format on */
#include "type/codebooks.def"
