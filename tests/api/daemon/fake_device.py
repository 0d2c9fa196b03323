#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays hvisor-device for the tests: the link protocol, and a console that echoes.

A typed line "guest off|reset|fault" makes the simulated guest do that; "flood N"
prints N bytes; "die" ends the process without a word; "deaf" stops reading.
"""
import os
import selectors
import socket
import struct
import sys

HEADER = struct.Struct("<IHHIIQ")
MAGIC = 0x4C445648
HELLO, WELCOME, OUTPUT, INPUT, SIZE, QUIT = range(1, 7)
NET = 9
GUEST = {"off": 1, "reset": 2, "fault": 3}
SIM_GUEST = 12


def guest(zone, what):
    sim = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sim.connect(os.environ["HVISOR_TEST_RUN_DIR"] + "/sim.sock")
    sim.send(struct.pack("<IIII", SIM_GUEST, zone, GUEST[what], 0) + bytes(8))
    sim.recv(65536)


class Device:
    def __init__(self, zone):
        self.zone = zone
        self.kept = b""
        self.links = []
        self.line = b""
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(fileno=4)
        self.listener.setblocking(True)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)

    def accept(self, listener):
        link, _ = listener.accept()
        self.selector.register(link, selectors.EVENT_READ, self.receive)

    @staticmethod
    def packet(kind, arg=0, pos=0, data=b""):
        return HEADER.pack(MAGIC, 1, kind, len(data), arg, pos) + data

    def output(self, data):
        for start in range(0, len(data), 4096):
            piece = data[start:start + 4096]
            pos = len(self.kept)
            self.kept += piece
            for link in self.links:
                link.send(self.packet(OUTPUT, pos=pos, data=piece))

    def typed(self, data):
        self.output(data)
        self.line += data
        while b"\n" in self.line:
            line, self.line = self.line.split(b"\n", 1)
            words = line.decode().split()
            if words[:1] == ["guest"]:
                guest(self.zone, words[1])
            elif words[:1] == ["flood"]:
                self.output(bytes(ord("a") + i % 26 for i in range(int(words[1]))))
            elif words[:1] == ["die"]:
                os._exit(1)
            elif words[:1] == ["deaf"]:
                for key in list(self.selector.get_map().values()):
                    self.selector.unregister(key.fileobj)

    def receive(self, link):
        packet = link.recv(8192)
        if not packet:
            self.selector.unregister(link)
            if link in self.links:
                self.links.remove(link)
            return
        magic, version, kind, length, arg, pos = HEADER.unpack_from(packet)
        assert magic == MAGIC and version == 1 and length == len(packet) - HEADER.size
        if kind == HELLO:
            link.send(self.packet(WELCOME, arg=self.zone))
            self.links.append(link)
            for start in range(0, len(self.kept), 4096):
                link.send(self.packet(OUTPUT, pos=start, data=self.kept[start:start + 4096]))
        elif kind == INPUT:
            self.typed(packet[HEADER.size:])
        elif kind == SIZE:
            self.output(b"size %dx%d\n" % (arg >> 16, arg & 0xFFFF))
        elif kind == NET:
            self.output(b"link %x %d\n" % (pos, arg))
        elif kind == QUIT:
            sys.exit(0)

    def run(self):
        os.fstat(3)  # the bound handle was passed
        self.output(b"booted %s\n" % " ".join(sys.argv[2:]).encode())
        while True:
            for key, _ in self.selector.select():
                key.data(key.fileobj)


mode = os.environ.get("HVISOR_TEST_DEVICE", "")
if mode == "exit":
    sys.exit(3)
if mode == "mute":
    import time
    time.sleep(3600)
Device(int(sys.argv[1])).run()
