# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones with several consoles."""
import base64
import os

from rig import Client, log, run, text, wait_for

REGION = {"type": "virtio", "physical_start": "0xa000000", "virtual_start": "0xa000000", "size": "0x4000"}
TWO = {"type": "console", "addr": "0xa000000", "len": "0x200", "irq": 78, "ports": 2}
SERIAL = {"type": "pl011", "addr": "0xa001000", "len": "0x1000", "irq": 79}
ONE = {"type": "console", "addr": "0xa000200", "len": "0x200", "irq": 75}


def write_zone(rig, *devices, **changes):
    """Zone 1 with these devices."""
    ram = {"type": "ram", "physical_start": "0x81000000", "virtual_start": "0x40000000", "size": "0x1000000"}
    rig.zone(1, [2], memory_regions=[ram, REGION], devices=list(devices),
             interrupts=sorted(device["irq"] for device in devices), **changes)


def begin(rig, *devices):
    write_zone(rig, *devices)
    client = rig.start()
    client.result("zone.start", zone=1)
    return client


def write(client, port, data):
    return client.result("console.write", zone=1, port=port, b64=base64.b64encode(data).decode())


def shown(client, port):
    return text(client.result("console.log", zone=1, port=port))


def echoed(client, port, word):
    write(client, port, word)
    wait_for(lambda: word in shown(client, port), f"the echo on {port}")


def consoles(client):
    return client.result("zone.get", zone=1)["zone"]["consoles"]


def numbered(rig):
    """In the order of devices and ports, each by itself."""
    client = begin(rig, TWO, SERIAL, ONE)
    assert [(c["port"], c["type"]) for c in consoles(client)] == [
        (0, "console"), (1, "console"), (2, "pl011"), (3, "console")]
    for port in range(4):
        echoed(client, port, b"to %d\n" % port)
    for port in range(4):
        assert shown(client, port).count(b"to ") == 1, port
    found = consoles(client)
    assert found[0] == {"port": 0, "type": "console", **client.result("zone.get", zone=1)["zone"]["console"]}
    assert [c["end"] for c in found[1:]] == [5, 5, 5], found
    client.result("console.resize", zone=1, port=3, columns=132, rows=43)
    wait_for(lambda: b"size 132x43" in shown(client, 3), "the size of its own")
    assert b"size" not in shown(client, 0)
    wait_for(lambda: len(os.listdir(rig.state_dir + "/console")) == 4, "a file for each")
    assert sorted(os.listdir(rig.state_dir + "/console")) == ["z1.1.0.log", "z1.1.1.0.log", "z1.1.2.0.log", "z1.1.3.0.log"]


def unknown(rig):
    """A console that is not there is refused, in words; one that is not there yet, too."""
    client = begin(rig, TWO)
    for method, more in (("console.attach", {}), ("console.log", {}), ("console.write", {"b64": ""}),
                         ("console.resize", {"columns": 1, "rows": 1})):
        error = client.error(method, zone=1, port=2, **more)
        assert error["data"]["reason"] == "console.none" and "go up to 1" in error["message"], error
        assert client.reason(method, zone=1, port=16, **more) == "protocol.params"
    write_zone(rig, TWO, ONE)
    client.result("zone.check")
    assert len(consoles(client)) == 3
    assert shown(client, 2) == b""
    assert client.reason("console.write", zone=1, port=2, b64="") == "console.none"
    assert client.reason("console.attach", zone=1, port=2, raw=True) == "console.none"
    client.result("zone.restart", zone=1)
    echoed(client, 2, b"now\n")


def one_waits(rig):
    """A console whose guest takes nothing holds up neither the others nor a stop."""
    client = begin(rig, TWO)
    write(client, 1, b"full\n")
    other = Client(rig.socket)
    stuck = other.send("console.write", {"zone": 1, "port": 1, "b64": base64.b64encode(b"x" * 65535).decode()})
    late = other.send("console.write", {"zone": 1, "port": 1, "b64": base64.b64encode(b"y").decode()})
    echoed(client, 0, b"not held up\n")
    wait_for(lambda: len(shown(client, 1)) >= 65536, "what there was room for")
    assert b"y" not in shown(client, 1)
    client.result("zone.stop", zone=1, mode="force")
    answers = [other.answer(stuck), other.answer(late)]
    assert [answer.get("error", {}).get("data", {}).get("reason") for answer in answers] == ["zone.device"] * 2 or \
        "result" in answers[0], answers


def over_daemons(rig):
    """Positions of each go on over daemons, and its output is on disk."""
    client = begin(rig, TWO, SERIAL)
    for port in range(3):
        echoed(client, port, b"%d before\n" % port)
    ends = [console["end"] for console in consoles(client)]
    rig.kill()
    client = rig.start()
    wait_for(lambda: [console["end"] for console in consoles(client)] == ends, "what was printed before")
    for port in range(3):
        echoed(client, port, b"%d after\n" % port)
        assert b"%d before\n%d after\n" % (port, port) in shown(client, port)
    client.result("zone.restart", zone=1)
    for port in (1, 2):
        echoed(client, port, b"%d anew\n" % port)
    rig.kill()
    client = rig.start()
    for port in (1, 2):
        wait_for(lambda: shown(client, port) == b"%d before\n%d after\n%d anew\n" % (port, port, port), "all of it")


def attached(rig):
    """Streams and raw connections are of one console."""
    client = begin(rig, TWO)
    stream, raw = Client(rig.socket), Client(rig.socket)
    stream.send("console.attach", {"zone": 1, "port": 1, "more": True})
    assert "result" in raw.call("console.attach", zone=1, port=1, raw=True)
    write(client, 0, b"elsewhere\n")
    raw.send_bytes(b"here\n")
    data = raw.buffer
    while b"here\n" not in data:
        data += raw.socket.recv(4096)
    assert data == b"here\n", data
    assert text(stream.receive()["result"]) == b"here\n"


def from_the_shell(rig):
    client = begin(rig, TWO)
    done = rig.ctl("console", "1", "--port", "1", "--idle-ms", "300", input=b"typed\n")
    assert done.returncode == 0 and done.stdout == b"typed\n", done
    assert b"typed" not in shown(client, 0)
    done = rig.ctl("logs", "1", "-p", "1")
    assert done.returncode == 0 and done.stdout == b"typed\n", done
    done = rig.ctl("logs", "1", "-p", "5")
    assert done.returncode == 1 and b"has no console 5" in done.stderr, done
    assert rig.ctl("logs", "1", "-p", "16").returncode == 2
    assert b"port=1 type=console" in rig.ctl("show", "1").stdout


def older_process(rig):
    """A device process of version 1, which runs on under a new daemon, has its first console."""
    rig.environment["HVISOR_TEST_LINK"] = "1"
    client = begin(rig, TWO)
    echoed(client, 0, b"of old\n")
    rig.kill()
    client = rig.start()
    wait_for(lambda: b"of old\n" in shown(client, 0), "what it printed before")
    echoed(client, 0, b"and now\n")
    assert client.reason("console.write", zone=1, port=1, b64="") == "console.none"
    assert client.result("zone.stop", zone=1, mode="force")["state"] == "stopped"


def says(rig):
    """What a process says is a line of the daemon's log, about its zone: bounded, and no line forges another."""
    client = begin(rig, TWO)
    write(client, 0, b"say 100\n")
    echoed(client, 0, b"afterwards\n")
    lines = [line for line in log(rig).splitlines() if "line " in line or "faked" in line]
    assert lines == [f"zone z1: device process: line {number}?faked" for number in range(32)], lines


run([numbered, unknown, one_waits, over_daemons, attached, from_the_shell, older_process, says])
