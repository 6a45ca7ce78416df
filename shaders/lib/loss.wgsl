// The loss from the logit, the formula of src/model/loss.rs, for four samples at once.

// ln(1 + t) for 0 ≤ t ≤ 1 as 2·artanh(s) with s = t / (2 + t), a series in s². WGSL has no log1p, and its
// log errs by 2⁻²¹ near 1.
fn log1p(t: vec4<f32>) -> vec4<f32> {
    let s = t / (2.0 + t);
    let q = s * s;
    // 1 + q/3 + q²/5 + … + q⁶/13
    var series = vec4<f32>(1.0 / 13.0);
    series = fma(series, q, vec4<f32>(1.0 / 11.0));
    series = fma(series, q, vec4<f32>(1.0 / 9.0));
    series = fma(series, q, vec4<f32>(1.0 / 7.0));
    series = fma(series, q, vec4<f32>(0.2));
    series = fma(series, q, vec4<f32>(1.0 / 3.0));
    series = fma(series, q, vec4<f32>(1.0));
    return 2.0 * s * series;
}

// ln(1 + t) for any t ≥ 0: with 1 + t = 2ⁿ·(1 + f), n·ln 2 + ln(1 + f). WGSL's own log is not called, as in all of planar.
fn log_of_1_plus(t: vec4<f32>) -> vec4<f32> {
    let bits = bitcast<vec4<u32>>(1.0 + t);
    let n = vec4<f32>(bits >> vec4<u32>(23u)) - 127.0;
    let f = bitcast<vec4<f32>>((bits & vec4<u32>(0x7fffffu)) | vec4<u32>(0x3f800000u)) - 1.0;
    return select(fma(n, vec4<f32>(0.69314718), log1p(f)), log1p(t), t <= vec4<f32>(1.0));
}

// ln(1 + exp(z)) = max(z, 0) + log1p(exp(−|z|))
fn softplus(z: vec4<f32>) -> vec4<f32> {
    return select(vec4<f32>(), z, z > vec4<f32>()) + log1p(exp(-abs(z)));
}

// −[y·ln σ(z) + (1 − y)·ln(1 − σ(z))] = max(z, 0) − z·y + log1p(exp(−|z|))
fn logit_loss(z: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
    return fma(-z, y, select(vec4<f32>(), z, z > vec4<f32>())) + log1p(exp(-abs(z)));
}
