# SPDX-License-Identifier: GPL-2.0-or-later
"""A simulated zone with the real device process: its guest follows a script (hvisord/backend/sim_script.h)."""
import json

from rig import Client, text, wait_for

LINE = 16
ENDED = ("stopped", "crashed")


def numbered(pos, size):
    """Bytes of the endless text of numbered lines."""
    first = pos // LINE
    lines = b"".join(b"%015d\n" % n for n in range(first, (pos + size) // LINE + 1))
    return lines[pos - first * LINE:][:size]


def begin(rig, script, key=False, **changes):
    """Zone 1 with a console (and a power key), whose guest follows the script; a client. changes: keys of its file."""
    rig.device_program = None
    devices = [{"type": "console", "addr": "0xa003c00", "len": "0x200", "irq": 78, "status": "enable"}]
    regions = [{"type": "ram", "physical_start": "0x81000000", "virtual_start": "0x40000000", "size": "0x1000000"},
               {"type": "virtio", "physical_start": "0xa003c00", "virtual_start": "0xa003c00", "size": "0x200"}]
    if key:
        devices.append({"type": "power_key", "addr": "0xa001000", "len": "0x1000", "irq": 76, "status": "enable"})
        regions.append({"type": "virtio", "physical_start": "0xa001000", "virtual_start": "0xa001000",
                        "size": "0x1000"})
    rig.image("virtio1.json", json.dumps({"zones": [{"id": 1, "devices": devices}]}))
    rig.image("Image1", script)
    rig.zone(1, [2], memory_regions=regions, interrupts=[device["irq"] for device in devices], **changes)
    return rig.start()


def state(client):
    return client.result("zone.get", zone="z1")["zone"]


def wait_state(client, *wanted):
    return wait_for(lambda: next((zone for zone in [state(client)] if zone["state"] in wanted), None), str(wanted))


class Reader:
    """What an attached console shows, each piece with its position."""

    def __init__(self, rig):
        self.client = Client(rig.socket)
        self.id = self.client.send("console.attach", {"zone": "z1", "replay": 262144, "more": True})
        self.pieces, self.data, self.gaps = [], b"", 0

    def step(self):
        result = self.client.answer(self.id)["result"]
        if self.pieces:
            pos, piece = self.pieces[-1]
            assert result["pos"] >= pos + len(piece), "twice"
            self.gaps += result["pos"] - pos - len(piece)
        self.pieces.append((result["pos"], text(result)))
        self.data += text(result)

    def until(self, wanted):
        while wanted not in self.data:
            self.step()
        return self

    def bytes(self, count):
        while len(self.data) < count:
            self.step()
        return self

    def check_numbered(self):
        """Each byte stands at its own position, so none is there twice, and none but told gaps lost."""
        for pos, piece in self.pieces:
            wanted = numbered(pos, len(piece))
            assert piece == wanted, (pos, piece[:64], wanted[:64])
