//! Rust functions that SQL can call: text in, text out, for what a library does better than an expression.

use duckdb::Connection;
use duckdb::core::{DataChunkHandle, Inserter, LogicalTypeHandle, LogicalTypeId};
use duckdb::ffi::duckdb_string_t;
use duckdb::types::DuckString;
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::WritableVector;

use super::failure;
use crate::error::Result;

/// A function over texts. It is not called where any argument is NULL: the result is NULL then.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// The name in SQL.
    pub name: &'static str,
    /// What it computes; `None` becomes NULL.
    pub call: Call,
}

/// The forms that a function can have.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    /// One argument.
    One(fn(&str) -> Option<String>),
    /// Two arguments.
    Two(fn(&str, &str) -> Option<String>),
}

pub(super) fn register(conn: &Connection, functions: &[Function]) -> Result<()> {
    for function in functions {
        match function.call {
            Call::One(call) => conn.register_scalar_function_with_state::<One>(function.name, &call),
            Call::Two(call) => conn.register_scalar_function_with_state::<Two>(function.name, &call),
        }
        .map_err(failure)?;
    }
    Ok(())
}

struct One;
struct Two;

impl VScalar for One {
    type State = fn(&str) -> Option<String>;

    fn invoke(
        state: &Self::State,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn std::error::Error>> {
        apply::<1>(input, output, |[text]| state(text))
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        vec![ScalarFunctionSignature::exact(vec![text()], text())]
    }
}

impl VScalar for Two {
    type State = fn(&str, &str) -> Option<String>;

    fn invoke(
        state: &Self::State,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn std::error::Error>> {
        apply::<2>(input, output, |[first, second]| state(first, second))
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        vec![ScalarFunctionSignature::exact(vec![text(), text()], text())]
    }
}

fn text() -> LogicalTypeHandle {
    LogicalTypeHandle::from(LogicalTypeId::Varchar)
}

#[allow(unsafe_code, reason = "the vectors of a call are only reachable through duckdb's unsafe accessors")]
fn apply<const N: usize>(
    input: &mut DataChunkHandle,
    output: &mut dyn WritableVector,
    call: impl Fn([&str; N]) -> Option<String>,
) -> Result<(), Box<dyn std::error::Error>> {
    let rows = input.len();
    let vectors: [_; N] = std::array::from_fn(|column| input.flat_vector(column));
    let mut result = output.flat_vector();
    for row in 0..rows {
        if vectors.iter().any(|vector| vector.row_is_null(row as u64)) {
            result.set_null(row);
            continue;
        }
        let texts: [_; N] = std::array::from_fn(|column| {
            // SAFETY: the signature declares every argument VARCHAR, `row` is within the chunk, and the string is
            // not null; the copy of the handle points into the chunk, which outlives this iteration.
            let mut handle = unsafe { vectors[column].as_slice_with_len::<duckdb_string_t>(rows)[row] };
            DuckString::new(&mut handle).as_str().into_owned()
        });
        match call(std::array::from_fn(|column| texts[column].as_str())) {
            Some(text) => result.insert(row, text.as_str()),
            None => result.set_null(row),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_function_of_ours_is_callable_from_sql_and_keeps_nulls() -> Result<()> {
        let shout = Function { name: "shout", call: Call::One(|text| (text != "no").then(|| text.to_uppercase())) };
        let join = Function { name: "joined", call: Call::Two(|a, b| Some(format!("{a}+{b}"))) };
        let store = Store::in_memory(&[shout, join], &[])?;
        let page = store.texts(
            "SELECT shout(v) AS s, joined(v, 'é') AS j FROM (VALUES ('a longer text than twelve'), ('no'), (NULL)) t(v)",
        )?;
        assert_eq!(
            page.rows[0],
            [Some("A LONGER TEXT THAN TWELVE".into()), Some("a longer text than twelve+é".into())]
        );
        assert_eq!(page.rows[1], [None, Some("no+é".into())]);
        assert_eq!(page.rows[2], [None, None]);
        Ok(())
    }
}
