//! Rust functions that SQL can call: text in, text out, for what a library does better than an expression.

use std::borrow::Cow;
use std::ffi::c_char;
use std::slice;

use duckdb::Connection;
use duckdb::core::{DataChunkHandle, FlatVector, Inserter, LogicalTypeHandle, LogicalTypeId};
use duckdb::ffi::{
    duckdb_data_chunk_get_vector, duckdb_string_t, duckdb_string_t__bindgen_ty_1,
    duckdb_string_t__bindgen_ty_1__bindgen_ty_2, duckdb_vector_get_validity,
};
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
    /// One text to a part of it.
    Part(fn(&str) -> &str),
    /// One text to a text.
    One(fn(&str) -> Option<String>),
    /// Two texts to a text.
    Two(fn(&str, &str) -> Option<String>),
    /// One text to a BOOLEAN.
    Boolean(fn(&str) -> Option<bool>),
    /// One text to a DOUBLE.
    Double(fn(&str) -> Option<f64>),
    /// A text and how to read it, to a BIGINT.
    Integer(fn(&str, &str) -> Option<i64>),
    /// A text and how to read it, to a DECIMAL(18,4) in ten-thousandths.
    Decimal(fn(&str, &str) -> Option<i64>),
    /// A text and how to read it, to a DATE in days since 1970-01-01.
    Date(fn(&str, &str) -> Option<i32>),
    /// A text and how to read it, to a TIMESTAMP in microseconds since 1970-01-01.
    Timestamp(fn(&str, &str) -> Option<i64>),
}

pub(super) fn register(conn: &Connection, functions: &[Function]) -> Result<()> {
    for Function { name, call } in functions {
        match call {
            Call::Part(call) => conn.register_scalar_function_with_state::<Part>(name, call),
            Call::One(call) => conn.register_scalar_function_with_state::<One>(name, call),
            Call::Two(call) => conn.register_scalar_function_with_state::<Two>(name, call),
            Call::Boolean(call) => conn.register_scalar_function_with_state::<Boolean>(name, call),
            Call::Double(call) => conn.register_scalar_function_with_state::<Double>(name, call),
            Call::Integer(call) => conn.register_scalar_function_with_state::<Integer>(name, call),
            Call::Decimal(call) => conn.register_scalar_function_with_state::<Decimal>(name, call),
            Call::Date(call) => conn.register_scalar_function_with_state::<Date>(name, call),
            Call::Timestamp(call) => conn.register_scalar_function_with_state::<Timestamp>(name, call),
        }
        .map_err(failure)?;
    }
    Ok(())
}

/// The most bytes of a text that DuckDB keeps in its handle.
const INLINED: usize = 12;

/// Declares how DuckDB calls one form of function: its state, its types, how DuckDB stores a result, and what puts it into its row.
macro_rules! form {
    ($name:ident, ($($argument:ident),+) -> $result:ty as $stored:ty, $type:expr, $put:expr) => {
        struct $name;

        impl VScalar for $name {
            type State = fn($(form!(@text $argument)),+) -> Option<$result>;

            fn invoke(
                state: &Self::State,
                input: &mut DataChunkHandle,
                output: &mut dyn WritableVector,
            ) -> Result<(), Box<dyn std::error::Error>> {
                apply(
                    input,
                    output,
                    |[$($argument),+], result, row, rows| {
                        state($($argument),+).map(|value| $put(result, row, rows, value)).is_some()
                    },
                    repeat::<$stored>,
                )
            }

            fn signatures() -> Vec<ScalarFunctionSignature> {
                vec![ScalarFunctionSignature::exact(vec![$(form!(@type $argument)),+], $type)]
            }
        }
    };
    (@text $argument:ident) => { &str };
    (@type $argument:ident) => { plain(LogicalTypeId::Varchar) };
}

form!(One, (text) -> String as duckdb_string_t, plain(LogicalTypeId::Varchar), put_string);
form!(Two, (text, other) -> String as duckdb_string_t, plain(LogicalTypeId::Varchar), put_string);
form!(Boolean, (text) -> bool as bool, plain(LogicalTypeId::Boolean), put_plain);
form!(Double, (text) -> f64 as f64, plain(LogicalTypeId::Double), put_plain);
form!(Integer, (text, how) -> i64 as i64, plain(LogicalTypeId::Bigint), put_plain);
form!(Decimal, (text, how) -> i64 as i64, LogicalTypeHandle::decimal(18, 4), put_plain);
form!(Date, (text, how) -> i32 as i32, plain(LogicalTypeId::Date), put_plain);
form!(Timestamp, (text, how) -> i64 as i64, plain(LogicalTypeId::Timestamp), put_plain);

/// [`Call::Part`], the only form whose result lives in its argument.
struct Part;

impl VScalar for Part {
    type State = fn(&str) -> &str;

    fn invoke(
        state: &Self::State,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn std::error::Error>> {
        apply(
            input,
            output,
            |[text], result, row, rows| {
                put_text(result, row, rows, state(text));
                true
            },
            repeat::<duckdb_string_t>,
        )
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        vec![ScalarFunctionSignature::exact(vec![plain(LogicalTypeId::Varchar)], plain(LogicalTypeId::Varchar))]
    }
}

fn plain(id: LogicalTypeId) -> LogicalTypeHandle {
    LogicalTypeHandle::from(id)
}

fn put_string(result: &mut FlatVector, row: usize, rows: usize, text: String) {
    put_text(result, row, rows, &text);
}

#[allow(unsafe_code, reason = "the vectors of a call are only reachable through duckdb's unsafe accessors")]
fn put_text(result: &mut FlatVector, row: usize, rows: usize, text: &str) {
    let mut inlined = [0; INLINED];
    let Some(start) = inlined.get_mut(..text.len()) else {
        result.insert(row, text);
        return;
    };
    for (at, byte) in start.iter_mut().zip(text.bytes()) {
        *at = byte as c_char;
    }
    // A short text is a part of its handle: there is nothing to allocate, and a Rust text needs no checking.
    let length = text.len() as u32;
    let value =
        duckdb_string_t__bindgen_ty_1 { inlined: duckdb_string_t__bindgen_ty_1__bindgen_ty_2 { length, inlined } };
    put_plain(result, row, rows, duckdb_string_t { value });
}

#[allow(unsafe_code, reason = "the vectors of a call are only reachable through duckdb's unsafe accessors")]
fn put_plain<T: Copy>(result: &mut FlatVector, row: usize, rows: usize, value: T) {
    // SAFETY: every form above declares the result type that DuckDB stores as a T, and `row` is within the chunk.
    unsafe { result.as_mut_slice_with_len::<T>(rows)[row] = value }
}

/// Gives a row the result of an earlier one. A long text is then shared by the rows of its vector, which owns it.
#[allow(unsafe_code, reason = "the vectors of a call are only reachable through duckdb's unsafe accessors")]
fn repeat<T: Copy>(result: &mut FlatVector, earlier: usize, row: usize, rows: usize) {
    // SAFETY: every form above names the type in which DuckDB stores its result, and both rows are within the chunk.
    let values = unsafe { result.as_mut_slice_with_len::<T>(rows) };
    values[row] = values[earlier];
}

/// Calls `write` for every row in which no argument is NULL; the result is NULL in the others and where it says false.
/// Where the arguments are those of an earlier row, `repeat` copies that row's result.
#[allow(unsafe_code, reason = "the vectors of a call are only reachable through duckdb's unsafe accessors")]
fn apply<const N: usize>(
    input: &mut DataChunkHandle,
    output: &mut dyn WritableVector,
    write: impl Fn([&str; N], &mut FlatVector, usize, usize) -> bool,
    repeat: impl Fn(&mut FlatVector, usize, usize, usize),
) -> Result<(), Box<dyn std::error::Error>> {
    let rows = input.len();
    let vectors: [_; N] = std::array::from_fn(|column| input.flat_vector(column));
    // SAFETY: the signature declares every argument VARCHAR, which DuckDB stores as these handles; the vectors are flat
    // and as long as the chunk, and so are the masks with a bit for each row that is not NULL; no mask, no NULL.
    let (handles, masks): ([&[duckdb_string_t]; N], [Option<&[u64]>; N]) = unsafe {
        let mask = |column| duckdb_vector_get_validity(duckdb_data_chunk_get_vector(input.get_ptr(), column as u64));
        let mask = |column| mask(column).as_ref().map(|first| slice::from_raw_parts(first, rows.div_ceil(64)));
        (std::array::from_fn(|column| vectors[column].as_slice_with_len(rows)), std::array::from_fn(mask))
    };
    let mut result = output.flat_vector();
    let mut seen = Seen::new();
    for row in 0..rows {
        if masks.iter().flatten().any(|mask| mask[row / 64] >> (row % 64) & 1 == 0) {
            result.set_null(row);
            continue;
        }
        // The handle of a text that is not null points into the chunk, which outlives this iteration.
        let mut handles = handles.map(|column| column[row]);
        let slot = match seen.look(handles.each_ref().map(bits)) {
            Look::Repeated(Some(earlier)) => {
                repeat(&mut result, earlier, row, rows);
                continue;
            }
            Look::Repeated(None) => {
                result.set_null(row);
                continue;
            }
            Look::New(slot) => slot,
        };
        let texts = handles.each_mut().map(|handle| text(DuckString::new(handle).as_bytes()));
        let has_value = write(texts.each_ref().map(|text| text.as_ref()), &mut result, row, rows);
        if !has_value {
            result.set_null(row);
        }
        seen.keep(slot, handles.each_ref().map(bits), has_value.then_some(row));
    }
    Ok(())
}

/// The handle of a text as a number. Equal numbers are equal texts: a short text is its handle, and a longer one lies where
/// the handle points.
#[allow(unsafe_code, reason = "a handle is only reachable as a union")]
fn bits(handle: &duckdb_string_t) -> u128 {
    // SAFETY: a handle is 16 bytes of plain data, all of which DuckDB writes.
    unsafe { std::mem::transmute_copy(handle) }
}

/// The arguments of some rows of a chunk and where their results are. Columns of few values repeat them all the time, and DuckDB
/// looks at each value once only for functions of its own.
struct Seen<const N: usize> {
    slots: [Option<([u128; N], Option<usize>)>; SLOTS],
    looks: usize,
    repeats: usize,
}

/// How many different arguments are remembered at a time.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 8;

enum Look {
    /// The row with the same arguments; `None` where their result is NULL.
    Repeated(Option<usize>),
    /// Where to remember these arguments, if at all.
    New(Option<usize>),
}

impl<const N: usize> Seen<N> {
    fn new() -> Self {
        Seen { slots: [None; SLOTS], looks: 0, repeats: 0 }
    }

    fn look(&mut self, arguments: [u128; N]) -> Look {
        // In a column of keys nothing repeats: after as many rows as there are slots that is known.
        if self.looks == SLOTS && self.repeats < SLOTS / 8 {
            return Look::New(None);
        }
        self.looks = (self.looks + 1).min(SLOTS);
        let mixed = arguments.iter().fold(0, |sum: u64, bits| {
            let halves = (*bits as u64) ^ (bits >> 64) as u64;
            (sum ^ halves).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        });
        let slot = (mixed >> (u64::BITS - SLOT_BITS)) as usize;
        match &self.slots[slot] {
            Some((known, row)) if *known == arguments => {
                self.repeats += 1;
                Look::Repeated(*row)
            }
            _ => Look::New(Some(slot)),
        }
    }

    fn keep(&mut self, slot: Option<usize>, arguments: [u128; N], row: Option<usize>) {
        if let Some(slot) = slot {
            self.slots[slot] = Some((arguments, row));
        }
    }
}

/// The text of some bytes. DuckDB stores nothing but UTF-8, and to prove that is quicker than to look for what is not.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_function_of_ours_is_callable_from_sql_and_keeps_nulls() -> Result<()> {
        let shout = Function { name: "shout", call: Call::One(|text| (text != "no").then(|| text.to_uppercase())) };
        let calm = Function { name: "calm", call: Call::Part(|text| text.trim_end_matches('!')) };
        let join = Function { name: "joined", call: Call::Two(|a, b| Some(format!("{a}+{b}"))) };
        let store = Store::in_memory(&[shout, calm, join])?;
        let page = store.texts(
            "SELECT shout(v) AS s, joined(v, 'é') AS j FROM (VALUES ('a longer text than twelve'), ('no'), (NULL)) t(v)",
        )?;
        assert_eq!(
            page.rows[0],
            [Some("A LONGER TEXT THAN TWELVE".into()), Some("a longer text than twelve+é".into())]
        );
        assert_eq!(page.rows[1], [None, Some("no+é".into())]);
        assert_eq!(page.rows[2], [None, None]);
        let page = store.texts(
            "SELECT calm(v) FROM (VALUES ('twelve bytes!'), ('!'), ('more than twelve bytes!!'), (NULL), ('quiet')) t(v)",
        )?;
        let calm: Vec<_> = page.rows.iter().map(|row| row[0].as_deref()).collect();
        assert_eq!(calm, [Some("twelve bytes"), Some(""), Some("more than twelve bytes"), None, Some("quiet")]);
        Ok(())
    }

    #[test]
    fn what_repeats_in_a_column_has_the_same_result_every_time() -> Result<()> {
        let functions = [
            Function { name: "shout", call: Call::One(|text| (!text.ends_with('7')).then(|| text.to_uppercase())) },
            Function { name: "calm", call: Call::Part(|text| text.trim_end_matches('!')) },
            Function {
                name: "as_decimal",
                call: Call::Decimal(|text, unit| text.parse::<i64>().ok().map(|n| n * unit.len() as i64)),
            },
        ];
        let store = Store::in_memory(&functions)?;
        // Few values, as many as are remembered, and more; short texts, long ones and none.
        for values in [3, 256, 700] {
            store.run(&format!(
                "CREATE OR REPLACE TABLE t AS SELECT i, CASE WHEN i % 11 <> 0 THEN (i * 37 % {values})::VARCHAR END AS short, \
                 'a longer text than twelve ' || short || '!' AS long FROM range(9000) r(i)"
            ))?;
            let right = store.count(
                "SELECT count(*) FROM t WHERE shout(short) IS NOT DISTINCT FROM CASE WHEN short NOT LIKE '%7' THEN short END \
                 AND shout(long) IS NOT DISTINCT FROM upper(long) AND calm(long) IS NOT DISTINCT FROM rtrim(long, '!') \
                 AND as_decimal(short, CASE WHEN i % 2 = 0 THEN '€' ELSE '€€' END) \
                 IS NOT DISTINCT FROM (short::INT * CASE WHEN i % 2 = 0 THEN 3 ELSE 6 END / 10000)::DECIMAL(18,4)",
            )?;
            assert_eq!(right, 9000, "{values} values");
        }
        Ok(())
    }

    #[test]
    fn the_forms_with_typed_results_arrive_with_their_types() -> Result<()> {
        let functions = [
            Function { name: "as_boolean", call: Call::Boolean(|text| text.parse::<i64>().ok().map(|n| n > 0)) },
            Function { name: "as_double", call: Call::Double(|text| text.parse().ok()) },
            Function { name: "as_integer", call: Call::Integer(|text, _| text.parse().ok()) },
            Function { name: "as_decimal", call: Call::Decimal(|text, _| text.parse().ok()) },
            Function { name: "as_date", call: Call::Date(|text, _| text.parse().ok()) },
            Function { name: "as_timestamp", call: Call::Timestamp(|text, _| text.parse().ok()) },
        ];
        let store = Store::in_memory(&functions)?;
        let sql = "SELECT as_double(v) AS a, as_integer(v, '') AS b, as_decimal(v, '') AS c, as_date(v, '') AS d,
                   as_timestamp(v, '') AS e, as_boolean(v) AS f FROM (VALUES ('86400'), ('x'), (NULL)) t(v)";
        let types: Vec<_> = store.columns(sql)?.into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(types, ["DOUBLE", "BIGINT", "DECIMAL(18,4)", "DATE", "TIMESTAMP", "BOOLEAN"]);
        let page = store.texts(sql)?;
        let first: Vec<_> = page.rows[0].iter().flatten().map(String::as_str).collect();
        assert_eq!(first, ["86400.0", "86400", "8.6400", "2206-07-23", "1970-01-01 00:00:00.0864", "true"]);
        assert_eq!(page.rows[1], vec![None; 6]);
        assert_eq!(page.rows[2], vec![None; 6]);
        Ok(())
    }
}
