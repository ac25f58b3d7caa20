// Draws egui's triangles: a texture (glyphs, thumbnails, plain white) times a colour, premultiplied by alpha.

// Points.
@group(0) @binding(0) var<uniform> screen_size: vec2<f32>;
@group(1) @binding(0) var picture: texture_2d<f32>;
@group(1) @binding(1) var filtering: sampler;

override target_is_srgb: bool = false;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
    @location(1) color: vec4<f32>,
}

@vertex
fn vs_mesh(@location(0) pos: vec2<f32>, @location(1) uv: vec2<f32>, @location(2) color: vec4<f32>) -> Corner {
    let from_left_top = 2.0 * pos / screen_size;
    return Corner(vec4<f32>(from_left_top.x - 1.0, 1.0 - from_left_top.y, 0.0, 1.0), uv, color);
}

fn linear_from_srgb(color: vec3<f32>) -> vec3<f32> {
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, color <= vec3<f32>(0.04045));
}

@fragment
fn fs_mesh(corner: Corner) -> @location(0) vec4<f32> {
    // The texture has one level. Stating it avoids computing the level.
    let color = corner.color * textureSampleLevel(picture, filtering, corner.uv, 0.0);
    if target_is_srgb {
        return vec4<f32>(linear_from_srgb(color.rgb), color.a);
    }
    return color;
}
