// The grammar of run specs, taken from the API's document when the page was built.
import { schemas as read } from 'virtual:run-spec-schemas';
import type { Schema, Schemas } from './schema.js';

export const schemas = read as Schemas;

export const schemaNamed = (name: string): Schema => schemas[name] ?? {};
