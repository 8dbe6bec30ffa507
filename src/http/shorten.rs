//! Shortens the names that a script makes up for itself, and takes blanks out: for `build.rs`, after
//! `strip`, and tested with the library.
//!
//! The scripts of other sites are read by people here and by browsers there, and each byte is paid for
//! by every visitor of every page. The minifiers that exist as crates are compilers (a hundred
//! packages, `regex` among them); what is worth most of theirs is this. It knows of JavaScript how its
//! tokens look, and that a name after a dot, before a colon in an object, and of a method there is a
//! property. A name is shortened if the script declares it with `let`, `const` or `function`; two
//! variables of one name stay two variables of one name. What it can't read is refused.

use std::collections::{BTreeMap, BTreeSet};

/// The script with shorter names and fewer blanks; it does the same.
///
/// # Errors
/// A template literal, or a string or regular expression without an end.
pub fn shorten(script: &str) -> Result<String, String> {
    let tokens = tokens(script)?;
    let solid: Vec<usize> = (0..tokens.len()).filter(|at| !is_blank(tokens[*at])).collect();
    let roles = roles(&tokens, &solid);
    let names = short_names(&tokens, &solid, &roles);
    let mut short = String::with_capacity(script.len());
    let mut before = "\n";
    let mut blank = "";
    for (at, token) in tokens.iter().enumerate() {
        if is_blank(token) {
            blank = if token.contains('\n') || blank == "\n" { "\n" } else { " " };
            continue;
        }
        if needs(before, blank, token) {
            short.push_str(blank);
        }
        match (names.get(token), roles.get(&at)) {
            (Some(name), Some(Role::Variable)) => short.push_str(name),
            (Some(name), Some(Role::Both)) => {
                short.push_str(token);
                short.push(':');
                short.push_str(name);
            }
            _ => short.push_str(token),
        }
        (before, blank) = (token, "");
    }
    short.push('\n');
    Ok(short)
}

/// What a name is where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Variable,
    Property,
    /// `{ name }`: a property of that name with the variable's value, or the other way round.
    Both,
}

fn is_blank(token: &str) -> bool {
    token.starts_with([' ', '\n'])
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '$')
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

/// Whether the blank between two tokens says something.
fn needs(before: &str, blank: &str, token: &str) -> bool {
    let (last, first) = (before.chars().next_back().unwrap_or('\n'), token.chars().next().unwrap_or('\n'));
    match blank {
        // Where a statement ends here, a line end says so.
        "\n" => !"{([,;\n".contains(last) && !"})]".contains(first) && before != "=>",
        " " => is_word(last) && is_word(first) || last == first && "+-/".contains(first),
        _ => false,
    }
}

fn tokens(script: &str) -> Result<Vec<&str>, String> {
    let mut tokens = Vec::new();
    let mut rest = script;
    // What stands before a slash says whether a regular expression begins.
    let mut before = "";
    while let Some(first) = rest.chars().next() {
        let same = |of: fn(char) -> bool| rest.find(|letter| !of(letter)).unwrap_or(rest.len());
        let length = match first {
            '`' => return Err("a template literal; write strings and a plus".to_owned()),
            '"' | '\'' => closed(rest, first)?,
            '/' if before.is_empty() || "(,=:[!&|?{};\n".contains(before) || ["return", "=>"].contains(&before) => {
                let end = closed(rest, '/')?;
                end + rest[end..].find(|letter| !is_word(letter)).unwrap_or(rest.len() - end)
            }
            ' ' => same(|letter| letter == ' '),
            '\n' => same(|letter| letter == '\n'),
            letter if is_word(letter) => same(is_word),
            '.' if rest.starts_with("...") => 3,
            '=' if rest.starts_with("=>") => 2,
            other => other.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if !token.starts_with(' ') {
            before = token;
        }
        tokens.push(token);
        rest = after;
    }
    Ok(tokens)
}

/// Bytes of what begins and ends with a mark.
fn closed(rest: &str, mark: char) -> Result<usize, String> {
    let mut in_class = false;
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if mark == '/' => in_class = true,
            ']' if mark == '/' => in_class = false,
            _ if letter == mark && !in_class => return Ok(at + letter.len_utf8()),
            _ => {}
        }
    }
    Err(format!("no end: {}", rest.lines().next().unwrap_or_default()))
}

/// What each name is, by its place among the tokens.
fn roles(tokens: &[&str], solid: &[usize]) -> BTreeMap<usize, Role> {
    let at = |index: Option<usize>| index.and_then(|index| solid.get(index)).map_or("", |at| tokens[*at]);
    let mut roles = BTreeMap::new();
    let mut open = Vec::new();
    for (index, place) in solid.iter().enumerate() {
        let token = tokens[*place];
        match token {
            "{" | "(" | "[" => open.push(token),
            "}" | ")" | "]" => drop(open.pop()),
            _ if !is_name(token) => {}
            _ => {
                let (before, after) = (at(index.checked_sub(1)), at(Some(index + 1)));
                let is_member = open.last() == Some(&"{") && matches!(before, "{" | ",");
                let role = match after {
                    _ if before == "." => Role::Property,
                    ":" if is_member => Role::Property,
                    "(" if is_member && at(Some(end(tokens, solid, index + 1))) == "{" => Role::Property,
                    "," | "}" if is_member => Role::Both,
                    _ => Role::Variable,
                };
                roles.insert(*place, role);
            }
        }
    }
    roles
}

/// The place behind the bracket that closes the one at `index`.
fn end(tokens: &[&str], solid: &[usize], index: usize) -> usize {
    let mut depth = 0;
    for (offset, place) in solid[index..].iter().enumerate() {
        match tokens[*place] {
            "(" => depth += 1,
            ")" if depth == 1 => return index + offset + 1,
            ")" => depth -= 1,
            _ => {}
        }
    }
    solid.len()
}

/// Short names for the script's own, the shortest for those that stand for most letters.
fn short_names<'a>(tokens: &[&'a str], solid: &[usize], roles: &BTreeMap<usize, Role>) -> BTreeMap<&'a str, String> {
    let mut letters: BTreeMap<&str, usize> = BTreeMap::new();
    let mut own = BTreeSet::new();
    for (index, place) in solid.iter().enumerate() {
        let token = tokens[*place];
        let declares = index > 0 && matches!(tokens[solid[index - 1]], "let" | "const" | "function");
        if is_name(token) && declares && token.len() > 2 {
            own.insert(token);
        }
        if roles.get(place).is_some_and(|role| *role != Role::Property) {
            *letters.entry(token).or_default() += token.len();
        }
    }
    let mut own: Vec<&str> = own.into_iter().collect();
    own.sort_by_key(|name| std::cmp::Reverse(letters.get(name).copied().unwrap_or_default()));
    let alphabet = || ('a'..='z').chain('A'..='Z');
    let short = alphabet().map(String::from).chain(alphabet().map(|letter| format!("${letter}")));
    let free = short.filter(|name| !tokens.contains(&name.as_str()));
    own.into_iter().zip(free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(script: &str) -> String {
        shorten(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    #[test]
    fn own_names_become_short_and_all_others_stay() {
        assert_eq!(
            short(
                "let counter = 1\nfunction increase(step) {\n  counter = counter + step\n}\nwindow.increase = increase\n"
            ),
            "let a=1\nfunction b(step){a=a+step}\nwindow.increase=b\n"
        );
    }

    #[test]
    fn properties_keep_their_names() {
        assert_eq!(
            short("let user = { user, name: user.user, user() { user() } }"),
            "let a={user:a,name:a.user,user(){a()}}\n"
        );
        assert_eq!(
            short("let total = 1\nlet { total: other, total } = f(total, total)"),
            "let a=1\nlet{total:other,total:a}=f(a,a)\n"
        );
        assert_eq!(short("let yes = 1\nlet either = no ? yes : yes"), "let a=1\nlet b=no?a:a\n");
    }

    #[test]
    fn strings_and_regular_expressions_stay() {
        assert_eq!(
            short("let word = /word [/\"] word/g.test(\"let word = \\\" word\") / 2 / word"),
            "let a=/word [/\"] word/g.test(\"let word = \\\" word\")/2/a\n"
        );
    }

    #[test]
    fn blanks_and_line_ends_that_say_something_stay() {
        assert_eq!(short("return 1\nlet counter = a + +b - -c\nf()\n"), "return 1\nlet d=a+ +b- -c\nf()\n");
        assert_eq!(short("if (x) {\n  f()\n  g()\n}\nelse {\n}\n"), "if(x){f()\ng()}\nelse{}\n");
    }

    #[test]
    fn what_it_can_not_read_is_refused() {
        assert!(shorten("let a = `b`").is_err());
        assert!(shorten("let a = \"b\n").is_err());
    }
}
