/* GGUF models: includes all headers that other folders need.
 *
 * Source of the format: ggml's docs/gguf.md and the readers of ggml and gguf-py, snapshot d99724f2
 * of 2026-08-21. Versions 1, 2 and 3, little-endian, and big-endian version 3. */
#ifndef DQ_GGUF_H
#define DQ_GGUF_H

#include "gguf/kv.h"
#include "gguf/kv_write.h"
#include "gguf/lint.h"
#include "gguf/model.h"
#include "gguf/set_name.h"
#include "gguf/shard.h"
#include "gguf/split.h"
#include "gguf/tensor.h"

#endif
