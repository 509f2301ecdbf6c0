// How much is said of a classifier's validation examples.

/** More are no picture that anybody could look at, and events of their size. */
export const MAX_CLASSES = 100;
export const MAX_SAMPLES = 60;
/** Epochs up to this one all have an evaluation. */
export const DENSE_EPOCHS = 200;
