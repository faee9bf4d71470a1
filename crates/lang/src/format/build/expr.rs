//! Expressions: operators by how strongly they bind, chains of calls, `if`.

use super::{Break, Builder, Hang, INDENT, brackets::Braces, words};
use crate::syntax::{parser::expr::unit, token::Kind};

/// What an expression looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It ends with a bracket, and need be broken nowhere else.
    Bracket(usize),
    /// Operators, or an `if`, that lines may be broken at.
    Chain,
    Plain,
}

impl<'a> Builder<'a> {
    /// Reads an expression; says where it ends.
    pub(super) fn expression(&mut self, at: usize, end: usize) -> (usize, Shape) {
        self.binary(at, end, 0)
    }

    /// How strongly the operator binds that stands here.
    pub(super) fn power(&self, at: usize) -> Option<u8> {
        if self.kind(at) == Kind::Text || self.percent(at) { None } else { words::power(self.text(at)) }
    }

    /// Whether the sign of a percentage stands here: a connection's settings compute nothing.
    pub(super) fn percent(&self, at: usize) -> bool {
        self.declared == "connection" && self.is(at, "%")
    }

    fn binary(&mut self, from: usize, end: usize, least: u8) -> (usize, Shape) {
        let (mut at, mut shape) = self.unary(from, end);
        // How strongly the chain binds that is being read: a weaker operator ends it.
        let mut chain = None;
        while let Some(power) = self.power(at).filter(|power| at < end && *power >= least) {
            if chain.is_some_and(|chain| chain != power) {
                self.group(from, at.saturating_sub(1), Hang::Behind(INDENT), false);
                chain = None;
            }
            // What is looked for in a list is not parted from it: the list can be broken itself.
            let breaks = !self.is(at, "in");
            if breaks {
                self.set(at, Break::Line);
                chain = Some(power);
            }
            let (next, right) = self.binary(at + 1, end, power + 1);
            shape = match right {
                _ if breaks => Shape::Chain,
                Shape::Bracket(_) if shape != Shape::Chain => right,
                _ => Shape::Plain,
            };
            at = next;
        }
        if chain.is_some() {
            self.group(from, at.saturating_sub(1), Hang::Behind(INDENT), false);
        }
        (at, shape)
    }

    fn unary(&mut self, at: usize, end: usize) -> (usize, Shape) {
        match self.text(at) {
            "not" if self.word(at) => self.binary(at + 1, end, 4),
            "-" => {
                self.set(at + 1, Break::Tight);
                self.binary(at + 1, end, 8)
            }
            _ => self.postfix(at, end),
        }
    }

    fn postfix(&mut self, from: usize, end: usize) -> (usize, Shape) {
        let (mut at, mut shape) = self.primary(from, end);
        let (mut calls, mut dots) = (0_usize, Vec::new());
        while at < end && self.kind(at) == Kind::Symbol {
            match self.text(at) {
                "." | "?." => {
                    self.set(at, Break::Tight);
                    self.set(at + 1, Break::Tight);
                    shape = Shape::Plain;
                    let called = self.is(at + 2, "(") && at + 2 < end;
                    if called {
                        dots.push(at);
                        calls += 1;
                        self.set(at + 2, Break::Tight);
                        self.list(at + 2);
                        shape = Shape::Bracket(at + 2);
                        at = self.skip(at + 2);
                    } else {
                        at += 2;
                    }
                }
                "[" if !self.leads(at) => {
                    self.set(at, Break::Tight);
                    self.list(at);
                    shape = Shape::Bracket(at);
                    at = self.skip(at);
                }
                // `T?`
                "?" => {
                    self.set(at, Break::Tight);
                    at += 1;
                }
                _ => break,
            }
        }
        if calls > 1 {
            dots.into_iter().for_each(|dot| self.set(dot, Break::Soft));
            self.group(from, at.saturating_sub(1), Hang::Always(INDENT), false);
            shape = Shape::Plain;
        }
        (at, shape)
    }

    fn primary(&mut self, at: usize, end: usize) -> (usize, Shape) {
        let next = at + 1;
        if at >= end {
            return (at, Shape::Plain);
        }
        match (self.kind(at), self.text(at)) {
            (Kind::Number, _) => (self.number(at, end), Shape::Plain),
            (Kind::Text, _) => (next, Shape::Plain),
            (Kind::Word, "if") => self.conditional(at, end),
            (Kind::Word, _) if self.is(next, "=>") && next < end && !self.block_follows(next + 1) => {
                (self.expression(next + 1, end).0, Shape::Plain)
            }
            (Kind::Word, _) if self.is(next, "(") && next < end && !self.leads(next) => {
                self.set(next, Break::Tight);
                self.list(next);
                (self.skip(next), Shape::Bracket(next))
            }
            (Kind::Word, _) => (next, Shape::Plain),
            (Kind::Symbol, "(" | "[") => {
                self.list(at);
                (self.skip(at), Shape::Bracket(at))
            }
            (Kind::Symbol, "{") if !matches!(self.contents(at), Braces::Block(_)) => {
                self.fields(at, usize::MAX);
                (self.skip(at), Shape::Bracket(at))
            }
            // Nothing that a value begins with: whoever called goes on here.
            _ => (at, Shape::Plain),
        }
    }

    fn block_follows(&self, at: usize) -> bool {
        self.is(at, "{") && !matches!(self.contents(at), Braces::Fields)
    }

    /// A number, a time of day, or a duration.
    fn number(&mut self, at: usize, end: usize) -> usize {
        let mut next = at + 1;
        if self.is(next, ":") && self.kind(next + 1) == Kind::Number && next + 1 < end {
            self.set(next, Break::Tight);
            self.set(next + 1, Break::Tight);
            return next + 2;
        }
        while next < end && self.word(next) && unit(self.text(next)).is_some() {
            // `2s` and `2 seconds`: short units stand close, words apart.
            if self.text(next).len() <= 2 {
                self.set(next, Break::Tight);
            }
            next += 1;
            if next + 1 < end && self.kind(next) == Kind::Number && unit(self.text(next + 1)).is_some() {
                next += 1;
            }
        }
        next
    }

    /// `if a then b else if c then d else e`
    fn conditional(&mut self, from: usize, end: usize) -> (usize, Shape) {
        let mut at = from;
        loop {
            let first = at;
            let (then, _) = self.expression(at + 1, end);
            if !self.is(then, "then") || then >= end {
                return (then.max(at + 1), Shape::Plain);
            }
            // The first line of a broken one goes up to its `then`.
            let line = if self.before(first) == "else" { first - 1 } else { first };
            let (otherwise, _) = self.expression(then + 1, end);
            self.set(then + 1, Break::Line);
            self.group(line, otherwise.saturating_sub(1), Hang::Always(INDENT), false);
            if !self.is(otherwise, "else") || otherwise >= end {
                return (otherwise, Shape::Chain);
            }
            self.set(otherwise, Break::Line);
            if self.is(otherwise + 1, "if") {
                at = otherwise + 1;
                continue;
            }
            let (next, _) = self.expression(otherwise + 1, end);
            self.set(otherwise + 1, Break::Line);
            self.group(otherwise, next.saturating_sub(1), Hang::Always(INDENT), false);
            self.group(from, next.saturating_sub(1), Hang::Behind(INDENT), false);
            return (next, Shape::Chain);
        }
    }
}
