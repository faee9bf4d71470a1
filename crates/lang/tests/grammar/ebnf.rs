//! The notation of `docs/grammar.md`: read into rules, and turned into plain ones for the recogniser.

use std::collections::BTreeMap;

/// The right side of a rule.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    Sequence(Vec<Form>),
    Choice(Vec<Form>),
    /// At least so many, perhaps at most one.
    Repeat(Box<Form>, usize, bool),
    Literal(String),
    Rule(String),
    /// A terminal in capitals.
    Terminal(String),
    /// `&"x"` or `!"x"`.
    Look(bool, String),
}

/// All rules by name, and the name of the first.
pub(crate) fn read(page: &str) -> (String, BTreeMap<String, Form>) {
    let text = page.split("```ebnf\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let marks = marks(text);
    let (mut rules, mut first, mut at) = (BTreeMap::new(), None, 0);
    while at < marks.len() {
        let name = marks[at].clone();
        assert_eq!(marks[at + 1], "::=", "behind {name}");
        let mut reader = Reader { marks: &marks, at: at + 2 };
        let form = reader.choice();
        at = reader.at;
        assert!(rules.insert(name.clone(), form).is_none(), "two rules {name}");
        first.get_or_insert(name);
    }
    (first.unwrap(), rules)
}

/// The tokens of the notation; quoted ones begin with their quote.
fn marks(text: &str) -> Vec<String> {
    let mut marks = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' => rest.find("*/").unwrap() + 2,
            '"' | '\'' => rest[1..].find(first).unwrap() + 2,
            ':' => 3,
            _ if first.is_alphabetic() => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(rest.len())
            }
            _ => 1,
        };
        if first != '/' {
            marks.push(rest[..length].to_owned());
        }
        rest = rest[length..].trim_start();
    }
    marks
}

struct Reader<'a> {
    marks: &'a [String],
    at: usize,
}

impl Reader<'_> {
    fn is(&self, mark: &str) -> bool {
        self.marks.get(self.at).is_some_and(|next| next == mark)
    }

    fn choice(&mut self) -> Form {
        let mut ways = vec![self.sequence()];
        while self.is("|") {
            self.at += 1;
            ways.push(self.sequence());
        }
        if ways.len() == 1 { ways.remove(0) } else { Form::Choice(ways) }
    }

    fn sequence(&mut self) -> Form {
        let mut parts = Vec::new();
        while self.at < self.marks.len()
            && !self.is("|")
            && !self.is(")")
            && self.marks.get(self.at + 1).is_none_or(|next| next != "::=")
        {
            parts.push(self.part());
        }
        if parts.len() == 1 { parts.remove(0) } else { Form::Sequence(parts) }
    }

    fn part(&mut self) -> Form {
        let mark = self.marks[self.at].clone();
        self.at += 1;
        let form = match mark.chars().next().unwrap() {
            '(' => {
                let inner = self.choice();
                assert!(self.is(")"), "`)` is missing");
                self.at += 1;
                inner
            }
            '&' | '!' => {
                let Form::Literal(text) = self.part() else { panic!("`{mark}` looks at literals only") };
                Form::Look(mark == "&", text)
            }
            '"' | '\'' => Form::Literal(mark[1..mark.len() - 1].to_owned()),
            first if first.is_uppercase() => Form::Terminal(mark),
            _ => Form::Rule(mark),
        };
        let (least, once) = match self.marks.get(self.at).map(String::as_str) {
            Some("*") => (0, false),
            Some("+") => (1, false),
            Some("?") => (0, true),
            _ => return form,
        };
        self.at += 1;
        Form::Repeat(Box::new(form), least, once)
    }
}

impl Form {
    /// Calls `see` with this form and all inside it.
    pub(crate) fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Form)) {
        see(self);
        match self {
            Form::Sequence(parts) | Form::Choice(parts) => parts.iter().for_each(|part| part.visit(see)),
            Form::Repeat(inner, ..) => inner.visit(see),
            _ => {}
        }
    }
}

/// What a plain rule is made of.
#[derive(Clone, Debug)]
pub(crate) enum Symbol {
    /// A token as it is written.
    Token(String),
    Terminal(String),
    Look(bool, String),
    /// The rules of this number.
    Rules(usize),
}

/// Rules without repetition and choice: for each number, the sequences that it may be. Number 0 is where it begins.
pub(crate) fn plain(first: &str, rules: &BTreeMap<String, Form>) -> Vec<Vec<Vec<Symbol>>> {
    let mut names: Vec<&str> = vec![first];
    names.extend(rules.keys().map(String::as_str).filter(|name| *name != first));
    let mut made = vec![Vec::new(); names.len()];
    for (number, name) in names.iter().enumerate() {
        let ways = ways(&rules[*name], &names, &mut made);
        made[number] = ways;
    }
    made
}

fn ways(form: &Form, names: &[&str], made: &mut Vec<Vec<Vec<Symbol>>>) -> Vec<Vec<Symbol>> {
    match form {
        Form::Choice(ways) => ways.iter().map(|way| symbols(way, names, made)).collect(),
        form => vec![symbols(form, names, made)],
    }
}

fn symbols(form: &Form, names: &[&str], made: &mut Vec<Vec<Vec<Symbol>>>) -> Vec<Symbol> {
    match form {
        Form::Sequence(parts) => parts.iter().flat_map(|part| symbols(part, names, made)).collect(),
        Form::Literal(text) => crate::tokens_of_literal(text).into_iter().map(Symbol::Token).collect(),
        Form::Terminal(name) => vec![Symbol::Terminal(name.clone())],
        Form::Look(wanted, text) => vec![Symbol::Look(*wanted, text.clone())],
        Form::Rule(name) => {
            let number = names.iter().position(|known| known == name);
            vec![Symbol::Rules(number.unwrap_or_else(|| panic!("there is no rule {name}")))]
        }
        Form::Choice(_) => {
            let inner = ways(form, names, made);
            made.push(inner);
            vec![Symbol::Rules(made.len() - 1)]
        }
        Form::Repeat(inner, least, once) => {
            let one = symbols(inner, names, made);
            made.push(Vec::new());
            let number = made.len() - 1;
            let begin = if *least == 0 { Vec::new() } else { one.clone() };
            let more = if *once { one } else { std::iter::once(Symbol::Rules(number)).chain(one).collect() };
            made[number] = vec![begin, more];
            vec![Symbol::Rules(number)]
        }
    }
}
