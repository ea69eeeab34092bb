"""Say what is in .npy files, or on standard input: type, shape and checksum of each array."""
import io
import sys
import zlib

import numpy


def describe(name, data):
    """The arrays follow one another and nothing else does. (numpy.load cannot read a pipe.)"""
    file = io.BytesIO(data)
    while file.tell() < len(data):
        array = numpy.load(file)
        print(f'{name}{array.dtype.str} {array.shape} {zlib.crc32(array.tobytes()):08x}')


def main():
    for path in sys.argv[1:]:
        with open(path, 'rb') as f:
            describe(f'{path}: ', f.read())
    if len(sys.argv) == 1:
        describe('', sys.stdin.buffer.read())


if __name__ == '__main__':
    main()
