// Composes a tile and its layers, bottom to top, in one pass: image, full mask, sampled mask, prediction, confidence.
// Which of them are shown is fixed when the pipeline is made, so a hidden layer costs nothing. Own labels are a draw of
// their own, only where they are. Colours are stored sRGB values: at opacity 1 a class has its own colour. Textures
// are bound at the one reduction that suits the zoom: choosing it here, pixel by pixel, would take time.

struct Plane {
    // Texels across the tile. Where odd sizes were halved this is a little more than the texture has.
    size: vec2<f32>,
    last_texel: vec2<u32>,
    @size(16) opacity: f32,
}

struct View {
    // clip position = uv * xy + zw
    uv_to_clip: vec4<f32>,
    // Own labels are drawn in cells of a grid: the size of one in uv, and the last.
    cell: vec2<f32>,
    last_cell: vec2<u32>,
    // The width of the labels' outline in uv.
    outline: vec2<f32>,
    padding: vec2<u32>,
    image: Plane,
    mask: Plane,
    sampled: Plane,
    prediction: Plane,
    confidence: Plane,
    labels: Plane,
}

override shows_image: bool = true;
override shows_mask: bool = true;
override shows_sampled: bool = true;
override shows_prediction: bool = true;
override shows_confidence: bool = true;
override target_is_srgb: bool = false;

@group(0) @binding(0) var<uniform> view: View;
// 256 colours each, four to a vector, red in the lowest byte.
@group(0) @binding(1) var<uniform> class_colors: array<vec4<u32>, 64>;
@group(0) @binding(2) var<uniform> confidence_colors: array<vec4<u32>, 64>;
@group(0) @binding(3) var image_sampler: sampler;
@group(0) @binding(4) var image: texture_2d<f32>;
@group(0) @binding(5) var mask: texture_2d<u32>;
@group(0) @binding(6) var sampled: texture_2d<u32>;
@group(0) @binding(7) var prediction: texture_2d<u32>;
@group(0) @binding(8) var confidence: texture_2d<u32>;
@group(0) @binding(9) var labels: texture_2d<u32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

fn corner_of(low: vec2<f32>, high: vec2<f32>, i: u32) -> Corner {
    let uv = select(low, high, vec2<bool>((i & 1u) == 1u, i > 1u));
    return Corner(vec4<f32>(uv * view.uv_to_clip.xy + view.uv_to_clip.zw, 0.0, 1.0), uv);
}

@vertex
fn vs_tile(@builtin(vertex_index) i: u32) -> Corner {
    return corner_of(vec2<f32>(0.0), vec2<f32>(1.0), i);
}

@vertex
fn vs_labels(@builtin(vertex_index) i: u32, @location(0) cell: vec2<u32>) -> Corner {
    let high = vec2<f32>(cell + 1u) * view.cell;
    return corner_of(vec2<f32>(cell) * view.cell, select(high, vec2<f32>(1.0), cell >= view.last_cell), i);
}

fn index_at(texture: texture_2d<u32>, plane: Plane, uv: vec2<f32>) -> u32 {
    return textureLoad(texture, min(vec2<u32>(uv * plane.size), plane.last_texel), 0).x;
}

fn class_color(index: u32) -> vec4<f32> {
    return unpack4x8unorm(class_colors[index >> 2u][index & 3u]);
}

// Alpha multiplied in below and in the result, not in the colour.
fn over(below: vec4<f32>, color: vec4<f32>, opacity: f32) -> vec4<f32> {
    let alpha = color.a * opacity;
    return below * (1.0 - alpha) + vec4<f32>(color.rgb * alpha, alpha);
}

fn linear_from_srgb(color: vec3<f32>) -> vec3<f32> {
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, color <= vec3<f32>(0.04045));
}

fn for_target(color: vec4<f32>) -> vec4<f32> {
    if target_is_srgb {
        return vec4<f32>(linear_from_srgb(color.rgb / max(color.a, 0.0001)) * color.a, color.a);
    }
    return color;
}

@fragment
fn fs_tile(corner: Corner) -> @location(0) vec4<f32> {
    let uv = corner.uv;
    var color = vec4<f32>(0.0);
    if shows_image {
        color = vec4<f32>(textureSampleLevel(image, image_sampler, uv, 0.0).rgb, 1.0) * view.image.opacity;
    }
    if shows_mask {
        color = over(color, class_color(index_at(mask, view.mask, uv)), view.mask.opacity);
    }
    if shows_sampled {
        color = over(color, class_color(index_at(sampled, view.sampled, uv)), view.sampled.opacity);
    }
    if shows_prediction {
        color = over(color, class_color(index_at(prediction, view.prediction, uv)), view.prediction.opacity);
    }
    if shows_confidence {
        let value = index_at(confidence, view.confidence, uv);
        color = over(color, unpack4x8unorm(confidence_colors[value >> 2u][value & 3u]), view.confidence.opacity);
    }
    return for_target(color);
}

fn label_at(uv: vec2<f32>) -> vec4<f32> {
    let inside = all(uv >= vec2<f32>(0.0)) && all(uv < vec2<f32>(1.0));
    let color = class_color(index_at(labels, view.labels, clamp(uv, vec2<f32>(0.0), vec2<f32>(1.0))));
    return select(vec4<f32>(0.0), color, inside);
}

// Own labels stand out by an outline, dark around light colours and light around dark ones.
@fragment
fn fs_labels(corner: Corner) -> @location(0) vec4<f32> {
    let own = label_at(corner.uv);
    let dx = vec2<f32>(view.outline.x, 0.0);
    let dy = vec2<f32>(0.0, view.outline.y);
    var beside = label_at(corner.uv - dx);
    var next = label_at(corner.uv + dx);
    beside = select(beside, next, next.a > beside.a);
    next = label_at(corner.uv - dy);
    beside = select(beside, next, next.a > beside.a);
    next = label_at(corner.uv + dy);
    beside = select(beside, next, next.a > beside.a);
    let is_light = dot(beside.rgb, vec3<f32>(0.299, 0.587, 0.114)) > 0.35;
    let outline = vec4<f32>(vec3<f32>(select(1.0, 0.0, is_light)), beside.a);
    return for_target(over(vec4<f32>(0.0), select(outline, own, own.a > 0.0), view.labels.opacity));
}
