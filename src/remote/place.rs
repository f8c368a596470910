//! The place of a document, and what texts show of it.

use std::{path::Path, sync::Arc};

use crate::host::host_of;

/// The place of a document.
#[derive(Clone)]
pub(crate) enum Place {
    /// A URL.
    Url(Arc<str>),
    /// The file with this name. Only its [`FileFetch`](crate::remote::file::FileFetch) has the whole path.
    File(Arc<str>),
}

impl Place {
    /// The file at `path`. Its name is empty if the path ends in none, as `/` and `..` do.
    pub(crate) fn of_file(path: &Path) -> Self {
        Self::File(path.file_name().unwrap_or_default().to_string_lossy().into())
    }

    /// The host of the URL: its other parts may hold secrets. Empty if it has none, and for a file.
    pub(crate) fn host(&self) -> &str {
        match self {
            Self::Url(url) => host_of(url).unwrap_or_default(),
            Self::File(_) => "",
        }
    }

    /// The name of the file.
    pub(crate) fn file_name(&self) -> Option<&Arc<str>> {
        match self {
            Self::Url(_) => None,
            Self::File(name) => Some(name),
        }
    }
}
