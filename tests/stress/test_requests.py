# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every call of the system failing once in turn, under the methods that look, wait
and remember: an error or an answer, nothing done twice, nothing kept. And the
daemon killed at each of them.
"""
import errno

import board
from board import Board
from fault import KILL_AFTER, KILL_BEFORE
from rig import PATIENCE, run, wait_for

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


def killed(call):
    """Killed at each such call in turn: whoever asks again never has it done twice."""
    def test(rig):
        requests = Board(rig)
        requests.begin()
        requests.client.result("zone.start", zone="worker")
        outcomes = {}
        for when in (KILL_BEFORE, KILL_AFTER):
            nth = 1
            while restart_once(requests, call, nth, when, outcomes):
                nth += 1
        assert outcomes.get("answered") and outcomes.get("request.unknown_outcome"), outcomes
        print(f"# {call}: {outcomes}", flush=True)
    test.__name__ = f"killed_at_each_{call}"
    return test


def restart_once(requests, call, nth, when, outcomes):
    """A restart of the worker with a key, asked for until there is an answer. False: it was served before that call."""
    name, rig = f"{call} {nth} {when}", requests.rig
    ask = {"zone": "worker", "request_key": name, "timeout_ms": 20000}
    runs = requests.simulator.status(2)[1]
    requests.faults.arm(call, nth, when)
    first = None
    try:
        first = requests.client.call("zone.restart", **ask)
    except (AssertionError, OSError):
        pass
    fired = requests.faults.disarm()
    if fired:
        rig.daemon.wait(PATIENCE)
        requests.restart()
    again = requests.client.call("zone.restart", **ask)
    assert first is None or again.get("result") == first.get("result"), (name, first, again)
    assert requests.client.call("zone.restart", **ask).get("result") == again.get("result"), name
    outcome = "answered" if "result" in again else again["error"]["data"]["reason"]
    outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert outcome in ("answered", "request.unknown_outcome"), (name, again)
    # a restart that was cut off may be seen through by the next daemon, or not
    wait_for(lambda: requests.zones()["worker"]["state"] in ("stopped", "running"), name)
    ours = "result" in requests.client.call("zone.start", zone="worker")
    wait_for(lambda: requests.zones()["worker"]["state"] == "running", name)
    done = requests.simulator.status(2)[1] - runs - ours
    assert done == 1 if outcome == "answered" else done <= 1, (name, outcome, done, ours)
    requests.must_be_well(name, worker="running")
    return fired


run([serve(call) for call in KINDS] + [killed(call) for call in ("write", "fsync", "rename", "send")])
