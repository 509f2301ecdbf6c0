// Small builders over TypeBox, so that one const gives the static type, the validation and the
// OpenAPI component. Imports nothing of ours.
import { Type, type Static, type TObject, type TProperties, type TSchema } from 'typebox';

/** An object that refuses unknown keys. */
export function strictObject<P extends TProperties>(properties: P, options: Record<string, unknown> = {}): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

/** A `$ref` to a schema that carries an `$id`; it keeps the referred schema's static type. */
export function ref<T extends TSchema>(schema: T) {
  const { $id } = schema as { $id?: string };
  if ($id === undefined) throw new Error('ref() needs a schema with an $id');
  return Type.Unsafe<Static<T>>({ $ref: `${$id}#` });
}

/** A string out of a fixed tuple. */
export function oneOf<const V extends readonly string[]>(values: V, options: Record<string, unknown> = {}) {
  return Type.Unsafe<V[number]>({ type: 'string', enum: [...values], ...options });
}

/** Objects told apart by their `type`, each a const string; a wrong one is reported in its own place only. */
export function discriminated<S extends readonly TObject[]>(variants: S, options: Record<string, unknown> = {}) {
  return Type.Unsafe<Static<S[number]>>({
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: [...variants],
    ...options,
  });
}

/** One page of a list; `nextCursor` is opaque and null on the last page. */
export function page<T extends TSchema>(item: T, $id: string) {
  return strictObject(
    {
      items: Type.Array(ref(item), { description: 'The items of this page, in the order of the list.' }),
      nextCursor: Type.Union([Type.String(), Type.Null()], {
        description: 'Pass it as `cursor` to get the next page; null on the last page.',
      }),
    },
    { $id, description: 'One page of a list.' },
  );
}
