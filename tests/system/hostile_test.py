#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The hostile driver (tests/hostile) in a zone under QEMU, beside a zone that works.

The guest runs a case, looks at all of its zone's devices, and prints a line; after every twenty of them it waits
until this has looked at the rest of the machine. The last line says "N passed, M failed".
"""

import argparse
import json
import mmap
import os
import struct
import sys
import time

import report
from machine import RAM_SIZE, RAM_START, MachineError
from report import check, note
from stack_test import PARAM_ARG, Stack

FOLDER = "/run/hostile"
IMAGE_OFFSET = 0x400000  # of the guest in its zone's RAM
PARAM_LOG = 88  # guests/guest.h
BATCH_TIMEOUT = 300
NEIGHBOUR = 1000  # guests/hostile.c

DEVICES = [
    {"type": "console", "ports": 2},
    {"type": "blk", "img": "disk.img", "queues": 2, "serial": "ab"},
    {"type": "blk", "img": "readonly.img", "readonly": True},
    {"type": "net"},
    {"type": "rng"},
]


def devices(names):
    """As tests/hostile/driver.c has them."""
    made = [
        {**device, **names.get(index, {}), "addr": hex(0xA000000 + 0x200 * index), "len": "0x200", "irq": 64 + index}
        for index, device in enumerate(DEVICES)
    ]
    made.append({"type": "pl011", "addr": "0xa001000", "len": "0x1000", "irq": 69})
    made.append({"type": "power_key", "addr": "0xa002000", "len": "0x1000", "irq": 70})
    return made


def zone(number, cpus, mode, names):
    """A zone file for the guest in that mode; guest-physical addresses are the same in all."""
    start = 0x40000000 + 0x10000000 * number
    return {
        "zone_id": number,
        "name": f"zone{number}",
        "cpus": cpus,
        "memory_regions": [
            {"type": "ram", "physical_start": hex(start), "virtual_start": "0x50000000", "size": "0x1000000"},
            {"type": "virtio", "physical_start": "0xa000000", "virtual_start": "0xa000000", "size": "0x4000"},
        ],
        "interrupts": list(range(64, 71)),
        "virtio_devices": devices(names),
        "kernel_filepath": f"hostile{mode}.bin",
        "kernel_load_paddr": hex(start + IMAGE_OFFSET),
        "entry_point": "0x50400000",
    }


DRIVER = {}
BESIDE = {1: {"img": "beside.img"}, 2: {"img": "beside-readonly.img"}}


class Hostile(Stack):
    """Root Linux with the guest in its modes, taps, and disks in memory."""

    def __init__(self, arguments):
        super().__init__(arguments, files={**self._drivers(arguments), **self._guests(arguments)})
        self.run("for m in $(cat /lib/modules/virtio-order); do insmod /lib/modules/$m.ko; done")
        self.run(f"mkdir -p {FOLDER} && mount -t tmpfs none {FOLDER} && cp /test/hostile/* {FOLDER}/")
        for name in ("disk", "readonly", "beside", "beside-readonly"):
            self.run(f"truncate -s 1M {FOLDER}/{name}.img")
        self.use_zones(FOLDER)

    @staticmethod
    def _drivers(arguments):
        """What scripts/make-virtio-guest has for root Linux."""
        root = os.path.join(arguments.images, "virtio", "root", "lib", "modules")
        files = {}
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), root)
                target = "virtio-order" if path == "order" else path
                files[f"/lib/modules/{target}"] = os.path.join(folder, name)
        return files

    @staticmethod
    def _guests(arguments):
        files = {}
        for mode in (0, 1, NEIGHBOUR):
            with open(os.path.join(arguments.cross, "tests", "system", "guests", "hostile.bin"), "rb") as file:
                image = bytearray(file.read())
            struct.pack_into("<I", image, PARAM_ARG, mode)
            files[f"/test/hostile/hostile{mode}.bin"] = bytes(image)
        return files

    def put(self, config):
        """Writes a zone's file and starts it."""
        self.run(f"echo '{json.dumps(config)}' >{FOLDER}/zone{config['zone_id']}.json")
        self.start(config["zone_id"])


class Memory:
    """A zone's RAM, seen from outside of the machine."""

    def __init__(self, machine, number):
        self.base = 0x40000000 + 0x10000000 * number - RAM_START
        self.file = open(machine.ram, "r+b")
        self.map = mmap.mmap(self.file.fileno(), RAM_SIZE)
        self.seen = ""

    def close(self):
        """The file may go."""
        self.map.close()
        self.file.close()

    def _read(self, offset, form):
        return struct.unpack_from(form, self.map, self.base + offset)[0]

    def arg(self):
        """The guest's word."""
        return self._read(IMAGE_OFFSET + PARAM_ARG, "<I")

    def set_arg(self, value):
        """The word to the guest."""
        struct.pack_into("<I", self.map, self.base + IMAGE_OFFSET + PARAM_ARG, value)

    def log(self):
        """What the guest printed since its log last began."""
        start = self._read(IMAGE_OFFSET + PARAM_LOG, "<Q") - 0x50000000
        used = self._read(IMAGE_OFFSET + PARAM_LOG + 8, "<Q")
        if not 0 < start < 0x1000000 or used > 0x4000:
            return ""
        return self.map[self.base + start : self.base + start + used].decode("ascii", "replace")

    def batch(self):
        """Waits until the guest hands over, other lines than before: these."""
        deadline = time.monotonic() + BATCH_TIMEOUT
        log = self.log()
        while not log.endswith("@") or log == self.seen:
            if time.monotonic() > deadline:
                raise MachineError("the guest makes no progress; its last lines: " + log[-500:])
            time.sleep(0.05)
            log = self.log()
        self.seen = log
        return log[:-1].splitlines()


class Watch:
    """What must not change while the driver is at work."""

    def __init__(self, m, numbers):
        self.m = m
        self.numbers = numbers
        self.pids = {number: m.status(number)["device"]["pid"] for number in numbers}
        self.runs = {number: m.status(number)["runs"] for number in numbers}
        self.beside = Memory(m, 2) if 2 in numbers else None
        self.beats = self.beside.arg() if self.beside else 0
        self.problems = []

    def look(self):
        """After each batch."""
        for number in self.numbers:
            status = self.m.status(number)
            device = status.get("device", {})
            if status["state"] != "running" or status["runs"] != self.runs[number]:
                self.problems.append(f"zone {number} is {status['state']}, run {status['runs']}")
            if device.get("state") != "ready" or device.get("pid") != self.pids[number]:
                self.problems.append(f"zone {number}: device process {device}")
        if self.m.command("hvisorctl list")[0] != 0:
            self.problems.append("hvisord does not answer")
        if self.beside:
            deadline = time.monotonic() + 60
            while self.beside.arg() <= self.beats and time.monotonic() < deadline:
                time.sleep(0.1)
            if self.beside.arg() <= self.beats:
                self.problems.append("the neighbour stands still: " + self.beside.log())
            self.beats = self.beside.arg()


def drive(memory, watch):
    """Lets the guest run all its cases: (lines of cases, its last line)."""
    lines = []
    word = 1 << 16
    while True:
        batch = memory.batch()
        for line in batch:
            if line.startswith("done"):
                watch.look()
                return lines, line
            lines.append(line)
            print(f"       {line}", flush=True)
        watch.look()
        if watch.problems:
            raise MachineError("; ".join(watch.problems))
        word += 1
        memory.set_arg(word)


def judge(lines, last, watch, at_least):
    """The checks of one run."""
    good = sum(line.startswith("ok ") for line in lines)
    names = {line.split(": ", 1)[1] for line in lines if line.startswith("ok ")}
    check("cases", last == f"done {good} 0" and good == len(lines), f"{good} of {len(lines)}: {last}")
    check("different cases", len(names) >= at_least, len(names))
    check("process, neighbour and hvisord after each twenty", not watch.problems, "; ".join(watch.problems) or "well")


def run_driver(m):
    """All cases but races, beside a neighbour with devices at the same guest-physical addresses."""
    m.put(zone(2, [3], NEIGHBOUR, BESIDE))
    m.put(zone(1, [2], 0, DRIVER))
    memory = Memory(m, 1)
    watch = Watch(m, (1, 2))
    lines, last = drive(memory, watch)
    judge(lines, last, watch, 60)
    memory.set_arg(1)
    status = m.wait(lambda s: s["state"] == "stopped")
    check("the guest ends", status.get("reason") == "guest_off", status.get("reason"))
    untouched = m.command(f"[ $(tr -d '\\000' <{FOLDER}/readonly.img | wc -c) = 0 ]")[0] == 0
    check("the read-only disk is what it was", untouched)
    check("the neighbour runs on", m.status(2)["state"] == "running", watch.beats - NEIGHBOUR)
    memory.close()
    watch.beside.close()
    m.stop(2)


def run_races(m):
    """A second CPU changes memory while the device reads it."""
    m.run(f"rm {FOLDER}/zone2.json")
    m.put(zone(1, [2, 3], 1, DRIVER))
    memory = Memory(m, 1)
    watch = Watch(m, (1,))
    lines, last = drive(memory, watch)
    judge(lines, last, watch, 6)
    memory.set_arg(1)
    m.stop(1)
    memory.close()


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", required=True, help="folder of scripts/make-images and make-virtio-guest")
    parser.add_argument("--cross", required=True, help="folder of the arm64 build")
    parser.add_argument("--cpu", default="cortex-a57", help="QEMU's CPU model")
    arguments = parser.parse_args()
    began = time.monotonic()
    try:
        with Hostile(arguments) as m:
            for run in (run_driver, run_races):
                print(f"{run.__name__[4:]}: {run.__doc__}", flush=True)
                try:
                    run(m)
                except (MachineError, KeyError, ValueError) as error:
                    check(f"{run.__name__[4:]}: {type(error).__name__}", False, error)
                    note(m.command("hvisorctl list; dmesg | tail -5; tail -20 /var/log/hvisord.log")[1])
                    m.command("hvisorctl kill 1; hvisorctl kill 2")
    except MachineError as error:
        check("the machine", False, error)
    note(f"{time.monotonic() - began:.0f} s")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
