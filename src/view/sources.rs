//! `docs/sources.md`: what the live sources read of each metric, made from the metric table.

use crate::metric::{Kind, METRICS, Metric};

const DCGM: &str = "
## DCGM

`dcgm://HOST[:5555]` reads a host engine (`nv-hostengine`) over TCP, `dcgm:///PATH` over its unix socket, and `dcgm:embedded`
starts one inside the collector, which then needs the devices and rights that the engine has: the drop-in `embedded.conf`. An
engine that listens on a socket (`nv-hostengine -d PATH`) listens on no TCP port; one with neither `-d` nor `-b ADDRESS` is
reached from its own machine only. A name in the URL must have an IPv4 address; IPv6 stands in `[brackets]`.

- **Which library**: `--libdcgm PATH`, else `libdcgm.so.4`, then `libdcgm.so.3`, where the linker looks and in the folders of
  NVIDIA's packages. It is found when gpuhm runs and never unloaded; one for all sources. Library 3 reads engines from 3.0 on,
  4.0 to 4.5 those from 4.0 on, 4.6 those from 4.6 on; an engine to which the library's requests are strange is named with both
  versions. The library of the oldest engine reads them all.
- **Which host**: `#host=NAME`, else the URL's; localhost, a socket and `embedded` mean this machine. `#gpus=N` says how many
  GPUs the host should have, so that one that never was there is missed; else it is the most that were seen since the start.
- **The socket**: connecting takes the right to write to it, and `nv-hostengine` makes it for root: `chgrp gpuhm` and `chmod
  0770` after its start, or TCP. Whoever may connect, by either way, may also set power limits and run diagnostics. A socket
  below `/tmp` needs the drop-in `dcgm-socket.conf`, since the units have a `/tmp` of their own.
- **Cadence**: the engine takes values at half the interval, limits and names once a minute, profiling every
  `--profile-interval`: what came since the last tick is averaged, and where none came the last one holds. A value whose own
  time is older than 2.5 intervals, by the engine's clock, is left out. Blanks, what is not supported and what is not permitted
  are absent; `gpuhm doctor` tells why.
- **XIDs** are asked since the last one that was read, each told once, those of MIG's instances as the GPU's. The engine takes
  them while somebody watches: what it took before a connection was lost is read after it, where that is within half a minute or
  another client watches too, but what happens while nobody does is in no engine. The first connection asks ten minutes back,
  where the engine's clock agrees with this machine's: an XID that was told before is the same one for the later stages.
- **A GPU** that is lost, detached, not accessible or in need of a reset says so in one event (`quality.error`) and is silent
  then; its host's report names it. Its state is asked at every tick, one that could not be watched is tried once a minute, and
  the others are not held up.
- **An engine** that does not answer is cut off and connected anew, after pauses of about 1 s to 60 s. A call that nothing ends
  blocks that engine alone: `blocked on dcgm://n7:5555 for 45 s`. One that gives blanks only of every GPU is latched, as after
  XID 119, and wants a restart. One without a driver is told once, and what it has cached is read.

## auto

The host engine at 127.0.0.1:5555, then that at `/tmp/nv-hostengine` where there is such a socket, then NVML: the first that
gives GPUs. The log says which, and why not those before it, which are tried again every minute; what was chosen stays, also
while it does not answer.";

const EXPORTER: &str = "
## Exporters

`exporter:http://HOST:9400/metrics` reads the page of dcgm-exporter, or of a server that hands on the pages of many, once a tick.
`--targets FILE` names any number of them: a URL a line (`#` begins a comment at a line's beginning or behind a blank), or
Prometheus' JSON of targets. A source on the command line sets the settings' file of targets aside, and the other way round; of two
in the settings the environment's counts, and two in one file count both. The same GPUs by two names are a warning.

- **Which host**: `#host=NAME` behind the URL, else the page's label `Hostname` or `hostname`, else the URL's host; a URL of
  localhost means this machine. Until the page was read once, only a host that `#host=` names is reported: others are in the log
  and the service's status. `#gpus=` wants it beside it, for a page that is away from the start on to be missed.
- **Which GPU**: the label `UUID`; where it is missing, host and `gpu`. `gpu`, `modelName`, `pci_bus_id`, the driver's version
  and the serial number are taken over, `hpc_job` as the GPU's job. No other label is.
- **Values**: of a metric's names the first on the page's list below counts. DCGM's blanks in all their spellings, NaN and
  infinity are absent, and so is a memory temperature of 0.
- **MIG**: instances are listed in `gpu.mig`; their own values are left out. A value that the GPU has only once, such as its
  temperature, is taken from a line beside an instance where the GPU has no line of its own.
- **XIDs**: `DCGM_FI_DEV_XID_ERRORS` keeps the last code until the exporter starts again. It is told when it changes to another
  code; at the first look after gpuhm's start it is only said in the log, since its time is unknown and it may have been told
  before. The same code twice is seen where the page has `DCGM_EXP_XID_ERRORS_COUNT` (or `DCGM_FI_DEV_XID_ERRORS_ACTIVE`).
- **Time**: the event's is that of the look. A value whose own time on the page is older than 2.5 intervals by this machine's clock
  is left out, and the sample is stale. A GPU without fresh values says so in one event (`quality.error`) and is silent then.
- **Bounds**: the whole page within nine tenths of half the interval, 4.5 s at most; 64 MiB; 16,384 GPUs; lines of 64 KiB. No
  redirect, no compression, no TLS, no proxy. A page is taken whole or not at all: GPUs behind a cut would look lost. A line that
  is no sample costs itself; a page with more of those than samples is refused.

## NVML

`nvml` reads this machine's driver through `libnvidia-ml.so.1`, which is found when gpuhm runs. Limits are asked every five
minutes, and so is what was not supported. XIDs come from the driver's events, of each GPU that tells them, from the start on; the
driver gives no time with them, so that theirs is when they came. A GPU that fell off the bus keeps its identity and has
`quality.error` in one event, and is silent then but for XIDs; its host's report names it. NVLink counters are summed over the links that were up when limits were asked.

While gpuhm has the driver open, the kernel module cannot be unloaded: stop the collector before a driver is replaced.";

const DOCTOR: &str = "
## What is wrong: `gpuhm doctor`

It looks at what the settings name (`collect.source`, `collect.targets`, or `--source` and `--targets` here), side by side, each
within twice `--timeout`: an engine that hangs is told and holds up nothing. What was named must work, else that is a fault. A
machine for which nothing is named and on which no NVIDIA GPU is seen has one line, `source.auto`, and is well.

| check | says | what mends it |
|---|---|---|
| `source.url` | which source cannot be understood; the other checks go on | as it says |
| `dcgm.library` | which libdcgm was loaded, its version, calls that it lacks; else every name that was tried | install `datacenter-gpu-manager-4-core`, or `--libdcgm PATH` |
| `dcgm.socket` | whether the socket is there, is one, has a listener, and may be used: by who asks, and by gpuhm's services | `nv-hostengine -d PATH`; `chgrp gpuhm` and `chmod 0770` after its start, or TCP |
| `dcgm.hostengine` | by what way it answers, its version and whether libdcgm's fits, its GPUs, the driver it runs with, and every metric that is absent, by reason and GPU | of each: `systemctl status nvidia-dcgm`, one version of both, the driver, an engine that runs as root |
| `dcgm.profiling` | whether profiling values come; else the code, the module's state, and who on this machine may hold the counters | the package `datacenter-gpu-manager-4-proprietary` and a root engine before Hopper; `dcgmi profile --resume`; end the other profiler |
| `nvml.driver` | the library, the driver's version, its GPUs, what they do not give | install or load the driver, reboot after an update |
| `exporter.pages` | of each page its GPUs and samples, and the metrics that are not on it | the address, a login in the URL, `DCGM_FI_DEV_XID_ERRORS` among the exporter's counters |
| `source.auto` | what `auto` reads here and why nothing before it; where nothing is named, what a collector would do | what the first way that failed needs |

That a connect returns proves nothing with DCGM: an engine counts as alive when it has told its version and was read. A login in
an exporter's URL is sent, and its password shown nowhere.
";

/// The document.
#[must_use]
pub fn document() -> String {
    let mut lines = vec![
        "# Live sources\n\nMade from `src/metric.rs` and `src/view/sources.rs` by `gpuhm generate .`; do not edit.".to_owned(),
        DCGM.to_owned(),
        EXPORTER.to_owned(),
        DOCTOR.to_owned(),
        "## What is read\n\nNVML: the call or field, empty where the driver has none. Exporter: every name that is read, behind \
         `DCGM_FI_`, the older first.\n"
            .to_owned(),
        "| metric | unit | NVML | exporter | page's unit |\n|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(METRICS.iter().map(row));
    lines.join("\n") + "\n"
}

fn row(metric: &Metric) -> String {
    let bare = |name: &&str| format!("`{}`", name.trim_start_matches("DCGM_FI_"));
    let names: Vec<String> = metric.exporter.iter().map(bare).collect();
    let unit = match metric.unit {
        _ if metric.kind == Kind::Events => "code",
        "%" if metric.dcgm_factor > 1.0 => "0–1",
        "MB/s" => "bytes/s",
        unit => unit,
    };
    let unit = if names.is_empty() { "" } else { unit };
    format!("| `{}` | {} | {} | {} | {unit} |", metric.name, metric.unit, metric.nvml, names.join(", "))
}
