//! SVG into pixels, with the fonts that the program carries.

use std::sync::Arc;

use resvg::{tiny_skia, usvg};

/// The longest side of a picture in pixels.
const MOST: f32 = 16_384.0;

const FONTS: [&[u8]; 3] = [
    include_bytes!("../../../assets/fonts/IBMPlexSans-Regular.ttf"),
    include_bytes!("../../../assets/fonts/IBMPlexSans-Medium.ttf"),
    include_bytes!("../../../assets/fonts/IBMPlexSans-SemiBold.ttf"),
];

/// A PNG of what [`svg`](super::svg()) made. The error is the sentence for the user.
pub fn png(svg: &str) -> Result<Vec<u8>, String> {
    let mut fonts = usvg::fontdb::Database::new();
    for font in FONTS {
        fonts.load_font_data(font.to_vec());
    }
    fonts.set_sans_serif_family("IBM Plex Sans");
    let options = usvg::Options {
        fontdb: Arc::new(fonts),
        font_family: "IBM Plex Sans".into(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = tree.size();
    let (width, height) = (size.width().ceil(), size.height().ceil());
    if width > MOST || height > MOST {
        return Err(format!(
            "{width} by {height} pixels are more than {MOST} a side"
        ));
    }
    let mut pixels = tiny_skia::Pixmap::new(width as u32, height as u32)
        .ok_or_else(|| "there is no memory for so many pixels".to_owned())?;
    resvg::render(
        &tree,
        tiny_skia::Transform::identity(),
        &mut pixels.as_mut(),
    );
    pixels.encode_png().map_err(|error| error.to_string())
}
