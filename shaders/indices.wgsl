// Packs the layers of one level into the channels of one texture: full mask, sampled mask, prediction, confidence.
// The viewport is the tile. Dense layers are bound at full size: each texel takes the pixel at the centre of its
// block.

@group(0) @binding(0) var nearest: sampler;
@group(0) @binding(1) var mask: texture_2d<f32>;
// Bound at the level that is packed.
@group(0) @binding(2) var sampled: texture_2d<f32>;
@group(0) @binding(3) var prediction: texture_2d<f32>;
@group(0) @binding(4) var confidence: texture_2d<f32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn vs_all(@builtin(vertex_index) i: u32) -> Corner {
    let uv = vec2<f32>(f32(i & 1u), f32(i >> 1u));
    return Corner(vec4<f32>(uv.x * 2.0 - 1.0, 1.0 - uv.y * 2.0, 0.0, 1.0), uv);
}

@fragment
fn fs_pack(corner: Corner) -> @location(0) vec4<f32> {
    // Texel by texel: where odd sizes were halved, this differs from uv over the tile.
    let same_texel = corner.position.xy / vec2<f32>(textureDimensions(sampled));
    return vec4<f32>(
        textureSampleLevel(mask, nearest, corner.uv, 0.0).x,
        textureSampleLevel(sampled, nearest, same_texel, 0.0).x,
        textureSampleLevel(prediction, nearest, corner.uv, 0.0).x,
        textureSampleLevel(confidence, nearest, corner.uv, 0.0).x,
    );
}
