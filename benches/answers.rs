//! How fast Odoo's answers are read, beside the `xmlrpc` crate's own reader on the same page.
//!
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo bench --profile dev --bench answers` prints both and their ratio; the page is what
//! an Odoo 19 answered for 1 000 partners with 20 fields each (1.7 MB).

use std::hint::black_box;
use std::io::Read as _;
use std::time::{Duration, Instant};

use tastevin::connectors::odoo::xml;

/// Hands the page to the crate as if it had come from a server.
struct Page<'a>(&'a [u8]);

impl<'a> xmlrpc::Transport for Page<'a> {
    type Stream = &'a [u8];

    fn transmit(self, _: &xmlrpc::Request) -> Result<&'a [u8], Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut page = String::new();
    flate2::read::GzDecoder::new(&include_bytes!("data/odoo_1000_partners.xml.gz")[..]).read_to_string(&mut page)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        let begin = Instant::now();
        let (clean, _) = xml::cleaned(black_box(page.as_bytes()));
        let answer = xml::answer(&clean)?;
        ours.push(begin.elapsed());
        let records = match answer {
            xml::Answer::Value(value) => value.as_list().map_or(0, <[_]>::len),
            xml::Answer::Fault { .. } => 0,
        };
        assert_eq!(records, 1000);

        let begin = Instant::now();
        let value = xmlrpc::Request::new("x").call(Page(page.as_bytes())).map_err(|error| error.to_string())?;
        theirs.push(begin.elapsed());
        assert_eq!(value.as_array().map(<[_]>::len), Some(1000));
    }
    let (ours, theirs) = (best(&ours), best(&theirs));
    let speed = |time: Duration| page.len() as f64 / 1e6 / time.as_secs_f64();
    println!("this reader   {:6.1} ms  {:6.1} MB/s", ours.as_secs_f64() * 1e3, speed(ours));
    println!("xmlrpc crate  {:6.1} ms  {:6.1} MB/s", theirs.as_secs_f64() * 1e3, speed(theirs));
    println!("ratio         {:6.1}", theirs.as_secs_f64() / ours.as_secs_f64());
    Ok(())
}

fn best(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap_or_default()
}
