#!/bin/sh
# A llamafile: a program that is a zip archive too, with the model in it as it is. It is found by the
# archive's directory, however far behind; the offsets in it may count from the start of the file or not.
# The archive may need 64 bits. A compressed model is not found.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:f32:2x4
"$PYTHON" - <<'END'
import struct, zipfile

def write(name, compression, adjusted, wide=False):
    with open(name, 'wb') as file:
        file.write(b'MZqFpD=' + bytes(1000))
        file.seek(70 << 20)
        file.write(b'x')
    with open(name if adjusted else 'part.zip', 'r+b' if adjusted else 'wb') as file:
        file.seek(0, 2)
        with zipfile.ZipFile(file, 'a' if adjusted else 'w', compression) as archive:
            archive.writestr('licence.txt', b'free ' * 100)
            archive.write('m.gguf', 'model.gguf')
            place = archive.infolist()[-1].header_offset
    if not adjusted:
        with open(name, 'ab') as file:
            file.write(open('part.zip', 'rb').read())
    if wide:  # as for archives beyond 4 GiB
        data = open(name, 'rb').read()
        end = data.rindex(b'PK\5\6')
        size, off = struct.unpack_from('<II', data, end + 12)
        last = data.rindex(b'PK\1\2')
        entry = bytearray(data[last:off + size])
        entry[42:46] = b'\xff' * 4
        entry[30:32] = struct.pack('<H', 12)
        entry += struct.pack('<HHQ', 1, 8, place)
        directory = data[off:last] + entry
        end64 = struct.pack('<4sQHHIIQQQQ', b'PK\6\6', 44, 45, 45, 0, 0, 2, 2, len(directory), off)
        locator = struct.pack('<4sIQI', b'PK\6\7', 0, off + len(directory), 1)
        tail = struct.pack('<4sHHHHIIH', b'PK\5\6', 0, 0, 2, 2, 0xffffffff, 0xffffffff, 0)
        open(name, 'wb').write(data[:off] + directory + end64 + locator + tail)

write('adjusted.llamafile', zipfile.ZIP_STORED, True)
write('joined.llamafile', zipfile.ZIP_STORED, False)
write('wide.llamafile', zipfile.ZIP_STORED, True, wide=True)
write('packed.llamafile', zipfile.ZIP_DEFLATED, True)
END
for file in adjusted joined wide packed; do
    gguf-dq list "$file.llamafile" 2>"$file.err"
    cat "$file.err"
    n=$(sed -n 's/.*--offset \([0-9]*\).*/\1/p' "$file.err")
    [ -z "$n" ] || gguf-dq list --offset "$n" "$file.llamafile" | head -n 1
done
