//! Work as the line that does the same in a shell. Neighbour: `effects`, whose jobs it puts into words.

use std::borrow::Cow;

/// A word as a shell takes it: in single quotes where anything in it has a meaning there.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => Cow::Borrowed(word),
        false => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reaches_the_program_as_it_is() {
        assert_eq!(quoted("exports/clients.csv"), "exports/clients.csv");
        assert_eq!(quoted("Domaine d'Or"), r"'Domaine d'\''Or'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("$HOME"), "'$HOME'");
    }
}
