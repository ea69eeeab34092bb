#!/bin/sh
# Tensors of 5 to 8 dimensions in every command, and slices of each dimension as numpy takes them. Of more
# than 8 only that tensor cannot be used; its neighbours can.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf before:i32:3 five:f16:8x6x1x2x2 eight:f32:2x1x3x2x1x2x2x4 \
    blocks:q8_0:1x2x1x3x1x2x32 nine:f32:1x1x1x1x1x1x1x2x4 after:i32:2x2
gguf-dq list m.gguf
gguf-dq list --json m.gguf >list.json
"$PYTHON" -c 'import json; print([t["shape"] for t in json.load(open("list.json"))["tensors"]])'
gguf-dq check m.gguf
echo "exit $?"
gguf-dq extract -o refused m.gguf
echo "exit $?, $(find . -name '*.npy' | wc -l) files"
gguf-dq extract -q -k -o out m.gguf
echo "exit $?"
"$PYTHON" "$TESTS/cli/tools/describe.py" out/*
"$PYTHON" - <<'END'
import subprocess, numpy

def extract(name, form):
    return subprocess.run(['gguf-dq', 'extract', '-q', '-o', '-', '-f', form, 'm.gguf', name],
                          check=True, stdout=subprocess.PIPE).stdout

n_slices = 0
for name in 'five', 'eight', 'blocks':
    whole = numpy.load(f'out/{name}.npy')
    assert extract(name, 'raw') == whole.tobytes(), name
    for axis in range(whole.ndim):
        for item in '0', '-1', '::-1', '1:', ':0', '::2':
            text = f'[{":, " * axis}{item}]'
            data = extract(f'{name}{text}', 'npy')
            with open('part.npy', 'wb') as file:
                file.write(data)
            wanted = eval(f'whole{text}')
            part = numpy.load('part.npy')
            assert part.shape == wanted.shape and part.tobytes() == wanted.tobytes(), (name, text)
            n_slices += 1
print(n_slices, 'slices are as numpy takes them')
END
gguf-dq extract m.gguf 'eight[0, 0, 0, 0, 0, 0, 0, 0, 0]' -o -
echo "exit $?"
gguf-dq extract m.gguf 'nine[0]' -o -
echo "exit $?"
