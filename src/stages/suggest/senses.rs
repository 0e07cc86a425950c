//! Senses: what a name says yes to, so that `opt-in` is not taken for `opt-out`. Neighbour: `names`, which compares the words.
//!
//! A name that denies nothing says yes: `Newsletter` is yes for who gets it.

/// Words that say yes to something and words that say no to the same, by how they begin, with the word for both. What is
/// not a letter or an accent is not here: names come without.
const OPPOSITES: [(&str, &[&str], &[&str]); 3] = [
    (
        "opt",
        &[
            "optin", "accept", "consent", "autoris", "authori", "abonn", "inscri", "souscri", "subscri", "allow",
            "agree",
        ],
        &[
            "optout",
            "refus",
            "reject",
            "oppos",
            "interdi",
            "desabonn",
            "desinscri",
            "unsubscri",
            "blacklist",
            "blocked",
            "bloqu",
            "declin",
            "disallow",
            "disagree",
            "stop",
        ],
    ),
    ("active", &["actif", "activ", "enabl"], &["inactif", "inactiv", "desactiv", "deactiv", "disabl", "archiv"]),
    ("valid", &["valid", "valable"], &["invalid", "non valable"]),
];

/// Words that turn round what stands beside them.
const DENYING: [&str; 9] = ["non", "not", "no", "pas", "sans", "without", "never", "jamais", "hors"];

/// Both answers, as headers offer them: `Newsletter (oui/non)`.
const ANSWERS: [(&str, &str); 6] =
    [("oui", "non"), ("o", "n"), ("yes", "no"), ("y", "n"), ("vrai", "faux"), ("true", "false")];

/// What a name is about, and whether it says no to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sense {
    /// Its words, with one and the same for those that say yes or no to one and the same.
    pub about: Vec<String>,
    /// Whether a yes in a column of that name is a no.
    pub no: bool,
}

impl Sense {
    /// The sense of a name by its words, which are small letters without accents.
    pub fn of(words: &[String]) -> Sense {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        for (yes, no) in ANSWERS {
            if words.contains(&yes) && words.contains(&no) {
                words.retain(|word| *word != yes && *word != no);
            }
        }
        let mut sense = Sense::default();
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            if ["opt", "opted"].contains(&word)
                && let Some(which) = words.next_if(|next| ["in", "out"].contains(next))
            {
                sense.no ^= which == "out";
                sense.about.push("opt".to_owned());
            } else if DENYING.contains(&word) {
                sense.no = !sense.no;
            } else if let Some((about, no)) = meaning(word) {
                sense.no ^= no;
                sense.about.push(about.to_owned());
            } else if word != "ne" {
                sense.about.push(word.to_owned());
            }
        }
        sense
    }

    /// Whether the one says no to what the other says yes to: `subscribed` and `unsubscribed`.
    pub fn opposes(&self, other: &Sense) -> bool {
        let both = |word: &str| [self, other].iter().all(|sense| sense.about.iter().any(|about| about == word));
        self.no != other.no && OPPOSITES.iter().any(|(about, ..)| both(about))
    }
}

/// What a word says yes or no to, and which of the two.
fn meaning(word: &str) -> Option<(&'static str, bool)> {
    let begins = |list: &[&str]| list.iter().any(|start| word.starts_with(start));
    let (about, _, no) = OPPOSITES.iter().find(|(_, yes, no)| begins(yes) || begins(no))?;
    Some((about, begins(no)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sense(name: &str) -> Sense {
        Sense::of(&name.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_denies_says_no_and_denied_twice_it_says_yes() {
        for name in [
            "opt out",
            "optout",
            "opted out of mailings",
            "ne pas appeler",
            "refus sms",
            "no email",
            "desinscrit",
            "sans actif",
        ] {
            assert!(sense(name).no, "{name}");
        }
        for name in ["opt in", "optin", "newsletter", "newsletter oui non", "non desinscrit", "accepte o n", "email"] {
            assert!(!sense(name).no, "{name}");
        }
    }

    #[test]
    fn opposites_are_of_one_and_the_same_thing() {
        for (one, other) in [("subscribed", "unsubscribed"), ("inactive", "actif"), ("opt in reason", "opt out reason")]
        {
            assert!(sense(one).opposes(&sense(other)), "{one} {other}");
        }
        for (one, other) in [("subscribed", "inactive"), ("refus", "blacklisted"), ("prix", "prix non remise")] {
            assert!(!sense(one).opposes(&sense(other)), "{one} {other}");
        }
    }
}
