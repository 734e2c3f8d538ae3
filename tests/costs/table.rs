//! What was done, what it cost, and what it is meant to cost, line by line.

use std::fmt::Write;

use tests::{Made, World};

/// Calls, write units, read units.
pub(crate) type Units = (usize, f64, f64);

/// One line: what was done, what it cost, and what it is meant to cost where that is something else.
pub(crate) struct Line {
    what: &'static str,
    cost: Units,
    expected: Units,
    aim: &'static str,
}

impl Line {
    pub(crate) fn of(what: &'static str, made: &[Made], expected: Units, aim: &'static str) -> Self {
        let write = made.iter().map(|made| made.write_units).sum();
        let read = made.iter().map(|made| made.read_units).sum();
        Self {
            what,
            cost: (made.len(), write, read),
            expected,
            aim,
        }
    }
}

#[derive(Default)]
pub(crate) struct Table(pub(crate) Vec<Line>);

impl Table {
    /// Note what was done since the last note.
    pub(crate) fn note(&mut self, world: &World, what: &'static str, expected: Units, aim: &'static str) {
        let made = world
            .calls
            .made()
            .into_iter()
            .filter(|made| made.call.service == "DynamoDB");
        self.0
            .push(Line::of(what, &made.collect::<Vec<_>>(), expected, aim));
        world.calls.forget();
    }

    pub(crate) fn print_and_assert(&self) {
        let mut table = String::new();
        let _ = writeln!(
            table,
            "{:58} {:>5} {:>6} {:>6}   aim",
            "operation", "calls", "write", "read"
        );
        for Line {
            what,
            cost: (calls, write, read),
            aim,
            ..
        } in &self.0
        {
            let _ = writeln!(table, "{what:58} {calls:5} {write:6} {read:6}   {aim}");
        }
        println!("{table}");
        for Line {
            what, cost, expected, ..
        } in &self.0
        {
            assert_eq!(cost, expected, "{what}\n{table}");
        }
    }
}
