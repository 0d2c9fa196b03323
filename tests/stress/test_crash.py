# SPDX-License-Identifier: GPL-2.0-or-later
"""
The daemon is killed before and after each write, fsync, rename and message it
makes in a whole life of a zone; its log has a line for each change of state, so
that every transition is among them. The next daemon's view is the
hypervisor's, no guest was stopped, no file is torn.
"""
import os
import time

from board import Board
from fault import KILL_AFTER, KILL_BEFORE
from rig import run, wait_for

PLACES = 10 ** 9 if os.environ.get("HVISOR_FAULT_ALL") else int(os.environ.get("HVISOR_FAULT_PLACES", "60"))
# Requests that end a run, or make another.
ENDS = {"zone.restart", "zone.stop", "zone.kill", "zone.start", "policy"}
HV_ZONE_RUNNING, HV_ZONE_PAUSED = 2, 6


def die_at(board, call, nth, action):
    """Kills the daemon there, starts the next; how long that took to agree with the hypervisor, or None: no such place."""
    board.faults.arm(call, nth, action)
    board.live_once(tolerant=True)
    if not board.faults.disarm():
        return None
    board.rig.daemon.wait(60)
    worker = board.simulator.zones().get(2)
    begin = time.monotonic()
    board.restart()
    wait_for(board.agrees, "the daemon's view is the hypervisor's")
    took = time.monotonic() - begin
    if worker is not None and worker[0] in (HV_ZONE_RUNNING, HV_ZONE_PAUSED) and board.method not in ENDS:
        assert board.simulator.zones().get(2) == worker, f"{board.method}: the worker was stopped"
    return took


def crash(call):
    def test(rig):
        board = Board(rig)
        board.begin()
        board.live_once()
        calls = board.count(call, board.live_once)
        tried, slowest = 0, 0.0
        for action in KILL_BEFORE, KILL_AFTER:
            for nth in range(1, calls + 1, max(1, calls // PLACES)):
                took = die_at(board, call, nth, action)
                if took is None:
                    board.restart() if rig.daemon.poll() is not None else None
                    continue
                slowest = max(slowest, took)
                board.must_be_well(f"SIGKILL at {call} {nth} ({board.method})")
                tried += 1
        print(f"# {call}: killed {tried} times in {calls} places; next daemon right after {slowest * 1000:.0f} ms at most",
              flush=True)
        assert tried > 0
    test.__name__ = f"killed_at_each_{call}"
    return test


def killed_while_starting(rig):
    """The same for the daemon's own start, with a zone that runs."""
    board = Board(rig)
    board.begin()
    board.client.result("zone.start", zone="worker")
    before = board.simulator.zones()
    for call in "write", "rename", "fsync", "send":
        for nth in range(1, 1000):
            rig.kill()
            board.faults.arm(call, nth, KILL_BEFORE)
            try:
                board.restart()
            except AssertionError:
                assert rig.daemon.wait(60) == -9, rig.daemon.returncode
            if not board.faults.disarm():
                break
            if rig.daemon.poll() is not None or board.died():
                board.restart()
            assert board.simulator.zones() == before, f"{call} {nth}: a zone was stopped"
            board.must_be_well(f"SIGKILL at the start's {call} {nth}", worker="running")
        print(f"# start, {call}: {nth - 1} places", flush=True)


if __name__ == "__main__":
    run([crash(call) for call in ("write", "send", "fsync", "rename", "process")] + [killed_while_starting])
