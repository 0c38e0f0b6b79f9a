"""Has the kernel kill this process when anything in it, of whatever language, connects or sends to anywhere.

A socket alone is no connection: some libraries open one, and close it, to see which protocols this machine speaks.
"""

import ctypes
import platform
import struct
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_FILTER: Final = 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # classic BPF
_KILL: Final = 0x8000_0000
_ALLOW: Final = 0x7FFF_0000
_NUMBER: Final = 0  # where the kernel puts the system call's number,
_ADDRESS: Final = 48  # and the fifth argument, which of `sendto` is the address: none for what is connected already
# connect, sendmsg, sendmmsg and io_uring_setup; sendto
_CALLS: Final = {"x86_64": ((42, 46, 307, 425), 44), "aarch64": ((203, 211, 269, 425), 206)}

Line = tuple[int, int, int, int]


def forbid_network() -> None:
    """From now on, for every thread.

    Raises:
        OSError: The kernel does not do it.
    """
    always, with_address = _CALLS[platform.machine()]
    lines: list[Line] = [(_LOAD, 0, 0, _NUMBER)]
    for number in always:
        lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _KILL)]
    lines += [
        (_EQUAL, 0, 5, with_address),
        (_LOAD, 0, 0, _ADDRESS),
        (_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, _ADDRESS + 4),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _ALLOW),
    ]
    kept = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("HL", len(lines), ctypes.addressof(kept)))
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or kernel.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel does not filter system calls")
