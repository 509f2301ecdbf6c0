// The key that tests ask with, unless they are about keys.

export const TEST_KEY = `ty_${'0123456789abcdef'}_${'0123456789abcdef'.repeat(3)}`;
export const WITH_KEY = { authorization: `Bearer ${TEST_KEY}` };
