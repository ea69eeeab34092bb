#!/usr/bin/env python3
"""Compare the containers that gguf-dq writes with what their own libraries write of the same arrays.

Usage: compare_containers.py GGUF-DQ MODEL...

Needs PyPI's numpy, safetensors, ml_dtypes, huggingface_hub and gguf. Of each model:

- .npz, in a file and in a pipe, against numpy.savez: every byte
- .safetensors, as stored in memory by f32, f16 and bf16, against save_file: every byte; the same in
  shards, which huggingface_hub distributes, with the index that transformers would write
- GGUF as f32, f16, bf16, native, and native in a split set: read back by gguf-py, with its metadata and
  types, and with values that are those of the model
"""
import io
import json
import os
import subprocess
import sys
import tempfile

import gguf
import ml_dtypes
import numpy
from huggingface_hub import split_state_dict_into_shards_factory
from safetensors.numpy import save_file

MAX_SHARD = 60_000
F32_NAMES = ('ffn_gate_inp', 'ssm_conv1d', 'shortconv.conv', 'position_embd', 'token_types')
TYPES = {'f32': numpy.float32, 'f16': numpy.float16, 'bf16': ml_dtypes.bfloat16}


class Pipe(io.RawIOBase):
    """A stream that cannot seek."""

    def __init__(self):
        super().__init__()
        self.parts = []

    def writable(self):
        return True

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def describe(a, b):
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return f'differs at byte {at}: {len(a)} and {len(b)} bytes'


class Comparison:
    def __init__(self, program, model):
        self.program = program
        self.model = os.path.abspath(model)
        self.failed = 0

    def run(self, *args, stdout=None):
        return subprocess.run([self.program, 'extract', '-q', *args, self.model], check=True,
                              stdout=stdout)

    def check(self, what, good, why=''):
        self.failed += not good
        print(f'{"ok    " if good else "FAILED"} {os.path.basename(self.model)}: {what} {why if not good else ""}')

    def same(self, what, a, b):
        self.check(what, a == b, describe(a, b))

    def arrays(self, dtype):
        """The arrays by name, as .npy and raw files have them. Without dtype: by default."""
        options = ['-d', dtype] if dtype else []
        raw = ['-f', 'raw'] if dtype == 'bf16' else []
        folder = dtype or 'default'
        self.run('--force', '-o', f'{folder}/', '--manifest', f'{folder}.json', *options, *raw)
        arrays = {}
        for output in json.loads(read(f'{folder}.json'))['outputs']:
            if raw:
                array = numpy.fromfile(output['path'], ml_dtypes.bfloat16).reshape(output['shape'])
            else:
                array = numpy.load(output['path'])
            arrays[output['tensor']] = array
        return arrays

    def npz(self):
        arrays = self.arrays(None)
        self.run('-o', 'all.npz')
        numpy.savez('wanted.npz', **arrays)
        self.same('npz', read('all.npz'), read('wanted.npz'))
        pipe = Pipe()
        numpy.savez(pipe, **arrays)
        piped = self.run('-f', 'npz', '-o', '-', stdout=subprocess.PIPE).stdout
        self.same('npz in a pipe', piped, b''.join(pipe.parts))

    def safetensors(self, dtype):
        decoded = self.arrays(dtype)
        kept = self.arrays(None)  # integers and F64
        arrays = {name: a if kept[name].dtype == numpy.float32 else kept[name] for name, a in decoded.items()}
        self.run('-d', dtype, '-o', f'{dtype}.safetensors')
        save_file(arrays, 'wanted.safetensors', metadata={'format': 'pt'})
        self.same(f'safetensors {dtype}', read(f'{dtype}.safetensors'), read('wanted.safetensors'))
        piped = self.run('-d', dtype, '-f', 'safetensors', '-o', '-', stdout=subprocess.PIPE).stdout
        self.same(f'safetensors {dtype} in a pipe', piped, read('wanted.safetensors'))
        self.shards(arrays, dtype)

    def shards(self, arrays, dtype):
        folder = f'shards-{dtype}'
        self.run('-d', dtype, '-f', 'safetensors', '-o', f'{folder}/', '--max-shard', str(MAX_SHARD))
        split = split_state_dict_into_shards_factory(
            arrays, get_storage_size=lambda a: a.nbytes, max_shard_size=MAX_SHARD,
            filename_pattern='model{suffix}.safetensors')
        wanted = {}
        for name, keys in split.filename_to_tensors.items():
            save_file({key: arrays[key] for key in keys}, 'wanted.safetensors', metadata={'format': 'pt'})
            wanted[name] = read('wanted.safetensors')
        if split.is_sharded:
            index = {'metadata': {'total_size': split.metadata['total_size']},
                     'weight_map': split.tensor_to_filename}
            wanted['model.safetensors.index.json'] = (
                json.dumps(index, indent=2, sort_keys=True) + '\n').encode()
        self.check(f'{len(wanted)} files of {dtype}', sorted(wanted) == sorted(os.listdir(folder)),
                   str(os.listdir(folder)))
        for name, data in wanted.items():
            path = os.path.join(folder, name)
            self.same(f'{folder}/{name}', read(path) if os.path.exists(path) else b'', data)

    def gguf(self, dtype, *options):
        folder = 'gguf-' + '-'.join([dtype, *options]).replace('--', '')
        self.run('-d', dtype, '-f', 'gguf', '-o', f'{folder}/', *options)
        readers = [gguf.GGUFReader(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
        tensors = {t.name: t for r in readers for t in r.tensors}
        decoded = self.arrays('f32')
        source = gguf.GGUFReader(self.model)
        good = len(tensors) == len(source.tensors)
        for t in source.tensors:
            u = tensors[t.name]
            integer = t.tensor_type.name[0] == 'I' and t.tensor_type.name[1:].isdigit()
            if dtype == 'native' or integer or t.tensor_type.name == 'F64':
                wanted = t.tensor_type.name
                good &= t.data.tobytes() == u.data.tobytes()
            else:
                is_f32 = len(t.shape) < 2 or t.name.endswith('_norm.weight') or \
                    not t.name.endswith('.weight') or any(name in t.name for name in F32_NAMES)
                wanted = 'F32' if is_f32 else dtype.upper()
                with numpy.errstate(over='ignore'):
                    values = decoded[t.name].astype(TYPES[wanted.lower()])
                nan = numpy.isnan(values.astype(numpy.float32)).reshape(-1)
                bits = f'u{values.itemsize}'
                a = numpy.frombuffer(u.data.tobytes(), bits)
                good &= bool(((a == values.reshape(-1).view(bits)) | nan).all())
            good &= u.tensor_type.name == wanted and list(u.shape) == list(t.shape)
        for key, field in source.fields.items():
            if key.startswith('GGUF.') or key.startswith('split.'):
                continue
            if dtype != 'native' and key in ('general.file_type', 'general.quantization_version'):
                continue
            good &= key in readers[0].fields and \
                readers[0].fields[key].contents() == field.contents()
        if dtype != 'native':
            file_type = {'f32': 0, 'f16': 1, 'bf16': 32}[dtype]
            good &= readers[0].fields['general.file_type'].contents() == file_type
        self.check(f'{folder}: {len(readers)} files', good)

    def all(self):
        self.npz()
        for dtype in TYPES:
            self.safetensors(dtype)
            self.gguf(dtype)
        self.gguf('native')
        self.gguf('native', '--max-shard', '20KB')
        return self.failed


def main():
    program = os.path.abspath(sys.argv[1])
    failed = 0
    for model in map(os.path.abspath, sys.argv[2:]):
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            failed += Comparison(program, model).all()
            os.chdir('/')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
