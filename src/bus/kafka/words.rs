//! What goes wrong with Kafka, in words: what was tried, on what, why, and what to do about it.
//!
//! librdkafka tells reasons to a callback only, its calls return little more than that something failed. So every client
//! notes what it hears, and an error that is handed up is told with the newest reasons. What is only heard, because no
//! call fails, is said here: once, then once a minute, and when it is over.

mod acl;
mod answer;
mod connection;
mod denied;
mod fault;
mod heard;
mod loss;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use self::denied::Denied;
use self::fault::{Answer, AnswerRow, Person};
use self::heard::{Heard, Why, clean};
use self::loss::Loss;
use crate::bus::BusError;

/// What the clients of one bus heard. Cheap to share.
#[derive(Debug, Clone)]
pub(super) struct Words {
    brokers: Arc<str>,
    /// Who logs in, and by which mechanism.
    login: Option<Arc<(String, String)>>,
    /// What stands before names on the cluster.
    prefix: Arc<str>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    /// Nothing is wrong that was not yet forgotten, and the cluster was met: so that saying well costs nothing.
    calm: AtomicBool,
    heard: Mutex<(Heard, Loss)>,
    denied: Mutex<Denied>,
}

impl Words {
    /// Nothing heard yet.
    pub(super) fn new(brokers: &str) -> Words {
        let state = State { calm: AtomicBool::new(false), heard: Mutex::default(), denied: Mutex::default() };
        Words { brokers: brokers.into(), login: None, prefix: "".into(), state: Arc::new(state) }
    }

    /// With who logs in, and by which mechanism, to be named where a login fails.
    pub(super) fn with_login(mut self, user: &str, mechanism: &str) -> Words {
        self.login = Some(Arc::new((user.to_owned(), mechanism.to_owned())));
        self
    }

    /// With what stands before names on the cluster: what a hint tells to allow is named in full.
    pub(super) fn with_prefix(mut self, prefix: &str) -> Words {
        self.prefix = prefix.into();
        self
    }

    /// The bootstrap servers, as librdkafka takes them.
    pub(super) fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Notes what a client's error callback was told.
    pub(super) fn hear(&self, error: &KafkaError, reason: &str) {
        // That a partition has ended comes the same way, and is nothing wrong.
        if error.rdkafka_error_code() == Some(Code::PartitionEOF) {
            return;
        }
        tracing::debug!("kafka: {}: {}", clean(&error.to_string()), clean(reason));
        self.note(error.rdkafka_error_code() == Some(Code::AllBrokersDown), reason);
    }

    /// Notes what librdkafka logs: that a broker hung up is told there only, and how; and which topic is not for us.
    pub(super) fn log(&self, facility: &str, message: &str) {
        match facility {
            "FAIL" => self.note(false, message),
            "ADDPARTS" => self.denied().hear(message, monotonic()),
            _ => {}
        }
    }

    fn note(&self, all_down: bool, reason: &str) {
        let now = monotonic();
        let due = {
            let mut state = self.lock();
            let (heard, loss) = &mut *state;
            let known = !all_down && heard.hear(reason, now);
            if known || all_down {
                self.state.calm.store(false, Ordering::Release);
            }
            if all_down { loss.down(now).map(|lasted| (lasted, heard.why(&self.login()))) } else { None }
        };
        if let Some((lasted, why)) = due {
            let (words, hint) = why.map_or_else(
                || ("no broker answers".to_owned(), String::new()),
                |why| (why.words, format!("; {}", why.hint)),
            );
            tracing::warn!("bus {}: lost for {} s: {words}; still trying{hint}", self.place(), lasted.as_secs());
        }
    }

    /// The cluster answered: what was heard before is over.
    pub(super) fn well(&self) {
        if self.state.calm.load(Ordering::Acquire) {
            return;
        }
        let lasted = {
            let mut state = self.lock();
            let (heard, loss) = &mut *state;
            heard.forget();
            self.state.calm.store(true, Ordering::Release);
            loss.well(monotonic())
        };
        if let Some(lasted) = lasted {
            tracing::info!("bus {}: back after {} s", self.place(), lasted.as_secs());
        }
    }

    /// An error for what failed now and may pass, or must be mended, as its kind says. `subject` is the topic, group or
    /// transactional id that it was about; empty where there is none.
    pub(super) fn error(&self, what: &'static str, subject: &str, error: &KafkaError) -> BusError {
        let subject = clean(subject);
        let code = match error {
            KafkaError::AdminOp(code) => Some(*code),
            KafkaError::ClientConfig(_, why, ..)
            | KafkaError::ClientCreation(why)
            | KafkaError::AdminOpCreation(why) => return self.unusable(clean(why), bad_file(why)),
            // Of a question that was answered, but for a part of it.
            KafkaError::NoMessageReceived => Some(Code::OperationTimedOut),
            error => error.rdkafka_error_code(),
        };
        if matches!(code, Some(Code::PurgeQueue | Code::PurgeInflight))
            && let Some(topic) = self.denied().topic(monotonic()).map(str::to_owned)
        {
            return self.error("publish to", &topic, &KafkaError::MessageProduction(Code::TopicAuthorizationFailed));
        }
        let row = code.and_then(answer::row);
        let why = match row {
            Some(AnswerRow { answer: Answer::NoTopic, .. }) if !subject.is_empty() => {
                return BusError::NoTopic(subject);
            }
            Some(row) if row.answer == Answer::Veiled => self.why().unwrap_or_else(|| self.said(row, what, &subject)),
            Some(row) => self.said(row, what, &subject),
            None => {
                let words = clean(&code.map_or_else(|| error.to_string(), plain));
                Why { words, hint: String::new(), person: Person::Never }
            }
        };
        match self.told(what, why) {
            BusError::Failed { place, what, why, hint } if !subject.is_empty() && !why.contains(&subject) => {
                BusError::Failed { place, what, why: format!("{subject}: {why}"), hint }
            }
            told => told,
        }
    }

    /// The error for a first contact that failed after `waited`.
    pub(super) fn unreached(&self, waited: Duration) -> BusError {
        let why = self.why().unwrap_or_else(|| Why {
            words: "no answer".to_owned(),
            hint: "check --bus; a firewall that drops packets looks like this, and a broker that hangs".to_owned(),
            person: Person::Never,
        });
        let waited = if waited < Duration::from_secs(1) {
            format!("{} ms", waited.as_millis())
        } else {
            format!("{} s", waited.as_secs())
        };
        match self.told("cannot reach Kafka", why) {
            BusError::Failed { place, what, why, hint } => {
                BusError::Failed { place, what, why: format!("{why} (waited {waited})"), hint }
            }
            // What a person must change is not a matter of waiting.
            other => other,
        }
    }

    /// Whether a broker refuses what only a person can change, and does not only stumble.
    pub(super) fn refused(&self) -> bool {
        self.lock().0.refused(monotonic())
    }

    /// Whether the cluster was met and no broker of it is there now.
    pub(super) fn lost(&self) -> bool {
        !self.state.calm.load(Ordering::Acquire) && self.lock().1.lost()
    }

    /// An error that only a person can mend.
    pub(super) fn unusable(&self, why: String, hint: Option<String>) -> BusError {
        BusError::Unusable { place: self.place(), why, hint }
    }

    /// An error that may pass.
    pub(super) fn failed(&self, what: &'static str, why: String) -> BusError {
        self.lock().1.told(monotonic());
        BusError::Failed { place: self.place(), what, why, hint: None }
    }

    /// A reason as the error that is handed up.
    fn told(&self, what: &'static str, why: Why) -> BusError {
        let now = monotonic();
        let (met, young) = {
            let loss = &mut self.lock().1;
            loss.told(now);
            (loss.met(), loss.young(now))
        };
        let final_ = match why.person {
            Person::Always => true,
            Person::AtStart => young,
            Person::AtContact => !met,
            Person::Never => false,
        };
        let hint = (!why.hint.is_empty()).then_some(why.hint);
        if final_ {
            return self.unusable(why.words, hint);
        }
        BusError::Failed { place: self.place(), what, why: why.words, hint }
    }

    /// What was heard, in words.
    fn why(&self) -> Option<Why> {
        let login = self.login();
        self.lock().0.why(&login)
    }

    /// A row about a subject.
    fn said(&self, row: &AnswerRow, what: &str, subject: &str) -> Why {
        if let Answer::Denied(about) = row.answer {
            // What was not allowed may be another thing than what was asked about.
            let named = acl::names(what) == Some(about) && !subject.is_empty();
            let resource = match subject.strip_prefix(&*self.prefix).unwrap_or(subject) {
                name if named => &format!("{}{name}", self.prefix),
                _ => acl::placeholder(about),
            };
            let user = self.login.as_deref().map(|(user, _)| user.as_str());
            let words = row.words.replace("{subject}", resource).replace("{act}", acl::verb(about, what));
            let words = if named || subject.is_empty() { words } else { format!("{words} ({what} {subject})") };
            return Why { words, hint: acl::hint(about, what, resource, &self.place(), user), person: row.person };
        }
        let named = if subject.is_empty() { "it" } else { subject };
        let words = row.words.replace("{subject}", named);
        let of_subject = row.answer == Answer::Said && row.person == Person::Always && !row.words.contains("{subject}");
        let words = if of_subject && !subject.is_empty() { format!("{subject}: {words}") } else { words };
        Why { words, hint: row.hint.to_owned(), person: row.person }
    }

    fn login(&self) -> String {
        self.login.as_deref().map(|(user, by)| format!(" for user {user} (mechanism {by})")).unwrap_or_default()
    }

    fn place(&self) -> String {
        self.brokers.to_string()
    }

    fn denied(&self) -> MutexGuard<'_, Denied> {
        self.state.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, (Heard, Loss)> {
        self.state.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// librdkafka's own words for a code, without the code's name.
fn plain(code: Code) -> String {
    let text = code.to_string();
    let inner = text.split_once(" (").and_then(|(_, rest)| rest.strip_suffix(')'));
    let inner = inner.map_or(text.as_str(), |text| text.trim_start_matches("Broker: ").trim_start_matches("Local: "));
    inner.to_owned()
}

/// What to do where a client cannot be made since a file of its settings is no good: `ssl.ca.location failed: …`.
fn bad_file(why: &str) -> Option<String> {
    let (key, _) = why.split_once(" failed: ")?;
    key.starts_with("ssl.").then(|| format!("the file that {} names must exist, be readable, and be PEM", clean(key)))
}

/// How long a cluster has been lost is told by callbacks, to which nobody can give an instant.
#[expect(clippy::disallowed_methods, reason = "callbacks come from librdkafka's threads, with no instant in them")]
pub(super) fn monotonic() -> Instant {
    Instant::now()
}

#[cfg(test)]
impl Words {
    /// What a line about a lost cluster would say now, where the cluster counts as lost.
    pub(super) fn told_lost(&self) -> Option<String> {
        let lost = self.lock().1.lost();
        lost.then(|| self.why().map(|why| why.words).unwrap_or_default())
    }
}
