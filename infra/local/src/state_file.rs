//! What must survive a restart of the runner, as one JSON file per part; without `--data`, nothing is kept.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Serialize, de::DeserializeOwned};

/// The file of one part's state, or none.
#[derive(Debug)]
pub(crate) struct StateFile<T> {
    path: Option<PathBuf>,
    holds: PhantomData<fn(T)>,
}

impl<T> StateFile<T> {
    /// For what nobody wants to keep.
    pub(crate) fn nowhere() -> Self {
        let holds = PhantomData;
        Self { path: None, holds }
    }
}

impl<T: Serialize + DeserializeOwned + Default> StateFile<T> {
    /// The file `name` in the folder of the data, and what it holds by now.
    pub(crate) fn open(data: Option<&Path>, name: &str) -> io::Result<(Self, T)> {
        let path = data.map(|folder| folder.join(name));
        let state = match &path {
            Some(path) if path.exists() => serde_json::from_slice(&fs::read(path)?)?,
            _ => T::default(),
        };
        let holds = PhantomData;
        Ok((Self { path, holds }, state))
    }

    /// Replace the file as a whole, so that a runner killed meanwhile finds the old state or the new.
    pub(crate) fn keep(&self, state: &T) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let next = path.with_extension("next");
        fs::write(&next, serde_json::to_vec(state)?)?;
        fs::rename(next, path)
    }
}
