//! The integration tests, one binary: each module takes one room through its front door.

mod docs;
mod map;
mod samples;
