//! What a cell holds: a number, nothing, or text.

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Number(f64),
    Missing,
    Text(&'a str),
}

/// Which sign the decimals follow: the first that is met in a number decides for the file.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    pub may_be_comma: bool,
    pub has_points: bool,
    /// A number with a comma.
    pub comma: Option<String>,
}

impl Decimal {
    pub fn cell<'a>(&mut self, cell: &'a str) -> Cell<'a> {
        let cell = cell.trim();
        if is_missing(cell) {
            return Cell::Missing;
        }
        if let Ok(number) = cell.parse::<f64>() {
            let is_decimal = self.may_be_comma && cell.contains('.');
            if !is_decimal || self.comma.is_none() {
                self.has_points |= is_decimal;
                return Cell::Number(number);
            }
        } else if self.may_be_comma
            && !self.has_points
            && cell.split_once(',').is_some_and(is_decimal)
            && let Ok(number) = cell.replacen(',', ".", 1).parse::<f64>()
        {
            self.comma.get_or_insert_with(|| cell.into());
            return Cell::Number(number);
        }
        Cell::Text(cell)
    }
}

/// Whether there are digits and no point around a comma.
fn is_decimal((whole, part): (&str, &str)) -> bool {
    whole.ends_with(|letter: char| letter.is_ascii_digit())
        && part.starts_with(|letter: char| letter.is_ascii_digit())
        && !whole.contains('.')
        && !part.contains(['.', ','])
}

/// Whether a cell says that there is no value: it is empty, `?`, or NA, N/A, NaN or null in letters of any case.
pub(super) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || cell == "?" || ["na", "n/a", "nan", "null"].iter().any(|text| cell.eq_ignore_ascii_case(text))
}
