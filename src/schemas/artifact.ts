// A run's files as the API shows them.
import { Type, type Static } from 'typebox';
import { page, strictObject } from './build.js';

export const Artifact = strictObject(
  {
    path: Type.String({ description: 'Path within the run, such as `model/model.json`; it also ends the download address.' }),
    bytes: Type.Integer({ minimum: 0, description: 'Size.' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the bytes; also the ETag of the download.' }),
    contentType: Type.String({ description: 'Media type.' }),
    createdAt: Type.String({ format: 'date-time', description: 'When it was stored.' }),
    url: Type.String({ format: 'uri-reference', description: 'Where to download it.' }),
  },
  { $id: 'Artifact', description: 'A file that a run made.' },
);
export type Artifact = Static<typeof Artifact>;

export const ArtifactPage = page(Artifact, 'ArtifactPage');
export type ArtifactPage = Static<typeof ArtifactPage>;
