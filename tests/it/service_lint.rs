//! A strict reader of pages of metrics: it takes what the formats allow and our names promise, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

/// A sample's name with its labels as written, and its value.
pub(crate) type Samples = BTreeMap<String, f64>;

struct Family {
    name: String,
    kind: String,
    /// Of histograms: buckets by the labels other than `le`, in their order, and the counts.
    buckets: BTreeMap<String, Vec<(f64, f64)>>,
    counts: BTreeMap<String, f64>,
}

fn is_name(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Splits `name{labels} value`; labels in order, unescaped.
fn sample(line: &str) -> (String, Vec<(String, String)>, f64) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no sample: {line}"));
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
            assert!(is_name(label), "{label:?} in {line}");
            let (mut text, mut chars) = (String::new(), value.char_indices());
            let after = loop {
                match chars.next().unwrap_or_else(|| panic!("open quote: {line}")) {
                    (at, '"') => break at + 1,
                    (_, '\\') => match chars.next().map(|(_, c)| c) {
                        Some('n') => text.push('\n'),
                        Some(c @ ('\\' | '"')) => text.push(c),
                        other => panic!("escape {other:?} in {line}"),
                    },
                    (_, c) => text.push(c),
                }
            };
            assert!(!labels.iter().any(|(before, _)| before == label), "{label} twice in {line}");
            labels.push((label.to_owned(), text));
            rest = &value[after..];
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').unwrap_or_else(|| panic!("open brace: {line}"));
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("no value: {line}"));
    assert!(is_name(name), "{line}");
    (name.to_owned(), labels, value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
}

/// Reads a page; panics where it breaks a rule.
pub(crate) fn lint(page: &str, open: bool) -> Samples {
    assert!(page.ends_with('\n'), "the last line has no end");
    assert_eq!(page.ends_with("# EOF\n"), open);
    assert_eq!(page.matches("# EOF").count(), usize::from(open));
    let (mut samples, mut families) = (Samples::new(), BTreeSet::new());
    let (mut helped, mut family): (Option<String>, Option<Family>) = (None, None);
    for line in page.lines().filter(|line| *line != "# EOF") {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            close(family.take());
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(is_name(name) && !help.is_empty(), "{line}");
            assert!(families.insert(name.to_owned()), "{name} stands twice");
            assert!(helped.replace(name.to_owned()).is_none(), "no type before {line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(helped.take().as_deref(), Some(name), "{line}");
            kinds(name, kind, open);
            let (buckets, counts) = (BTreeMap::new(), BTreeMap::new());
            family = Some(Family { name: name.to_owned(), kind: kind.to_owned(), buckets, counts });
        } else {
            assert!(!line.starts_with('#') && helped.is_none(), "{line}");
            let family = family.as_mut().unwrap_or_else(|| panic!("no family: {line}"));
            let (name, labels, value) = sample(line);
            belongs(family, &name, &labels, value, open);
            let own = name.starts_with("gpuhm_") && !name.starts_with("gpuhm_gpu_");
            assert!(!own || !labels.iter().any(|(label, _)| label == "UUID"), "a label for every GPU: {line}");
            let key = line.rsplit_once(' ').unwrap().0.to_owned();
            assert!(samples.insert(key, value).is_none(), "twice: {line}");
        }
    }
    close(family);
    samples
}

/// What a family of this name and type must be called.
fn kinds(name: &str, kind: &str, open: bool) {
    let own = name.starts_with("gpuhm_");
    assert!(own || name.starts_with("DCGM_FI_"), "{name}");
    match (kind, open) {
        ("counter", true) => assert!(!name.ends_with("_total"), "{name}"),
        ("counter", false) => assert!(name.ends_with("_total"), "{name}"),
        ("histogram", _) => assert!(name.ends_with("_seconds"), "{name}"),
        ("gauge", _) => assert!(!own || !name.ends_with("_total"), "{name}"),
        ("info", true) => assert!(!name.ends_with("_info"), "{name}"),
        ("unknown", true) | ("untyped", false) => assert!(!own, "{name}"),
        _ => panic!("{name} is a {kind}"),
    }
    for reserved in ["_count", "_sum", "_bucket", "_created", "_ms", "_pct"] {
        assert!(!own || !name.ends_with(reserved), "{name}");
    }
}

/// Whether a sample may stand in a family.
fn belongs(family: &mut Family, name: &str, labels: &[(String, String)], value: f64, open: bool) {
    let suffix = name.strip_prefix(family.name.as_str()).unwrap_or_else(|| panic!("{name} in {}", family.name));
    let others: Vec<String> =
        labels.iter().filter(|(label, _)| label != "le").map(|(label, text)| format!("{label}={text}")).collect();
    let others = others.join(",");
    match (family.kind.as_str(), open) {
        ("counter", true) => assert!(suffix == "_total" && value >= 0.0, "{name}"),
        ("counter", false) => assert!(suffix.is_empty() && value >= 0.0, "{name}"),
        ("info", _) => assert!(suffix == "_info" && value.to_bits() == 1.0_f64.to_bits(), "{name}"),
        ("histogram", _) => match suffix {
            "_bucket" => {
                let bound = &labels.iter().find(|(label, _)| label == "le").expect("le").1;
                let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
                family.buckets.entry(others).or_default().push((bound, value));
            }
            "_count" => drop(family.counts.insert(others, value)),
            _ => assert_eq!(suffix, "_sum", "{name}"),
        },
        _ => assert_eq!(suffix, "", "{name}"),
    }
}

fn close(family: Option<Family>) {
    let Some(family) = family else { return };
    assert_eq!(family.buckets.len(), family.counts.len(), "{}", family.name);
    for (labels, buckets) in family.buckets {
        let rising = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        assert!(rising, "{} {labels}: {buckets:?}", family.name);
        let last = buckets.last().expect("buckets");
        assert!(
            last.0.is_infinite() && last.1.to_bits() == family.counts[&labels].to_bits(),
            "{} {labels}",
            family.name
        );
    }
}

#[test]
fn what_breaks_a_rule_is_seen() {
    let good = "# HELP gpuhm_a_total x\n# TYPE gpuhm_a_total counter\ngpuhm_a_total{b=\"c\\\"\\n\"} 1\n";
    assert_eq!(lint(good, false).len(), 1);
    let bad = [
        good.replace("# HELP gpuhm_a_total x\n", ""),
        good.replace(" counter", " gauge"),
        format!("{good}gpuhm_a_total{{b=\"c\\\"\\n\"}} 2\n"),
        format!("{good}{good}"),
        good.replace("\\n", "\\q"),
        good.replace("} 1", "} one"),
        good.replace("} 1", "} -1"),
        format!("{good}# EOF\n"),
        good.replace("gpuhm_a_total{", "gpuhm_b_total{"),
        good.replace("b=", "UUID="),
    ];
    for page in bad {
        assert!(std::panic::catch_unwind(|| lint(&page, false)).is_err(), "{page}");
    }
}
