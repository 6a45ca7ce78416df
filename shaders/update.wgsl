// The update of every parameter by its network's optimiser, four per invocation; or the gradient that it would take is
// stored. With REGULARISES, λ/m·W is added to the gradient, and it is scaled down if its norm was too large. The step is
// counted.
//
// Dispatch: (parameters / 4 / WORKGROUP, networks).
//# uses lib/optimizer, lib/tensors

@group(0) @binding(2) var<storage, read> recipes: array<Recipe>;
@group(0) @binding(3) var<storage, read> turns: array<Turn>;
@group(0) @binding(4) var<storage, read> sums: array<f32>;
@group(0) @binding(5) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradients: array<f32>;
@group(0) @binding(7) var<storage, read_write> steps: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn update(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.y;
    let first = 4u * id.x;
    if first >= tensors.parameters || networks[network].width == 0u {
        return;
    }
    if id.x == 0u {
        steps[network] = steps[network] + 1u;
    }
    let turn = turns[network];
    let places = min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(tensors.parameters - 1u));
    let at = places + network * tensors.stride;
    let of_gradient = places + network * tensors.parameters;
    let theta = four_parameters(at);
    var g = vec4<f32>(
        gradients[of_gradient.x], gradients[of_gradient.y], gradients[of_gradient.z], gradients[of_gradient.w],
    );
    if REGULARISES {
        var is_weight = vec4<bool>();
        for (var n = 0u; n < tensors.layers; n++) {
            let layer = tensors.layer[n];
            is_weight = is_weight | ((places >= vec4<u32>(layer.x)) & (places < vec4<u32>(layer.y)));
        }
        let factor = sums[place_of_row(network, tensors.rows)];
        g = factor * select(g, fma(vec4<f32>(turn.penalty), theta, g), is_weight);
    }
    if tensors.update == 0u {
        gradients[of_gradient.x] = g.x;
        if first + 1u < tensors.parameters { gradients[of_gradient.y] = g.y; }
        if first + 2u < tensors.parameters { gradients[of_gradient.z] = g.z; }
        if first + 3u < tensors.parameters { gradients[of_gradient.w] = g.w; }
        return;
    }
    var before = Moved(theta, vec4<f32>(), vec4<f32>());
    if MOMENTS > 0u { before.first = four_parameters(at + tensors.parameters); }
    if MOMENTS > 1u { before.second = four_parameters(at + 2u * tensors.parameters); }
    let after = moved(recipes[network], turn, before, g);
    store(first, at, after.theta);
    if MOMENTS > 0u { store(first, at + tensors.parameters, after.first); }
    if MOMENTS > 1u { store(first, at + 2u * tensors.parameters, after.second); }
}

fn four_parameters(at: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(parameters[at.x], parameters[at.y], parameters[at.z], parameters[at.w]);
}

fn store(first: u32, at: vec4<u32>, values: vec4<f32>) {
    parameters[at.x] = values.x;
    if first + 1u < tensors.parameters { parameters[at.y] = values.y; }
    if first + 2u < tensors.parameters { parameters[at.z] = values.z; }
    if first + 3u < tensors.parameters { parameters[at.w] = values.w; }
}
