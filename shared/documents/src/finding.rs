//! What is wrong with a document, and where.

use std::ops::Range;

/// One thing that is wrong with a policy document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}:{line}:{column}: {sentence}")]
pub struct Finding {
    pub file: String,
    /// From 1, like the column.
    pub line: usize,
    /// In characters.
    pub column: usize,
    pub sentence: String,
}

impl Finding {
    pub(crate) fn at(file: &str, source: &str, span: &Range<usize>, sentence: impl Into<String>) -> Self {
        let before = source.get(..span.start).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            sentence: sentence.into(),
        }
    }
}
