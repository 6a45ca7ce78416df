//! Names as people type them: `ReLU`, `leaky_relu` and `Leaky-ReLU` are read like `relu` and `leaky-relu`.

/// Whether a typed name is one of these, apart from case, hyphens, underscores and blanks.
pub(crate) fn is_one_of(typed: &str, names: &[&str]) -> bool {
    let typed = squeezed(typed);
    !typed.is_empty() && names.iter().any(|name| squeezed(name) == typed)
}

/// A name in lower case without what may stand between its words.
fn squeezed(name: &str) -> String {
    let between = |letter: char| letter == '-' || letter == '_' || letter == ' ';
    name.chars().filter(|letter| !between(*letter)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_hyphens_and_underscores_do_not_count_and_every_letter_does() {
        for typed in ["leaky-relu", "LeakyReLU", "leaky_relu", "LEAKY RELU"] {
            assert!(is_one_of(typed, &["relu", "leaky-relu"]), "{typed}");
        }
        for typed in ["leaky-rel", "leaky.relu", "leaky-relu6", "", "-"] {
            assert!(!is_one_of(typed, &["relu", "leaky-relu", "-"]), "{typed}");
        }
    }
}
