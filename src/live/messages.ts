// What a live client may send, parsed and checked against its schema.
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { ClientMessage } from '../schemas/live.js';

const ajv = new Ajv({ discriminator: true, strict: true, strictRequired: false, allowUnionTypes: true });
addFormats.default(ajv, ['uuid']);
const validate = ajv.compile<ClientMessage>(ClientMessage);

/** The message, or what is wrong with it in words for its sender. */
export function parseClientMessage(text: string): { message: ClientMessage } | { fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'The message is not JSON.' };
  }
  if (validate(value)) return { message: value };
  const { instancePath = '', message = 'is malformed' } = validate.errors?.[0] ?? {};
  return { fault: instancePath === '' ? `The message ${message}.` : `${instancePath} ${message}.` };
}
