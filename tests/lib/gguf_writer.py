"""Writes little-endian GGUF version 3 files, for the generators of test models."""
import struct

ALIGNMENT = 32

# name: ggml type id, weights of a block, bytes of a block
TYPES = {
    'f32': (0, 1, 4), 'f16': (1, 1, 2), 'bf16': (30, 1, 2), 'f64': (28, 1, 8),
    'i8': (24, 1, 1), 'i16': (25, 1, 2), 'i32': (26, 1, 4), 'i64': (27, 1, 8),
    'q1_0': (41, 128, 18), 'q2_0': (42, 64, 18), 'q4_0': (2, 32, 18), 'q4_1': (3, 32, 20),
    'q5_0': (6, 32, 22), 'q5_1': (7, 32, 24), 'q8_0': (8, 32, 34), 'q8_1': (9, 32, 36),
    'q2_k': (10, 256, 84), 'q3_k': (11, 256, 110), 'q4_k': (12, 256, 144),
    'q5_k': (13, 256, 176), 'q6_k': (14, 256, 210), 'q8_k': (15, 256, 292),
    'tq1_0': (34, 256, 54), 'tq2_0': (35, 256, 66), 'iq1_s': (19, 256, 50),
    'iq1_m': (29, 256, 56), 'iq2_xxs': (16, 256, 66), 'iq2_xs': (17, 256, 74),
    'iq2_s': (22, 256, 82), 'iq3_xxs': (18, 256, 98), 'iq3_s': (21, 256, 110),
    'iq4_nl': (20, 32, 18), 'iq4_xs': (23, 256, 136), 'mxfp4': (39, 32, 17),
    'nvfp4': (40, 64, 36), 'pq2_0': (142, 128, 34), 'ptq1_0': (143, 128, 28),
}

# value type id and struct format of the metadata types that are numbers
NUMBERS = {
    'u8': (0, 'B'), 'i8': (1, 'b'), 'u16': (2, 'H'), 'i16': (3, 'h'), 'u32': (4, 'I'),
    'i32': (5, 'i'), 'f32': (6, 'f'), 'bool': (7, '?'), 'u64': (10, 'Q'), 'i64': (11, 'q'),
    'f64': (12, 'd'),
}
STRING, ARRAY = 8, 9


def pad(n):
    """Zero bytes that pad length `n` to a multiple of the alignment."""
    return bytes(-n % ALIGNMENT)


def string(text):
    data = text.encode() if isinstance(text, str) else text
    return struct.pack('<Q', len(data)) + data


def elements(kind, values):
    if kind == 'str':
        return STRING, b''.join(map(string, values))
    if kind.startswith('['):
        return ARRAY, b''.join(array(kind[1:-1], v) for v in values)
    number, fmt = NUMBERS[kind]
    return number, struct.pack(f'<{len(values)}{fmt}', *values)


def array(kind, values):
    number, data = elements(kind, values)
    return struct.pack('<IQ', number, len(values)) + data


def key_value(key, kind, value):
    """One pair; `kind` is a name of NUMBERS, 'str', or a kind in brackets: '[str]', '[[u8]]'."""
    number, data = elements(kind, [value])
    return string(key) + struct.pack('<I', number) + data


def tensor_bytes(type_name, dims):
    _, weights, size = TYPES[type_name]
    if (dims or [1])[0] % weights != 0:
        raise ValueError(f'{dims[0]} weights a row are not whole blocks of {type_name}')
    count = 1
    for n in dims:
        count *= n
    return count // weights * size


def head(metadata, tensors):
    """Everything before the data section, padded. `metadata`: (key, kind, value);
    `tensors`: sequences that begin with name, type and dimensions, fastest first."""
    parts = [b'GGUF', struct.pack('<IQQ', 3, len(tensors), len(metadata))]
    parts += [key_value(*pair) for pair in metadata]
    offset = 0
    for name, type_name, dims, *_ in tensors:
        parts += [string(name), struct.pack(f'<I{len(dims)}Q', len(dims), *dims),
                  struct.pack('<IQ', TYPES[type_name][0], offset)]
        size = tensor_bytes(type_name, dims)
        offset += size + len(pad(size))
    data = b''.join(parts)
    return data + pad(len(data))


def model(metadata, tensors):
    """A whole file; each tensor is (name, type, dimensions, bytes)."""
    parts = [head(metadata, tensors)]
    for name, type_name, dims, data in tensors:
        if len(data) != tensor_bytes(type_name, dims):
            raise ValueError(f'{name}: {len(data)} bytes do not fit its shape')
        parts += [data, pad(len(data))]
    return b''.join(parts)
