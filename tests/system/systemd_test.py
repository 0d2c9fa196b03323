#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Root Linux with systemd under QEMU: what a distribution ships, and what an operator does with it.

Every check prints a line with its figure; the last line says "N passed, M failed".
--only TEXT runs the tests whose name holds TEXT.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback

import report
from machine import Machine, MachineError
from report import check, note
from stack_test import GUEST_FILE

ZONES = "etc/hvisor/zones"
# Zone 1 is the example's Linux, on CPU 2 alone; zone 2 spins on CPU 3.
SPIN = dict(
    GUEST_FILE,
    zone_id=2,
    name="spin",
    cpus=[3],
    autostart=True,
    memory_regions=[
        {"type": "ram", "physical_start": "0x80000000", "virtual_start": "0x50000000", "size": "0x1000000"}
    ],
    kernel_load_paddr="0x80400000",
    kernel_filepath="./spin.bin",
)
LINUX = {
    "zone_id": 1,
    "name": "linux",
    "autostart": True,
    "cpus": [2],
    "memory_regions": [
        {"type": "ram", "physical_start": "0x50000000", "virtual_start": "0x50000000", "size": "0x10000000"},
        {"type": "virtio", "physical_start": "0xa003c00", "virtual_start": "0xa003c00", "size": "0x200"},
    ],
    "interrupts": [78],
    "kernel_filepath": "./Image",
    "kernel_load_paddr": "0x50400000",
    "dtb_filepath": "./linux.dtb",
    "dtb_load_paddr": "0x50000000",
    "virtio_devices": [{"type": "console", "addr": "0xa003c00", "len": "0x200", "irq": 78, "status": "enable"}],
}

# So that a hang is noticed in the time that a test has.
QUICK = b"[Service]\nWatchdogSec=6\nRestartSec=100ms\n"
CRASHES = 20


class Board(Machine):
    """The machine with systemd's words."""

    def __init__(self, arguments, files=None):
        """files: further ones, as Machine has them."""
        with tempfile.TemporaryDirectory() as folder:
            # the example's kernel and a tree for it, as its root file system has them
            tree = "etc/hvisor/two-zones/zone1.dtb"
            with open(os.path.join(arguments.images, "root.cpio"), "rb") as cpio:
                subprocess.run(["cpio", "-id", "--quiet", f"{ZONES}/Image", tree], cwd=folder, check=True, stdin=cpio)
            super().__init__(arguments.images, {
                f"/{ZONES}/Image": os.path.join(folder, ZONES, "Image"),
                f"/{ZONES}/linux.dtb": os.path.join(folder, tree),
                "/etc/systemd/system/hvisord.service.d/test.conf": QUICK,
                "/test/daemon_crashes.py": os.path.join(os.path.dirname(__file__), "daemon_crashes.py"),
                f"/{ZONES}/spin.bin": os.path.join(arguments.cross, "tests/system/guests/spin.bin"),
                f"/{ZONES}/1-linux.json": json.dumps(LINUX).encode(),
                f"/{ZONES}/2-spin.json": json.dumps(SPIN).encode(),
                **(files or {}),
            }, bootargs="", cpu=arguments.cpu, root="systemd.cpio")

    def json(self, command):
        """A hvisorctl command's JSON."""
        return json.loads(self.run(f"hvisorctl --json {command}"))

    def show(self, name, unit="hvisord.service"):
        """A property of a unit."""
        return self.run(f"systemctl show -P {name} {unit}").strip()

    def poll(self, condition, timeout=60):
        """Until condition() holds: its last value."""
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value or time.monotonic() > deadline:
                return value
            self.command("sleep 0.2")

    def zones(self):
        """What must not change when the daemon does: state, runs and device process of each zone."""
        zones = {}
        for name in ("linux", "spin"):
            status = self.json(f"status {name}")
            zones[name] = status["state"], status["runs"], status.get("device", {}).get("pid")
        return zones

    def alive(self, old_pid):
        """A daemon other than old_pid answers: its pid, or None."""
        if self.command("hvisorctl list >/dev/null")[0] != 0:
            return None
        pid = self.show("MainPID")
        return pid if pid not in ("0", old_pid) else None

    def booted(self):
        """Waits until systemd has started all that it is to start."""
        states = "running", "degraded"
        return self.poll(lambda: self.command("systemctl is-system-running")[1].strip() in states)

    def shell_answers(self):
        """Zone linux has a shell that does what it is told."""
        line = "printf '\\recho alive$((1 + 1))\\r' | hvisorctl console linux --no-replay --idle-ms 1500"
        return "alive2" in self.command(line)[1]

    def try_as(self, user, command):
        """A command as another user: (exit status, output)."""
        return self.command(f"su -s /bin/sh {user} -c '{command}'")


def test_boot(m):
    """The machine boots, and the zones that are to start do, with nobody asking."""
    check("systemd is done", m.booted(), m.command("systemctl --failed --no-legend")[1].strip() or "no unit failed")
    check("no unit failed", m.run("systemctl --failed --no-legend").strip() == "")
    check("hvisord runs", m.show("ActiveState") == "active")
    for name in ("linux", "spin"):
        m.poll(lambda name=name: m.json(f"status {name}")["state"] == "running")
        check(f"{name} was started", m.json(f"status {name}")["state"] == "running")


def test_journal(m):
    """Journal entries about a zone carry its name in a field, and who acted."""
    m.run("hvisorctl restart spin")
    lines = m.run("journalctl --no-pager -o json -u hvisord ZONE=spin").splitlines()
    entries = [json.loads(line) for line in lines]
    check("entries with ZONE=spin", len(entries) >= 3, len(entries))
    check("none of another zone", all("spin" in entry["MESSAGE"] for entry in entries))
    check("they are hvisord's", all(entry["_COMM"] == "hvisord" for entry in entries))
    check("who asked is there", any("zone.restart" in e["MESSAGE"] and "uid 0" in e["MESSAGE"] for e in entries))


def test_activation(m):
    """READY means that the socket answers; a client wakes a daemon that is not there."""
    for _ in range(3):
        m.run("systemctl stop hvisord.service")
        m.run("systemctl start hvisord.service && hvisorctl list")
    check("answers as soon as systemd says started, 3 times", True)
    m.run("systemctl stop hvisord.service")
    check("is stopped", m.show("ActiveState") == "inactive")
    check("a client starts it", m.command("hvisorctl list")[0] == 0 and m.show("ActiveState") == "active")


def test_restart(m):
    """systemctl restart: zones and their device processes live on."""
    before, pid = m.zones(), m.show("MainPID")
    m.run("systemctl restart hvisord")
    check("another daemon", m.show("MainPID") != pid)
    check("the same zones, runs, device processes", m.zones() == before, f"{before} {m.zones()}")
    check("zone linux's shell answers", m.poll(m.shell_answers))


def test_killed(m):
    """The daemon dies by SIGKILL: systemd starts another, which finds everything as it was."""
    before, pid, restarts = m.zones(), m.show("MainPID"), int(m.show("NRestarts"))
    m.run("systemctl kill --kill-whom=main -s KILL hvisord")
    check("another one answers", m.poll(lambda: m.alive(pid)))
    check("systemd restarted it", int(m.show("NRestarts")) == restarts + 1)
    check("the same zones, runs, device processes", m.zones() == before, f"{before} {m.zones()}")


def test_watchdog(m):
    """A daemon that hangs is replaced."""
    before, pid = m.zones(), m.show("MainPID")
    m.run("sleep 8")
    check("a daemon that is well is left alone", m.show("MainPID") == pid)
    m.run(f"kill -STOP {pid}")
    check("another one answers", m.poll(lambda: m.show("MainPID") not in ("0", pid) and m.alive(pid), 120))
    check("the same zones, runs, device processes", m.zones() == before, f"{before} {m.zones()}")


def test_reload(m):
    """systemctl reload: the same daemon reads its directory anew."""
    pid = m.show("MainPID")
    m.run(f"cp /{ZONES}/2-spin.json /run/spin.json; sed -i s/0x1000000/0x2000000/ /{ZONES}/2-spin.json")
    m.run("systemctl reload hvisord")
    check("the same daemon", m.show("MainPID") == pid)
    differs = m.poll(lambda: "0x2000000" in m.command("hvisorctl diff spin")[1] or
                     m.command("hvisorctl diff spin")[0] == 1, 20)
    check("it knows that spin's file differs", differs, m.command("hvisorctl diff spin"))
    m.run(f"cp /run/spin.json /{ZONES}/2-spin.json; systemctl reload hvisord")


def test_users(m):
    """Members of hvisor look, of hvisor-admin act too, others do neither."""
    status, text = m.try_as("reader", "hvisorctl list")
    check("a reader sees the zones", status == 0 and "spin" in text, status)
    status, text = m.try_as("reader", "hvisorctl kill spin")
    check("and may not end one", status == 6 and m.json("status spin")["state"] == "running", text.strip())
    pid = m.show("MainPID")
    audit = m.run(f"journalctl --no-pager -o cat _PID={pid}")
    uid = m.run("id -u reader").strip()
    check("the refusal is in the journal", f"zone.kill by uid {uid}" in audit)
    status, text = m.try_as("admin", "hvisorctl restart spin")
    check("an admin restarts it", status == 0, text.strip())
    status, text = m.try_as("stranger", "hvisorctl list")
    check("a stranger sees nothing", status == 6, text.strip())


def test_crashes(m):
    """SIGKILL within starts, stops, pauses, restarts: the next daemon's view is the hypervisor's, no guest stops."""
    status, text = m.command(f"python3 /test/daemon_crashes.py {CRASHES} 1", 300)
    for line in text.splitlines():
        note(line)
    check(f"{CRASHES} times, and zone linux saw nothing of it", status == 0)
    seconds = [float(figure) for figure in re.findall(r"agrees ([0-9.]+) s", text)]
    check("all agreed", len(seconds) == CRASHES, f"{max(seconds, default=-1):.3f} s after the greeting at most")
    check("zone linux's shell answers", m.poll(m.shell_answers))


def test_off(m):
    """poweroff with zones that run. Last, for that reason."""
    m.booted()
    m.send("systemctl poweroff\n")
    try:
        m.expect("this never comes", 90)
    except MachineError as error:
        note(str(error).split("\n", 1)[0])
    check("the machine is off", m.process.wait(10) == 0, m.process.poll())
    text = re.sub(r"\x1b\[[0-9;]*m", "", m.transcript)
    stopped = re.search(r"OK.*Stopped hvisor-zones", text), re.search(r"OK.*Stopped hvisord.service", text)
    check("the zones were stopped before hvisord", all(stopped) and stopped[0].start() < stopped[1].start())


TESTS = [function for name, function in list(globals().items()) if name.startswith("test_")]


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", required=True, help="folder of scripts/make-images")
    parser.add_argument("--cross", required=True, help="folder of the arm64 build")
    parser.add_argument("--cpu", default="cortex-a57", help="QEMU's CPU model")
    parser.add_argument("--only", default="", help="run tests whose name holds this text")
    arguments = parser.parse_args()
    with Board(arguments) as m:
        for test in TESTS:
            if arguments.only not in test.__name__:
                continue
            started = time.monotonic()
            print(f"{test.__name__[5:]}: {test.__doc__.splitlines()[0]}", flush=True)
            try:
                test(m)
            except (MachineError, KeyError, ValueError, OSError) as error:
                check(f"{test.__name__}: {type(error).__name__}", False, error)
                traceback.print_exc(file=sys.stdout)
            note(f"{time.monotonic() - started:.0f} s")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
