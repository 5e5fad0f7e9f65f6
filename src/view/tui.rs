//! The live view: a model, what changes it, and how it looks. All of it pure, so that tests and pictures need no terminal.
//!
//! `update` takes a message (a key, data, a tick) and says what is to be done outside; `render` draws what the model
//! holds and works nothing out: whatever depends on the whole fleet (counts, order, the map) is made when data or a key
//! arrives, so that a frame costs what is on screen. Only `terminal` touches one. None of it knows a store or a clock.

mod act;
mod alerts;
mod canvas;
mod choices;
mod chosen;
mod derive;
mod dialog;
mod fleet;
mod format;
mod gpus;
mod heat;
mod help;
pub mod keys;
mod layout;
mod listing;
mod message;
mod model;
mod motion;
mod mouse;
mod natural;
mod now;
mod one;
mod picture;
mod pipeline;
mod plan;
mod render;
mod rows;
mod sort;
mod subject;
mod sums;
pub mod terminal;
mod theme;
mod update;

pub use message::{Effect, Msg, Pipeline, Progress, Read, Settings, Stage};
pub use model::{Model, View, Zoom};
pub use picture::{picture, svg, text};
pub use render::{render, render_to};
pub use sort::{Sort, SortBy};
pub use subject::GPU_FIELDS;
pub use theme::Theme;
pub use update::update;
