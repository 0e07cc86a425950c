//! Formats on the command line: which there are, which is meant, and rows in one of them; for every command that writes.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use clap::builder::{PossibleValue, PossibleValuesParser};

use super::context::Context;
use super::json::SCHEMA_VERSION;
use super::sink::Sink;
use crate::error::{Error, Result};
use crate::workbench::{self, FormatInfo, Target};

/// What clap accepts and completes as a format.
pub fn parser(formats: &[FormatInfo]) -> PossibleValuesParser {
    PossibleValuesParser::new(formats.iter().map(|format| PossibleValue::new(format.name).help(format.summary)))
}

/// The format that was asked for, the one that the output's name ends in, or the default. An ending that no format has is
/// refused: what would be written is not what the name says.
pub fn chosen(
    context: &Context,
    formats: &[FormatInfo],
    asked: Option<&str>,
    output: Option<&Path>,
    default: &str,
) -> Result<String> {
    if let Some(name) = asked {
        return Ok(name.to_owned());
    }
    if let Some(extension) = output.and_then(Path::extension) {
        let extension = extension.to_string_lossy().to_lowercase();
        if let Some(format) = formats.iter().find(|format| format.extension == extension) {
            return Ok(format.name.to_owned());
        }
        let mut known: Vec<String> = formats.iter().map(|format| format!(".{}", format.extension)).collect();
        known.sort();
        known.dedup();
        return Err(Error::usage(format!("no format here ends in .{}", super::text::visible(&extension)))
            .hint(format!("name the format with --format, or let the output end in one of {}", known.join(", "))));
    }
    Ok(if context.json() { "json".to_owned() } else { default.to_owned() })
}

/// The file that is meant by `--output`; `-` is stdout.
pub fn file(output: Option<&Path>) -> Option<&Path> {
    output.filter(|path| *path != Path::new("-"))
}

/// Writes to the file and says so, or to stdout.
pub fn write<T>(context: &Context, output: Option<&Path>, work: impl FnOnce(Target) -> Result<T>) -> Result<T> {
    if let Some(path) = file(output) {
        let value = work(Target::File(path))?;
        context.say_file(path);
        return Ok(value);
    }
    let mut out = Sink::stdout();
    let value = out.hand(|writer| work(Target::Stream(writer)))?;
    out.finish()?;
    Ok(value)
}

/// Writes rows in the format that is meant; `work` says how many there were. With `--json` they are an array called `name`
/// in an object with the version of its shape; with `--format json` the array alone.
pub fn write_rows(
    context: &Context,
    asked: Option<&str>,
    output: Option<&Path>,
    default: &str,
    name: &str,
    work: impl FnOnce(&str, Target) -> Result<u64>,
) -> Result<u64> {
    if context.json() && asked.is_none() && file(output).is_none() {
        let mut out = Sink::stdout();
        out.line(format!("{{\"schema_version\": {SCHEMA_VERSION}, \"{name}\":"))?;
        let rows = out.hand(|writer| work("json", Target::Stream(writer)))?;
        out.line("}")?;
        out.finish()?;
        return Ok(rows);
    }
    let format = chosen(context, &workbench::table_formats(), asked, output, default)?;
    let binary = ["parquet", "xlsx"].contains(&format.as_str());
    if binary && file(output).is_none() && io::stdout().is_terminal() {
        return Err(Error::usage(format!("{format} is nothing to read on a terminal"))
            .hint("write it into a file with --output FILE"));
    }
    write(context, output, |target| work(&format, target))
}
