//! Assignment: pairs rows and columns of a table of gains one to one, so that the sum is the greatest there can be.
//!
//! The shortest-augmenting-path form of the Hungarian method (Jonker and Volgenant): O(n² · m).

/// For each row the column that it is paired with, if it is worth a pair: what gains nothing stays alone. All rows have the
/// same number of columns.
pub fn assign(gains: &[Vec<f64>]) -> Vec<Option<usize>> {
    let rows = gains.len();
    let columns = gains.first().map_or(0, Vec::len);
    // Each row may also stay alone, at no gain: a column of its own for that.
    let width = columns + rows;
    let cost = |row: usize, column: usize| if column < columns { -gains[row][column].max(0.0) } else { 0.0 };
    // Potentials and the row of each column; index 0 is the place from which each search starts.
    let mut row_potential = vec![0.0; rows + 1];
    let mut column_potential = vec![0.0; width + 1];
    let mut row_of = vec![0_usize; width + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut from = vec![0_usize; width + 1];
        let mut least = vec![f64::INFINITY; width + 1];
        let mut used = vec![false; width + 1];
        let mut at = 0;
        while row_of[at] != 0 || at == 0 {
            used[at] = true;
            let here = row_of[at];
            let mut delta = f64::INFINITY;
            let mut next = 0;
            for column in 1..=width {
                if used[column] {
                    continue;
                }
                let reduced = cost(here - 1, column - 1) - row_potential[here] - column_potential[column];
                if reduced < least[column] {
                    least[column] = reduced;
                    from[column] = at;
                }
                if least[column] < delta {
                    delta = least[column];
                    next = column;
                }
            }
            for column in 0..=width {
                if used[column] {
                    row_potential[row_of[column]] += delta;
                    column_potential[column] -= delta;
                } else {
                    least[column] -= delta;
                }
            }
            at = next;
        }
        while at != 0 {
            row_of[at] = row_of[from[at]];
            at = from[at];
        }
    }
    let mut pairs = vec![None; rows];
    for column in 1..=columns {
        if let Some(row) = row_of[column].checked_sub(1)
            && gains[row][column - 1] > 0.0
        {
            pairs[row] = Some(column - 1);
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(gains: &[Vec<f64>], pairs: &[Option<usize>]) -> f64 {
        gains.iter().zip(pairs).filter_map(|(row, column)| column.map(|column| row[column])).sum()
    }

    /// The greatest sum, by trying everything.
    fn best(gains: &[Vec<f64>], taken: u32) -> f64 {
        let Some((row, rest)) = gains.split_first() else { return 0.0 };
        let free = (0..row.len()).filter(|column| taken & (1 << column) == 0);
        free.map(|column| row[column] + best(rest, taken | 1 << column)).fold(best(rest, taken), f64::max)
    }

    #[test]
    fn the_greedy_choice_gives_way_to_the_better_sum() {
        // Row 0 likes column 0 best, but row 1 can take nothing else.
        let pairs = assign(&[vec![5.0, 4.0], vec![4.5, -1.0]]);
        assert_eq!(pairs, [Some(1), Some(0)]);
    }

    #[test]
    fn what_gains_nothing_stays_alone() {
        assert_eq!(assign(&[vec![-1.0, 0.0], vec![-2.0, 3.0]]), [None, Some(1)]);
        assert_eq!(assign(&[]), []);
        assert_eq!(assign(&[vec![], vec![]]), [None, None]);
    }

    proptest! {
        #[test]
        fn no_other_pairing_has_a_greater_sum(
            gains in (0_usize..6, 0_usize..6).prop_flat_map(|(rows, columns)| {
                prop::collection::vec(prop::collection::vec(-3.0..6.0_f64, columns), rows)
            })
        ) {
            let pairs = assign(&gains);
            let mut columns: Vec<usize> = pairs.iter().flatten().copied().collect();
            columns.sort_unstable();
            columns.dedup();
            prop_assert_eq!(columns.len(), pairs.iter().flatten().count());
            prop_assert!((sum(&gains, &pairs) - best(&gains, 0)).abs() < 1e-9);
        }
    }
}
