//! Takes comments and indentation out of a script: for `build.rs`, and tested with the library.
//!
//! It knows no JavaScript. It takes out whole lines that start with `//`, comments in
//! `/* */` that start a line, leading blanks and empty lines. So a script keeps each
//! comment on its own line, and no text runs over the end of a line; what
//! would be broken is refused.

/// The script without comments, indentation and empty lines.
///
/// # Errors
/// A line after which a template literal, or a comment, stays open.
pub fn strip(script: &str) -> Result<String, String> {
    let mut stripped = String::with_capacity(script.len());
    let mut in_comment = false;
    for (number, line) in script.lines().enumerate() {
        let mut line = line.trim();
        if !in_comment && line.starts_with("//") {
            continue;
        }
        if !in_comment && line.starts_with("/*") {
            in_comment = true;
            line = &line[2..];
        }
        if in_comment {
            match line.split_once("*/") {
                Some((_, rest)) => line = rest.trim(),
                None => continue,
            }
            in_comment = false;
        }
        if line.is_empty() {
            continue;
        }
        if line.matches('`').count() % 2 == 1 {
            return Err(format!("line {}: a template literal runs over the end of the line", number + 1));
        }
        stripped.push_str(line);
        stripped.push('\n');
    }
    if in_comment { Err("the last comment has no end".to_owned()) } else { Ok(stripped) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_go_and_code_stays() {
        let script = "// A script.\n/* of\n   two lines */ start();\n\n  if (a) {\n    // why\n    b(\"// no comment\"); // kept\n  }\n";
        assert_eq!(strip(script).unwrap(), "start();\nif (a) {\nb(\"// no comment\"); // kept\n}\n");
    }

    #[test]
    fn what_would_break_is_refused() {
        assert!(strip("a = `one\n  two`;").unwrap_err().contains("line 1"));
        assert!(strip("/* never ends").is_err());
    }
}
