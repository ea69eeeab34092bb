"""Reads AMD code objects: the kernels of a bundle, with their registers, modes and instructions."""

import collections
import re
import struct
import subprocess

# How many waves a SIMD holds: the maximum, the vector registers of a lane, the granularity of their
# allocation, and scalar registers (0: enough for any number of waves). For waves of 64 before gfx10 and
# of 32 from there on, as the compiler makes them. Source: LLVM, "User Guide for AMDGPU Backend" and
# llvm/lib/Target/AMDGPU/Utils/AMDGPUBaseInfo.cpp.
Simd = collections.namedtuple("Simd", "waves vgprs step sgprs")
SIMDS = [
    (re.compile(r"gfx90a|gfx94\d|gfx950|gfx9-4-generic"), Simd(8, 512, 8, 800)),
    (re.compile(r"gfx9\w\w|gfx9-generic"), Simd(10, 256, 4, 800)),
    (re.compile(r"gfx101\d|gfx10-1-generic"), Simd(20, 1024, 8, 0)),
    (re.compile(r"gfx110[01]|gfx1151|gfx120[01]"), Simd(16, 1536, 24, 0)),
    (re.compile(r"gfx1(03|10|15)\d|gfx1(0-3|1|2)-generic"), Simd(16, 1024, 16, 0)),
]
SGPR_STEP = 16

WIDTHS = {"byte": 1, "u8": 1, "i8": 1, "b8": 1, "short": 2, "u16": 2, "i16": 2, "b16": 2,
          "dword": 4, "b32": 4, "dwordx2": 8, "b64": 8, "dwordx3": 12, "b96": 12,
          "dwordx4": 16, "b128": 16}
GLOBAL = re.compile(r"global_(load|store)_(?:d16_)?(?:hi_)?[us]?(byte|short|dword(?:x\d)?|[uib]\d+)"
                    r"(?:_d16)?(?:_hi)?$")
ADDRESS = re.compile(r"v(?:\d+|\[\d+:\d+\]), (?:off|s\[\d+:\d+\])")

# A load or store: its width in bytes, address registers and offset. Two with the same registers have
# the same addresses in them.
Access = collections.namedtuple("Access", "is_store width registers offset")

Instruction = collections.namedtuple("Instruction", "address length text")


class Kernel:
    """A kernel: facts from its descriptor and metadata, and its code."""

    def __init__(self, name, target, descriptor, facts, code):
        self.name = name
        self.target = target
        self.lds, self.scratch = struct.unpack_from("<II", descriptor, 0)
        self.float_mode = struct.unpack_from("<I", descriptor, 48)[0] >> 12 & 0xff
        self.metadata_scratch = facts.get("private_segment_fixed_size")
        self.vgprs = facts.get("vgpr_count", 0)
        self.sgprs = facts.get("sgpr_count", 0)
        self.wave = facts.get("wavefront_size", 0)
        self.code = code
        self.code_len = sum(i.length for i in code)
        self.accesses = list(accesses(code))

    def occupancy(self):
        """The number of waves that a SIMD holds at a time, and its maximum."""
        simd = simd_of(self.target)
        waves = min(simd.waves, simd.vgprs // round_up(self.vgprs, simd.step))
        if simd.sgprs:
            waves = min(waves, simd.sgprs // round_up(self.sgprs, SGPR_STEP))
        return waves, simd.waves

    def weights(self):
        """What a thread writes with its store of 16 bytes, or what the loads in the code of a reduction load."""
        if self.name.startswith("dq_reduce_"):
            return sum(width * n for width, n in self.widths(False).items()) / 4
        return 4 if self.name.endswith("_f32") else 8

    def widths(self, is_store):
        """Returns {width: number of loads or stores in the code}."""
        return collections.Counter(a.width for a in self.accesses if a.is_store == is_store)


def simd_of(target):
    for names, simd in SIMDS:
        if names.fullmatch(target.split(":")[0]):
            return simd
    raise ValueError(f"{target}: its registers are not known here")


def round_up(n, step):
    return max(-(-n // step), 1) * step


def registers(operand):
    """Returns the numbers of the vector registers of an operand."""
    found = re.match(r"v(?:(\d+)|\[(\d+):(\d+)\])", operand)
    if not found:
        return range(0)
    first = int(found[1] or found[2])
    return range(first, int(found[3] or first) + 1)


def accesses(code):
    """Yields the loads and stores of global memory."""
    written = collections.Counter()  # how often each vector register has been written so far
    for instruction in code:
        for part in instruction.text.split(" :: "):  # two operations of one instruction
            name, _, operands = part.partition(" ")
            found = GLOBAL.match(name)
            is_store = bool(found) and found[1] == "store"
            if found:
                address = ADDRESS.search(operands.split(", ", 0 if is_store else 1)[-1])[0]
                offset = re.search(r"offset:(-?\d+)", operands)
                state = tuple(written[r] for r in registers(address))
                yield Access(is_store, WIDTHS[found[2]], (address, state),
                             int(offset[1]) if offset else 0)
            if not is_store:
                written.update(registers(operands))


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def split(bundle):
    """Returns {target: bytes of its code object}. A code object alone is a bundle of one."""
    data = bundle.read_bytes()
    if data[:4] == b"\x7fELF":
        return {re.search(r"gfx\w+(-\w+)*", bundle.name)[0]: data}
    magic = b"__CLANG_OFFLOAD_BUNDLE__"
    if not data.startswith(magic):
        raise ValueError(f"{bundle}: neither a bundle nor a code object")
    count, = struct.unpack_from("<Q", data, len(magic))
    at = len(magic) + 8
    found = {}
    for _ in range(count):
        offset, length, name_len = struct.unpack_from("<QQQ", data, at)
        name = data[at + 24:at + 24 + name_len].decode()
        at += 24 + name_len
        if not name.startswith("host"):
            found[name.split("--")[-1]] = data[offset:offset + length]
    return found


def sections(elf):
    """Yields (type, address, offset, size, link) of each section of a 64-bit little-endian ELF."""
    shoff, = struct.unpack_from("<Q", elf, 0x28)
    size, count = struct.unpack_from("<HH", elf, 0x3a)
    for i in range(count):
        kind, _, address, offset, length, link = struct.unpack_from("<IQQQQI", elf,
                                                                    shoff + i * size + 4)
        yield kind, address, offset, length, link


def symbols(elf):
    """Returns {dynamic symbol: its bytes}."""
    table = list(sections(elf))
    found = {}
    for kind, _, offset, length, link in table:
        if kind != 11:  # SHT_DYNSYM
            continue
        strings = table[link][2]
        for at in range(offset, offset + length, 24):
            name_at, _, _, index, value, size = struct.unpack_from("<IBBHQQ", elf, at)
            end = elf.index(b"\0", strings + name_at)
            if 0 < index < len(table):
                _, address, start, _, _ = table[index]
                place = start + value - address
                found[elf[strings + name_at:end].decode()] = elf[place:place + size]
    return found


def metadata(notes):
    """Returns {kernel: {field: number}} from the notes of a code object."""
    found = {}
    for part in re.split(r"^  - ", notes, flags=re.M)[1:]:
        name = re.search(r"^ +\.name: +(\w+)", part, re.M)
        if name:
            found[name[1]] = {field: int(number) for field, number in
                              re.findall(r"^ +\.(\w+): +(\d+)$", part, re.M)}
    return found


def instructions(listing):
    """Returns {symbol: its instructions}, without the padding after it."""
    found = collections.defaultdict(list)
    name = None
    for line in listing.splitlines():
        label = re.match(r"[0-9a-f]+ <([\w.$]+)>:", line)
        place = re.search(r"// ([0-9A-F]+): ((?:[0-9A-F]{8} ?)+)", line)
        if label:
            name = label[1]
        elif name and place:
            found[name].append(Instruction(int(place[1], 16), 4 * len(place[2].split()),
                                           line.split("//")[0].strip()))
    for code in found.values():
        while code and code[-1].text in ("s_nop 0", "s_code_end"):
            code.pop()
    return found


def kernels(elf, target, folder, objdump, readelf):
    """Returns {name: Kernel} of a code object, which is written to a folder for the tools."""
    path = folder / target.replace(":", "_")
    path.write_bytes(elf)
    found = symbols(elf)
    facts = metadata(run(readelf, "--notes", str(path)))
    code = instructions(run(objdump, "-d", str(path)))
    return {name: Kernel(name, target, found[name + ".kd"], facts.get(name, {}), code[name])
            for name in found if name + ".kd" in found and name in code}
