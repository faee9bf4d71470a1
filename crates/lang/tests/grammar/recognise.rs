//! Whether a sequence of tokens is a sentence of a grammar (Earley's algorithm), and where it stops being one.

use std::collections::{BTreeMap, BTreeSet};

use crate::ebnf::Symbol;

/// A token, with texts taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// `w`ord, `n`umber, `s`ymbol or `c`haracters of a text.
    pub(crate) kind: char,
    pub(crate) leads: bool,
}

impl Token {
    fn is(&self, terminal: &str) -> bool {
        match terminal {
            "NAME" => self.kind == 'w',
            "NUMBER" => self.kind == 'n',
            "INTEGER" => self.kind == 'n' && !self.text.contains('.'),
            "TWO-DIGITS" => self.kind == 'n' && self.text.len() == 2,
            "STATUS" => {
                self.kind == 'n' && self.text.parse().is_ok_and(|status| (200..600).contains(&status))
            }
            "CHARACTERS" => self.kind == 'c',
            other => panic!("the terminal {other} has no meaning"),
        }
    }
}

/// A way of a rule, how far it was read, and where it began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    rule: usize,
    way: usize,
    read: usize,
    from: usize,
}

/// The tokens that were read before it could not go on, if the whole is no sentence.
pub(crate) fn recognise(rules: &[Vec<Vec<Symbol>>], tokens: &[Token]) -> Result<(), usize> {
    let start =
        |rule: usize, at: usize| (0..rules[rule].len()).map(move |way| Item { rule, way, read: 0, from: at });
    let mut next: BTreeSet<Item> = start(0, 0).collect();
    let mut waiting: Vec<BTreeMap<usize, Vec<Item>>> = Vec::new();
    for at in 0..=tokens.len() {
        let mut known = std::mem::take(&mut next);
        let mut work: Vec<Item> = known.iter().copied().collect();
        if work.is_empty() {
            return Err(at.saturating_sub(1));
        }
        waiting.push(BTreeMap::new());
        let mut empty: BTreeSet<usize> = BTreeSet::new();
        let token = tokens.get(at);
        while let Some(item) = work.pop() {
            let mut add = |item: Item| {
                if known.insert(item) {
                    work.push(item);
                }
            };
            let on = Item { read: item.read + 1, ..item };
            match rules[item.rule][item.way].get(item.read) {
                None => {
                    if item.from == at {
                        empty.insert(item.rule);
                    }
                    let above = waiting[item.from].get(&item.rule).cloned().unwrap_or_default();
                    above.into_iter().for_each(|above| add(Item { read: above.read + 1, ..above }));
                }
                Some(Symbol::Rules(rule)) => {
                    waiting[at].entry(*rule).or_default().push(item);
                    start(*rule, at).for_each(&mut add);
                    if empty.contains(rule) {
                        add(on);
                    }
                }
                Some(Symbol::Look(wanted, text)) => {
                    if token.is_some_and(|token| token.kind != 'c' && token.text == *text) == *wanted {
                        add(on);
                    }
                }
                Some(Symbol::Terminal(name)) if name == "SAME-LINE" => {
                    if token.is_some_and(|token| !token.leads) {
                        add(on);
                    }
                }
                Some(Symbol::Terminal(name)) => {
                    if token.is_some_and(|token| token.is(name)) {
                        next.insert(on);
                    }
                }
                Some(Symbol::Token(text)) => {
                    if token.is_some_and(|token| token.kind != 'c' && token.text == *text) {
                        next.insert(on);
                    }
                }
            }
        }
        if at == tokens.len() {
            let whole =
                |item: &Item| item.rule == 0 && item.from == 0 && item.read == rules[0][item.way].len();
            return if known.iter().any(whole) { Ok(()) } else { Err(at) };
        }
    }
    unreachable!("the last round returns")
}
