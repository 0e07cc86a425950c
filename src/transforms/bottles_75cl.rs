//! `bottles_75cl`: units of wine as bottles of 75 cl; also a function of the same name for derived fields.

use super::text::without_accents;
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "bottles_75cl",
    summary: "Reads a unit of wine as the number of 75 cl bottles it holds.",
    docs: "Bottle sizes: bouteille (btl, bt, blle) 1, demi 0.5, fillette 0.5, magnum 2, double magnum and jéroboam 4, \
           réhoboam 6, mathusalem and impériale 8, salmanazar 12, balthazar 16, nabuchodonosor 20, melchior 24, clavelin \
           62 cl. Volumes in ml, cl, dl, l and hl are divided by 75 cl; a bag-in-box needs one. A case (caisse, carton, ctn, \
           colis, box) holds 12 bottles, or as many as stand beside it, of the size that stands beside it: carton de 6, \
           6x75cl, caisse de 3 magnums. In canonical.toml write `bottles_75cl(unit)`. Anything else is unreadable, a plain \
           number and \"unité\" too.",
    inputs: Inputs::One,
    output: FieldType::Decimal,
    reads: Some("a unit of wine"),
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("Bouteille")], output: Some("1.0000") },
        Example { arguments: "", inputs: &[Some("btls")], output: Some("1.0000") },
        Example { arguments: "", inputs: &[Some("bouteille 37,5 cl")], output: Some("0.5000") },
        Example { arguments: "", inputs: &[Some("demi-bouteille")], output: Some("0.5000") },
        Example { arguments: "", inputs: &[Some("50 cl")], output: Some("0.6667") },
        Example { arguments: "", inputs: &[Some("MAGNUM")], output: Some("2.0000") },
        Example { arguments: "", inputs: &[Some("150cl")], output: Some("2.0000") },
        Example { arguments: "", inputs: &[Some("Jéroboam")], output: Some("4.0000") },
        Example { arguments: "", inputs: &[Some("caisse")], output: Some("12.0000") },
        Example { arguments: "", inputs: &[Some("carton de 6")], output: Some("6.0000") },
        Example { arguments: "", inputs: &[Some("CTN6")], output: Some("6.0000") },
        Example { arguments: "", inputs: &[Some("6 x 75 cl")], output: Some("6.0000") },
        Example { arguments: "", inputs: &[Some("caisse bois de 3 magnums")], output: Some("6.0000") },
        Example { arguments: "", inputs: &[Some("carton de 12 x 37.5cl")], output: Some("6.0000") },
        Example { arguments: "", inputs: &[Some("BIB 5L")], output: Some("6.6667") },
        Example { arguments: "", inputs: &[Some("bag-in-box")], output: None },
        Example { arguments: "", inputs: &[Some("litre")], output: Some("1.3333") },
        Example { arguments: "", inputs: &[Some("palette")], output: None },
        Example { arguments: "", inputs: &[Some("12")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("CAST(bottles_75cl({}) AS DECIMAL(18,4))", inputs[0])),
    functions: &[Function { name: "bottles_75cl", call: Call::Double(bottles) }],
};

/// What a word of a unit says.
#[derive(Clone, Copy)]
enum Word {
    /// A bottle of so many cl.
    Bottle(f64),
    /// A measure of so many cl, with or without a number in front.
    Measure(f64),
    /// A measure that needs a number in front.
    Small(f64),
    /// A case, of 12 where no number is beside it.
    Case,
    /// Something that needs a number of bottles beside it.
    Set,
    /// Something that needs a volume beside it.
    Bag,
    /// Twice the size of the bottle behind.
    Double,
    /// A word that says nothing.
    Filler,
}

fn word(text: &str) -> Option<Word> {
    let known = |text: &str| {
        Some(match text {
            "bouteille" | "bouteil" | "bout" | "btl" | "btle" | "bt" | "blle" | "bll" | "bte" | "bottle"
            | "standard" => Word::Bottle(75.0),
            "demi" | "demie" | "half" | "fillette" => Word::Bottle(37.5),
            "clavelin" => Word::Bottle(62.0),
            "magnum" | "mag" | "mgn" => Word::Bottle(150.0),
            "jeroboam" | "jero" => Word::Bottle(300.0),
            "rehoboam" => Word::Bottle(450.0),
            "mathusalem" | "methuselah" | "imperiale" | "imperial" => Word::Bottle(600.0),
            "salmanazar" => Word::Bottle(900.0),
            "balthazar" => Word::Bottle(1200.0),
            "nabuchodonosor" | "nebuchadnezzar" => Word::Bottle(1500.0),
            "melchior" => Word::Bottle(1800.0),
            "ml" | "millilitre" => Word::Small(0.1),
            "cl" | "centilitre" => Word::Small(1.0),
            "dl" | "decilitre" => Word::Small(10.0),
            "l" | "lt" | "ltr" | "litre" | "liter" => Word::Measure(100.0),
            "hl" | "hectolitre" => Word::Measure(10_000.0),
            "caisse" | "cais" | "cse" | "carton" | "cart" | "ctn" | "crt" | "cbo" | "case" | "box" | "colis" => {
                Word::Case
            }
            "lot" | "pack" | "coffret" | "etui" => Word::Set,
            "bib" | "cubi" | "cubitainer" | "fontaine" | "outre" | "fut" => Word::Bag,
            "double" => Word::Double,
            "de" | "d" | "of" | "par" | "a" | "x" | "bois" | "vin" | "en" | "in" | "bag" | "and" => Word::Filler,
            _ => return None,
        })
    };
    known(text).or_else(|| known(text.strip_suffix('s')?))
}

/// How many bottles of 75 cl the unit holds.
fn bottles(text: &str) -> Option<f64> {
    match text {
        "bouteille" | "Bouteille" | "btl" => return Some(1.0),
        "magnum" | "Magnum" => return Some(2.0),
        _ => {}
    }
    let plain = without_accents(text).to_lowercase();
    if plain.len() > 60 {
        return None;
    }
    // A bag-in-box is no box.
    let plain = plain.replace("bag in box", "bib").replace("bag-in-box", "bib");
    let (mut count, mut volume, mut bottle) = (None, None, None);
    let (mut factor, mut case, mut set, mut bag) = (1.0, false, false, false);
    let mut rest = plain.as_str();
    loop {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let Some(first) = rest.chars().next() else { break };
        if first.is_ascii_digit() {
            let number = take_number(&mut rest)?;
            let unit = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
            match word(letters(unit)) {
                Some(Word::Measure(cl) | Word::Small(cl)) => {
                    rest = &unit[letters(unit).len()..];
                    // 1l50 and two volumes in one unit are nothing that can be read with certainty.
                    if volume.replace(number * cl).is_some() || rest.starts_with(|c: char| c.is_ascii_digit()) {
                        return None;
                    }
                }
                _ if count.replace(number).is_some() || number.fract() != 0.0 => return None,
                _ => {}
            }
            continue;
        }
        let text = letters(rest);
        rest = &rest[text.len()..];
        match word(text)? {
            // A demi-bouteille is a demi, a bouteille magnum a magnum.
            Word::Bottle(cl) => bottle = Some(bottle.filter(|other| *other != 75.0).unwrap_or(cl)),
            Word::Measure(cl) if volume.is_none() => volume = Some(cl),
            Word::Measure(_) | Word::Small(_) => return None,
            Word::Case => case = true,
            Word::Set => set = true,
            Word::Bag => bag = true,
            Word::Double => factor = 2.0,
            Word::Filler => {}
        }
    }
    if bag && volume.is_none() || set && count.is_none() || volume.is_none() && bottle.is_none() && !case && !set {
        return None;
    }
    let count = count.unwrap_or(if case { 12.0 } else { 1.0 });
    let cl = volume.or(bottle.map(|cl| cl * factor)).unwrap_or(75.0);
    Some(count * cl / 75.0).filter(|bottles| *bottles > 0.0 && *bottles < 1e6)
}

fn letters(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    // In 6x75cl the x stands alone though no space is around it.
    if text.starts_with('x') && text[1..].starts_with(|c: char| c.is_ascii_digit()) { "x" } else { &text[..end] }
}

fn take_number(rest: &mut &str) -> Option<f64> {
    let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = whole;
    if rest[whole..].starts_with([',', '.']) {
        let fraction = rest[whole + 1..].bytes().take_while(u8::is_ascii_digit).count();
        if fraction > 0 {
            end = whole + 1 + fraction;
        }
    }
    let (number, behind) = rest.split_at(end);
    *rest = behind;
    number.replace(',', ".").parse().ok().filter(|number| *number <= 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_of_a_unit_agree() {
        for (spellings, expected) in [
            (
                &["bouteille", "Bouteilles", "BT", "blle.", "75cl", "75 CL", "0,75 l", "bouteille 75 cl", "Btl 75cl"][..],
                1.0,
            ),
            (&["1/2", "37.5", "u", "unité", "", "-", "kg", "carton de", "1l50", "6 x 6 x 75cl", "bib"][..], 0.0),
            (
                &["carton 6", "carton de 6 bouteilles", "ctn 6", "6 bouteilles", "caisse(6)", "6x75cl", "lot de 6"][..],
                6.0,
            ),
            (&["caisse", "carton", "carton de 12", "caisse 12 bt", "24 demi"][..], 12.0),
            (&["double magnum", "double-magnum", "jeroboam", "3 L", "BIB 3L", "bag in box 3 litres"][..], 4.0),
        ] {
            for spelling in spellings {
                let read = bottles(spelling);
                if *spelling == "carton de" {
                    assert_eq!(read, Some(12.0));
                } else {
                    assert_eq!(read, Some(expected).filter(|expected| *expected > 0.0), "{spelling}");
                }
            }
        }
    }
}
