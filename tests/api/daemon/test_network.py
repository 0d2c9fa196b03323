# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones with networks, in a network namespace of the test's own. Needs root and /dev/net/tun."""
import ctypes
import fcntl
import os
import re
import signal
import socket
import struct

from rig import log, run, text, type_into, wait_for

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
SIOCBRADDBR, SIOCBRDELBR, SIOCBRDELIF = 0x89A0, 0x89A1, 0x89A3
IFF_UP = 1
TAP = "hv2n1"
NET = 0xA000200


def enter():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace: this test needs root")


def flags(name):
    """Its flags, or None: no such interface."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as any_socket:
        try:
            answer = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sH22x", name.encode(), 0))
        except OSError:
            return None
    return struct.unpack_from("16xH", answer)[0]


def set_up(name, up):
    value = flags(name)
    value = value | IFF_UP if up else value & ~IFF_UP
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), value))


def make_bridge(name):
    if flags(name) is None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCBRADDBR, name.encode() + b"\0")


def remove_bridge(name):
    if flags(name) & IFF_UP:
        set_up(name, False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCBRDELBR, name.encode() + b"\0")


def take_out(bridge, name):
    """Takes the interface out of the bridge. False: it was not in there."""
    request = struct.pack("16si20x", bridge.encode(), socket.if_nametoindex(name))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as any_socket:
        try:
            fcntl.ioctl(any_socket, SIOCBRDELIF, request)
        except OSError:
            return False
    return True


def network_zone(rig, **net):
    ram = {"type": "ram", "physical_start": "0x82000000", "virtual_start": "0x40000000", "size": "0x1000000"}
    windows = {"type": "virtio", "physical_start": "0xa000000", "virtual_start": "0xa000000", "size": "0x4000"}
    rig.zone(2, [2], memory_regions=[ram, windows], interrupts=[70, 78], virtio_devices=[
        {"type": "console", "addr": "0xa003c00", "len": "0x200", "irq": 78},
        {"type": "net", "addr": hex(NET), "len": "0x200", "irq": 70, **net}])


def output(client):
    return text(client.result("console.attach", zone=2, replay=4096)).decode()


def links(client):
    """What the device process was told, in order."""
    return re.findall(r"link a000200 (\d)", output(client))


def tap_comes_and_goes(rig):
    make_bridge("br0")
    network_zone(rig, bridge="br0", queues=2)
    client = rig.start()
    client.result("zone.start", zone=2)
    assert flags(TAP) & IFF_UP
    wait_for(lambda: "booted" in output(client), "its first words")
    options = re.search(r"net,0xa000200,0x200,70,fd=5,queues=2,mac=([0-9a-f]{12})\b", output(client))
    mac = bytes.fromhex(options.group(1))
    assert mac[0] & 3 == 2, mac
    client.result("zone.stop", zone=2)
    wait_for(lambda: flags(TAP) is None, "the tap is gone")
    client.result("zone.start", zone=2)
    wait_for(lambda: output(client).count(f"mac={mac.hex()}") == 2, "the same address")


def given_address_and_tap(rig):
    network_zone(rig, tap="given", mac=["0x52", "0x54", 0, 1, 2, 255])
    client = rig.start()
    client.result("zone.start", zone=2)
    assert flags("given") & IFF_UP and flags(TAP) is None
    wait_for(lambda: "mac=5254000102ff" in output(client), "its address")


def link_follows(rig):
    network_zone(rig)
    client = rig.start()
    client.result("zone.start", zone=2)
    wait_for(lambda: links(client) == ["1"], "a link")
    set_up(TAP, False)
    wait_for(lambda: links(client) == ["1", "0"], "no link")
    set_up(TAP, True)
    wait_for(lambda: links(client) == ["1", "0", "1"], "a link again")
    # other interfaces are none of its business
    make_bridge("other")
    set_up("other", True)
    set_up(TAP, False)
    wait_for(lambda: links(client) == ["1", "0", "1", "0"], "no link again")


def link_while_there_is_no_daemon(rig):
    network_zone(rig)
    client = rig.start()
    client.result("zone.start", zone=2)
    wait_for(lambda: links(client) == ["1"], "a link")
    rig.kill(signal.SIGKILL)
    set_up(TAP, False)
    client = rig.start()
    wait_for(lambda: links(client) == ["1", "0"], "no link")
    set_up(TAP, True)
    wait_for(lambda: links(client) == ["1", "0", "1"], "a link again")


def bridge_made_anew(rig):
    """The tap is in it again; but whoever takes it out of a bridge that stays has his reasons."""
    make_bridge("br1")
    network_zone(rig, bridge="br1")
    client = rig.start()
    client.result("zone.start", zone=2)
    wait_for(lambda: links(client) == ["1"], "a link")
    for _ in range(3):
        remove_bridge("br1")
        make_bridge("br1")
        wait_for(lambda: take_out("br1", TAP), "the tap is in the new bridge")
    set_up("br1", True)
    set_up(TAP, False)
    wait_for(lambda: links(client)[-1] == "0", "what came before has been seen")
    assert not take_out("br1", TAP)
    remove_bridge("br1")
    wait_for(lambda: log(rig).count("bridge br1 is gone") >= 1, "a word of it")


def zone_that_starts_again(rig):
    """By request, and by its guest: each time the tap is free, and has a new device behind it."""
    network_zone(rig)
    client = rig.start()
    client.result("zone.start", zone=2)
    wait_for(lambda: links(client) == ["1"], "a link")
    for number in range(2, 5):
        client.result("zone.restart", zone=2)
        wait_for(lambda: len(links(client)) == number, "a link again")
    type_into(client, 2, b"guest reset\n")
    wait_for(lambda: len(links(client)) == 5, "a link after the guest's reset")
    assert client.result("zone.get", zone=2)["zone"]["state"] == "running"
    client.result("zone.stop", zone=2)
    assert flags(TAP) is None


def device_process_dies(rig):
    """Another takes its place, with a tap of the same name, and is told of its link."""
    network_zone(rig, queues=4)
    client = rig.start()
    client.result("zone.start", zone=2)
    wait_for(lambda: links(client) == ["1"], "a link")
    type_into(client, 2, b"die\n")
    wait_for(lambda: links(client) == ["1", "1"], "a link of the next one")
    assert flags(TAP) & IFF_UP
    set_up(TAP, False)
    wait_for(lambda: links(client) == ["1", "1", "0"], "no link")


def refused(rig):
    """The reason names device and interface, and nothing is left."""
    network_zone(rig, bridge="nowhere")
    client = rig.start()
    before = rig.descriptors()
    message = client.error("zone.start", zone=2)["message"]
    assert "0xa000200" in message and "no bridge nowhere" in message, message
    assert flags(TAP) is None
    network_zone(rig, tap="lo")
    client.result("config.reload")
    message = client.error("zone.start", zone=2)["message"]
    assert "0xa000200" in message and "lo is there, and is no tap" in message, message
    wait_for(lambda: rig.descriptors() <= before, "nothing stays open")
    network_zone(rig)
    client.result("config.reload")
    client.result("zone.start", zone=2)


if __name__ == "__main__":
    enter()
    run([tap_comes_and_goes, given_address_and_tap, link_follows, link_while_there_is_no_daemon, bridge_made_anew,
         zone_that_starts_again, device_process_dies, refused])
