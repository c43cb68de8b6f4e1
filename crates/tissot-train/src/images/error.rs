//! What can be wrong with images, in one line that says where and what to do.

use crate::table::TableError;

/// Why images could not be read or written. Images are counted from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ImageError {
    /// What can be wrong with a file of any kind: there is none, it cannot be read or written, it is a damaged gzip, NPY or
    /// NPZ file.
    #[error(transparent)]
    File(#[from] TableError),
    /// The file has no bytes.
    #[error("{file}: the file is empty, expected images")]
    Empty { file: String },
    /// Nothing that is known.
    #[error(
        "{file}: no images of a known kind, expected a folder of PNG or JPEG files, or an IDX, CIFAR-10, NPY, NPZ, PNG or JPEG file"
    )]
    UnknownFormat { file: String },
    /// An archive of files.
    #[error("{file}: an archive of files (tar); unpack it and give the folder with the images")]
    Archive { file: String },
    /// A folder without images; `hint` starts with `; ` or is empty.
    #[error("{folder}: there are no PNG or JPEG files in this folder{hint}")]
    NoPictures { folder: String, hint: String },
    /// A folder with images of its own and images in its folders.
    #[error(
        "{folder}: has images of its own ({file}) and in its folder {class:?}; put each image into the folder of its class, or none"
    )]
    MixedFolder { folder: String, file: String, class: String },
    /// Folders in folders without end.
    #[error("{folder}: folders are nested too deep here; give the folder that has the images")]
    Deep { folder: String },
    /// A kind of picture that is not read.
    #[error("{file}: a picture of a kind that is not read; convert it to PNG or remove it")]
    OtherPicture { file: String },
    /// A damaged picture.
    #[error("{file}: a damaged picture ({reason}); make the file again or remove it")]
    Picture { file: String, reason: String },
    /// Pictures of different sizes, each height and width.
    #[error(
        "{file}: the image is {found}, but {first} is {expected} (height x width); make all images of one size with --resize H,W"
    )]
    Sizes { file: String, found: String, first: String, expected: String },
    /// An IDX file that cannot be images; `reason` says why and what was expected.
    #[error("{file}: not a sound IDX file: {reason}")]
    Idx { file: String, reason: String },
    /// More or fewer bytes than there should be; `what` they are by the file's header.
    #[error("{file}: found {found} bytes, expected {expected} ({what}); make the file again")]
    Length { file: String, found: u64, expected: u64, what: String },
    /// Compressed data that go on after the last image.
    #[error("{file}: goes on after the {expected} bytes that it should have ({what}); make the file again")]
    TooLong { file: String, expected: u64, what: String },
    /// A CIFAR-10 file that ends within an image.
    #[error(
        "{file}: found {found} bytes, expected a multiple of 3073 (CIFAR-10: a label and 3 x 32 x 32 pixels for each image)"
    )]
    CifarLength { file: String, found: u64 },
    /// A label that CIFAR-10 does not have.
    #[error("{file}: image {index}: found the label {label}, expected 0 to 9 (CIFAR-10)")]
    CifarLabel { file: String, index: u64, label: u8 },
    /// Names of classes that do not fit.
    #[error("{file}: found {found} names of classes, expected 10 (CIFAR-10), each on a line")]
    CifarClasses { file: String, found: usize },
    /// An array of another rank or with other channels; `shape` is as Python prints it.
    #[error(
        "{file}: the array has shape {shape}, expected (n, height, width), (n, height, width, channels) or (n, channels, height, width) with 1 or 3 channels"
    )]
    ArrayShape { file: String, shape: String },
    /// An array of something other than numbers.
    #[error(
        "{file}: the array has type {dtype}, expected whole numbers from 0 to 255; convert it with astype(\"u1\")"
    )]
    ArrayType { file: String, dtype: String },
    /// An array with the columns in the first place.
    #[error("{file}: the array is in Fortran order; save numpy.ascontiguousarray of it")]
    Fortran { file: String },
    /// A number that is no pixel; `hint` says what to do.
    #[error("{file}: image {index}: found the value {value}, expected whole numbers from 0 to 255; {hint}")]
    Value { file: String, index: u64, value: f64, hint: &'static str },
    /// A number that is no label.
    #[error("{file}: label {index}: found {value}, expected a whole number; give each class a number")]
    Label { file: String, index: u64, value: f64 },
    /// Labels that are no numbers.
    #[error(
        "{file}: the labels have type {dtype}, expected whole numbers; numpy.unique(y, return_inverse=True) makes them"
    )]
    LabelType { file: String, dtype: String },
    /// Not one label for each image.
    #[error("{file}: found {found} labels, expected {expected}, one for each image in {images}")]
    Labels { file: String, found: u64, expected: u64, images: String },
    /// An archive without images, or with several arrays that could be them.
    #[error("{file}: which array has the images? choose one as {file}:NAME from {existing}")]
    WhichArray { file: String, existing: String },
    /// A pixel beyond the levels that the caller asked for.
    #[error("{file}: image {index}: found the value {value}, expected 0 to {last} (there are {levels} levels)", last = levels - 1)]
    Level { file: String, index: u64, value: u8, levels: usize },
    /// No images, or images without pixels.
    #[error(
        "{file}: holds {count} images of {height} x {width} pixels, expected at least one of at least one"
    )]
    Nothing { file: String, count: u64, height: u64, width: u64 },
    /// A compressed set that does not fit into memory.
    #[error(
        "{file}: its images take {size} MiB, more than the limit of {limit} MiB for what is compressed or piped; {hint}, then they are read from disk"
    )]
    TooLarge { file: String, size: u64, limit: u64, hint: &'static str },
    /// A class that others do not have; `existing` is the list of theirs.
    #[error("the images have a class {class:?}, expected one of {existing}")]
    UnknownClass { class: String, existing: String },
    /// No labels where they are needed.
    #[error("the images have no labels, expected one of {existing} for each")]
    Unlabelled { existing: String },
}
