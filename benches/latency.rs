//! How quick the workbench feels: the real binary on a pseudo-terminal, from its start to the first frame and from a key
//! to the changed screen, alone and while a check runs behind; and how soon Esc ends a load and a check.
//!
//! `cargo bench --profile dev --bench latency -- --rows 1000000` makes the exports (kept under the target folder), loads
//! and checks them, and prints median, 99th percentile and the slowest of each. The footer, where progress moves by
//! itself, does not count as a change of the screen.

#[path = "../sample_exports/generator/mod.rs"]
mod generator;

mod common;

use std::fs;
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser as _;
use generator::Encoding;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tastevin::error::{Error, Result};

/// First frame and key to frame.
#[derive(clap::Parser)]
struct Arguments {
    /// Sales lines; customers are a tenth of that.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// How many keys are pressed per screen and state.
    #[arg(long, default_value_t = 100)]
    keys: usize,
    /// Only the places whose names contain this.
    #[arg(long)]
    only: Option<String>,
    /// Columns of the terminal.
    #[arg(long, default_value = "160")]
    columns: NonZeroU16,
    /// Lines of the terminal.
    #[arg(long, default_value = "48")]
    lines: NonZeroU16,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured: a name, the keys that go there, and the keys that are pressed in turn.
const PLACES: &[(&str, &str, &[&str])] = &[
    ("screens", "1", &["3", "6", "7", "4", "5", "1"]),
    ("sources", "1\t", &["j", "k"]),
    ("mapping", "2", &["j", "j", "k"]),
    ("anomalies, rules", "3", &["j", "j", "k"]),
    // The first rules may have found one row only.
    ("anomalies, findings", "3ggjjj\r", &["j", "j", "\x04", "k"]),
    ("anomalies, facets", "3F", &["j", "j", "k"]),
    ("duplicates, groups", "4", &["j", "j", "k"]),
    ("tables, rows", "5\r", &["j", "l", "\x04", "G", "h", "\x15"]),
    ("commit, tables", "6", &["j", "k"]),
    ("commit, rows", "6\r", &["j", "j", "\x04", "k"]),
    ("history", "7", &["\t"]),
    ("palette, typing", ":", &["c", "\x08"]),
    ("help, scrolling", "3\r?", &["j", "j", "k"]),
];

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// When nothing was drawn for so long, a key has had all its effects.
const QUIET: Duration = Duration::from_millis(40);
/// What takes longer to be drawn is told with its key.
const FRAME: Duration = Duration::from_millis(16);
/// When nothing was drawn for so long, the first questions of a screen are answered.
const ANSWERED: Duration = Duration::from_millis(1500);
/// What moves for longer moves by itself.
const RESTLESS: Duration = Duration::from_millis(400);

/// How many checks were begun, on whatever screen: no rule is written twice.
static CHECKS: AtomicU32 = AtomicU32::new(1);

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pipeline-{}", arguments.rows));
    let exports = common::exports(&home, arguments.rows, Encoding::Utf8)?;
    let dir = home.join("latency");
    if !dir.join("decisions.jsonl").exists() && !dir.join("tastevin.duckdb").exists() {
        let mut workbench = common::workspace(&dir, &exports)?;
        workbench.load("isavigne_prod", &tastevin::model::LoadOptions::default(), &|_| {})?;
        workbench.check(&|_| {})?;
    }
    println!("{} sales lines, {}x{}", arguments.rows, arguments.columns, arguments.lines);
    let mut first: Vec<Duration> = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        let mut screen = Screen::open(&dir, &arguments)?;
        screen.wait(|text| text.contains("isavigne_prod"))?;
        first.push(begin.elapsed());
        screen.end()?;
    }
    tell("first frame", first);
    for busy in [false, true] {
        let is_wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| name.contains(only));
        for (name, go, keys) in PLACES.iter().filter(|(name, ..)| is_wanted(name)) {
            let mut screen = Screen::open(&dir, &arguments)?;
            screen.wait(|text| text.contains("blocking") || text.contains("nothing blocks"))?;
            screen.go(go, true)?;
            screen.rest()?;
            let mut times = Vec::new();
            let mut missed = 0;
            let mut worst = (Duration::ZERO, "");
            for key in keys.iter().cycle().take(arguments.keys) {
                if busy && !screen.is_busy() {
                    screen.check(go)?;
                }
                match screen.timed(key)? {
                    Some(time) => {
                        worst = worst.max((time, key));
                        times.push(time);
                    }
                    None => missed += 1,
                }
            }
            let state = if busy { "a check behind" } else { "idle" };
            tell(&format!("{name}, {state}"), times);
            if worst.0 > FRAME {
                println!("    slowest: {:?}", worst.1);
            }
            if missed > 0 {
                println!("    {missed} keys changed nothing");
            }
            screen.end()?;
        }
    }
    for (name, key) in [("load", "L"), ("check", "r")] {
        if arguments.only.as_deref().is_some_and(|only| !"esc".contains(only)) {
            continue;
        }
        let mut times = Vec::new();
        let mut worst = (Duration::ZERO, String::new());
        for after in (1..=12).map(|step| step * 120) {
            let mut screen = Screen::open(&dir, &arguments)?;
            screen.wait(|text| text.contains("isavigne_prod") && text.contains("block"))?;
            screen.settle()?;
            match key {
                "r" => screen.check("")?,
                key => screen.press(key)?,
            }
            screen.read_for(Duration::from_millis(after))?;
            let footer = screen.footer();
            if footer.contains("Esc cancel") {
                let begin = Instant::now();
                screen.press("\x1b")?;
                screen.wait(|text| text.contains("was cancelled"))?;
                let time = begin.elapsed();
                times.push(time);
                worst = worst.max((time, footer));
            }
            screen.end()?;
        }
        tell(&format!("Esc ends a {name}"), times);
        println!("    slowest: {}", worst.1.split("  ").next().unwrap_or_default().trim());
    }
    Ok(())
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| {
        let at = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len().max(1)) - 1;
        times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    };
    println!(
        "  {what:<42} n {:>4}  median {:>7.1} ms  p99 {:>7.1} ms  slowest {:>7.1} ms",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// The workbench on a terminal.
struct Screen {
    parser: vt100::Parser,
    output: Receiver<(Instant, Vec<u8>)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    size: PtySize,
    workspace: PathBuf,
    // The terminal lives as long as this.
    _master: Box<dyn MasterPty + Send>,
}

fn failed(what: &str) -> Error {
    Error::internal(what.to_owned())
}

impl Screen {
    fn open(workspace: &Path, arguments: &Arguments) -> Result<Screen> {
        let size =
            PtySize { rows: arguments.lines.get(), cols: arguments.columns.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).map_err(|cause| failed("no pseudo-terminal").caused_by(cause))?;
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tastevin"));
        command.arg(workspace);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("XDG_CONFIG_HOME", workspace.join("config"));
        let child = pair.slave.spawn_command(command).map_err(|cause| failed("it does not start").caused_by(cause))?;
        let mut reader = pair.master.try_clone_reader().map_err(|cause| failed("no output").caused_by(cause))?;
        let keys = pair.master.take_writer().map_err(|cause| failed("no input").caused_by(cause))?;
        let (send, output) = channel();
        thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if send.send((Instant::now(), bytes[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let parser = vt100::Parser::new(arguments.lines, arguments.columns, 0);
        let workspace = workspace.to_owned();
        Ok(Screen { parser, output, keys, child, size, workspace, _master: pair.master })
    }

    /// Everything that is drawn, with its colours and the cursor, but the footer.
    fn drawn(&self) -> (Vec<String>, (u16, u16)) {
        let screen = self.parser.screen();
        let rows = screen.rows_formatted(0, self.size.cols).take(usize::from(self.size.rows) - 1).collect();
        (rows, screen.cursor_position())
    }

    fn footer(&self) -> String {
        self.parser.screen().rows(0, self.size.cols).last().unwrap_or_default()
    }

    fn is_busy(&self) -> bool {
        let footer = self.footer();
        footer.contains("Esc cancel") || footer.contains("checking")
    }

    fn press(&mut self, keys: &str) -> Result<()> {
        let sent = self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush());
        sent.map_err(|cause| failed("a key cannot be pressed").caused_by(cause))
    }

    /// Takes one piece of output within a time; the moment when it came.
    fn read(&mut self, within: Duration) -> Result<Option<Instant>> {
        match self.output.recv_timeout(within) {
            Ok((at, bytes)) => {
                self.parser.process(&bytes);
                Ok(Some(at))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(failed("the workbench has ended")),
        }
    }

    fn read_for(&mut self, time: Duration) -> Result<()> {
        let begin = Instant::now();
        while let Some(left) = time.checked_sub(begin.elapsed()) {
            self.read(left)?;
        }
        Ok(())
    }

    fn wait(&mut self, shown: impl Fn(&str) -> bool) -> Result<()> {
        let begin = Instant::now();
        while !shown(&self.parser.screen().contents()) {
            if begin.elapsed() > PATIENCE {
                return Err(failed("what was waited for did not come").hint(self.parser.screen().contents()));
            }
            self.read(Duration::from_millis(100))?;
        }
        Ok(())
    }

    /// Waits until nothing but the footer changes any more, or only what moves by itself.
    fn settle(&mut self) -> Result<()> {
        let (begin, mut last, mut drawn) = (Instant::now(), Instant::now(), self.drawn());
        while last.elapsed() < QUIET && begin.elapsed() < RESTLESS {
            self.read(QUIET)?;
            let now = self.drawn();
            if now != drawn {
                (last, drawn) = (Instant::now(), now);
            }
        }
        Ok(())
    }

    /// Waits until what a screen asks when it is opened is answered, so that no key waits for that.
    fn rest(&mut self) -> Result<()> {
        let (begin, mut last, mut drawn) = (Instant::now(), Instant::now(), self.drawn());
        while last.elapsed() < ANSWERED && begin.elapsed() < PATIENCE {
            self.read(QUIET)?;
            let now = self.drawn();
            if now != drawn {
                (last, drawn) = (Instant::now(), now);
            }
        }
        Ok(())
    }

    /// From the key to the first change of the screen; `None` where it changes nothing.
    fn timed(&mut self, key: &str) -> Result<Option<Duration>> {
        self.settle()?;
        let before = self.drawn();
        let begin = Instant::now();
        self.press(key)?;
        while begin.elapsed() < Duration::from_secs(1) {
            if let Some(at) = self.read(Duration::from_millis(50))?
                && self.drawn() != before
            {
                return Ok(Some(at.duration_since(begin)));
            }
        }
        Ok(None)
    }

    /// Begins a check and comes back to where the keys are pressed.
    fn check(&mut self, go: &str) -> Result<()> {
        // Where nothing is new, nothing is looked at; another rule of the user's own has everything looked at.
        let (rules, number) =
            (self.workspace.join("rules"), CHECKS.fetch_add(1, Ordering::Relaxed) + std::process::id());
        let rule = format!("id = \"bench\"\ntable = \"customers\"\nwhen = \"city = 'Nowhere {number}'\"\n");
        let written = fs::create_dir_all(&rules).and_then(|()| fs::write(rules.join("bench.toml"), rule));
        written.map_err(|cause| Error::io("cannot write a rule", &rules, cause))?;
        self.press("\x1b")?;
        self.settle()?;
        self.press("\x1b")?;
        self.settle()?;
        self.press("r")?;
        let begin = Instant::now();
        while !self.is_busy() && begin.elapsed() < PATIENCE {
            self.read(Duration::from_millis(20))?;
        }
        self.go(go, false)?;
        self.settle()?;
        // Where there is no line yet to be gone through, a key has nothing to change.
        let begin = Instant::now();
        while !self.parser.screen().contents().contains('▸') && begin.elapsed() < Duration::from_secs(2) {
            self.read(QUIET)?;
        }
        Ok(())
    }

    /// Presses the keys that lead to a place; the first time, what a screen asks when it is opened is answered before the
    /// next key.
    fn go(&mut self, keys: &str, first: bool) -> Result<()> {
        let (screen, more) = keys.split_at(keys.len().min(1));
        self.press(screen)?;
        if first && !more.is_empty() {
            self.rest()?;
        } else {
            self.settle()?;
        }
        self.press(more)
    }

    fn end(mut self) -> Result<()> {
        let killed = self.child.kill().and_then(|()| self.child.wait().map(|_| ()));
        killed.map_err(|cause| failed("it does not end").caused_by(cause))
    }
}
