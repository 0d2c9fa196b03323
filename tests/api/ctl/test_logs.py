# SPDX-License-Identifier: GPL-2.0-or-later
"""logs: a kept log read in pieces, and followed without loss or repetition."""
import base64
import threading

from fake_daemon import FakeDaemon, Failure, Later
from harness import check, run


class Log:
    """A zone's console as the daemon has it: kept from start on, running or not."""

    def __init__(self, place, data, start=0):
        self.data = data
        self.start = start
        self.piece = 100
        self.stream = None
        self.subscriber = None
        self.running = True
        self.following = threading.Event()
        self.daemon = FakeDaemon(place.dir, {"console.log": self.log, "console.attach": self.attach,
                                             "events.subscribe": self.subscribe})
        place.socket = self.daemon.path

    def log(self, params, connection, id):
        limit = min(params["limit"], self.piece)
        pos = max(params.get("pos", len(self.data) - limit), self.start)
        return {**self.at(pos, self.data[pos:pos + limit]), "start": self.start, "end": len(self.data)}

    @staticmethod
    def at(pos, data):
        return {"b64": base64.b64encode(data).decode(), "pos": pos}

    def attach(self, params, connection, id):
        if not self.running:
            raise Failure(-32003)
        self.stream = (connection, id)
        self.following.set()
        connection.answer(id, self.at(len(self.data), b""), continues=True)
        return Later

    def subscribe(self, params, connection, id):
        self.subscriber = connection
        return {"seq": 1}

    def print(self, data, tell=True):
        pos = len(self.data)
        self.data += data
        if tell:
            self.stream[0].answer(self.stream[1], self.at(pos, data), continues=True)

    def stop(self):
        self.running = False
        self.following.clear()
        self.stream[0].answer(self.stream[1], {**self.at(len(self.data), b""), "state": "stopped"})

    def run(self):
        self.running = True
        self.subscriber.event(zone="z", to="running")


TEXT = bytes(range(256)) * 5


def kept(place):
    """All of it in pieces, the end of it, or from a position; bytes as they are into a pipe."""
    log = Log(place, TEXT)

    def got(*arguments):
        status, out, errors = place.ctl("logs", "z", *arguments)
        check((status, errors), (0, ""))
        return out.encode(errors="surrogateescape")
    check(got(), TEXT)
    assert len(log.daemon.asked("console.log")) > 10, log.daemon.requests
    check(got("-n", "300"), TEXT[-300:])
    check(got("-n", "0"), b"")
    check(got("--since", "1000"), TEXT[1000:])
    check(got("--since", str(len(TEXT))), b"")
    log.start = 200
    check(got(), TEXT[200:])
    status, out, errors = place.ctl("logs", "z", "--since", "50")
    check((status, out.encode(errors="surrogateescape")), (0, TEXT[200:]))
    assert "150 bytes" in errors, errors
    log.data = b""
    log.start = 0
    check(got(), b"")


def on_a_terminal(place):
    """Nothing of a guest reaches a terminal that it would act on; pieces may split characters."""
    log = Log(place, "ok\r\n\tgr\u00fcn \x1b[2J\x07\x9b \u202e\rx\n".encode() + b"\xff\xc3(\xe2\x82")
    log.piece = 1
    status, out = place.terminal("logs", "z").finish()
    check(status, 0)
    check(out, ("ok\r\n\tgr\u00fcn " r"\x1b[2J\x07\u{9b} \u{202e}\x0dx" "\r\n"
                r"\xff\xc3(\xe2\x82").encode())


def followed(place):
    """Pieces that overlap, that leave a hole, and the next run."""
    log = Log(place, b"0123456789")
    terminal = place.terminal("logs", "-f", "z", "-n", "4")
    terminal.expect(b"6789")
    assert log.following.wait(60)
    log.print(b"abc\n")
    check(terminal.expect(b"\n"), b"abc\r\n")
    # the stream lost some: they are in the log
    log.print(b"hidden ", tell=False)
    log.print(b"shown\n")
    check(terminal.expect(b"\n"), b"hidden shown\r\n")
    # and what comes twice is shown once
    connection, id = log.stream
    connection.answer(id, log.at(len(log.data) - 6, b"shown\n"), continues=True)
    log.print(b"once\n")
    check(terminal.expect(b"\n"), b"once\r\n")
    log.stop()
    log.print(b"last words\n", tell=False)
    log.run()
    check(terminal.expect(b"\n"), b"last words\r\n")
    assert log.following.wait(60)
    log.print(b"next run\n")
    check(terminal.expect(b"\n"), b"next run\r\n")
    terminal.process.terminate()
    terminal.finish()
    # a zone that does not run yet is waited for
    log.running = False
    check(place.ctl("logs", "-f", "z", "--timeout", "0.2")[0], 124)


def not_there(place):
    log = Log(place, b"")

    def fail(params, connection, id):
        raise Failure(-32002)
    log.daemon.handlers["console.log"] = fail
    check(place.ctl("logs", "-f", "z")[:2], (4, ""))


run([kept, on_a_terminal, followed, not_there])
