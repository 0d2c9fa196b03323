# SPDX-License-Identifier: GPL-2.0-or-later
"""-H: what ssh is asked to do, and what comes back through it."""
import os
import subprocess

from fake_daemon import FakeDaemon
from harness import PATIENCE, check, run

# Notes its arguments, and does what a server would do with the last one.
SSH = """#!/bin/sh
printf '%s\\n' "$@" >"$HOME/arguments"
for command; do :; done
exec sh -c "$command"
"""
ZONES = {"seq": 1, "zones": [{"id": 0, "name": "root", "state": "running", "cpus": [0]}]}


def remote(place, *arguments, **environment):
    result = place.ctl(*arguments, socket=False, **environment)
    path = place.dir + "/arguments"
    if not os.path.exists(path):
        return result, None
    with open(path) as file:
        asked = file.read().splitlines()
    os.unlink(path)
    return result, asked


def targets(place):
    place.program("ssh", SSH)
    fake = FakeDaemon(place.dir, {"zone.list": ZONES})
    command = f"hvisorctl --socket '{fake.path}' proxy"
    for host, asked in (
            ("ssh://board", ["-T", "--", "board"]), ("ssh://me@board", ["-T", "--", "me@board"]),
            ("ssh://me@board:2222", ["-T", "-p", "2222", "--", "me@board"]),
            ("ssh://[fe80::1]:22", ["-T", "-p", "22", "--", "fe80::1"]), ("ssh://board/", ["-T", "--", "board"])):
        (status, out, _), arguments = remote(place, "-H", host, "--socket", fake.path, "list", "-o", "name")
        check((status, out, arguments), (0, "root\n", asked + [command]))
    (status, out, _), arguments = remote(place, "list", "-o", "name", HVISOR_HOST="ssh://board",
                                         HVISOR_SOCKET="/here")
    # our own socket is nothing to the far side
    check((status, arguments), (7, ["-T", "--", "board", "hvisorctl proxy"]))


def refused_targets(place):
    place.program("ssh", SSH)
    for host in ("board", "http://board", "ssh://", "ssh://-oProxyCommand=x", "ssh://me@-x", "ssh://-l@board",
                 "ssh://board:", "ssh://board:x", "ssh://board:99999", "ssh://[::1", "ssh://board/path",
                 "ssh://" + "x" * 400):
        (status, out, errors), asked = remote(place, "-H", host, "list")
        check((host, status, out, asked, "--host" in errors), (host, 2, "", None, True))


def quoting(place):
    """A path over there goes through a shell."""
    place.program("ssh", SSH)
    odd = place.dir + "/o'd $(touch d)"
    os.mkdir(odd)
    fake = FakeDaemon(odd, {"zone.list": ZONES})
    (status, _, _), _ = remote(place, "-H", "ssh://board", "--socket", fake.path, "list")
    check((status, os.path.exists(place.dir + "/d")), (0, False))


def failures(place):
    """The far side's status is told from ssh's own."""
    (status, _, errors), _ = remote(place, "-H", "ssh://board", "list", PATH=place.bin)
    check((status, "ssh" in errors), (7, True))
    place.program("ssh", "#!/bin/sh\necho no route >&2\nexit 255\n")
    (status, _, errors), _ = remote(place, "-H", "ssh://board", "list")
    check((status, errors.startswith("no route\n")), (7, True))
    place.program("ssh", "#!/bin/sh\nexit 6\n")
    check(remote(place, "-H", "ssh://board", "list")[0][0], 6)
    place.program("ssh", "#!/bin/sh\necho Welcome to the board\n")
    check(remote(place, "-H", "ssh://board", "list")[0][0], 1)
    place.program("ssh", SSH)
    (status, _, errors), _ = remote(place, "-H", "ssh://board", "--socket", "/nowhere", "list")
    check((status, "hvisord does not run here" in errors), (7, True))


def proxy(place):
    """Bytes both ways, however many, and its input's end is the daemon's."""
    big = "y" * 1000000

    def echo(params, connection, id):
        return {"text": params["text"]}
    fake = FakeDaemon(place.dir, {"echo": echo})
    request = b'{"jsonrpc":"2.0","id":%d,"method":"echo","params":{"text":"' + big.encode() + b'"}}\n'
    done = subprocess.run([place.bin + "/hvisorctl", "--socket", fake.path, "proxy"], timeout=PATIENCE,
                          input=b"".join(request % i for i in range(5)), capture_output=True)
    lines = done.stdout.splitlines()
    check((done.returncode, len(lines), [line.count(b"y") for line in lines[1:]]), (0, 6, [1000000] * 5))


run([targets, refused_targets, quoting, failures, proxy])
