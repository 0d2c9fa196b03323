#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Simulated zones with the real device process: guest scripts, console, power key."""
import contextlib
import errno
import json
import os
import re
import signal
import socket
import struct
import time

from rig import Client, log, run, text, type_into, wait_for
from sim_zone import ENDED, LINE, Reader, begin, numbered, state, wait_state



def prints(rig):
    client = begin(rig, "sim:print 100k; print and now the end; run")
    client.result("zone.start", zone="z1")
    reader = Reader(rig).until(b"end\n")
    assert reader.gaps == 0 and reader.data == numbered(0, 102400) + b"and now the end\n"
    assert state(client)["state"] == "running"


def echoes(rig):
    client = begin(rig, "sim:echo")
    client.result("zone.start", zone="z1")
    reader = Reader(rig)
    type_into(client, "z1", b"hello ")
    reader.until(b"hello ")
    typed = bytes(97 + i % 26 for i in range(20000))
    type_into(client, "z1", typed)
    reader.bytes(6 + len(typed))
    assert reader.gaps == 0 and reader.data == b"hello " + typed
    type_into(client, "z1", b"\nsim:nonsense\n")
    reader.until(b"?\n")
    client.result("console.resize", zone="z1", columns=132, rows=50)
    reader.until(b"size 132x50\n")
    type_into(client, "z1", b"sim:print 48; run 50ms; off\n")
    reader.until(numbered(0, 48))
    assert wait_state(client, *ENDED)["reason"] == "guest_off"


def floods(rig):
    """A flood, seen from its start and from its middle on; ended by a key."""
    client = begin(rig, "sim:flood; print done; run")
    client.result("zone.start", zone="z1")
    early = Reader(rig).bytes(3 << 20)
    late = Reader(rig).bytes(1 << 20)
    early.check_numbered()
    late.check_numbered()
    type_into(client, "z1", b"x")
    wait_for(lambda: text(client.result("console.attach", zone="z1", replay=5)) == b"done\n", "the flood's end")


def ends(rig):
    """Each way in which a script ends a zone, after a while and at once."""
    client = begin(rig, "sim:run")
    for script, reason in (("sim:off", "guest_off"), ("sim:run 5ms; off", "guest_off"),
                           ("sim:hang 5; off", "guest_off"), ("sim:fault", "bad_access"),
                           ("sim:print 1k; run 1ms; fault", "bad_access"),
                           ("sim:nonsense", "bad_trap"), ("sim:run 5 parsecs", "bad_trap")):
        rig.image("Image1", script)
        client.result("zone.check")
        client.call("zone.start", zone="z1")  # an error if it has ended before it was seen to run
        zone = wait_state(client, *ENDED)
        assert zone["reason"] == reason, (script, zone)
        assert zone["state"] == ("stopped" if reason == "guest_off" else "crashed"), (script, zone)


class Link:
    """The device process's own link (virtio/device_link.h), without the daemon."""
    HEADER = struct.Struct("<IBBHIIQ")
    HELLO, OUTPUT, INPUT, POWER_KEY = 1, 3, 4, 7

    def __init__(self, rig):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(rig.run_dir + "/zone-1.link")
        self.version = 1  # of what comes before the greeting

    def send(self, kind, data=b"", pos=0):
        self.socket.send(self.HEADER.pack(0x4C445648, self.version, 0, kind, len(data), 2, pos) + data)
        if kind == self.HELLO:
            self.version = 2

    def output(self, wait=True):
        """Position and bytes of the next output; None if there is none yet."""
        while True:
            try:
                packet = self.socket.recv(8192, 0 if wait else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
            assert packet, "closed"
            kind, _, _, pos = self.HEADER.unpack_from(packet)[3:]
            if kind == self.OUTPUT:
                return pos, packet[self.HEADER.size:]

    def until(self, wanted):
        data = b""
        while not data.endswith(wanted):
            data += self.output()[1]


def press(rig):
    Link(rig).send(Link.POWER_KEY)


def is_up(rig):
    """The power key, by the one timer of the device process: it is set as long as the key is down."""
    [device] = rig.devices()
    times = []
    for name in os.listdir(f"/proc/{device}/fdinfo"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{device}/fdinfo/{name}") as file:
            times += re.findall(r"^it_value: (.*)$", file.read(), re.MULTILINE)
    assert len(times) == 1, times
    return times == ["(0, 0)"]


def power_key(rig):
    """A guest that runs switches off, whatever it is doing; one that hangs does not."""
    client = begin(rig, "sim:run", key=True)
    for script in ("sim:print ready; run", "sim:print ready; echo", "sim:print ready; run 3600s; off"):
        rig.image("Image1", script)
        client.result("zone.check")
        client.result("zone.start", zone="z1")
        Reader(rig).until(b"ready\n")
        press(rig)
        assert wait_state(client, *ENDED)["reason"] == "guest_off"
    rig.image("Image1", "sim:print ready; hang")
    client.result("zone.check")
    client.result("zone.start", zone="z1")
    Reader(rig).until(b"ready\n")
    link = Link(rig)
    link.send(Link.POWER_KEY)
    link.send(Link.HELLO)
    link.until(b"ready\n")  # so the key is down by now, or is up again already
    wait_for(lambda: is_up(rig), "the key is let go")
    assert state(client)["state"] == "running"
    client.result("zone.stop", zone="z1", mode="force")


def stops_gracefully(rig):
    """A guest that listens is asked; one that does not runs on, or is ended, as the mode says."""
    client = begin(rig, "sim:print ready; run", key=True)
    for n, parameters in enumerate(({"mode": "graceful"}, {})):
        rig.image("Image1", f"sim:print ready{n}; run")
        client.result("zone.check")
        client.result("zone.start", zone="z1")
        Reader(rig).until(f"ready{n}\n".encode())
        answer = client.result("zone.stop", zone="z1", **parameters)
        assert answer["state"] == "stopped" and answer["reason"] == "guest_off", answer
    rig.image("Image1", "sim:print deaf; hang")
    client.result("zone.check")
    client.result("zone.start", zone="z1")
    Reader(rig).until(b"deaf\n")
    assert client.reason("zone.stop", zone="z1", mode="graceful", timeout_ms=50) == "zone.stop_timeout"
    assert state(client)["state"] == "running"
    # given up, the guest's own resets are followed again
    stop = client.send("zone.stop", {"zone": "z1", "mode": "graceful"})
    client.result("$/cancel", id=stop)
    assert client.answer(stop)["error"]["data"]["reason"] == "request.cancelled"
    with open(rig.run_dir + "/zone-1.json") as file:
        assert json.load(file)["wanted"]
    assert client.result("zone.stop", zone="z1", timeout_ms=50)["reason"] == "stopped"
    client.result("zone.start", zone="z1")
    assert client.result("zone.kill", zone="z1")["reason"] == "stopped"
    assert client.reason("zone.kill", zone="z1") == "zone.not_running"


def device_is_missed_by_the_next_daemon(rig):
    """A stop is given up and the daemon dies while no device process is there: the next one starts it."""
    client = begin(rig, "sim:print deaf; hang", key=True)
    client.result("zone.start", zone="z1")
    Reader(rig).until(b"deaf\n")
    stop = client.send("zone.stop", {"zone": "z1", "mode": "graceful", "timeout_ms": 60000})
    for _ in range(5):  # each next one is longer in coming
        pid = state(client)["device"]["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: (lambda d: d["state"] == "ready" and d["pid"] != pid)(state(client)["device"]), "another one")
    os.kill(state(client)["device"]["pid"], signal.SIGKILL)
    wait_for(lambda: state(client)["device"]["state"] == "died", "its death")
    client.result("$/cancel", id=stop)
    rig.kill(signal.SIGKILL)
    client = rig.start()
    wait_for(lambda: state(client)["device"]["state"] == "ready", "a process that serves")
    assert state(client)["state"] == "running" and state(client)["runs"] == 1
    assert client.result("zone.stop", zone="z1", mode="force")["state"] == "stopped"


def restarts_gracefully(rig):
    """A restart asks the guest first, and does not wait for ever."""
    client = begin(rig, "sim:print ready; run", key=True, stop_timeout_ms=100)
    client.result("zone.start", zone="z1")
    Reader(rig).until(b"ready\n")
    client.result("events.subscribe", match=["zone.state"])
    assert client.result("zone.restart", zone="z1")["state"] == "running"
    assert client.event(lambda event: event["from"] == "running")["reason"] == "guest_off"
    assert client.event(lambda event: event["to"] == "loading")["cause"]["kind"] == "client"
    rig.image("Image1", "sim:print deaf; hang")
    client.result("zone.check")
    assert client.result("zone.restart", zone="z1")["state"] == "running"
    Reader(rig).until(b"deaf\n")
    assert client.event(lambda event: event["from"] == "running")["reason"] == "guest_off"
    assert client.result("zone.restart", zone="z1")["state"] == "running"
    assert client.event(lambda event: event["from"] == "running")["reason"] == "requested"


def device_dies(rig):
    """Another takes its place at once; the zone can be stopped, and the next start has a new one."""
    client = begin(rig, "sim:print up; echo")
    client.result("zone.start", zone="z1")
    Reader(rig).until(b"up\n")
    old = rig.devices()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not set(old) & set(rig.devices()), "its end")
    lost = "zone z1: device process: the virtio device at 0xa003c00 needs a reset: the process that served it died\n"
    wait_for(lambda: lost in log(rig), "the next one says what that means")
    client.result("zone.stop", zone="z1", mode="force")
    client.result("zone.start", zone="z1")
    reader = Reader(rig).until(b"up\n")
    type_into(client, "z1", b"alive")
    reader.until(b"alive")


def outlives_the_daemon(rig):
    """The daemon is killed in the middle of a flood: the next one goes on with guest and process."""
    client = begin(rig, "sim:flood; print done; echo")
    client.result("zone.start", zone="z1")
    Reader(rig).bytes(100000)
    before = rig.devices()
    rig.kill()
    client = rig.start()
    wait_state(client, "running")
    assert rig.devices() == before
    reader = Reader(rig).bytes(1000000)
    body = reader.pieces[-1][1]
    start = body.index(b"\n") + 1
    line = int(body[start:start + 15])
    assert body[start:] == numbered(line * LINE, len(body) - start)
    type_into(client, "z1", b"x")
    wait_for(lambda: b"done\n" in text(client.result("console.attach", zone="z1", replay=64)), "the flood's end")


class Simulator:
    """Asks hvisor-sim itself (backend/sim_link.h)."""
    STOP, STATUS, PAUSE, RESUME = 5, 7, 13, 14
    RUNNING, ENDED, PAUSED = 2, 4, 6

    def __init__(self, rig):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(rig.run_dir + "/sim.sock")

    def ask(self, op):
        self.socket.send(struct.pack("=IIII", op, 1, 0, 77))
        reply = self.socket.recv(65536)
        return struct.unpack_from("=q", reply)[0], reply[16:]

    def state(self):
        return struct.unpack_from("=I", self.ask(self.STATUS)[1], 12)[0]

    def becomes(self, op, state):
        result = self.ask(op)[0]
        assert result == 0, result
        wait_for(lambda: self.state() == state, f"state {state}")


def paused(rig):
    """A parked guest does nothing, neither prints nor sees time pass; resumed, it goes on in the middle."""
    client = begin(rig, "sim:flood; print done; run 400ms; print late; run")
    client.result("zone.start", zone="z1")
    rig.kill()  # what the daemon makes of a zone that others pause is not the question
    simulator, link = Simulator(rig), Link(rig)
    link.send(Link.HELLO)
    for _ in range(20):
        simulator.becomes(simulator.PAUSE, simulator.PAUSED)
        assert simulator.ask(simulator.PAUSE)[0] == -errno.EBUSY
        while link.output(wait=False):
            pass  # to the end: a parked guest adds nothing
        simulator.becomes(simulator.RESUME, simulator.RUNNING)
        assert simulator.ask(simulator.RESUME)[0] == -errno.EBUSY
        for _ in range(20):
            pos, piece = link.output()
            assert piece == numbered(pos, len(piece)), pos
    link.send(Link.INPUT, b"x")
    link.until(b"done\n")
    simulator.becomes(simulator.PAUSE, simulator.PAUSED)
    time.sleep(1)  # more than its script waits
    assert link.output(wait=False) is None
    simulator.becomes(simulator.RESUME, simulator.RUNNING)
    link.until(b"late\n")
    simulator.becomes(simulator.PAUSE, simulator.PAUSED)
    simulator.becomes(simulator.STOP, simulator.ENDED)


def hostile_links(rig):
    """Who does not hold the zone's file gets nothing, whatever he says; the simulator lives on."""
    client = begin(rig, "sim:echo")
    client.result("zone.start", zone="z1")
    simulators = [pid for pid in rig.processes() if os.readlink(f"/proc/{pid}/exe").endswith("hvisor-sim")]
    folder = f"/proc/{simulators[0]}/fd/"
    inodes = [os.readlink(folder + fd)[len("socket:["):-1] for fd in os.listdir(folder)]
    with open("/proc/net/unix") as file:
        lines = [line.split() for line in file]
    names = [line[7] for line in lines if line[6] in inodes and line[7:] and line[7][0] == "@"]
    for packet in (b"", b"x", bytes(32), struct.pack("=IIQQQ", 0, 1, 0, 0, 0), struct.pack("=IIQQQ", 1, 1, 0, 1, 0),
                   struct.pack("=IIQQQ", 2, 1, 78, 0, 0), struct.pack("=IIQQQ", 9, 1, 0, 0, 0), bytes(5000)):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link.settimeout(10)
        link.connect("\0" + names[0][1:])
        link.send(packet)
        answer = link.recv(100) if packet else b""
        assert answer in (b"", struct.pack("=q", -errno.ENOENT)), (packet, answer)
        link.close()
    type_into(client, "z1", b"alive")
    Reader(rig).until(b"alive")


def simulator_dies(rig):
    """With the board its device processes end."""
    client = begin(rig, "sim:print up; run")
    client.result("zone.start", zone="z1")
    Reader(rig).until(b"up\n")
    device = client.result("zone.get", zone="z1")["zone"]["device"]["pid"]
    rig.kill()
    for pid in rig.processes():
        with contextlib.suppress(FileNotFoundError):  # one of the killed daemon's, gone meanwhile
            if os.readlink(f"/proc/{pid}/exe").endswith("hvisor-sim"):
                os.kill(pid, signal.SIGKILL)

    def is_gone():
        try:
            with open(f"/proc/{device}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "Z"
        except FileNotFoundError:
            return True

    wait_for(is_gone, "its end")


def many_lives(rig):
    """Starts and stops leave no descriptor and no process behind."""
    client = begin(rig, "sim:print 4k; run")

    def live():
        client.result("zone.start", zone="z1")
        client.result("zone.stop", zone="z1", mode="force")
        wait_for(lambda: not rig.devices(), "no device process")

    def descriptors():
        pids = [pid for pid in rig.processes() if os.readlink(f"/proc/{pid}/exe").endswith("hvisor-sim")]
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids] + [rig.descriptors()]

    live()
    before = descriptors()
    assert len(before) == 2
    for _ in range(20):
        live()
    wait_for(lambda: descriptors() == before, "as few descriptors as before")


run([prints, echoes, floods, ends, power_key, stops_gracefully,
     device_is_missed_by_the_next_daemon, restarts_gracefully, device_dies, outlives_the_daemon, paused, hostile_links,
     simulator_dies, many_lives])
