#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays hvisor-device for the tests: the link protocol, and consoles that echo.

A typed line "guest off|reset|fault" makes the simulated guest do that; "flood N"
prints N bytes; "say N" says N lines for the log, none of them clean; "jump N"
claims to have printed N bytes before; "die" ends the process without a word;
"deaf" stops reading; "full" takes what comes, and says of no more room on that
console.

HVISOR_TEST_LINK=1: it speaks version 1 of the link, as an older one that runs on.
"""
import os
import selectors
import socket
import struct
import sys

HEADER = struct.Struct("<IBBHIIQ")
MAGIC = 0x4C445648
HELLO, WELCOME, OUTPUT, INPUT, SIZE, QUIT, POWER_KEY, ROOM, NET, LINE = range(1, 11)
VERSION = int(os.environ.get("HVISOR_TEST_LINK", "2"))
SPACE = 65536
GUEST = {"off": 1, "reset": 2, "fault": 3}
SIM_GUEST = 12


def guest(zone, what):
    sim = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sim.connect(os.environ["HVISOR_TEST_RUN_DIR"] + "/sim.sock")
    sim.send(struct.pack("<IIII", SIM_GUEST, zone, GUEST[what], 0) + bytes(8))
    sim.recv(65536)


class Console:
    def __init__(self):
        self.kept = b""
        self.line = b""
        self.full = False


class Device:
    def __init__(self, zone, devices):
        self.zone = zone
        self.consoles = [Console() for _ in range(self.count(devices))]
        self.links = {}  # to the bytes each console had from it
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(fileno=4)
        self.listener.setblocking(True)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)

    @staticmethod
    def count(devices):
        ports = 0
        for device in devices:
            kind, *options = device.split(",")
            if kind == "console":
                ports += int(dict(o.split("=") for o in options if "=" in o).get("ports", 1))
            ports += kind == "pl011"
        return ports

    def accept(self, listener):
        link, _ = listener.accept()
        self.selector.register(link, selectors.EVENT_READ, self.receive)

    @staticmethod
    def packet(kind, port=0, arg=0, pos=0, data=b""):
        return HEADER.pack(MAGIC, VERSION, port, kind, len(data), arg, pos) + data

    def output(self, data, port=0):
        if VERSION == 1 and port != 0:
            return
        console = self.consoles[port]
        for start in range(0, len(data), 4096):
            piece = data[start:start + 4096]
            pos = len(console.kept)
            console.kept += piece
            for link in self.links:
                link.send(self.packet(OUTPUT, port, pos=pos, data=piece))

    def typed(self, port, data):
        console = self.consoles[port]
        self.output(data, port)
        console.line += data
        while b"\n" in console.line:
            line, console.line = console.line.split(b"\n", 1)
            words = line.decode().split()
            if words[:1] == ["guest"]:
                guest(self.zone, words[1])
            elif words[:1] == ["flood"]:
                self.output(bytes(ord("a") + i % 26 for i in range(int(words[1]))), port)
            elif words[:1] == ["say"]:
                for link in self.links:
                    for number in range(int(words[1])):
                        link.send(self.packet(LINE, data=b"line %d\nfaked\0end" % number))
            elif words[:1] == ["jump"]:
                for link in self.links:
                    link.send(self.packet(OUTPUT, port, pos=int(words[1]), data=b"there\n"))
            elif words[:1] == ["die"]:
                os._exit(1)
            elif words[:1] == ["full"]:
                console.full = True
            elif words[:1] == ["deaf"]:
                for key in list(self.selector.get_map().values()):
                    self.selector.unregister(key.fileobj)

    def hello(self, link, arg):
        assert arg == 2, arg
        self.links[link] = [0] * len(self.consoles)
        link.send(self.packet(WELCOME, len(self.consoles) if VERSION > 1 else 0, arg=self.zone))
        for port, console in enumerate(self.consoles):
            if VERSION > 1:
                link.send(self.packet(ROOM, port, pos=SPACE))
            for start in range(0, len(console.kept), 4096):
                link.send(self.packet(OUTPUT, port, pos=start, data=console.kept[start:start + 4096]))

    def receive(self, link):
        packet = link.recv(8192)
        if not packet:
            self.selector.unregister(link)
            self.links.pop(link, None)
            return
        magic, version, port, kind, length, arg, pos = HEADER.unpack_from(packet)
        assert magic == MAGIC and length == len(packet) - HEADER.size
        assert version == (VERSION if link in self.links else 1)
        if kind == HELLO:
            self.hello(link, arg)
        elif kind == INPUT:
            self.typed(port, packet[HEADER.size:])
            had = self.links.get(link)
            if had:
                had[port] += length
                if VERSION > 1 and not self.consoles[port].full:
                    link.send(self.packet(ROOM, port, pos=had[port] + SPACE))
        elif kind == SIZE:
            self.output(b"size %dx%d\n" % (arg >> 16, arg & 0xFFFF), port)
        elif kind == NET:
            self.output(b"link %x %d\n" % (pos, arg))
        elif kind == QUIT:
            sys.exit(0)

    def run(self):
        os.fstat(3)  # the bound handle was passed
        if self.consoles:
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
Device(int(sys.argv[1]), sys.argv[2:]).run()
