"""What a process gives up before it runs a student's code; it cannot take it back.

No file or connection can be opened (also on macOS), no process started, and what is computed is
limited in time and memory. On Linux, Landlock also forbids to remove, rename and execute files.
Started as root, it becomes the user "nobody".

What is left, without a container: it may use one core until its time is over; it may send signals
to processes of the same user (on macOS, and before Linux 6.12); on macOS it may remove files and
take memory. Weaknesses of Python, torch or the system itself are open to it, too. A class that you
do not trust at all belongs into a container without network.
Source: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import struct
import sys

MEMORY = 1 << 30  # bytes that may be added
NOBODY = 65534
NO_NEW_PRIVILEGES = 38
CREATE_RULESET, RESTRICT_SELF = 444, 446  # the numbers of these system calls on every processor
# What each version of Landlock can forbid: rights on files, on the network, and signals.
FILES = {1: 13, 2: 14, 3: 15, 5: 16}
SIGNALS = 6


def lock(seconds: int) -> None:
    """Give up files, connections, processes and privileges; stop after `seconds` of computing."""
    import resource  # Unix has it

    limits = {
        resource.RLIMIT_NOFILE: 0,  # those that are open stay open
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
    }
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (most := _address_space() + MEMORY, most))
        _forbid_files()
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def _address_space() -> int:
    """Return the bytes that this process has reserved; torch reserves many more than it uses."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _forbid_files() -> None:
    """Forbid all that Landlock knows; kernels without it leave the limits alone."""
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    rights = max(count for since, count in FILES.items() if since <= version)
    network, scopes = (3 if version >= 4 else 0), (3 if version >= SIGNALS else 0)
    parts = ((1 << rights) - 1, network, scopes)[: 1 + (version >= 4) + (version >= SIGNALS)]
    rules = struct.pack(f"={len(parts)}Q", *parts)
    ruleset = system.syscall(CREATE_RULESET, rules, len(rules), 0)
    system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if ruleset < 0 or system.syscall(RESTRICT_SELF, ruleset, 0):
        raise OSError(ctypes.get_errno(), "Landlock refused to forbid files")
    os.close(ruleset)
