// The sums of a block of a product: four rows and four columns at a time, term after term.

const FOUR: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);

struct Sums {
    row0: vec4<f32>,
    row1: vec4<f32>,
    row2: vec4<f32>,
    row3: vec4<f32>,
}

// The sums with one more term: the outer product of four of A and four of B.
fn plus_outer(sums: Sums, of_a: vec4<f32>, of_b: vec4<f32>) -> Sums {
    return Sums(
        fma(vec4<f32>(of_a.x), of_b, sums.row0),
        fma(vec4<f32>(of_a.y), of_b, sums.row1),
        fma(vec4<f32>(of_a.z), of_b, sums.row2),
        fma(vec4<f32>(of_a.w), of_b, sums.row3),
    );
}

fn plus(x: Sums, y: Sums) -> Sums {
    return Sums(x.row0 + y.row0, x.row1 + y.row1, x.row2 + y.row2, x.row3 + y.row3);
}
