//! Fonts that the program ships: figures and the window look the same on every machine.

/// Inter, regular: texts.
pub static INTER: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/Inter-Regular.ttf"));

/// JetBrains Mono, regular: numbers in the window, and characters that Inter lacks.
pub static JETBRAINS_MONO: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/JetBrainsMono-Regular.ttf"));
