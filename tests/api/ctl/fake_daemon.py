# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that answers what a test wants it to answer: for the client alone."""
import json
import os
import socket
import threading

LIMITS = {"line": 1048576, "depth": 32, "in_flight": 8}


class Failure(Exception):
    """An error answer."""

    def __init__(self, code, message="refused", **data):
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": {"reason": "test.reason", **data}}


class Later:
    """What a handler gives that answers by itself, with Connection.answer()."""


class Connection:
    def __init__(self, daemon, connected):
        self.daemon = daemon
        self.socket = connected
        self.lock = threading.Lock()
        self.open_requests = 0

    def send(self, message):
        with self.lock:
            self.socket.sendall(json.dumps(message).encode() + b"\n")

    def answer(self, id, result, continues=False):
        if not continues:
            self.open_requests -= 1
        self.send({"jsonrpc": "2.0", "id": id, "result": result, **({"continues": True} if continues else {})})

    def event(self, **fields):
        self.send({"jsonrpc": "2.0", "method": "event",
                   "params": {"seq": 1, "time": "2026-01-02T03:04:05.678Z", "type": "zone.state", **fields}})

    def handle(self, request):
        method, id = request["method"], request.get("id")
        params = request.get("params", {})
        self.daemon.requests.append((method, params))
        self.open_requests += 1
        self.daemon.most_open = max(self.daemon.most_open, self.open_requests)
        handler = self.daemon.handlers.get(method)
        try:
            if handler is None:
                raise Failure(-32601, "no such method")
            result = handler(params, self, id) if callable(handler) else handler
        except Failure as failure:
            self.open_requests -= 1
            self.send({"jsonrpc": "2.0", "id": id, "error": failure.error})
            return
        if result is not Later:
            self.answer(id, result)

    def serve(self):
        try:
            self.send(self.daemon.greeting)
            for line in self.socket.makefile("rb"):
                self.handle(json.loads(line))
        except (BrokenPipeError, ConnectionResetError, OSError):
            pass
        finally:
            self.socket.close()


class FakeDaemon:
    """handlers: method -> result, or function of (params, connection, id)."""

    def __init__(self, directory, handlers, greeting=None):
        self.path = directory + "/fake.sock"
        self.handlers = handlers
        self.greeting = greeting or {"hvisord": {"version": "9.9.9", "protocol": 1, "caps": ["progress"], "boot_id": "b",
                                                 "limits": LIMITS}}
        self.requests = []
        self.most_open = 0
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connected, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Connection(self, connected).serve, daemon=True).start()

    def asked(self, method):
        return [params for name, params in self.requests if name == method]
