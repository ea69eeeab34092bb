#!/usr/bin/env python3
"""Extracts GGUF models with --layout hf and compares each array with what is expected.

hf_pairs.py GGUF_DQ FOLDER [NAME...]

FOLDER has a folder for each pair: config.json, model-q4_k.gguf and maybe model-f32.gguf, and
expected.json: {"q4_k->bf16": {NAME: [DTYPE, SHAPE, SHA-256 of the bytes], ...}, ...}, and the SHA-256 of the
original model.safetensors, with whether an f32 model gives that file.
Prints a line for each pair and how many passed; exits 1 if one did not.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile


def extract(gguf_dq, model, dtype, config, extra):
    """Returns {name: (dtype, shape, hash)} of the arrays, or the error."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        run = subprocess.run(
            [gguf_dq, "extract", "-q", "--layout", "hf", "-f", "raw", "-d", dtype, "-o", out, "--json"]
            + (["--hf-config", config] if config else []) + extra + [model],
            capture_output=True, check=False)
        if run.returncode != 0:
            return run.stderr.decode(errors="replace").strip()
        report = json.loads(run.stdout)
        arrays = {}
        for o in report["outputs"]:
            with open(o["path"], "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            arrays[o["name"]] = [o["dtype"].upper(), o["shape"], digest]
        return arrays


def check_file(gguf_dq, pair, expected):
    """Returns what is wrong with the safetensors file of an f32 model, or an empty string."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "model.safetensors")
        run = subprocess.run([gguf_dq, "extract", "-q", "--layout", "hf", "--hf-config", pair, "-o", out,
                              os.path.join(pair, "model-f32.gguf")], capture_output=True, check=False)
        if run.returncode != 0:
            return run.stderr.decode(errors="replace").strip()
        with open(out, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
    return "" if digest == expected else f"model.safetensors: {digest} instead of {expected}"


def check(gguf_dq, pair, column, extra):
    """Returns what is wrong, or an empty string."""
    with open(os.path.join(pair, "expected.json"), encoding="utf-8") as file:
        expected = json.load(file)[column]
    stored, dtype = column.split("->")
    found = extract(gguf_dq, os.path.join(pair, f"model-{stored}.gguf"), dtype, pair, extra)
    if isinstance(found, str):
        return found
    wrong = [f"{name}: missing" for name in sorted(expected.keys() - found.keys())]
    wrong += [f"{name}: not expected" for name in sorted(found.keys() - expected.keys())]
    wrong += [f"{name}: {found[name]} instead of {expected[name]}"
              for name in sorted(expected.keys() & found.keys()) if found[name] != expected[name]]
    return "\n    ".join(wrong)


def main():
    gguf_dq, folder = sys.argv[1:3]
    extra = os.environ.get("EXTRACT_OPTIONS", "").split()
    names = sys.argv[3:] or sorted(os.listdir(folder))
    passed, total = {}, {}
    for name in names:
        pair = os.path.join(folder, name)
        with open(os.path.join(pair, "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        columns = [c for c in expected if "->" in c]
        if "f32->f32" in columns and expected["file"]["same"]:
            columns.append("the file")
        for column in columns:
            if column == "the file":
                wrong = check_file(gguf_dq, pair, expected["file"]["sha256"])
            else:
                wrong = check(gguf_dq, pair, column, extra)
            total[column] = total.get(column, 0) + 1
            passed[column] = passed.get(column, 0) + (not wrong)
            if wrong:
                print(f"{name} {column}:\n    {wrong}")
    for column, n in total.items():
        print(f"{column}: {passed[column]} of {n} models")
    sys.exit(passed != total)


if __name__ == "__main__":
    main()
