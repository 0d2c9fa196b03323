# SPDX-License-Identifier: GPL-2.0-or-later
"""The test's side of fault.c: a daemon whose calls fail when told to."""
import mmap
import os
import struct

LIBRARY = os.environ["HVISOR_FAULT_LIBRARY"]
CALLS = ["malloc", "open", "read", "write", "receive", "send", "ioctl", "accept", "rename", "fsync", "mmap", "socket", "process"]
KILL_BEFORE, KILL_AFTER, HALF = 1000, 1001, 1002


class Faults:
    """struct control of fault.c"""
    FIELDS = ["pid", "call", "countdown", "action", "repeat", "fired", "live"]

    def __init__(self, path):
        size = 8 * (len(self.FIELDS) + len(CALLS))
        with open(path, "wb") as file:
            file.write(bytes(size))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), size)

    def put(self, field, value):
        struct.pack_into("=q", self.map, 8 * self.FIELDS.index(field), value)

    def get(self, field):
        return struct.unpack_from("=q", self.map, 8 * self.FIELDS.index(field))[0]

    def count(self, call):
        return struct.unpack_from("=q", self.map, 8 * (len(self.FIELDS) + CALLS.index(call)))[0]

    def arm(self, call, nth, action, repeat=False):
        """
        The nth such call from now (1: the next), with repeat all after it as well, fails with errno
        action, or as KILL_ and HALF say.
        """
        self.put("action", 0)
        self.put("fired", 0)
        self.put("call", CALLS.index(call))
        self.put("countdown", nth)
        self.put("repeat", repeat)
        self.put("action", action)

    def disarm(self):
        """True if the call came."""
        self.put("action", 0)
        return self.get("fired") != 0
