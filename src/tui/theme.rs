//! Colours by what they mean, never by where they stand. Every meaning also has a glyph or a modifier, so that
//! nothing is told by colour alone. Neighbour: `widgets`.

use ratatui::style::{Color, Modifier, Style};

use crate::model::Severity;

/// What the styles of the screen are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    colours: bool,
}

impl Theme {
    /// Colours, unless the user does not want any (<https://no-color.org>).
    pub fn from_environment() -> Theme {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Theme { colours: !refused }
    }

    /// With or without colours.
    pub fn new(colours: bool) -> Theme {
        Theme { colours }
    }

    fn of(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// Plain text.
    pub fn text(self) -> Style {
        Style::new()
    }

    /// What matters less.
    pub fn dim(self) -> Style {
        if self.colours { self.of(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// What matters more.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The heads of columns.
    pub fn head(self) -> Style {
        self.dim().add_modifier(Modifier::UNDERLINED)
    }

    /// The frame of a pane, with or without the keys going to it.
    pub fn frame(self, focused: bool) -> Style {
        if focused { self.of(Color::Cyan) } else { self.dim() }
    }

    /// The title of a pane.
    pub fn title(self, focused: bool) -> Style {
        if focused { self.of(Color::Cyan).add_modifier(Modifier::BOLD) } else { self.strong() }
    }

    /// The line that the keys act on, in the pane that has them or in another one.
    pub fn cursor(self, focused: bool) -> Style {
        match (focused, self.colours) {
            (true, true) => Style::new().bg(Color::Blue).fg(Color::White).add_modifier(Modifier::BOLD),
            (true, false) => Style::new().add_modifier(Modifier::REVERSED),
            (false, _) => Style::new().add_modifier(Modifier::BOLD),
        }
    }

    /// A line that the user marked.
    pub fn marked(self) -> Style {
        self.of(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    /// A severity.
    pub fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.bad(),
            Severity::Warning => self.warning(),
            Severity::Info => self.of(Color::Cyan),
        }
    }

    /// What is wrong.
    pub fn bad(self) -> Style {
        self.of(Color::Red)
    }

    /// What is doubtful.
    pub fn warning(self) -> Style {
        self.of(Color::Yellow)
    }

    /// What is right.
    pub fn good(self) -> Style {
        self.of(Color::Green)
    }

    /// The cell that a finding is about.
    pub fn offending(self) -> Style {
        self.bad().add_modifier(Modifier::UNDERLINED)
    }

    /// A value that is proposed or was put in place of another.
    pub fn fresh(self) -> Style {
        self.good()
    }

    /// A key that can be pressed.
    pub fn key(self) -> Style {
        self.of(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// A filter that is on.
    pub fn chip(self) -> Style {
        if self.colours {
            Style::new().bg(Color::Magenta).fg(Color::White)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }

    /// The place where text is typed.
    pub fn input(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// The tab that is shown.
    pub fn tab(self, open: bool) -> Style {
        match open {
            true => Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
            false => Style::new(),
        }
    }

    /// The name of the program.
    pub fn brand(self) -> Style {
        self.of(Color::Magenta).add_modifier(Modifier::BOLD)
    }
}
