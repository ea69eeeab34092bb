#!/bin/sh
# meson: valgrind
# Names and shapes that the metadata has for tensors are those that count; what does not fit is named.
"$PYTHON" - "$DATA" <<'EOF'
import sys
import gguf_writer
golden = open(f'{sys.argv[1]}/golden/q4_0.blocks', 'rb').read()[:18 * 27]
def write(name, metadata, tensors):
    with open(name, 'wb') as f:
        f.write(gguf_writer.model([('general.architecture', 'str', 'x'), *metadata], tensors))
def shape(name, dims, kind='[i32]'):
    return (f'comfy.gguf.orig_shape.{name}', kind, dims)
def f32(name, dims):
    return (name, 'f32', dims, bytes(gguf_writer.tensor_bytes('f32', dims)))
write('comfy.gguf', [shape('conv.weight', [32, 3, 3, 3]), shape('flat', [2, 2], '[i64]')],
      [('conv.weight', 'q4_0', [32, 27], golden), f32('flat', [4]), f32('plain', [4, 2])])
write('unfit.gguf', [shape('a', [2, 3]), shape('b', [-1, -4]), shape('c', [1] * 9), shape('none', [1]),
                     shape('d', 4, 'i32'), shape('e', [], '[i32]'), shape('f', [1 << 62, 4], '[i64]')],
      [f32(name, [4]) for name in 'abcdef'])
def audio(names, ranks, shapes):
    return [('audiocpp.tensor_names', '[str]', names), ('audiocpp.tensor_ranks', '[i32]', ranks),
            ('audiocpp.tensor_shapes', '[i64]', shapes)]
two = [f32('_audiocpp.0', [1, 8, 4]), f32('bias', [4])]
long_name = 'encoder.layers.0.' + 'very.' * 12 + 'long'
write('audio.gguf', audio([long_name, 'bias'], [3, 1], [4, 8, 1, 4]), two)
write('audio_unfit.gguf', audio(['bias', '_audiocpp.0'], [3, 1], [4, 8]), two)
write('audio_short.gguf', audio(['bias'], [3], [4, 8, 1]), two)
EOF
gguf-dq list comfy.gguf
gguf-dq extract -q comfy.gguf -o comfy/
gguf-dq extract -q comfy.gguf -d native conv.weight flat -o native/
gguf-dq extract -q comfy.gguf 'conv.weight[3:30:7, ::-1, 1, 1:]' -o comfy/
gguf-dq extract comfy.gguf -d native 'conv.weight[0]' -o native/ || echo "exit $?"
gguf-dq verify -q --device cpu comfy.gguf | tail -n 1
"$PYTHON" - "$DATA" <<'EOF'
import sys
import numpy as np
whole = np.fromfile(f'{sys.argv[1]}/golden/q4_0.f32', 'f4')[:32 * 27].reshape(32, 3, 3, 3)
conv = np.load('comfy/conv.weight.npy')
part = np.load('comfy/conv.weight%5B3%3A30%3A7%2C%3A%3A-1%2C1%2C1%3A%5D.npy')
print(conv.shape, np.array_equal(conv, whole, equal_nan=True))
print(part.shape, np.array_equal(part, whole[3:30:7, ::-1, 1, 1:], equal_nan=True))
print(np.load('comfy/flat.npy').shape, np.load('comfy/plain.npy').shape, np.load('native/conv.weight.npy').shape)
EOF
for name in unfit audio audio_unfit audio_short; do
    gguf-dq list $name.gguf
    gguf-dq check $name.gguf
done
gguf-dq list --names audio.gguf _audiocpp.0
gguf-dq list --names audio.gguf 'encoder*'
gguf-dq extract -q audio.gguf -o audio/
ls audio
