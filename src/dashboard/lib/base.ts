// Where the service is: the page's base, whatever prefix somebody has put in front of it. The base was told relative
// to the address that was loaded, which changes as one goes on; so it is read once.

export const base: URL = new URL('.', document.baseURI);

/** The absolute address of a path of the service, with or without a leading slash. */
export const addressOf = (path: string): string => new URL(path.replace(/^\//, ''), base).href;
