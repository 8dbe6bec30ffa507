//! Figures in Markdown, and the machine that they are of.

use std::path::Path;

use super::Failure;
use super::process::field;

/// The middle one of some figures; the mean of the two middle ones of an even number.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// A whole number with commas between thousands.
pub fn whole(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The machine in one line: cores, memory, kernel, and what lies under a folder.
pub fn machine(folder: &Path) -> Result<String, Failure> {
    let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    let memory = field(&std::fs::read_to_string("/proc/meminfo")?, "MemTotal")? / 1024;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "{} cores ({}), {} MB of memory, Linux {}, {}",
        std::thread::available_parallelism()?,
        model.unwrap_or("model not told").trim(),
        whole(memory as f64),
        kernel.trim(),
        disk(folder)?
    ))
}

/// The file system of a folder and its device, as `/proc` and `/sys` tell.
fn disk(folder: &Path) -> Result<String, Failure> {
    let folder = folder.canonicalize()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        Some((fields.next()?, fields.next()?, fields.next()?))
    });
    let (device, _, kind) = mounts
        .filter(|(_, at, _)| folder.starts_with(at))
        .max_by_key(|(_, at, _)| at.len())
        .ok_or("the folder is on no mount")?;
    let name = device.rsplit('/').next().unwrap_or_default();
    let rotates = std::fs::read_to_string(format!("/sys/class/block/{name}/queue/rotational"));
    let rotates = match rotates.as_deref().map(str::trim) {
        Ok("0") => ", does not rotate",
        Ok("1") => ", called rotating",
        _ => "",
    };
    Ok(format!("{kind} on {device}{rotates}"))
}
