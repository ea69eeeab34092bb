#!/usr/bin/env python3
"""Compares the logits of GGUF files from gguf-dq with those of files from llama.cpp; see llama_loads.sh.

compare_llama.py GGUF_DQ MODEL...

Each model is written by gguf-dq as f32, f16, bf16 and as it is stored, whole and in shards, and as a
subset: its first layer. For the types, llama.cpp makes the same file with what llama-quantize calls: it
dequantizes to f32 and converts that; for the subset, PyPI's gguf does. llama.cpp loads both, and the logits
must be equal bit for bit. A model without a vocabulary gets an empty one, because llama.cpp asks for it.
Exits 1 if a file does not load or its logits differ, also if llama.cpp does not load the model itself.
"""
import glob
import os
import subprocess
import sys
import tempfile

import gguf
import numpy as np
from cyllama.llama import llama_cpp

N_TOKENS = 24
TYPES = {"f32": 0, "f16": 1, "bf16": 32}  # llama_ftype

said = []  # by llama.cpp, since it was emptied


class Model(llama_cpp.LlamaModel):
    """Has what get_logits of cyllama 0.2.18 asks for, and its own class lacks."""

    n_vocab = 0


def gguf_dq(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"gguf-dq {' '.join(arguments)}: {done.stderr.strip()}")


def rewrite(path, out, changes, is_kept):
    """Copies a model with PyPI's gguf: with other numbers or texts, and only some tensors."""
    reader = gguf.GGUFReader(path)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(out, architecture)
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", *changes):
            continue
        is_array = field.types[0] == gguf.GGUFValueType.ARRAY
        writer.add_key_value(field.name, field.contents(), field.types[0],
                             sub_type=field.types[-1] if is_array else None)
    for key, value in changes.items():
        (writer.add_string if isinstance(value, str) else writer.add_uint32)(key, value)
    tensors = [t for t in reader.tensors if is_kept(t.name)]
    for t in tensors:
        writer.add_tensor_info(t.name, t.data.shape, t.data.dtype, t.data.nbytes, t.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for t in tensors:
        writer.write_tensor_data(t.data)
    writer.close()


def convert(path, out, ftype):
    """Converts a model with llama.cpp."""
    params = llama_cpp.LlamaModelQuantizeParams()
    params.nthread = 2
    params.allow_requantize = True
    params.ftype = ftype
    llama_cpp.model_quantize(path, out, params)


def run(path, n_vocab):
    """Returns the bits of the logits after N_TOKENS tokens; of an encoder, those of its output."""
    said.clear()
    try:
        model = Model(path, llama_cpp.LlamaModelParams(), verbose=False)
    except Exception as error:
        raise RuntimeError(f"llama.cpp does not load {os.path.basename(path)}: {error} "
                           f"{' '.join(''.join(said).split())[-500:]}") from error
    model.n_vocab = n_vocab
    params = llama_cpp.LlamaContextParams()
    params.n_ctx = params.n_batch = params.n_ubatch = 64
    params.n_threads = params.n_threads_batch = 2
    is_encoder = model.meta_val_str("general.architecture") == "bert"
    params.embeddings = is_encoder
    context = llama_cpp.LlamaContext(model, params, verbose=False)
    batch = llama_cpp.LlamaBatch(n_tokens=N_TOKENS, embd=0, n_seq_max=1)
    for i in range(N_TOKENS):
        batch.add((i * 37 + 3) % n_vocab, i, [0], is_encoder or i == N_TOKENS - 1)
    context.decode(batch)
    found = np.array(context.get_embeddings() if is_encoder else context.get_logits(), np.float32)
    if len(found) == 0 or not np.all(np.isfinite(found)) or np.all(found == found[0]):
        raise RuntimeError(f"the logits of {os.path.basename(path)} say nothing: {found[:4]}")
    batch.close()
    context.close()
    model.close()
    return found.tobytes()


def logits(path, n_vocab):
    """Does that in another process, because llama.cpp may abort."""
    environment = {**os.environ, "GGML_NO_BACKTRACE": "1"}
    done = subprocess.run([sys.executable, __file__, "--run", path, str(n_vocab)], capture_output=True,
                          timeout=300, check=False, env=environment)
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"llama.cpp with {os.path.basename(path)}: exit {done.returncode}: {last}")
    return done.stdout


def compare(program, path, folder):
    """Yields for each file a text about it, and whether it is right."""
    reader = gguf.GGUFReader(path)
    architecture = reader.fields["general.architecture"].contents()
    n_layers = int(reader.fields[f"{architecture}.block_count"].contents())
    n_vocab = next(int(t.shape[1]) for t in reader.tensors if t.name == "token_embd.weight")
    shard = str(sum(int(t.n_bytes) for t in reader.tensors) // 3)
    source = path
    if "tokenizer.ggml.model" not in reader.fields:
        source = os.path.join(folder, "source.gguf")
        rewrite(path, source, {"tokenizer.ggml.model": "none", f"{architecture}.vocab_size": n_vocab},
                lambda name: True)
    own, other = os.path.join(folder, "own.gguf"), os.path.join(folder, "other.gguf")

    def extract(*arguments):
        for old in glob.glob(own[:-5] + "*"):
            os.remove(old)
        gguf_dq(program, "extract", "-o", own, *arguments)
        return sorted(glob.glob(own[:-5] + "*"))

    for dtype in ("native", *TYPES):
        if dtype != "native":
            convert(source, other, TYPES[dtype])
        wanted = logits(source if dtype == "native" else other, n_vocab)
        for options in ((), ("--max-shard", shard)):
            files = extract("-d", dtype, *options, source)
            yield f"{dtype}, {len(files)} file(s)", logits(files[0], n_vocab) == wanted
    if n_layers > 1:
        extract("-d", "native", *(f"--exclude=blk.{i}.*" for i in range(1, n_layers)), source)
        one = {f"{architecture}.block_count": 1}
        rewrite(source, other, one, lambda name: not name.startswith("blk.") or name.startswith("blk.0."))
        first = os.path.join(folder, "first.gguf")
        rewrite(own, first, one, lambda name: True)
        try:
            wanted = logits(other, n_vocab)
        except RuntimeError:
            return  # a single layer is not a model of this architecture
        yield "native, the first layer", logits(first, n_vocab) == wanted


def main():
    llama_cpp.set_log_callback(lambda level, text: said.append(text))
    if sys.argv[1] == "--run":
        sys.stdout.buffer.write(run(sys.argv[2], int(sys.argv[3])))
        return
    program, *models = sys.argv[1:]
    wrong = 0
    for path in models:
        with tempfile.TemporaryDirectory() as folder:
            try:
                for text, right in compare(program, path, folder):
                    print(f"{'' if right else 'WRONG '}{path}: {text}: "
                          f"{'equal' if right else 'other'} logits", flush=True)
                    wrong += not right
            except RuntimeError as error:
                print(f"WRONG {path}: {error}", flush=True)
                wrong += 1
    print(f"{len(models)} models, {wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
