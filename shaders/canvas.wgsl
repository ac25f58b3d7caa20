// Composes a tile and its layers, bottom to top, in one pass: image, full mask, sampled mask, prediction, confidence, error map.
// The visible layers are pipeline constants, so a hidden layer costs nothing. Own labels are drawn separately, only
// where there are any. Colours are stored sRGB values: at opacity 1 a class has exactly its own colour. Each texture
// is bound at the one level that suits the zoom; choosing the level per pixel here would be slower.
//
// Class indices and their colours are read through samplers: software adapters have a fast path for sampling but
// handle plain loads and arrays one pixel at a time. One fetch returns all indices.

struct View {
    // clip position = uv * xy + zw
    uv_to_clip: vec4<f32>,
    // Opacities of full mask, sampled mask, prediction, confidence.
    opacities: vec4<f32>,
    // Scale from uv over the tile to uv over the texture. If odd sizes were halved, the texture ends slightly before
    // the tile.
    indices_scale: vec2<f32>,
    labels_scale: vec2<f32>,
    // Width of the labels' outline in uv.
    outline: vec2<f32>,
    image_opacity: f32,
    labels_opacity: f32,
    // Colour behind the tile.
    ground: vec4<f32>,
    // Colour of wrong pixels; in w the opacity of the error map.
    errors: vec4<f32>,
}

override shows_image: bool = true;
override shows_mask: bool = true;
override shows_sampled: bool = true;
override shows_prediction: bool = true;
override shows_confidence: bool = true;
override shows_errors: bool = true;
// The image hides the ground behind the tile.
override is_opaque: bool = false;
override target_is_srgb: bool = false;

@group(0) @binding(0) var<uniform> view: View;
// A premultiplied colour per index: classes, confidence, and white where a class counts in scores.
@group(0) @binding(1) var colors: texture_2d<f32>;
@group(0) @binding(2) var nearest: sampler;
@group(0) @binding(3) var image_sampler: sampler;
@group(0) @binding(4) var image: texture_2d<f32>;
// One channel per layer: full mask, sampled mask, prediction, confidence.
@group(0) @binding(5) var indices: texture_2d<f32>;
@group(0) @binding(6) var labels: texture_2d<f32>;

// Middles of the three rows of colours.
const CLASSES: f32 = 1.0 / 6.0;
const CONFIDENCE: f32 = 0.5;
const SCORED: f32 = 5.0 / 6.0;

// How much of the black over right pixels hides what is below.
const DIM: f32 = 0.6;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

fn corner_at(uv: vec2<f32>) -> Corner {
    return Corner(vec4<f32>(uv * view.uv_to_clip.xy + view.uv_to_clip.zw, 0.0, 1.0), uv);
}

@vertex
fn vs_tile(@builtin(vertex_index) i: u32) -> Corner {
    return corner_at(vec2<f32>(f32(i & 1u), f32(i >> 1u)));
}

// Covers the whole view.
@vertex
fn vs_view(@builtin(vertex_index) i: u32) -> Corner {
    let uv = vec2<f32>(f32(i & 1u), f32(i >> 1u));
    return Corner(vec4<f32>(uv.x * 2.0 - 1.0, 1.0 - uv.y * 2.0, 0.0, 1.0), uv);
}

@vertex
fn vs_labels(@location(0) uv: vec2<f32>) -> Corner {
    return corner_at(uv);
}

// The colour of an index from one row of the colours.
fn color_of(index: f32, row: f32) -> vec4<f32> {
    // Maps index / 255 to the centre of one of 256 texels.
    return textureSampleLevel(colors, nearest, vec2<f32>(index * (255.0 / 256.0) + 0.5 / 256.0, row), 0.0);
}

// Colours are premultiplied by alpha everywhere.
fn over(below: vec4<f32>, color: vec4<f32>, opacity: f32) -> vec4<f32> {
    return below * (1.0 - color.a * opacity) + color * opacity;
}

// Right pixels dimmed, wrong ones marked. Unlabelled and ignored truth, and what is not predicted, stay as they are.
fn with_errors(below: vec4<f32>, truth: f32, predicted: f32) -> vec4<f32> {
    let counts = color_of(truth, SCORED).a * color_of(predicted, SCORED).a;
    let is_right = abs(truth - predicted) < 0.5 / 255.0;
    let mark = select(vec4<f32>(view.errors.rgb, 1.0), vec4<f32>(0.0, 0.0, 0.0, DIM), is_right);
    return over(below, mark, view.errors.w * counts);
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
fn fs_ground() -> @location(0) vec4<f32> {
    return for_target(view.ground);
}

// Draws the composed picture, bound in place of the image.
@fragment
fn fs_picture(corner: Corner) -> @location(0) vec4<f32> {
    return textureSampleLevel(image, nearest, corner.uv, 0.0);
}

@fragment
fn fs_tile(corner: Corner) -> @location(0) vec4<f32> {
    let uv = corner.uv;
    var color = vec4<f32>(0.0);
    if shows_image {
        color = textureSampleLevel(image, image_sampler, uv, 0.0); // Missing pixels are transparent black.
        if !is_opaque {
            color *= view.image_opacity;
        }
    }
    let at = textureSampleLevel(indices, nearest, uv * view.indices_scale, 0.0);
    if shows_mask {
        color = over(color, color_of(at.x, CLASSES), view.opacities.x);
    }
    if shows_sampled {
        color = over(color, color_of(at.y, CLASSES), view.opacities.y);
    }
    if shows_prediction {
        color = over(color, color_of(at.z, CLASSES), view.opacities.z);
    }
    if shows_confidence {
        color = over(color, color_of(at.w, CONFIDENCE), view.opacities.w);
    }
    if shows_errors {
        color = with_errors(color, at.x, at.z);
    }
    if is_opaque {
        color.a = 1.0;
    }
    return for_target(color);
}

fn label_at(uv: vec2<f32>) -> vec4<f32> {
    let inside = all(uv >= vec2<f32>(0.0)) && all(uv < vec2<f32>(1.0));
    let index = textureSampleLevel(labels, nearest, uv * view.labels_scale, 0.0).x;
    return select(vec4<f32>(0.0), color_of(index, CLASSES), inside);
}

// Own labels have an outline: dark around light colours, light around dark ones.
@fragment
fn fs_labels(corner: Corner) -> @location(0) vec4<f32> {
    let own = label_at(corner.uv);
    let dx = vec2<f32>(view.outline.x, 0.0);
    let dy = vec2<f32>(0.0, view.outline.y);
    var neighbour = label_at(corner.uv - dx);
    var next = label_at(corner.uv + dx);
    neighbour = select(neighbour, next, next.a > neighbour.a);
    next = label_at(corner.uv - dy);
    neighbour = select(neighbour, next, next.a > neighbour.a);
    next = label_at(corner.uv + dy);
    neighbour = select(neighbour, next, next.a > neighbour.a);
    let is_light = dot(neighbour.rgb, vec3<f32>(0.299, 0.587, 0.114)) > 0.35;
    let outline = vec4<f32>(vec3<f32>(select(neighbour.a, 0.0, is_light)), neighbour.a);
    return for_target(select(outline, own, own.a > 0.0) * view.labels_opacity);
}
