// Path parameters that several routes share.
import { Type } from 'typebox';
import { strictObject } from '../schemas/build.js';
import { RunId } from '../schemas/run.js';

export const RunParams = strictObject({ id: RunId });
export const NameParams = strictObject({ name: Type.String({ description: 'Its name.' }) });
