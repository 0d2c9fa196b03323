#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Device trees under QEMU: Linux boots from trees that hvisord made or patched, and from no others.

Every check prints a line with its figure; the last line says "N passed, M failed".
"""

import argparse
import json
import sys
import traceback

import report
from machine import MachineError
from report import check, note
from stack_test import Stack, short

FOLDER = "/run/tree"

# All that a user writes.
TWELVE_LINES = """{
    "zone_id": 1,
    "cpus": [2, 3],
    "memory_regions": [
        { "type": "ram", "physical_start": "0x50000000", "virtual_start": "0x50000000", "size": "0x30000000" },
        { "type": "virtio", "physical_start": "0xa003c00", "virtual_start": "0xa003c00", "size": "0x200" }
    ],
    "interrupts": [78],
    "virtio_devices": [{ "type": "console", "addr": "0xa003c00", "len": "0x200", "irq": 78 }],
    "kernel_filepath": "vmlinuz", "kernel_load_paddr": "0x50400000", "initrd_filepath": "initrd"
}
"""

# Image of the example is the kernel, room for its bss up to a 64 KiB border, and the initramfs.
SPLIT = f"""mkdir -p {FOLDER} && cd {FOLDER} &&
set -- $(od -An -t u4 -j 16 -N 4 /etc/hvisor/zones/Image) &&
head -c $1 /etc/hvisor/zones/Image >vmlinuz && tail -c +$((($1 + 65535) / 65536 * 65536 + 1)) /etc/hvisor/zones/Image >initrd &&
cp /etc/hvisor/zones/linux2.dtb . && cd /""".replace("\n", " ")


def put(m, name, zone):
    """Writes a zone file into the folder that hvisord reads; root's shell takes one line."""
    text = zone if isinstance(zone, str) else json.dumps(zone)
    m.run(f"echo '{text}' >{FOLDER}/{name}".replace("\n", " "))


def changed(**changes):
    """The twelve lines with other keys."""
    return {**json.loads(TWELVE_LINES), **changes}


def boots(m, what, cpus=2, start="50000000-7fffffff"):
    """Zone 1 starts and reaches its shell, with these CPUs and this RAM."""
    m.start()
    if not check(f"{what}: shell", m.wait_shell() is not None):
        note(short(m.status()))
        note(m.command("hvisorctl console 1 --wait 2 </dev/null")[1][-2000:])
        return False
    nproc = m.zone_shell("nproc")
    check(f"{what}: CPUs", nproc == (0, str(cpus)), nproc)
    ram = m.zone_shell("sed -n 's/ : System RAM//p' /proc/iomem")
    check(f"{what}: RAM", ram == (0, start), ram)
    return True


def test_made(m):
    """Twelve lines of JSON, no device tree: a tree is made, and Linux boots from it."""
    put(m, "zone.json", TWELVE_LINES)
    answer = m.command(f"hvisorctl check {FOLDER}/zone.json")
    check("nothing to remark", answer[0] == 0 and "warning" not in answer[1], answer[1].strip()[-200:])
    if not boots(m, "made"):
        return
    line = m.zone_shell("cat /proc/cmdline")
    check("made: its console by itself", line == (0, "console=hvc0"), line)
    cpu = m.zone_shell("tr '\\0' ' ' </proc/device-tree/cpus/cpu@1/compatible")
    note(f"CPUs are {cpu[1]}")
    m.zone_shell("poweroff")
    status = m.wait(lambda s: s["state"] not in ("running", "stopping"))
    check("made: power off by PSCI", (status["state"], status.get("reason")) == ("stopped", "guest_off"), short(status))


def test_made_elsewhere(m):
    """One CPU, RAM that the zone sees elsewhere than it is, bootargs of its own."""
    regions = json.loads(TWELVE_LINES)["memory_regions"]
    regions[0].update(physical_start="0x80000000", virtual_start="0x40000000", size="0x10000000")
    zone = changed(cpus=[3], memory_regions=regions, bootargs="console=hvc0 mark=42", kernel_load_paddr="0x80000000")
    put(m, "zone.json", zone)
    if boots(m, "made elsewhere", 1, "40000000-4fffffff"):
        line = m.zone_shell("cat /proc/cmdline")
        check("bootargs", line == (0, "console=hvc0 mark=42"), line)


def test_patched(m):
    """A tree of the user's gets a command line and an initramfs."""
    put(m, "zone.json", changed(dtb_filepath="linux2.dtb", bootargs="console=hvc0 patched"))
    if boots(m, "patched"):
        line = m.zone_shell("cat /proc/cmdline")
        check("bootargs", line == (0, "console=hvc0 patched"), line)
        model = m.zone_shell("tr '\\0' '\\n' </proc/device-tree/model")
        check("the rest of the tree is the user's", model == (0, "hvisor zone 1"), model)


def test_refused(m):
    """A tree with what the zone does not have."""
    put(m, "zone.json", changed(dtb_filepath="linux2.dtb", cpus=[2]))
    status, text = m.command("hvisorctl start 1")
    check("one CPU too many: refused", status == 5 and "/cpus/cpu@1" in text, f"exit status {status}")
    put(m, "zone.json", changed(dtb_filepath="linux2.dtb", cpus=[2], dtb_check="warn"))
    if boots(m, 'the same with "dtb_check": "warn"', 1):
        check("the zone runs", m.status()["state"] == "running")


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
    with Stack(arguments) as m:
        m.run(SPLIT)
        m.use_zones(FOLDER)
        for test in TESTS:
            if arguments.only in test.__name__:
                run_one(test, m)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
