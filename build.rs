//! Prepares `static/` for the program: strips and shortens the scripts that other sites load,
//! compresses every file, and writes the table that `src/http/assets.rs` includes.

#[path = "src/http/shorten.rs"]
mod shorten;
#[path = "src/http/strip.rs"]
mod strip;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine;
use sha2::{Digest, Sha256, Sha384};

/// Where the widget keeps the hash of what it fetches.
const HASH_IN_WIDGET: &str = "const COMPAT_INTEGRITY = \"\"";
/// Where it keeps whether it heeds browsers that ask not to be tracked.
const RESPECTS_IN_WIDGET: &str = "const RESPECT_GPC = true";
/// The widget that heeds none.
const WIDGET_WITHOUT_GPC: &str = "widget-without-gpc.js";

fn main() {
    println!("cargo::rerun-if-changed=static");
    println!("cargo::rerun-if-changed=src/http/strip.rs");
    println!("cargo::rerun-if-changed=src/http/shorten.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names the folder"));
    let mut names = Vec::new();
    list(Path::new("static"), &mut names);
    names.push(WIDGET_WITHOUT_GPC.to_owned());
    names.sort();

    let mut table = "/// All files, by name.\npub static ASSETS: &[Asset] = &[\n".to_owned();
    for name in &names {
        let bytes = prepare(name);
        let keep = |suffix: &str, bytes: &[u8]| {
            let path = out.join(format!("{}{suffix}", name.replace('/', "--")));
            std::fs::write(&path, bytes).expect("the output folder takes files");
            format!("include_bytes!({path:?})")
        };
        let smaller = |suffix: &str, packed: Vec<u8>| {
            if packed.len() < bytes.len() { format!("Some({})", keep(suffix, &packed)) } else { "None".to_owned() }
        };
        let hash: String = Sha256::digest(&bytes)[..8].iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        writeln!(
            table,
            "    Asset {{ name: {name:?}, content_type: {:?}, bytes: {}, gzip: {}, brotli: {}, version: {hash:?}, \
             integrity: {:?}, for_other_sites: {} }},",
            content_type(name),
            keep("", &bytes),
            smaller(".gz", gzip(&bytes)),
            smaller(".br", brotli(&bytes)),
            integrity(&bytes),
            is_for_other_sites(name),
        )
        .expect("a string takes text");
    }
    table.push_str("];\n");
    std::fs::write(out.join("assets.rs"), table).expect("the output folder takes files");
}

fn list(folder: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("static/ can be read") {
        let path = entry.expect("static/ can be read").path();
        if path.is_dir() {
            list(&path, names);
        } else {
            let within = path.strip_prefix("static").expect("it lies within static/");
            names.push(within.to_str().expect("names of files are plain").replace('\\', "/"));
        }
    }
}

fn is_for_other_sites(name: &str) -> bool {
    name.starts_with("widget") && name.ends_with(".js")
}

/// A file as it is served.
fn prepare(name: &str) -> Vec<u8> {
    let source = if name == WIDGET_WITHOUT_GPC { "widget.js" } else { name };
    let bytes = std::fs::read(Path::new("static").join(source)).expect("static/ can be read");
    if !is_for_other_sites(name) {
        return bytes;
    }
    let script = String::from_utf8(bytes).expect("a script is text");
    let mut script = strip::strip(&script).unwrap_or_else(|error| panic!("static/{name}: {error}"));
    let mut write = |line: &str, with: &str| {
        assert!(script.contains(line), "static/{source} has no line {line}");
        script = script.replace(line, with);
    };
    if source == "widget.js" {
        let hash = integrity(&prepare("widget-compat.js"));
        write(HASH_IN_WIDGET, &format!("const COMPAT_INTEGRITY = \"{hash}\""));
    }
    if name == WIDGET_WITHOUT_GPC {
        write(RESPECTS_IN_WIDGET, "const RESPECT_GPC = false");
    }
    shorten::shorten(&script).unwrap_or_else(|error| panic!("static/{source}: {error}")).into_bytes()
}

/// As the attribute `integrity` of a script wants it.
fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", base64::engine::general_purpose::STANDARD.encode(Sha384::digest(bytes)))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).and_then(|()| packer.finish()).expect("memory takes bytes")
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters).expect("memory takes bytes");
    packed
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "html" => "text/html; charset=utf-8",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        other => panic!("static/{name}: build.rs has no content type for {other:?}"),
    }
}
