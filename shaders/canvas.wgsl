// Composes a tile and its layers: one draw per visible layer, bottom to top, blended by the target. A layer that is
// not visible is not drawn at all. Colours are stored sRGB values throughout: at opacity 1 a class has its own colour.

struct Layer {
    // clip position = uv * xy + zw
    uv_to_clip: vec4<f32>,
    // The part of the tile to draw: uv from xy to zw.
    quad: vec4<f32>,
    // Texels of the finest level.
    size: vec2<f32>,
    // The last texel of `level`.
    last_texel: vec2<u32>,
    // The outline's width in uv.
    outline: vec2<f32>,
    opacity: f32,
    // Reduction to read; 0 is the finest.
    level: u32,
    // Zoomed out, images are filtered.
    is_filtered: u32,
}

override target_is_srgb: bool = false;

@group(0) @binding(0) var<uniform> layer: Layer;
@group(0) @binding(1) var<uniform> palette: array<vec4<f32>, 256>;
@group(0) @binding(2) var classes: texture_2d<u32>;
@group(0) @binding(3) var image: texture_2d<f32>;
@group(0) @binding(4) var image_sampler: sampler;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn vs_layer(@builtin(vertex_index) i: u32) -> Corner {
    let uv = vec2<f32>(select(layer.quad.x, layer.quad.z, (i & 1u) == 1u), select(layer.quad.y, layer.quad.w, i > 1u));
    return Corner(vec4<f32>(uv * layer.uv_to_clip.xy + layer.uv_to_clip.zw, 0.0, 1.0), uv);
}

fn linear_from_srgb(color: vec3<f32>) -> vec3<f32> {
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, color <= vec3<f32>(0.04045));
}

fn blended(color: vec3<f32>, alpha: f32) -> vec4<f32> {
    if target_is_srgb {
        return vec4<f32>(linear_from_srgb(color) * alpha, alpha);
    }
    return vec4<f32>(color * alpha, alpha);
}

@fragment
fn fs_image(corner: Corner) -> @location(0) vec4<f32> {
    // A linear sampler at a texel's centre reads that texel alone.
    let centre = (floor(corner.uv * layer.size) + 0.5) / layer.size;
    let uv = select(centre, corner.uv, layer.is_filtered == 1u);
    return blended(textureSampleLevel(image, image_sampler, uv, f32(layer.level)).rgb, layer.opacity);
}

fn class_at(uv: vec2<f32>) -> u32 {
    let texel = vec2<u32>(uv * layer.size) >> vec2<u32>(layer.level);
    return textureLoad(classes, min(texel, layer.last_texel), i32(layer.level)).x;
}

@fragment
fn fs_classes(corner: Corner) -> @location(0) vec4<f32> {
    let color = palette[class_at(corner.uv)];
    return blended(color.rgb, color.a * layer.opacity);
}

fn label_at(uv: vec2<f32>) -> vec4<f32> {
    let inside = all(uv >= vec2<f32>(0.0)) && all(uv < vec2<f32>(1.0));
    return select(vec4<f32>(0.0), palette[class_at(clamp(uv, vec2<f32>(0.0), vec2<f32>(1.0)))], inside);
}

// Own labels stand out by an outline, dark around light colours and light around dark ones.
@fragment
fn fs_labels(corner: Corner) -> @location(0) vec4<f32> {
    let own = label_at(corner.uv);
    let dx = vec2<f32>(layer.outline.x, 0.0);
    let dy = vec2<f32>(0.0, layer.outline.y);
    var beside = label_at(corner.uv - dx);
    var next = label_at(corner.uv + dx);
    beside = select(beside, next, next.a > beside.a);
    next = label_at(corner.uv - dy);
    beside = select(beside, next, next.a > beside.a);
    next = label_at(corner.uv + dy);
    beside = select(beside, next, next.a > beside.a);
    let is_light = dot(beside.rgb, vec3<f32>(0.299, 0.587, 0.114)) > 0.35;
    let outline = vec4<f32>(vec3<f32>(select(1.0, 0.0, is_light)), beside.a);
    let color = select(outline, own, own.a > 0.0);
    return blended(color.rgb, color.a * layer.opacity);
}
