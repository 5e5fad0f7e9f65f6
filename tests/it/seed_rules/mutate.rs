//! Events gone wrong in the ways events go wrong: a value replaced, a key gone or twice, bytes that are no JSON.
//!
//! It works on the text, so that any literal can stand anywhere. Everything follows from one seed.

use crate::support::random::splitmix;

/// Repeatable random numbers (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        splitmix(&mut self.0)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(crate) fn pick<'t, T: ?Sized>(&mut self, list: &[&'t T]) -> &'t T {
        list[self.below(list.len())]
    }
}

/// Fields the seed compares.
const COMPARED: [&str; 6] =
    ["gpu_temp_c", "memory_temp_c", "power_usage_w", "fb_used_mib", "fb_free_mib", "ecc_dbe_volatile"];
/// Some it does not.
const OTHERS: [&str; 8] = [
    "sm_active_pct",
    "sm_clock_mhz",
    "power_limit_max_w",
    "ecc_sbe_aggregate",
    "pstate",
    "interval_ms",
    "device_index",
    "pcie_tx_mb_per_sec",
];
const NUMBERS: [&str; 30] = [
    "-60",
    "-1",
    "-0.5",
    "-0.0",
    "0",
    "0.001",
    "0.5",
    "5",
    "64.5",
    "99",
    "101",
    "119.9",
    "120",
    "120.001",
    "121",
    "399",
    "749.9",
    "750",
    "750.5",
    "751",
    "820",
    "900",
    "1390",
    "1401",
    "4001",
    "65.0",
    "1e2",
    "9223372036854775794",
    "140737488355330.0",
    "123456789012345678901234",
];
const ODD: [&str; 10] = ["null", "true", "false", "\"65\"", "[65]", "{}", "NaN", "Infinity", "-Infinity", "1e999"];
const BLOCKS: [&str; 6] = ["gpu", "host", "metrics", "health", "memory", "quality"];
const NO_BLOCKS: [&str; 6] = ["null", "[]", "{}", "5", "\"x\"", "true"];
const TIMES: [&str; 12] = [
    "\"1999-01-01T00:00:00Z\"",
    "\"2026-02-11T11:30:00+01:00\"",
    "\"2026-02-11T10:34:00.5Z\"",
    "\"2026-02-11T11:30:00Z\"",
    "\"2099-01-01T00:00:00Z\"",
    "\"1969-07-20T20:17:00Z\"",
    "\"2026-02-11T10:30:00\"",
    "\"yesterday\"",
    "\"\"",
    "1770805800",
    "null",
    "{}",
];
const IDENTITY: [(&str, &[&str]); 3] = [
    ("schema_version", &["\"1.7\"", "\"2.0\"", "\"1\"", "1.0", "null", "\"\""]),
    ("event_type", &["\"gpu_alert\"", "\"collector_status\"", "null", "7"]),
    ("gpu_uuid", &["\"\"", "\"GPU\\u0007\"", "null", "5", "\"GPU-12345678-1234-1234-1234-123456789abc\""]),
];
/// Members that gpuhm does not know, or that stand beside those it knows.
const MORE: [&str; 10] = [
    "\"new\":{\"a\":[1,2,{\"b\":null}]}",
    "\"new\":1,\"new\":2",
    "\"new\":{\"a\":1,\"\\u0061\":2}",
    "\"new\":\"\\ud800\"",
    "\"new\":1e999",
    "\"new\":NaN",
    "\"new\":\"\\u00e9 \\\" \\n\"",
    "\"errors\":{\"xids\":[{\"code\":79}]}",
    "\"errors\":{\"xids\":[{\"code\":0}]}",
    "\"errors\":{\"xids\":[{\"at\":\"2026-02-11T10:29:58Z\"}]}",
];
const DEPTHS: [usize; 5] = [20, 28, 40, 500, 1200];

/// The event, changed in `changes` places.
pub(crate) fn mutated(event: &str, changes: usize, random: &mut Random) -> Vec<u8> {
    let mut text = event.to_owned();
    for _ in 0..changes {
        change(&mut text, random);
    }
    if changes > 0 && random.below(25) == 0 {
        return broken(text.into_bytes(), random);
    }
    text.into_bytes()
}

fn change(text: &mut String, random: &mut Random) {
    match random.below(20) {
        0..6 => set(text, random.pick(&COMPARED), random.pick(&NUMBERS)),
        6..8 => set(text, random.pick(&COMPARED), random.pick(&ODD)),
        8 => set(text, random.pick(&OTHERS), random.pick(&NUMBERS)),
        9 => set(text, random.pick(&OTHERS), random.pick(&ODD)),
        10 => set(text, random.pick(&BLOCKS), random.pick(&NO_BLOCKS)),
        11 | 12 => set(text, "timestamp", random.pick(&TIMES)),
        13 => {
            let (key, values) = IDENTITY[random.below(IDENTITY.len())];
            set(text, key, random.pick(values));
        }
        14 => rename(text, random.pick(&COMPARED)),
        15 => rename(text, random.pick(&BLOCKS)),
        16 => rename(text, random.pick(&["schema_version", "event_type", "timestamp", "gpu_uuid"])),
        17 => before(text, random.pick(&COMPARED), random.pick(&NUMBERS)),
        18 => {
            let depth = DEPTHS[random.below(DEPTHS.len())];
            insert(text, &format!("\"new\":{}{}", "[".repeat(depth), "]".repeat(depth)));
        }
        _ => insert(text, random.pick(&MORE)),
    }
}

/// Bytes that no reader of JSON takes, or hardly any.
fn broken(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0 => bytes.truncate(bytes.len() - 1 - random.below(bytes.len() / 2)),
        1 => bytes.extend_from_slice(b" {}"),
        2 => bytes.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        3 => bytes[random.below(40) + 2] = 7,
        4 => bytes.insert(3, 0xff),
        5 => bytes = b"[]".to_vec(),
        6 => bytes = random.pick::<[u8]>(&[b"null", b"5", b"\"gpu\"", b"", b"true"]).to_vec(),
        _ => bytes = b"{}".to_vec(),
    }
    bytes
}

/// Where a key stands, and where its value.
fn find(text: &str, key: &str) -> Option<(usize, std::ops::Range<usize>)> {
    let pattern = format!("\"{key}\":");
    let at = text.find(&pattern)?;
    let start = at + pattern.len();
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (offset, byte) in text[start..].bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' if depth == 0 => return Some((at, start..start + offset)),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn set(text: &mut String, key: &str, literal: &str) {
    if let Some((_, value)) = find(text, key) {
        text.replace_range(value, literal);
    }
}

fn rename(text: &mut String, key: &str) {
    if let Some((at, _)) = find(text, key) {
        text.insert_str(at + 1, "former_");
    }
}

/// The key once more, before itself: a reader that keeps the last sees no difference.
fn before(text: &mut String, key: &str, literal: &str) {
    if let Some((at, _)) = find(text, key) {
        text.insert_str(at, &format!("\"{key}\":{literal},"));
    }
}

/// Another member of `metrics`.
fn insert(text: &mut String, member: &str) {
    if let Some((_, value)) = find(text, "metrics")
        && text[value.clone()].starts_with("{\"")
    {
        text.insert_str(value.start + 1, &format!("{member},"));
    }
}
