//! What the simulated boards are like: one row a kind, figures from the recordings (facts/telemetry.md, section 6).
//!
//! Where no recording says anything the figure is a judgement and marked (J). Plain data; knows no dynamics.

use super::ranks::{Quantiles, kalos};

/// One kind of board.
#[derive(Debug)]
pub(super) struct Board {
    /// Model, as the driver spells it.
    pub(super) name: &'static str,
    /// Architecture.
    pub(super) architecture: &'static str,
    /// CUDA compute capability.
    pub(super) capability: &'static str,
    /// Power limit, W: enforced, default and largest alike.
    pub(super) limit_w: f64,
    /// Power in deep idle, W: mean and standard deviation between boards.
    pub(super) idle_w: (f64, f64),
    /// Power idle with a context, W: mean and standard deviation between boards.
    pub(super) context_w: (f64, f64),
    /// Mean power of a job as a share of the limit: its 5, 50 and 95 % points.
    pub(super) work: [(f64, f64); 3],
    /// Noise of busy power, as a share of it, and of one reading, W.
    pub(super) noise: (f64, f64),
    /// Whether the power reported is the last 0.1 s, which the instant reading repeats, and not a mean over 1 s.
    pub(super) snapshot: bool,
    /// Highest power of work, and of a reading, as shares of the limit.
    pub(super) most: (f64, f64),
    /// How deep readings at the cap dip at most, W.
    pub(super) cap_dip_w: f64,
    /// What of its power it gains with a °C at work, and what in W when idle.
    pub(super) leak: (f64, f64),
    /// Work by ranks, where readings of a fleet are known and no runs.
    pub(super) ranks: Option<fn() -> &'static Quantiles>,
    /// Part of the thermal resistance that acts at once, °C/W.
    pub(super) fast: f64,
    /// Part that lags, °C/W.
    pub(super) slow: f64,
    /// Time constants of the lag, s: heating and cooling.
    pub(super) tau_s: (f64, f64),
    /// What the upstream neighbour's power adds on a hot slot, °C/W.
    pub(super) preheat: f64,
    /// Slots that stand behind a neighbour; the neighbour is the slot's pair (0 and 1, 2 and 3, …).
    pub(super) hot: [bool; 8],
    /// Temperature without power, °C: mean and standard deviation between slots.
    pub(super) ambient_c: (f64, f64),
    /// The same by its quantile, where its spread is no normal one.
    pub(super) slots_c: &'static [(f64, f64)],
    /// Temperature above which the fans speed up, °C, and what share of what is beyond they leave.
    pub(super) fans: (f64, f64),
    /// What the room adds around a host at work, °C.
    pub(super) room_c: f64,
    /// What the fans take away near full power of the whole host, °C.
    pub(super) fans_c: f64,
    /// Noise common to a host, °C: offset of a run, then deviation and what is left of it after 10 s.
    pub(super) common: (f64, f64, f64),
    /// A GPU's own noise, °C: deviation and what is left of it after 10 s.
    pub(super) own: (f64, f64),
    /// GPU temperature to memory temperature, °C.
    pub(super) memory_c: &'static [(f64, f64)],
    /// SM clock, MHz: in deep idle, at most, and what the power cap takes away at the limit.
    pub(super) sm_mhz: (f64, f64, f64),
    /// Memory clock, MHz.
    pub(super) mem_mhz: f64,
    /// Frame buffer, MiB: all of it, and what an idle board uses.
    pub(super) fb_mib: (f64, f64),
    /// Slowdown, shutdown, largest operating and largest memory temperature, °C.
    pub(super) limits_c: [f64; 4],
    /// Whether the driver tells the margin to the limit.
    pub(super) margin: bool,
    /// PCIe generation.
    pub(super) pcie: f64,
    /// Memory banks with spare rows.
    pub(super) banks: f64,
}

/// Fans (J): no recorded board is hotter than 80 °C, and without fans the hottest of a large fleet would reach its
/// slowdown.
const FANS: (f64, f64) = (72.0, 0.4);

/// A100 SXM4 80 GB. Limits °C, banks: (J).
pub(super) static A100: Board = Board {
    name: "NVIDIA A100-SXM4-80GB",
    architecture: "Ampere",
    capability: "8.0",
    limit_w: 400.0,
    idle_w: (64.0, 1.0),
    context_w: (71.0, 1.0),
    work: [(0.0, 0.62), (0.5, 0.83), (1.0, 0.88)],
    noise: (0.05, 29.0),
    snapshot: true,
    most: (1.0, 1.02),
    cap_dip_w: 0.0,
    leak: (0.006, 0.0),
    ranks: None,
    fast: 0.047,
    slow: 0.058,
    tau_s: (45.0, 45.0),
    preheat: 0.027,
    hot: [true, false, false, true, false, true, false, true],
    ambient_c: (25.0, 1.0),
    slots_c: &[],
    fans: FANS,
    room_c: 0.0,
    fans_c: 0.0,
    common: (0.9, 0.6, 0.85),
    own: (0.7, 0.75),
    memory_c: &[(25.0, 40.0), (30.0, 46.0), (40.0, 51.0), (51.0, 57.0), (58.0, 61.0), (66.0, 67.0), (90.0, 91.0)],
    sm_mhz: (210.0, 1410.0, 120.0),
    mem_mhz: 1593.0,
    fb_mib: (81_920.0, 874.0),
    limits_c: [89.0, 92.0, 85.0, 95.0],
    margin: false,
    pcie: 4.0,
    banks: 640.0,
};

/// H100 SXM5 80 GB. Largest memory temperature, clock taken by the cap: (J).
pub(super) static H100: Board = Board {
    name: "NVIDIA H100 80GB HBM3",
    architecture: "Hopper",
    capability: "9.0",
    limit_w: 700.0,
    idle_w: (71.0, 2.5),
    context_w: (116.0, 5.0),
    work: [(0.0, 0.45), (0.5, 0.68), (1.0, 0.87)],
    noise: (0.03, 0.5),
    snapshot: false,
    most: (1.0, 1.01),
    cap_dip_w: 50.0,
    leak: (0.0, 0.0),
    ranks: None,
    fast: 0.028,
    slow: 0.036,
    tau_s: (30.0, 40.0),
    preheat: 0.017,
    hot: [true, false, true, false, true, false, true, false],
    ambient_c: (31.0, 2.4),
    slots_c: &[],
    fans: FANS,
    room_c: 0.0,
    fans_c: 5.0,
    common: (1.2, 0.45, 0.85),
    own: (0.4, 0.7),
    memory_c: &[(0.0, 7.5), (100.0, 107.5)],
    sm_mhz: (345.0, 1980.0, 225.0),
    mem_mhz: 2619.0,
    fb_mib: (81_559.0, 551.0),
    limits_c: [88.0, 94.0, 86.0, 95.0],
    margin: true,
    pcie: 5.0,
    banks: 2560.0,
};

/// H200 SXM 141 GB. Only one load of it is recorded, at 0.99 of the limit: the spread below it, the preheat, the host's
/// noise and the temperature limits are the H100's (J); banks (J).
pub(super) static H200: Board = Board {
    name: "NVIDIA H200",
    architecture: "Hopper",
    capability: "9.0",
    limit_w: 700.0,
    idle_w: (76.0, 1.0),
    context_w: (132.0, 2.0),
    work: [(0.0, 0.45), (0.5, 0.87), (1.0, 0.99)],
    noise: (0.01, 1.0),
    snapshot: false,
    most: (1.0, 1.01),
    cap_dip_w: 0.0,
    leak: (0.0, 0.31),
    ranks: None,
    fast: 0.030,
    slow: 0.025,
    tau_s: (28.0, 25.0),
    preheat: 0.017,
    hot: [true, false, true, false, true, false, true, false],
    ambient_c: (25.0, 1.0),
    slots_c: &[],
    fans: FANS,
    room_c: 0.0,
    fans_c: 0.0,
    common: (0.9, 0.45, 0.85),
    own: (0.4, 0.8),
    memory_c: &[(0.0, 7.5), (100.0, 107.5)],
    sm_mhz: (345.0, 1980.0, 525.0),
    mem_mhz: 3201.0,
    fb_mib: (143_771.0, 605.0),
    limits_c: [88.0, 94.0, 86.0, 95.0],
    margin: true,
    pcie: 5.0,
    banks: 3072.0,
};

/// A100s as the cluster Kalos had them (Q): its percentiles tell work, idle power and temperatures; resistances are
/// host A's, less what makes them agree with those temperatures; noise of temperature is host A's. Of noise of power the
/// percentiles leave room for 8 W a reading.
pub(super) static KALOS: Board = Board {
    noise: (0.0, 6.0),
    most: (1.5, 1.5),
    leak: (0.0, 0.0),
    ranks: Some(kalos),
    fast: 0.047 * KALOS_COOLING,
    slow: 0.058 * KALOS_COOLING,
    preheat: 0.027 * KALOS_COOLING,
    slots_c: &KALOS_SLOTS_C,
    memory_c: &KALOS_MEMORY_C,
    fans: (42.0, 0.72),
    room_c: 4.3,
    fb_mib: (81_920.0, 0.0),
    ..A100
};
const KALOS_COOLING: f64 = 0.7;
/// Found by trial, so that the temperatures of the whole fleet come out: some slots in a draught, and a fifth of them
/// where it is warm.
#[rustfmt::skip]
const KALOS_SLOTS_C: [(f64, f64); 13] = [
    (0.0, 15.8), (0.113, 15.9), (0.119, 16.4), (0.138, 17.0), (0.155, 20.5), (0.22, 20.6), (0.433, 21.7), (0.563, 23.7),
    (0.786, 24.1), (0.791, 27.8), (0.806, 34.1), (0.994, 34.5), (1.0, 35.6),
];
/// GPU to memory temperature where both stand at the same rank.
#[rustfmt::skip]
const KALOS_MEMORY_C: [(f64, f64); 19] = [
    (15.0, 19.0), (22.0, 30.0), (25.0, 40.0), (27.0, 42.5), (29.0, 44.3), (31.0, 46.0), (34.0, 48.0), (36.6, 49.6), (38.0, 50.4),
    (40.0, 51.4), (42.0, 52.4), (46.0, 54.2), (50.0, 56.3), (54.0, 58.5), (56.0, 60.0), (58.0, 61.2), (62.0, 64.0),
    (66.0, 67.0), (90.0, 91.0),
];

/// Which boards a fleet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boards {
    /// By racks: two of four H100, one A100, one H200.
    #[default]
    Mixed,
    /// A100 alone, as host A.
    A100,
    /// H100 alone.
    H100,
    /// H200 alone.
    H200,
    /// A100 alone, with the work, power and temperatures of the cluster Kalos.
    Kalos,
}

impl Boards {
    /// The kind a rack holds, by the rack's number from 1.
    pub(super) fn of_rack(self, rack: usize) -> &'static Board {
        match (self, rack % 4) {
            (Boards::A100, _) | (Boards::Mixed, 2) => &A100,
            (Boards::H200, _) | (Boards::Mixed, 0) => &H200,
            (Boards::Kalos, _) => &KALOS,
            (Boards::H100 | Boards::Mixed, _) => &H100,
        }
    }
}

/// PCI buses of the eight slots, as an HGX board numbers them (J).
pub(super) const BUSES: [u8; 8] = [0x1B, 0x43, 0x52, 0x61, 0x9D, 0xC3, 0xD1, 0xDF];
