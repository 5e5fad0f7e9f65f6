//! One simulated GPU: power from the work, temperature from the power.
//!
//! `T = a + fast·P + slow·lowpass(P) + preheat·P(upstream) + the host's noise + its own` (facts/telemetry.md, section 6).
//! Power is settled for all GPUs of a host before any temperature, because of the upstream term. What faults do stands in
//! `strike`; here are only the degrees and flags they leave. Knows no events: `fill` turns its numbers into values.

use super::board::Board;
use super::counters::{Life, Since};
use super::fault::{Kind, Scripted};
use super::random::{Random, along, decay, share_below};
use super::work::{Half, Job, NOISE_TAU_S, next_noise};

/// Share of the limit from which the software power cap shows (D: every sample from 650 of 700 W).
pub(super) const CAP_FROM: f64 = 0.93;
/// Spread of power between the GPUs of a job (A, C: 3–5 %).
const SPREAD: f64 = 0.03;
/// Power and clock that a hardware slowdown leaves (J).
const SLOWED: f64 = 0.5;
/// °C over the slowdown temperature in a thermal fault (J).
const OVERHEAT_C: f64 = 2.0;
/// A GPU at its slowdown temperature gives up this much of its power in 10 s, until it is this much cooler; at most the
/// part a slowdown takes (J).
const COOLING: (f64, f64) = (0.05, 2.0);
/// What a host without fans adds at idle and, on top, at full load (J).
const STILL_AIR_C: (f64, f64) = (4.0, 22.0);
/// How fast memory nears its limit in a fault of its own, s (J).
const HBM_TAU_S: f64 = 120.0;
/// Own temperature noise when idle, °C.
const OWN_IDLE_C: f64 = 0.1;
/// Deviation of idle power from one reading to the next, W.
const IDLE_NOISE_W: f64 = 0.05;
/// Temperatures at which busy and idle power are as the board's row says, °C (J: amid what is recorded).
const LEAK_FROM_C: (f64, f64) = (60.0, 29.5);
/// At the power cap, share of readings that fall into a dip (D t3: one of less than a second every 6–7 s).
const CAP_DIPS: f64 = 0.12;
/// Share of readings of `sm_active` and of `dram_active` that fail (D).
const FAILED: (f64, f64) = (0.004, 0.008);
/// Parts of a job's place among ranks that are the job's own, the GPU's, and the moment's; squares add up to 1 (J).
const RANK_PARTS: [f64; 3] = [0.96, 0.2, 0.2];
/// The job of `full_load`.
const FULL: Job = Job { share: 0.98, in_step: 0.95, memory: 0.9, rank: None };
/// Seconds over which the noise figures of a board say what is left.
pub(super) const NOISE_S: f64 = 10.0;
const NS: f64 = 1e9;

/// The air around a GPU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Air {
    /// The neighbour's power where this slot stands behind one, W.
    pub(super) upstream_w: f64,
    /// The host's noise and what its fans do, °C.
    pub(super) host_c: f64,
    /// How much of the air stands still for want of fans, 0 to 1.
    pub(super) still: f64,
}

/// A GPU's state.
#[derive(Debug)]
pub(super) struct Gpu {
    pub(super) random: Random,
    pub(super) board: &'static Board,
    idle_w: f64,
    context_w: f64,
    bias: f64,
    ambient_c: f64,
    own_c: f64,
    noise: f64,
    lagged_w: Option<f64>,
    /// Share of its power that it gives up against heat.
    cooling: f64,
    /// True power, W.
    pub(super) power_w: f64,
    /// Power as the sensor says, W.
    pub(super) shown_w: f64,
    /// True temperature, °C.
    pub(super) temp_c: f64,
    /// The job's power as a share of the limit; 0 idle.
    pub(super) share: f64,
    /// Share of the frame buffer in use by a job; 0 idle.
    pub(super) memory: f64,
    /// Where it stands among the readings of its fleet, 0 to 1, for boards whose work is known by ranks.
    pub(super) rank: Option<f64>,
    /// Whether a context is open.
    pub(super) context: bool,
    /// Whether the readings of `sm_active` and `dram_active` fail.
    pub(super) unread: (bool, bool),
    /// How far memory is on its way to its limit, 0 to 1.
    pub(super) hbm: f64,
    /// What dried paste adds at full load, °C.
    pub(super) drift_c: f64,
    /// It answers no more.
    pub(super) lost: bool,
    /// Another board is to take its slot.
    pub(super) swapped: bool,
    /// Counters since driver load.
    pub(super) since: Since,
    /// Counters and flags of the board's life.
    pub(super) life: Life,
    /// Its script.
    pub(super) faults: Vec<Scripted>,
}

impl Gpu {
    /// A healthy GPU in its slot, some way into its life.
    pub(super) fn new(mut random: Random, board: &'static Board) -> Gpu {
        let of = |random: &mut Random, (mean, sd): (f64, f64)| mean + sd * random.normal();
        let since = Since::some_time(&mut random);
        let life = Life::some_way(&mut random);
        let idle_w = match board.ranks {
            Some(ranks) => ranks().idle_w(random.uniform()),
            None => of(&mut random, board.idle_w),
        };
        Gpu {
            idle_w,
            context_w: of(&mut random, board.context_w),
            bias: random.normal(),
            ambient_c: if board.slots_c.is_empty() {
                of(&mut random, board.ambient_c)
            } else {
                along(board.slots_c, random.uniform())
            },
            own_c: OWN_IDLE_C * random.normal(),
            noise: random.normal(),
            random,
            board,
            lagged_w: None,
            cooling: 0.0,
            power_w: board.idle_w.0,
            shown_w: board.idle_w.0,
            temp_c: board.ambient_c.0,
            share: 0.0,
            memory: 0.0,
            rank: None,
            context: false,
            unread: (false, false),
            hbm: 0.0,
            drift_c: 0.0,
            lost: false,
            swapped: false,
            since,
            life,
            faults: Vec::new(),
        }
    }

    /// Whether the hardware slows the clocks because of heat.
    pub(super) fn overheated(&self) -> bool {
        self.cooling > 0.0 || self.is(Kind::HwThermal)
    }

    /// Whether the hardware slows the clocks.
    pub(super) fn slowed(&self) -> bool {
        self.overheated() || self.is(Kind::PowerBrake)
    }

    /// Settles this step's power.
    pub(super) fn draw_power(&mut self, seconds: f64, half: &Half) {
        let board = self.board;
        let job = if self.is(Kind::FullLoad) { Some(FULL) } else { half.job };
        let idle = self.random.normal();
        self.noise = next_noise(self.noise, seconds, NOISE_TAU_S, &mut self.random);
        self.context = job.is_some() || half.context;
        let level = if self.context { self.context_w } else { self.idle_w };
        let level = level + board.leak.1 * (self.temp_c - LEAK_FROM_C.1) + IDLE_NOISE_W * idle;
        let mut power = level;
        (self.share, self.memory, self.rank) = (0.0, 0.0, None);
        if let Some(job) = job {
            let shared = job.in_step.sqrt() * half.noise + (1.0 - job.in_step).sqrt() * self.noise;
            let asked = self.asked(&job, half.dip, shared);
            // At the cap only a watt of noise is left (G).
            let most = board.limit_w * board.most.0 - (2.0 - idle.abs());
            power = asked.clamp(level.min(most), most);
            (self.share, self.memory) = (power / board.limit_w, job.memory);
        }
        if self.is(Kind::HwThermal) || self.is(Kind::PowerBrake) {
            power *= SLOWED;
        }
        self.power_w = (power * (1.0 - self.cooling)).max(self.idle_w + IDLE_NOISE_W * idle);
        self.shown_w = self.reading(job.is_some());
    }

    /// What the job asks for, W, before the cap.
    fn asked(&mut self, job: &Job, dip: f64, shared: f64) -> f64 {
        let board = self.board;
        if let (Some(rank), Some(ranks)) = (job.rank, board.ranks) {
            let [own, bias, moment] = RANK_PARTS;
            let at = rank.at(share_below(own * rank.place + bias * self.bias + moment * shared));
            self.rank = Some(at);
            return ranks().power_w(at) * (1.0 - dip);
        }
        let leak = 1.0 + board.leak.0 * (self.temp_c - LEAK_FROM_C.0);
        let share = job.share * (1.0 - dip) * (1.0 + SPREAD * self.bias);
        board.limit_w * share * (1.0 + board.noise.0 * shared) * leak
    }

    /// What the power sensor says: a mean over a second, or the last tenth of it, which jumps more.
    fn reading(&mut self, busy: bool) -> f64 {
        let board = self.board;
        let mut watts = self.power_w;
        if busy {
            let chance = self.random.uniform();
            self.unread = (chance < FAILED.0, (FAILED.0..FAILED.0 + FAILED.1).contains(&chance));
            // Where work is known by ranks a GPU that waits is steady.
            let part = if self.rank.is_some() { self.share } else { 1.0 };
            watts += board.noise.1 * part * self.random.normal();
            if board.cap_dip_w > 0.0 && self.capped() && self.random.chance(CAP_DIPS) {
                watts -= board.cap_dip_w * self.random.uniform();
            }
            // Hardly ever above the limit: 1 % (D), 2 % (A).
            watts = watts.min(board.limit_w * board.most.1);
        } else {
            self.unread = (false, false);
        }
        watts.max(0.9 * self.idle_w)
    }

    /// Settles this step's temperature.
    pub(super) fn draw_temperature(&mut self, seconds: f64, air: Air) {
        let board = self.board;
        let before = self.lagged_w.unwrap_or(self.power_w);
        let tau = if self.power_w > before { board.tau_s.0 } else { board.tau_s.1 };
        let lagged = self.power_w + (before - self.power_w) * decay(seconds, tau);
        self.lagged_w = Some(lagged);
        let (sd, left) = board.own;
        let left = along(&[(0.0, 1.0), (NOISE_S, left), (10.0 * NOISE_S, 0.0)], seconds);
        let sd = if self.share > 0.0 { sd } else { sd.min(OWN_IDLE_C) };
        self.own_c = left * self.own_c + sd * (1.0 - left * left).sqrt() * self.random.normal();
        let calm = self.ambient_c + board.fast * self.power_w + board.slow * lagged + board.preheat * air.upstream_w;
        let (from, leave) = board.fans;
        let over = (calm + air.host_c - from).max(0.0);
        let load = self.power_w / board.limit_w;
        let still_c = air.still * (STILL_AIR_C.0 + STILL_AIR_C.1 * load);
        self.temp_c = calm + air.host_c - over * (1.0 - leave) + self.own_c + still_c + self.drift_c * load;
        let [slowdown, ..] = board.limits_c;
        if self.is(Kind::HwThermal) {
            self.temp_c = self.temp_c.max(slowdown + OVERHEAT_C + self.own_c.clamp(-1.0, 1.0));
        } else if self.temp_c >= slowdown {
            self.cooling = (self.cooling + COOLING.0 * (seconds / NOISE_S).min(1.0)).min(SLOWED);
        } else if self.cooling > 0.0 && self.temp_c < slowdown - COOLING.1 {
            self.cooling = (self.cooling - COOLING.0 * (seconds / NOISE_S).min(1.0)).max(0.0);
        }
        if self.is(Kind::HbmTemp) {
            self.hbm = 1.0 + (self.hbm - 1.0) * decay(seconds, HBM_TAU_S);
        } else if self.hbm > 0.0 {
            self.hbm *= decay(seconds, HBM_TAU_S);
        }
    }

    /// Moves the counters on.
    pub(super) fn count(&mut self, seconds: f64) {
        self.since.energy_mj += (self.power_w * seconds * 1000.0).round();
        if self.capped() {
            self.since.power_ns += (seconds * NS).round();
        }
        if self.overheated() {
            self.since.thermal_ns += (seconds * NS).round();
        }
        self.suffer(seconds);
    }

    /// Whether the software power cap holds the clocks down.
    pub(super) fn capped(&self) -> bool {
        self.share > 0.0 && !self.slowed() && self.power_w >= CAP_FROM * self.board.limit_w
    }
}
