// Values of metrics, as the API sends them.

/** NaN and infinities come as strings; what is not there is NaN. */
export const numberOf = (value: number | string | null | undefined): number => (value === null || value === undefined ? NaN : Number(value));
