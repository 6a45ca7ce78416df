// Where an invocation of the serial kernels stands in the dispatch: (unit or group, network). A workgroup takes ACROSS of
// the first and NETWORKS of the second. Its invocations are numbered in one dimension, because software adapters put
// only the first dimension into their lanes.
fn place(workgroup: vec3<u32>, local: u32) -> vec2<u32> {
    if NETWORKS == 1u {
        return vec2<u32>(workgroup.x * ACROSS + local, workgroup.y);
    }
    return vec2<u32>(workgroup.x * ACROSS + local % ACROSS, workgroup.y * NETWORKS + local / ACROSS);
}
