# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every call of the system failing once in turn, under the methods that look, wait
and remember: an error or an answer, nothing done twice, nothing kept.
"""
import errno

import board
from board import Board
from rig import run, wait_for

PLACES = 30
KINDS = {"malloc": errno.ENOMEM, "open": errno.EMFILE, "read": errno.EIO, "write": errno.ENOSPC, "fsync": errno.EIO,
         "rename": errno.EIO, "mmap": errno.ENOMEM}


def scenario(number):
    """Requests of one round; keys are new in each."""
    def key(name):
        return {"zone": "worker", "request_key": f"{name} {number}"}
    start, stop = key("start"), {**key("stop"), "mode": "force"}
    return [
        ("events.subscribe", {"match": ["zone.*"], "zones": ["w*", "?"]}),
        ("zone.list", {"match": ["w*"]}),
        ("zone.start", {"zone": "worker", "dry_run": True}),
        ("zone.start", start), ("zone.start", start),
        ("zone.wait", {"zone": "worker", "state": "running", "timeout_ms": 1000}),
        ("zone.wait", {"zone": "worker", "state": "crashed", "timeout_ms": 1}),
        ("zone.diff", {"zone": "worker"}),
        ("resources.get", {}), ("resources.get", {"format": "svg"}),
        ("metrics.get", {}), ("metrics.get", {"format": "openmetrics"}),
        ("zone.get", {"zone": "worker"}),
        ("config.reload", {"request_key": f"reload {number}"}),
        ("zone.stop", stop), ("zone.stop", stop),
        ("schema.get", {}),
    ]


class Requests(Board):
    """A life of the worker made of the requests above, each time with other keys."""
    number = 0

    def live_once(self, tolerant=False):
        Requests.number += 1
        # the wait for a crash ends with an error
        board.SCENARIO = [one for one in scenario(Requests.number) if tolerant or one[1].get("state") != "crashed"]
        return super().live_once(tolerant)


def serve(call):
    def test(rig):
        requests = Requests(rig)
        requests.begin()
        requests.live_once()
        calls = requests.count(call, requests.live_once)
        # the table of keys fills up to its end before anything is counted
        for _ in range(90):
            requests.live_once()
        descriptors, blocks = requests.resources()
        tried = 0
        for nth in range(1, calls + 1, max(1, calls // PLACES)):
            requests.faults.arm(call, nth, KINDS[call])
            requests.live_once(tolerant=True)
            requests.faults.disarm()
            # whatever became of the last look at the directory is another test's
            requests.client.call("zone.check")
            requests.must_be_well(f"{call} {nth}")
            again = scenario(Requests.number)[3]
            assert requests.client.call(*again[:1], **again[1]), again
            requests.client.call("zone.stop", zone="worker", mode="force")
            tried += 1
        after = wait_for(lambda: requests.settled(descriptors, blocks), f"{descriptors, blocks} as before")
        print(f"# {call}: {calls} calls, {tried} failures; descriptors {after[0]}, blocks {blocks} -> {after[1]}",
              flush=True)
    test.__name__ = f"each_{call}_fails_once"
    return test


run([serve(call) for call in KINDS])
