"""Makes zipfile write headers as from Python 3.11.4 on, whichever version runs: the sizes of a large file are
in the ZIP64 field only, and the version that is needed says so."""
import zipfile

_header = zipfile.ZipInfo.FileHeader


def _newer_header(self, zip64=None):
    data = bytearray(_header(self, zip64))
    data[4:6], data[18:26] = b'\x2d\0', b'\xff' * 8
    self.extract_version = self.create_version = 45
    return bytes(data)


zipfile.ZipInfo.FileHeader = _newer_header
