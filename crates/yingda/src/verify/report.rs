//! What `verify` says: a line per fault for people, one object for machines.
use crate::terminal;
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;
use yingda_base::backup::Checked;
use yingda_service::audit::Verified;

/// Faults of the audit log that are told one by one.
const SHOWN: usize = 100;

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// People.
    Text,
    /// Machines: one object on the last line.
    Json,
}

/// Something that does not fit: a text `verify.CODE` with what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    pub code: &'static str,
    /// Which conversation, file or row.
    pub what: String,
    /// Details, in no language.
    pub detail: String,
}

/// What was walked, and what was found.
pub(super) struct Report {
    format: Format,
    pub conversations: usize,
    pub entries: i64,
    pub files: usize,
    pub rubbish: usize,
    /// Of a backup.
    pub backup: Option<Checked>,
    audit: Option<Verified>,
    faults: Vec<Fault>,
}

impl Report {
    pub fn new(format: Format) -> Report {
        Report { format, conversations: 0, entries: 0, files: 0, rubbish: 0, backup: None, audit: None, faults: Vec::new() }
    }

    pub fn tell(&mut self, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            if self.format == Format::Text {
                terminal::say(fault.code, &[("what", &fault.what), ("detail", &fault.detail)]);
            }
            self.faults.push(fault);
        }
    }

    /// What the audit log is: each record as it was sealed, all of them in their places, and the chain where its anchors say it was.
    pub fn tell_of_audit(&mut self, audit: Verified) {
        if self.format == Format::Text {
            for finding in audit.findings.iter().take(SHOWN) {
                terminal::print(&format!("{}\n", finding.text(terminal::language())));
            }
            if audit.findings.len() > SHOWN {
                terminal::say("verify.more", &[("count", &(audit.findings.len() - SHOWN).to_string())]);
            }
        }
        let faults = audit.findings.iter().map(|finding| Fault {
            code: finding.code,
            what: finding.seq.to_string(),
            detail: serde_json::Value::Object(finding.details.clone()).to_string(),
        });
        self.faults.extend(faults);
        self.audit = Some(audit);
    }

    /// The end of it, and the code the program ends with.
    pub fn finish(self) -> ExitCode {
        match self.format {
            Format::Text => self.say(),
            Format::Json => terminal::print(&format!("{}\n", self.object())),
        }
        if self.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn say(&self) {
        if self.rubbish > 0 {
            terminal::say("verify.rubbish", &[("count", &self.rubbish.to_string())]);
        }
        if let Some(audit) = &self.audit {
            say_audit(audit);
        }
        if self.backup.as_ref().is_some_and(|backup| backup.is_ours.is_none()) {
            terminal::say("verify.backup_unsigned", &[]);
        }
        if !self.faults.is_empty() {
            return terminal::say("verify.faulty", &[("count", &self.faults.len().to_string())]);
        }
        let (conversations, entries, files) = (self.conversations.to_string(), self.entries.to_string(), self.files.to_string());
        let sums = [("conversations", conversations.as_str()), ("entries", &entries), ("files", &files)];
        match &self.backup {
            None => terminal::say("verify.sound", &sums),
            Some(backup) => {
                let at = terminal::moment(backup.manifest.taken_at);
                terminal::say("verify.backup_sound", &[&sums[..], &[("at", &at)]].concat());
            }
        }
    }

    fn object(&self) -> serde_json::Value {
        let backup = self.backup.as_ref().map(|Checked { manifest, is_ours }| {
            json!({
                "format": manifest.format, "program": manifest.program, "schema": manifest.schema, "generation": manifest.generation,
                "taken_at": manifest.taken_at, "database": manifest.database, "keys": manifest.keys, "content": manifest.content,
                "blob_bytes": manifest.blob_bytes, "gone": manifest.gone, "missing": manifest.missing, "is_ours": is_ours,
            })
        });
        let mut object = json!({
            "sound": self.faults.is_empty(), "conversations": self.conversations, "entries": self.entries, "files": self.files,
            "rubbish": self.rubbish, "faults": self.faults,
        });
        if let Some(backup) = backup {
            object["backup"] = backup;
        }
        if let Some(audit) = &self.audit {
            object["audit"] = json!({
                "records": audit.records, "anchors": audit.anchors, "superseded": audit.superseded, "erased": audit.erased,
                "forgotten": audit.forgotten, "unsealed": audit.unsealed,
            });
        }
        object
    }
}

fn say_audit(audit: &Verified) {
    let numbers = [
        ("records", audit.records.to_string()),
        ("anchors", audit.anchors.to_string()),
        ("erased", audit.erased.to_string()),
        ("forgotten", audit.forgotten.to_string()),
        ("unsealed", audit.unsealed.to_string()),
    ];
    terminal::say("verify.audit", &numbers.each_ref().map(|(name, number)| (*name, number.as_str())));
    if audit.superseded > 0 {
        terminal::say("verify.audit_restored", &[("count", &audit.superseded.to_string())]);
    }
}
