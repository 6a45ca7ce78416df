//! Which tensors of a file are those of a layer, and the layers' order: the notebook's `W1`, `b1`, …, or pairs such as
//! `fc1.weight` and `fc1.bias` of PyTorch and `dense/kernel` and `dense/bias` of Keras.

use std::collections::BTreeMap;

/// The names of a layer's two tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub weights: String,
    pub bias: String,
}

/// The layers from the inputs to the output. `units` gives a tensor's units and inputs, if it is a matrix.
///
/// # Errors
/// What is wrong with the names, or that they and the shapes leave the order open.
pub fn layers(
    names: &[&str],
    transposed: bool,
    units: impl Fn(&str) -> Option<[usize; 2]>,
) -> Result<Vec<Layer>, String> {
    let mut names = names.to_vec();
    names.sort_unstable(); // a file has them in no order, and what is said of it should not change
    match names.iter().any(|name| part(name).is_some_and(|(_, part)| part != "bias")) {
        true => in_order(pairs(&names, transposed)?, units),
        false => notebooks(&names),
    }
}

/// W1, b1, W2, b2, … and nothing else.
fn notebooks(names: &[&str]) -> Result<Vec<Layer>, String> {
    let layer = |k: usize| Layer { weights: format!("W{k}"), bias: format!("b{k}") };
    let layers: Vec<Layer> = (1..).map(layer).take_while(|layer| names.contains(&&*layer.weights)).collect();
    if layers.len() < 2 {
        let wanted = "W1, b1, W2 and b2 are wanted, or pairs such as fc1.weight and fc1.bias";
        return Err(format!("lacks the tensor W{}: {wanted}", layers.len() + 1));
    }
    let is_known = |name: &&&str| layers.iter().any(|layer| layer.weights == **name || layer.bias == **name);
    match names.iter().find(|name| !is_known(name)) {
        Some(unknown) => Err(format!("holds '{unknown}', which is no tensor of a network of {} layers", layers.len())),
        None => Ok(layers),
    }
}

/// What stands before the last dot or slash, and `weight`, `kernel` or `bias` after it; Keras may add `:0`.
fn part(name: &str) -> Option<(&str, &str)> {
    let (layer, part) = name.strip_suffix(":0").unwrap_or(name).rsplit_once(['.', '/'])?;
    ["weight", "kernel", "bias"].contains(&part).then_some((layer, part))
}

/// The layers by their names, each with both of its tensors.
fn pairs(names: &[&str], transposed: bool) -> Result<Vec<(String, Layer)>, String> {
    let mut found: BTreeMap<&str, [Option<&str>; 2]> = BTreeMap::new();
    for name in names {
        let (layer, part) =
            part(name).ok_or_else(|| format!("holds '{name}', which is neither weights nor bias of a dense layer"))?;
        if part == "kernel" && !transposed {
            return Err(format!("holds a kernel, '{name}', which Keras does not lay out as (units × inputs)"));
        }
        let place = &mut found.entry(layer).or_default()[usize::from(part == "bias")];
        if let Some(other) = place.replace(name) {
            return Err(format!("holds both '{other}' and '{name}' for one layer"));
        }
    }
    if found.len() < 2 {
        let name = found.keys().next().unwrap_or(&"none");
        return Err(format!("holds one layer, '{name}', where at least two are wanted"));
    }
    let both = |(layer, [weights, bias]): (&str, [Option<&str>; 2])| {
        let weights = weights.ok_or_else(|| format!("lacks the weights of '{layer}'"))?;
        let bias = bias.ok_or_else(|| format!("lacks the bias of '{layer}': zeros stand for none"))?;
        Ok((layer.to_owned(), Layer { weights: weights.into(), bias: bias.into() }))
    };
    found.into_iter().map(both).collect()
}

/// A layer's name without its numbers, and its numbers: `net.0` is `net.#` and 0; `dense_1` is `dense` and 1, since
/// Keras calls the first one `dense`.
fn stem(name: &str) -> (String, Vec<u64>) {
    let (mut stem, mut numbers, mut rest) = (String::new(), Vec::new(), name);
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let digits = rest[at..].find(|letter: char| !letter.is_ascii_digit()).map_or(rest.len(), |end| at + end);
        match rest[at..digits].parse() {
            Ok(number) => {
                stem.extend([&rest[..at], "#"]);
                numbers.push(number);
            }
            Err(_) => stem.push_str(&rest[..digits]), // too long for a number
        }
        rest = &rest[digits..];
    }
    stem.push_str(rest);
    (stem.strip_suffix("_#").map_or(stem.clone(), Into::into), numbers)
}

/// Sorted by their numbers if nothing else in their names differs, else joined from the output, which has one unit, to
/// the inputs: each layer has as many units as the one above has inputs.
fn in_order(mut left: Vec<(String, Layer)>, units: impl Fn(&str) -> Option<[usize; 2]>) -> Result<Vec<Layer>, String> {
    left.sort_by_cached_key(|(name, _)| stem(name));
    let alike = |of: &[&(String, Layer)]| {
        let stems: Vec<_> = of.iter().map(|(name, _)| stem(name)).collect();
        stems.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1)
    };
    if alike(&left.iter().collect::<Vec<_>>()) {
        return Ok(left.into_iter().map(|(_, layer)| layer).collect());
    }
    let (mut order, mut wanted) = (Vec::new(), 1);
    while !left.is_empty() {
        let shape = |layer: &Layer| units(&layer.weights).unwrap_or_default();
        let fits: Vec<_> = left.iter().filter(|(_, layer)| shape(layer)[0] == wanted).collect();
        let Some((name, layer)) = fits.last().filter(|_| alike(&fits)) else {
            let listed =
                |of: &[&(String, Layer)]| of.iter().map(|(name, _)| format!("'{name}'")).collect::<Vec<_>>().join(", ");
            return Err(match fits.is_empty() {
                true => format!(
                    "holds layers that do not follow one another: {wanted} units are wanted of one of {}",
                    listed(&left.iter().collect::<Vec<_>>())
                ),
                false => format!("holds {}, whose order neither names nor shapes tell", listed(&fits)),
            });
        };
        let (name, layer) = (name.clone(), layer.clone());
        wanted = shape(&layer)[1];
        left.retain(|(other, _)| *other != name);
        order.push(layer);
    }
    order.reverse();
    Ok(order)
}
