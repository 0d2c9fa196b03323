# SPDX-License-Identifier: GPL-2.0-or-later
"""A full disk, no descriptors left, the config directory gone: an error or a wait, and all is well afterwards."""
import errno
import os
import resource
import shutil

from board import Board
from rig import Client, run, wait_for


def full_disk(rig):
    board = Board(rig)
    board.begin()
    board.live_once()
    for error in errno.ENOSPC, errno.EROFS:
        board.faults.arm("write" if error == errno.ENOSPC else "open", 1, error, repeat=True)
        board.live_once(tolerant=True)
        board.live_once(tolerant=True)
        assert rig.daemon.poll() is None
        assert board.simulator.status(3) == board.before
        board.faults.disarm()
        board.must_be_well(f"a time of {errno.errorcode[error]}")


def no_descriptors(rig):
    """A real limit: what is open stays open, nothing more can be."""
    board = Board(rig)
    board.begin()
    board.live_once()
    descriptors, blocks = board.resources()
    soft, hard = resource.prlimit(rig.daemon.pid, resource.RLIMIT_NOFILE)
    for room in 0, 1, 2, 3, 5, 8:
        resource.prlimit(rig.daemon.pid, resource.RLIMIT_NOFILE, (rig.descriptors() + room, hard))
        before = cpu(rig)
        waiting = []
        for _ in range(12):
            client = Client.__new__(Client)
            client.connect(rig.socket)  # taken or not: the greeting is not waited for
            waiting.append(client)
        board.live_once(tolerant=True)
        assert rig.daemon.poll() is None
        print(f"# room for {room}: {cpu(rig) - before} ticks", flush=True)
        resource.prlimit(rig.daemon.pid, resource.RLIMIT_NOFILE, (soft, hard))
        for client in waiting:
            client.close()
        board.must_be_well(f"room for {room} descriptors")
    wait_for(lambda: board.settled(descriptors, blocks), f"as before: {descriptors, blocks}, now {board.resources()}")


def cpu(rig):
    with open(f"/proc/{rig.daemon.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def no_directory(rig):
    """A running zone does not mind; when the directory is back, all is as it was."""
    board = Board(rig)
    board.begin()
    board.client.result("zone.start", zone="worker")
    runs = board.simulator.status(2)
    os.rename(rig.config_dir, rig.config_dir + ".away")
    wait_for(lambda: board.zones()["worker"].get("file") is None or "result" in board.client.call("config.reload"),
             "the daemon notices")
    assert board.simulator.status(2) == runs
    assert board.zones()["worker"]["state"] == "running"
    os.rename(rig.config_dir + ".away", rig.config_dir)
    wait_for(lambda: board.zones()["worker"].get("file"), "the directory is read again")
    assert board.simulator.status(2) == runs
    board.client.result("zone.stop", zone="worker", mode="force")
    # removed altogether, and made anew
    shutil.copytree(rig.config_dir, rig.config_dir + ".copy")
    shutil.rmtree(rig.config_dir)
    wait_for(lambda: "worker" not in board.zones(), "a stopped zone without a file is forgotten")
    assert board.zones()["bystander"]["state"] == "running"
    os.rename(rig.config_dir + ".copy", rig.config_dir)
    wait_for(lambda: "worker" in board.zones(), "the directory is watched again")
    board.must_be_well("the directory came back")


if __name__ == "__main__":
    run([full_disk, no_descriptors, no_directory])
