//! What the machine says of how safe a workspace is: the rules of `rollcall check`, and of the overview.

use serde::Serialize;

use crate::domain::time::{DAY_MS, MINUTE_MS};

/// A backup older than this is told, in days.
const BACKUP_DAYS: i64 = 7;
/// A write-ahead log of more than this many bytes is told: something keeps it from being taken into the file.
const LOG_BYTES: u64 = 1_000_000_000;
/// Less free space than this is told, in bytes, however small the file is.
const FREE_BYTES: u64 = 500_000_000;
/// A clock that is further behind the file than this is told, in milliseconds.
const CLOCK_MS: i64 = 5 * MINUTE_MS;

/// What is seen of the machine; what can't be seen is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Machine {
    /// Now, Unix milliseconds.
    pub now_ms: i64,
    /// When the newest message was received, Unix milliseconds.
    pub newest_ms: Option<i64>,
    /// When the last backup was made by `rollcall backup`, Unix milliseconds.
    pub backup_ms: Option<i64>,
    /// When the workspace was first written to, Unix milliseconds.
    pub first_ms: Option<i64>,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of the write-ahead log beside it.
    pub log_bytes: u64,
    /// Bytes that are free on its disk.
    pub free_bytes: Option<u64>,
    /// Who may read it, as Unix writes it.
    pub mode: Option<u32>,
}

/// Something about the machine that a person should see to. The file is whole all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Does not change from release to release.
    pub code: &'static str,
    /// What is seen.
    pub sentence: String,
    /// What to do.
    pub fix: String,
}

impl Machine {
    /// What there is to see to, what can lose data first.
    pub fn warnings(&self) -> Vec<Warning> {
        [self.disk(), self.backup(), self.readers(), self.log(), self.clock()].into_iter().flatten().collect()
    }

    /// A backup takes as much again as the file, on the same disk where no other is named.
    fn disk(&self) -> Option<Warning> {
        let free = self.free_bytes.filter(|free| *free < FREE_BYTES.max(self.file_bytes))?;
        let sentence = format!(
            "{} are free on the disk, and the file has {}: it may fill up, and no backup fits beside it.",
            size(free),
            size(self.file_bytes)
        );
        let fix = "Free some space, or set a time after which events go: rollcall setting event_retention_days 365";
        Some(Warning { code: "disk_low", sentence, fix: fix.to_owned() })
    }

    fn backup(&self) -> Option<Warning> {
        let sentence = match self.backup_ms {
            Some(made_ms) if self.now_ms - made_ms <= BACKUP_DAYS * DAY_MS => return None,
            Some(made_ms) => format!("The last backup is {} days old.", (self.now_ms - made_ms) / DAY_MS),
            None if self.first_ms.is_none_or(|first_ms| self.now_ms - first_ms <= BACKUP_DAYS * DAY_MS) => return None,
            None => "No backup was made with rollcall backup so far.".to_owned(),
        };
        let fix = "Let cron make one each night: rollcall backup /backups/rollcall-$(date +%F).db";
        Some(Warning { code: "backup_old", sentence, fix: fix.to_owned() })
    }

    fn readers(&self) -> Option<Warning> {
        let mode = self.mode.filter(|mode| mode & 0o077 != 0)?;
        let sentence = format!("Others on this machine may read or write the file (its mode is {:o}).", mode & 0o777);
        Some(Warning { code: "file_open", sentence, fix: "chmod 600 FILE".to_owned() })
    }

    fn log(&self) -> Option<Warning> {
        if self.log_bytes <= LOG_BYTES {
            return None;
        }
        let sentence = format!("The write-ahead log beside the file has {}.", size(self.log_bytes));
        let fix = "A program that reads the file keeps the log from being taken in. End it, or restart the server.";
        Some(Warning { code: "log_large", sentence, fix: fix.to_owned() })
    }

    fn clock(&self) -> Option<Warning> {
        let ahead_ms = self.newest_ms? - self.now_ms;
        if ahead_ms <= CLOCK_MS {
            return None;
        }
        let sentence = format!(
            "The clock is {} minutes behind the newest message in the file: it is wrong now, or it was then.",
            ahead_ms / MINUTE_MS
        );
        Some(Warning { code: "clock_wrong", sentence, fix: "timedatectl set-ntp true".to_owned() })
    }
}

/// `812 MB`
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn well() -> Machine {
        Machine {
            now_ms: NOW,
            newest_ms: Some(NOW - 10),
            backup_ms: Some(NOW - DAY_MS),
            first_ms: Some(NOW - 90 * DAY_MS),
            file_bytes: 40_000_000,
            log_bytes: 4_000_000,
            free_bytes: Some(20_000_000_000),
            mode: Some(0o100_600),
        }
    }

    fn codes(machine: Machine) -> Vec<&'static str> {
        machine.warnings().iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn a_machine_that_is_well_is_left_alone_and_so_is_one_that_can_not_be_seen() {
        assert_eq!(codes(well()), Vec::<&str>::new());
        assert_eq!(codes(Machine { now_ms: NOW, ..Machine::default() }), Vec::<&str>::new());
        let new = Machine { backup_ms: None, first_ms: Some(NOW - 6 * DAY_MS), ..well() };
        assert_eq!(codes(new), Vec::<&str>::new(), "a workspace of a few days needs none yet");
    }

    #[test]
    fn each_danger_is_told_by_its_code_with_what_to_do() {
        for (machine, code) in [
            (Machine { free_bytes: Some(499_000_000), ..well() }, "disk_low"),
            (Machine { free_bytes: Some(3_000_000_000), file_bytes: 4_000_000_000, ..well() }, "disk_low"),
            (Machine { backup_ms: Some(NOW - 8 * DAY_MS), ..well() }, "backup_old"),
            (Machine { backup_ms: None, ..well() }, "backup_old"),
            (Machine { mode: Some(0o100_644), ..well() }, "file_open"),
            (Machine { log_bytes: 1_000_000_001, ..well() }, "log_large"),
            (Machine { newest_ms: Some(NOW + 6 * MINUTE_MS), ..well() }, "clock_wrong"),
        ] {
            assert_eq!(codes(machine), [code], "{machine:?}");
            assert!(machine.warnings().iter().all(|warning| !warning.fix.is_empty()));
        }
        let all = Machine { free_bytes: Some(0), backup_ms: None, mode: Some(0o666), ..well() };
        assert_eq!(codes(all), ["disk_low", "backup_old", "file_open"], "what can lose data first");
    }
}
