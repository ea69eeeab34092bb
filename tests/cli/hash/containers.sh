#!/bin/sh
# The same weights have the same digests, split or not, in either byte order, in any order of the
# tensors, and after they were written as another GGUF file.
cp "$DATA"/gguf/good/split-0000?-of-00003.gguf "$DATA"/gguf/good/big_endian*.gguf "$DATA/sample.gguf" .
gguf-dq hash split-00003-of-00003.gguf >split.b3
gguf-dq extract -q -d native -o whole.gguf split-00001-of-00003.gguf
gguf-dq hash whole.gguf | diff split.b3 -
gguf-dq hash big_endian.gguf >big
gguf-dq hash big_endian_twin_le.gguf | diff big -
gguf-dq extract -q -d f32 -o f32.gguf sample.gguf
gguf-dq hash sample.gguf >stored
gguf-dq hash f32.gguf | diff stored -
wc -l split.b3 big stored
