//! How an error is told: what, where, why and what to do next, on stderr. Neighbour: `crate::error`, which holds it.

use std::process::ExitCode;

use super::message;
use super::text::{Paint, visible};
use crate::error::Error;

/// The variable with which errors come with the statement that failed.
const DEBUG: &str = "TASTEVIN_DEBUG";

/// Prints the error and says with what code the process ends.
pub fn report(error: &Error, colour: bool) -> ExitCode {
    let mut text = words(error, Paint(colour));
    if std::env::var_os(DEBUG).is_some_and(|value| !value.is_empty()) {
        text.extend(statement(error).map(|sql| format!("  statement: {}\n", lines(sql))));
    }
    message::text(text);
    ExitCode::from(error.kind().exit_code())
}

/// The statement that failed, of the error or of what caused it.
fn statement(error: &Error) -> Option<&str> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(because) = cause {
        let statement = because.downcast_ref::<Error>().and_then(Error::statement);
        if statement.is_some() {
            return statement;
        }
        cause = because.source();
    }
    None
}

/// The error in lines: `error:`, `at:`, `because:`, `hint:`.
pub fn words(error: &Error, paint: Paint) -> String {
    let mut text = format!("{} {}\n", paint.bad("error:"), lines(error.what()));
    let place = error.place().to_string();
    if !place.is_empty() {
        text.push_str(&format!("  at: {}\n", lines(&place)));
    }
    let mut cause = std::error::Error::source(error);
    let mut said = String::new();
    while let Some(because) = cause {
        let why = because.to_string();
        // DuckDB's own code says nothing that its message did not, nor does a cause that was quoted already.
        if !why.starts_with("Error code ") && !said.contains(&why) {
            said.clone_from(&why);
            text.push_str(&format!("  because: {}\n", lines(&why)));
        }
        cause = because.source();
    }
    for hint in error.hints() {
        text.push_str(&format!("  hint: {}\n", lines(hint)));
    }
    text
}

/// Text of several lines, harmless and indented under its heading.
fn lines(text: &str) -> String {
    text.trim().lines().filter(|line| !line.trim().is_empty()).map(visible).collect::<Vec<_>>().join("\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_why_and_what_next() {
        let cause = std::io::Error::other("line one\nline \x1b[31mtwo");
        let error = Error::config("this is no TOML").at_file("t.toml").at_line(3).caused_by(cause).hint("look there");
        assert_eq!(
            words(&error, Paint(false)),
            "error: this is no TOML\n  at: t.toml:3\n  because: line one\n    line ␛[31mtwo\n  hint: look there\n"
        );
    }

    #[test]
    fn the_statement_that_failed_is_found_behind_what_it_caused() {
        let refused = Error::internal("refused").in_statement("SELECT 1\nFROM x");
        let error = Error::config("the rule cannot run").caused_by(refused);
        assert!(!words(&error, Paint(false)).contains("SELECT"));
        assert_eq!(statement(&error).map(lines).as_deref(), Some("SELECT 1\n    FROM x"));
        assert_eq!(statement(&Error::config("no statement")), None);
    }
}
