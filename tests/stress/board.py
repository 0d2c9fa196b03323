# SPDX-License-Identifier: GPL-2.0-or-later
"""A simulated board with two zones, one life of one of them, and what must be true after anything."""
import base64
import json
import os
import signal
import socket
import struct
import subprocess
import time

from fault import Faults, KILL_BEFORE, LIBRARY
from rig import Client, PATIENCE, wait_for

SIM_STATUS, SIM_LIST = 7, 9  # hvisord/backend/sim_link.h
RUNNING = {"running", "paused"}

# Every request of one life of a zone, in order: method, parameters.
SCENARIO = [
    ("zone.list", {}),
    ("events.subscribe", {"match": ["zone.*"]}),
    ("zone.check", {}),
    ("zone.start", {"zone": "worker"}),
    ("zone.get", {"zone": "worker"}),
    ("zone.enable", {"zone": "worker"}),
    ("zone.pause", {"zone": "worker"}),
    ("zone.resume", {"zone": "worker"}),
    ("zone.disable", {"zone": "worker"}),
    ("console.attach", {"zone": "worker", "replay": 4096}),
    ("console.write", {"zone": "worker", "b64": base64.b64encode(b"hello\n").decode()}),
    ("zone.restart", {"zone": "worker"}),
    ("policy", {}),
    ("zone.stop", {"zone": "worker", "mode": "force"}),
    ("system.info", {}),
]


class Simulator:
    """Asks hvisor-sim what is the case."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)

    def ask(self, op, zone=0):
        self.socket.send(struct.pack("=IIII", op, zone, 0, 0))
        reply = self.socket.recv(65536)
        return struct.unpack_from("=qQ", reply) + (reply[16:],)

    def zones(self):
        """{id: (state number, runs)} of all zones that exist, but root."""
        result, word, _ = self.ask(SIM_LIST)
        assert result == 0, result
        return {zone: self.status(zone) for zone in range(1, 64) if word >> zone & 1}

    def status(self, zone):
        result, _, status = self.ask(SIM_STATUS, zone)
        assert result == 0, result
        return struct.unpack_from("=I", status, 12)[0], struct.unpack_from("=Q", status, 40)[0]


class Board:
    def __init__(self, rig):
        self.rig = rig
        self.faults = Faults(rig.dir + "/faults")
        rig.environment.update(LD_PRELOAD=LIBRARY, HVISOR_FAULT_CONTROL=rig.dir + "/faults",
                               HVISOR_FAULT_PROGRAM="hvisord")
        self.client = None

    def begin(self):
        """worker is the zone that lives, bystander one that is to run through all of it."""
        self.rig.zone(2, [2], console=True, name="worker", restart="on-failure", restart_delay_ms=1)
        self.rig.zone(3, [3], name="bystander")
        self.client = self.rig.start()
        self.client.result("zone.start", zone="bystander")
        self.simulator = Simulator(self.rig.run_dir + "/sim.sock")
        self.before = self.simulator.status(3)

    def restart(self):
        self.client = self.rig.start()

    def restart_with_fault(self):
        """False: the daemon said why and gave up."""
        try:
            self.client = self.rig.start()
            return True
        except AssertionError:
            status = self.rig.daemon.poll()
            assert status == 1, f"the daemon ended with {status}"
            return False

    def reconnect(self):
        """A new connection; the daemon may close one more while a fault is armed."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.rig.daemon.poll() is None, f"the daemon ended with {self.rig.daemon.poll()}"
            try:
                self.client = Client(self.rig.socket)
                if self.client.greeting is not None:
                    return
            except OSError:
                pass
            time.sleep(0.002)
        raise AssertionError("the daemon takes no connection")

    def crash_and_come_back(self):
        """The worker faults, and its policy starts it again. Returns an answer."""
        crashes = self.client.result("zone.get", zone="worker")["zone"]["counters"]["crashes"]
        answer = self.client.call("console.write", zone="worker", b64=base64.b64encode(b"guest fault\n").decode())
        end = time.monotonic() + PATIENCE
        while "result" in answer and time.monotonic() < end:
            answer = self.client.call("zone.get", zone="worker")
            zone = answer.get("result", {}).get("zone", {"state": "stopped", "counters": {"crashes": 0}})
            if zone["counters"]["crashes"] > crashes and "pending" not in zone and \
                    zone["state"] in ("running", "crashed", "stopped"):
                break
            time.sleep(0.002)
        return answer

    def live_once(self, tolerant=False):
        """One life of the worker; True when all of it was served. The daemon may not end."""
        served = True
        for method, params in SCENARIO:
            self.method = method
            try:
                answer = self.crash_and_come_back() if method == "policy" else self.client.call(method, **params)
            except (AssertionError, OSError):
                assert tolerant, f"{method}: the connection was closed"
                if self.died():
                    return False
                self.client.close()
                self.reconnect()
                served = False
                continue
            assert tolerant or "result" in answer, (method, answer)
        return served

    def died(self):
        """The daemon was killed by a fault that says so."""
        try:
            self.rig.daemon.wait(5 if self.faults.get("action") >= KILL_BEFORE else 0)
        except subprocess.TimeoutExpired:
            return False
        return self.rig.daemon.returncode == -signal.SIGKILL

    def count(self, call, what):
        before = self.faults.count(call)
        what()
        return self.faults.count(call) - before

    def resources(self):
        return self.rig.descriptors(), self.faults.get("live")

    def settled(self, descriptors, blocks):
        """Resources as before: exactly for descriptors; blocks may grow by what is kept on purpose."""
        self.live_once()
        now = self.resources()
        return now if now[0] <= descriptors and now[1] <= blocks + 200 else None

    def zones(self):
        return {zone["name"]: zone for zone in self.client.result("zone.list")["zones"]}

    def agrees(self):
        """The daemon's view, if it is the hypervisor's."""
        view, truth = self.zones(), self.simulator.zones()
        for zone in view.values():
            if zone["id"] == 0:
                continue
            active = zone["state"] not in ("stopped", "crashed", "invalid")
            if active != (zone["id"] in truth):
                return None
        return view

    def no_file_torn(self):
        for folder in (self.rig.run_dir, self.rig.dir + "/state"):
            for root, _, names in os.walk(folder):
                for name in names:
                    if name.endswith(".json"):
                        with open(os.path.join(root, name)) as file:
                            json.load(file)
                    assert not name.endswith(".bad"), name

    def must_be_well(self, what, worker=None):
        try:
            assert self.rig.daemon.poll() is None, f"the daemon ended with {self.rig.daemon.poll()}"
            self.client.close()
            self.reconnect()
            wait_for(self.agrees, "the daemon's view is the hypervisor's")
            assert self.simulator.status(3) == self.before, "the other zone was stopped"
            assert self.zones()["bystander"]["state"] == "running"
            self.no_file_torn()
            if worker is not None:
                assert self.zones()["worker"]["state"] == worker, self.zones()["worker"]
                return
            # what was to run may be running again, or about to
            self.client.call("zone.stop", zone="worker", mode="force")
            # a file that could not be opened is that file's fault, until it is looked at again: by the start
            wait_for(lambda: self.zones()["worker"]["state"] in ("stopped", "crashed", "invalid"), "worker ends")
            assert "pending" not in self.zones()["worker"], self.zones()["worker"]
            self.client.result("zone.start", zone="worker")
            self.client.result("zone.stop", zone="worker", mode="force")
        except Exception as error:
            raise AssertionError(f"after {what}: {error}") from error
