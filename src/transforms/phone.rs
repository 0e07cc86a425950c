//! `phone`: telephone numbers in E.164.

use std::str::FromStr as _;
use std::sync::atomic::{AtomicU8, Ordering};

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat};

use super::text::is_space;
use super::{Argument, Example, Inputs, Takes, Transform, country};
use crate::model::FieldType;
use crate::sql::Literal;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "phone",
    summary: "Reads a telephone number and writes it in E.164, +33388830609.",
    docs: "Spaces, points, hyphens, slashes and brackets are passed over; 00 and + begin an international number; without \
           them it is one of the region. For France the numbers of the overseas departments get their own country codes \
           (0590 is +590). A number that does not exist in the numbering plan of its country, two numbers in one cell and \
           numbers with letters (an extension, a name) are unreadable. The numbering plans are those of libphonenumber.\n\n\
           With a second column, `columns = [\"Telephone\", \"Country\"]`, a number without a country code is read by the \
           country of its row, which is written as `country` reads it; the region counts where that cell is empty. Beside a \
           country that nobody knows only international numbers can be read.",
    inputs: Inputs::Beside("the country"),
    output: FieldType::Text,
    reads: Some("a telephone number"),
    arguments: &[Argument {
        name: "region",
        help: "The country of numbers without a country code, by its code of two letters; default \"FR\".",
        required: false,
        takes: Takes::Text,
    }],
    examples: &[
        Example { arguments: "", inputs: &[Some("03 88 83 06 09")], output: Some("+33388830609") },
        Example { arguments: "", inputs: &[Some("06.12.34.56.78")], output: Some("+33612345678") },
        Example { arguments: "", inputs: &[Some("+33 (0)3 88 83 06 09")], output: Some("+33388830609") },
        Example { arguments: "", inputs: &[Some("0033 388830609")], output: Some("+33388830609") },
        Example { arguments: "", inputs: &[Some("0590\u{a0}82\u{a0}09\u{a0}30")], output: Some("+590590820930") },
        Example { arguments: "", inputs: &[Some("0692 12 34 56")], output: Some("+262692123456") },
        Example { arguments: "", inputs: &[Some("+49 30 901820")], output: Some("+4930901820") },
        Example { arguments: "\"DE\"", inputs: &[Some("030 901820")], output: Some("+4930901820") },
        Example { arguments: "\"CH\"", inputs: &[Some("044 668 18 00")], output: Some("+41446681800") },
        Example { arguments: "", inputs: &[Some("020 7946 0472"), Some("GB")], output: Some("+442079460472") },
        Example { arguments: "", inputs: &[Some("020 7946 472"), Some("United Kingdom")], output: None },
        Example { arguments: "", inputs: &[Some("03 88 83 06 09"), Some(" ")], output: Some("+33388830609") },
        Example {
            arguments: "",
            inputs: &[Some("+44 20 7946 0472"), Some("Wonderland")],
            output: Some("+442079460472"),
        },
        Example { arguments: "", inputs: &[Some("020 7946 0472"), Some("Wonderland")], output: None },
        Example { arguments: "", inputs: &[Some("388830609")], output: Some("+33388830609") },
        Example { arguments: "", inputs: &[Some("12")], output: None },
        Example { arguments: "", inputs: &[Some("00 00 00 00 00")], output: None },
        Example { arguments: "", inputs: &[Some("03 88 83 06 09 / 06 12 34 56 78")], output: None },
        Example { arguments: "", inputs: &[Some("0388830609 poste 12")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let region = arguments.optional_text("region")?.unwrap_or("FR").to_uppercase();
        if Region::from_str(&region).is_err() {
            return Err(arguments
                .wrong(&format!("knows no region \"{region}\""))
                .hint("write it like \"FR\" or \"DE\""));
        }
        Ok(match inputs.get(1) {
            None => format!("tv_phone({}, {})", inputs[0], Literal(&region)),
            Some(country) => {
                let country = format!("coalesce(nullif(tv_trim({country}), ''), {})", Literal(&region));
                format!("tv_phone_in({}, {country})", inputs[0])
            }
        })
    },
    functions: &[
        Function { name: "tv_phone", call: Call::Two(e164) },
        Function { name: "tv_phone_in", call: Call::Two(e164_in) },
    ],
};

/// The first digits of the overseas regions that share the French way of dialling.
const OVERSEAS: [(&str, Region); 15] = [
    ("0590", Region::GP),
    ("0690", Region::GP),
    ("0691", Region::GP),
    ("0596", Region::MQ),
    ("0696", Region::MQ),
    ("0697", Region::MQ),
    ("0594", Region::GF),
    ("0694", Region::GF),
    ("0262", Region::RE),
    ("0263", Region::RE),
    ("0692", Region::RE),
    ("0693", Region::RE),
    ("0269", Region::YT),
    ("0639", Region::YT),
    ("0508", Region::PM),
];

fn e164(text: &str, region: &str) -> Option<String> {
    let digits = dialled(text)?;
    let region = Region::from_str(region).ok()?;
    if region != Region::FR {
        return parsed(region, &digits);
    }
    let overseas = OVERSEAS.iter().find(|(start, _)| digits.len() == 10 && digits.starts_with(start));
    if let Some((_, region)) = overseas {
        return parsed(*region, &digits);
    }
    match french_block(&digits) {
        Some((block, national)) => {
            block_exists(block, || parsed(Region::FR, &digits).is_some()).then(|| format!("+33{national}"))
        }
        None => parsed(Region::FR, &digits),
    }
}

/// The number as it is dialled in a country, by its name or code.
fn e164_in(text: &str, country: &str) -> Option<String> {
    match country::alpha2(country) {
        Some(region) => e164(text, region),
        // What begins with its own country needs no other.
        None => dialled(text).filter(|digits| digits.starts_with('+')).and_then(|digits| parsed(Region::FR, &digits)),
    }
}

fn parsed(region: Region, digits: &str) -> Option<String> {
    let number = PhoneNumber::parse(digits, Some(region)).ok().filter(PhoneNumber::is_valid)?;
    Some(number.format_as(PhoneNumberFormat::E164).into_owned())
}

/// The nine digits of a French number and the first four of them, its block, if it is one of the geographic and mobile
/// numbers, of which the plan gives away blocks of 100 000. (The numbers in 08 are given away in smaller ones.)
fn french_block(digits: &str) -> Option<(usize, &str)> {
    let national = match digits.strip_prefix("+33") {
        Some(behind) => behind.strip_prefix('0').unwrap_or(behind),
        None => digits.strip_prefix('0')?,
    };
    if national.len() != 9 || national.starts_with(['0', '8']) {
        return None;
    }
    Some((national[..4].parse().ok()?, national))
}

/// Whether the block is given away. The library takes some microseconds to say so, which is long for ten million
/// numbers; it is asked once per block.
fn block_exists(block: usize, ask: impl FnOnce() -> bool) -> bool {
    const UNKNOWN: u8 = 0;
    const NO: u8 = 1;
    const YES: u8 = 2;
    static BLOCKS: [AtomicU8; 10_000] = [const { AtomicU8::new(UNKNOWN) }; 10_000];
    let Some(known) = BLOCKS.get(block) else { return ask() };
    // Two threads that ask at once get the same answer, so no order between them is needed.
    match known.load(Ordering::Relaxed) {
        UNKNOWN => {
            let exists = ask();
            known.store(if exists { YES } else { NO }, Ordering::Relaxed);
            exists
        }
        answer => answer == YES,
    }
}

/// What one would dial: digits, with a plus before an international number. `None` where anything else is in the text than what people put between
/// digits.
fn dialled(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() => digits.push(c),
            '.' | '-' | '/' | '(' | ')' | '\u{2010}'..='\u{2014}' => {}
            c if is_space(c) => {}
            _ => return None,
        }
        // No numbering plan has numbers of more than 15 digits; 0033 and (0) add some.
        if digits.len() > 20 {
            return None;
        }
    }
    // Not every country dials 00 for abroad, but who writes it means that.
    if let Some(international) = digits.strip_prefix("00") {
        digits = format!("+{international}");
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_french_block_exists_or_not_as_a_whole() {
        for block in (1000..10_000).filter(|block| block / 1000 != 8) {
            let answers = [0, 1, 12_345, 50_000, 99_999].map(|number| {
                let digits = format!("0{block}{number:05}");
                (parsed(Region::FR, &digits), digits)
            });
            let exists = answers[0].0.is_some();
            for (answer, digits) in answers {
                let expected = exists.then(|| format!("+33{}", &digits[1..]));
                assert_eq!(answer, expected, "{digits}");
            }
        }
    }

    #[test]
    fn the_ways_to_dial_one_number_agree() {
        let ways = [
            "0388830609",
            "+33388830609",
            "+33 (0)3 88 83 06 09",
            "0033 3.88.83.06.09",
            "(0)3 88 83 06 09",
            "0033 03 88 83 06 09",
        ];
        for way in ways {
            assert_eq!(e164(way, "FR").as_deref(), Some("+33388830609"), "{way}");
        }
    }

    #[test]
    fn numbers_out_of_the_plan_are_none() {
        for text in [
            "0700199996",
            "0612345",
            "06123456789",
            "+33",
            "+",
            "",
            "00000000000000000000000",
            "061234567",
            "٠٦١٢٣٤٥٦٧٨",
        ] {
            assert_eq!(e164(text, "FR"), None, "{text}");
        }
        assert_eq!(e164("0836612345", "FR").as_deref(), Some("+33836612345"));
    }
}
