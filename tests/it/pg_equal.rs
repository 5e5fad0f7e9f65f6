//! One recording through the embedded store and through one on a server: equal rows in every table, and equal answers.
mod rows;
