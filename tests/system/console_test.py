#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Consoles under QEMU, with Debian's kernel: a shell on a PL011, and a virtio console with several ports.

Every check prints a line with its figure; the last line says "N passed, M failed".
"""

import argparse
import os
import subprocess
import sys
import tempfile
import traceback

import report
from machine import MachineError
from report import check, note
from stack_test import Stack, short
from tree_test import FOLDER, SPLIT, put

# Before the shell of a zone whose console is no hvc0.
RCS = """#!/bin/sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s
mkdir -p /tmp
"""

RAM = {"type": "ram", "physical_start": "0x50000000", "virtual_start": "0x50000000", "size": "0x10000000"}

PL011 = {
    "zone_id": 1,
    "cpus": [2],
    "memory_regions": [
        RAM,
        {"type": "virtio", "physical_start": "0x9040000", "virtual_start": "0x9040000", "size": "0x1000"},
    ],
    "interrupts": [75],
    "devices": [{"type": "pl011", "addr": "0x9040000", "len": "0x1000", "irq": 75}],
    "kernel_filepath": "vmlinuz",
    "kernel_load_paddr": "0x50400000",
    "initrd_filepath": "serial",
    # The kernel's messages would take minutes here: each character is two accesses that wait.
    "bootargs": "console=ttyAMA0 quiet",
}


PORTS = {
    "zone_id": 1,
    "cpus": [2],
    "memory_regions": [
        RAM,
        {"type": "virtio", "physical_start": "0xa003c00", "virtual_start": "0xa003c00", "size": "0x200"},
        {"type": "virtio", "physical_start": "0x9040000", "virtual_start": "0x9040000", "size": "0x1000"},
    ],
    "interrupts": [75, 78],
    "devices": [
        {"type": "console", "addr": "0xa003c00", "len": "0x200", "irq": 78, "ports": 3},
        {"type": "pl011", "addr": "0x9040000", "len": "0x1000", "irq": 75},
    ],
    "kernel_filepath": "vmlinuz",
    "kernel_load_paddr": "0x50400000",
    "initrd_filepath": "initrd",
}

# A port is opened once, for both directions: what comes is said back, with a word before it.
ECHO = "sh -c 'exec 3<>%s; while read -r line <&3; do echo \"%s $line\" >&3; done' >/dev/null 2>&1 &"


def archive(files):
    """A cpio archive of {path: text}, to be put behind another one."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o755)
        names = subprocess.run(["find", ".", "-mindepth", "1"], cwd=folder, check=True, capture_output=True)
        pack = ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"]
        return subprocess.run(pack, cwd=folder, input=names.stdout, check=True, capture_output=True).stdout


FILES = {
    "/test/serial.cpio": archive({
        "etc/inittab": "::sysinit:/etc/init.d/rcS\nttyAMA0::respawn:-/bin/sh\n::restart:/sbin/init\n",
        "etc/init.d/rcS": RCS,
    }),
}


def test_pl011(m):
    """A zone without virtio: Linux' console and a shell on a PL011."""
    put(m, "zone.json", PL011)
    answer = m.command(f"hvisorctl check {FOLDER}/zone.json")
    check("nothing to remark", answer[0] == 0 and "warning" not in answer[1], answer[1].strip()[-200:])
    m.start()
    if not check("shell on ttyAMA0", m.wait_shell() is not None):
        note(short(m.status()))
        note(m.command("hvisorctl console 1 --wait 2 </dev/null")[1][-2000:])
        return
    line = m.zone_shell("tty; dmesg | grep -c 'ttyAMA0 at MMIO 0x9040000'")
    check("the shell's terminal", line == (0, "/dev/ttyAMA0\n1"), line)
    before = m.zone_shell("sed -n 's/.* \\([0-9]*\\) .*uart-pl011/\\1/p' /proc/interrupts; grep pl011 /proc/interrupts")
    note(f"interrupts: {before}")
    line = m.zone_shell("seq 1 300 | md5sum; seq 1 300")
    check("much output", line is not None and line[1].split()[2:] == [str(n) for n in range(1, 301)], len(line[1]))
    text = "x" * 200
    line = m.zone_shell(f"echo {text} | wc -c")
    check("much input", line == (0, "201"), line)


def told(m, port, text):
    """What a line typed to one of the zone's consoles brings back."""
    return m.run(f"echo '{text}' | hvisorctl console 1 --port {port} --no-replay --idle-ms 5000", 120).strip()


def test_ports(m):
    """Ports of a virtio console, beside a PL011: each is heard by itself, both ways."""
    put(m, "zone.json", PORTS)
    m.start()
    if not check("shell on hvc0", m.wait_shell() is not None):
        note(short(m.status()))
        note(m.command("hvisorctl console 1 --wait 2 </dev/null")[1][-2000:])
        return
    line = m.zone_shell("cat /proc/cmdline")
    check("its console by itself", line == (0, "console=hvc0"), line)
    names = m.zone_shell("cat /sys/class/virtio-ports/*/name; echo /dev/vport*")
    check("names", names == (0, "console.0\nconsole.1\nconsole.2\n/dev/vport0p0 /dev/vport0p1 /dev/vport0p2"), names)
    size = m.zone_shell("stty size </dev/hvc0")
    check("rows and columns", size == (0, "24 80"), size)
    shown = [(console["port"], console["type"]) for console in m.status()["consoles"]]
    check("known", shown == [(0, "console"), (1, "console"), (2, "console"), (3, "pl011")], shown)
    m.run("echo early | hvisorctl console 1 --port 1 --no-replay --idle-ms 1")
    m.zone_shell("(" + ECHO % ("/dev/vport0p1", "one") + ") ; (" + ECHO % ("/dev/vport0p2", "two") + ")")
    early = m.run("hvisorctl logs 1 --port 1; sleep 2; hvisorctl logs 1 --port 1")
    check("what came before the port was opened waited for it", "one early" in early, early)
    for port, word in ((1, "one"), (2, "two")):
        answer = told(m, port, "hello")
        check(f"/dev/vport0p{port}", answer == f"{word} hello", answer)
    text = "x" * 3000
    answer = told(m, 1, text)
    check("a long line", answer == f"one {text}", len(answer))
    m.zone_shell("stty -F /dev/ttyAMA0 raw -echo; (" + ECHO % ("/dev/ttyAMA0", "serial") + ")")
    answer = told(m, 3, "hello")
    check("/dev/ttyAMA0", answer == "serial hello", answer)
    check("and nothing of it on console 0", "hello" not in m.run("hvisorctl logs 1"))
    pid = m.daemon()["pid"]
    m.run(f"kill -9 {pid}")
    m.run("for i in $(seq 300); do hvisorctl list >/dev/null 2>&1 && break; sleep 0.1; done")
    answer = told(m, 2, "again")
    check("under another hvisord", answer == "two again", answer)
    kept = m.run("hvisorctl logs 1 --port 2")
    check("with what was said before", kept.split() == ["two", "hello", "two", "again"], kept)


TESTS = [function for name, function in list(globals().items()) if name.startswith("test_")]


def run_one(test, m):
    """Runs a test, and stops its zone."""
    print(f"{test.__name__[5:]}: {test.__doc__.splitlines()[0]}", flush=True)
    try:
        test(m)
        if m.status()["state"] == "running":
            m.stop()
    except (MachineError, KeyError, ValueError, OSError) as error:
        check(f"{test.__name__}: {type(error).__name__}", False, error)
        traceback.print_exc(file=sys.stdout)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", required=True, help="folder of scripts/make-images")
    parser.add_argument("--cross", required=True, help="folder of the arm64 build")
    parser.add_argument("--cpu", default="cortex-a57", help="QEMU's CPU model")
    parser.add_argument("--only", default="", help="run tests whose name holds this text")
    arguments = parser.parse_args()
    with Stack(arguments, FILES) as m:
        m.run(SPLIT + f" && cat {FOLDER}/initrd /test/serial.cpio >{FOLDER}/serial")
        m.use_zones(FOLDER)
        for test in TESTS:
            if arguments.only in test.__name__:
                run_one(test, m)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
