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
        true => in_order(modules(&names, transposed)?, units),
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

/// A layer under its module's name.
struct Module {
    name: String,
    /// The name without its numbers: `net.#` of `net.0`.
    stem: String,
    numbers: Vec<u64>,
    layer: Layer,
}

impl Module {
    /// `dense_1` is `dense` with the number 1, since Keras calls the first one `dense`.
    fn new(name: &str, layer: Layer) -> Self {
        let (mut stem, mut numbers, mut rest) = (String::new(), Vec::new(), name);
        while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
            let end = rest[at..].find(|letter: char| !letter.is_ascii_digit()).map_or(rest.len(), |end| at + end);
            match rest[at..end].parse() {
                Ok(number) => {
                    stem.extend([&rest[..at], "#"]);
                    numbers.push(number);
                }
                Err(_) => stem.push_str(&rest[..end]), // too long for a number
            }
            rest = &rest[end..];
        }
        stem.push_str(rest);
        let stem = stem.strip_suffix("_#").unwrap_or(&stem).to_owned();
        Self { name: name.into(), stem, numbers, layer }
    }
}

/// The modules, each with both of its tensors, sorted by stem and numbers.
fn modules(names: &[&str], transposed: bool) -> Result<Vec<Module>, String> {
    let mut found: BTreeMap<&str, [Option<&str>; 2]> = BTreeMap::new();
    for name in names {
        let (module, part) =
            part(name).ok_or_else(|| format!("holds '{name}', which is neither weights nor bias of a dense layer"))?;
        if part == "kernel" && !transposed {
            return Err(format!("holds '{name}', a kernel as Keras has it"));
        }
        let place = &mut found.entry(module).or_default()[usize::from(part == "bias")];
        if let Some(other) = place.replace(name) {
            return Err(format!("holds both '{other}' and '{name}' for one layer"));
        }
    }
    let both = |(module, [weights, bias]): (&str, [Option<&str>; 2])| {
        let weights = weights.ok_or_else(|| format!("lacks the weights of '{module}'"))?;
        let bias = bias.ok_or_else(|| format!("lacks the bias of '{module}'; a layer without one has zeros"))?;
        Ok(Module::new(module, Layer { weights: weights.into(), bias: bias.into() }))
    };
    let mut modules = found.into_iter().map(both).collect::<Result<Vec<_>, String>>()?;
    modules.sort_by(|a, b| (&a.stem, &a.numbers).cmp(&(&b.stem, &b.numbers)));
    match modules.as_slice() {
        [only] => Err(format!("holds one layer, '{}', where at least two are wanted", only.name)),
        _ => Ok(modules),
    }
}

/// Whether their numbers tell the order of sorted modules: nothing else in their names differs.
fn are_numbered<'a>(sorted: impl Iterator<Item = &'a Module> + Clone) -> bool {
    let next = sorted.clone().skip(1);
    sorted.zip(next).all(|(a, b)| a.stem == b.stem && a.numbers < b.numbers)
}

/// The order by numbers if they tell it, else from the output, which has one unit, down to the inputs: each layer has
/// as many units as the one above it has inputs. Of several that have, numbers must tell the uppermost.
fn in_order(mut left: Vec<Module>, units: impl Fn(&str) -> Option<[usize; 2]>) -> Result<Vec<Layer>, String> {
    if are_numbered(left.iter()) {
        return Ok(left.into_iter().map(|module| module.layer).collect());
    }
    let shape = |module: &Module| units(&module.layer.weights).unwrap_or_default();
    let listed = |names: Vec<&str>| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let (mut order, mut wanted) = (Vec::new(), 1);
    while !left.is_empty() {
        let fits = || left.iter().filter(|module| shape(module)[0] == wanted);
        if !are_numbered(fits()) {
            let names = listed(fits().map(|module| &*module.name).collect());
            return Err(format!("holds {names}, whose order neither names nor shapes tell"));
        }
        let Some(at) = left.iter().rposition(|module| shape(module)[0] == wanted) else {
            let names = listed(left.iter().map(|module| &*module.name).collect());
            let wanted = if wanted == 1 { "one unit".into() } else { format!("{wanted} units") };
            return Err(format!("holds layers that do not follow one another: none of {names} has {wanted}"));
        };
        let module = left.remove(at);
        wanted = shape(&module)[1];
        order.push(module.layer);
    }
    order.reverse();
    Ok(order)
}
