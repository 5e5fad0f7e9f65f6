#!/usr/bin/env bash
# Starts a PostgreSQL server of its own, runs the benches against it, and stops it whatever happens.
#   benches/postgres.sh [write] [read] [score]    cargo bench --bench postgres
# GPUHM_BENCH_POSTGRES=postgres://… uses a database on another server: the benches make schemas called gpuhm_bench_… in
# it and drop them when they start. psql is what they are held against.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${GPUHM_BENCH_POSTGRES:-}" ]; then
  work="$(mktemp -d)"
  server=""
  stop() {
    if [ -n "$server" ]; then kill -INT "$(cat "$work/server/pid")" 2>/dev/null || true; wait "$server" || true; fi
    rm -rf "$work"
  }
  trap stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  port="${GPUHM_BENCH_PORT:-5433}"
  # What a server of that size is commonly given; the rest as it comes.
  tests/postgres/server make "$work/server" "$port" shared_buffers=1GB max_wal_size=8GB fsync=on
  LEASHED=1 tests/postgres/server run "$work/server" &
  server=$!
  GPUHM_BENCH_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
  for _ in $(seq 100); do
    psql -qX -c 'SELECT 1' "$GPUHM_BENCH_POSTGRES" >/dev/null 2>&1 && break
    kill -0 "$server" 2>/dev/null || { echo "the server did not start:" >&2; tail "$work/server/log" >&2; exit 1; }
    sleep 0.1
  done
fi
export GPUHM_BENCH_POSTGRES
cargo bench --quiet --bench postgres -- "$@"
