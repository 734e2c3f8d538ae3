//! The first request of a function that has 7 % of a core, as 128 MB have, once its init phase is over, which is
//! not throttled. Needs the right to make a control group (root), version 1 or 2.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tests::runtime::{Lambda, binary};

use crate::operations::{EMPTY, ONE_WRITE, OURS, STOCK, people};
use crate::world_of_today;

/// Microseconds of each period.
const QUOTA: (u32, u32) = (7_000, 100_000);
const RUNS: usize = 5;

struct Group(PathBuf);

pub(crate) async fn measure() {
    let Some(group) = Group::make() else {
        println!("no control group can be made here");
        return;
    };
    println!("{:28} {:>8} {:>8}", format!("median of {RUNS}"), "ms", "faster");
    let mut stock = None;
    for operation in [STOCK, EMPTY, ONE_WRITE].into_iter().chain(OURS) {
        let mut took_ms = Vec::new();
        for _ in 0..RUNS {
            let world = world_of_today().await;
            people(&world, 1).await;
            let mut lambda = Lambda::start(
                Command::new(binary(operation.function)),
                &(operation.environment)(&world),
            )
            .await;
            group.take_in(lambda.id());
            let begun = Instant::now();
            lambda.invoke(operation.event(0)).await;
            took_ms.push(begun.elapsed().as_secs_f64() * 1e3);
            drop(lambda);
            world.settle().await;
        }
        took_ms.sort_by(f64::total_cmp);
        let median = took_ms[RUNS / 2];
        let times_faster = *stock.get_or_insert(median) / median;
        println!("{:28} {median:8.1} {times_faster:8.1}", operation.name);
    }
}

impl Group {
    fn make() -> Option<Self> {
        let name = format!("measure-{}", std::process::id());
        let (first, second) = (Path::new("/sys/fs/cgroup/cpu"), Path::new("/sys/fs/cgroup"));
        let (quota, period) = QUOTA;
        let group = if first.join("cpu.cfs_quota_us").exists() {
            let group = first.join(name);
            std::fs::create_dir(&group).ok()?;
            std::fs::write(group.join("cpu.cfs_period_us"), period.to_string()).ok()?;
            std::fs::write(group.join("cpu.cfs_quota_us"), quota.to_string()).ok()?;
            group
        } else {
            let group = second.join(name);
            std::fs::create_dir(&group).ok()?;
            std::fs::write(group.join("cpu.max"), format!("{quota} {period}")).ok()?;
            group
        };
        Some(Self(group))
    }

    fn take_in(&self, process: u32) {
        std::fs::write(self.0.join("cgroup.procs"), process.to_string()).expect("a control group");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(std::fs::remove_dir(&self.0));
    }
}
