/** Pixels on each side of a drawn digit as a model sees it: MNIST's. */
export const GRID = 28;
