#!/usr/bin/env bash
# What a collector takes of its host: CPU a GPU, memory, start-up; through DCGM (the stand-in library of tests/dcgm) and, as
# baseline, through text: exporters' pages with the very same values, in the same minute on the same machine.
#   benches/footprint.sh [node] [fleet] [start]     nothing named is all of it; INTERVAL=10 SPAN=60, in seconds
# node: a service on the embedded bus that reads one engine of 8 GPUs. fleet: one that reads 64 of them. start: exec to the
# first sample, and to READY=1. Aims are the seed's table (dcgm-integration-guide.md, "Collection Overhead"): at 10 s less than
# 0.5 % of a core a GPU, and about 10 MB.
#
# CPU is the process's own clock over SPAN, read after the first tick: user and system, every thread, the bus too. Off the DCGM
# side is taken what the stand-in, which counts it, spends on making values up. What libdcgm would take to receive
# them is not known here and not in it; text is received, and that is in it. Memory has the stand-in in it. What is not "own" are
# pages of the binary and of libraries, which the kernel maps in pieces of 64 KiB around what is used and drops where memory is
# short. perl, which every Debian has, serves the pages and reads the clocks.
set -euo pipefail
cd "$(dirname "$0")/.."
interval="${INTERVAL:-10}" span="${SPAN:-60}" aim_cpu=0.5 aim_mb=10
if [ -z "${GPUHM:-}" ]; then
  cargo build --quiet --release --bin gpuhm --example dcgm_standin
  GPUHM="${CARGO_TARGET_DIR:-target}/release/gpuhm"
fi
gpuhm="$GPUHM"
GPUHM_LIBDCGM="${STANDIN:-$(dirname "$gpuhm")/examples/libdcgm_standin.so}"
work="$(mktemp -d)"
export GPUHM_LIBDCGM GPUHM_STANDIN="$work/script.json" GPUHM_LOG=error GPUHM_CONFIG=
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Answers on one port an engine: gpuhm's probe of a host engine's port with nothing, a request with the engine's page.
doors() { # ENGINES
  perl -MIO::Socket::INET -MIO::Select -e '
    my ($engines, $work) = @ARGV; my ($select, %page) = IO::Select->new;
    my @doors = map { IO::Socket::INET->new(Listen => 128, LocalAddr => "127.0.0.1") or die $! } 1 .. $engines;
    for my $nth (0 .. $#doors) { $page{fileno $doors[$nth]} = "$work/page-$nth"; $select->add($doors[$nth]) }
    open my $ports, ">", "$work/ports.next"; print $ports join("\n", map { $_->sockport } @doors), "\n"; close $ports;
    rename "$work/ports.next", "$work/ports";
    $SIG{PIPE} = "IGNORE";
    while (1) { for my $door ($select->can_read) {
      my $asked = $door->accept or next; sysread($asked, my $request, 4096) or next;
      local $/; open my $file, "<", $page{fileno $door} or next; my $page = <$file>;
      print $asked "HTTP/1.1 200 OK\r\nContent-Length: " . length($page) . "\r\nConnection: close\r\n\r\n$page";
    } }' "$1" "$work" &
  until [ -s "$work/ports" ]; do sleep 0.05; done
  mapfile -t ports <"$work/ports"
}

# Engines with a value of every field of docs/metrics.md, those that no unit bounds with more digits.
script() {
  awk -F ' *[|] *' -v ports="${ports[*]}" '
    $9 ~ /^[0-9]+$/ && $9 != 230 {
      value = 12
      if (($9 >= 1001 && $9 <= 1008) || $9 == 254) value = "0.25"
      else if ($5 == "W") value = "412.5"
      else if ($7 == "0–1" || $6 == "state") value = 0
      else if ($5 == "MiB") value = 81559
      else if ($5 == "MB/s") value = 125829120
      else if ($5 ~ /^(mJ|ns)$/) value = "98765432101"
      fields = fields (fields ? "," : "") "\"" $9 "\":" value
    }
    END {
      printf "{\"engines\":{"
      count = split(ports, port, " ")
      for (nth = 1; nth <= count; nth++) printf "%s\"127.0.0.1:%s\":{\"fields\":{%s}}", (nth > 1 ? "," : ""), port[nth], fields
      print "}}"
    }' docs/metrics.md >"$work/script.json"
}

# Each engine's page, as gpuhm shows its samples under an exporter's names.
pages() {
  local nth
  "$gpuhm" collect "${engines[@]}" --ticks 3 --interval 1s --sink "$work/sink" --export-gpus --metrics "unix:$work/socket" \
    --metrics-file "$work/all.prom"
  for nth in "${!ports[@]}"; do
    awk -v host="Hostname=\"node-$nth\"" '/^# [A-Z]+ DCGM_/ || (/^DCGM_/ && index($0, host))' "$work/all.prom" >"$work/page-$nth"
  done
}

sources() {
  local nth
  engines=() texts=()
  for nth in "${!ports[@]}"; do
    engines+=(--source "dcgm://127.0.0.1:${ports[$nth]}#host=node-$nth")
    texts+=(--source "exporter:http://127.0.0.1:${ports[$nth]}/metrics#host=node-$nth")
  done
}

# Rows in which both sides differ, by what the binary itself shows of them.
same() {
  local side rows
  for side in engines texts; do
    local -n list="$side"
    "$gpuhm" collect "${list[@]:0:2}" --once -o table >"$work/$side.txt"
  done
  rows="$(diff "$work/engines.txt" "$work/texts.txt" | awk '/^</ { printf "%s%s", sep, $2; sep = ", " }' || true)"
  echo "values of node-0 by either way: $(grep -c . "$work/engines.txt") rows; ${rows:-none} differ"
}

# CPU seconds of a process so far, to the nanosecond.
cpu() { perl -MTime::HiRes=clock_gettime -e 'printf "%.9f", clock_gettime(-8 * ($ARGV[0] + 1) + 2)' "$1"; }
field() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$2/status"; }

# Both sides at once, as services.
measure() { # NAME ENGINES
  local name="$1" side
  declare -A pid began
  for side in engines texts; do
    local -n list="$side"
    GPUHM_STANDIN_SPENT="$work/spent.$side" "$gpuhm" collect "${list[@]}" --home "$work/$name-$side" --interval "${interval}s" &
    pid[$side]=$!
  done
  # The first tick connects; what follows is the steady state.
  sleep "$((interval * 2))"
  for side in engines texts; do began[$side]="$(cpu "${pid[$side]}")"; done
  sleep "$span"
  for side in engines texts; do
    echo "$side $(cpu "${pid[$side]}") ${began[$side]} $(field VmHWM "${pid[$side]}") $(field VmRSS "${pid[$side]}")" \
      "$(field RssAnon "${pid[$side]}") $(field Threads "${pid[$side]}")"
  done >"$work/$name"
  kill "${pid[@]}"
  wait "${pid[@]}"
  awk -v name="$name" -v gpus="$(($2 * 8))" -v span="$span" -v interval="$interval" -v aim="$aim_cpu" -v mb="$aim_mb" \
    -v spent="$(cat "$work/spent.engines")" -v whole="$((span + interval * 2))" '
    { cpu = $2 - $3; own = 0 }
    $1 == "engines" { own = spent / 1e9 * span / whole; cpu -= own }
    {
      percent[NR] = cpu / span / gpus * 100
      printf "%-6s %-9s %4d GPUs: %.4f %% of a core a GPU (aim < %s), %.0f us a GPU and tick", name,
        ($1 == "engines" ? "dcgm" : "exporter"), gpus, percent[NR], aim, cpu / gpus / (span / interval) * 1e6
      if (own) printf " + stand-in %.4f %%", own / span / gpus * 100
      printf "; RSS %.1f MB (aim %s), peak %.1f, of it %.1f own and the rest pages of files; %d threads\n", $5 / 1e3, mb,
        $4 / 1e3, $6 / 1e3, $7
    }
    END { printf "%-6s dcgm of exporter: ratio %.2f\n", name, percent[1] / percent[2] }' "$work/$name"
}

# Milliseconds from exec to the first line of output, and to READY=1: medians of 15.
start() {
  perl -MTime::HiRes=time -MIO::Socket::UNIX -MSocket -e '
    my ($work, @command) = @ARGV;
    sub median { my @sorted = sort { $a <=> $b } @_; $sorted[@sorted / 2] * 1e3 }
    my (@first, @ready);
    for (1 .. 15) {
      my $began = time;
      open my $out, "-|", @command, "--once", "-o", "jsonl", "--profile-interval", "off" or die;
      my $line = <$out>; push @first, time - $began; 1 while <$out>; close $out;
    }
    for (1 .. 15) {
      unlink "$work/notify";
      my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$work/notify") or die;
      my $began = time; my $pid = fork // die;
      unless ($pid) { $ENV{NOTIFY_SOCKET} = "$work/notify"; exec @command, "--home", "$work/start" or die }
      my $said = ""; $socket->recv($said, 4096) until $said =~ /^READY=1/m;
      push @ready, time - $began; kill TERM => $pid; waitpid $pid, 0;
    }
    printf "start  %-9s exec to the first sample %.0f ms, to READY=1 %.0f ms\n", $ENV{SIDE}, median(@first), median(@ready)
  ' "$work" "$gpuhm" collect "$@"
}

run() { # PART ENGINES
  kill "$(jobs -p)" 2>/dev/null || true
  rm -f "$work/ports"
  doors "$2"
  sources
  script
  pages
  [ "$1" != node ] || same
  if [ "$1" = start ]; then
    SIDE=dcgm start "${engines[@]}"
    SIDE=exporter start "${texts[@]}"
  else
    measure "$1" "$2"
  fi
}

wanted=("$@")
[ $# -gt 0 ] || wanted=(start node fleet)
echo "load: $(cut -d ' ' -f 1-3 /proc/loadavg); every ${interval} s for ${span} s"
for part in "${wanted[@]}"; do
  case "$part" in
    start | node) run "$part" 1 ;;
    fleet) run "$part" 64 ;;
    *) echo "no part $part: there are start, node, fleet" >&2; exit 2 ;;
  esac
done
echo "load: $(cut -d ' ' -f 1-3 /proc/loadavg)"
