//! The integration tests, one binary: each module takes one room through its front door.

mod brevo;
mod busy;
mod cli;
mod commit;
mod crash;
mod docs;
mod harness;
mod house;
mod load;
mod map;
mod odoo;
mod other_schema;
mod planted;
mod pty;
mod report;
mod samples;
mod session;
mod slips;
mod stake;
mod suggest;
mod suggest_quality;
mod tui;
mod tui_everywhere;
mod tui_settings;
mod tui_shell;
mod tui_sizes;
