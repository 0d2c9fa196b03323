# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs hvisorctl: with pipes, or on a terminal of its own."""
import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

HVISORCTL = os.path.abspath(sys.argv[2])
PATIENCE = 60.0


class Place:
    """A directory of its own for a test, and hvisorctl in it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="hvisorctl-test-")
        self.bin = self.dir + "/bin"
        os.mkdir(self.bin)
        os.symlink(HVISORCTL, self.bin + "/hvisorctl")
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ("NO_COLOR", "HVISOR_HOST", "HVISOR_SOCKET", "LS_COLORS")}
        self.environment.update(PATH=f"{self.bin}:{os.environ['PATH']}", TERM="xterm", HOME=self.dir)
        self.socket = self.dir + "/none.sock"

    def program(self, name, text):
        with open(f"{self.bin}/{name}", "w") as file:
            file.write(text)
        os.chmod(f"{self.bin}/{name}", 0o755)

    def ctl(self, *arguments, socket=True, input=None, **environment):
        """(status, standard output, standard error)"""
        where = ("--socket", self.socket) if socket else ()
        done = subprocess.run(["hvisorctl", *where, *arguments], capture_output=True, timeout=PATIENCE,
                              cwd=self.dir, env={**self.environment, **environment}, input=input)
        return done.returncode, done.stdout.decode(errors="surrogateescape"), done.stderr.decode()

    def terminal(self, *arguments, socket=True, **environment):
        where = ("--socket", self.socket) if socket else ()
        return Terminal(["hvisorctl", *where, *arguments], {**self.environment, **environment}, self.dir)

    def end(self):
        shutil.rmtree(self.dir)


class Terminal:
    """A program on a terminal with 24 lines of 100 characters."""

    def __init__(self, command, environment, directory):
        self.output = b""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment,
                                        cwd=directory, start_new_session=True)

    def read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            self.output += os.read(self.master, 65536)
        return bool(ready)

    def expect(self, text):
        """Everything until text was there; what follows is kept."""
        end = time.monotonic() + PATIENCE
        while text not in self.output:
            assert time.monotonic() < end and self.process.poll() is None or self.read(0), \
                f"{text!r} is not in {self.output!r}"
            self.read(0.05)
        before, self.output = self.output.split(text, 1)
        return before + text

    def type(self, data):
        os.write(self.master, data)

    def finish(self):
        """(status, the rest of what it printed)"""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end: {self.output!r}"
            self.read(0.02)
        while self.read(0):
            pass
        self.after = termios.tcgetattr(self.slave)
        os.close(self.slave)
        os.close(self.master)
        return self.process.returncode, self.output


def check(actual, wanted):
    assert actual == wanted, f"{actual!r} instead of {wanted!r}"


def run(tests):
    """tests: functions of a Place. argv[3:] names those to run."""
    wanted = sys.argv[3:]
    tests = [test for test in tests if not wanted or test.__name__ in wanted]
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        place = Place()
        try:
            print(f"ok {number} {test.__name__}{test(place) or ''}", flush=True)
        except Exception:
            failed += 1
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} {test.__name__}", flush=True)
        finally:
            place.end()
    sys.exit(failed != 0)
