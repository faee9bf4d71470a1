//! A reader of XML 1.0 that goes letter by letter, so that it can be in several states at once. It knows where a value may
//! stand, and gives its reasons as the ends of sentences.

/// What the reader is in the middle of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Inside {
    /// Nothing was read yet.
    #[default]
    Beginning,
    /// Between tags; how many `]` came last.
    Content(u8),
    /// Behind `&`, in an attribute of these quotes or in content.
    Reference(String, Option<char>),
    /// Behind `<`.
    Open,
    /// The name of an element.
    Name(String),
    /// Behind the name or an attribute, and a space.
    Tag,
    /// The name of an attribute.
    Attribute(String),
    /// Behind the name of an attribute.
    Equals,
    /// Behind `=`.
    Value,
    /// Between the quotes of an attribute.
    Quoted(char),
    /// Behind the quotes.
    Unquoted,
    /// Behind the `/` of an element that has nothing in it.
    Empty,
    /// Behind `</`, with the name so far, and whether it is over.
    Close(String, bool),
    /// Behind `<!`.
    Bang(String),
    /// A comment; how many `-` came last.
    Comment(u8),
    /// Text as it stands; how many `]` came last.
    CData(u8),
    /// What is meant for programs; whether `?` came last.
    Instruction(String, bool),
    /// The type of the document; the quote that is open.
    Doctype(Option<char>),
}

/// Where the reader stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    /// The elements around it.
    open: Vec<String>,
    /// Whether the outermost element is over.
    over: bool,
    /// Whether anything stood before the declaration could.
    begun: bool,
    /// The attributes of the element that is being read.
    attributes: Vec<String>,
    inside: Inside,
}

type Read = Result<(), String>;

impl State {
    /// A value that stands here is text, or text of an attribute.
    pub(super) fn hole(mut self) -> Result<State, String> {
        match &mut self.inside {
            Inside::Content(brackets) if !self.open.is_empty() => *brackets = 0,
            Inside::Quoted(_) => {}
            Inside::Beginning | Inside::Content(_) => {
                return Err("a value stands outside the outermost element".into());
            }
            Inside::Comment(_) | Inside::CData(_) | Inside::Instruction(..) | Inside::Doctype(_) => {
                return Err("a value stands where it cannot be escaped; put it between tags".into());
            }
            Inside::Value => return Err("the value of an attribute stands in quotes".into()),
            Inside::Reference(..) => return Err("`&` stands alone; write `&amp;`".into()),
            Inside::Open
            | Inside::Name(_)
            | Inside::Tag
            | Inside::Attribute(_)
            | Inside::Equals
            | Inside::Unquoted
            | Inside::Empty
            | Inside::Close(..)
            | Inside::Bang(_) => return Err("a value is no part of a tag".into()),
        }
        Ok(self)
    }

    /// Whether it may end here.
    pub(super) fn end(&self) -> Read {
        match (&self.inside, self.open.last()) {
            (Inside::Content(_) | Inside::Beginning, Some(name)) => Err(format!("`<{name}>` is not closed")),
            (Inside::Content(_), None) if self.over => Ok(()),
            (Inside::Content(_) | Inside::Beginning, None) => Err("it has no element".into()),
            _ => Err("it ends in the middle of something".into()),
        }
    }

    /// Reads a letter.
    pub(super) fn letter(&mut self, letter: char) -> Read {
        let allowed = matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
        if !allowed {
            return Err(format!("it holds the character U+{:04X}", u32::from(letter)));
        }
        match std::mem::take(&mut self.inside) {
            Inside::Beginning | Inside::Content(_) if letter == '<' => self.inside = Inside::Open,
            Inside::Beginning => return self.content(letter, 0),
            Inside::Content(brackets) => return self.content(letter, brackets),
            Inside::Reference(name, quote) => return self.reference(letter, name, quote),
            Inside::Open => return self.opened(letter),
            Inside::Bang(word) => return self.bang(letter, word),
            Inside::Comment(dashes) => match (letter, dashes) {
                ('>', 2) => self.inside = Inside::Content(0),
                (_, 2) => return Err("a comment must not hold `--`".into()),
                ('-', dashes) => self.inside = Inside::Comment(dashes + 1),
                _ => self.inside = Inside::Comment(0),
            },
            Inside::CData(brackets) => {
                self.inside = match (letter, brackets) {
                    ('>', 2) => Inside::Content(0),
                    (']', brackets) => Inside::CData((brackets + 1).min(2)),
                    _ => Inside::CData(0),
                }
            }
            Inside::Instruction(text, asked) => return self.instruction(letter, text, asked),
            Inside::Doctype(quote) => return self.doctype(letter, quote),
            Inside::Close(name, over) => return self.closing(letter, name, over),
            inside => return self.tag(letter, inside),
        }
        Ok(())
    }

    fn content(&mut self, letter: char, brackets: u8) -> Read {
        self.begun = true;
        let outside = self.open.is_empty();
        self.inside = match (letter, brackets) {
            (letter, _) if outside && !is_space(letter) => {
                return Err("text stands outside the outermost element".into());
            }
            ('&', _) => Inside::Reference(String::new(), None),
            ('>', 2) => return Err("`]]>` must not stand in text; write `]]&gt;`".into()),
            (']', brackets) => Inside::Content((brackets + 1).min(2)),
            _ => Inside::Content(0),
        };
        Ok(())
    }

    fn reference(&mut self, letter: char, mut name: String, quote: Option<char>) -> Read {
        if letter != ';' {
            let part = letter.is_ascii_alphanumeric() || (letter == '#' && name.is_empty());
            if !part || name.len() > 9 {
                return Err("`&` stands alone; write `&amp;`".into());
            }
            name.push(letter);
            self.inside = Inside::Reference(name, quote);
            return Ok(());
        }
        let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => digits.parse(),
        });
        let known = match number {
            Some(number) => number.ok().and_then(char::from_u32).is_some_and(
                |letter| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..),
            ),
            None => matches!(&*name, "amp" | "lt" | "gt" | "quot" | "apos"),
        };
        if !known {
            return Err(format!(
                "`&{name};` stands for nothing; XML knows `&amp; &lt; &gt; &quot; &apos;` and numbers such as `&#233;`"
            ));
        }
        self.inside = quote.map_or(Inside::Content(0), Inside::Quoted);
        Ok(())
    }

    fn opened(&mut self, letter: char) -> Read {
        let begun = std::mem::replace(&mut self.begun, true);
        self.inside = match letter {
            '/' => Inside::Close(String::new(), false),
            '!' => Inside::Bang(String::new()),
            // The declaration, if there is one, is the very first.
            '?' => Inside::Instruction(if begun { " ".into() } else { String::new() }, false),
            letter if begins_name(letter) && self.open.is_empty() && self.over => {
                return Err("it has a second outermost element".into());
            }
            letter if begins_name(letter) => {
                self.attributes.clear();
                Inside::Name(letter.into())
            }
            _ => return Err("`<` stands alone; write `&lt;`".into()),
        };
        Ok(())
    }

    fn bang(&mut self, letter: char, mut word: String) -> Read {
        word.push(letter);
        let inside = !self.open.is_empty();
        self.inside = match &*word {
            "--" => Inside::Comment(0),
            "[CDATA[" if inside => Inside::CData(0),
            "DOCTYPE" if !inside && !self.over => Inside::Doctype(None),
            _ if ["--", "[CDATA[", "DOCTYPE"].iter().any(|whole| whole.starts_with(&*word)) => {
                Inside::Bang(word)
            }
            _ => return Err(format!("`<!{word}` begins nothing that may stand here")),
        };
        Ok(())
    }

    fn instruction(&mut self, letter: char, mut text: String, asked: bool) -> Read {
        if asked && letter == '>' {
            self.inside = Inside::Content(0);
            let (first, text) = (!text.starts_with(' '), text.trim());
            let (target, rest) = text.split_once(is_space).unwrap_or((text, ""));
            if !target.starts_with(begins_name) {
                return Err("`<?` wants a name behind it".into());
            }
            if !target.eq_ignore_ascii_case("xml") {
                return Ok(());
            }
            let said = rest.replace('\'', "\"").to_ascii_lowercase();
            let utf8 = !said.contains("encoding") || said.contains("encoding=\"utf-8\"");
            return match first && target == "xml" && said.trim_start().starts_with("version=\"1.0\"") && utf8 {
                true => Ok(()),
                false => Err("its declaration, if it has one, is the very first, and is `<?xml version=\"1.0\" encoding=\"UTF-8\"?>`".into()),
            };
        }
        if asked {
            text.push('?');
        }
        if letter != '?' {
            text.push(letter);
        }
        self.inside = Inside::Instruction(text, letter == '?');
        Ok(())
    }

    fn doctype(&mut self, letter: char, quote: Option<char>) -> Read {
        self.inside = match (letter, quote) {
            ('>', None) => Inside::Content(0),
            ('[', None) => {
                return Err("it declares things of its own in `<!DOCTYPE`, which partners refuse".into());
            }
            ('"' | '\'', None) => Inside::Doctype(Some(letter)),
            (letter, Some(open)) if letter == open => Inside::Doctype(None),
            (_, quote) => Inside::Doctype(quote),
        };
        Ok(())
    }

    fn closing(&mut self, letter: char, mut name: String, over: bool) -> Read {
        if letter == '>' {
            return match self.open.pop() {
                Some(open) if open == name => {
                    self.over |= self.open.is_empty();
                    self.inside = Inside::Content(0);
                    Ok(())
                }
                Some(open) => Err(format!("`</{name}>` stands where `<{open}>` is to be closed")),
                None => Err(format!("`</{name}>` closes nothing")),
            };
        }
        let goes_on = if name.is_empty() { begins_name(letter) } else { is_name(letter) };
        self.inside = match is_space(letter) && !name.is_empty() {
            true => Inside::Close(name, true),
            false if goes_on && !over => {
                name.push(letter);
                Inside::Close(name, false)
            }
            false => return Err("the end of an element is its name, as in `</order>`".into()),
        };
        Ok(())
    }

    /// A letter of a start tag.
    fn tag(&mut self, letter: char, inside: Inside) -> Read {
        self.inside = match (inside, letter) {
            (Inside::Name(mut name), letter) if is_name(letter) => {
                name.push(letter);
                Inside::Name(name)
            }
            (Inside::Name(name), letter) => {
                self.open.push(name);
                return self.behind(letter);
            }
            (Inside::Tag, letter) if begins_name(letter) => Inside::Attribute(letter.into()),
            (Inside::Tag | Inside::Unquoted, letter) => return self.behind(letter),
            (Inside::Attribute(mut name), letter) if is_name(letter) => {
                name.push(letter);
                Inside::Attribute(name)
            }
            (Inside::Attribute(name), '=') => {
                self.attribute(name)?;
                Inside::Value
            }
            (Inside::Attribute(name), letter) if is_space(letter) => {
                self.attribute(name)?;
                Inside::Equals
            }
            (Inside::Equals, '=') => Inside::Value,
            (Inside::Equals, letter) if is_space(letter) => Inside::Equals,
            (Inside::Attribute(_) | Inside::Equals, _) => {
                return Err("an attribute has a value, as in `id=\"1\"`".into());
            }
            (Inside::Value, '"' | '\'') => Inside::Quoted(letter),
            (Inside::Value, letter) if is_space(letter) => Inside::Value,
            (Inside::Value, _) => return Err("the value of an attribute stands in quotes".into()),
            (Inside::Quoted(quote), letter) if letter == quote => Inside::Unquoted,
            (Inside::Quoted(_), '<') => return Err("`<` stands in an attribute; write `&lt;`".into()),
            (Inside::Quoted(quote), '&') => Inside::Reference(String::new(), Some(quote)),
            (Inside::Quoted(quote), _) => Inside::Quoted(quote),
            (Inside::Empty, '>') => {
                self.open.pop();
                self.over |= self.open.is_empty();
                Inside::Content(0)
            }
            (_, letter) => return Err(format!("`{letter}` does not belong into a tag")),
        };
        Ok(())
    }

    fn attribute(&mut self, name: String) -> Read {
        if self.attributes.contains(&name) {
            return Err(format!("the attribute `{name}` is given twice"));
        }
        self.attributes.push(name);
        Ok(())
    }

    /// Behind a name or an attribute: a space, or the end of the tag.
    fn behind(&mut self, letter: char) -> Read {
        self.inside = match letter {
            '>' => Inside::Content(0),
            '/' => Inside::Empty,
            letter if is_space(letter) => Inside::Tag,
            letter => return Err(format!("`{letter}` does not belong into a tag")),
        };
        Ok(())
    }
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

/// `NameStartChar` of [XML 1.0](https://www.w3.org/TR/xml/#NT-NameStartChar).
fn begins_name(letter: char) -> bool {
    matches!(letter, ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// `NameChar`
fn is_name(letter: char) -> bool {
    begins_name(letter)
        || matches!(letter, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
