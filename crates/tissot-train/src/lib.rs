//! Tables, preprocessing, and the training loop for tissot flows.

pub mod table;
