//! What the machine says: its clock, its disk, who may read the file, the TLS files, the last backup.

use std::path::{Path, PathBuf};

use super::{Finding, Severity};
use crate::domain::time::{DAY_MS, MINUTE_MS, rfc3339};
use crate::server::{TlsFiles, check_tls};
use crate::store::disk;
use crate::store::workspace::Upkeep;

/// A clock that is behind the newest event by more than this was set back.
const CLOCK_BACK_MS: i64 = 5 * MINUTE_MS;
/// Below so many bytes free the next burst, backup or migration may not find room.
const ROOM_MIN: u64 = 64 << 20;
/// A disk that is full within so many days is worth a word.
const ROOM_DAYS_MIN: u64 = 30;
/// The log is written back at 4,000 pages or so; beyond this somebody holds it back.
const LOG_MAX: u64 = 256 << 20;
/// A backup older than so many days is old.
const BACKUP_DAYS_MAX: i64 = 7;
/// A certificate that ends in fewer days than this should have been renewed: the usual programs do so 30 days before.
const CERTIFICATE_DAYS_MIN: i64 = 21;
/// The file that systemd's time service makes once the clock has been set by NTP.
const NTP_STATE: &str = "/run/systemd/timesync/synchronized";

/// All that is found. The file's word on itself is missing where it can't be read.
pub(super) fn findings(
    data: &Path,
    upkeep: Option<&Upkeep>,
    tls: Option<&TlsFiles>,
    now_ms: i64,
) -> impl Iterator<Item = Finding> {
    let mut found = Vec::new();
    found.extend(upkeep.and_then(|upkeep| clock(upkeep, now_ms, Path::new(NTP_STATE).exists())));
    found.extend(disk::free_bytes(data).and_then(|free| room(free, upkeep, now_ms)));
    found.extend(permissions(data));
    found.extend(log(log_bytes(data)));
    found.extend(tls.and_then(|files| tls_files(files, now_ms)));
    found.extend(upkeep.and_then(|upkeep| backup(data, upkeep, now_ms)));
    found.into_iter()
}

/// The clock against what it said when the newest event was received, and against the system's word.
fn clock(upkeep: &Upkeep, now_ms: i64, synchronized: bool) -> Option<Finding> {
    let fix = "Let the machine set its clock by NTP: timedatectl set-ntp true".to_owned();
    let behind_ms = upkeep.newest_received_ms.map_or(0, |newest| newest - now_ms);
    if behind_ms > CLOCK_BACK_MS {
        let sentence = format!(
            "The clock is {} minutes behind the receipt of the newest event: it was set back, or was ahead then.",
            behind_ms / MINUTE_MS
        );
        return Some(Finding { code: "machine_clock_back", severity: Severity::Warning, sentence, fix });
    }
    (!synchronized).then(|| Finding {
        code: "machine_clock_unknown",
        severity: Severity::Unknown,
        sentence: "The clock is not behind the newest event. Whether it is set by NTP is not known: systemd's time \
                   service does not say so here."
            .to_owned(),
        fix: format!("Look with timedatectl, or with chronyc tracking. {fix}"),
    })
}

/// Room on the disk, and how long it lasts if the file grows as it did on average since it was made.
fn room(free: u64, upkeep: Option<&Upkeep>, now_ms: i64) -> Option<Finding> {
    let fix = "Free up disk space, move the file to a larger disk, or keep events for a shorter time: rollcall \
               setting event_retention_days 365"
        .to_owned();
    let free_mb = free >> 20;
    if free < ROOM_MIN {
        let sentence = format!("The disk has {free_mb} MB free. When it is full, nothing can be stored.");
        return Some(Finding { code: "disk_full", severity: Severity::Broken, sentence, fix });
    }
    let upkeep = upkeep?;
    let age_days = u64::try_from((now_ms - upkeep.made_ms) / DAY_MS).ok().filter(|days| *days > 0)?;
    let a_day = (upkeep.bytes / age_days).max(1);
    let days = free / a_day;
    (days < ROOM_DAYS_MIN).then(|| Finding {
        code: "disk_fills_up",
        severity: Severity::Warning,
        sentence: format!(
            "The disk has {free_mb} MB free, enough for {days} days: the file grew by {} MB a day on average since it \
             was made.",
            a_day >> 20
        ),
        fix,
    })
}

/// The file, and what lies beside it, that others than its owner may read or write.
#[cfg(unix)]
fn permissions(data: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let open: Vec<String> = ["", "-wal", "-shm"]
        .into_iter()
        .map(|suffix| beside(data, suffix))
        .filter(|path| path.metadata().is_ok_and(|file| file.permissions().mode() & 0o077 != 0))
        .map(|path| path.display().to_string())
        .collect();
    (!open.is_empty()).then(|| Finding {
        code: "file_open_to_others",
        severity: Severity::Warning,
        sentence: format!("Other users of this machine may read or write {}.", open.join(", ")),
        fix: format!("chmod 600 {}", open.join(" ")),
    })
}

#[cfg(not(unix))]
fn permissions(_: &Path) -> Option<Finding> {
    None
}

fn beside(data: &Path, suffix: &str) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn log_bytes(data: &Path) -> u64 {
    beside(data, "-wal").metadata().map_or(0, |log| log.len())
}

fn log(bytes: u64) -> Option<Finding> {
    (bytes > LOG_MAX).then(|| Finding {
        code: "log_large",
        severity: Severity::Warning,
        sentence: format!(
            "The write-ahead log is {} MB: a program is reading the file and keeps it from being emptied.",
            bytes >> 20
        ),
        fix: "End other programs that have the file open, then restart the server, which empties the log.".to_owned(),
    })
}

fn tls_files(files: &TlsFiles, now_ms: i64) -> Option<Finding> {
    match check_tls(files) {
        Ok(until_ms) => certificate(until_ms?, now_ms),
        Err(error) => Some(Finding {
            code: "tls_unusable",
            severity: Severity::Broken,
            sentence: error.to_string(),
            fix: "Name the certificate with its chain in --tls-cert, and its private key in --tls-key.".to_owned(),
        }),
    }
}

fn certificate(until_ms: i64, now_ms: i64) -> Option<Finding> {
    let fix = "Renew the certificate: the server reads the new files within a minute.".to_owned();
    let until = rfc3339(until_ms);
    if until_ms < now_ms {
        let sentence = format!("The certificate expired at {until}: browsers open no pages and send nothing.");
        return Some(Finding { code: "tls_expired", severity: Severity::Broken, sentence, fix });
    }
    let days = (until_ms - now_ms) / DAY_MS;
    (days < CERTIFICATE_DAYS_MIN).then(|| Finding {
        code: "tls_expires",
        severity: Severity::Warning,
        sentence: format!("The certificate expires in {days} days, at {until}."),
        fix,
    })
}

fn backup(data: &Path, upkeep: &Upkeep, now_ms: i64) -> Option<Finding> {
    let fix = format!("rollcall backup --data {} NEW-FILE, each day, to another disk", data.display());
    let finding = |sentence| Finding { code: "backup_old", severity: Severity::Warning, sentence, fix };
    let Some(made_ms) = upkeep.last_backup_ms else {
        let sentence = "rollcall backup has never copied this file. It can't know of copies made in other ways.";
        return Some(finding(sentence.to_owned()));
    };
    let days = (now_ms - made_ms) / DAY_MS;
    (days > BACKUP_DAYS_MAX).then(|| finding(format!("The last backup by rollcall backup is {days} days old.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000 * DAY_MS;

    #[test]
    fn a_certificate_is_told_before_it_ends_and_is_broken_after() {
        let told = |until_ms| certificate(until_ms, NOW).map(|found| (found.code, found.severity));
        assert_eq!(told(NOW + CERTIFICATE_DAYS_MIN * DAY_MS), None);
        assert_eq!(told(NOW + CERTIFICATE_DAYS_MIN * DAY_MS - 1), Some(("tls_expires", Severity::Warning)));
        assert_eq!(told(NOW), Some(("tls_expires", Severity::Warning)));
        assert_eq!(told(NOW - 1), Some(("tls_expired", Severity::Broken)));
        let sentence = certificate(NOW + 5 * DAY_MS, NOW).unwrap().sentence;
        assert!(sentence.contains("in 5 days, at 1972-10-02"), "{sentence}");
    }

    fn code(finding: Option<Finding>) -> Option<&'static str> {
        finding.map(|finding| finding.code)
    }

    fn upkeep() -> Upkeep {
        Upkeep { bytes: 1 << 30, made_ms: NOW - 100 * DAY_MS, newest_received_ms: Some(NOW), last_backup_ms: Some(NOW) }
    }

    #[test]
    fn a_clock_that_was_set_back_is_told_whatever_the_system_says_of_it() {
        let told =
            |newest, synchronized| code(clock(&Upkeep { newest_received_ms: newest, ..upkeep() }, NOW, synchronized));
        assert_eq!(told(Some(NOW + CLOCK_BACK_MS), true), None);
        assert_eq!(told(Some(NOW + CLOCK_BACK_MS + 1), true), Some("machine_clock_back"));
        assert_eq!(told(Some(NOW - DAY_MS), false), Some("machine_clock_unknown"));
        assert_eq!(told(None, true), None);
    }

    #[test]
    fn a_disk_is_told_by_how_long_it_lasts_and_is_broken_when_there_is_no_room() {
        // 1 GiB in 100 days: some 10 MiB a day.
        let a_day = (1 << 30) / 100;
        let told = |free| room(free, Some(&upkeep()), NOW).map(|finding| (finding.code, finding.severity));
        assert_eq!(told(ROOM_MIN - 1), Some(("disk_full", Severity::Broken)));
        assert_eq!(told(29 * a_day), Some(("disk_fills_up", Severity::Warning)));
        assert_eq!(told(31 * a_day), None);
        let new = Upkeep { made_ms: NOW, ..upkeep() };
        assert_eq!(code(room(ROOM_MIN, Some(&new), NOW)), None, "a file of today has no growth yet");
    }

    #[test]
    fn a_log_that_is_held_back_and_an_old_backup_are_told() {
        assert_eq!(code(log(LOG_MAX)), None);
        assert_eq!(code(log(LOG_MAX + 1)), Some("log_large"));
        let told = |last| code(backup(Path::new("x.db"), &Upkeep { last_backup_ms: last, ..upkeep() }, NOW));
        assert_eq!(told(Some(NOW - BACKUP_DAYS_MAX * DAY_MS)), None);
        assert_eq!(told(Some(NOW - 8 * DAY_MS)), Some("backup_old"));
        assert_eq!(told(None), Some("backup_old"));
    }
}
