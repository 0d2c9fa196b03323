#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in root Linux for tests/bench/stack. Prints lines "stack NAME TICKS BYTES".
zones=/etc/hvisor/zones
image=$zones/Image
small=/etc/hvisor/bench/bench.bin

# $1 = name, $2 = file whose size goes with it, the rest is timed.
timed() {
	local name=$1 file=$2 begin end
	shift 2
	begin=$(bench-ticks)
	"$@" >/dev/null || echo "stack failed: $*"
	end=$(bench-ticks)
	echo "stack $name $((end - begin)) $(stat -c %s "$file")"
}

until hvisorctl version >/dev/null 2>&1; do
	sleep 0.1
done
for _ in 1 2 3; do
	timed nothing "$small" true
	timed cp "$image" cp "$image" /run/copy
	rm /run/copy
	timed start_large "$image" hvisorctl start 1
	timed list "$small" hvisorctl list
	timed stop "$small" hvisorctl stop 1
done

# Zone files may not claim the same CPUs: one goes, the other comes.
mv $zones/zone1.json /run/
mv /etc/hvisor/bench/bench.json $zones/
ln -s "$small" $zones/bench.bin
until hvisorctl status bench >/dev/null 2>&1; do
	sleep 0.1
done
for round in 1 2 3; do
	timed start_small "$small" hvisorctl start bench
	sleep 1
	[ $round = 3 ] || hvisorctl stop bench >/dev/null
done
for pid in $(pidof hvisord hvisor-device); do
	echo "stack rss_$(cat /proc/$pid/comm) 0 $(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$pid/status)"
done
echo "stack end"
