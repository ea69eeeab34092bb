#!/usr/bin/env python3
"""Make the files of data/gguf/bad that are named after incidents in other readers of GGUF.

Usage: make_incidents.py FOLDER
       make_incidents.py --check FOLDER     compare, write nothing; exit 1 if a file differs

data/gguf/README.md describes the incidents.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'lib'))
from gguf_writer import STRING, TYPES, key_value, pad, string  # noqa: E402

F64 = 12
LLAMA = ('general.architecture', 'str', 'llama')
TEMPLATE = ("{{ ''.__class__.__mro__[1].__subclasses__() }}"
            "{% import os %}{{ os.system('touch pwned') }}\x1b]0;pwned\x07")


def info(name, type_name, dims, offset):
    return string(name) + struct.pack(f'<I{len(dims)}QIQ', len(dims), *dims, TYPES[type_name][0],
                                      offset)


def array_head(key, element, count):
    """An array without its elements."""
    return string(key) + struct.pack('<IIQ', 9, element, count)


def model(pairs=(), infos=(), data=b'', n_pairs=None, n_tensors=None):
    """A file of these pairs and tensor infos; the stated counts may differ."""
    pairs = [p if isinstance(p, bytes) else key_value(*p) for p in pairs]
    n_pairs = len(pairs) if n_pairs is None else n_pairs
    n_tensors = len(infos) if n_tensors is None else n_tensors
    head = b'GGUF' + struct.pack('<IQQ', 3, n_tensors, n_pairs) + b''.join(pairs) + b''.join(infos)
    return head + (pad(len(head)) + data if data else b'')


def big_tensors(size, count):
    """Tensors of these sizes one after another, and a small one where the sum wraps around."""
    offsets = [size * i % (1 << 64) for i in range(count + 1)]
    infos = [info(f't{i}', 'i8', [size], offset) for i, offset in enumerate(offsets[:-1])]
    return infos + [info('small', 'f32', [8], offsets[-1])]


FILES = {
    'cve_2024_8063_block_count_is_text': model([LLAMA, ('llama.block_count', 'str', '0'),
                                                ('llama.attention.head_count', 'u32', 0)]),
    'cve_2024_34359_template_runs_code': model([LLAMA, ('tokenizer.chat_template', 'str', TEMPLATE)]),
    'cve_2025_53630_sum_of_sizes_wraps': model([], big_tensors(1 << 59, 32), bytes(64)),
    'cve_2026_27940_sum_with_overhead_wraps': model(
        [], [info(f't{i}', 'i8', [(1 << 63) - 64], i * ((1 << 63) - 64)) for i in range(2)],
        bytes(64)),
    'ghsa_96jg_alignment_and_offset_wrap': model(
        [('general.alignment', 'u32', 1 << 31)],
        [info('t', 'f32', [8], (1 << 64) - (1 << 31))], bytes(64)),
    'ghsa_3p75_dimension_0_of_73_bytes': model([], [info('t', 'f32', [0, 1 << 62, 1], 0)]),
    'llama_cpp_24759_padding_wraps_to_0': model(
        [], [info('t', 'f32', [4, (1 << 30) - 1, (1 << 30) + 1], 0), info('u', 'f32', [8], 0)],
        bytes(64)),
    'llama_cpp_15711_n_tensors_under_limit': model(n_tensors=(1 << 64) // 376, data=bytes(64)),
    'llama_cpp_25378_n_dims_million': model(
        [], [string('t') + struct.pack('<I', 1000000) + struct.pack('<4Q', 8, 1, 1, 1)], bytes(64)),
    'llama_cpp_25378_dims_product_wraps_to_4': model(
        [], [info('t', 'f32', [4194305, 4194305, 211106198978564], 0)], bytes(64)),
    'llama_cpp_25378_array_of_5000000_f64': model([array_head('a', F64, 5000000)], data=bytes(64)),
    'llama_cpp_25821_blocks_and_bad_token': model(
        [LLAMA, ('llama.block_count', 'u32', 100000), ('tokenizer.ggml.tokens', '[str]', ['<0x-1>'])]),
    'llama_cpp_26690_scores_are_u8': model(
        [LLAMA, ('tokenizer.ggml.tokens', '[str]', ['a', 'b', 'c']),
         ('tokenizer.ggml.scores', '[u8]', [1, 2, 3])]),
    'ollama_17042_alignment_1GiB': model(
        [('general.alignment', 'u32', 1 << 30)], [info('t', 'f32', [8], 0)], bytes(64)),
    'openvino_4002_row_of_part_of_a_block': model(
        [], [info('q4_k', 'q4_k', [288, 2], 0), info('q6_k', 'q6_k', [272, 2], 512)], bytes(1024)),
    'mlx_4244_count_past_2pow32': model([], [info('t', 'i8', [65536, 65537], 0)], bytes(64)),
    'gguf_tools_25_n_dims_9': model([], [info('t', 'f32', [8] + [1] * 8, 0)], bytes(64)),
    'gguf_parser_go_20_string_in_array_2pow63': model(
        [array_head('a', STRING, 2) + string('x') + struct.pack('<Q', 1 << 63)], data=bytes(64)),
}


def main():
    check = '--check' in sys.argv[1:]
    folders = [word for word in sys.argv[1:] if word != '--check']
    if len(folders) != 1:
        sys.exit(__doc__)
    differ = []
    for name, content in FILES.items():
        path = os.path.join(folders[0], name + '.gguf')
        if not check:
            with open(path, 'wb') as f:
                f.write(content)
            continue
        with open(path, 'rb') as f:
            if f.read() != content:
                differ.append(name)
    sys.exit(f'not as made: {", ".join(differ)}' if differ else 0)


if __name__ == '__main__':
    main()
