#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""follow.py ZONE: lists the zones, starts one, and prints events until it runs no more."""
import json
import os
import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(os.environ.get("HVISOR_SOCKET", "/run/hvisor/hvisord.sock"))
lines = connection.makefile("rw")


def ask(number, method, **params):
    print(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}), file=lines, flush=True)


ask(1, "zone.list")
ask(2, "events.subscribe", match=["zone.state"])
ask(3, "zone.start", zone=sys.argv[1])
for message in map(json.loads, lines):
    if "error" in message:
        sys.exit(message["error"]["message"])
    for zone in message.get("result", {}).get("zones", []):
        print(zone["id"], zone["name"], zone["state"])
    if message.get("method") == "event":
        event = message["params"]
        print(event["seq"], event["zone"], event["from"], "->", event["to"], flush=True)
        if event["zone"] == sys.argv[1] and event["to"] in ("stopped", "crashed"):
            break
