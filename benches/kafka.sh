#!/usr/bin/env bash
# Starts a Kafka broker of its own, runs the benches against it, and stops it whatever happens.
#   benches/kafka.sh [tail] [stage] [collect] [recover]    cargo bench --bench kafka
#   benches/kafka.sh lag [EVENTS]                           benches/lag.sh
# GPUHM_BENCH_KAFKA=HOST:PORT uses another broker. JARS is where Kafka's jars lie; fetched where it is not set.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${GPUHM_BENCH_KAFKA:-}" ]; then
  # shellcheck source=tests/kafka/brokers
  . tests/kafka/brokers
  jars="${JARS:-$(tests/kafka/jars)}"
  work="$(mktemp -d)"
  trap 'stop_brokers "$work/broker"; rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start_shared "$work/broker"
  GPUHM_BENCH_KAFKA="$(cat "$work/broker/address")"
  await_broker "$work/broker" "${GPUHM_BENCH_KAFKA#*:}" || { echo "the broker did not start:" >&2; tail "$work/broker/log" >&2; exit 1; }
fi
export GPUHM_BENCH_KAFKA
if [ "${1:-}" = lag ]; then
  shift
  cargo build --quiet --release --bin gpuhm
  benches/lag.sh "$@"
else
  cargo bench --quiet --bench kafka -- "$@"
fi
