//! Bytes of a text and positions of the protocol: lines from zero, columns in UTF-16 units.

use gen_lsp_types::{Position, Range};

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Lines<'t> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The position of a byte.
    pub(crate) fn position(&self, byte: usize) -> Position {
        let byte = byte.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..byte).unwrap_or_default();
        Position { line: small(line), character: small(before.encode_utf16().count()) }
    }

    pub(crate) fn range(&self, start: usize, end: usize) -> Range {
        Range { start: self.position(start), end: self.position(end) }
    }

    /// The byte at a position; the end of the line where the line is shorter.
    pub(crate) fn byte(&self, position: Position) -> usize {
        let line = position.line as usize;
        let start = self.starts.get(line).copied().unwrap_or(self.text.len());
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        let mut units = position.character as usize;
        let mut byte = start;
        for letter in self.text.get(start..end).unwrap_or_default().chars() {
            let width = letter.len_utf16();
            if units < width {
                break;
            }
            units -= width;
            byte += letter.len_utf8();
        }
        byte
    }
}

pub(crate) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf_16_units() {
        let lines = Lines::new("aé😀b\nx");
        assert_eq!(lines.position(7), Position { line: 0, character: 4 });
        assert_eq!(lines.byte(Position { line: 0, character: 4 }), 7);
        assert_eq!(lines.byte(Position { line: 0, character: 99 }), 8);
        assert_eq!(lines.position(9), Position { line: 1, character: 0 });
        assert_eq!(lines.byte(Position { line: 9, character: 0 }), 10);
    }
}
