#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtio devices under QEMU: zones of unmodified Debian kernels with disks and networks.

Every check prints a line with its figure; the last line says "N passed, M failed".
"""

import argparse
import base64
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
DATA_MIB = 512


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
        subprocess.run(["cp", os.path.join(images, "small.ext4"), f"{content}/small.img"], check=True)
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
        """Writes a zone's file, and has it read."""
        self.run(f"echo '{json.dumps(config)}' >{FOLDER}/zone{config['zone_id']}.json; hvisorctl reload")

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
SMALL = {"type": "blk", "img": "small.img"}
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


def console_text(m, number=1):
    """The end of what is kept of the zone's console, which may go on printing meanwhile."""
    return m.run(f"hvisorctl logs {number} >/tmp/logs && tail -n 100 /tmp/logs")


def acknowledged(m):
    """The last number that the guest's load knows to be on its disk."""
    numbers = re.findall(r"on disk: (\d+)", console_text(m))
    return int(numbers[-1]) if numbers else 0


def start_load(m, more):
    """The zone writes, and has so many further acknowledgements."""
    first = acknowledged(m)
    m.start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if acknowledged(m) >= first + more:
            return
    raise MachineError("the load makes no progress: " + console_text(m)[-500:])


def count_on_disk(m):
    """What the load's file says, once the journal is replayed; if the file system is damaged, a text about that."""
    status, text = m.command(f"e2fsck -p {FOLDER}/small.img; [ $? -le 1 ] && e2fsck -fn {FOLDER}/small.img", 240)
    if status != 0:
        return text[-1500:]
    m.run("mkdir -p /tmp/look")
    m.run(f"mount -t ext4 -o loop {FOLDER}/small.img /tmp/look")
    count = int(m.run("cat /tmp/look/count"))
    m.run("umount /tmp/look")
    return count


def disk_problem(m, seen):
    """What is wrong with the load's disk, of which so much was acknowledged: an empty list, or one text."""
    count = count_on_disk(m)
    if isinstance(count, str):
        return [count]
    return [] if count >= seen else [f"{count}, of {seen} acknowledged"]


NO_DISK = "console=hvc0 loglevel=4 cma=0 panic=1"
ON_SERIAL = "console=ttyAMA0 loglevel=4 cma=0 panic=1 rdinit=/bin/sh"
LOAD = {"bootargs": "console=hvc0 loglevel=4 cma=0 panic=1 root=/dev/vda init=/sbin/load"}


def check_ends(m, rounds, before):
    """A line in root's shell and then a forced stop, while the zone writes, so many times."""
    m.put(zone(1, [device(0, **CONSOLE), device(1, **SMALL)], **LOAD))
    problems = []
    for _ in range(rounds):
        start_load(m, 5)
        m.run(before)
        m.run("hvisorctl kill 1")
        problems += disk_problem(m, acknowledged(m))
    check("fsck finds nothing, and what was acknowledged is there", not problems, problems or f"{rounds} times")


def test_forced_stops(m):
    """Twenty forced stops while the zone writes: the file system is whole, and what was acknowledged is there."""
    check_ends(m, 20, "true")


def test_killed_process(m):
    """The device process is killed while the zone writes: the same."""
    check_ends(m, 5, "kill -9 $(pidof hvisor-device)")


def died(m, pid):
    """An event told of that device process' death."""
    text = m.command("hvisorctl --json events --since 0 --match zone.device --timeout 2")[1]
    events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return any(event.get("pid") == pid and event.get("state") == "died" for event in events)


PL011 = {"type": "pl011", "addr": "0x9040000", "len": "0x1000", "irq": FIRST_IRQ}
# Waits for DEVICE_NEEDS_RESET (0x40), and then has the driver begin anew.
MEND = """
cd /sys/bus/virtio
while [ $(($(cat devices/virtio0/status) & 0x40)) = 0 ]; do sleep 1; done
echo "<1>status $(cat devices/virtio0/status)" >/dev/kmsg
echo virtio0 >drivers/virtio_blk/unbind
echo virtio0 >drivers/virtio_blk/bind
echo again | dd of=/dev/vda conv=fsync
echo "<1>mended: $(head -n 1 /dev/vda)" >/dev/kmsg
"""


def test_needs_reset(m):
    """The device process is killed: another takes its place, an event says so, and a reset mends the disk."""
    config = zone(1, [PL011, device(1, type="blk", img="a.img")], bootargs=ON_SERIAL)
    config["memory_regions"].append({**config["memory_regions"][1], "size": PL011["len"],
                                     "physical_start": PL011["addr"], "virtual_start": PL011["addr"]})
    m.put(config)
    m.start()
    m.wait(lambda s: "job control" in console_text(m))  # said by a shell that is there
    m.zone_run("/bin/busybox --install -s; mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs d /dev")
    m.zone_run("while read -r m; do insmod /lib/modules/$m.ko; done </lib/modules/order")
    m.zone_run(f"echo {base64.b64encode(MEND.encode()).decode()} | base64 -d >/mend; (setsid sh /mend &) 2>&1")
    status = m.status()
    runs, before = status["runs"], status["device"]["pid"]
    m.run("kill -9 $(pidof hvisor-device)")
    status = m.wait(lambda s: s["device"]["state"] == "ready" and s["device"]["pid"] != before)
    check("another process", status["state"] == "running" and status["runs"] == runs, short(status))
    check("an event", died(m, before))
    m.wait(lambda s: "mended: " in console_text(m))
    text = console_text(m)
    check("the device needs a reset", "status 0x00000040" in text, re.findall(r"status 0x\w*", text))
    check("its driver, bound again, writes and reads", "mended: again" in text, re.findall(r"mended: .*", text))
    check("on the disk", m.run(f"head -c 6 {FOLDER}/a.img") == "again\n")
    m.run("hvisorctl kill 1")


def test_restart_zone(m):
    """The device process is killed while the zone writes, whose policy is to be restarted then."""
    m.boot(zone(1, [device(0, **CONSOLE), device(1, **DISK)], device_failure="restart-zone", restart_delay_ms=100))
    status = m.status()
    runs, before = status["runs"], status["device"]["pid"]
    m.zone_run("(while :; do dd if=/dev/zero of=/big bs=64k count=64 conv=fsync; done) >/dev/null 2>&1 & sleep 2")
    m.run("kill -9 $(pidof hvisor-device)")
    status = m.wait(lambda s: s["state"] == "running" and s["runs"] == runs + 1)
    check("the zone runs again", status["runs"] == runs + 1, short(status))
    check("an event", died(m, before))
    m.need_shell(1)
    check("on its disk", "/dev/vda / ext4" in m.zone_run("grep ' / ' /proc/mounts"))


FIO = ("fio --name=v --filename=/dev/vdb --rw=randwrite --bs=4k --size={size}M --direct=1 --ioengine=libaio "
       "--iodepth=16 --verify=crc32c --verify_fatal=1 --output-format=terse")


def fio_good(text):
    """The error field of each of fio's terse lines is 0."""
    errors = [line.split(";")[4] for line in text.splitlines() if line.startswith("3;")]
    return len(errors) > 0 and set(errors) == {"0"}


def fio_text(m):
    """What fio in the background printed, once it is done."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and m.zone_shell("grep -q done /tmp/fio")[0] != 0:
        pass
    return m.zone_run("cat /tmp/fio")


def test_fio(m):
    """Random writes, read again and compared, on one queue and on four."""
    m.boot(zone(1, [device(0, **CONSOLE), device(1, **DISK), device(2, type="blk", img="a.img"),
                    device(3, type="blk", img="b.img", queues=4, block_size=4096)], cpus=[2, 3]))
    for disk in ("vdb", "vdc"):
        m.zone_run(f"({FIO.format(size=8).replace('vdb', disk)} >/tmp/fio 2>&1; echo done >>/tmp/fio) & echo")
        text = fio_text(m)
        check(f"fio verifies {disk}", fio_good(text), text.split(";")[4] if ";" in text else text[-300:])
    check("queues", m.zone_run("ls /sys/block/vdc/mq | wc -l") == "2", "one a CPU")
    check("block size", m.zone_run("cat /sys/block/vdc/queue/logical_block_size") == "4096")


def test_daemon_killed(m):
    """hvisord is killed and started again while the zone reads and writes: the guest sees no error."""
    m.boot(zone(1, [device(0, **CONSOLE), device(1, **DISK), device(2, type="blk", img="a.img")]))
    rounds = f"until [ -e /tmp/enough ]; do {FIO.format(size=8)} || break; done"
    m.zone_run(f"({rounds} >/tmp/fio 2>&1; echo done >>/tmp/fio) & echo")
    for _ in range(3):
        before = m.daemon()["pid"]
        m.run(f"kill -9 {before}")
        m.run("for i in $(seq 300); do hvisorctl list >/dev/null 2>&1 && break; sleep 0.1; done")
    check("a new hvisord", m.daemon()["pid"] != before)
    # the next round may be about to begin
    running = "for i in 1 2 3 4 5; do pidof fio >/dev/null && exit; sleep 1; done; exit 1"
    check("the zone still reads and writes", m.zone_shell(f"({running})")[0] == 0)
    m.zone_run("touch /tmp/enough")
    text = fio_text(m)
    check("fio verifies", fio_good(text), text[-300:])
    check("no error in the guest's log", m.zone_shell("dmesg | grep -i error")[0] == 1)


def test_eight_devices(m):
    """One zone with a console, three disks, two networks, entropy, a serial port and a power key."""
    windows = {"type": "virtio", "physical_start": "0x9040000", "virtual_start": "0x9040000", "size": "0x2000"}
    devices = [device(0, **CONSOLE), device(1, **DISK), device(2, type="blk", img="a.img"),
               device(3, type="blk", img="b.img", readonly=True), device(4, type="net"), device(5, type="net"),
               device(6, type="rng"),
               {"type": "pl011", "addr": "0x9040000", "len": "0x1000", "irq": FIRST_IRQ + 7},
               {"type": "power_key", "addr": "0x9041000", "len": "0x1000", "irq": FIRST_IRQ + 8}]
    config = zone(1, devices)
    config["memory_regions"].append(windows)
    m.boot(config)
    check("disks", m.zone_run("ls /sys/block | grep -c vd") == "3")
    check("a disk that is read only", m.zone_run("cat /sys/block/vdc/ro") == "1")
    check("networks", m.zone_run("ls /sys/class/net | grep -c eth") == "2")
    macs = m.zone_run("cat /sys/class/net/eth0/address /sys/class/net/eth1/address").split()
    check("their addresses differ", len(set(macs)) == 2, " ".join(macs))
    check("entropy", "virtio_rng" in m.zone_run("cat /sys/class/misc/hw_random/rng_available"))
    check("bytes of it", m.zone_run("head -c 4096 /dev/hwrng | wc -c") == "4096")
    check("a serial port", m.zone_run("ls /dev/ttyAMA0") == "/dev/ttyAMA0")
    m.zone_run("dd if=/dev/urandom of=/dev/vdb bs=1M count=8 conv=fsync 2>/dev/null")
    check("writing to it fails", m.zone_shell("dd if=/dev/zero of=/dev/vdc bs=4k count=1 2>/dev/null")[0] != 0)
    m.run("hvisorctl stop 1", 240)
    check("the power key", m.status().get("reason") == "guest_off", short(m.status()))


def test_two_zones(m):
    """Two zones whose devices have the same guest-physical addresses, at once."""
    for number in (1, 2):
        disk = {"type": "blk", "img": f"disk{number}.img", "serial": f"disk{number}"}
        m.put(zone(number, [device(0, **CONSOLE), device(1, **disk)]))
        m.start(number)
    for number in (1, 2):
        m.need_shell(number)
        m.zone_run(f"echo mine-{number} >/mine; sync", number)
    for number in (1, 2):
        told = m.zone_run("echo $(cat /sys/block/vda/serial) $(cat /mine)", number)
        check(f"zone {number}'s disk", told == f"disk{number} mine-{number}", told)


NET = {"type": "net", "bridge": "br0"}
ROOT_IP = "10.0.0.100"
MINUTE = 60
BLOB_MIB = 100


def make_bridge(m):
    """A bridge with the root zone in it, unless it is there."""
    m.run(f"[ -d /sys/class/net/br0 ] || {{ ip link add br0 type bridge && ip addr add {ROOT_IP}/24 dev br0; }}")
    m.run("ip link set br0 up; ip link set lo up")


def boot_with_network(m, number, **keys):
    """A zone whose first network device has the address 10.0.0.NUMBER."""
    disk = {"type": "blk", "img": f"disk{number}.img"}
    m.boot(zone(number, [device(0, **CONSOLE), device(1, **disk), device(2, **NET, **keys)]))
    m.zone_run(f"ip addr add 10.0.0.{number}/24 dev eth0; ip link set eth0 up; ip link set lo up", number)


def run_at(m, number, line, timeout=900):
    """A line that may take long and be silent: in that zone, or for 0 in root Linux; its output."""
    if number == 0:
        return m.run(line, timeout)
    m.zone_run(
        f"mkdir -p /run; rm -f /run/status; "
        f"{{ {{ ({line}) >/run/output 2>&1; echo $? >/run/code; mv /run/code /run/status; }} & }}",
        number,
    )
    deadline = time.monotonic() + timeout
    while m.zone_run("ls /run", number).find("status") < 0:
        if time.monotonic() > deadline:
            raise MachineError(f"in zone {number}, {line!r} takes too long")
        m.run("sleep 2")
    status, output = m.zone_run("cat /run/status", number), m.zone_run("cat /run/output", number)
    if status != "0":
        raise MachineError(f"in zone {number}, {line!r}: {status}: {output}")
    return output


def address_of(number):
    """Its IP address."""
    return f"10.0.0.{number}" if number else ROOT_IP


def check_ping(m, origin, target):
    """Ten pings, all answered."""
    output = run_at(m, origin, f"ping -c 10 -i 0.2 {address_of(target)}")
    lost = re.search(r"(\d+)% packet loss", output)
    times = re.search(r"= [0-9.]+/([0-9.]+)/", output)
    check(f"ping from {origin} to {target}", lost and lost.group(1) == "0", f"{times.group(1) if times else '?'} ms")


def check_blob(m, origin, target):
    """100 MiB by TCP, with the same sum at both ends."""
    for number in (origin, target):
        run_at(m, number, f"mkdir -p /blob && mount -t tmpfs -o size={BLOB_MIB + 1}m blob /blob")
    make = f"dd if=/dev/urandom of=/blob/sent bs=1M count={BLOB_MIB} 2>/dev/null && sha256sum /blob/sent"
    sent = run_at(m, origin, make).split()[0]
    # Without end of file from here nc ends when the other side does.
    run_at(m, target, "mkfifo /blob/never; nc -l -p 5000 <>/blob/never >/blob/got 2>/dev/null & sleep 1")
    run_at(m, origin, f"nc {address_of(target)} 5000 </blob/sent")
    wait = "while pidof nc >/dev/null; do sleep 1; done"
    got = run_at(m, target, f"{wait}; sha256sum /blob/got; wc -c </blob/got").split()
    check(f"{BLOB_MIB} MiB from {origin} to {target}", sent == got[0], f"{got[0][:16]}, {got[-1]} bytes")
    for number in (origin, target):
        run_at(m, number, "umount /blob")


def count_frames(m, number):
    """Bytes and frames of a zone's interface so far, in and out together."""
    folder = "/sys/class/net/eth0/statistics"
    words = m.zone_run(f"cd {folder}; cat rx_bytes tx_bytes rx_packets tx_packets; cd /", number).split()
    return int(words[0]) + int(words[1]), int(words[2]) + int(words[3])


def check_speed(m, origin, target):
    """iperf3 for a minute each way, in frames that are left to be cut by whoever must."""
    before = count_frames(m, origin)
    run_at(m, target, "iperf3 -s -D >/dev/null; sleep 1")
    for way, option in (("to", ""), ("from", "-R")):
        command = f"iperf3 -c {address_of(target)} -t {MINUTE} -i 0 -J {option} >/run/speed"
        output = run_at(m, origin, f"{command}; grep -A 20 sum_received /run/speed")
        rate = re.search(r'"bits_per_second":\s*([0-9.e+]+)', output)
        seconds = re.search(r'"seconds":\s*([0-9.e+]+)', output)
        good = rate and seconds and float(rate.group(1)) > 0 and float(seconds.group(1)) >= MINUTE - 1
        speed = f"{float(rate.group(1)) / 8e6:.1f} MB/s" if rate else output[-500:]
        check(f"iperf3 in {origin} {way} {target}, {MINUTE} s", good, speed)
    run_at(m, target, "killall iperf3")
    after = count_frames(m, origin)
    mean = (after[0] - before[0]) // (after[1] - before[1])
    check("frames are longer than a wire takes", mean > 1514, f"{mean} bytes in the mean, acknowledgements included")


def check_link(m, number, up, what):
    """The zone sees a link, or none, within a few seconds."""
    want = "1" if up else "0"
    for _ in range(20):
        carrier = m.zone_run("cat /sys/class/net/eth0/carrier", number)
        if carrier == want:
            break
        m.run("sleep 0.5")
    check(what, carrier == want, f"carrier {carrier}")


def test_network_link(m):
    """The tap is set down and up; also while there is no daemon, and by another one."""
    make_bridge(m)
    boot_with_network(m, 1)
    mac = m.zone_run("cat /sys/class/net/eth0/address")
    check_link(m, 1, True, "link at first")
    m.run("ip link set hv1n2 down")
    check_link(m, 1, False, "link of a tap that is down")
    m.run("ip link set hv1n2 up")
    check_link(m, 1, True, "link of a tap that is up again")
    m.run("killall -9 hvisord; ip link set hv1n2 down")
    m.run("for i in $(seq 300); do hvisorctl list >/dev/null 2>&1 && break; sleep 0.1; done")
    check_link(m, 1, False, "link of a tap that was set down while there was no daemon")
    m.run("ip link set hv1n2 up")
    check_link(m, 1, True, "link as the new daemon tells it")
    check_ping(m, 1, 0)
    m.stop()
    check("the tap went with the zone", "hv1n2" not in m.run("ls /sys/class/net"))
    boot_with_network(m, 1)
    check("the address is the same again", m.zone_run("cat /sys/class/net/eth0/address") == mac, mac)


def test_network_to_root(m):
    """A zone and root Linux, by a bridge."""
    make_bridge(m)
    boot_with_network(m, 1)
    check_ping(m, 1, 0)
    check_ping(m, 0, 1)
    check_blob(m, 1, 0)
    check_blob(m, 0, 1)
    check_speed(m, 1, 0)


def test_network_between_zones(m):
    """Two zones by a bridge, their devices at the same guest-physical addresses."""
    make_bridge(m)
    for number in (1, 2):
        boot_with_network(m, number, queues=2)
    check_ping(m, 1, 2)
    check_blob(m, 1, 2)
    check_speed(m, 1, 2)


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
