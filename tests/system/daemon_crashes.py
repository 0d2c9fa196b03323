#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in root Linux: kills hvisord while it changes zone "spin", and compares its successor with the hypervisor.

usage: daemon_crashes.py TIMES SEED. One line for each kill; exit status 1 if one went wrong.
"""

import ctypes
import fcntl
import json
import os
import random
import socket
import struct
import sys
import time

PATIENCE = 60
# hypervisor/abi/hv_call.h, hv_ioctl.h
STATES = ("none", "loading", "running", "stopping", "ended", "scrubbing", "paused")
ZONE_STATUS = 0xC010B708
STATUS_SIZE = 136
# What the hypervisor must say where the daemon says this; other states are on their way to one of these.
SETTLED = {"running": "running", "paused": "paused", "stopped": "none", "crashed": "none"}
LINUX, SPIN = 1, 2
# From each state of spin what can be asked.
STEPS = {
    "running": [("stop", {"mode": "force"}), ("restart", {}), ("pause", {}), ("kill", {})],
    "paused": [("resume", {}), ("stop", {"mode": "force"}), ("restart", {})],
    "stopped": [("start", {})],
    "crashed": [("start", {})],
}


class Client:
    """A connection to hvisord."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect("/run/hvisor/hvisord.sock")
        self.lines = self.socket.makefile("r")
        self.greeting = self.receive()

    def receive(self):
        """The next message."""
        line = self.lines.readline()
        if not line:
            raise ConnectionError("hvisord closed the connection")
        return json.loads(line)

    def send(self, method, **params):
        """A request, without waiting for its answer."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def call(self, method, **params):
        """A request's result."""
        self.send(method, **params)
        return self.receive()["result"]


def new_client():
    """A connection to a daemon that greets; one that dies under the greeting is not the last."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return Client()
        except (OSError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def hypervisor(device, zone):
    """(state, reason, runs, generation) of a zone as EL2 has them."""
    status = ctypes.create_string_buffer(STATUS_SIZE)
    fcntl.ioctl(device, ZONE_STATUS, struct.pack("<IIQ", zone, 0, ctypes.addressof(status)))
    _, _, _, state, reason, _, _, _, generation, runs = struct.unpack_from("<8I2Q", status.raw)
    return STATES[state], reason, runs, generation


def views(client, device):
    """({zone: state} of the daemon, and of the hypervisor)."""
    listed = {zone["id"]: zone["state"] for zone in client.call("zone.list")["zones"]}
    return {n: listed[n] for n in (LINUX, SPIN)}, {n: hypervisor(device, n)[0] for n in (LINUX, SPIN)}


def agree(client, device):
    """(seconds until both views are settled and the same, spin's state)."""
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE:
        said, true = views(client, device)
        if all(SETTLED.get(said[n]) == true[n] for n in said):
            return time.monotonic() - began, said[SPIN]
        time.sleep(0.02)
    raise TimeoutError(f"hvisord says {said}, the hypervisor {true}")


def kill_within(client, pid, chance):
    """SIGKILL after some events of the request under way, or after some milliseconds."""
    events = chance.randrange(5)
    if events == 4:
        time.sleep(chance.random() * 0.05)
    client.socket.settimeout(1)
    try:
        while events not in (0, 4):
            events -= "id" not in client.receive()
    except (OSError, ValueError):
        pass  # it had fewer
    os.kill(pid, 9)


def crash(client, device, state, chance):
    """One: (the next client, spin's state, what was done)."""
    verb, params = chance.choice(STEPS[state])
    pid = client.call("system.info")["pid"]
    client.call("events.subscribe", match=["zone.state"])
    client.send("zone." + verb, zone=SPIN, **params)
    kill_within(client, pid, chance)
    began = time.monotonic()
    client = new_client()
    back = time.monotonic() - began
    seconds, now = agree(client, device)
    return client, now, f"{state}, {verb}: back after {back:.2f} s, agrees {seconds:.3f} s later: {now}"


def linux(client, device):
    """What must not change: state, runs, changes of state, device process."""
    return *hypervisor(device, LINUX), client.call("zone.get", zone=LINUX)["zone"]["device"]["pid"]


def main():
    """The command line."""
    times, seed = int(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(seed)
    device = os.open("/dev/hvisor", os.O_RDWR)
    client = new_client()
    before = linux(client, device)
    state = agree(client, device)[1]
    for n in range(times):
        client, state, text = crash(client, device, state, chance)
        print(f"{n + 1}: {text}", flush=True)
        after = linux(client, device)
        if after != before:
            print(f"zone linux was {before}, is {after}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
