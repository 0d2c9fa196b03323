#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtio devices under QEMU: zones of unmodified Debian kernels with disks and networks.

Every check prints a line with its figure; the last line says "N passed, M failed".
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import report
from machine import MachineError
from report import check, note
from stack_test import Stack, short

FOLDER = "/run/virtio"  # zone files and images; the disks are links to the data disk
WINDOW = 0xA000000
FIRST_IRQ = 64

GUEST = ("vmlinuz", "initrd")
DATA_MIB = 448


def device(number, **keys):
    """The zone's device in slot N."""
    return {**keys, "addr": f"{WINDOW + 0x200 * number:#x}", "len": "0x200", "irq": FIRST_IRQ + number}


def zone(number, devices, cpus=None, size=0x10000000, **keys):
    """A zone file: RAM from 0x50000000 on, a quarter GiB a zone; guest-physical addresses are the same in all."""
    start = f"{0x40000000 + 0x10000000 * number:#x}"
    return {
        "zone_id": number,
        "name": f"zone{number}",
        "cpus": cpus or [1 + number],
        "memory_regions": [
            {"type": "ram", "physical_start": start, "virtual_start": "0x50000000", "size": hex(size)},
            {"type": "virtio", "physical_start": hex(WINDOW), "virtual_start": hex(WINDOW), "size": "0x4000"},
        ],
        "interrupts": [FIRST_IRQ + slot for slot in range(len(devices))],
        "virtio_devices": devices,
        "kernel_filepath": "vmlinuz",
        "initrd_filepath": "initrd",
        "bootargs": "console=hvc0 loglevel=4 cma=0 panic=1 root=/dev/vda",
        **keys,
    }


class Virtio(Stack):
    """Root Linux with a disk for the zones' disks, drivers and programs."""

    def __init__(self, arguments, **options):
        images = os.path.join(arguments.images, "virtio")
        files = {f"{FOLDER_OF_IMAGES}/{name}": os.path.join(images, name) for name in GUEST}
        root = os.path.join(images, "root")
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                files["/" + os.path.relpath(path, root).replace("lib/modules/order", "lib/modules/virtio-order")] = path
        self.data = tempfile.mkdtemp(prefix="hvisor-data-")
        try:
            super().__init__(arguments, files=files, drives=[self._make_data(images)], **options)
            self._set_up()
        except BaseException:
            shutil.rmtree(self.data, ignore_errors=True)
            raise

    def _make_data(self, images):
        """An ext4 file system with the zones' disks."""
        content = os.path.join(self.data, "content")
        path = os.path.join(self.data, "data.ext4")
        os.mkdir(content)
        for number in (1, 2):
            subprocess.run(
                ["cp", "--sparse=always", os.path.join(images, "disk.ext4"), f"{content}/disk{number}.img"], check=True
            )
        for name in ("a", "b", "c"):
            with open(f"{content}/{name}.img", "wb") as file:
                file.truncate(16 << 20)
        mke2fs = ["mke2fs", "-q", "-t", "ext4", "-d", content, path, f"{DATA_MIB}M"]
        subprocess.run(mke2fs, check=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"})
        shutil.rmtree(content)
        return path

    def _set_up(self):
        self.run("for m in $(cat /lib/modules/virtio-order); do insmod /lib/modules/$m.ko; done")
        self.run("mkdir -p /data && mount -t ext4 /dev/vda /data")
        self.run(f"mkdir -p {FOLDER} && ln -s {FOLDER_OF_IMAGES}/* /data/*.img {FOLDER}/")
        self.use_zones(FOLDER)

    def close(self):
        super().close()
        shutil.rmtree(self.data, ignore_errors=True)

    def put(self, config):
        """Writes a zone's file."""
        self.run(f"echo '{json.dumps(config)}' >{FOLDER}/zone{config['zone_id']}.json")

    def boot(self, config):
        """The zone starts and has its shell."""
        self.put(config)
        self.start(config["zone_id"])
        self.need_shell(config["zone_id"])

    def need_shell(self, number):
        """Waits for the zone's shell."""
        if self.wait_shell(number) is None:
            note(self.command(f"hvisorctl console {number} --wait 2 </dev/null")[1][-3000:])
            raise MachineError("the zone does not reach its shell: " + short(self.status(number)))

    def zone_run(self, line, number=1, timeout=240):
        """A line in the zone's shell, which must succeed; its output."""
        answer = self.zone_shell(line, number, timeout)
        if answer is None or answer[0] != 0:
            raise MachineError(f"in zone {number}, {line!r}: {answer}")
        return answer[1]


FOLDER_OF_IMAGES = "/test/virtio"
DISK = {"type": "blk", "img": "disk1.img"}
CONSOLE = {"type": "console"}


def test_root_on_disk(m):
    """A zone whose root file system is ext4 on a virtio disk."""
    m.boot(zone(1, [device(0, **CONSOLE), device(1, **DISK, serial="system")]))
    check("its root", "/dev/vda / ext4" in m.zone_run("grep ' / ' /proc/mounts"))
    check("its serial number", m.zone_run("cat /sys/block/vda/serial") == "system")
    m.zone_run("echo kept >/kept; sync")
    m.run("hvisorctl kill 1")
    m.start()
    m.need_shell(1)
    check("what was written is there after a kill", m.zone_run("cat /kept") == "kept")


TESTS = [function for name, function in list(globals().items()) if name.startswith("test_")]


def run_one(test, m):
    """Runs a test, and ends its zones."""
    begin = time.monotonic()
    print(f"{test.__name__[5:]}: {test.__doc__.splitlines()[0]}", flush=True)
    try:
        test(m)
    except (MachineError, KeyError, ValueError, OSError, AttributeError) as error:
        check(f"{test.__name__}: {type(error).__name__}", False, error)
        traceback.print_exc(file=sys.stdout)
        note(m.command("tail -n 40 /var/log/hvisord.log; dmesg | tail -n 5")[1])
    for number in (1, 2):
        m.command(f"hvisorctl kill {number}")
        m.command(f"rm -f {FOLDER}/zone{number}.json")
    note(f"{time.monotonic() - begin:.0f} s")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", required=True, help="folder of scripts/make-images")
    parser.add_argument("--cross", required=True, help="folder of the arm64 build")
    parser.add_argument("--cpu", default="cortex-a57", help="QEMU's CPU model")
    parser.add_argument("--only", default="", help="run tests whose name holds this text")
    arguments = parser.parse_args()
    with Virtio(arguments) as m:
        for test in TESTS:
            if arguments.only in test.__name__:
                run_one(test, m)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
