//! Colours by what they mean, never by where they stand. Every meaning also has a glyph or a modifier, so that
//! nothing is told by colour alone. Neighbours: `widgets`, which ask for them; the files in `themes/`, which say them.

mod ascii;
mod file;
mod terminal;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

pub use file::{EMBEDDED, Named, read};
pub use terminal::{Depth, Terminal};

use crate::model::Severity;

/// Something that a style says, with its name in a theme's file and what it is for.
macro_rules! roles {
    ($($role:ident $name:literal $about:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Role { $($role,)* }

        /// Every style of a theme: its name in the file, and what it is for.
        pub const STYLES: &[(&str, &str)] = &[$(($name, $about),)*];

        impl Role {
            const ALL: [Role; STYLES.len()] = [$(Role::$role,)*];
        }
    };
}

roles! {
    Screen "screen" "the whole screen: the colours of whatever has none of its own",
    Text "text" "plain text",
    Dim "dim" "what matters less",
    Strong "strong" "what matters more",
    Head "head" "the heads of columns",
    Frame "frame" "the frame of a pane",
    FrameFocused "frame.focused" "the frame of the pane that has the keys",
    Title "title" "the title of a pane",
    TitleFocused "title.focused" "the title of the pane that has the keys",
    Cursor "cursor" "the line with the cursor in a pane that has not the keys",
    CursorFocused "cursor.focused" "the line that the keys act on",
    Marked "marked" "a line that was marked",
    Bad "bad" "what is wrong",
    Warning "warning" "what is doubtful",
    Info "info" "what is worth knowing",
    Good "good" "what is right",
    Offending "offending" "the cell that a finding is about",
    Fresh "fresh" "a value that is proposed or was put in place of another",
    Key "key" "a key that can be pressed",
    Chip "chip" "a filter that is on",
    Input "input" "the place where text is typed",
    Tab "tab" "a screen in the header",
    TabOpen "tab.open" "the screen that is shown, in the header",
    Brand "brand" "the name of the program",
}

/// What the styles of the screen are made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    styles: [Style; STYLES.len()],
    /// Whether frames, bars and marks are drawn with the characters of ASCII.
    ascii: bool,
}

impl Theme {
    /// The terminal's own colours, or none.
    pub fn new(colours: bool) -> Theme {
        let depth = if colours { Depth::Full } else { Depth::None };
        let built_in = EMBEDDED.iter().find_map(|(name, text)| file::theme(name, text, &Theme::plain()).ok());
        built_in.map_or_else(Theme::plain, |named| named.theme).fitted(Terminal { depth, ascii: false })
    }

    /// No colours and no modifiers.
    fn plain() -> Theme {
        Theme { styles: [Style::new(); STYLES.len()], ascii: false }
    }

    /// The theme as a terminal can show it.
    #[must_use]
    pub fn fitted(mut self, terminal: Terminal) -> Theme {
        for role in Role::ALL {
            let style = &mut self.styles[role as usize];
            if terminal.depth == Depth::None {
                // What colour told is told by a modifier.
                let instead = match role {
                    Role::Dim | Role::Head | Role::Frame => Modifier::DIM,
                    Role::CursorFocused | Role::Chip => Modifier::REVERSED,
                    _ => Modifier::empty(),
                };
                let own = if instead == Modifier::REVERSED { Modifier::empty() } else { style.add_modifier };
                *style = Style::new().add_modifier(own | instead);
            } else {
                style.fg = style.fg.map(|colour| terminal.depth.nearest(colour));
                style.bg = style.bg.map(|colour| terminal.depth.nearest(colour));
            }
        }
        self.ascii = terminal.ascii;
        self
    }

    /// The last stroke on a frame that was drawn: what has no colour of its own gets the screen's, and where the
    /// terminal has ASCII only, frames, bars and marks are put into its characters.
    pub fn finish(&self, buffer: &mut Buffer) {
        let screen = self.of(Role::Screen);
        if screen == Style::new() && !self.ascii {
            return;
        }
        for cell in &mut buffer.content {
            if cell.fg == Color::Reset {
                cell.fg = screen.fg.unwrap_or(Color::Reset);
            }
            if cell.bg == Color::Reset {
                cell.bg = screen.bg.unwrap_or(Color::Reset);
            }
            if self.ascii
                && let Some(instead) = ascii::instead(cell.symbol())
            {
                cell.set_symbol(instead);
            }
        }
    }

    fn of(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// Plain text.
    pub fn text(self) -> Style {
        self.of(Role::Text)
    }

    /// What matters less.
    pub fn dim(self) -> Style {
        self.of(Role::Dim)
    }

    /// What matters more.
    pub fn strong(self) -> Style {
        self.of(Role::Strong)
    }

    /// The heads of columns.
    pub fn head(self) -> Style {
        self.of(Role::Head)
    }

    /// The frame of a pane, with or without the keys going to it.
    pub fn frame(self, focused: bool) -> Style {
        self.of(if focused { Role::FrameFocused } else { Role::Frame })
    }

    /// The title of a pane.
    pub fn title(self, focused: bool) -> Style {
        self.of(if focused { Role::TitleFocused } else { Role::Title })
    }

    /// The line that the keys act on, in the pane that has them or in another one.
    pub fn cursor(self, focused: bool) -> Style {
        self.of(if focused { Role::CursorFocused } else { Role::Cursor })
    }

    /// A line that the user marked.
    pub fn marked(self) -> Style {
        self.of(Role::Marked)
    }

    /// A severity.
    pub fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.bad(),
            Severity::Warning => self.warning(),
            Severity::Info => self.of(Role::Info),
        }
    }

    /// What is wrong.
    pub fn bad(self) -> Style {
        self.of(Role::Bad)
    }

    /// What is doubtful.
    pub fn warning(self) -> Style {
        self.of(Role::Warning)
    }

    /// What is right.
    pub fn good(self) -> Style {
        self.of(Role::Good)
    }

    /// The cell that a finding is about.
    pub fn offending(self) -> Style {
        self.of(Role::Offending)
    }

    /// A value that is proposed or was put in place of another.
    pub fn fresh(self) -> Style {
        self.of(Role::Fresh)
    }

    /// A key that can be pressed.
    pub fn key(self) -> Style {
        self.of(Role::Key)
    }

    /// A filter that is on.
    pub fn chip(self) -> Style {
        self.of(Role::Chip)
    }

    /// The place where text is typed.
    pub fn input(self) -> Style {
        self.of(Role::Input)
    }

    /// The tab that is shown.
    pub fn tab(self, open: bool) -> Style {
        self.of(if open { Role::TabOpen } else { Role::Tab })
    }

    /// The name of the program.
    pub fn brand(self) -> Style {
        self.of(Role::Brand)
    }
}
