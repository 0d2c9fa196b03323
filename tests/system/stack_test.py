#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole stack under QEMU: root Linux, driver, hvisord, hvisorctl and zones.

Every check prints a line with its figure; the last line says "N passed, M failed".
--only TEXT runs the tests whose name holds TEXT.
"""

import argparse
import json
import os
import re
import struct
import sys
import time
import traceback

import bad_configs
import report
from machine import Machine, MachineError
from report import check, note

HERE = os.path.dirname(os.path.abspath(__file__))
PARAM_ARG = 76  # guests/guest.h
CYCLES = 50
RSS_NOISE = 64  # kB: stacks and arenas of four worker threads
SECOND = 1.0  # of guest time, that ending a zone may take
PROMPT = r"root:\S* *# "
ZONES = "/run/zones"  # what hvisord reads in tests; a link, so that a test can change it

# The daemon reads ZONES, made before it starts.
HVISORD_OPTIONS = b"""mkdir -p /run/hvisor
[ -e /run/zones ] || ln -s /etc/hvisor/zones /run/zones
HVISORD_OPTIONS="--config-dir /run/zones"
"""

# $1 = zone, $2 = line: what the zone's shell prints between two marks that its echo does not hold.
ZONE_SHELL = b"""#!/bin/sh
printf '\\recho "<$((40 + 1))>"; %s; echo "<$((40 + 2)):$?>"\\r' "$2" |
	hvisorctl console "$1" --no-replay --idle-ms "${3:-3000}"
"""

# A zone file for one bare-metal guest with little RAM.
GUEST_FILE = {
    "zone_id": 1,
    "name": "guest",
    "cpus": [2],
    "memory_regions": [
        {"type": "ram", "physical_start": "0x50000000", "virtual_start": "0x50000000", "size": "0x1000000"}
    ],
    "interrupts": [],
    "kernel_load_paddr": "0x50400000",
    "entry_point": "0x50400000",
}


class Stack(Machine):
    """A machine with the words of these tests."""

    def __init__(self, arguments, files=None, **options):
        """files: further ones for root Linux, as Machine has them."""
        files = {
            "/etc/default/hvisord": HVISORD_OPTIONS,
            "/test/zone-shell": ZONE_SHELL,
            "/test/driver-test.sh": os.path.join(HERE, "driver-test.sh"),
            "/test/driver_test": os.path.join(arguments.cross, "tests", "system", "driver_test"),
            **bad_configs.files(),
            **(files or {}),
        }
        for guest, arg in (("spin", 0), ("spin", 1), ("wfi", 0)):
            name = f"{guest}{arg}"
            with open(os.path.join(arguments.cross, "tests", "system", "guests", f"{guest}.bin"), "rb") as file:
                image = bytearray(file.read())
            struct.pack_into("<I", image, PARAM_ARG, arg)
            files[f"/test/{name}/{guest}.bin"] = bytes(image)
            zone = dict(GUEST_FILE, kernel_filepath=f"./{guest}.bin")
            files[f"/test/{name}/guest.json"] = json.dumps(zone).encode()
        super().__init__(arguments.images, files, cpu=arguments.cpu, **options)

    def json(self, command):
        """A hvisorctl command's JSON."""
        return json.loads(self.run(f"hvisorctl --json {command}"))

    def status(self, zone=1):
        """hvisorctl status."""
        return self.json(f"status {zone}")

    def wait(self, condition, zone=1, timeout=120):
        """Polls the zone's status until condition(status); the last status either way."""
        deadline = time.monotonic() + timeout
        while True:
            status = self.status(zone)
            if condition(status) or time.monotonic() > deadline:
                return status
            self.run("sleep 0.2")

    def use_zones(self, folder):
        """hvisord reads another folder of zone files from now on."""
        self.run(f"ln -sfn {folder} {ZONES}")
        # Nothing tells hvisord that a link points elsewhere; it reads anew before it denies a zone.
        self.command("hvisorctl start no-such-zone")

    def zone_shell(self, line, zone=1, timeout=120):
        """Runs a line in a zone's shell, through hvisorctl console: (status, output), or None."""
        quoted = line.replace("'", "'\\''")
        output = self.command(f"sh /test/zone-shell {zone} '{quoted}'", timeout)[1]
        match = re.search(r"<41>\n(.*?)<42:(\d+)>", output, re.S)
        return (int(match.group(2)), match.group(1).strip()) if match else None

    def wait_shell(self, zone=1, timeout=240):
        """Waits until the zone's shell answers; its uptime in seconds, or None."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            answer = self.zone_shell("cut -d ' ' -f 1 /proc/uptime", zone)
            if answer and re.fullmatch(r"[0-9.]+", answer[1]):
                return float(answer[1])
        return None

    def start(self, zone=1):
        """hvisorctl start, which must work."""
        self.run(f"hvisorctl start {zone}", 240)

    def stop(self, zone=1):
        """hvisorctl stop: seconds of guest time, from call to return."""
        times = self.run(
            f"read a x </proc/uptime; hvisorctl stop {zone} >&2 || exit 9; read b x </proc/uptime; echo $a $b",
            240,
        ).split()
        return float(times[-1]) - float(times[-2])

    def daemon(self):
        """What hvisord and the hypervisor hold: pid, RSS in kB, open files, pool pages."""
        status = self.json("status")
        pid = status["pid"]
        # VmRSS of proc(5) is off by what each thread has not handed in yet; this one is counted
        rss = self.run(f"sed -n 's/^Rss:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{pid}/smaps_rollup")
        files = self.run(f"ls /proc/{pid}/fd | wc -l")
        return {
            "pid": pid,
            "rss": int(rss),
            "files": int(files),
            "pool": status["hypervisor"]["pool_used"],
        }

    def root_answers(self, what):
        """The root zone lives and hvisord serves it."""
        answer = self.command("hvisorctl list")
        check(f"{what}: root answers", answer[0] == 0 and "root" in answer[1])


def test_first_steps(arguments):
    """A new user at the prompt: greeting, list, console with Ctrl-], stop, start."""
    with Stack(arguments, bootargs="", shell=False) as m:
        tries = re.findall(r"^  hvisorctl .*$", m.greeting, re.M)
        check("three lines of what to try", len(tries) == 3, len(tries))
        m.send("hvisorctl list\n")
        listing = m.expect(PROMPT)
        check("zone 1 runs", re.search(r"^1 +\S+ +(\x1b\[\d+m)?running", listing, re.M) is not None)
        m.send("hvisorctl console 1\n")
        m.expect(r"zone1:\S* *# ", 240)
        m.send("nproc\r")
        check("nproc in zone 1", m.expect(r"zone1:\S* *# ").split()[-1].isdigit(), m.transcript.split()[-3])
        m.send("\x1d")
        m.expect(PROMPT)
        check("Ctrl-] leaves", True)
        for word, state in (("stop", "stopped"), ("start", "running")):
            m.send(f"hvisorctl {word} 1\n")
            m.expect(PROMPT, 240)
            m.send("hvisorctl list\n")
            check(f"{word} 1", re.search(rf"^1 +\S+ +(\x1b\[\d+m)?{state}", m.expect(PROMPT), re.M) is not None, state)


def test_zone_shell(m):
    """Zone 1 from the specification's JSON: shell, CPUs, RAM; root answers meanwhile."""
    m.start()
    check("zone 1 reaches its shell", m.wait_shell() is not None)
    check("nproc", m.zone_shell("nproc") == (0, "2"), m.zone_shell("nproc"))
    total = m.zone_shell("free | sed -n 's/^Mem: *\\([0-9]*\\).*/\\1/p'")
    ram = m.zone_shell("sed -n 's/ : System RAM//p' /proc/iomem")
    check("RAM", ram == (0, "50000000-7fffffff"), f"{ram[1]}, free says {int(total[1]) // 1024} of 768 MiB")
    check("free is the RAM less the kernel's own", 768 * 1024 * 0.9 < int(total[1]) <= 768 * 1024)
    m.zone_shell("(yes >/dev/null & yes >/dev/null &)")
    m.root_answers("both CPUs of zone 1 busy")
    check("exit status of a command", m.zone_shell("false") == (1, ""))


def test_console(m):
    """Several watch one console; output is kept for who comes later."""
    ready(m)
    m.zone_shell("echo early-$((40 + 2))")
    m.run("hvisorctl console 1 --no-replay --idle-ms 0 --wait 8 </dev/null >/tmp/watcher & sleep 1")
    m.zone_shell("echo seen-$((6 * 7))")
    late = m.run("hvisorctl console 1 --wait 2 </dev/null")
    check("who comes later sees what was", "early-42" in late and "seen-42" in late, f"{len(late)} characters")
    watcher = m.run("sleep 8; cat /tmp/watcher")
    check("a second one watched", "seen-42" in watcher, f"{len(watcher)} characters")
    check("and nothing from before it came", "early-42" not in watcher)


def test_guest_off(m):
    """poweroff in the zone."""
    ready(m)
    m.zone_shell("poweroff")
    status = m.wait(lambda s: s["state"] not in ("running", "stopping"))
    check("poweroff", (status["state"], status.get("reason")) == ("stopped", "guest_off"), short(status))
    m.root_answers("after poweroff")


def restarted(m, what, line):
    """The zone does something after which it must run once more, from its beginning."""
    ready(m)
    runs = m.status()["runs"]
    m.zone_shell(line)
    status = m.wait(lambda s: s["runs"] > runs and s["state"] == "running")
    check(what, status["runs"] == runs + 1 and status["state"] == "running", short(status))
    check(f"{what}: its shell again", m.wait_shell() is not None)
    m.root_answers(f"after {what}")


def test_guest_reboot(m):
    """reboot in the zone."""
    restarted(m, "reboot", "reboot")


def test_guest_panic(m):
    """A kernel panic in the zone, whose command line has panic=1."""
    restarted(m, "panic", "echo c >/proc/sysrq-trigger")


def test_bad_access(m):
    """The zone reads an address that nobody gave it."""
    ready(m)
    m.zone_shell("devmem 0x10000000")
    status = m.wait(lambda s: s["state"] != "running")
    fault = status.get("fault", {})
    check("state", (status["state"], status.get("reason")) == ("crashed", "bad_access"), short(status))
    check("IPA", int(str(fault.get("ipa", "0")), 16) == 0x10000000, fault.get("ipa"))
    syndrome = int(str(fault.get("esr", "0")), 16)
    check("ESR: a data abort from below", syndrome >> 26 == 0x24, fault.get("esr"))
    check("PC", int(str(fault.get("pc", "0")), 16) != 0, fault.get("pc"))
    text = m.run("hvisorctl status 1")
    check("for people too", all(str(fault[key]) in text for key in ("esr", "ipa", "pc")))
    m.root_answers("after the crash")
    m.start()
    check("next start works", m.wait_shell() is not None)


def cycle(m, times):
    """Starts and stops zone 1."""
    for _ in range(times):
        m.start()
        m.stop()


def test_cycles(m):
    """50 starts and stops in one boot leave nothing behind."""
    m.use_zones("/test/spin0")
    cycle(m, CYCLES)  # quick ones, until hvisord keeps as many events as it ever will
    m.use_zones("/etc/hvisor/zones")
    cycle(m, 2)
    before = m.daemon()
    cycle(m, CYCLES)
    after = m.daemon()
    note(f"before: {before}")
    note(f"after:  {after}")
    check(f"{CYCLES} cycles: hvisord is the same process", after["pid"] == before["pid"])
    for key, what in (("pool", "pages used in EL2"), ("files", "open files")):
        check(f"{CYCLES} cycles: {what}", after[key] == before[key], f"{before[key]} -> {after[key]}")
    # Which worker thread serves a cycle is chance, and so how many pages of theirs were ever touched.
    steady = abs(after["rss"] - before["rss"]) <= RSS_NOISE
    check(f"{CYCLES} cycles: RSS of hvisord, kB", steady, f"{before['rss']} -> {after['rss']}")


def test_two_zones(m):
    """Two zones of one CPU each; the second's RAM is elsewhere than it sees it."""
    m.use_zones("/etc/hvisor/two-zones")
    m.start(1)
    m.start(2)
    for zone, ram in ((1, "50000000-5fffffff"), (2, "40000000-4fffffff")):
        check(f"zone {zone} reaches its shell", m.wait_shell(zone) is not None)
        check(f"zone {zone}: nproc", m.zone_shell("nproc", zone) == (0, "1"))
        seen = m.zone_shell("sed -n 's/ : System RAM//p' /proc/iomem", zone)
        check(f"zone {zone}: RAM as it sees it", seen == (0, ram), seen)
    m.zone_shell("devmem 0x10000000", 2)
    status = m.wait(lambda s: s["state"] != "running", 2)
    check("zone 2 crashes", status["state"] == "crashed", short(status))
    check("zone 1 runs on", m.status(1)["state"] == "running" and m.zone_shell("true", 1) == (0, ""))
    m.root_answers("beside a crash")
    m.stop(1)


def test_daemon_killed(m):
    """hvisord dies by SIGKILL while zone 1 runs, and is started again."""
    ready(m)
    m.zone_shell("mark=kept")
    before = m.daemon()
    runs = m.status()["runs"]
    m.run(f"kill -9 {before['pid']}")
    m.run("for i in $(seq 300); do hvisorctl list >/dev/null 2>&1 && break; sleep 0.1; done")
    after = m.daemon()
    check("a new hvisord", after["pid"] != before["pid"], f"{before['pid']} -> {after['pid']}")
    status = m.status()
    check("zone 1 is running", (status["state"], status["runs"]) == ("running", runs), short(status))
    check("it ran on, its console works", m.zone_shell('echo "$mark"') == (0, "kept"))
    m.stop()
    check("it can be stopped", m.status()["state"] == "stopped")
    m.start()
    check("and started", m.wait_shell() is not None)


def test_spin_forever(m):
    """A guest that spins with interrupts masked, without a yield, all CPUs in parallel."""
    m.use_zones("/test/spin1")
    m.start()
    note(f"stop took {m.stop():.2f} s of a clock that is the wall's")
    status = m.status()
    check("stopped", (status["state"], status.get("reason")) == ("stopped", "stopped"), short(status))
    m.start()
    check("next start works", m.status()["state"] == "running")
    m.stop()


def test_bad_configs(m):
    """Malformed zone files: named error with pointer, exit status 5, no byte of RAM, hvisord alive."""
    m.run("hvisorctl stop 1; true")
    for start in (0x50000000, 0x80000000):
        m.fill(start, 0x100000, 0xA5)
    digest = m.digest(0x50000000, 0x50000000)
    before = m.daemon()
    bad_configs.prepare(m)
    m.use_zones(bad_configs.LIVE)
    tried = wrong = 0
    for name, problem in bad_configs.run(m):
        tried += 1
        if problem:
            wrong += 1
            check(f"malformed {name}", False, problem)
    after = m.daemon()
    check("malformed zone files refused, by check and by start", wrong == 0 and tried >= 30, tried - wrong)
    check("1.25 GiB of the zones' RAM unchanged", m.digest(0x50000000, 0x50000000) == digest, digest[:16])
    check("the same hvisord answers", after["pid"] == before["pid"], after["pid"])
    check("pages used in EL2", after["pool"] == before["pool"], f"{before['pool']} -> {after['pool']}")


def test_driver(m):
    """Hostile user space against /dev/hvisor, with the board to itself (driver_test.c)."""
    status, output = m.command("sh /test/driver-test.sh", 600)
    passed, failed = 0, 0
    for line in output.splitlines():
        passed += line.startswith("ok")
        if line.startswith("not ok"):
            failed += 1
            note(line)
    check("driver_test", status == 0 and failed == 0 and passed > 0, f"{passed} passed, {failed} failed")
    m.run("for i in $(seq 100); do hvisorctl list >/dev/null 2>&1 && break; sleep 0.1; done")


def test_stop_in_time(arguments):
    """What may not stop a stop. Time is virtual: one nanosecond an instruction."""
    with Stack(arguments, icount=True) as m:
        for guest, what in (("spin0", "spins with interrupts masked"), ("wfi0", "sleeps in WFI")):
            m.use_zones(f"/test/{guest}")
            m.start()
            seconds = m.stop()
            check(f"a guest that {what}: stop", seconds <= SECOND, f"{seconds:.2f} s of guest time")
            m.start()
            check("  next start works", m.status()["state"] == "running")
            m.stop()
        m.use_zones("/etc/hvisor/zones")
        ready(m)
        m.run(f"kill -9 {m.status()['device']['pid']}")
        m.wait(lambda s: s.get("device", {}).get("state") != "ready")
        note(f"its device process was killed: {short(m.status())}")
        seconds = m.stop()
        check("a zone without its device process: stop", seconds <= SECOND, f"{seconds:.2f} s of guest time")
        m.start()
        check("  next start works", m.wait_shell() is not None)


def short(status):
    """A status in a few words."""
    words = [status["state"], status.get("reason", ""), f"runs {status['runs']}"]
    return " ".join(word for word in words if word)


def ready(m):
    """Zone 1 runs and has its shell."""
    if m.status()["state"] != "running":
        m.start()
    if m.wait_shell() is None:
        raise MachineError("zone 1 does not reach its shell\n" + m.tail())


def clean(m):
    """Between tests: the specification's zone file, no zone runs."""
    for zone in m.json("list")["zones"]:
        if zone["id"] and zone["state"] not in ("stopped", "crashed", "invalid"):
            m.stop(zone["id"])
    m.use_zones("/etc/hvisor/zones")


ALONE = [test_first_steps, test_stop_in_time]  # boot a machine of their own
TESTS = [function for name, function in list(globals().items()) if name.startswith("test_")]


def run_one(test, arguments, machine):
    """Runs a test; the machine for the next one, or None."""
    print(f"{test.__name__[5:]}: {test.__doc__.splitlines()[0]}", flush=True)
    began = time.monotonic()
    try:
        if test in ALONE:
            test(arguments)
        else:
            machine = machine or Stack(arguments)
            test(machine)
            clean(machine)
    except (MachineError, KeyError, ValueError, OSError) as error:
        check(f"{test.__name__}: {type(error).__name__}", False, error)
        traceback.print_exc(file=sys.stdout)
        if test not in ALONE and machine is not None:
            print(machine.tail())
            machine.close()
            machine = None
    note(f"{time.monotonic() - began:.0f} s")
    return machine


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", required=True, help="folder of scripts/make-images")
    parser.add_argument("--cross", required=True, help="folder of the arm64 build")
    parser.add_argument("--cpu", default="cortex-a57", help="QEMU's CPU model")
    parser.add_argument("--only", default="", help="run tests whose name holds this text")
    arguments = parser.parse_args()
    machine = None
    for test in TESTS:
        if arguments.only in test.__name__:
            machine = run_one(test, arguments, machine)
    if machine is not None:
        machine.close()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
