#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may connect, and what they may do; how many connections there may be. As root, who can be anyone."""
import collections
import contextlib
import os
import resource
import select
import shutil
import subprocess
import time

from rig import HVISORD, Client, log, run, wait_for

READERS, ADMINS, USER = 61001, 61002, 61010


@contextlib.contextmanager
def as_user(uid, gid, groups=()):
    """The kernel notes who connects at the time of connect()."""
    if os.getuid() != 0:
        raise PermissionError("this test must be run by root")
    before = os.getgroups()
    os.setgroups(list(groups))
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


def connect(rig, uid, gid, groups=()):
    with as_user(uid, gid, groups):
        return Client(rig.socket)


def begin(rig):
    rig.options = ["--group", str(READERS), "--admin-group", str(ADMINS)]
    os.chmod(rig.dir, 0o755)
    client = rig.start()
    return client


def open_to_all(rig):
    client = begin(rig)
    os.chmod(rig.socket, 0o666)
    return client


def refusal(client):
    return client.greeting["error"]["data"]["reason"], client.greeting["error"]["message"]


def the_file_keeps_strangers_out(rig):
    begin(rig)
    with contextlib.suppress(PermissionError):
        connect(rig, USER, USER)
        raise AssertionError("a stranger could connect")
    assert "hvisord" in connect(rig, USER, USER, [READERS]).greeting


def strangers(rig):
    """The daemon itself looks, too: a socket that systemd made may be open to all."""
    open_to_all(rig)
    stranger = connect(rig, USER, USER, range(70000, 70010))
    assert refusal(stranger) == ("auth.permission", "this user may not use hvisord") and stranger.receive() is None
    assert f"audit: refused: a connection by uid {USER}, pid {os.getpid()}: this user may not use hvisord" in log(rig)


def readers(rig):
    """By first group, by another, and by one of very many; they may look, and that is all."""
    rig.zone(1, [2])
    open_to_all(rig)
    for gid, groups in ((READERS, ()), (USER, [READERS]), (USER, [*range(70000, 71500), READERS])):
        client = connect(rig, USER, gid, groups)
        assert len(client.result("zone.list")["zones"]) == 2
        for method in ("zone.start", "zone.stop", "zone.kill", "zone.pause", "console.write"):
            parameters = {"zone": 1, "b64": ""} if method == "console.write" else {"zone": 1}
            assert client.reason(method, **parameters) == "auth.permission", method
            assert f"audit: refused: {method} by uid {USER}, pid {os.getpid()}: " in log(rig)
        client.close()


def admins(rig):
    rig.zone(1, [2])
    open_to_all(rig)
    for gid, groups in ((ADMINS, ()), (READERS, [ADMINS]), (USER, [*range(70000, 71500), ADMINS])):
        client = connect(rig, USER, gid, groups)
        assert client.result("zone.start", zone=1)["state"] == "running"
        client.result("zone.stop", zone=1)
        client.close()
    assert f"audit: zone.start z1 by uid {USER}, pid {os.getpid()}" in log(rig)


def keys(rig):
    """Who asks for very much with keys takes no other's answer away."""
    rig.zone(1, [2])
    root = open_to_all(rig)
    assert root.result("zone.start", zone=1, request_key="mine")["state"] == "running"
    client = connect(rig, USER, ADMINS)
    for i in range(300):
        client.call("zone.start", zone=1, request_key=f"key {i}")
    root.result("zone.stop", zone=1, mode="force")
    assert root.result("zone.start", zone=1, request_key="mine")["state"] == "running"
    assert root.result("zone.get", zone=1)["zone"]["state"] == "stopped"


def shares(rig):
    """16 for a user, 56 for all users; root and the daemon's user always find a place among 64."""
    clients = [open_to_all(rig)]
    clients += [connect(rig, USER, READERS) for _ in range(16)]
    assert all("hvisord" in client.greeting for client in clients)
    one_more = connect(rig, USER, READERS)
    assert refusal(one_more) == ("protocol.limit", "too many connections of this user")
    for user in range(USER + 1, USER + 4):
        clients += [connect(rig, user, READERS) for _ in range(13)]
    assert len(clients) == 56 and all("hvisord" in client.greeting for client in clients)
    assert refusal(connect(rig, USER + 9, READERS)) == ("protocol.limit", "too many connections")
    clients += [Client(rig.socket) for _ in range(8)]
    assert all("hvisord" in client.greeting for client in clients)
    assert refusal(Client(rig.socket)) == ("protocol.limit", "too many connections")
    clients[1].close()  # a user's place, but root may have it
    wait_for(lambda: "hvisord" in Client(rig.socket).greeting, "a place is free again")
    assert clients[0].result("zone.list")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(rig):
    """What each of the daemon's descriptors is open on."""
    links = []
    for name in os.listdir(f"/proc/{rig.daemon.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            links.append(os.readlink(f"/proc/{rig.daemon.pid}/fd/{name}"))
    return links


def is_full(rig, limit, before):
    """The daemon has no descriptor left, and none that it is about to give back: it reads its folders now and then."""
    links = descriptors(rig)
    passing = [link for link in collections.Counter(links) - collections.Counter(before) if link[:7] != "socket:"]
    return len(links) == limit and not passing


def greeted(clients):
    return select.select([client.socket for client in clients], [], [], 0)[0]


def no_descriptors(rig):
    """Who is connected is served on; who is not waits, and costs nothing meanwhile."""
    client = begin(rig)
    before = descriptors(rig)
    limit = max(map(int, os.listdir(f"/proc/{rig.daemon.pid}/fd"))) + 3
    resource.prlimit(rig.daemon.pid, resource.RLIMIT_NOFILE, (limit, limit))
    clients = [Client.__new__(Client) for _ in range(limit)]
    for one in clients:  # the socket's backlog takes them all
        one.connect(rig.socket)
    wait_for(lambda: is_full(rig, limit, before), "descriptors run out")
    wait_for(lambda: "cannot accept connections for now: too many open files" in log(rig), "the daemon says so")
    wait_for(lambda: greeted(clients), "those that have a descriptor are greeted")
    busy = cpu_seconds(rig.daemon.pid)
    time.sleep(1)
    assert cpu_seconds(rig.daemon.pid) - busy < 0.3
    assert client.result("zone.list")
    # a line a shortage: there may have been one before, ended by a folder that was read to its end
    assert log(rig).count("cannot accept") < 5, log(rig)
    served = [one for one in clients if one.socket in greeted(clients)]
    waiting = [one for one in clients if one not in served]
    assert served and waiting
    served.pop().close()
    wait_for(lambda: greeted(waiting), "the next one's turn")
    assert "hvisord" in waiting[[one.socket for one in waiting].index(greeted(waiting)[0])].receive()


def no_privilege(rig):
    """Anybody may run the simulated board, with nothing but places of his own."""
    rig.zone(1, [2])
    for name in (rig.dir, rig.config_dir):
        os.chmod(name, 0o755)
    home = rig.dir + "/home"
    os.mkdir(home)
    os.chown(home, USER, USER)
    build, programs = os.path.dirname(os.path.abspath(HVISORD)), rig.dir + "/programs"
    for name in ("hvisord", "backend/hvisor-sim", "virtio/hvisor-device"):  # the build may lie where he may not look
        os.makedirs(os.path.dirname(f"{programs}/{name}"), exist_ok=True)
        shutil.copy(f"{build}/{name}", f"{programs}/{name}")
    command = [programs + "/hvisord", "--backend", "sim", "--platform", "qemu-virt", "--config-dir",
               rig.config_dir, "--state-dir", home + "/state", "--socket", home + "/socket"]
    rig.daemon = subprocess.Popen(command, stderr=rig.log, env=rig.environment, user=USER, group=USER, extra_groups=[])
    client = wait_for(lambda: os.path.exists(home + "/socket") and connect_to(home + "/socket"), "its socket")
    assert client.result("zone.start", zone=1)["state"] == "running"
    client.result("zone.stop", zone=1)


def connect_to(path):
    with contextlib.suppress(ConnectionRefusedError):
        return Client(path)


run([the_file_keeps_strangers_out, strangers, readers, admins, keys, shares, no_descriptors,
     no_privilege])
