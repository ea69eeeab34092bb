#!/usr/bin/env python3
"""Make the sample model: a small mixture-of-experts llama in many tensor types, always the same.

Usage: make_sample.py FILE
       make_sample.py --check FILE        compare, write nothing; exit 1 if FILE differs
       make_sample.py --split N PREFIX    the same model as PREFIX-00001-of-0000N.gguf and so on
"""
import argparse
import math
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'lib'))
import gguf_writer  # noqa: E402

SEED = 20260821
SIGMA = 0.02
VOCAB, EMBED, HEADS, EXPERTS, EXPERT_FF = 256, 256, 8, 4, 32
HEAD_SIZE = EMBED // HEADS

IQ4_VALUES = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
FP4_VALUES = (0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)

CHAT_TEMPLATE = """{{ bos_token }}
{%- for message in messages %}
<|{{ message['role'] }}|>
\t{{ message['content'] | trim }}
{%- endfor %}
{%- if add_generation_prompt %}
<|assistant|>
{%- endif %}
"""


def half(x):
    return struct.pack('<e', x)


def gaussian(rng, sigma=SIGMA):
    """Nearly normal: the sum of four random bytes. Exact, so the same on every machine."""
    return (sum(rng.randbytes(4)) - 510) / 147.8 * sigma


def nibbles(codes):
    return bytes(low | high << 4 for low, high in zip(codes[:16], codes[16:]))


def nearest(values, x):
    return min(range(16), key=lambda i: abs(values[i] - x))


# Blocks of types that are simple to quantize: 32 weights in, one block out.

def quantize_q4_0(x):
    d = max(x, key=abs) / -8
    return half(d) + nibbles([min(15, int(v / d + 8.5)) for v in x])


def quantize_q8_0(x):
    d = max(map(abs, x)) / 127
    return half(d) + struct.pack('<32b', *(round(v / d) for v in x))


def quantize_iq4_nl(x):
    d = max(map(abs, x)) / 127
    return half(d) + nibbles([nearest(IQ4_VALUES, v / d) for v in x])


def quantize_mxfp4(x):
    exponent = math.frexp(max(map(abs, x)))[1] - 3
    d = 2.0 ** (exponent - 1)
    return bytes([exponent + 127]) + nibbles([nearest(FP4_VALUES, v / d) for v in x])


QUANTIZE = {'q4_0': quantize_q4_0, 'q8_0': quantize_q8_0, 'iq4_nl': quantize_iq4_nl,
            'mxfp4': quantize_mxfp4}


# Blocks of the other types: random codes and sub-scales. A min, if any, is the sub-scale times the
# middle code, which centres the weights on zero.

def equal_nibbles(rng, n, lowest):
    return bytes(17 * rng.randrange(lowest, 16) for _ in range(n))


def equal_k_scales(rng):
    """Eight 6-bit sub-scales and as many equal mins, packed as in Q4_K."""
    s = [rng.randrange(24, 64) for _ in range(8)]
    low = bytes(s[k] | s[k + 4] >> 4 << 6 for k in range(4))
    return low + low + bytes(17 * (s[k + 4] & 15) for k in range(4))


def large_i8(rng, n):
    return bytes(rng.choice((1, -1)) * rng.randrange(64, 128) & 255 for _ in range(n))


# type: size of a weight for d = 1, and the block
RANDOM_BLOCKS = {
    'q2_k': (13, lambda r, d: equal_nibbles(r, 16, 8) + r.randbytes(64) + half(d) + half(1.5 * d)),
    'q3_k': (43, lambda r, d: r.randbytes(108) + half(d)),
    'q4_k': (207, lambda r, d: half(d) + half(7.5 * d) + equal_k_scales(r) + r.randbytes(128)),
    'q5_k': (414, lambda r, d: half(d) + half(15.5 * d) + equal_k_scales(r) + r.randbytes(160)),
    'q6_k': (1800, lambda r, d: r.randbytes(192) + large_i8(r, 16) + half(d)),
    'iq2_xs': (50, lambda r, d: half(d) + r.randbytes(72)),
    'iq3_s': (160, lambda r, d: half(d) + r.randbytes(108)),
    'iq4_xs': (1330, lambda r, d: half(d) + r.randbytes(134)),
}


def random_blocks(rng, type_name, count):
    size, block = RANDOM_BLOCKS[type_name]
    return b''.join(block(rng, SIGMA / size * rng.uniform(0.8, 1.2)) for _ in range(count))


def numbers(type_name, values):
    if type_name == 'bf16':
        words = (struct.unpack('<I', struct.pack('<f', v))[0] for v in values)
        return b''.join(struct.pack('<H', w + 0x7fff + (w >> 16 & 1) >> 16) for w in words)
    fmt = {'f32': 'f', 'f16': 'e', 'i32': 'i'}[type_name]
    return struct.pack(f'<{len(values)}{fmt}', *values)


def weights(rng, type_name, dims):
    count = math.prod(dims)
    if type_name in RANDOM_BLOCKS:
        return random_blocks(rng, type_name, count // 256)
    values = [gaussian(rng) for _ in range(count)]
    if type_name in QUANTIZE:
        return b''.join(QUANTIZE[type_name](values[i:i + 32]) for i in range(0, count, 32))
    return numbers(type_name, values)


def norm(rng, type_name, dims):
    return numbers(type_name, [1 + gaussian(rng) for _ in range(dims[0])])


def rope_freqs(_, type_name, dims):
    return numbers(type_name, [float(1 << min(i // 4, 3)) for i in range(dims[0])])


def positions(_, type_name, dims):
    return numbers(type_name, list(range(dims[0])))


def layer(n, output, gate, up, down):
    """One block of the model, given the types of the tensors that differ from block to block."""
    rows = [
        ('attn_norm.weight', 'f32', [EMBED], norm),
        ('attn_q.weight', 'q4_k', [EMBED, EMBED], weights),
        ('attn_k.weight', 'q5_k', [EMBED, HEAD_SIZE], weights),
        ('attn_v.weight', 'q6_k', [EMBED, HEAD_SIZE], weights),
        ('attn_output.weight', output, [EMBED, EMBED], weights),
        ('ffn_norm.weight', 'f32', [EMBED], norm),
        ('ffn_gate_inp.weight', 'f16', [EMBED, EXPERTS], weights),
        ('ffn_gate_exps.weight', gate, [EMBED, EXPERT_FF, EXPERTS], weights),
        ('ffn_up_exps.weight', up, [EMBED, EXPERT_FF, EXPERTS], weights),
        ('ffn_down_exps.weight', down, [EXPERT_FF, EMBED, EXPERTS], weights),
    ]
    return [(f'blk.{n}.{name}', *rest) for name, *rest in rows]


TENSORS = [
    ('token_embd.weight', 'q6_k', [EMBED, VOCAB], weights),
    ('rope_freqs.weight', 'f32', [HEAD_SIZE // 2], rope_freqs),
    *layer(0, 'iq4_xs', 'q2_k', 'q3_k', 'mxfp4'),
    ('blk.0.attn_q.bias', 'f32', [EMBED], weights),
    *layer(1, 'q4_0', 'iq2_xs', 'iq3_s', 'iq4_nl'),
    ('output_norm.weight', 'f32', [EMBED], norm),
    ('output.weight', 'q8_0', [EMBED, VOCAB], weights),
    ('output.bias', 'bf16', [VOCAB], weights),
    ('position_ids', 'i32', [64], positions),
]


def vocabulary():
    """Tokens, scores and token types: special, byte, unusual and invented ones."""
    special = ['<unk>', '<s>', '</s>', '<|user|>', '<|assistant|>']
    as_bytes = [f'<0x{i:02X}>' for i in range(32)]
    odd = ['\n', '\t', '\r\n', ' \n\t', '▁', '▁▁▁▁', '▁the', '▁of', "'s", '"', '\\', '\\n',
           '▁Straße', '▁Größe', 'é', 'e\u0301', '日本', '語', '🙂', '\u200b', '\u202e', '\x1b[31m',
           '\x7f', '\0']
    made_up = ['▁' + a + b + c for a in 'bdfgklmnprst' for b in 'aeiou' for c in 'nrst']
    tokens = (special + as_bytes + odd + made_up)[:VOCAB]
    types = [2] + [3] * (len(special) - 1) + [6] * len(as_bytes)
    types += [1] * (VOCAB - len(types))
    return tokens, [0.0 if t != 1 else -float(i) for i, t in enumerate(types)], types


def metadata():
    tokens, scores, types = vocabulary()
    return [
        ('general.architecture', 'str', 'llama'),
        ('general.name', 'str', 'Sample of tensor types'),
        ('general.tags', '[str]', ['test', 'tiny']),
        ('general.file_type', 'u32', 15),
        ('general.quantization_version', 'u32', 2),
        ('general.parameter_count', 'u64', sum(math.prod(dims) for _, _, dims, _ in TENSORS)),
        ('llama.block_count', 'u32', 2),
        ('llama.context_length', 'u32', 64),
        ('llama.vocab_size', 'u32', VOCAB),
        ('llama.embedding_length', 'u32', EMBED),
        ('llama.feed_forward_length', 'u32', 512),
        ('llama.expert_feed_forward_length', 'u32', EXPERT_FF),
        ('llama.expert_count', 'u32', EXPERTS),
        ('llama.expert_used_count', 'u32', 2),
        ('llama.attention.head_count', 'u32', HEADS),
        ('llama.attention.head_count_kv', '[u32]', [1, 1]),
        ('llama.attention.causal', 'bool', True),
        ('llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5),
        ('llama.rope.dimension_count', 'u32', HEAD_SIZE),
        ('llama.rope.freq_base', 'f32', 10000.0),
        ('tokenizer.ggml.model', 'str', 'llama'),
        ('tokenizer.ggml.tokens', '[str]', tokens),
        ('tokenizer.ggml.scores', '[f32]', scores),
        ('tokenizer.ggml.token_type', '[i32]', types),
        ('tokenizer.ggml.merges', '[str]', ['▁ t', '▁t h', '▁th e']),
        ('tokenizer.ggml.bos_token_id', 'u32', 1),
        ('tokenizer.ggml.eos_token_id', 'u32', 2),
        ('tokenizer.ggml.add_bos_token', 'bool', True),
        ('tokenizer.ggml.add_eos_token', 'bool', False),
        ('tokenizer.chat_template', 'str', CHAT_TEMPLATE),
    ]


def tensors():
    """Each tensor has a random generator of its own, so that changing a row leaves the others unchanged."""
    return [(name, type_name, dims, make(random.Random(f'{SEED} {name}'), type_name, dims))
            for name, type_name, dims, make in TENSORS]


def split(count, prefix):
    made = tensors()
    for n in range(count):
        share = made[len(made) * n // count:len(made) * (n + 1) // count]
        keys = [('split.no', 'u16', n), ('split.count', 'u16', count),
                ('split.tensors.count', 'i32', len(made))]
        with open(f'{prefix}-{n + 1:05d}-of-{count:05d}.gguf', 'wb') as f:
            f.write(gguf_writer.model((metadata() if n == 0 else []) + keys, share))


def check(path):
    with open(path, 'rb') as f:
        if f.read() != gguf_writer.model(metadata(), tensors()):
            sys.exit(f'{path}: not what make_sample.py makes')


def main():
    parser = argparse.ArgumentParser(description='Make the sample model.')
    parser.add_argument('file', metavar='FILE|PREFIX')
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument('--check', action='store_true', help='compare FILE, exit 1 if it differs')
    mode.add_argument('--split', type=int, metavar='N', help='write a split set of N files')
    args = parser.parse_args()
    if args.check:
        check(args.file)
    elif args.split is not None:
        if not 1 <= args.split <= len(TENSORS):
            parser.error(f'--split takes 1 to {len(TENSORS)} files')
        split(args.split, args.file)
    else:
        with open(args.file, 'wb') as f:
            f.write(gguf_writer.model(metadata(), tensors()))


if __name__ == '__main__':
    main()
