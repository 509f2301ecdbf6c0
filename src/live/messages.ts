// What a live client may send, parsed and checked against its schema.
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { readJson } from '../http/json-text.js';
import { ClientMessage } from '../schemas/live.js';
import { pointerKeys } from '../schemas/pointer.js';
import { schemaProblems } from '../specs/schema-problems.js';

// A message is a few hundred bytes at most, so all its faults may be looked for.
const ajv = new Ajv({ discriminator: true, allErrors: true, verbose: true, strict: true, strictRequired: false, allowUnionTypes: true });
addFormats.default(ajv, ['uuid']);
const validate = ajv.compile<ClientMessage>(ClientMessage);

/** The message, or what is wrong with it in words for its sender. */
export function parseClientMessage(text: string): { message: ClientMessage } | { fault: string } {
  const read = readJson(text);
  if ('fault' in read) return { fault: `The message ${read.fault}.` };
  const { value } = read;
  if (validate(value)) return { message: value };
  const faults = schemaProblems(validate.errors ?? []).slice(0, 3).map(({ pointer, detail }) => {
    if (pointer === '') return `The message ${detail}`;
    return detail.startsWith('unknown key') ? detail : `${pointerKeys(pointer).join('.')} ${detail}`;
  });
  const sentence = faults.join('; ');
  return { fault: sentence.endsWith('?') ? sentence : `${sentence}.` };
}
