//! The frames, bars and marks of the screen in the characters of ASCII, one column for one.
//!
//! This works on the frame that was drawn, so that no screen has to know of it. What is written in letters stays.

/// Characters of the screen, and what stands for them.
const INSTEAD: &[(&str, &str)] = &[
    ("─━╌┄╴╶", "-"),
    ("│┃╎┆▕▏", "|"),
    ("┌┐└┘├┤┬┴┼╭╮╰╯╞╡╪", "+"),
    ("═", "="),
    ("█", "#"),
    ("▉▊▋▓", "%"),
    ("▌▍▎▒", "="),
    ("░", ":"),
    ("▁▂", "_"),
    ("▃▄", "-"),
    ("▅▆", "="),
    ("▇", "#"),
    ("●◉◆■", "*"),
    ("○◌◇□", "o"),
    ("▲", "!"),
    ("△▼▽▾▿↓", "v"),
    ("▸▹▶►→›", ">"),
    ("◂◀←‹", "<"),
    ("↑▴", "^"),
    ("↵⏎", "J"),
    ("✓✔", "v"),
    ("✗✘×", "x"),
    ("≠", "!"),
    ("ƒ", "f"),
    ("★", "*"),
    ("≈", "~"),
    ("≥", ">"),
    ("≤", "<"),
    ("·•∙", "."),
    ("…", "~"),
    ("–—−", "-"),
    ("€", "E"),
    ("↶↷⟲↺", "r"),
    ("∅", "0"),
    ("€", "E"),
    ("◐◑", "o"),
    ("▯", "?"),
    ("\u{202f}\u{a0}", " "),
    ("⠋⠇", "|"),
    ("⠙⠏⠸", "/"),
    ("⠹⠼⠴", "-"),
    ("⠦⠧", "\\"),
];

/// What stands for a character of the screen; `None` where it stays as it is.
pub fn instead(symbol: &str) -> Option<&'static str> {
    let mut chars = symbol.chars();
    let first = chars.next().filter(|c| !c.is_ascii())?;
    if chars.next().is_some() {
        return None;
    }
    // The pictures of control characters.
    if ('\u{2400}'..='\u{2426}').contains(&first) {
        return Some("?");
    }
    let known = INSTEAD.iter().find(|(many, _)| many.contains(first)).map(|(_, one)| *one);
    // Any other arrow, sign, shape or pattern is a mark at least.
    known.or_else(|| ('\u{2190}'..='\u{2bff}').contains(&first).then_some("*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_becomes_one_of_the_same_width_and_letters_stay() {
        for (many, one) in INSTEAD {
            assert!(one.is_ascii() && one.len() == 1, "{one}");
            for c in many.chars() {
                assert_eq!(unicode_width::UnicodeWidthChar::width(c), Some(1), "{c}");
                assert_eq!(instead(&c.to_string()), Some(*one), "{c} stands twice");
            }
        }
        assert_eq!(instead("é"), None);
        assert_eq!(instead("日"), None);
        assert_eq!(instead("a"), None);
    }
}
