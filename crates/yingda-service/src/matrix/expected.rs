//! The expectations: docs/matrix.tsv, and whether it speaks of everything there is.
use super::persona::Persona;
use std::collections::{BTreeSet, HashSet};
use yingda_base::http::Route;

const TABLE: &str = include_str!("../../../../docs/matrix.tsv");

/// One line: what is tried, on what, and how it ends for each persona.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// `POST /api/v1/conversation/{id}/accept`, `frame send`.
    pub operation: String,
    /// Which sample: own, other, the state of the conversation; `-` if there is only one.
    pub object: String,
    /// In the order of [`Persona::ALL`].
    pub cells: Vec<String>,
}

/// All rows, or what is wrong with the file.
pub(super) fn rows() -> Result<Vec<Row>, String> {
    parse(TABLE)
}

fn parse(table: &str) -> Result<Vec<Row>, String> {
    let mut lines = table.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let wanted: Vec<&str> = ["operation", "object"].into_iter().chain(Persona::ALL.map(|(_, name)| name)).collect();
    if header != wanted {
        return Err(format!("the header must be {wanted:?}"));
    }
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for line in lines {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [operation, object, cells @ ..] = fields.as_slice() else { return Err(format!("no row: {line}")) };
        if cells.len() != Persona::ALL.len() || cells.iter().any(|cell| cell.trim().is_empty()) {
            return Err(format!("{operation} ({object}) has {} cells, wanted {}", cells.len(), Persona::ALL.len()));
        }
        if !seen.insert((operation.clone(), object.clone())) {
            return Err(format!("{operation} ({object}) stands there twice"));
        }
        rows.push(Row { operation: operation.clone(), object: object.clone(), cells: cells.to_vec() });
    }
    Ok(rows)
}

/// How the table calls an operation.
pub(super) fn operations(routes: &[Route], frames: &[&str]) -> BTreeSet<String> {
    let routes = routes.iter().map(|route| format!("{} {}", route.method, route.path));
    routes.chain(frames.iter().map(|frame| format!("frame {frame}"))).collect()
}

/// Operations without a row, and rows of operations that are no more.
pub(super) fn gaps(rows: &[Row], operations: &BTreeSet<String>) -> Vec<String> {
    let known: BTreeSet<String> = rows.iter().map(|row| row.operation.clone()).collect();
    let missing = operations.difference(&known).map(|name| format!("{name} has no row in docs/matrix.tsv"));
    let stale = known.difference(operations).map(|name| format!("{name} stands in docs/matrix.tsv, and is no more"));
    missing.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(line: &str) -> String {
        let names = Persona::ALL.map(|(_, name)| name).join("\t");
        format!("# words\noperation\tobject\t{names}\n{line}")
    }

    #[test]
    fn rows_are_read_and_bad_ones_named() {
        let good = format!("GET /a\t-\t{}", vec!["ok"; Persona::ALL.len()].join("\t"));
        assert_eq!(parse(&table(&good)).unwrap()[0].operation, "GET /a");
        assert!(parse(&table(&format!("{good}\n{good}"))).unwrap_err().contains("twice"));
        assert!(parse(&table("GET /a\t-\tok\t401")).unwrap_err().contains("2 cells"));
        assert!(parse(&good).unwrap_err().contains("header"));
    }

    #[test]
    fn a_route_without_a_row_and_a_row_without_a_route_are_named() {
        let row = Row { operation: "GET /old".into(), object: "-".into(), cells: Vec::new() };
        let both = gaps(&[row], &["GET /new".to_owned()].into());
        assert_eq!(both, ["GET /new has no row in docs/matrix.tsv", "GET /old stands in docs/matrix.tsv, and is no more"]);
    }
}
