// The whole log as a file. A plain link would be answered with JSON: browsers do not ask for text.
import { send } from '../../../api/client.js';
import type { Run } from '../../../api/types.js';
import { addressOf } from '../../../lib/base.js';

/** @throws ApiError */
export async function downloadLog({ id, name }: Run): Promise<void> {
  const response = await send(new Request(addressOf(`v1/runs/${id}/logs`), { headers: { accept: 'text/plain' } }));
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: url, download: `${name.replaceAll(/[^\w.-]+/g, '-')}.log` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
