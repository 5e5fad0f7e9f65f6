//! Where gpuhm departs from the seed's validator, on purpose: what, why, and the paragraph of `facts/` it rests on.

use gpuhm::event::codec::Problem;

/// One thing on which the two differ about an event.
#[derive(Debug)]
pub(crate) enum Difference<'a> {
    /// The seed accepts; gpuhm refuses, among others for this.
    Ours(&'a Problem),
    /// The seed refuses, among others for this; gpuhm accepts. Whether the event is a collector's report.
    Seeds(&'a str, bool),
    /// The seed's process dies of this; whether gpuhm accepts the event.
    Dies(&'a str, bool),
}

use Difference::{Dies, Ours, Seeds};

/// A departure.
pub(crate) struct Exception {
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
    pub(crate) facts: &'static str,
    pub(crate) covers: fn(&Difference<'_>) -> bool,
}

/// An `Ours` of a rule for which `also` holds.
fn ours(difference: &Difference<'_>, rule: &str, also: fn(&Problem) -> bool) -> bool {
    matches!(difference, Ours(problem) if problem.rule == rule && also(problem))
}

fn number(problem: &Problem) -> Option<f64> {
    problem.value.parse().ok()
}

fn compared(problem: &Problem) -> bool {
    const COMPARED: [&str; 5] = ["gpu_temp_c", "memory_temp_c", "power_usage_w", "fb_used_mib", "fb_free_mib"];
    COMPARED.iter().any(|key| problem.field.ends_with(key))
}

const fn exception(
    name: &'static str,
    why: &'static str,
    facts: &'static str,
    covers: fn(&Difference<'_>) -> bool,
) -> Exception {
    Exception { name, why, facts, covers }
}

#[rustfmt::skip]
pub(crate) static EXCEPTIONS: &[Exception] = &[
    exception("power above 750 W within the board's limit", "newer boards draw more than the seed's flat ceiling",
        "dcgm.md 9, item 21", |d| matches!(d, Seeds("power_usage_w", false))),
    exception("power above twice the board's limit", "750 W on a small board is a broken reading",
        "dcgm.md 9, item 21", |d| ours(d, "power_limit", |_| true)),
    exception("a collector's report has no GPU and no metrics", "the seed knows one type of event; reports are additive",
        "dcgm.md 9, item 30", |d| matches!(d, Seeds(_, true))),
    exception("null is absent", "a value the GPU does not have; the seed's comparison raises TypeError",
        "performance.md 2, 'temp null'; dcgm.md 9, item 14", |d| matches!(d, Dies(raised, _) if raised.starts_with("TypeError") && raised.ends_with(" NoneType") && !raised.contains(" in "))),
    exception("a wrong type in a compared field", "the seed's comparison raises TypeError; gpuhm refuses the event and lives",
        "performance.md 2, 'dies on null, \"65\" or [65]'", |d| matches!(d, Dies(raised, false) if raised.starts_with("TypeError") && [" str", " list", " dict"].iter().any(|kind| raised.ends_with(kind)))),
    exception("no object where a block must be", "the seed calls .get on it: AttributeError",
        "performance.md 2, 'array in place of object'", |d| matches!(d, Dies(raised, false) if raised.starts_with("AttributeError"))),
    exception("an event that is null or a number", "the seed looks for keys in it: TypeError",
        "performance.md 2, 'dies on null'", |d| matches!(d, Dies(raised, false) if raised.contains(" in "))),
    exception("no GPU to warn about", "the seed's warning of DBEs reads event['gpu']['gpu_uuid'] unasked",
        "performance.md 2, '`gpu: null` with DBE > 0 also raises'", |d| matches!(d, Dies(raised, false) if raised.contains("gpu_uuid"))),
    exception("bytes that are no JSON", "the seed's deserializer raises in the consumer's loop, uncaught",
        "performance.md 2, 'raw control char, bad nesting, trailing data, BOM'", |d| matches!(d, Dies("JSONDecodeError" | "UnicodeDecodeError", false))),
    exception("nested beyond Python's stack", "RecursionError, uncaught; gpuhm counts depth",
        "performance.md 2, 'nesting 1 000'", |d| matches!(d, Dies("RecursionError", false))),
    exception("nested deeper than 32", "a bounded reader needs a bound; the seed's events need 4",
        "performance.md 2, 'sonic-rs aborts … do not use it without a depth pre-scan'", |d| ours(d, "depth", |_| true)),
    exception("NaN, infinities, lone surrogates", "Python reads and re-emits them; strict readers downstream choke",
        "performance.md 2, 'NaN, Infinity' and 'Pass-through hands skipped garbage downstream'", |d| ours(d, "syntax", |_| true)),
    exception("a number beyond a float", "Python makes it infinite",
        "performance.md 2, '1e999'", |d| ours(d, "number", |_| true)),
    exception("a key twice", "readers disagree on which counts (sonic: first, others: last)",
        "performance.md 2, 'duplicate key'", |d| ours(d, "duplicate_key", |_| true)),
    exception("true and false as numbers", "Python's True is 1",
        "performance.md 2, 'temp true'", |d| ours(d, "type", |p| matches!(p.value.as_str(), "true" | "false") && p.field.starts_with("metrics."))),
    exception("no whole number in a counter", "1.0 is one, 0.5 and 10^23 are none: decided explicitly",
        "performance.md 2, 'int field 1.0 / 1e3' and 'Integers'", |d| ours(d, "type", |p| number(p).is_some_and(f64::is_finite))),
    exception("a wrong type where the seed does not look", "aggregate and every reader behind it do look",
        "performance.md 2, 'distinguish missing, null and wrong type'", |d| ours(d, "type", |p| number(p).is_none() && !compared(p))),
    exception("a required field that is null or without its parts", "the seed asks for the key alone; a sample without a UUID belongs to nobody",
        "dcgm.md 9, item 19 (key on UUID)", |d| ours(d, "required", |p| !p.field.contains("xids"))),
    exception("an XID without a code, or none there is", "additive: the seed has no XIDs",
        "dcgm.md 9, item 15", |d| matches!(d, Ours(problem) if problem.field.starts_with("metrics.errors.xids"))),
    exception("a time that is none", "the seed never parses it; windows need it",
        "performance.md, head: 'Neither side parses the timestamp'", |d| ours(d, "timestamp", |_| true)),
    exception("the future, and before 1970", "a time far ahead would drop everything after it",
        "performance.md 4, 'bound the clock skew'", |d| ours(d, "clock_skew", |_| true)),
    exception("schema_version 2, unknown event types", "another schema's fields may mean something else",
        "dcgm.md 9, item 12 (a unit that changed under the same name)", |d| ours(d, "schema", |_| true)),
    exception("a UUID that is empty or not printable", "it becomes a key",
        "dcgm.md 9, item 19", |d| ours(d, "identity", |_| true)),
    exception("an interval outside 1 ms to 1 day", "additive: expected counts divide by it",
        "dcgm.md 9, item 23 (what is configured is a watch's own)", |d| ours(d, "interval", |_| true)),
    exception("a negative counter", "the seed warns of DBE > 0 and takes -1",
        "dcgm.md 9, item 20", |d| ours(d, "range", |p| p.field.contains("ecc_") && number(p).is_some_and(|value| value < 0.0))),
    exception("a blank of DCGM as a value", "9223372036854775794 means not supported",
        "dcgm.md 5 and 9, item 14", |d| ours(d, "range", |p| number(p).is_some_and(|value| value > 9_007_199_254_740_992.0))),
    exception("ranges of what the seed does not check", "every metric has a range in the table",
        "dcgm.md 9, item 12", |d| ours(d, "range", |p| !compared(p) && !p.field.contains("ecc_"))),
];
