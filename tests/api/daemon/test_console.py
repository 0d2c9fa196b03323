#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Consoles: output that is kept over runs and daemons, on disk; raw connections."""
import contextlib
import json
import os
import re
import shutil
import signal
import time

from rig import SIZE_COUNTS, Client, log, run, text, type_into, wait_for
from sim_zone import Reader, begin, numbered, state

FILE = 1 << 20


def gently(size):
    """A script that prints so many bytes, at a pace that a busy host can follow."""
    return "sim:" + "print 256k; run 50ms; " * (size >> 18) + "run"


def log_files(rig, zone="z1.1"):
    """Position of the first byte -> content."""
    folder = rig.state_dir + "/console"
    found = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        match = re.fullmatch(re.escape(zone) + r"\.(\d+)\.log", name)
        assert match or not name.startswith(zone + "."), name
        # an old one may go at any time
        with contextlib.suppress(FileNotFoundError):
            if match:
                with open(f"{folder}/{name}", "rb") as file:
                    found[int(match.group(1))] = file.read()
    return dict(sorted(found.items()))


def logged_up_to(rig, end):
    """Waits until the log's last byte is before position end."""
    def done():
        files = log_files(rig)
        last = max(files, default=0)
        return last + len(files.get(last, b"")) >= end
    wait_for(done, f"logged up to {end}")
    return log_files(rig)


def read_log(client, pos, limit=262144):
    return client.result("console.log", zone="z1", pos=pos, limit=limit)


def all_kept(client):
    """[(pos, bytes)] of all output kept, holes between them."""
    result = client.result("console.log", zone="z1", pos=0)
    pieces = []
    while True:
        data = text(result)
        if not data:
            return pieces
        if pieces and pieces[-1][0] + len(pieces[-1][1]) == result["pos"]:
            pieces[-1] = pieces[-1][0], pieces[-1][1] + data
        else:
            pieces.append((result["pos"], data))
        result = read_log(client, result["pos"] + len(data))


def run_once(rig, client, script, wanted):
    rig.image("Image1", script)
    client.result("zone.check")
    client.result("zone.start", zone="z1")
    wait_for(lambda: text(read_log(client, 0)).endswith(wanted), wanted)
    client.result("zone.stop", zone="z1", mode="force")


def over_runs_and_daemons(rig):
    client = begin(rig, "sim:print one")
    run_once(rig, client, "sim:print one", b"one\n")
    run_once(rig, client, "sim:print two", b"two\n")
    rig.kill()
    client = rig.start()
    assert text(read_log(client, 0)) == b"one\ntwo\n"
    run_once(rig, client, "sim:print three", b"three\n")
    result = read_log(client, 0)
    assert text(result) == b"one\ntwo\nthree\n"
    assert (result["pos"], result["start"], result["end"]) == (0, 0, 14)
    result = read_log(client, 4, 3)
    assert (result["pos"], text(result)) == (4, b"two")
    result = client.result("console.log", zone="z1", limit=6)
    assert (result["pos"], text(result)) == (8, b"three\n")
    assert text(read_log(client, 14)) == b"" and text(read_log(client, 1000)) == b""
    assert log_files(rig) == {0: b"one\ntwo\nthree\n"}
    zone = state(client)
    assert zone["console"] == {"start": 0, "end": 14}
    # a new client's replay, too, is of all of it
    result = client.result("console.attach", zone="z1", replay=1000)
    assert (result["pos"], text(result)) == (0, b"one\ntwo\nthree\n")


def hvisorctl_logs(rig):
    client = begin(rig, gently(FILE))
    client.result("zone.start", zone="z1")
    logged_up_to(rig, FILE)
    rig.kill()
    client = rig.start()
    done = rig.ctl("logs", "z1", "--since", "0")
    assert done.returncode == 0 and done.stdout == numbered(0, FILE), (done.returncode, len(done.stdout), done.stderr)
    done = rig.ctl("logs", "z1", "-n", "100")
    assert done.stdout == numbered(FILE - 100, 100), done
    client.result("zone.stop", zone="z1", mode="force")


def bounded(rig):
    """3 MiB and a half of output leave the newest two files and a bit; every byte is where it belongs."""
    size = FILE * 7 // 2
    client = begin(rig, gently(size))
    client.result("zone.start", zone="z1")
    files = logged_up_to(rig, size)
    assert 1 <= len(files) <= 3 and sum(map(len, files.values())) <= 3 * FILE + 65536, \
        {pos: len(data) for pos, data in files.items()}
    for pos, data in files.items():
        assert numbered(pos, len(data)) == data, pos
    pieces = all_kept(client)
    assert len(pieces) == 1 and pieces[0][0] == min(files)
    assert numbered(pieces[0][0], size - pieces[0][0]) == pieces[0][1]
    result = read_log(client, 0)
    assert result["start"] == min(files) == result["pos"] and result["end"] == size


def names(rig):
    """A zone's name makes no path."""
    rig.zone(3, [3], name="../a b.7")
    client = begin(rig, "sim:run")
    client.result("zone.get", zone=3)
    rig.kill()
    assert sorted(os.listdir(rig.dir)) == ["hvisor-device", "log", "run", "state", "zones"] or \
        sorted(os.listdir(rig.dir)) == ["log", "run", "state", "zones"]


def no_such_position(rig):
    """A file that claims to begin or end where no number of the protocol reaches is none of ours."""
    folder = rig.state_dir + "/console"
    os.makedirs(folder)
    for pos, size in ((1 << 62, 1), ((1 << 53) + 1, 1), ((1 << 53) - 5, 6)):
        with open(f"{folder}/z1.1.{pos}.log", "wb") as file:
            file.truncate(size)
    client = begin(rig, "sim:print 1000; echo")
    client.result("zone.start", zone="z1")
    wait_for(lambda: client.result("console.log", zone=1)["end"] == 1000, "output at its place")
    rig.kill()
    assert rig.start().result("zone.get", zone=1)["zone"]["device"]["state"] in ("connecting", "ready")


def another_name(rig):
    """What a zone prints under a new name is kept by that, at positions that go on; a namesake has its own."""
    client = begin(rig, "sim:print 1000; echo")
    rig.zone(2, [3], console=True)
    client.result("zone.start", zone="z1")
    logged_up_to(rig, 1000)
    client.result("zone.stop", zone=1)
    with open(rig.config_dir + "/zone1.json") as file:
        config = dict(json.load(file), name="z2")
    rig.image("zone1.json", json.dumps(config))
    client.result("config.reload")
    client.result("zone.start", zone=1)
    wait_for(lambda: sum(map(len, log_files(rig, "z2.1").values())) == 1000, "the next run's output")
    assert list(log_files(rig, "z2.1")) == [1000] and list(log_files(rig)) == [0]
    client.result("console.log", zone=2, pos=0)
    assert not log_files(rig, "z2.2")
    rig.kill(signal.SIGTERM)
    client = rig.start()
    assert client.result("console.log", zone=1)["end"] == 2000 and client.result("console.log", zone=2)["end"] == 0


def no_place(rig):
    """Where nothing can be written the zone prints on; what came meanwhile is a hole."""
    client = begin(rig, "sim:print before; echo")
    folder = rig.state_dir + "/console"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(rig.state_dir, exist_ok=True)
    with open(folder, "w") as file:
        file.write("in the way")
    client.result("zone.start", zone="z1")
    reader = Reader(rig).until(b"before\n")
    type_into(client, "z1", b"during\n")
    reader.until(b"during\n")
    wait_for(lambda: "console output cannot be kept: Not a directory" in log(rig), "a log line")
    assert log(rig).count("cannot be kept") == 1
    os.unlink(folder)

    def kept():
        type_into(client, "z1", b"after\n")
        time.sleep(0.2)
        return log_files(rig)

    files = wait_for(kept, "a file")
    assert min(files) >= 7 and b"before" not in b"".join(files.values()), files
    assert "console output is kept again" in log(rig)
    assert text(read_log(client, 0)).startswith(b"before\n")  # of memory


def somebody_cleans_up(rig):
    """Files that are removed or cut while they are written: no byte is where it does not belong."""
    client = begin(rig, "sim:print 1000; echo")
    client.result("zone.start", zone="z1")
    logged_up_to(rig, 1000)
    os.unlink(rig.state_dir + "/console/z1.1.0.log")
    type_into(client, "z1", b"x" * 100)
    files = logged_up_to(rig, 1100)
    assert files == {1000: b"x" * 100}, files
    os.truncate(rig.state_dir + "/console/z1.1.1000.log", 10)
    type_into(client, "z1", b"y" * 100)
    files = logged_up_to(rig, 1200)
    assert files == {1000: b"x" * 10, 1100: b"y" * 100}, files
    shutil.rmtree(rig.state_dir + "/console")
    type_into(client, "z1", b"z" * 100)
    assert logged_up_to(rig, 1300) == {1200: b"z" * 100}


def killed_under_flood(rig):
    """Whatever the moment: on disk every byte is at its place, and a hole is one that readers see."""
    client = begin(rig, "sim:flood; echo")
    client.result("zone.start", zone="z1")
    Reader(rig).bytes(1 << 20)
    lost = 0
    for n in range(20):
        time.sleep(n * 0.003)
        rig.kill()
        client = rig.start()
        files = log_files(rig)
        for pos, data in files.items():
            assert numbered(pos, len(data)) == data, (n, pos)
        pieces = all_kept(client)
        for pos, data in pieces:
            assert numbered(pos, len(data)) == data, (n, pos)
        lost += sum(b[0] - a[0] - len(a[1]) for a, b in zip(pieces, pieces[1:]))
    type_into(client, "z1", b".")
    print(f"# 20 kills, {state(client)['console']['end']} bytes printed, {lost} lost while there was no daemon")


class Raw:
    """A connection that is a console."""

    def __init__(self, rig, behind=b"", **parameters):
        self.client = Client(rig.socket)
        line = {"jsonrpc": "2.0", "id": 1, "method": "console.attach",
                "params": dict(zone="z1", raw=True, **parameters)}
        self.client.send_bytes(json.dumps(line).encode() + b"\n" + behind)
        self.answer = self.client.receive()

    def until(self, wanted):
        while wanted not in self.client.buffer:
            data = self.client.socket.recv(65536)
            assert data, (wanted, self.client.buffer[-200:])
            self.client.buffer += data
        return self.client.buffer


def raw(rig):
    client = begin(rig, "sim:print ready; echo")
    client.result("zone.start", zone="z1")
    Reader(rig).until(b"ready\n")
    first = Raw(rig, b"in the same breath\n", replay=100)
    assert first.answer["result"] == {"b64": "", "pos": 0}, first.answer
    first.until(b"ready\nin the same breath\n")
    second = Raw(rig)
    assert second.answer["result"]["pos"] == 25
    second.client.send_bytes(b'{"jsonrpc":"2.0","id":2,"method":"zone.list"}\n')
    assert first.until(b"zone.list\"}\n").endswith(second.until(b"zone.list\"}\n"))
    big = bytes(range(1, 32)) * 1000
    first.client.send_bytes(big)
    second.until(big)
    second.client.close()
    first.client.send_bytes(b"alone\n")
    first.until(b"alone\n")
    assert "audit: console.attach raw z1 by uid" in log(rig)
    # the end of the zone is that of the connection
    client.result("zone.stop", zone="z1", mode="force")
    assert first.client.socket.recv(1 << 20) == b""
    assert client.reason("console.attach", zone="z1", raw=True) == "zone.not_running"


def raw_alone(rig):
    """Not among other requests, nor with events."""
    client = begin(rig, "sim:echo")
    client.result("zone.start", zone="z1")
    client.result("events.subscribe")
    assert client.reason("console.attach", zone="z1", raw=True) == "protocol.request"
    other = Client(rig.socket)
    other.send("console.attach", {"zone": "z1", "more": True})
    assert other.reason("console.attach", zone="z1", raw=True) == "protocol.request"
    assert other.result("zone.list")


def raw_and_deaf(rig):
    """A raw client that does not read costs nothing and holds nobody up; one that half closes is done with."""
    client = begin(rig, "sim:flood; echo")
    client.result("zone.start", zone="z1")
    deaf = Raw(rig, replay=262144)
    memory = rig.memory_kib()
    Reader(rig).bytes(8 << 20)
    assert rig.memory_kib() - memory < 4096 or not SIZE_COUNTS, (memory, rig.memory_kib())
    type_into(client, "z1", b".")

    def quiet():
        before = state(client)["console"]["end"]
        time.sleep(0.2)
        return state(client)["console"]["end"] == before

    wait_for(quiet, "the flood's end")
    half = Raw(rig, b"last words\n")
    half.client.socket.shutdown(1)
    while half.client.socket.recv(65536):
        pass
    Reader(rig).until(b"last words\n")


run([over_runs_and_daemons, hvisorctl_logs, bounded, names, no_such_position, another_name, no_place, somebody_cleans_up, killed_under_flood, raw,
     raw_alone, raw_and_deaf])
