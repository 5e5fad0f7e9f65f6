//! Exit codes and how a failure is said: `gpuhm: what: why`, then a hint where there is one.

use std::io::Write;
use std::process::ExitCode;

use gpuhm::bus::BusError;
use gpuhm::pipeline::{MORE_THREADS, PipelineError};
use gpuhm::source::SourceError;
use gpuhm::store::StoreError;
use gpuhm::view::escape::escaped;

/// The answer is bad news.
pub(crate) const BAD_NEWS: u8 = 1;
/// A person must change something; trying again is useless.
pub(crate) const CANNOT: u8 = 2;
/// A dependency could not be reached or was lost; trying again may help.
pub(crate) const UNREACHABLE: u8 = 3;

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Whether it is only that a stop came while it waited for a dependency.
    stopped: bool,
    code: u8,
    error: anyhow::Error,
    /// What a person wrote, and the character that is wrong.
    mark: Option<(String, usize)>,
    hint: Option<String>,
}

/// What a command returns.
pub(crate) type Outcome = Result<ExitCode, Failure>;

impl Failure {
    /// A failure that a person must mend.
    pub(crate) fn cannot(error: impl Into<anyhow::Error>) -> Failure {
        Failure { stopped: false, code: CANNOT, error: error.into(), mark: None, hint: None }
    }

    /// The same with other words for `code`.
    pub(crate) fn with_code(code: u8, error: impl Into<anyhow::Error>) -> Failure {
        Failure { stopped: false, code, error: error.into(), mark: None, hint: None }
    }

    /// Usage: the flag and what is wrong with it.
    pub(crate) fn usage(text: impl std::fmt::Display) -> Failure {
        Failure::cannot(anyhow::anyhow!("{text}"))
    }

    /// A thread that `what` needs and that cannot be started.
    pub(crate) fn threadless(what: &str, error: &std::io::Error) -> Failure {
        Failure::with_code(UNREACHABLE, anyhow::anyhow!("{what}: no thread for it: {error}")).hint(MORE_THREADS)
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// Shows what was written, with a caret under the character that is wrong.
    pub(crate) fn mark(mut self, text: &str, at: usize) -> Failure {
        self.mark = Some((text.to_owned(), at));
        self
    }

    /// It in one line, for a view that goes on.
    pub(crate) fn text(&self) -> String {
        escaped(&format!("{:#}", self.error)).into_owned()
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether it is only that a stop came while it waited for a dependency.
    pub(crate) fn is_stop(&self) -> bool {
        self.stopped
    }

    /// Says it on standard error and gives the code; a reader that went away is no failure.
    pub(crate) fn report(&self) -> ExitCode {
        let broken = self.error.chain().any(|cause| {
            cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        });
        if broken {
            return ExitCode::SUCCESS;
        }
        // Paths, flags and what a damaged file holds may carry characters that act on a terminal.
        let mut text = format!("gpuhm: {}\n", escaped(&format!("{:#}", self.error)));
        if let Some((written, at)) = &self.mark {
            let before: String = written.chars().take(*at).collect();
            let blank = " ".repeat(escaped(&before).chars().count());
            for part in ["  ", &escaped(written), "\n  ", &blank, "^\n"] {
                text.push_str(part);
            }
        }
        if let Some(hint) = &self.hint {
            text.push_str("hint: ");
            text.push_str(&escaped(hint));
            text.push('\n');
        }
        // Nobody can be told where standard error is closed.
        drop(std::io::stderr().lock().write_all(text.as_bytes()));
        ExitCode::from(self.code)
    }
}

impl From<BusError> for Failure {
    fn from(error: BusError) -> Failure {
        let (code, hint) = match &error {
            BusError::NoTopic(name)
                if gpuhm::bus::TOPICS.contains(&name.as_str()) || name == gpuhm::bus::kafka::STATES =>
            {
                (CANNOT, Some("`gpuhm migrate topics` with the same --bus makes it".to_owned()))
            }
            BusError::NoTopic(_) => (CANNOT, Some(format!("the topics are {}", gpuhm::bus::TOPICS.join(", ")))),
            BusError::Unusable { hint, .. } => (CANNOT, hint.clone()),
            BusError::TooLarge { .. } => (CANNOT, None),
            BusError::Failed { hint, .. } => (UNREACHABLE, hint.clone()),
            BusError::Fenced { .. } => (UNREACHABLE, None),
        };
        Failure { stopped: false, code, error: error.into(), mark: None, hint }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let (code, hint) = match &error {
            StoreError::Unusable { hint, .. } => (CANNOT, hint.clone()),
            StoreError::TooNew { needs, .. } => {
                (CANNOT, Some(format!("install gpuhm {needs} or later, or name another store with -d")))
            }
            StoreError::Failed { hint, .. } => (UNREACHABLE, hint.clone()),
            StoreError::Fenced { .. } => (UNREACHABLE, None),
        };
        Failure { stopped: false, code, error: error.into(), mark: None, hint }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        match &error {
            SourceError::Unreachable { hint, .. } => {
                let hint = hint.clone();
                Failure { hint, ..Failure::with_code(UNREACHABLE, error) }
            }
            SourceError::Usage(_) | SourceError::File { .. } => Failure::cannot(error),
        }
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Failure {
        match error {
            PipelineError::Bus(error) => error.into(),
            PipelineError::Store(error) => error.into(),
            PipelineError::Source(error) => error.into(),
            PipelineError::State { .. } => Failure::cannot(error).hint(
                "states are written by one version of gpuhm; start with an empty bus, or go back to that version",
            ),
            PipelineError::Busy { .. } => {
                Failure::with_code(UNREACHABLE, error).hint("stop the other members, or let them do the work")
            }
            PipelineError::Sink { .. } => Failure::cannot(error),
            PipelineError::Undelivered { .. } => Failure::with_code(UNREACHABLE, error)
                .hint("the next collect with this spool sends them first; is the broker running?"),
            PipelineError::Threadless { .. } => Failure::with_code(UNREACHABLE, error).hint(MORE_THREADS),
            PipelineError::Stopped(_) => Failure { stopped: true, ..Failure::with_code(UNREACHABLE, error) },
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::cannot(error)
    }
}
