//! A child process: its figures as the kernel counts them, and its end.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use super::Failure;

/// `/proc/PID/stat` counts processor time in hundredths of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// A child that ends with its owner.
pub struct Process {
    child: Child,
}

impl Process {
    pub fn new(child: Child) -> Process {
        Process { child }
    }

    /// Processor time of all its threads so far, user and system (`/proc/PID/stat`).
    pub fn cpu(&self) -> Result<Duration, Failure> {
        let text = self.read("stat")?;
        // The program's name stands in brackets and may hold spaces.
        let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| -> Result<u32, Failure> { Ok(fields.get(index).ok_or("a short stat")?.parse()?) };
        Ok(TICK * (ticks(11)? + ticks(12)?))
    }

    /// Processor time of its threads of this name so far (`/proc/PID/task/TID/schedstat`).
    pub fn cpu_of_threads(&self, name: &str) -> Result<Duration, Failure> {
        let mut sum = Duration::ZERO;
        for thread in self.threads(name)? {
            let text = std::fs::read_to_string(thread.join("schedstat"))?;
            let nanoseconds = text.split_whitespace().next().ok_or("an empty schedstat")?.parse()?;
            sum += Duration::from_nanos(nanoseconds);
        }
        Ok(sum)
    }

    /// Its threads whose names begin so, as folders in `/proc`.
    pub fn threads(&self, name: &str) -> Result<Vec<PathBuf>, Failure> {
        let mut found = Vec::new();
        for thread in std::fs::read_dir(self.path("task"))? {
            let thread = thread?.path();
            if std::fs::read_to_string(thread.join("comm"))?.starts_with(name) {
                found.push(thread);
            }
        }
        Ok(found)
    }

    /// Bytes it has caused to be written to the disk so far (`write_bytes` in `/proc/PID/io`).
    pub fn written(&self) -> Result<u64, Failure> {
        field(&self.read("io")?, "write_bytes")
    }

    /// Resident memory now, in bytes (`VmRSS`).
    pub fn resident(&self) -> Result<u64, Failure> {
        Ok(field(&self.read("status")?, "VmRSS")? * 1024)
    }

    /// The most that was ever resident, in bytes (`VmHWM`).
    pub fn resident_max(&self) -> Result<u64, Failure> {
        Ok(field(&self.read("status")?, "VmHWM")? * 1024)
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn terminate(&mut self) -> Result<(), Failure> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status()?;
        let ended = self.child.wait()?;
        if asked.success() && ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}").into()) }
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        Ok(std::fs::read_to_string(self.path(name))?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number of a line `name: number unit`.
pub fn field(text: &str, name: &str) -> Result<u64, Failure> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|rest| rest.split_whitespace().next()).ok_or_else(|| format!("no {name} in /proc"))?;
    Ok(number.parse()?)
}
