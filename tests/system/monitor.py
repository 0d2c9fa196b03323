# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU with the hypervisor, and the bare-metal monitor (guests/root.c) as its root zone."""

import os
import re
import select
import struct
import subprocess
import tempfile
import time

STAGE = 0xA0000000  # in the root zone's RAM: where QEMU lays the guests
STAGE_STEP = 0x100000
ROOT_ENTRY = 0x42000000
IMAGE_OFFSET = 0x400000  # of a guest in its zone's RAM, as the monitor's "config" has it
PARAM_CONSOLE, PARAM_ARG, PARAM_LOG_USED = 72, 76, 96  # guests/guest.h

STATES = {0: "none", 1: "loading", 2: "running", 3: "stopping", 4: "ended", 5: "scrubbing", 6: "paused"}
STATE = {name: number for number, name in STATES.items()}
REASONS = {
    0: "none",
    1: "guest_off",
    2: "guest_reset",
    3: "stopped",
    4: "bad_access",
    5: "bad_mmio",
    6: "bad_trap",
    7: "device",
    8: "destroyed",
}
ERRORS = {
    0: "ok",
    -1: "not_supported",
    -2: "permission",
    -3: "invalid",
    -4: "address",
    -5: "no_zone",
    -6: "exists",
    -7: "state",
    -8: "config",
    -9: "conflict",
    -10: "no_memory",
    -11: "hardware",
}


def machine(cpu):
    """QEMU's arguments for the board."""
    command = ["qemu-system-aarch64", "-M", "virt,gic-version=3,virtualization=on", "-cpu", cpu]
    return command + ["-smp", "4", "-m", "2G", "-nodefaults", "-display", "none", "-no-reboot"]


class MonitorError(Exception):
    """The monitor did not answer, or the machine is gone; text holds its last output."""


def run_as_root(hypervisor, guests, guest, arg, cpu="cortex-a72", timeout=60):
    """Boots a guest in place of the monitor, on the UART; (output, exit status) once it switched off."""
    with open(os.path.join(guests, guest + ".bin"), "rb") as file:
        image = bytearray(file.read())
    struct.pack_into("<II", image, PARAM_CONSOLE, 1, arg)
    with tempfile.NamedTemporaryFile() as file:
        file.write(image)
        file.flush()
        loader = f"loader,file={file.name},addr={ROOT_ENTRY:#x},force-raw=on"
        command = [*machine(cpu), "-serial", "stdio", "-kernel", hypervisor, "-device", loader]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False)
    return done.stdout.decode("ascii", "replace"), done.returncode


class Monitor:
    """One machine. Every command() is one line to the monitor and its one answer."""

    def __init__(self, hypervisor, guests, icount=False, cpu="cortex-a72", timeout=60, qemu_args=()):
        self.place = (hypervisor, guests, cpu)
        self.timeout = timeout
        self.transcript = []
        self.pending = b""
        self.stage = {}
        loads = []
        for index, name in enumerate(sorted(f for f in os.listdir(guests) if f.endswith(".bin"))):
            path = os.path.join(guests, name)
            address = ROOT_ENTRY if name == "root.bin" else STAGE + index * STAGE_STEP
            self.stage[name[:-4]] = (address, os.path.getsize(path))
            loads += ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]
        command = [*machine(cpu), "-serial", "stdio", "-kernel", hypervisor, *loads, *qemu_args]
        if icount:
            command += ["-icount", "shift=0,sleep=off"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        try:
            self.greeting = self._answer()
        except MonitorError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the machine, whatever state it is in."""
        self.process.kill()
        self.process.wait()

    def wait_exit(self):
        """Waits until the machine switches itself off."""
        self.process.wait(self.timeout)

    def _line(self):
        deadline = time.monotonic() + self.timeout
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise MonitorError("no answer; last lines:\n" + "\n".join(self.transcript[-25:]))
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise MonitorError("machine gone; last lines:\n" + "\n".join(self.transcript[-25:]))
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        text = line.decode("ascii", "replace").rstrip("\r")
        self.transcript.append(text)
        return text

    def _answer(self):
        self.text = []
        while True:
            line = self._line()
            if line.startswith("ok") or line.startswith("error"):
                break
            self.text.append(line[2:] if line.startswith("| ") else line)
        answer = {"error": line if line.startswith("error") else ""}
        for name, value in re.findall(r"(\w+)=(\S+)", line):
            answer[name] = int(value, 0) if re.fullmatch(r"-?(0x[0-9a-f]+|\d+)", value) else value
        return answer

    def command(self, *words):
        """Sends words (numbers as hex); returns the answer's fields, result as a number."""
        line = " ".join(hex(w) if isinstance(w, int) else w for w in words)
        self.transcript.append("> " + line)
        self.process.stdin.write(line.encode("ascii") + b"\n")
        return self._answer()

    def call(self, number, *arguments):
        """A hypercall of the root zone by its number behind HV_CALL_BASE."""
        return self.command("call", 0xC6000000 + number, *arguments)

    # A zone from a guest, in the steps a management tool takes.

    def config(self, zone=1, cpus=0x4, physical=0x50000000, virtual=None, size=0x1000000):
        """Prepares a valid config in the monitor; set(), region() and others change it."""
        self.zone = zone
        self.physical = physical
        self.virtual = physical if virtual is None else virtual
        return self.command("config", zone, cpus, physical, self.virtual, size)

    def set(self, field, value):
        """Sets a field of HvZoneConfig by its C name."""
        answer = self.command("set", value, field)
        if answer["error"]:
            raise MonitorError(answer["error"])

    def create(self):
        """ZONE_CREATE: "ok", an error's name, or "config:NAME" with the violation."""
        answer = self.command("create")
        name = ERRORS.get(answer["result"], str(answer["result"]))
        return f"{name}:{answer['violation']}" if "violation" in answer else name

    def load(self, guest, arg=0):
        """Copies a guest into the created zone's RAM."""
        address, size = self.stage[guest]
        image = self.physical + IMAGE_OFFSET
        answer = self.command("copy", image, address, (size + 7) & ~7)
        answer = answer if answer["error"] else self.command("poke", image + PARAM_ARG, arg)
        if answer["error"]:
            raise MonitorError(f"loading {guest}: {answer['error']}")

    def simple(self, verb, zone=None):
        """start, stop, destroy, pause, resume: the error's name."""
        return ERRORS[self.command(verb, self.zone if zone is None else zone)["result"]]

    def wait(self, state, milliseconds=2000, zone=None):
        """Waits in guest time for a state; the status, with names in state and reason."""
        status = self.command("wait", self.zone if zone is None else zone, STATE[state], milliseconds)
        return self._named(status)

    def status(self, zone=None):
        """The status, with names in state and reason."""
        return self._named(self.command("status", self.zone if zone is None else zone))

    @staticmethod
    def _named(status):
        if "state" in status:
            status["state"] = STATES.get(status["state"], status["state"])
            status["reason"] = REASONS.get(status["reason"], status["reason"])
        return status

    def log(self):
        """What the guest of the last config() printed, as lines."""
        self.command("log", self.physical + IMAGE_OFFSET, self.physical, self.virtual)
        return list(self.text)

    def start(self, guest, arg=0, **config):
        """config, create, load, start; raises where a step is refused."""
        self.config(**config)
        return self.run(guest, arg)

    def run(self, guest, arg=0):
        """create, load, start of what config() prepared."""
        result = self.create()
        if result != "ok":
            raise MonitorError(f"create: {result}")
        self.load(guest, arg)
        result = self.simple("start")
        if result != "ok":
            raise MonitorError(f"start: {result}")

    def destroy(self, zone=None):
        """Destroys a zone and waits until its RAM is cleared."""
        result = self.simple("destroy", zone)
        if result != "ok":
            raise MonitorError(f"destroy: {result}")
        return self.wait("none", 10000, zone)
