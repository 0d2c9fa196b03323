#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The watched config directories: writers of all kinds, directories that come and go, many files."""
import json
import os
import shutil
import threading
import time

from rig import Client, run, wait_for


def zones(client):
    return {zone["name"]: zone["state"] for zone in client.result("zone.list")["zones"] if zone["id"] != 0}


class Watch(threading.Thread):
    """Collects events until told to stop."""

    def __init__(self, rig):
        super().__init__()
        self.client = Client(rig.socket)
        self.client.result("events.subscribe")
        self.client.socket.settimeout(0.1)
        self.events, self.stopping = [], False
        self.start()

    def run(self):
        while not self.stopping:
            try:
                message = self.client.receive()
            except TimeoutError:
                continue
            if message is None:
                return
            if message.get("method") == "event":
                self.events.append(message["params"])

    def stop(self):
        self.stopping = True
        self.join()
        return self.events


def source(rig, id, cpus, **changes):
    """The text of a zone file that is not there."""
    rig.zone(id, cpus, **changes)
    path = f"{rig.config_dir}/zone{id}.json"
    with open(path) as file:
        content = file.read()
    os.unlink(path)
    return path, content


def bad_states(events):
    return [event for event in events if event["type"] == "zone.state" and event.get("to") == "invalid"
            or event["type"] == "zone.config" and not event.get("good", True)]


def in_place(path, content, pieces, pause):
    with open(path, "w") as file:
        for n in range(pieces):
            file.write(content[len(content) * n // pieces:len(content) * (n + 1) // pieces])
            file.flush()
            time.sleep(pause)


def by_rename(path, content):
    with open(path + ".tmp", "w") as file:
        file.write(content)
    os.rename(path + ".tmp", path)


def like_an_editor(path, content):
    """A lock, a trial file, a back-up, a new file in the old one's place; then all of them gone."""
    folder, name = os.path.split(path)
    for extra in (f".{name}.swp", "4913", f".#{name}", f"#{name}#"):
        with open(f"{folder}/{extra}", "w") as file:
            file.write("{ no zone")
    if os.path.exists(path):
        os.rename(path, path + "~")
    time.sleep(0.05)
    in_place(path, content, 3, 0.02)
    for extra in (f".{name}.swp", "4913", f".#{name}", f"#{name}#"):
        os.unlink(f"{folder}/{extra}")


def writers(rig):
    """Half-written files never show: new ones come when they are whole, old ones stay as they were till then."""
    rig.zone(1, [2])
    client = rig.start()
    watch = Watch(rig)
    path, content = source(rig, 2, [3])
    in_place(path, content, 10, 0.15)
    wait_for(lambda: zones(client).get("z2") == "stopped", "z2")
    for n in range(3):
        in_place(path, content + "\n" * n, 10, 0.15)
        by_rename(path, content + " " * n)
        like_an_editor(path, content + "\t" * n)
        assert zones(client) == {"z1": "stopped", "z2": "stopped"}, zones(client)
    time.sleep(2.5)
    events = watch.stop()
    assert not bad_states(events), bad_states(events)
    changes = [(event["zone"], event["change"]) for event in events if event["type"] == "zone.config"]
    assert changes[0] == ("z2", "added") and set(changes[1:]) == {("z2", "changed")}, changes


def a_writer_that_dies(rig):
    """What stays broken is shown, once it has settled; before that it cannot be started, whatever it was."""
    rig.zone(1, [2])
    client = rig.start()
    path = f"{rig.config_dir}/zone1.json"
    with open(path) as file:
        content = file.read()
    with open(path, "w") as file:
        file.write(content[:len(content) // 2])
    assert client.reason("zone.start", zone=1).startswith("json."), client.error("zone.start", zone=1)
    wait_for(lambda: zones(client).get("z1", "invalid") == "invalid", "its end")
    findings = client.result("zone.check")
    assert not findings["good"] and findings["findings"][0]["file"] == path
    by_rename(path, content)
    wait_for(lambda: zones(client).get("z1") == "stopped", "good again")


def images_too(rig):
    """A device tree that is being copied: its zone is not broken meanwhile."""
    rig.zone(1, [2], modules=[{"name": "m", "filepath": "Module", "load_paddr": "0x81800000"}])
    rig.image("Module", "x" * 4096)
    client = rig.start()
    assert zones(client) == {"z1": "stopped"}
    watch = Watch(rig)
    with open(f"{rig.config_dir}/Module", "w") as file:
        os.utime(f"{rig.config_dir}/zone1.json")
        for _ in range(10):
            time.sleep(0.1)
            file.write("y" * 1000)
            file.flush()
    time.sleep(2.5)
    events = watch.stop()
    assert not bad_states(events), bad_states(events)


def disks_beside(rig):
    """A disk beside the zone files, which its zone writes to without end: that alone is seldom a reason to look."""
    path, content = source(rig, 1, [2])
    elsewhere = rig.config_dir + ".elsewhere"
    with open(elsewhere, "w") as file:
        file.write(content)
    os.symlink(elsewhere, path)  # what no watch of the directory tells of shows when it was looked at
    rig.image("disk.img", "x")
    client = rig.start()
    wait_for(lambda: zones(client) == {"z1": "stopped"}, "z1")
    time.sleep(2.5)
    by_rename(elsewhere, content.replace('"z1"', '"other"'))
    with open(f"{rig.config_dir}/disk.img", "w") as file:
        for _ in range(20):
            file.write("y")
            file.flush()
            time.sleep(0.1)
    assert zones(client) == {"z1": "stopped"}, zones(client)
    wait_for(lambda: zones(client) == {"other": "stopped"}, "a look all the same")


def removed(rig):
    rig.zone(1, [2])
    rig.zone(2, [3])
    client = rig.start()
    client.result("zone.start", zone=1)
    os.unlink(f"{rig.config_dir}/zone1.json")
    os.unlink(f"{rig.config_dir}/zone2.json")
    wait_for(lambda: zones(client) == {"z1": "running"}, "z2 is gone, z1 runs on")
    assert client.reason("zone.start", zone=2) == "zone.unknown"
    client.result("zone.stop", zone=1)
    wait_for(lambda: zones(client) == {}, "z1 is gone")


def the_directory_itself(rig):
    """Removed, made anew, renamed away and back, a link that is turned: seen, and running zones run on."""
    rig.zone(1, [2])
    client = rig.start()
    client.result("zone.start", zone=1)
    kept = rig.dir + "/kept"
    shutil.copytree(rig.config_dir, kept)
    shutil.rmtree(rig.config_dir)
    wait_for(lambda: client.result("zone.get", zone="z1")["zone"].get("file") is None, "its file is gone")
    assert zones(client) == {"z1": "running"}
    shutil.copytree(kept, rig.config_dir)
    wait_for(lambda: client.result("zone.get", zone="z1")["zone"].get("file"), "its file is back")
    rig.zone(2, [3])
    wait_for(lambda: zones(client) == {"z1": "running", "z2": "stopped"}, "a new file in the new directory")
    os.rename(rig.config_dir, rig.dir + "/away")
    wait_for(lambda: zones(client) == {"z1": "running"}, "z2 is away")
    os.rename(rig.dir + "/away", rig.config_dir)
    wait_for(lambda: zones(client) == {"z1": "running", "z2": "stopped"}, "z2 is back")
    rig.zone(2, [3], name="again")
    wait_for(lambda: "again" in zones(client), "changes are seen in it")
    # a link in its place, and that turned to another directory
    os.rename(rig.config_dir, rig.dir + "/first")
    os.symlink("first", rig.config_dir)
    wait_for(lambda: "again" in zones(client), "through a link")
    os.symlink("kept", rig.dir + "/link")
    os.rename(rig.dir + "/link", rig.config_dir)
    wait_for(lambda: zones(client) == {"z1": "running"}, "the link was turned")
    client.result("zone.stop", zone=1)


def absent_at_first(rig):
    shutil.rmtree(rig.config_dir)
    client = rig.start()
    assert zones(client) == {}
    os.mkdir(rig.config_dir)
    rig.zone(1, [2])
    wait_for(lambda: zones(client) == {"z1": "stopped"}, "z1")


def vendors(rig):
    """/usr/lib's files count unless /etc has one of that name; an empty one or a link to /dev/null takes them away."""
    rig.zone(1, [2])
    rig.zone(2, [3])
    vendor = rig.dir + "/vendor"
    os.rename(rig.config_dir, vendor)
    os.mkdir(rig.config_dir)
    rig.options = ["--vendor-dir", vendor]
    client = rig.start()
    assert zones(client) == {"z1": "stopped", "z2": "stopped"}
    rig.zone(1, [2], name="mine")
    wait_for(lambda: zones(client) == {"mine": "stopped", "z2": "stopped"}, "the operator's own")
    os.symlink("/dev/null", f"{rig.config_dir}/zone2.json")
    wait_for(lambda: zones(client) == {"mine": "stopped"}, "z2 is masked")
    os.unlink(f"{rig.config_dir}/zone2.json")
    os.unlink(f"{rig.config_dir}/zone1.json")
    wait_for(lambda: zones(client) == {"z1": "stopped", "z2": "stopped"}, "the vendor's again")
    with open(vendor + "/zone2.json") as file:
        text = file.read()
    by_rename(vendor + "/zone2.json", text.replace('"z2"', '"newer"'))
    wait_for(lambda: "newer" in zones(client), "an update of the vendor's")


def a_thousand_files(rig):
    """Many files, most of them in each other's way: one change is an event, and nothing is slow."""
    for id in range(1, 1001):
        rig.image(f"zone{id}.json", json.dumps({
            "arch": "arm64", "name": f"many{id}", "zone_id": id % 62 + 1, "cpus": [2], "interrupts": [],
            "memory_regions": [{"type": "ram", "physical_start": "0x80000000", "virtual_start": "0x40000000",
                                "size": "0x1000000"}],
            "kernel_filepath": "Image", "kernel_load_paddr": "0x80000000", "entry_point": "0x40000000"}))
    rig.image("Image", "sim:run")
    began = time.monotonic()
    client = rig.start()
    started = time.monotonic() - began
    wait_for(lambda: len(zones(client)) == 1000, "all files")
    client.result("events.subscribe", match=["zone.config"])
    began = time.monotonic()
    with open(f"{rig.config_dir}/zone500.json") as file:
        content = file.read()
    by_rename(f"{rig.config_dir}/zone500.json", content.replace("many500", "fresh"))
    client.event(lambda event: event["zone"] in ("many500", "fresh"))
    print(f"# 1000 files: {started:.2f} s to ready, {time.monotonic() - began:.2f} s from a rename to its event")
    wait_for(lambda: "fresh" in zones(client), "the new name")


run([writers, a_writer_that_dies, images_too, disks_beside, removed, the_directory_itself, absent_at_first, vendors, a_thousand_files])
