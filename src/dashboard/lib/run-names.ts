// Runs in sentences of the service stand there by their ids; people know them by their names.
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A run whose name is not known. */
export const shortId = (id: string): string => `run …${id.slice(-6)}`;

/** `nameOf` answers undefined for a run that is not known. */
export const withNames = (sentence: string, nameOf: (id: string) => string | undefined): string => sentence.replaceAll(UUID, (id) => nameOf(id) ?? shortId(id));
