#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The power key under QEMU: unmodified Linux guests that are asked to power off, and do so.

Every check prints a line with its figure; the last line says "N passed, M failed".
"""

import argparse
import json
import os
import re
import sys
import time
import traceback

import report
from machine import MachineError
from report import check, note
from stack_test import Stack, short
from tree_test import FOLDER, SPLIT

# A zone whose tree is made: its console, and its power key.
ZONE = {
    "zone_id": 1,
    "cpus": [2, 3],
    "memory_regions": [
        {"type": "ram", "physical_start": "0x50000000", "virtual_start": "0x50000000", "size": "0x30000000"},
        {"type": "virtio", "physical_start": "0xa003c00", "virtual_start": "0xa003c00", "size": "0x200"},
        {"type": "virtio", "physical_start": "0x9030000", "virtual_start": "0x9030000", "size": "0x1000"},
    ],
    "interrupts": [76, 78],
    "virtio_devices": [
        {"type": "console", "addr": "0xa003c00", "len": "0x200", "irq": 78},
        {"type": "power_key", "addr": "0x9030000", "len": "0x1000", "irq": 76},
    ],
    "bootargs": "console=hvc0 loglevel=4 cma=0 panic=1",
    "kernel_filepath": "vmlinuz",
    "kernel_load_paddr": "0x50400000",
    "initrd_filepath": "initrd",
}
GUEST = ("vmlinuz", "initrd", "systemd")  # of scripts/make-power-guest
DEAF = "killall acpid; killall power-key; true"  # in the guest: nobody listens any more


def boot(m, **changes):
    """Zone 1 starts and has its shell."""
    text = json.dumps({**ZONE, **changes})
    m.run(f"echo '{text}' >{FOLDER}/zone.json")
    m.start()
    if m.wait_shell() is None:
        note(m.command("hvisorctl console 1 --wait 2 </dev/null")[1][-2000:])
        raise MachineError("the zone does not reach its shell: " + short(m.status()))


def powered_off(m, what):
    """The guest ended by itself."""
    status = m.status()
    good = (status["state"], status.get("reason")) == ("stopped", "guest_off")
    check(f"{what}: its own power off", good, short(status))


def guest_offs(m):
    """How often the guest powered off by itself, as hvisord's log has it."""
    return int(m.run("grep -c '^zone .*guest_off' /var/log/hvisord.log; true"))


def test_keys(m):
    """Debian's kernel with gpio-keys: busybox' acpid hears the key."""
    boot(m, kernel_filepath="/test/power/vmlinuz", initrd_filepath="/test/power/initrd")
    name = m.zone_shell("cat /sys/class/input/input0/name")
    check("an input device", name == (0, "gpio-keys"), name)
    check("someone listens", m.zone_shell("pidof acpid >/dev/null") == (0, ""))
    seconds = m.stop()
    powered_off(m, f"stop, {seconds:.1f} s")


def test_restart(m):
    """A restart is a power off, and then a start."""
    boot(m, kernel_filepath="/test/power/vmlinuz", initrd_filepath="/test/power/initrd")
    runs, offs = m.status()["runs"], guest_offs(m)
    m.run("hvisorctl restart 1", 240)
    status = m.status()
    check("runs again", (status["state"], status["runs"]) == ("running", runs + 1), short(status))
    check("it powered off in between", guest_offs(m) == offs + 1)


def test_systemd(m):
    """Debian's systemd: udev finds the key, logind watches it and powers off."""
    text = json.dumps({**ZONE, "kernel_filepath": "/test/power/vmlinuz", "initrd_filepath": "/test/power/systemd",
                       "bootargs": "console=hvc0 cma=0 panic=1 systemd.journald.forward_to_console=1"})
    m.run(f"echo '{text}' >{FOLDER}/zone.json")
    m.start()
    deadline = time.monotonic() + 240
    said = ""
    while "Watching system buttons" not in said and time.monotonic() < deadline:
        # all that is kept: what came between two looks is in the second one
        said = m.command("hvisorctl console 1 --replay 1048576 --wait 2 </dev/null")[1]
    watched = re.search(r"Watching system buttons on .*?\)", said)
    if not check("logind watches the key", watched, watched and watched[0]):
        note(said[-3000:])
        note(short(m.status()))
        note(m.command("tail -n 20 /var/log/hvisord.log; dmesg | tail -n 5")[1])
        return
    m.run("hvisorctl stop --mode graceful --timeout 120 1", 240)
    powered_off(m, "stop --mode graceful")


def test_cloud(m):
    """Debian's cloud kernel, which has a PL061 but no gpio-keys: a script looks at the line."""
    boot(m)
    check("no input device", m.zone_shell("test -e /dev/input") == (1, ""))
    m.run("hvisorctl stop --mode graceful 1", 240)
    powered_off(m, "stop --mode graceful")


def test_deaf(m):
    """A guest that does not listen runs on, or is ended when its time is up."""
    boot(m, stop_timeout_ms=2000)
    m.zone_shell(DEAF)
    status, text = m.command("hvisorctl stop --mode graceful 1")
    check("stop --mode graceful fails", status == 124 and "power off" in text, f"exit status {status}, {text.strip()}")
    check("the guest runs on", m.zone_shell("true") == (0, ""))
    m.stop()
    status = m.status()
    check("stop ends it", (status["state"], status.get("reason")) == ("stopped", "stopped"), short(status))


def test_daemon_restarts(m):
    """The key is still there for the next daemon."""
    boot(m)
    before = m.daemon()["pid"]
    m.run(f"kill -9 {before}")
    m.run("for i in $(seq 300); do hvisorctl list >/dev/null 2>&1 && break; sleep 0.1; done")
    check("a new hvisord", m.daemon()["pid"] != before)
    m.run("hvisorctl stop --mode graceful 1", 240)
    powered_off(m, "stop by the next hvisord")


TESTS = [function for name, function in list(globals().items()) if name.startswith("test_")]


def run_one(test, m):
    """Runs a test, and ends its zone."""
    print(f"{test.__name__[5:]}: {test.__doc__.splitlines()[0]}", flush=True)
    try:
        test(m)
    except (MachineError, KeyError, ValueError, OSError) as error:
        check(f"{test.__name__}: {type(error).__name__}", False, error)
        traceback.print_exc(file=sys.stdout)
    m.command("hvisorctl kill 1")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", required=True, help="folder of scripts/make-images")
    parser.add_argument("--cross", required=True, help="folder of the arm64 build")
    parser.add_argument("--cpu", default="cortex-a57", help="QEMU's CPU model")
    parser.add_argument("--only", default="", help="run tests whose name holds this text")
    arguments = parser.parse_args()
    files = {f"/test/power/{name}": os.path.join(arguments.images, "power", name) for name in GUEST}
    with Stack(arguments, files=files) as m:
        m.run(SPLIT)
        m.use_zones(FOLDER)
        for test in TESTS:
            if arguments.only in test.__name__:
                run_one(test, m)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
