// The outputs whose rows have nothing to do with each other. The prelude numbers the outputs and says which are meant
// (OUTPUTS_ARE).
//# uses lib/output

fn judged(z: vec4<f32>, y: vec4<f32>) -> Judged {
    if OUTPUTS_ARE == SQUARES {
        return squares(z, y);
    }
    return logistic(z, y);
}
