#!/bin/sh
# meson: slow timeout=600
# Offsets and sizes on both sides of 2^31 and 2^32 are as zipfile writes them, and those of the other
# containers lead to the data. The files are compared where they are not zero.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 560M --type q8_0 --count 2
gguf-dq extract -q big.gguf -o all.npz 'big.0*' 'big.1*' 'big.1.weight[0]'
"$PYTHON" - <<'END'
import io, newer_zipfile, zipfile
class Zeros(io.RawIOBase):
    """A file of which the data are not kept."""
    def __init__(self):
        super().__init__()
        self.at = self.end = 0
        self.kept = {}
    def writable(self):
        return True
    def seekable(self):
        return True
    def tell(self):
        return self.at
    def seek(self, to, whence=0):
        self.at = to if whence == 0 else self.end + to
        return self.at
    def write(self, data):
        if len(data) < 10000:
            self.kept[self.at] = bytes(data)
        self.at += len(data)
        self.end = max(self.end, self.at)
        return len(data)
found = zipfile.ZipFile('all.npz')
wanted = Zeros()
with zipfile.ZipFile(wanted, 'w') as z:
    for info in found.infolist():
        with found.open(info) as source, z.open(info.filename, 'w', force_zip64=True) as to:
            while data := source.read(1 << 24):
                to.write(data)
        print(info.filename, info.file_size, info.header_offset)
with open('all.npz', 'rb') as f:
    same = f.seek(0, 2) == wanted.end
    for at, data in wanted.kept.items():
        f.seek(at)
        same &= f.read(len(data)) == data
print(same, found.testzip())
END
rm all.npz
gguf-dq extract -q -f raw -o due big.gguf 'big.1.weight[0]'
gguf-dq extract -q -o all.safetensors --manifest m.json big.gguf 'big.0*' 'big.1*' 'big.1.weight[0]'
"$PYTHON" - <<'END'
import json
with open('m.json') as f, open('all.safetensors', 'rb') as data, open('due', 'rb') as due:
    wanted = due.read()
    for output in json.load(f)['outputs']:
        data.seek(output['offset'])
        print(output['name'], output['offset'], data.read(len(wanted)) == wanted)
END
rm all.safetensors
gguf-dq extract -q -o all.gguf big.gguf
gguf-dq list all.gguf
gguf-dq extract -q -f raw -o - all.gguf 'big.1.weight[0]' | cmp - due
