"""DXC, DX12's compiler, makes DXIL of every NUMBER-ENTRY.hlsl of a folder: python dxc.py LIBRARY FOLDER.

Prints what it refuses and then how many files it read. The arguments are those with which wgpu calls DXC.
"""

import ctypes
import pathlib
import sys
import uuid
from ctypes import POINTER, byref, c_char, c_int, c_size_t, c_uint32, c_void_p, c_wchar_p

UTF8 = 65001
# slots of the virtual tables; on Linux, IUnknown's three methods are followed by two entries of its destructor
RELEASE, COMPILE, POINTER_OF, SIZE_OF, STATUS, RESULT, ERRORS = 2, 5, 5, 6, 5, 6, 7


class Buffer(ctypes.Structure):
    _fields_ = [("pointer", c_void_p), ("size", c_size_t), ("encoding", c_uint32)]


def guid(text):
    return (c_char * 16).from_buffer_copy(uuid.UUID(text).bytes_le)


def call(this, slot, returns, *arguments):
    table = ctypes.cast(this, POINTER(POINTER(c_void_p)))[0]
    types = [type(argument) if isinstance(argument, ctypes._SimpleCData) else c_void_p for argument in arguments]
    return ctypes.CFUNCTYPE(returns, c_void_p, *types)(table[slot])(this, *arguments)


def good(status, what):
    if status < 0:
        raise SystemExit(f"{what}: {status & 0xFFFFFFFF:#x}")


def blob(result, slot):
    """The bytes of one of a result's blobs."""
    of = c_void_p()
    good(call(result, slot, c_int, ctypes.cast(byref(of), c_void_p)), "no blob")
    if not of.value:
        return b""
    data = ctypes.string_at(call(of, POINTER_OF, c_void_p), call(of, SIZE_OF, c_size_t))
    call(of, RELEASE, c_uint32)
    return data


def compiled(compiler, text, entry):
    """DXC's status for a text, its DXIL, and what it says of it."""
    options = ["-E", entry, "-T", "cs_6_0", "-HV", "2018", "-no-warnings", "-Ges"]
    options = (c_wchar_p * len(options))(*options)
    source = Buffer(ctypes.cast(ctypes.c_char_p(text), c_void_p), len(text), UTF8)
    result = c_void_p()
    arguments = [byref(source), options, c_uint32(len(options)), None, RESULT_ID, byref(result)]
    arguments = [a if isinstance(a, c_uint32) or a is None else ctypes.cast(a, c_void_p) for a in arguments]
    good(call(compiler, COMPILE, c_int, *arguments), "DXC does not compile")
    status = c_int()
    good(call(result, STATUS, c_int, ctypes.cast(byref(status), c_void_p)), "no status")
    output = status.value, blob(result, RESULT), blob(result, ERRORS).rstrip(b"\0").decode()
    call(result, RELEASE, c_uint32)
    return output


COMPILER = guid("73e22d93-e6ce-47f3-b5bf-f0664f39c1b0")
COMPILER_ID = guid("228b4687-5a6a-4730-900c-9702b2203f54")
RESULT_ID = guid("58346cda-dde7-4497-9461-6f87af5e0659")

library, folder = sys.argv[1:]
compiler = c_void_p()
good(ctypes.CDLL(library).DxcCreateInstance(COMPILER, COMPILER_ID, byref(compiler)), "no compiler")
read = 0
for file in sorted(pathlib.Path(folder).glob("*.hlsl")):
    status, dxil, said = compiled(compiler, file.read_bytes(), file.stem.split("-", 1)[1])
    if status < 0 or not dxil.startswith(b"DXBC"):
        print(f"{file.name}: {said}")
    read += 1
print(f"read {read}")
