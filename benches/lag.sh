#!/usr/bin/env bash
# Puts lag before `validate` and `aggregate`, runs them, and holds their memory against the bound of docs/kafka.md.
#   benches/lag.sh [EVENTS]     1,000,000 events; needs GPUHM_BENCH_KAFKA=HOST:PORT, see benches/kafka.sh
# Twice for each stage: with a tenth of the lag and with all of it, so that memory that grows with lag is seen.
set -euo pipefail
cd "$(dirname "$0")/.."
events="${1:-1000000}"
gpus=512
# MiB; docs/kafka.md, "Memory", says of what it is made.
bound="${BOUND:-400}"
gpuhm="${GPUHM:-${CARGO_TARGET_DIR:-target}/release/gpuhm}"
broker="${GPUHM_BENCH_KAFKA:?names no broker: run benches/kafka.sh lag}"
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
bad=0

# Runs a command, and prints its time, rate, CPU and memory; the memory is looked at every 0.2 s, the peak is the system's own.
watched() { # NAME EVENTS COMMAND...
  local name="$1" count="$2" pid peak=0 now seen=0 start ticks cpu
  shift 2
  start="$(date +%s%N)"
  "$@" &
  pid=$!
  while [ -r "/proc/$pid/status" ]; do
    now="$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null)" || true
    [ -n "$now" ] || break
    peak="$now" seen=$((seen + 1))
    ticks="$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | awk '{ print $12 + $13 }')" || true
    [ -n "$ticks" ] && cpu="$ticks"
    sleep 0.2
  done
  wait "$pid"
  awk -v name="$name" -v n="$count" -v ns="$(($(date +%s%N) - start))" -v cpu="${cpu:-0}" -v peak="$peak" -v bound="$bound" -v seen="$seen" 'BEGIN {
    printf "%-10s %8d events of lag: %6.1f s, %5.1f k/s, CPU %5.1f us an event, peak RSS %4d MiB of %d (%d looks)%s\n",
      name, n, ns / 1e9, n / (ns / 1e6), cpu * 1e4 / n, peak / 1024, bound, seen, (peak / 1024 > bound ? "  TOO MUCH" : "") }'
  [ $((peak / 1024)) -le "$bound" ] || bad=1
}

for part in 10 1; do
  ticks=$((events / part / gpus)) count=$((events / part / gpus * gpus))
  flags=(-q -b "$broker" --topic-prefix "lag-$$-$part." --home "$work")
  "$gpuhm" migrate topics "${flags[@]}" >/dev/null
  "$gpuhm" collect "${flags[@]}" --source sim --gpus "$gpus" --ticks "$ticks" --speed max --spool-rate 1000000 --spool-max 8GiB
  watched validate "$count" "$gpuhm" validate --once "${flags[@]}" -d "sqlite:$work/$part.db"
  watched aggregate "$count" "$gpuhm" aggregate --once "${flags[@]}" -d "sqlite:$work/$part.db"
done
echo "load: $(cut -d ' ' -f 1-3 /proc/loadavg)"
exit "$bad"
