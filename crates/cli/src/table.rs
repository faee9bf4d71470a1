//! Columns of text for people.

use std::fmt::Write as _;

/// The widest a cell gets, in characters; what is longer is cut, but in the last column.
const WIDEST: usize = 48;

/// Rows under a head, each column as wide as its widest cell. What partners and senders said is among the cells: characters
/// that steer a terminal are taken out.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| cut(row.map(|cell| plain(&cell)))).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A text on one line, without characters that steer a terminal.
pub(crate) fn plain(text: &str) -> String {
    let words = text.split(|character: char| character.is_control() || character == ' ');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn cut<const N: usize>(row: [String; N]) -> Vec<String> {
    let short = |(column, cell): (usize, String)| {
        if column + 1 == N || cell.chars().count() <= WIDEST {
            return cell;
        }
        cell.chars().take(WIDEST - 1).chain(['…']).collect()
    };
    row.into_iter().enumerate().map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_nothing_steers_the_terminal() {
        let long = "x".repeat(60);
        let rows = vec![
            ["a".into(), "zwölf".into(), "\u{1b}[31mred\nnext".into()],
            ["bcd".into(), "-".into(), long.clone()],
            [long.clone(), "-".into(), "end".into()],
        ];
        let shown = table(["A", "B", "C"], rows);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1].find("zwölf"), lines[0].find('B'));
        assert!(lines[1].ends_with("[31mred next"), "{shown}");
        assert!(lines[2].ends_with(&long), "the last column is whole: {shown}");
        assert!(lines[3].starts_with(&format!("{}…  ", "x".repeat(47))), "{shown}");
    }
}
