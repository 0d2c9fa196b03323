#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand attaches and detaches while the guest floods: each sees what the log has, at its place."""
import json
import random

from rig import SIZE_COUNTS, Client, run, text, type_into, wait_for
from sim_zone import Reader, begin, numbered, state

ATTACHES = 1000


def by_lines(rig, pick):
    """Attached as a stream: pieces with positions."""
    client = Client(rig.socket)
    stream = client.send("console.attach", {"zone": "z1", "replay": pick.choice((0, 100, 65536, 262144)), "more": True})
    pos, size = None, 0
    for _ in range(pick.randrange(1, 6)):
        result = client.answer(stream)["result"]
        data = text(result)
        assert pos is None or result["pos"] >= pos, "twice"
        pos = result["pos"]
        assert data == numbered(pos, len(data)), pos
        pos += len(data)
        size += len(data)
    if pick.random() < 0.5:
        client.result("$/cancel", id=stream)
    client.close()
    return size


def raw(rig, pick):
    """Attached raw: the first byte's position is told, the others follow it (or skip what was lost)."""
    client = Client(rig.socket)
    line = {"jsonrpc": "2.0", "id": 1, "method": "console.attach", "params": {"zone": "z1", "raw": True, "replay": 64}}
    client.send_bytes(json.dumps(line).encode() + b"\n")
    pos = client.receive()["result"]["pos"]
    while len(client.buffer) < 64:
        client.buffer += client.socket.recv(65536)
    data = client.buffer
    assert data[:64] == numbered(pos, 64), (pos, data[:64])
    client.close()
    return len(data)


def a_thousand_attaches(rig):
    client = begin(rig, "sim:flood; echo")
    client.result("zone.start", zone="z1")
    Reader(rig).bytes(1 << 20)
    for method in (by_lines, raw):  # whatever grows once has grown
        for seed in range(20):
            method(rig, random.Random(seed))
    wait_for(lambda: client.result("system.info")["connections"] == 1, "only this connection is left")
    memory, descriptors, size = rig.memory_kib(), rig.descriptors(), 0
    for n in range(ATTACHES):
        size += (by_lines if n % 2 == 0 else raw)(rig, random.Random(n))
    wait_for(lambda: client.result("system.info")["connections"] == 1, "only this connection is left")
    wait_for(lambda: rig.descriptors() <= descriptors, "as few descriptors as before")
    print(f"# {ATTACHES} attaches, {size} bytes; RSS {memory} -> {rig.memory_kib()} KiB, {descriptors} descriptors")
    assert rig.memory_kib() - memory < 2048 or not SIZE_COUNTS
    type_into(client, "z1", b".")
    # and the log is what the guest printed, byte for byte
    pos = client.result("console.log", zone="z1", pos=0)["pos"]
    while data := text(result := client.result("console.log", zone="z1", pos=pos, limit=262144)):
        assert data == numbered(result["pos"], len(data))
        pos = result["pos"] + len(data)
        if pos > state(client)["console"]["end"] - 100:
            break
    assert client.result("zone.list")


run([a_thousand_attaches])
