//! What the terminal can show: colours and how many, and whether it knows more than ASCII.

use ratatui::style::Color;

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// None, or the user does not want any.
    None,
    /// The sixteen that the terminal gives names to.
    Sixteen,
    /// Those, a cube of 6 × 6 × 6 and 24 greys.
    Indexed,
    /// All.
    Full,
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// How many colours.
    pub depth: Depth,
    /// Whether it has the characters of ASCII only.
    pub ascii: bool,
}

impl Terminal {
    /// What the environment says, given its variables. See <https://no-color.org> and the page term(7).
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Terminal {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let (term, colorterm) = (set("TERM").unwrap_or_default(), set("COLORTERM").unwrap_or_default());
        let depth = if set("NO_COLOR").is_some() || term == "dumb" {
            Depth::None
        } else if colorterm == "truecolor"
            || colorterm == "24bit"
            || term.contains("direct")
            || set("WT_SESSION").is_some()
        {
            Depth::Full
        } else if term.contains("256") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        };
        // Where nothing is said, as in many containers, the terminal is a new one.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)).unwrap_or("UTF-8".to_owned());
        let locale = locale.to_lowercase();
        let ascii = !(cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8"));
        Terminal { depth, ascii }
    }

    /// What the environment of this process says.
    pub fn here() -> Terminal {
        Terminal::of(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }
}

/// The sixteen colours with the values that most terminals give them.
const SIXTEEN: [(Color, [u8; 3]); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [170, 0, 0]),
    (Color::Green, [0, 170, 0]),
    (Color::Yellow, [170, 110, 0]),
    (Color::Blue, [0, 0, 170]),
    (Color::Magenta, [170, 0, 170]),
    (Color::Cyan, [0, 170, 170]),
    (Color::Gray, [180, 180, 180]),
    (Color::DarkGray, [100, 100, 100]),
    (Color::LightRed, [255, 85, 85]),
    (Color::LightGreen, [85, 255, 85]),
    (Color::LightYellow, [255, 255, 85]),
    (Color::LightBlue, [85, 85, 255]),
    (Color::LightMagenta, [255, 85, 255]),
    (Color::LightCyan, [85, 255, 255]),
    (Color::White, [255, 255, 255]),
];

/// The steps of the cube of 6 × 6 × 6.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Depth {
    /// The colour, or the one most like it that there is.
    pub fn nearest(self, colour: Color) -> Color {
        match (self, colour) {
            (Depth::Sixteen, Color::Rgb(r, g, b)) => {
                let far = |(_, other): &&(Color, [u8; 3])| distance([r, g, b], *other);
                SIXTEEN.iter().min_by_key(far).map_or(colour, |(named, _)| *named)
            }
            (Depth::Sixteen, Color::Indexed(index)) if index >= 16 => self.nearest(rgb(index)),
            (Depth::Indexed, Color::Rgb(r, g, b)) => {
                let far = |index: &u8| match rgb(*index) {
                    Color::Rgb(x, y, z) => distance([r, g, b], [x, y, z]),
                    _ => u32::MAX,
                };
                (16..=255).min_by_key(far).map_or(colour, Color::Indexed)
            }
            _ => colour,
        }
    }
}

/// The value of a colour of the cube or of a grey.
fn rgb(index: u8) -> Color {
    match index {
        16..=231 => {
            let at = usize::from(index - 16);
            Color::Rgb(STEPS[at / 36], STEPS[at / 6 % 6], STEPS[at % 6])
        }
        232..=255 => {
            let grey = 8 + (index - 232) * 10;
            Color::Rgb(grey, grey, grey)
        }
        named => Color::Indexed(named),
    }
}

/// How unlike two colours are to the eye, which sees green best and blue least.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let part = |at: usize, weight: u32| u32::from(a[at].abs_diff(b[at])).pow(2) * weight;
    part(0, 2) + part(1, 4) + part(2, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Terminal {
        Terminal::of(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(with(&[("TERM", "linux")]).depth, Depth::Sixteen);
        assert_eq!(with(&[("TERM", "xterm-256color")]).depth, Depth::Indexed);
        assert_eq!(with(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]).depth, Depth::Full);
        assert_eq!(with(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]).depth, Depth::None);
        assert_eq!(with(&[("TERM", "xterm"), ("NO_COLOR", "")]).depth, Depth::Sixteen, "empty means nothing");
    }

    #[test]
    fn a_locale_that_is_not_utf_8_has_ascii_only() {
        assert!(!with(&[]).ascii);
        assert!(!with(&[("LANG", "fr_FR.UTF-8")]).ascii);
        assert!(!with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]).ascii);
        if !cfg!(windows) {
            assert!(with(&[("LANG", "C")]).ascii);
            assert!(with(&[("LC_ALL", "fr_FR.ISO-8859-1"), ("LANG", "fr_FR.UTF-8")]).ascii);
        }
    }

    #[test]
    fn a_terminal_with_fewer_colours_gets_the_nearest_one() {
        assert_eq!(Depth::Sixteen.nearest(Color::Rgb(250, 249, 245)), Color::White);
        assert_eq!(Depth::Sixteen.nearest(Color::Rgb(179, 38, 30)), Color::Red);
        assert_eq!(Depth::Sixteen.nearest(Color::Indexed(231)), Color::White);
        assert_eq!(Depth::Indexed.nearest(Color::Rgb(255, 255, 255)), Color::Indexed(231));
        assert_eq!(Depth::Full.nearest(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        assert_eq!(Depth::Sixteen.nearest(Color::Cyan), Color::Cyan);
    }
}
