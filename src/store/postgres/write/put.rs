//! Putting rows into one table: straight in, else over what is there; and what the server refuses, taken out of the rest.
//!
//! A try is made under a savepoint. A key that is there already turns a copy into an upsert; a row that the server cannot
//! hold is found by halves, so that the others go in. Knows rows only by their values and names.

use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio_postgres::error::{DbError, SqlState};

use super::super::fault::Fault;
use super::super::link::Work;
use super::cells::{Arrays, Lines};
use super::row::Row;
use super::sql::Into;
use crate::event::Time;
use crate::store::Refused;

/// Bytes of a message of a copy: the server reads one while the next is made.
const MESSAGE: usize = 128 << 10;
/// Refused rows that are named.
const EXAMPLES: usize = 3;

const BEGIN: &str = "SAVEPOINT gpuhm_rows";
const KEEP: &str = "RELEASE SAVEPOINT gpuhm_rows";
const BACK: &str = "ROLLBACK TO SAVEPOINT gpuhm_rows; RELEASE SAVEPOINT gpuhm_rows";

/// How rows are tried first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// As if no key were there.
    Straight,
    /// As if keys were there.
    Over,
}

/// A transaction that puts rows in.
pub(super) struct Putting<'w, 's> {
    pub(super) work: &'w mut Work<'s>,
    /// When the rows are written.
    pub(super) now: Time,
    /// What could not be.
    pub(super) refused: Refused,
    /// Whether a row for which there is no partition is refused like any other; else it ends the transaction.
    pub(super) homeless: bool,
}

/// What became of rows.
#[derive(Debug)]
pub(super) struct Put<'r, T> {
    /// Rows that are new or changed.
    pub(super) count: u64,
    /// Rows that the server refused.
    pub(super) refused: Vec<&'r T>,
    /// Whether keys were there where none was thought to be.
    pub(super) met: bool,
}

/// What a failed try means.
enum Why {
    /// A key is there.
    Met,
    /// A row cannot be held.
    Refused(String),
    /// Anything else.
    Other,
}

impl Putting<'_, '_> {
    /// Puts rows in, each key once among them.
    pub(super) async fn put<'r, T: Row>(&mut self, into: &Into, rows: &[&'r T], how: How) -> Result<Put<'r, T>, Fault> {
        let mut put = Put { count: 0, refused: Vec::new(), met: false };
        let mut how = how;
        let mut left = vec![rows];
        while let Some(rows) = left.pop() {
            if rows.is_empty() {
                continue;
            }
            self.work.batch(BEGIN).await?;
            let tried = match how {
                How::Straight => self.copy(into, rows).await,
                How::Over => self.upsert(into, rows).await,
            };
            let fault = match tried {
                Ok(count) => {
                    self.work.batch(KEEP).await?;
                    put.count += count;
                    continue;
                }
                Err(fault) => fault,
            };
            match why(&fault, how, self.homeless) {
                Why::Met => {
                    (how, put.met) = (How::Over, true);
                    left.push(rows);
                }
                Why::Refused(words) => match rows {
                    [row] => {
                        put.refused.push(*row);
                        self.refused.add(EXAMPLES, || format!("{}: {words}", row.called()));
                    }
                    _ => {
                        let (first, second) = rows.split_at(rows.len() / 2);
                        left.extend([second, first]);
                    }
                },
                Why::Other => return Err(fault),
            }
            self.work.batch(BACK).await?;
        }
        Ok(put)
    }

    /// Puts rows in by arrays; returns how many are new or changed.
    async fn upsert<T: Row>(&mut self, into: &Into, rows: &[&T]) -> Result<u64, Fault> {
        let mut arrays = Arrays::new(into.table.columns.iter().map(|column| column.holds));
        for row in rows {
            arrays.begin();
            row.cells(self.now, &mut arrays);
        }
        self.work.execute(&into.upsert, &arrays.values()).await
    }

    /// Copies rows in.
    async fn copy<T: Row>(&mut self, into: &Into, rows: &[&T]) -> Result<u64, Fault> {
        let statement = self.work.prepared(&into.copy).await?;
        let mut sink = pin!(self.work.transaction().copy_in::<_, Bytes>(&statement).await?);
        let mut lines = Lines::new(into.table.columns.len(), MESSAGE + MESSAGE / 4);
        for row in rows {
            lines.begin();
            row.cells(self.now, &mut lines);
            if lines.len() >= MESSAGE {
                sink.send(lines.take()).await?;
            }
        }
        lines.end();
        sink.send(lines.take()).await?;
        Ok(sink.finish().await?)
    }
}

fn why(fault: &Fault, how: How, homeless: bool) -> Why {
    let Some(said) = said(fault) else { return Why::Other };
    let code = said.code();
    if *code == SqlState::UNIQUE_VIOLATION && how == How::Straight {
        return Why::Met;
    }
    if !homeless && is_homeless(said) {
        return Why::Other;
    }
    // Data exceptions; constraints; rows or index entries too large for a page.
    let refused = code.code().starts_with("22") || code.code().starts_with("23");
    if refused || *code == SqlState::PROGRAM_LIMIT_EXCEEDED {
        return Why::Refused(format!("{} ({})", said.message(), code.code()));
    }
    Why::Other
}

/// What the server said.
fn said(fault: &Fault) -> Option<&DbError> {
    match fault {
        Fault::Sql(error) => error.as_db_error(),
        _ => None,
    }
}

/// Whether a row's partition is missing: retention took it, or nobody has made it.
pub(super) fn no_partition(fault: &Fault) -> bool {
    said(fault).is_some_and(is_homeless)
}

fn is_homeless(said: &DbError) -> bool {
    *said.code() == SqlState::CHECK_VIOLATION && said.constraint().is_none()
}
