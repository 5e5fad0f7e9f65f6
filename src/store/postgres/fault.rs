//! What went wrong with a job on the server, and whether a person must act or another try may help. Knows no table.

mod way;
mod words;

use tokio_postgres::error::Severity;

use crate::store::StoreError;
pub(in crate::store) use way::{NOT_POSTGRES, POOLED, way};

/// What ends a job.
#[derive(Debug)]
pub(in crate::store) enum Fault {
    /// The server's or the connection's.
    Sql(tokio_postgres::Error),
    /// No answer in time; the connection is given up.
    Late,
    /// The connection was lost with an unanswered commit, and the server took it back or cannot tell any more.
    Undone,
    /// A row holds what no gpuhm wrote.
    Unreadable(String),
    /// In these words.
    Said(Said),
    /// What a person wrote is nothing that the server can hold.
    Unheld(String),
    /// What the caller is told as it stands.
    Told(StoreError),
}

/// What is told of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Said {
    /// Whether a person must act.
    pub(in crate::store) grave: bool,
    pub(in crate::store) why: String,
    pub(in crate::store) hint: Option<String>,
}

impl Said {
    /// What a person must mend.
    pub(in crate::store) fn grave(why: impl Into<String>, hint: impl Into<String>) -> Said {
        Said { grave: true, why: why.into(), hint: Some(hint.into()) }
    }

    /// What may pass.
    pub(in crate::store) fn passing(why: impl Into<String>, hint: impl Into<String>) -> Said {
        Said { grave: false, why: why.into(), hint: Some(hint.into()) }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Fault {
        Fault::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::Told(error)
    }
}

impl From<Said> for Fault {
    fn from(said: Said) -> Fault {
        Fault::Said(said)
    }
}

/// A transaction that had to make way for another.
const MADE_WAY: [&str; 2] = ["40P01", "40001"];
/// A server that does not take writes any more: another does.
const READ_ONLY: &str = "25006";

impl Fault {
    /// The server's code for it.
    pub(in crate::store) fn code(&self) -> Option<&str> {
        match self {
            Fault::Sql(error) => error.code().map(tokio_postgres::error::SqlState::code),
            _ => None,
        }
    }

    /// Whether the connection is of no more use.
    pub(in crate::store) fn is_lost(&self) -> bool {
        match self {
            Fault::Sql(error) => match error.as_db_error() {
                Some(said) => {
                    let last = matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
                    last || said.code().code() == READ_ONLY || words::stale(said)
                }
                None => error.is_closed() || of_the_way(error),
            },
            Fault::Late => true,
            Fault::Undone | Fault::Unreadable(_) | Fault::Unheld(_) | Fault::Said(_) | Fault::Told(_) => false,
        }
    }

    /// Whether it may be otherwise in a moment, and nobody has to act.
    pub(in crate::store) fn may_pass(&self) -> bool {
        match self {
            Fault::Sql(error) => !words::said(error).grave,
            Fault::Late | Fault::Undone => true,
            Fault::Said(said) => !said.grave,
            Fault::Unreadable(_) | Fault::Unheld(_) | Fault::Told(_) => false,
        }
    }

    /// Whether the server undid the job for another's sake, and it may be done again at once.
    pub(in crate::store) fn made_way(&self) -> bool {
        matches!(self, Fault::Undone) || self.code().is_some_and(|code| MADE_WAY.contains(&code))
    }

    /// It in words; the caller's own error where it is one.
    pub(in crate::store) fn said(self) -> Result<Said, StoreError> {
        Ok(match self {
            Fault::Told(error) => return Err(error),
            Fault::Said(said) => said,
            Fault::Sql(error) => words::said(&error),
            Fault::Late => Said::passing(
                "no answer in time",
                "look at the server's load, and who waits for whom: pg_stat_activity",
            ),
            Fault::Undone => {
                Said::passing("the connection was lost, and the server took the work back", "its log says why")
            }
            Fault::Unheld(why) => Said { grave: true, why, hint: None },
            Fault::Unreadable(why) => Said { grave: true, why: format!("a row does not read: {why}"), hint: None },
        })
    }

    /// The error of the operation `what` on the store at `place`.
    pub(in crate::store) fn told(self, place: &str, what: &'static str) -> StoreError {
        let place = place.to_owned();
        match self.said() {
            Err(error) => error,
            Ok(Said { grave: true, why, hint }) => StoreError::Unusable { place, why: format!("{what}: {why}"), hint },
            Ok(Said { why, hint, .. }) => StoreError::Failed { place, what, why, hint },
        }
    }
}

/// Whether it is the connection's: an error of a value or a column is not.
fn of_the_way(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.is::<std::io::Error>() {
            return true;
        }
        cause = inner.source();
    }
    // The driver does not say what kind it is but in words.
    error.to_string().contains("unexpected message from server")
}
