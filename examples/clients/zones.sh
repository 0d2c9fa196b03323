#!/bin/sh
# SPDX-License-Identifier: MIT
# Id, name and state of all zones: a line asks, and a line answers.
echo '{"jsonrpc":"2.0","id":1,"method":"zone.list"}' | socat -t 5 - "UNIX-CONNECT:${HVISOR_SOCKET:-/run/hvisor/hvisord.sock}" | jq -r 'select(.id == 1).result.zones[] | "\(.id) \(.name) \(.state)"'
