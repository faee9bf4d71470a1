//! Random sentences of a grammar.

use std::collections::BTreeMap;

use crate::ebnf::Form;

/// How deep rules are nested, and how many tokens there are, before the shortest way is taken.
const DEPTH: usize = 26;
const LENGTH: usize = 600;

/// Where a line begins: what stands in a block or among declarations.
const LINES: [&str; 13] = [
    "step",
    "rule",
    "policy-rule",
    "line",
    "field",
    "part",
    "action-part",
    "token-part",
    "setting",
    "webhook-line",
    "arm",
    "case",
    "way",
];

pub(crate) struct Maker<'a> {
    rules: &'a BTreeMap<String, Form>,
    /// How deep the shallowest sentence of each rule is.
    depths: BTreeMap<&'a str, usize>,
    seed: u64,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(rules: &'a BTreeMap<String, Form>, seed: u64) -> Maker<'a> {
        let mut maker = Maker { rules, depths: BTreeMap::new(), seed };
        loop {
            let before = maker.depths.len();
            for (name, form) in rules {
                if let Some(depth) = maker.depth(form) {
                    let known = maker.depths.get(name.as_str()).copied().unwrap_or(usize::MAX);
                    maker.depths.insert(name, known.min(depth + 1));
                }
            }
            if before == maker.depths.len() {
                return maker;
            }
        }
    }

    fn depth(&self, form: &Form) -> Option<usize> {
        match form {
            Form::Sequence(parts) => {
                parts.iter().map(|part| self.depth(part)).try_fold(0, |most, depth| Some(most.max(depth?)))
            }
            Form::Choice(ways) => ways.iter().filter_map(|way| self.depth(way)).min(),
            Form::Repeat(_, 0, _) => Some(0),
            Form::Repeat(inner, ..) => self.depth(inner),
            Form::Rule(name) => self.depths.get(name.as_str()).copied(),
            _ => Some(0),
        }
    }

    fn chance(&mut self, of: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap_or(0) % of.max(1)
    }

    /// A sentence of a rule; none where a predicate could not be kept.
    pub(crate) fn sentence(&mut self, rule: &str) -> Option<String> {
        let mut tokens = Vec::new();
        self.write(&Form::Rule(rule.to_owned()), 0, &mut tokens)?;
        Some(tokens.join(" ").replace(" \n", "\n") + "\n")
    }

    fn write(&mut self, form: &Form, depth: usize, out: &mut Vec<String>) -> Option<()> {
        let depth = if out.len() < LENGTH { depth } else { depth.max(DEPTH) };
        match form {
            Form::Sequence(parts) => self.sequence(parts, depth, out),
            Form::Choice(ways) => {
                let shallow = ways.iter().filter_map(|way| self.depth(way)).min()?;
                let open: Vec<&Form> =
                    ways.iter().filter(|way| depth < DEPTH || self.depth(way) == Some(shallow)).collect();
                let way = open[self.chance(open.len())];
                self.write(way, depth, out)
            }
            Form::Repeat(inner, least, once) => {
                let most = if depth >= DEPTH { 0 } else { 3 };
                let times = if *once { self.chance(2).min(most) } else { *least + self.chance(most.max(1)) };
                (0..times).try_for_each(|_| self.write(inner, depth, out))
            }
            Form::Literal(text) => {
                out.push(text.clone());
                Some(())
            }
            Form::Rule(name) => {
                if name == "declaration" {
                    out.push("\n".into());
                } else if LINES.contains(&name.as_str()) {
                    out.push("\n ".into());
                }
                let rules = self.rules;
                self.write(&rules[name], depth + 1, out)
            }
            Form::Terminal(name) => {
                let some: &[&str] = match name.as_str() {
                    "NAME" => &["alpha", "beta", "gamma", "delta_2", "école"],
                    "NUMBER" => &["0", "1", "20", "3.5", "1_000"],
                    "INTEGER" => &["1", "3", "10"],
                    "TWO-DIGITS" => &["00", "09", "12", "23"],
                    "STATUS" => &["200", "204", "404", "503"],
                    "CHARACTERS" => &["/a", "a b", "\\\"", "50 %", "{x}", "é\\n"],
                    "SAME-LINE" => return Some(()),
                    other => panic!("the terminal {other} has no meaning"),
                };
                out.push(some[self.chance(some.len())].to_owned());
                Some(())
            }
            Form::Look(..) => Some(()),
        }
    }

    fn sequence(&mut self, parts: &[Form], depth: usize, out: &mut Vec<String>) -> Option<()> {
        let mut looks: &[Form] = &[];
        for part in parts {
            match part {
                Form::Look(..) => looks = std::slice::from_ref(part),
                Form::Choice(ways) if ways.iter().all(|way| matches!(way, Form::Look(..))) => looks = ways,
                part => self.behind(std::mem::take(&mut looks), part, depth, out)?,
            }
        }
        Some(())
    }

    /// Writes a part that must begin as one of `looks` says.
    fn behind(&mut self, looks: &[Form], part: &Form, depth: usize, out: &mut Vec<String>) -> Option<()> {
        match looks.get(self.chance(looks.len())) {
            None => self.write(part, depth, out),
            // What begins so is an expression; trying until one does would take too long.
            Some(Form::Look(true, text)) => match text.as_str() {
                "\"" => self.write(&Form::Rule("text".into()), depth, out),
                "{" => self.write(&Form::Rule("record".into()), depth, out),
                _ => {
                    out.extend([text.clone(), "]".to_owned()]);
                    Some(())
                }
            },
            Some(look) => {
                let Form::Look(_, text) = look else { return None };
                let length = out.len();
                for _ in 0..20 {
                    self.write(part, depth.max(DEPTH / 2), out)?;
                    if out.get(length) != Some(text) {
                        return Some(());
                    }
                    out.truncate(length);
                }
                None
            }
        }
    }
}
