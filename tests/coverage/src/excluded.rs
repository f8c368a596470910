//! The lines that no test can run, each with its reason.

use std::{cell::RefCell, collections::BTreeSet, fs, path::Path};

use crate::lines::Line;

/// `excluded.txt`: entries `file: text of the line`, under a comment with the reason. The text
/// identifies the line, not its number, so that a change further up leaves the entry valid.
pub struct Excluded {
    entries: BTreeSet<String>,
    used: RefCell<BTreeSet<String>>,
}

impl Excluded {
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut entries = BTreeSet::new();
        let mut reason = false;
        for line in text.lines() {
            match line {
                "" => reason = false,
                comment if comment.starts_with('#') => reason = true,
                entry => {
                    assert!(reason, "no reason for this entry: {entry}");
                    assert!(entries.insert(entry.to_owned()), "twice: {entry}");
                }
            }
        }
        Self { entries, used: RefCell::default() }
    }

    pub fn names(&self, line: &Line) -> bool {
        let entry = format!("{}: {}", line.file, line.text.trim());
        let named = self.entries.contains(&entry);
        if named {
            self.used.borrow_mut().insert(entry);
        }
        named
    }

    /// Entries that name no line, or only lines that a test ran.
    pub fn unused(&self) -> Vec<String> {
        self.entries.difference(&self.used.borrow()).cloned().collect()
    }
}
