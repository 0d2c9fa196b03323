# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon on the simulated board, clients for it, and a small TAP runner."""
import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
HVISORD, HVISORCTL = sys.argv[1:3]
# A test that waits longer than this for something is stuck; no test asserts how long anything takes.
PATIENCE = 60.0
# Sanitizers keep what is freed: then a process's size says nothing.
with open(HVISORD, "rb") as program:
    SIZE_COUNTS = b"__asan_init" not in program.read()
# The folder of tests/system/guests: then the board is the real one behind /dev/hvisor. What simulated guests are told
# by their images is done by guests that can do that one thing.
GUESTS = os.environ.get("HVISOR_TEST_GUESTS")
REAL_GUESTS = {"sim:run": "wfi", "sim:off": "off", "sim:reset": "reset", "sim:fault": "badaccess"}


class Client:
    def __init__(self, path):
        self.connect(path)
        self.greeting = self.receive()

    def connect(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.buffer = b""
        self.other = []
        self.last_id = 0

    def close(self):
        self.socket.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send(self, method, params=None, id=None):
        self.last_id += 1
        request = {"jsonrpc": "2.0", "id": self.last_id if id is None else id, "method": method}
        if params is not None:
            request["params"] = params
        self.send_bytes(json.dumps(request).encode() + b"\n")
        return request["id"]

    def receive(self):
        """The next message, or None at the end."""
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def answer(self, id):
        """The message with this id, kept or next; others are kept in self.other."""
        for message in self.other:
            if message.get("id") == id:
                self.other.remove(message)
                return message
        while True:
            message = self.receive()
            assert message is not None, "connection closed"
            if message.get("id") == id:
                return message
            self.other.append(message)

    def call(self, method, **params):
        return self.answer(self.send(method, params or None))

    def result(self, method, **params):
        message = self.call(method, **params)
        assert "result" in message, message
        return message["result"]

    def error(self, method, **params):
        message = self.call(method, **params)
        assert "error" in message, message
        return message["error"]

    def reason(self, method, **params):
        return self.error(method, **params)["data"]["reason"]

    def event(self, wanted):
        """The next event for which wanted(params) is true."""
        while True:
            queue, self.other = self.other, []
            for i, message in enumerate(queue):
                if message.get("method") == "event" and wanted(message["params"]):
                    self.other = queue[:i] + queue[i + 1:]
                    return message["params"]
            self.other = queue
            message = self.receive()
            assert message is not None, "connection closed"
            self.other.append(message)


class Rig:
    """A fresh board, config directory and daemon."""

    def __init__(self, **environment):
        self.dir = tempfile.mkdtemp(prefix="hvisor-test-")
        self.config_dir = self.dir + "/zones"
        self.run_dir = self.dir + "/run"
        self.state_dir = self.dir + "/state"
        self.socket = self.run_dir + "/hvisord.sock"
        os.mkdir(self.config_dir)
        os.mkdir(self.run_dir)
        self.environment = dict(os.environ, HVISOR_TEST_RUN_DIR=self.run_dir, **environment)
        self.log = open(self.dir + "/log", "ab")
        self.daemon = None
        self.device_program = HERE + "/fake_device.py"  # None: the real one
        self.options = []

    def image(self, name, text):
        if GUESTS and text in REAL_GUESTS:
            with open(f"{GUESTS}/{REAL_GUESTS[text]}.bin", "rb") as guest:
                text = guest.read()
        path = f"{self.config_dir}/{name}"
        with open(path + ".tmp", "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.rename(path + ".tmp", path)

    def zone(self, id, cpus, console=False, **changes):
        """Writes zoneID.json; its RAM is 16 MiB of its own."""
        ram = 0x80000000 + id * 0x1000000
        zone = {
            "arch": "arm64", "name": f"z{id}", "zone_id": id, "cpus": cpus,
            "memory_regions": [{"type": "ram", "physical_start": hex(ram), "virtual_start": "0x40000000",
                                "size": "0x1000000"}],
            "interrupts": [], "kernel_filepath": f"Image{id}", "kernel_load_paddr": hex(ram),
            "entry_point": "0x40000000",
        }
        if console:
            zone["memory_regions"].append({"type": "virtio", "physical_start": "0xa003c00",
                                           "virtual_start": "0xa003c00", "size": "0x200"})
            zone["interrupts"].append(78)
            self.image(f"virtio{id}.json", json.dumps({"zones": [{"id": id, "devices": [
                {"type": "console", "addr": "0xa003c00", "len": "0x200", "irq": 78, "status": "enable"}]}]}))
        zone.update(changes)
        if not os.path.exists(f"{self.config_dir}/Image{id}"):
            self.image(f"Image{id}", "sim:run")
        self.image(f"zone{id}.json", json.dumps(zone))

    def real_device(self):
        """hvisor-device. Inside its sandbox nothing may be started that looks for leaks."""
        path = os.path.dirname(os.path.abspath(HVISORD)) + "/virtio/hvisor-device"
        if SIZE_COUNTS:
            return path
        wrapper = self.dir + "/hvisor-device"
        with open(wrapper, "w") as file:
            file.write(f'#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec {path} "$@"\n')
        os.chmod(wrapper, 0o755)
        return wrapper

    def start_process(self):
        """Starts the daemon, which need not answer yet."""
        board = ["--backend", "sim", "--device-program", self.device_program or self.real_device()]
        self.daemon = subprocess.Popen(
            [HVISORD, *([] if GUESTS else board), "--config-dir", self.config_dir, "--run-dir", self.run_dir,
             "--state-dir", self.state_dir, *self.options],
            stderr=self.log, env=self.environment)

    def start(self):
        self.start_process()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                client = Client(self.socket)
                if client.greeting:
                    return client
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.01)
            assert self.daemon.poll() is None, "the daemon ended"
        raise AssertionError("the daemon does not answer")

    def kill(self, number=signal.SIGKILL):
        self.daemon.send_signal(number)
        return self.daemon.wait(PATIENCE)

    def ctl(self, *arguments, **more):
        return subprocess.run([HVISORCTL, "--socket", self.socket, *arguments], capture_output=True,
                              timeout=PATIENCE, **more)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.pid}/fd"))

    def memory_kib(self):
        with open(f"/proc/{self.daemon.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def processes(self):
        """Processes of this rig: the simulator and device processes, by the rig's environment."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if f"HVISOR_TEST_RUN_DIR={self.run_dir}".encode() in file.read().split(b"\0"):
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def devices(self):
        result = []
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if re.search(rb"fake_device|hvisor-device", file.read()) and pid != self.daemon.pid:
                        result.append(pid)
            except OSError:
                pass
        return result

    def check_log(self):
        """Whatever the daemons said, a sanitizer was not among the speakers."""
        if self.daemon and self.daemon.poll() is None:
            self.kill(signal.SIGTERM)
        said = log(self)
        for word in ("Sanitizer", "runtime error", "is not for state"):
            assert word not in said, said[said.index(word) - 200:][:4000]

    def clear_board(self):
        """A real board outlives its daemon: no zone of this test may."""
        if self.daemon is None:
            return
        if self.daemon.poll() is not None:
            self.start().close()
        for zone in json.loads(self.ctl("--json", "list").stdout)["zones"]:
            if zone["id"] != 0:
                self.ctl("kill", str(zone["id"]))

    def end(self):
        if GUESTS:
            self.clear_board()
        if self.daemon and self.daemon.poll() is None:
            self.kill()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.log.close()
        shutil.rmtree(self.dir)


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("never: " + what)


def log(rig):
    """What the daemons of this rig, and what they started, have logged."""
    with open(rig.dir + "/log") as file:
        return file.read()


def text(result):
    return base64.b64decode(result["b64"])


def type_into(client, zone, data):
    return client.result("console.write", zone=zone, b64=base64.b64encode(data).decode())


def run(tests):
    """tests: functions that take a Rig. argv[3:] names those to run."""
    wanted = sys.argv[3:]
    tests = [test for test in tests if not wanted or test.__name__ in wanted]
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        rig = Rig()
        try:
            test(rig)
            rig.check_log()
            print(f"ok {number} {test.__name__}", flush=True)
        except Exception:
            failed += 1
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
            print("".join("# log: " + line + "\n" for line in log(rig).splitlines()[-25:]), end="")
            print(f"not ok {number} {test.__name__}", flush=True)
        finally:
            rig.end()
    sys.exit(failed != 0)
