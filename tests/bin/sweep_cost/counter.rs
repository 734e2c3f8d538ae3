//! Counts the instructions of a process, by QEMU's user mode: some ten times as fast as callgrind, which would take
//! most of a day for a million people.

use std::path::PathBuf;
use std::process::Command;

const PLUGIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bin/sweep_cost/instructions.c");

/// Where the instructions of one process are counted.
pub(crate) struct Counter {
    plugin: PathBuf,
    count: PathBuf,
}

impl Counter {
    /// A counter at zero.
    ///
    /// # Panics
    ///
    /// If the plugin does not compile.
    pub(crate) fn new() -> Self {
        let file = |ending: &str| {
            let name = format!("assenso-sweep.{}.{ending}", std::process::id());
            std::env::temp_dir().join(name)
        };
        let (plugin, count) = (file("so"), file("count"));
        let mut compile = Command::new("cc");
        compile
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&plugin)
            .arg(PLUGIN);
        assert!(
            compile.status().is_ok_and(|status| status.success()),
            "a C compiler"
        );
        Self { plugin, count }
    }

    /// What runs a program and counts.
    pub(crate) fn command(&self, program: PathBuf) -> Command {
        let mut command = Command::new("qemu-x86_64");
        let plugin = format!("{},count={}", self.plugin.display(), self.count.display());
        command.arg("-plugin").arg(plugin).arg(program);
        command
    }

    /// How many there have been so far.
    ///
    /// # Panics
    ///
    /// If no program was run.
    pub(crate) fn read(&self) -> u64 {
        let count = std::fs::read(&self.count).expect("a count");
        u64::from_ne_bytes(count.try_into().expect("eight bytes"))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.plugin));
        drop(std::fs::remove_file(&self.count));
    }
}
