# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones outlive the daemon; the next one finds them."""
import os
import signal
import socket
import struct
import subprocess

from rig import HVISORD, log, run, text, type_into, wait_for


def state(client, zone):
    return client.result("zone.get", zone=zone)["zone"]["state"]


def killed_and_started_again(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    type_into(client, 2, b"before\n")
    wait_for(lambda: b"before" in text(client.result("console.attach", zone=2, replay=4096)), "the echo")
    device = client.result("zone.get", zone=2)["zone"]["device"]["pid"]
    rig.kill(signal.SIGKILL)
    client = rig.start()
    zone = client.result("zone.get", zone=2)["zone"]
    assert zone["state"] == "running" and zone["runs"] == 1 and zone["reason"] == "adopted", zone
    assert zone["device"]["pid"] == device and not zone["file_differs"], zone
    wait_for(lambda: b"before" in text(client.result("console.attach", zone=2, replay=4096)), "kept output")
    type_into(client, 2, b"after\n")
    wait_for(lambda: b"after" in text(client.result("console.attach", zone=2, replay=4096)), "the echo")
    assert client.result("zone.stop", zone=2)["state"] == "stopped"
    wait_for(lambda: rig.devices() == [], "the device process ended")
    assert [name for name in os.listdir(rig.run_dir) if name.startswith("zone-")] == []


def paused_meanwhile(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    client.result("zone.pause", zone=2)
    for end in ("zone.resume", "zone.stop"):
        rig.kill(signal.SIGKILL)
        client = rig.start()
        zone = client.result("zone.get", zone=2)["zone"]
        assert zone["state"] == "paused" and zone["runs"] == 1 and zone["reason"] == "adopted", zone
        client.result(end, zone=2)
        if end == "zone.resume":
            client.result("zone.pause", zone=2)
    assert state(client, 2) == "stopped"


def left_in_peace(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    assert rig.kill(signal.SIGTERM) == 0
    assert not os.path.exists(rig.socket)
    client = rig.start()
    assert state(client, 2) == "running"


def reset_while_nobody_watches(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    client.close()
    # the guest resets when no daemon is there to see it
    os.kill(rig.daemon.pid, signal.SIGSTOP)
    sim = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sim.connect(rig.run_dir + "/sim.sock")
    sim.send(struct.pack("<IIII", 12, 2, 2, 0) + bytes(8))
    sim.recv(65536)
    rig.kill(signal.SIGKILL)
    client = rig.start()
    wait_for(lambda: client.result("zone.get", zone=2)["zone"]["runs"] == 2 and state(client, 2) == "running",
             "it runs again")


def half_start_is_undone(rig):
    rig.zone(2, [2], console=True)
    rig.environment["HVISOR_TEST_DEVICE"] = "mute"
    client = rig.start()
    pages = client.result("system.info")["hypervisor"]["pool_used"]
    client.send("zone.start", {"zone": 2})
    wait_for(lambda: state(client, 2) == "starting", "the start got to its device process")
    rig.kill(signal.SIGKILL)
    rig.environment["HVISOR_TEST_DEVICE"] = ""
    client = rig.start()
    wait_for(lambda: state(client, 2) == "stopped" and rig.devices() == [], "the start was undone")
    assert client.result("system.info")["hypervisor"]["pool_used"] == pages
    assert client.result("zone.start", zone=2)["state"] == "running"


def file_and_record_are_gone(rig):
    rig.zone(2, [2])
    client = rig.start()
    client.result("zone.start", zone=2)
    rig.kill(signal.SIGKILL)
    os.unlink(rig.config_dir + "/zone2.json")
    os.unlink(rig.run_dir + "/zone-2.json")
    client = rig.start()
    zone = client.result("zone.get", zone="z2")["zone"]
    assert zone["state"] == "running" and zone["id"] == 2
    assert client.result("zone.stop", zone=2)["state"] == "stopped"


def one_file_for_two_that_run(rig):
    """A file was removed, and made anew for another zone, while the first runs on."""
    rig.zone(1, [2])
    client = rig.start()
    client.result("zone.start", zone=1)
    os.unlink(rig.config_dir + "/zone1.json")
    client.result("config.reload")
    rig.zone(2, [3])
    os.rename(rig.config_dir + "/zone2.json", rig.config_dir + "/zone1.json")
    client.result("zone.start", zone=2)
    rig.kill(signal.SIGKILL)
    client = rig.start()
    zones = client.result("zone.list")["zones"]
    assert [(zone["id"], zone["name"], zone["state"]) for zone in zones[1:]] == \
        [(1, "z1", "running"), (2, "z2", "running")], zones
    assert client.result("zone.get", zone=2)["zone"]["file"] == rig.config_dir + "/zone1.json"
    for id in 1, 2:
        assert client.result("zone.stop", zone=id)["state"] == "stopped"


def torn_record(rig):
    rig.zone(2, [2])
    client = rig.start()
    client.result("zone.start", zone=2)
    for content in (b"", b"{", b'{"version":1}', os.urandom(5000)):
        rig.kill(signal.SIGKILL)
        with open(rig.run_dir + "/zone-2.json", "wb") as file:
            file.write(content)
        client = rig.start()
        assert state(client, 2) == "running"
    assert client.result("zone.stop", zone=2)["state"] == "stopped"


def device_process_died_meanwhile(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    rig.kill(signal.SIGKILL)
    for pid in rig.devices():
        os.kill(pid, signal.SIGKILL)
    client = rig.start()
    wait_for(lambda: client.result("zone.get", zone=2)["zone"]["device"]["state"] == "ready", "another one")
    zone = client.result("zone.get", zone=2)["zone"]
    assert zone["state"] == "running" and zone["runs"] == 1, zone
    assert client.result("zone.stop", zone=2)["state"] == "stopped"


def device_process_out_of_reach(rig):
    """Its socket was swept away: it must not go on beside the one that takes its place."""
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    old = client.result("zone.get", zone=2)["zone"]["device"]["pid"]
    rig.kill(signal.SIGKILL)
    os.unlink(rig.run_dir + "/zone-2.link")
    client = rig.start()
    wait_for(lambda: client.result("zone.get", zone=2)["zone"]["device"]["state"] == "ready", "another one")
    new = client.result("zone.get", zone=2)["zone"]["device"]["pid"]
    wait_for(lambda: rig.devices() == [new], "the one out of reach ended")
    assert new != old and state(client, 2) == "running"
    assert client.result("zone.stop", zone=2)["state"] == "stopped"


def device_process_that_lies(rig):
    """What it says that it has printed neither silences the zone's console nor spoils its record."""
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    for pos in (1 << 53) - 10, (1 << 53) - 6, (1 << 64) - 1, (1 << 64) - 6, (1 << 52), (1 << 48) + 1:
        type_into(client, 2, b"jump %d\n" % pos)
    type_into(client, 2, b"honest\n")
    wait_for(lambda: b"honest" in text(client.result("console.attach", zone=2, replay=4096)), "the echo")
    assert client.result("zone.get", zone=2)["zone"]["console"]["end"] <= 1 << 49
    client.result("zone.restart", zone=2)
    wait_for(lambda: b"booted" in text(client.result("console.attach", zone=2, replay=4096)), "its first words")
    device = client.result("zone.get", zone=2)["zone"]["device"]["pid"]
    rig.kill(signal.SIGKILL)
    client = rig.start()
    zone = client.result("zone.get", zone=2)["zone"]
    assert zone["state"] == "running" and zone["device"]["pid"] == device, zone


def one_daemon_only(rig):
    rig.start()
    other = rig.dir + "/other"
    for run_dir, state_dir, taken in ((rig.run_dir, rig.state_dir, rig.run_dir), (rig.run_dir, other, rig.run_dir),
                                      (other, rig.state_dir, rig.state_dir)):
        second = subprocess.run([HVISORD, "--backend", "sim", "--run-dir", run_dir, "--state-dir", state_dir],
                                capture_output=True, timeout=60, env=rig.environment)
        assert second.returncode == 1 and f"{taken}: another hvisord has it".encode() in second.stderr, second


def the_simulated_board_is_the_one_that_is_meant(rig):
    rig.options = ["--platform", rig.dir + "/board.json"]
    rig.start_process()
    assert rig.daemon.wait(60) == 1
    assert "another one than " + rig.dir + "/board.json" in log(rig)
    rig.options = ["--platform", "qemu-virt"]
    assert rig.start().result("system.info")["platform"]["name"] == "qemu-virt"


run([killed_and_started_again, paused_meanwhile, left_in_peace, reset_while_nobody_watches, half_start_is_undone,
     file_and_record_are_gone, one_file_for_two_that_run, torn_record, device_process_died_meanwhile,
     device_process_out_of_reach, device_process_that_lies, one_daemon_only, the_simulated_board_is_the_one_that_is_meant])
