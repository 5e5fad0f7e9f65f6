//! The integration tests: one binary, one file a feature.

#[cfg(test)]
mod accept_reject;
#[cfg(test)]
mod aggregate_bytes;
#[cfg(test)]
mod aggregate_collectors;
#[cfg(test)]
mod aggregate_cuts;
#[cfg(test)]
mod aggregate_places;
#[cfg(test)]
mod aggregate_reference;
#[cfg(test)]
mod aggregate_size;
#[cfg(test)]
mod aggregate_stream;
#[cfg(test)]
mod aggregate_support;
#[cfg(test)]
mod aggregate_windows;
#[cfg(test)]
mod backfill;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod broker;
#[cfg(test)]
mod broker_itself;
#[cfg(test)]
mod bus_contract;
#[cfg(test)]
mod bus_crowd;
#[cfg(test)]
mod bus_embedded;
#[cfg(test)]
mod bus_ends;
#[cfg(test)]
mod bus_groups;
#[cfg(test)]
mod bus_kafka;
#[cfg(test)]
mod bus_member;
#[cfg(test)]
mod bus_readers;
#[cfg(test)]
mod bus_retention;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod clock_steps;
#[cfg(test)]
mod collect_bytes;
#[cfg(test)]
mod config;
#[cfg(test)]
mod config_example;
#[cfg(test)]
mod config_reload;
#[cfg(test)]
mod config_secrets;
#[cfg(test)]
mod database;
#[cfg(test)]
mod dcgm_faults;
#[cfg(test)]
mod dcgm_hangs;
#[cfg(test)]
mod dcgm_partly;
#[cfg(test)]
mod dcgm_real;
#[cfg(test)]
mod dcgm_support;
#[cfg(test)]
mod dcgm_values;
#[cfg(test)]
mod detect_faults;
#[cfg(test)]
mod detect_levels;
#[cfg(test)]
mod detect_recorded;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod doctor_dcgm;
#[cfg(test)]
mod doctor_gpus;
#[cfg(test)]
mod endpoints;
#[cfg(test)]
mod endpoints_told;
#[cfg(test)]
mod exporter;
#[cfg(test)]
mod exporter_binary;
#[cfg(test)]
mod exporter_faults;
#[cfg(test)]
mod fleet_absence;
#[cfg(test)]
mod fleet_health;
#[cfg(test)]
mod fleet_incidents;
#[cfg(test)]
mod fleet_laws;
#[cfg(test)]
mod fleet_marks;
#[cfg(test)]
mod fleet_support;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod judged;
#[cfg(test)]
mod judged_people;
#[cfg(test)]
mod kafka_acl;
#[cfg(test)]
mod kafka_collect;
#[cfg(test)]
mod kafka_faults;
#[cfg(test)]
mod kafka_group;
#[cfg(test)]
mod kafka_kill;
#[cfg(test)]
mod kafka_move;
#[cfg(test)]
mod kafka_outage;
#[cfg(test)]
mod kafka_same;
#[cfg(test)]
mod kafka_security;
#[cfg(test)]
mod kafka_settings;
#[cfg(test)]
mod kafka_three;
#[cfg(test)]
mod kafka_topics;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod nvml;
#[cfg(test)]
mod packaging;
#[cfg(test)]
mod pg_connect;
#[cfg(test)]
mod pg_copy;
#[cfg(test)]
mod pg_equal;
#[cfg(test)]
mod pg_faults;
#[cfg(test)]
mod pg_migrate;
#[cfg(test)]
mod pg_partitions;
#[cfg(test)]
mod pg_read;
#[cfg(test)]
mod pg_roles;
#[cfg(test)]
mod pg_services;
#[cfg(test)]
mod pg_smoke;
#[cfg(test)]
mod pg_write;
#[cfg(test)]
mod picture;
#[cfg(test)]
mod predict_fleet;
#[cfg(test)]
mod predict_titan;
#[cfg(test)]
mod process;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod recording_ahead;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod runner_cuts;
#[cfg(test)]
mod runner_edges;
#[cfg(test)]
mod runner_flaws;
#[cfg(test)]
mod runner_kills;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod score_hosts;
#[cfg(test)]
mod score_properties;
#[cfg(test)]
mod score_scenarios;
#[cfg(test)]
mod score_support;
#[cfg(test)]
mod score_worse;
#[cfg(test)]
mod seed_rules;
#[cfg(test)]
mod service_export;
#[cfg(test)]
mod service_hangs;
#[cfg(test)]
mod service_lint;
#[cfg(test)]
mod service_log;
#[cfg(test)]
mod service_metrics;
#[cfg(test)]
mod service_notify;
#[cfg(test)]
mod service_support;
#[cfg(test)]
mod sim_quantiles;
#[cfg(test)]
mod sim_quiet;
#[cfg(test)]
mod spool;
#[cfg(test)]
mod store_contract;
#[cfg(test)]
mod store_fixtures;
#[cfg(test)]
mod store_judged;
#[cfg(test)]
mod store_judged_facts;
#[cfg(test)]
mod store_judged_rows;
#[cfg(test)]
mod store_judged_sqlite;
#[cfg(test)]
mod store_postgres;
#[cfg(test)]
mod store_queries;
#[cfg(test)]
mod store_retention;
#[cfg(test)]
mod store_sqlite;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tail;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod tui_fleet;
#[cfg(test)]
mod tui_keys;
#[cfg(test)]
mod tui_screens;
#[cfg(test)]
mod tui_support;
#[cfg(test)]
mod tui_terminal;
