//! The text of an HTML document, for those who read mail without HTML: one pass over its characters, links beside their
//! words. It is a reading aid and not a browser.

/// Elements whose content nobody reads.
const UNREAD: [&str; 5] = ["style", "script", "head", "title", "template"];
/// Elements that stand on lines of their own.
const BLOCKS: [&str; 20] = [
    "p",
    "div",
    "br",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "hr",
    "section",
    "article",
    "header",
    "footer",
];

/// What a document says.
pub(super) fn from_html(html: &str) -> String {
    let mut reader = Reader::default();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        let (before, from) = rest.split_at(open);
        reader.text(before);
        rest = if let Some(comment) = from.strip_prefix("<!--") {
            comment.split_once("-->").map_or("", |(_, behind)| behind)
        } else {
            let (tag, behind) = tag(from);
            reader.tag(tag);
            reader.past_unread(behind)
        };
    }
    reader.text(rest);
    reader.finish()
}

/// A tag without its brackets, and what follows it; a `>` in quotes ends none.
fn tag(from: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, letter) in from.char_indices().skip(1) {
        match (quote, letter) {
            (None, '>') => {
                let (tag, behind) = from.split_at(at);
                return (tag.get(1..).unwrap_or_default(), behind.get(1..).unwrap_or_default());
            }
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
    }
    (from.get(1..).unwrap_or_default(), "")
}

#[derive(Default)]
struct Reader {
    out: String,
    /// The element that is left unread until its end.
    unread: Option<&'static str>,
    /// Where the link leads that is open, and where its words begin.
    link: Option<(String, usize)>,
}

impl Reader {
    fn text(&mut self, raw: &str) {
        if self.unread.is_some() {
            return;
        }
        let text = unescaped(raw);
        for (index, word) in text.split([' ', '\t', '\r', '\n']).enumerate() {
            let parted = self.out.is_empty() || self.out.ends_with([' ', '\n']);
            if index > 0 && !parted {
                self.out.push(' ');
            }
            self.out.push_str(word);
        }
    }

    fn tag(&mut self, tag: &str) {
        let (closes, inner) = match tag.strip_prefix('/') {
            Some(inner) => (true, inner),
            None => (false, tag),
        };
        let name = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        match self.unread {
            Some(open) if closes && open == name => self.unread = None,
            Some(_) => return,
            None if !closes && !inner.ends_with('/') => {
                self.unread = UNREAD.into_iter().find(|one| *one == name);
            }
            None => {}
        }
        match name.as_str() {
            "a" if closes => self.end_link(),
            "a" => self.link = attribute(inner, "href").map(|href| (href, self.out.len())),
            "img" => {
                let alt = attribute(inner, "alt").unwrap_or_default();
                self.text(&alt);
            }
            "td" | "th" if closes => self.text(" "),
            "li" if !closes => {
                self.line();
                self.out.push_str("- ");
            }
            block if BLOCKS.contains(&block) => self.line(),
            _ => {}
        }
    }

    /// What follows the content that nobody reads: in scripts and styles a `<` begins no tag.
    fn past_unread<'h>(&self, rest: &'h str) -> &'h str {
        let Some(open) = self.unread else { return rest };
        let end = rest.to_ascii_lowercase().find(&format!("</{open}"));
        end.and_then(|end| rest.get(end..)).unwrap_or_default()
    }

    fn line(&mut self) {
        let blank = self.out.ends_with("\n\n");
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        if !self.out.is_empty() && !blank && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// Where a link leads stands behind its words, unless they say it already.
    fn end_link(&mut self) {
        let Some((href, from)) = self.link.take() else { return };
        let words = self.out.get(from..).unwrap_or_default().trim();
        let web = href.starts_with("https://") || href.starts_with("http://");
        if !web || words == href {
            return;
        }
        let open = if words.is_empty() { "" } else { " (" };
        let close = if words.is_empty() { "" } else { ")" };
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out += &format!("{open}{href}{close}");
    }

    fn finish(self) -> String {
        let lines: Vec<&str> = self.out.lines().map(str::trim_end).collect();
        lines.join("\n").trim().to_owned()
    }
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower.get(from..)?.find(name) {
        let (start, end) = (from + found, from + found + name.len());
        let parted = lower.get(..start)?.ends_with(|c: char| c.is_ascii_whitespace());
        if let (true, Some(value)) = (parted, tag.get(end..)?.trim_start().strip_prefix('=')) {
            let value = value.trim_start();
            let quoted = |quote| value.strip_prefix(quote).and_then(|rest: &str| rest.split(quote).next());
            let bare = || value.split(|c: char| c.is_ascii_whitespace()).next();
            return quoted('"').or_else(|| quoted('\'')).or_else(bare).map(unescaped);
        }
        from = end;
    }
    None
}

/// A text with its character references replaced: the numbered ones and the names that are common in mails.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let reference = from.get(1..).and_then(|from| from.split_once(';'));
        match reference.and_then(|(name, behind)| Some((character(name)?, behind))) {
            Some((letter, behind)) => {
                out.push(letter);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out + rest
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
        return char::from_u32(code).filter(|letter| !letter.is_control());
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "bull" => '•',
        "middot" => '·',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "euro" => '€',
        "pound" => '£',
        "laquo" => '«',
        "raquo" => '»',
        "ldquo" => '“',
        "rdquo" => '”',
        "lsquo" => '‘',
        "rsquo" => '’',
        "bdquo" => '„',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_document_is_what_it_says() {
        for (html, text) in [
            ("<p>Hello <b>Ada</b>,</p>\n<p>your cart\n   waits.</p>", "Hello Ada,\nyour cart waits."),
            ("<head><style>p { x: 1 }</style></head><body>Hi</body>", "Hi"),
            ("<script>if (a < b) alert(\"</p>\")</script>after", "after"),
            (
                "<a href=\"https://shop.example.com/?a=1&amp;b=2\">Your cart</a>.",
                "Your cart (https://shop.example.com/?a=1&b=2).",
            ),
            ("<a href='https://a.example'>https://a.example</a>", "https://a.example"),
            ("<a href=\"mailto:a@example.com\">Write</a>", "Write"),
            ("<ul><li>One<li>Two</ul>", "- One\n- Two"),
            ("<table><tr><td>Cup</td><td>9.50</td></tr></table>", "Cup 9.50"),
            ("<!-- nothing > here -->1 &lt; 2 &amp;&#x26; &unknown; &", "1 < 2 && &unknown; &"),
            ("<img alt=\"A &quot;cup&quot; > all\" src=x>", "A \"cup\" > all"),
            ("a<br>b<br/>c", "a\nb\nc"),
            ("a < b", "a"),
            ("<", ""),
            ("", ""),
        ] {
            assert_eq!(from_html(html), text, "{html}");
        }
    }
}
