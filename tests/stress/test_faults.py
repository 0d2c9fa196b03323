# SPDX-License-Identifier: GPL-2.0-or-later
"""
Each call of the daemon that can fail does so once, in turn, while it serves a
whole life of a zone. Whatever happens, it answers or closes the connection,
lives on, and then: its view is the hypervisor's, the other zone has not been
touched, a zone can be started and stopped, and no descriptor or block is lost.

HVISOR_FAULT_ALL=1 tries each allocation and not only every few.
"""
import errno
import os

from board import Board
from fault import CALLS, HALF
from rig import run, wait_for

# At most so many places for one kind of call and error; more are thinned out evenly.
PLACES = 10 ** 9 if os.environ.get("HVISOR_FAULT_ALL") else int(os.environ.get("HVISOR_FAULT_PLACES", "120"))

ERRORS = {
    "malloc": [errno.ENOMEM],
    "open": [errno.EMFILE, errno.EACCES],
    "read": [errno.EIO, errno.EINTR, HALF],
    "write": [errno.ENOSPC, errno.EINTR, HALF],
    "receive": [errno.EINTR, errno.ECONNRESET],
    "send": [errno.EINTR, errno.EPIPE],
    "ioctl": [errno.EIO],
    "accept": [errno.EMFILE, errno.ECONNABORTED],
    "rename": [errno.ENOSPC],
    "fsync": [errno.EIO],
    "mmap": [errno.ENOMEM],
    "socket": [errno.EMFILE],
    "process": [errno.EAGAIN],
}


def serve(call):
    def test(rig):
        board = Board(rig)
        board.begin()
        board.live_once()
        calls = board.count(call, board.live_once)
        print(f"# {call}: {calls} calls in one life of a zone", flush=True)
        descriptors, blocks = board.resources()
        tried = 0
        for error in ERRORS[call]:
            step = max(1, calls // PLACES)
            for nth in range(1, calls + 1, step):
                board.faults.arm(call, nth, error)
                board.live_once(tolerant=True)
                board.faults.disarm()
                board.must_be_well(f"{call} {nth}, {errno.errorcode.get(error, 'half')}")
                tried += 1
        after = wait_for(lambda: board.settled(descriptors, blocks), f"as before: {descriptors, blocks}, now {board.resources()}")
        print(f"# {call}: {tried} failures; descriptors {after[0]}, blocks {blocks} -> {after[1]}", flush=True)
    test.__name__ = f"each_{call}_fails_once"
    return test


def start_up(call):
    """The daemon's start: it may give up, with a message and exit status 1, but not hang, crash or hurt a zone."""
    def test(rig):
        board = Board(rig)
        board.begin()
        board.client.call("zone.start", zone="worker")
        tried = refused = 0
        for error in ERRORS[call][:1]:
            nth = 1
            while True:
                rig.kill()
                board.faults.arm(call, nth, error)
                if not board.restart_with_fault():
                    refused += 1
                    board.faults.disarm()
                    board.restart()
                elif not board.faults.disarm():
                    break
                board.must_be_well(f"start, {call} {nth}", worker="running")
                tried += 1
                nth += 1 if call != "malloc" else max(1, 3000 // PLACES)
        print(f"# start, {call}: {tried} failures, {refused} of them refused to start", flush=True)
    test.__name__ = f"start_with_each_{call}_failing_once"
    return test


if __name__ == "__main__":
    run([serve(call) for call in CALLS if call != "ioctl"] + [start_up(call) for call in CALLS if call != "ioctl"])
