# SPDX-License-Identifier: GPL-2.0-or-later
"""libhvisor as others get it: installed, found by pkg-config, linked both ways, talking to a daemon."""
import glob
import os
import re
import shutil
import subprocess
import sys

SOURCE, BUILD, COMPILER = sys.argv[1], sys.argv[2], sys.argv.pop(3).split()
sys.argv[1:3] = sys.argv[3:5]
del sys.argv[3:5]
sys.argv[1:3] = map(os.path.abspath, sys.argv[1:3])
sys.path.insert(0, SOURCE + "/tests/api/daemon")
from rig import PATIENCE, run  # noqa: E402


def do(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, **more)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def install(rig):
    """All of it, below the rig's directory; gives where pkg-config finds it."""
    target = rig.dir + "/root"
    do("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", target)
    found = glob.glob(target + "/**/pkgconfig/hvisor.pc", recursive=True)
    assert len(found) == 1, found
    return dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(found[0]), PKG_CONFIG_SYSROOT_DIR=target), target


def installed(rig):
    """A program of thirty lines, with the shared library and with the archive."""
    rig.zone(2, [2])
    rig.start()
    environment, target = install(rig)
    assert do("pkg-config", "--modversion", "hvisor", env=environment) == "0.1.0\n"
    library = glob.glob(target + "/**/libhvisor.so.0", recursive=True)[0]
    environment.update(LD_LIBRARY_PATH=os.path.dirname(library), HVISOR_SOCKET=rig.socket)
    for how in ((), ("--static",)):
        flags = do("pkg-config", "--cflags", "--libs", *how, "hvisor", env=environment).split()
        # the system's own libraries stand where they did
        flags = [flag for flag in flags if not flag.startswith((f"-I{target}/usr/include/cjson",))]
        flags += do("pkg-config", "--cflags", "--libs", "libcjson").split()
        if how:
            flags = [library.replace(".so.0", ".a") if flag == "-lhvisor" else flag for flag in flags]
        program = rig.dir + "/states" + "".join(how)
        do(*COMPILER, "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE + "/examples/clients/states.c", *flags)
        assert do(program, env=environment) == "0 root running\n2 z2 stopped\n"
    failed = subprocess.run([program], env=dict(environment, HVISOR_SOCKET="/nowhere"), capture_output=True)
    assert failed.returncode == 1 and b"No such file" in failed.stderr, failed


def exports(rig):
    """The shared library shows what its header declares, and nothing else."""
    library = glob.glob(BUILD + "/proto/libhvisor.so.0.1.0")[0]
    symbols = {line.split()[-1].split("@")[0] for line in do("nm", "-D", "--defined-only", library).splitlines()}
    symbols.discard("HVISOR_0")
    with open(SOURCE + "/proto/hvisor/client.h") as file:
        header = file.read()
    assert symbols and all(symbol.startswith("hvisor_") and f"{symbol}(" in header for symbol in symbols), symbols
    declared = set(re.findall(r"\b(hvisor_\w+)\(", header))
    assert symbols == declared, symbols ^ declared


if not all(map(shutil.which, ("pkg-config", "meson", COMPILER[0]))):
    print("1..0 # SKIP no compiler, no meson or no pkg-config")
    sys.exit(0)
run([installed, exports])
