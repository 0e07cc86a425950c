//! Whether the values of a column repeat, told from the first rows: what hardly does is better compressed as it stands.

use std::collections::HashSet;

/// From so many values on something can be told.
const ENOUGH: usize = 200;

/// How many of a hundred values are different at least where they are said to hardly repeat: about as many as of a thousand values that
/// are drawn from 25 000.
const DIFFERENT: usize = 98;

/// How many rows are looked at.
const ROWS: usize = 1000;

/// By column, whether its values hardly repeat in the first rows; absent and empty ones are no values.
pub(super) fn hardly_repeat<'r, R: 'r>(
    rows: impl Iterator<Item = &'r R> + Clone,
    width: usize,
    value: impl Fn(&'r R, usize) -> Option<&'r [u8]>,
) -> Vec<bool> {
    let hardly = |column: usize| {
        let values = rows.clone().take(ROWS).filter_map(|row| value(row, column)).filter(|value| !value.is_empty());
        let (count, different) = (values.clone().count(), values.collect::<HashSet<_>>().len());
        count >= ENOUGH && different * 100 >= count * DIFFERENT
    };
    (0..width).map(hardly).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hardly_repeat_towns_do_and_of_few_values_nothing_is_told() {
        let rows: Vec<Vec<String>> = (0..1200)
            .map(|n| {
                let mail = if n % 3 == 0 { format!("c{n}@example.fr") } else { String::new() };
                let rare = if n < 150 { format!("{n}") } else { String::new() };
                vec![format!("C{n:05}"), format!("Town {}", n % 400), mail, rare]
            })
            .collect();
        let told =
            |rows: &[Vec<String>]| hardly_repeat(rows.iter(), 5, |row, column| row.get(column).map(String::as_bytes));
        assert_eq!(told(&rows), [true, false, true, false, false]);
        assert_eq!(told(&rows[..199]), [false; 5]);
    }

    #[test]
    fn a_few_that_stand_twice_are_no_hindrance() {
        let with = |twice: usize| -> Vec<String> { (0..1000).map(|n| format!("{}", n.max(twice))).collect() };
        let told = |values: &Vec<String>| {
            let found = hardly_repeat(values.iter(), 1, |value, _| Some(value.as_bytes()));
            found.first().copied()
        };
        assert_eq!(told(&with(20)), Some(true));
        assert_eq!(told(&with(21)), Some(false));
    }
}
