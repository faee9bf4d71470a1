//! What the kernel knows of processes: CPU time and memory; and processes that must end in time.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// CPU time that a process has used, in milliseconds.
pub(crate) fn cpu_ms(pid: u32) -> Result<f64> {
    Ok(Statistics::of(pid)?.own_ms)
}

/// CPU time that a process and its children have used, those that have ended included.
pub(crate) fn tree_cpu_ms(pid: u32) -> Result<f64> {
    let whole = |statistics: &Statistics| statistics.own_ms + statistics.ended_children_ms;
    let mut sum = whole(&Statistics::of(pid)?);
    for entry in std::fs::read_dir("/proc")? {
        let Some(child) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that ends meanwhile is counted with its parent the next time.
        if let Ok(statistics) = Statistics::of(child)
            && statistics.parent == pid
        {
            sum += whole(&statistics);
        }
    }
    Ok(sum)
}

/// A process's parent, if it runs on this machine under this name.
pub(crate) fn parent_of(pid: u32, name: &str) -> Option<u32> {
    let statistics = Statistics::of(pid).ok()?;
    (statistics.name == name).then_some(statistics.parent)
}

/// What `/proc/PID/stat` says.
struct Statistics {
    name: String,
    parent: u32,
    own_ms: f64,
    ended_children_ms: f64,
}

impl Statistics {
    fn of(pid: u32) -> Result<Statistics> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (before, after) = text.rsplit_once(')').context("no process statistics")?;
        let name = before.split_once('(').map(|(_, name)| name.to_owned()).unwrap_or_default();
        let fields: Vec<&str> = after.split_whitespace().collect();
        let field = |index: usize| fields.get(index).and_then(|field| field.parse::<u32>().ok());
        // Linux counts in hundredths of a second.
        let ms = |index: usize| field(index).map(|ticks| f64::from(ticks) * 10.0);
        let sum = |index: usize| Some(ms(index)? + ms(index + 1)?);
        let of_fields = || Some((field(1)?, sum(11)?, sum(13)?));
        let (parent, own_ms, ended_children_ms) = of_fields().context("process statistics cannot be read")?;
        Ok(Statistics { name, parent, own_ms, ended_children_ms })
    }
}

/// Resident memory of a process, in MiB.
pub(crate) fn rss_mib(pid: u32) -> Result<f64> {
    memory_mib(pid, "VmRSS:")
}

/// The most memory that a process has had, in MiB.
pub(crate) fn peak_mib(pid: u32) -> Result<f64> {
    memory_mib(pid, "VmHWM:")
}

fn memory_mib(pid: u32, which: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)).context("no memory statistics")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024.0)
}

/// What a process prints, if it ends well in time; it is killed otherwise.
pub(crate) fn output_within(command: &mut Command, most: Duration) -> Result<String> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > most {
            child.kill()?;
            child.wait()?;
            bail!("{command:?} did not end within {most:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    ensure!(status.success(), "{command:?} failed");
    let mut printed = String::new();
    child.stdout.take().context("no output")?.read_to_string(&mut printed)?;
    Ok(printed)
}
