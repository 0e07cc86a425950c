//! The workbench in the terminal: `update` changes the model and says what to do, `view` draws it, `runtime` does it.
//!
//! `update` and `view` are free of I/O. Neighbours: `workbench` below; `cli` beside, which opens it and knows nothing more.
//!
//! - what happens: [`message`], what follows: [`effects`], what is: [`model`]
//! - [`keymap`]: the commands, from which footer, help, palette and dispatch come
//! - [`screens`]: one file or folder each, one line in the registry; [`popups`] lie over them
//! - [`widgets`], [`theme`], [`text`]: what screens are built of; [`config`]: what the user set
//! - [`runtime`] with [`workers`]: the terminal and the threads

pub mod config;
pub mod cursor;
pub mod effects;
pub mod input;
pub mod keymap;
pub mod message;
pub mod model;
pub mod notes;
pub mod popups;
pub mod runtime;
pub mod screens;
pub mod shell;
pub mod text;
pub mod theme;
pub mod undo;
pub mod update;
pub mod view;
pub mod widgets;
pub mod window;
pub mod workers;

pub use runtime::{Options, run};
