//! gpuhm watches the health of NVIDIA GPUs: it reads them, checks what it read, sums it up, judges it, and shows it.
//!
//! This page is the architecture, in the order in which a sample flows. The binary is in `commands/`; everything it does is
//! here, and everything here is named after what operators of GPU fleets call it.
//!
//! ```text
//! source ──collect──▶ gpu-metrics-raw ──validate──▶ gpu-metrics-validated ──aggregate──▶ store ──▶ top
//!                                       └──▶ gpu-metrics-invalid              └──▶ gpu-alerts ──▶ tail
//!               store ──score──▶ store, gpu-alerts          store ──predict──▶ store
//! ```
//!
//! **The table.** [`metric::METRICS`] has one row a metric: its name, its place in the event, its column, unit, range, and
//! what windows keep of it. The codec, the range rule, the tables of the store, the windows, the screens and
//! `docs/metrics.md` are loops over it.
//!
//! **A sample** is one GPU at one instant. A [`source::Source`] reads it: [`source::sim`] makes a fleet up, whose
//! temperatures follow its power and whose faults follow a script; [`source::replay`] plays recordings back;
//! [`source::dcgm`] reads host engines through libdcgm, which is loaded when first wanted; [`source::nvml`] the driver of this
//! machine; [`source::exporter`] pages of dcgm-exporter; unsafe code is in the first two only, where C begins. What is read by
//! calls that may hang is an [`source::endpoint`] with a thread of its own ([`source::endpoints`]). A source never asks the
//! time: it says when it is due. [`pipeline::Collect`] waits for it by the run's [`pipeline::Clock`] and publishes what it read
//! as [`event::Event`]s, JSON by [`event::codec`].
//!
//! **The bus** ([`bus::Bus`]) has ordered, partitioned topics and consumer groups. [`bus::embedded`] keeps it in one SQLite file
//! that any number of processes share; [`bus::kafka`] keeps it on Apache Kafka, where a fleet's collectors and any number of
//! instances of each stage meet. Both pass one suite, and nothing above them knows which it is: `commands/open.rs` chooses. A
//! GPU's events stay in one partition, by murmur2 of its UUID, so that their order holds. On Kafka a stage's output, its
//! states (topic `gpuhm-state`, same partition number) and its positions are one transaction. There is one way to commit, [`bus::Consumer::finish`]: events, states and positions move together or not at all.
//!
//! **The spool** ([`pipeline::spool`]) stands between the collector and Kafka: an embedded log through which every sample
//! goes, whether a broker answers or not, so that order holds and a kill loses nothing. It drops the oldest at its bound, and says so.
//!
//! **Who opens what.** `collect` opens its source and a sink: a file, the embedded bus, or the spool with Kafka behind it.
//! `validate` and `aggregate` join a group on the bus and open the store; `score` and `predict` read the store and publish
//! alerts; `tail` reads the bus and `top` the store, without a group: neither commits anything.
//!
//! **A stage** ([`stage::Stage`]) is a function of state, instant and record, without I/O. Its state is per GPU
//! ([`stage::States`]), so that nothing in it can depend on how the stream was cut. [`pipeline::Runner`] is the one loop that
//! reads, applies, writes to the store, and finishes, in this order. A kill between any two of these repeats work that
//! changes nothing: rows are upserts on natural keys, and what a restart re-applies puts nothing out. A partition's new
//! owner first raises its token in the store, so that an old owner that is still at work is refused.
//!
//! - [`stage::validate`] holds an event against every rule, drops a sender's repeats, splices the asset record in, and
//!   passes the bytes on, otherwise untouched. What it refuses goes to its own topic, with every reason.
//! - [`stage::aggregate`] makes raw rows and windows of 1 min, 15 min and 1 h. A window closes when its own GPU's newer
//!   event says so, never because time passed; what is open at the log's end is written as it stands.
//! - [`stage::detect`], within aggregate, judges single GPUs: faults at once, thresholds with a `for` time and a
//!   separate level to clear. An alert is an event when it starts, when it gets worse and when it ends.
//!
//! **A pass** ([`pass`]) is a function of what the store holds and the instant, over the whole fleet: [`event::Facts`] in,
//! rows and alerts out. [`pass::score`] keeps a ledger for every GPU, whose points add up to 100 − score, with a registry of
//! deductions; [`pass::fleet`] judges what one GPU's events cannot tell: absence, hosts, racks, and what silences suppress;
//! [`mod@pass::predict`] states odds with their intervals and reasons. A pass remembers nothing: it reads back what it wrote.
//! [`pipeline::passes`] publishes its alerts first, then writes, one process at a time; every `since` comes from what is
//! stored, so that a kill in between repeats the same alert. [`pipeline::judging`] says when passes run beside the stages of
//! one process.
//!
//! **The store** ([`store::Store`], [`store::Judged`]) is what is asked later; [`store::sqlite`] keeps it in one file,
//! [`store::postgres`] on a server, in TimescaleDB's hypertables or in partitions that it makes and drops itself. Both pass
//! one suite; tables and columns come from [`store::schema`] and numbered migrations ([`store::migrate`]), which on a server
//! only a person runs. What is done on a server is one transaction a job, may be repeated, and blocks its caller: the
//! runtime that the driver wants lives inside the adapter.
//!
//! **A view** ([`view`]) is data and an instant in, text out; the live one ([`view::tui`]) is a model, a
//! function that changes it by messages, and one that draws it. What reads the store for it has a thread of its own.
//!
//! Modules may import only what stands to their left: `metric, event, pace → source | bus | stage | pass | store → pipeline → view
//! → commands`; a stage or pass knows neither source, bus nor store. A test holds them to it.

pub mod bus;
pub mod event;
pub mod metric;
pub mod pace;
pub mod pass;
pub mod pipeline;
mod private;
pub mod source;
pub mod stage;
pub mod store;
pub mod view;
