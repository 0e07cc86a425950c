//! A workbench with somebody before it, for stories: a workspace, the keys that are pressed, the screen that is seen.
//!
//! The session does every effect at once and in order, so a story needs no waiting. Time stands still unless a story lets it pass.

// Every module uses a part of this.
#![allow(dead_code)]
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};
use tastevin::model::SourceConfig;
use tastevin::tui::effects::{Effect, Job};
use tastevin::tui::message::{Key, Message, Reply};
use tastevin::tui::model::{About, Model};
use tastevin::tui::theme::Theme;
use tastevin::tui::update::{start, update};
use tastevin::tui::{view, workers};
use tastevin::workbench::{OpenOptions, Workbench, Workspace, preferences};

/// An export of customers with dirt in it.
pub const CLIENTS: &str = "\
Code Client;Nom;Email;Téléphone;Mobile;Code Postal;Ville;Pays;Refus e-mail;Date création;Remarques
C001;Jean Dupont;jean.dupont at example.fr;03 88 83 06 09;;67000;Strasbourg;France;non;03/01/2022;
C002;Anne Müller;anne@example.fr;03 88 83 06 10;;67600;SÃ©lestat;France;non;04/01/2022;
C003;Luc Meyer;luc@example.fr;03 88 83 06 11;;68150;RibeauvillÃ©;France;non;05/01/2022;
C004;Zoé Roussel;zoe@example.fr;03 88 83 06 12;;67140;Barr;France;non;06/01/2022;
C005;太郎 日本;taro@example.fr;12;;68000;Colmar\u{1b}[31m;France;non;07/01/2022;
C006;trop;peu
C007;Marc Klein;m.klein@;03 88 83 06 13;;67000;Strasbourg;France;non;08/01/2022;
";
/// An export of products.
pub const PRODUITS: &str = "\
Produit Key;Nom;Couleur;Prix;Coût;Cépages;Arômes;Millésime;Région;Degré;Corps;Tanins
RIESLING-2020-75CL;Riesling 2020;blanc;12,50;6,00;Riesling;agrume;2020;Alsace;12,5;léger;
PINOT-2019-75CL;Pinot noir 2019;rouge;15,00;7,00;Pinot noir;cerise;2019;Alsace;13;léger;souples
";
/// An export of sales.
pub const VENTES: &str = "\
Code Vente;Code Client;Produit Key;Date;Quantité;Unité;Prix Unitaire;Prix Total;Canal
V001;C001;RIESLING-2020-75CL;15/01/2024;6;bouteille;12,50;75,00;caveau
V002;C002;PINOT-2019-75CL;16/01/2024;2;bouteille;15,00;30,00;caveau
V003;C999;PINOT-2019-75CL;17/01/2024;1;bouteille;15,00;15,00;caveau
";
/// An export of stock.
pub const STOCK: &str = "\
Produit Key;Entrepôt;Quantité;Unité;Réservé;Date Inventaire
RIESLING-2020-75CL;Principal;100;bouteille;10;01/02/2024
PINOT-2019-75CL;Principal;50;bouteille;0;01/02/2024
";

/// A workspace on these exports, made once; loaded and checked, or only made.
pub fn prepared(checked: bool) -> &'static Path {
    static FRESH: OnceLock<PathBuf> = OnceLock::new();
    static CHECKED: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let dir = tempfile::tempdir().expect("a temporary folder").keep();
        Workspace::init(&dir, "Domaine R.").expect("a workspace");
        fs::create_dir(dir.join("exports")).expect("the exports' folder");
        for (name, text) in [("clients", CLIENTS), ("produits", PRODUITS), ("ventes", VENTES), ("stock", STOCK)] {
            fs::write(dir.join(format!("exports/{name}.csv")), text).expect("an export");
        }
        let mut workbench = Workbench::open(&dir, OpenOptions::default()).expect("the workspace opens");
        let mut config = SourceConfig { kind: "isavigne".to_owned(), ..SourceConfig::default() };
        config.options.insert("path".to_owned(), "exports".into());
        workbench.add_source("isavigne_prod", &config).expect("the source is added");
        if checked {
            workbench
                .load("isavigne_prod", &tastevin::model::LoadOptions::default(), &|_| {})
                .expect("the exports load");
            workbench.check(&|_| {}).expect("the check runs");
        }
        dir
    };
    if checked { CHECKED.get_or_init(make) } else { FRESH.get_or_init(make) }
}

/// A workbench with somebody before it.
pub struct Session {
    pub model: Model,
    pub workbench: Workbench,
    pub terminal: Terminal<TestBackend>,
    pub copied: Vec<String>,
    pub ended: bool,
    /// Effects that are held back until [`Session::answer`], to see the screen in between.
    pub held: Option<Vec<Effect>>,
    pub dir: tempfile::TempDir,
}

impl Session {
    /// On the exports above, loaded and checked.
    pub fn checked(width: u16, height: u16) -> Session {
        Session::copy_of(prepared(true), width, height)
    }

    /// On the exports above, not loaded yet.
    pub fn fresh(width: u16, height: u16) -> Session {
        Session::copy_of(prepared(false), width, height)
    }

    /// On a workspace without a source.
    pub fn empty(width: u16, height: u16) -> Session {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Workspace::init(dir.path(), "Domaine R.").expect("a workspace");
        Session::open(dir, width, height, OpenOptions::default())
    }

    pub fn copy_of(from: &Path, width: u16, height: u16) -> Session {
        let dir = tempfile::tempdir().expect("a temporary folder");
        copy(from, dir.path());
        Session::open(dir, width, height, OpenOptions::default())
    }

    pub fn open(dir: tempfile::TempDir, width: u16, height: u16, options: OpenOptions) -> Session {
        let workbench = Workbench::open(dir.path(), options).expect("the workspace opens");
        let about = About {
            name: workbench.config().workspace.name.clone(),
            dir: PathBuf::from("/cellar"),
            schema: Arc::new(workbench.schema().clone()),
            mappings: Arc::new(workbench.mappings().unwrap_or_default()),
            gate: workbench.config().gate.clone(),
            sources: workbench.config().sources.keys().cloned().collect(),
            // Whoever the decisions are signed by.
            who: tastevin::workbench::clock::who(),
            read_only: workbench.is_read_only(),
            today: tastevin::workbench::clock::today(),
        };
        let model = Model::new(about, workbench.decisions(), Theme::new(true), width, height);
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        let mut session = Session { model, workbench, terminal, copied: Vec::new(), ended: false, held: None, dir };
        let effects = start(&mut session.model, false);
        session.perform(effects);
        session
    }

    /// Leaves and comes back.
    pub fn again(self) -> Session {
        let Session { workbench, dir, terminal, .. } = self;
        drop(workbench);
        let size = terminal.size().expect("a size");
        Session::open(dir, size.width, size.height, OpenOptions::default())
    }

    /// Presses keys, apart by spaces, by their names in the keymap; what stands in quotes is typed.
    pub fn keys(&mut self, script: &str) -> &mut Session {
        for (at, part) in script.split('"').enumerate() {
            if at % 2 == 1 {
                for character in part.chars() {
                    self.press(if character == ' ' { "space".to_owned() } else { character.to_string() });
                }
            } else {
                part.split_whitespace().for_each(|key| self.press(key.to_owned()));
            }
        }
        self
    }

    pub fn press(&mut self, key: String) {
        self.send(Message::Key(Key(key)));
    }

    pub fn send(&mut self, message: Message) -> &mut Session {
        let effects = update(&mut self.model, message);
        match &mut self.held {
            Some(held) => held.extend(effects),
            None => self.perform(effects),
        }
        self
    }

    /// From now on nothing is answered.
    pub fn hold(&mut self) -> &mut Session {
        self.held = Some(Vec::new());
        self
    }

    /// Everything that was held back is answered.
    pub fn answer(&mut self) -> &mut Session {
        let effects = self.held.take().unwrap_or_default();
        self.perform(effects);
        self
    }

    pub fn click(&mut self, column: u16, row: u16) -> &mut Session {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row)
    }

    pub fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> &mut Session {
        self.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
    }

    pub fn resize(&mut self, width: u16, height: u16) -> &mut Session {
        self.terminal.backend_mut().resize(width, height);
        self.send(Message::Resize(width, height))
    }

    pub fn perform(&mut self, effects: Vec<Effect>) {
        let mut effects = std::collections::VecDeque::from(effects);
        // Many wishes for a check are one, and it comes after everything else, as in the runtime.
        loop {
            let next = effects.iter().position(|effect| *effect != Effect::Do(Job::Check)).unwrap_or(0);
            let Some(effect) = effects.remove(next) else {
                return;
            };
            if effect == Effect::Do(Job::Check) {
                effects.clear();
            }
            let messages = match effect {
                Effect::Do(job) => {
                    let told = Mutex::new(vec![Reply::Started(job.clone())]);
                    let end = workers::work(&mut self.workbench, job, &|reply| told.lock().expect("told").push(reply));
                    let mut replies = told.into_inner().expect("told");
                    replies.push(end);
                    replies
                }
                Effect::Ask(generation, ask) => {
                    let (slot, news) = (ask.slot(), Mutex::new(Vec::new()));
                    let tell = |one| news.lock().expect("news").push(Reply::Nearer(generation, slot, one));
                    let answer = workers::answer(&self.workbench, &ask, &tell);
                    let mut replies = news.into_inner().expect("news");
                    replies.push(Reply::Answered(generation, slot, answer));
                    replies
                }
                Effect::Copy(text) => {
                    self.copied.push(text);
                    Vec::new()
                }
                Effect::Quit => {
                    self.ended = true;
                    Vec::new()
                }
                Effect::Remember { setting, value } => {
                    vec![Reply::Remembered(preferences::set(&self.dir.path().join("settings"), setting, &value))]
                }
                Effect::Cancel | Effect::Forget(_) | Effect::Mouse(_) => Vec::new(),
            };
            for reply in messages {
                effects.extend(update(&mut self.model, Message::Reply(Box::new(reply))));
            }
        }
    }

    /// The screen as text, with what differs from day to day made equal.
    pub fn screen(&mut self) -> String {
        self.terminal.draw(|frame| view::view(&self.model, frame)).expect("the screen is drawn");
        let buffer = self.terminal.backend().buffer();
        let lines = buffer.content().chunks(usize::from(buffer.area.width).max(1)).map(|row| {
            let mut skip = 0;
            let mut line = String::new();
            for cell in row {
                if skip == 0 {
                    line.push_str(cell.symbol());
                    skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
                }
                skip -= 1;
            }
            line.trim_end().to_owned()
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let day = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d").expect("a pattern");
        let took = regex::Regex::new(r" {4}\d+(\.\d)? m?s│|  \d\d ms│").expect("a pattern");
        let told = regex::Regex::new(r"\b(\d\d|\d\.\d) m?s( on\b|│| +│)").expect("a pattern");
        let text = took.replace_all(&day.replace_all(&text, "2026-11-22 09:12"), "   0.1 s│").into_owned();
        told.replace_all(&text, "0.1 s$2").into_owned()
    }

    /// The runs of equal style in the line that contains a text, those without any style left out: `style: text`.
    pub fn styles(&mut self, of: &str) -> Vec<String> {
        self.screen();
        let buffer = self.terminal.backend().buffer();
        let mut lines = buffer.content().chunks(usize::from(buffer.area.width));
        let line = lines
            .find(|row| row.iter().map(|cell| cell.symbol()).collect::<String>().contains(of))
            .unwrap_or_else(|| panic!("no line with {of}"));
        let mut runs: Vec<(String, String)> = Vec::new();
        for cell in line {
            let mut style = Vec::new();
            if cell.fg != Color::Reset {
                style.push(format!("{}", cell.fg).to_lowercase());
            }
            if cell.bg != Color::Reset {
                style.push(format!("on {}", cell.bg).to_lowercase());
            }
            for (name, modifier) in
                [("bold", Modifier::BOLD), ("underlined", Modifier::UNDERLINED), ("reversed", Modifier::REVERSED)]
            {
                if cell.modifier.contains(modifier) {
                    style.push(name.to_owned());
                }
            }
            let style = style.join(" ");
            match runs.last_mut() {
                Some((last, text)) if *last == style => text.push_str(cell.symbol()),
                _ => runs.push((style, cell.symbol().to_owned())),
            }
        }
        runs.into_iter()
            .filter(|(style, text)| !style.is_empty() && !text.trim().is_empty())
            .map(|(style, text)| format!("{style}: {}", text.trim()))
            .collect()
    }

    #[track_caller]
    pub fn shows(&mut self, text: &str) -> &mut Session {
        let screen = self.screen();
        assert!(screen.contains(text), "\"{text}\" is not on the screen:\n{screen}");
        self
    }

    #[track_caller]
    pub fn hides(&mut self, text: &str) -> &mut Session {
        let screen = self.screen();
        assert!(!screen.contains(text), "\"{text}\" is on the screen:\n{screen}");
        self
    }

    pub fn ledger(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.dir.path().join("decisions.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of the ledger")).collect()
    }
}

pub fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            fs::create_dir(&target).expect("a folder is made");
            copy(&entry.path(), &target);
        } else {
            copy_file(&entry.path(), &target);
        }
    }
}

/// Copies a file as it is, with its time: the workspace knows by it that an export is still the one that was loaded.
pub fn copy_file(from: &Path, to: &Path) {
    fs::copy(from, to).expect("a file is copied");
    let time = fs::metadata(from).and_then(|data| data.modified()).expect("a time");
    let file = fs::File::options().write(true).open(to).expect("the copy");
    file.set_modified(time).expect("the time is set");
}
