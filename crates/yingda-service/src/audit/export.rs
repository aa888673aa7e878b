//! The log as a file: CSV for spreadsheets, JSON Lines for programs. Made piece by piece, so that it may be of any length; the export itself
//! stands in the log before its first byte goes out.
use super::{
    model::{AuditRow, Outcome},
    record::{Audit, record},
    search::{self, Search, Wanted, word},
};
use crate::App;
use serde_json::{Value, json};
use yingda_base::{Error, Result, Tx, http::Caller, locale::Language, text_enum};

/// Records of one piece.
const PIECE: i64 = 500;
/// Excel takes a file for UTF-8 only if it begins so.
const BOM: &str = "\u{feff}";
/// What a spreadsheet takes for a formula if a cell begins with it.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

text_enum! {
    /// What kind of file.
    pub enum ExportFormat {
        /// For spreadsheets: UTF-8 with a byte order mark, formulas made harmless.
        Csv = "csv",
        /// For programs: a JSON object a line, as in the list.
        Jsonl = "jsonl",
    }
}

impl ExportFormat {
    /// As in a header.
    pub fn media_type(self) -> &'static str {
        match self {
            ExportFormat::Csv => "text/csv; charset=utf-8",
            ExportFormat::Jsonl => "application/jsonl; charset=utf-8",
        }
    }
}

/// An export that was written down and may begin.
pub struct Export {
    app: App,
    format: ExportFormat,
    language: Language,
    /// `None` when all of it was given out.
    next: Option<Search>,
    is_begun: bool,
}

/// Writes down who takes what out, and opens it. Codes: as a search.
pub async fn begin(app: &App, caller: &Caller, wanted: Wanted, format: ExportFormat, language: Language) -> Result<Export> {
    let search = wanted.search(None)?;
    let first = search.clone();
    // A question that cannot be answered is refused before anything is written down or sent.
    app.db.report(move |tx| search::page(tx, &first, 1).map(drop)).await?;
    let caller = caller.clone();
    let note = move |tx: &mut Tx| {
        let after = Some(json!({"format": format, "filter": filter(&wanted)}).to_string());
        record(tx, &caller, &Audit { action: "audit.export", object_kind: "audit", after, ..Audit::default() })
    };
    app.db.write(note).await?;
    Ok(Export { app: app.clone(), format, language, next: Some(search), is_begun: false })
}

/// What was asked for, without what was not.
fn filter(wanted: &Wanted) -> Value {
    let all = json!({
        "from": wanted.from, "to": wanted.to, "action": wanted.action, "actor": wanted.actor, "actor_kind": wanted.actor_kind,
        "object": wanted.object, "object_id": wanted.object_id, "address": wanted.address, "result": wanted.result,
    });
    let given = all.as_object().cloned().unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(given.collect())
}

impl Export {
    /// The next piece of the file; `None` at its end.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        let mut piece = Vec::new();
        if !std::mem::replace(&mut self.is_begun, true) && self.format == ExportFormat::Csv {
            piece.extend_from_slice(BOM.as_bytes());
            piece.extend(csv(&[COLUMNS.map(|column| word("column", column, self.language)).to_vec()])?);
        }
        let Some(search) = self.next.take() else { return Ok((!piece.is_empty()).then_some(piece)) };
        let (this, language) = (search.clone(), self.language);
        let read = move |tx: &mut Tx| {
            let (found, next) = search::page(tx, &this, PIECE)?;
            Ok((search::shown(tx, found, language)?, next))
        };
        let (rows, next) = self.app.db.report(read).await?;
        self.next = next.map(|before| Search { before, ..search });
        piece.extend(match self.format {
            ExportFormat::Csv => csv(&rows.iter().map(|row| cells(row, self.language)).collect::<Vec<_>>())?,
            ExportFormat::Jsonl => lines(&rows)?,
        });
        Ok(Some(piece))
    }
}

fn lines(rows: &[AuditRow]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut bytes, row).map_err(Error::internal)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Names of the columns: texts `audit.column.…`.
pub const COLUMNS: [&str; 20] = [
    "seq",
    "at",
    "actor",
    "actor_kind",
    "actor_id",
    "method",
    "session",
    "action",
    "action_code",
    "object",
    "object_kind",
    "object_id",
    "result",
    "why",
    "address",
    "request",
    "before",
    "after",
    "hash",
    "id",
];

fn cells(row: &AuditRow, language: Language) -> Vec<String> {
    let json = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
    vec![
        row.seq.map(|seq| seq.to_string()).unwrap_or_default(),
        row.at.in_words(),
        row.actor.name.clone(),
        word("actor", &row.actor.kind, language),
        row.actor.id.clone(),
        if row.actor.method.is_empty() { String::new() } else { word("method", &row.actor.method, language) },
        row.actor.session.clone().unwrap_or_default(),
        row.action_name.clone(),
        row.action.clone(),
        row.object.name.clone().unwrap_or_default(),
        row.object.kind_name.clone(),
        row.object.id.clone(),
        word("result", if row.result == Outcome::Done { "done" } else { "refused" }, language),
        row.why.clone().unwrap_or_default(),
        row.address.clone(),
        row.request.clone(),
        json(&row.before),
        json(&row.after),
        row.hash.clone().unwrap_or_default(),
        row.id.clone(),
    ]
}

fn csv(rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell))).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.into_error()))
}

/// A cell that a spreadsheet shows and does not compute.
fn harmless(cell: &str) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yingda_base::locale;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/C calc'!A0", "＝1+1", "\n=1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        for cell in ["", "1", "林晓", " =1", "a=b", "'=1"] {
            assert_eq!(harmless(cell), cell);
        }
        let text = String::from_utf8(csv(&[vec!["a,b".into(), "say \"hi\"\nthere".into(), "=1".into()]]).unwrap()).unwrap();
        assert_eq!(text, "\"a,b\",\"say \"\"hi\"\"\nthere\",'=1\r\n");
        assert_eq!(text.matches("\r\n").count(), 1);
    }

    #[test]
    fn every_column_has_a_name() {
        for column in COLUMNS {
            assert!(locale::has(&format!("audit.column.{column}")), "{column}");
        }
    }
}
