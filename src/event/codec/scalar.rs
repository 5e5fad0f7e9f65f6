//! Reading single values and walking over unknown ones, with an eye on depth and duplicate keys.
//!
//! Every value of an event goes through one of the seeds here, so that nothing is skipped unseen.

use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{MAX_DEPTH, MAX_PROBLEMS, Problem, problem};

/// What the seeds share while one event is read.
pub(super) struct Context<'p> {
    pub(super) problems: &'p mut Vec<Problem>,
    /// Hashes of the unknown keys of the objects that are open, innermost last.
    pub(super) hashes: &'p mut Vec<u64>,
    pub(super) depth: u8,
    /// Set when reading was given up because of depth.
    pub(super) deep: bool,
}

impl Context<'_> {
    pub(super) fn enter<E: Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.deep = true;
            return Err(E::custom("nested too deeply"));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn report(&mut self, rule: &'static str, block: &str, key: &str, value: &str, message: &str) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem(rule, block, key, value, message));
        }
    }

    /// Notes an unknown key of the innermost object.
    pub(super) fn note(&mut self, key: &str) {
        // A fixed seed keeps verdicts repeatable; a forged collision could only get the forger's own event refused.
        self.hashes.push(foldhash::fast::FixedState::with_seed(0).hash_one(key));
    }

    /// Ends the innermost object, whose unknown keys stand from `mark` on.
    pub(super) fn close(&mut self, mark: usize, block: &str) {
        let keys = self.hashes.get_mut(mark..).unwrap_or_default();
        keys.sort_unstable();
        if keys.array_windows::<2>().any(|[a, b]| a == b) {
            self.report("duplicate_key", block, "*", "", "a key stands twice in one object");
        }
        self.hashes.truncate(mark);
    }
}

/// A value, as far as a field that wants a single value needs to know.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'de> {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(Cow<'de, str>),
    /// An object or array; it was walked over.
    Composite,
}

impl Scalar<'_> {
    /// The value in short, for a complaint.
    pub(super) fn show(&self) -> String {
        match self {
            Scalar::Null => "null".to_owned(),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(value) => value.to_string(),
            Scalar::Real(value) => value.to_string(),
            Scalar::Text(text) => format!("{text:?}"),
            Scalar::Composite => "an object or array".to_owned(),
        }
    }
}

/// An integer beyond `i64`, which is no whole value of any field.
#[expect(clippy::cast_precision_loss, reason = "only its size matters")]
pub(super) fn large(value: u64) -> f64 {
    value as f64
}

/// Reads any value; objects and arrays are walked over.
pub(super) struct Any<'c, 'p>(pub(super) &'c mut Context<'p>);

impl<'de> DeserializeSeed<'de> for Any<'_, '_> {
    type Value = Scalar<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_, '_> {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(i64::try_from(value).map_or_else(|_| Scalar::Real(large(value)), Scalar::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Real(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        self.0.enter()?;
        while seq.next_element_seed(Any(self.0))?.is_some() {}
        self.0.leave();
        Ok(Scalar::Composite)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        self.0.enter()?;
        let mark = self.0.hashes.len();
        while let Some(key) = map.next_key_seed(Key)? {
            self.0.note(&key);
            map.next_value_seed(Any(self.0))?;
        }
        self.0.close(mark, "");
        self.0.leave();
        Ok(Scalar::Composite)
    }
}

/// Reads a key, borrowed where it has no escapes.
pub(super) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

/// An object whose keys gpuhm knows, at least in part.
pub(super) trait Known<'de> {
    /// Its path, for complaints.
    fn path(&self) -> &'static str;

    /// The number (below 64) of a key, where it is known.
    fn known(&mut self, key: &str) -> Option<u32>;

    /// Reads the value of known key `number`.
    fn field<A: MapAccess<'de>>(&mut self, number: u32, map: &mut A, context: &mut Context<'_>)
    -> Result<(), A::Error>;
}

/// Reads an object into a [`Known`]; says whether it was one. Unknown keys are walked over.
pub(super) struct Object<'c, 'p, K> {
    pub(super) context: &'c mut Context<'p>,
    pub(super) into: &'c mut K,
}

impl<'de, K: Known<'de>> DeserializeSeed<'de> for Object<'_, '_, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<K> Object<'_, '_, K> {
    fn wrong<'de>(self, found: &str)
    where
        K: Known<'de>,
    {
        let path = self.into.path();
        let shown = if path.is_empty() { "the event" } else { path };
        self.context.report("type", "", shown, found, "must be an object");
    }
}

impl<'de, K: Known<'de>> Visitor<'de> for Object<'_, '_, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.wrong("null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.wrong(&value.to_string());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.wrong(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.wrong(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.wrong(&value.to_string());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.wrong(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.context.enter()?;
        while seq.next_element_seed(Any(self.context))?.is_some() {}
        self.context.leave();
        self.wrong("an array");
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Object { context, into } = self;
        context.enter()?;
        let mark = context.hashes.len();
        let mut seen = 0u64;
        while let Some(key) = map.next_key_seed(Key)? {
            let Some(number) = into.known(&key) else {
                context.note(&key);
                map.next_value_seed(Any(context))?;
                continue;
            };
            if seen & (1 << number) != 0 {
                context.report("duplicate_key", into.path(), &key, "", "stands twice");
            }
            seen |= 1 << number;
            into.field(number, &mut map, context)?;
        }
        context.close(mark, into.path());
        context.leave();
        Ok(())
    }
}
