//! Runs: the line of a step, a rule, a field, or of the head of a declaration, with the blocks that belong to it.

use super::{Break, Builder, Hang, INDENT, INSIDE, brackets::Braces, expr::Shape, words};
use crate::syntax::{parser::expr::unit, token::Kind};

/// What a run is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    Declaration,
    /// A block of steps, rules, or lines.
    Steps,
    /// What is led to by `=>`.
    Arms,
    /// The ways of a split.
    Ways,
    /// A field or an item, whose end is known.
    Item,
}

/// What a run has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value or a name must follow.
    Open,
    /// It may end here.
    Closed,
    /// It may end here, behind a block.
    Block,
}

struct Run {
    from: usize,
    within: Within,
    /// Where the line begins that is being read, and the first group in it: blocks part the lines of a run.
    line: usize,
    groups: usize,
    state: State,
    /// The bracket that ends the line, if only what it holds need be broken.
    tail: Option<usize>,
    /// What stands behind `=` or `:`.
    value: Option<usize>,
}

impl<'a> Builder<'a> {
    /// Reads a run that ends before `end` at the latest; says where it does.
    pub(super) fn run(&mut self, from: usize, end: usize, within: Within) -> usize {
        let groups = self.layout.groups.len();
        let mut run = Run { from, within, line: from, groups, state: State::Open, tail: None, value: None };
        let mut at = self.head(&mut run, end);
        while at < end && !(at > from && self.begins(at, &run)) {
            let next = match (self.text(at), self.kind(at)) {
                ("{" | "[", Kind::Symbol) if self.body(&run, at) => {
                    self.json(at);
                    run.state = State::Closed;
                    self.skip(at)
                }
                ("{", Kind::Symbol) => self.braces(&mut run, at),
                (_, Kind::Symbol) if run.state != State::Open || !self.opens(at) => self.symbol(&mut run, at),
                (_, Kind::Word) if run.state != State::Open || self.keyword(at) => {
                    self.behind(&mut run, at);
                    at + 1
                }
                _ => self.value(&mut run, at, end),
            };
            at = next.max(at + 1);
        }
        self.line(&run, at, INDENT);
        if run.line > from {
            self.group(from, at - 1, Hang::Always(0), false);
        }
        at
    }

    /// The word that a step, rule or line begins with.
    fn head(&mut self, run: &mut Run, end: usize) -> usize {
        let (at, next) = (run.from, run.from + 1);
        match run.within {
            Within::Ways if self.is(at, "holdout") => {}
            Within::Ways if self.is(next, "%") => {
                self.set(next, Break::Tight);
                run.state = State::Closed;
                return next + 1;
            }
            Within::Steps | Within::Declaration if self.word(at) => {
                if self.is(at, "re") && self.is(next, "-") {
                    self.set(next, Break::Tight);
                    self.set(next + 1, Break::Tight);
                    run.state = State::Closed;
                    return next + 2;
                }
                if run.within == Within::Steps && words::second(self.text(at), self.text(next)) {
                    let alone = matches!(self.text(next), "inside" | "failure" | "exit" | "everyone");
                    run.state = if alone { State::Closed } else { State::Open };
                    return next + 1;
                }
                // `exit` may stand alone, and does where what follows is on another line.
                if !(self.is(at, "exit") && (next >= end || self.leads(next))) {
                    return next;
                }
            }
            _ => return at,
        }
        run.state = State::Closed;
        next
    }

    /// Whether a value may begin with this symbol.
    fn opens(&self, at: usize) -> bool {
        matches!(self.text(at), "(" | "[" | "-")
    }

    /// Whether a word where a value could stand is none: `let x = call f()`.
    fn keyword(&self, at: usize) -> bool {
        match self.text(at) {
            "call" | "send" | "start" => {
                self.word(at + 1) && !self.leads(at + 1) && self.power(at + 1).is_none()
            }
            "to" => self.before(at) == "up",
            "since" => self.before(at) == "of",
            _ => false,
        }
    }

    /// Whether another run begins here.
    fn begins(&self, at: usize, run: &Run) -> bool {
        let (word, next) = (self.text(at), self.text(at + 1));
        let arms = matches!(run.within, Within::Arms | Within::Ways);
        if run.state == State::Open || matches!(run.within, Within::Declaration | Within::Item) {
            return false;
        }
        if run.state == State::Block {
            return arms
                || if word == "else" { next == "=>" } else { self.leads(at) || words::begins(word, next) };
        }
        match (run.within, self.kind(at)) {
            (Within::Arms, _) => false,
            (Within::Ways, _) => word == "holdout" || (self.kind(at) == Kind::Number && next == "%"),
            (_, Kind::Word) if self.requests() && words::begins_part(word, next) => true,
            // What is done with the answer to a request for a token.
            (_, Kind::Word) if self.declared == "connection" && self.field(at) => true,
            (_, Kind::Word) => (self.leads(at) && !words::goes_on(word, next)) || words::begins(word, next),
            _ => false,
        }
    }

    /// A word behind a value, or one that cannot be one.
    fn behind(&mut self, run: &mut Run, at: usize) {
        let word = self.text(at);
        if words::breaks(word, self.text(at + 1)) && run.state != State::Open {
            self.set(at, Break::Line);
        }
        let open = words::expects(word) || self.keyword(at);
        run.state = if open { State::Open } else { State::Closed };
        run.value = None;
        // `2s` and `2 seconds`: short units stand close, words apart.
        if self.kind(at.saturating_sub(1)) == Kind::Number && unit(word).is_some() && word.len() <= 2 {
            self.set(at, Break::Tight);
        }
    }

    fn symbol(&mut self, run: &mut Run, at: usize) -> usize {
        match self.text(at) {
            "(" | "[" => {
                let spaced = words::expects(self.before(at));
                self.set(at, if spaced { Break::Space } else { Break::Tight });
                self.list(at);
                run.tail = Some(at);
                run.state = State::Closed;
                return self.skip(at);
            }
            "." | "?." => {
                self.set(at, Break::Tight);
                self.set(at + 1, Break::Tight);
                return at + 2;
            }
            "?" => self.set(at, Break::Tight),
            "," | ":" => {
                self.set(at, Break::Tight);
                run.state = State::Open;
            }
            _ => run.state = State::Open,
        }
        let value = matches!(self.text(at), "=" | ":") && run.within != Within::Steps || self.is(at, "=");
        run.value = value.then_some(at + 1);
        at + 1
    }

    fn value(&mut self, run: &mut Run, at: usize, end: usize) -> usize {
        let (mut next, shape) = self.expression(at, end);
        if self.percent(next) {
            self.set(next, Break::Tight);
            next += 1;
        }
        run.tail = None;
        match shape {
            Shape::Bracket(open) => run.tail = Some(open),
            // Rather than in the middle, a line is broken before a value that has to be broken itself.
            Shape::Chain if run.value == Some(at) => self.set(at, Break::Line),
            Shape::Plain if run.value == Some(at) && run.within == Within::Declaration => {
                self.set(at, Break::Line);
            }
            Shape::Chain | Shape::Plain => {}
        }
        run.value = None;
        run.state = State::Closed;
        next
    }

    fn braces(&mut self, run: &mut Run, at: usize) -> usize {
        let next = self.skip(at);
        match self.contents(at) {
            Braces::Empty => {
                self.set(at + 1, Break::Tight);
                self.bracket(at, Break::Tight, INSIDE);
                let leads_to = run.within == Within::Arms && self.before(at) == "=>";
                run.state = if leads_to { State::Block } else { State::Closed };
            }
            Braces::Fields => {
                let most = self.most_fields(run, at);
                self.fields(at, most);
                run.tail = Some(at);
                run.state = State::Closed;
            }
            Braces::Block(held) => {
                self.line(run, at, 2 * INDENT);
                let short = match run.within {
                    Within::Declaration | Within::Item => false,
                    Within::Arms | Within::Ways => true,
                    // Of two blocks neither is in the shadow of the other.
                    Within::Steps => {
                        let second = self.before(at) == "else" && self.is(at.saturating_sub(2), "}");
                        !(second || self.is(next, "else") || matches!(self.text(run.from), "if" | "repeat"))
                    }
                };
                self.block(at, held, short);
                run.line = next;
                run.groups = self.layout.groups.len();
                run.tail = None;
                run.state = State::Block;
            }
        }
        run.value = None;
        next
    }

    /// Whether a block may hold the parts of a request.
    fn requests(&self) -> bool {
        matches!(self.declared, "action" | "connection")
    }

    /// Whether a JSON body begins here.
    fn body(&self, run: &Run, at: usize) -> bool {
        self.requests() && run.within == Within::Steps && at == run.from + 1 && self.is(run.from, "json")
    }

    /// How many fields may stand on one line.
    fn most_fields(&self, run: &Run, at: usize) -> usize {
        let ends = run.within == Within::Declaration;
        match self.declared {
            "profile" | "connection" | "message" | "webhook" if ends => 0,
            "event" if ends => 4,
            "type" if self.before(at) == "=" => 4,
            _ => usize::MAX,
        }
    }

    /// Keeps a line together that ends before `end`.
    fn line(&mut self, run: &Run, end: usize, hang: usize) {
        let last = end.saturating_sub(1);
        let tail = run.tail.filter(|open| self.close(*open) == last);
        let last = tail.map_or(last, |open| open.saturating_sub(1));
        let level = self.level;
        // What goes on with the line goes as far to the right, so that it does not look like a step of the block behind.
        for group in
            self.layout.groups.iter_mut().skip(run.groups).filter(|group| group.level == level && !group.airy)
        {
            match &mut group.hang {
                Hang::Always(own) | Hang::Behind(own) | Hang::Block(own) => *own = hang,
            }
        }
        self.group(run.line, last, Hang::Always(hang), false);
    }
}
