"""Print the type, shape and checksum of each array in .npy files or on standard input."""
import io
import sys
import zlib

import numpy


def describe(name, data):
    """Arrays follow one another without gaps. (numpy.load cannot read from a pipe.)"""
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
