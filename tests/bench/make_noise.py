#!/usr/bin/env python3
"""Make a model of random blocks for benchmarks; it is not kept.

Usage: make_noise.py FILE [TYPE:COLUMNSxROWS...]    without tensors: the shapes and types of
                                                    Gemma 3 270M, Q4_K_M
"""
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import gguf_writer  # noqa: E402

PERIOD = 1 << 20  # bytes after which the noise repeats


def gemma():
    """(name, type, dimensions), fastest dimension first."""
    yield 'token_embd.weight', 'q8_0', [640, 262144]
    yield 'output_norm.weight', 'f32', [640]
    for n in range(18):
        wide = 'q8_0' if n % 2 else 'q5_0'
        down = 'q6_k' if n % 2 else 'q4_k'
        for name, type_name, dims in (
                ('attn_norm', 'f32', [640]), ('attn_q_norm', 'f32', [256]),
                ('attn_k_norm', 'f32', [256]), ('post_attention_norm', 'f32', [640]),
                ('ffn_norm', 'f32', [640]), ('post_ffw_norm', 'f32', [640]),
                ('attn_q', 'q5_0', [640, 1024]), ('attn_k', 'q5_0', [640, 256]),
                ('attn_v', wide, [640, 256]), ('attn_output', 'q4_k', [1024, 640]),
                ('ffn_gate', 'q5_0', [640, 2048]), ('ffn_up', 'q5_0', [640, 2048]),
                ('ffn_down', down, [2048, 640])):
            yield f'blk.{n}.{name}.weight', type_name, dims


def noise(type_name):
    """Random blocks whose scales are normal floats, so that NaNs or subnormals do not slow a peer down."""
    rng = random.Random(type_name)
    if type_name == 'f32':
        return struct.pack(f'<{PERIOD // 4}f', *(rng.uniform(-1, 1) for _ in range(PERIOD // 4)))
    if type_name == 'f64':
        return struct.pack(f'<{PERIOD // 8}d', *(rng.uniform(-1, 1) for _ in range(PERIOD // 8)))
    size = gguf_writer.TYPES[type_name][2]
    return rng.randbytes(max(1, PERIOD // size) * size)


def write_model(path, tensors):
    made = {}
    with open(path, 'wb') as f:
        f.write(gguf_writer.head([('general.architecture', 'str', 'gemma3')], tensors))
        for _, type_name, dims in tensors:
            left = size = gguf_writer.tensor_bytes(type_name, dims)
            if type_name not in made:
                made[type_name] = noise(type_name)
            data = made[type_name]
            while left > 0:
                left -= f.write(data[:left])
            f.write(gguf_writer.pad(size))


def main():
    tensors = []
    for i, word in enumerate(sys.argv[2:]):
        type_name, _, shape = word.partition(':')
        tensors.append((f'noise.{i}.weight', type_name, [int(n) for n in shape.split('x')]))
    write_model(sys.argv[1], tensors or list(gemma()))


if __name__ == '__main__':
    main()
