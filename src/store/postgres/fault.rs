//! What went wrong with a job on the server, and whether a person must act or another try may help. Knows no table.

use crate::store::StoreError;

/// What ends a job.
#[derive(Debug)]
pub(in crate::store) enum Fault {
    /// The server's or the connection's.
    Sql(tokio_postgres::Error),
    /// No answer in time; the connection is given up.
    Late,
    /// A row holds what no gpuhm wrote.
    Unreadable(String),
    /// What a person wrote is nothing that the server can hold.
    Unheld(String),
    /// What the caller is told as it stands.
    Told(StoreError),
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

impl Fault {
    /// Whether the connection is of no more use.
    pub(in crate::store) fn is_lost(&self) -> bool {
        match self {
            Fault::Sql(error) => error.is_closed() || error.as_db_error().is_none(),
            Fault::Late => true,
            Fault::Unreadable(_) | Fault::Unheld(_) | Fault::Told(_) => false,
        }
    }

    /// The error of the operation `what` on the store at `place`.
    pub(in crate::store) fn told(self, place: &str, what: &'static str) -> StoreError {
        let failed = |why: String| StoreError::Failed { place: place.to_owned(), what, why };
        match self {
            Fault::Told(error) => error,
            Fault::Sql(error) => match error.as_db_error() {
                Some(said) => failed(format!("{} ({})", said.message(), said.code().code())),
                None => failed(error.to_string()),
            },
            Fault::Late => failed("no answer in time".to_owned()),
            Fault::Unheld(why) => StoreError::Unusable { place: place.to_owned(), why: format!("{what}: {why}") },
            Fault::Unreadable(why) => {
                StoreError::Unusable { place: place.to_owned(), why: format!("{what}: a row does not read: {why}") }
            }
        }
    }
}
