// What becomes of four parameters and their moments when their gradient is known, the formulas of src/optim/optimizer.rs.
// Mirrors RecipeRecord in src/gpu/shader/uniforms.rs.
//# uses lib/turn

const DESCENT: u32 = 0u;
const MOMENTUM: u32 = 1u;
const NESTEROV: u32 = 2u;

// How a network is trained, all that is the same in each of its updates.
struct Recipe {
    optimizer: u32,
    beta: f32, // of momentum and Nesterov, β₁ of Adam
    beta2: f32,
    rest: f32, // 1 − β₁
    rest2: f32, // 1 − β₂
    epsilon: f32,
    clip: f32, // the largest norm of the gradient, 0 for none
    filled: u32, // so that a record is two vectors
}

// Parameters and what the optimiser keeps of each.
struct Moved {
    theta: vec4<f32>,
    first: vec4<f32>,
    second: vec4<f32>,
}

fn moved(recipe: Recipe, turn: Turn, before: Moved, g: vec4<f32>) -> Moved {
    let rate = vec4<f32>(-turn.rate);
    let beta = vec4<f32>(recipe.beta);
    switch recipe.optimizer {
        case DESCENT: {
            return Moved(fma(rate, g, before.theta), before.first, before.second);
        }
        case MOMENTUM: {
            let v = fma(beta, before.first, g);
            return Moved(fma(rate, v, before.theta), v, before.second);
        }
        case NESTEROV: {
            let v = fma(beta, before.first, g);
            return Moved(fma(rate, fma(beta, v, g), before.theta), v, before.second);
        }
        default: {
            let m = fma(beta, before.first, recipe.rest * g);
            let v = fma(vec4<f32>(recipe.beta2), before.second, recipe.rest2 * g * g);
            let towards = m * turn.first / (sqrt(v * turn.second) + recipe.epsilon);
            return Moved(fma(rate, towards, before.theta * turn.keep), m, v);
        }
    }
}

// What a gradient is multiplied by whose squares add up to `squares`: less than 1 if its norm is too large.
fn clipped(recipe: Recipe, squares: f32) -> f32 {
    let factor = recipe.clip / (sqrt(squares) + 1e-6);
    return select(1.0, factor, recipe.clip > 0.0 && factor < 1.0);
}
