# SPDX-License-Identifier: GPL-2.0-or-later
"""What is loaded into a zone: files with digests, trees that were made."""
import base64
import hashlib
import json
import signal

from rig import run, wait_for

FDT_MAGIC = b"\xd0\x0d\xfe\xed"


def digest_is_checked(rig):
    text = b"sim:run"
    rig.image("Image2", text)
    rig.zone(2, [2], sha256={"kernel_filepath": hashlib.sha256(text).hexdigest()})
    rig.zone(3, [3], sha256={"kernel_filepath": hashlib.sha256(b"sim:off").hexdigest()})
    client = rig.start()
    client.result("zone.start", zone=2)
    error = client.error("zone.start", zone=3)
    assert error["data"]["reason"] == "zone.image" and "SHA-256" in error["message"], error
    assert client.result("zone.get", zone=3)["zone"]["state"] == "stopped"
    # the same size, another content
    client.result("zone.stop", zone=2)
    rig.image("Image2", b"sim:off")
    assert "SHA-256" in client.error("zone.start", zone=2)["message"]


def made_tree_outlives_the_daemon(rig):
    """A guest's reset is followed by a daemon that has never seen the tree that was made."""
    rig.zone(2, [2])
    rig.image("Image2", "sim:run 1s; reset")
    client = rig.start()
    client.result("zone.start", zone=2)
    with open(rig.run_dir + "/zone-2.json") as file:
        images = json.load(file)["images"]
    trees = [base64.b64decode(image["data"]) for image in images if "data" in image]
    assert len(trees) == 1 and trees[0].startswith(FDT_MAGIC), images
    rig.kill(signal.SIGKILL)
    client = rig.start()
    wait_for(lambda: client.result("zone.get", zone=2)["zone"]["runs"] > 1, "the reset is followed")


def a_record_that_lies(rig):
    """Whatever stands in the run directory, the zone runs on and can be stopped."""
    rig.zone(2, [2])
    client = rig.start()
    client.result("zone.start", zone=2)
    path = rig.run_dir + "/zone-2.json"
    with open(path) as file:
        good = json.load(file)
    for change in ({"data": "AAAA"}, {"data": 7}, {"size": "0xffffffffffffffff"}, {"kind": 99}, {"sha256": "x"},
                   {"path": None, "data": None}):
        rig.kill(signal.SIGKILL)
        lie = json.loads(json.dumps(good))
        for image in lie["images"]:
            image.update(change)
        with open(path, "w") as file:
            json.dump(lie, file)
        client = rig.start()
        assert client.result("zone.get", zone=2)["zone"]["state"] == "running", change
    client.result("zone.stop", zone=2, mode="force")


if __name__ == "__main__":
    run([digest_is_checked, made_tree_outlives_the_daemon, a_record_that_lies])
